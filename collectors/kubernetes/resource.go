package kubernetes

import (
	"context"
	"unique"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// A resource is one that is watched, and what is kept of its objects.
type resource[T any] struct {
	// Without a version it is a custom resource, which is read in the version that the API server prefers, if it has any.
	schema.GroupVersionResource
	example runtime.Object // nil: only the metadata are asked for
	fields  string         // field selector of those that are wanted
	labels  string         // label selector of those that are wanted
	variant string         // tells it from another resource of this name that keeps something else
	whole   bool           // it is of the cluster, and not of a namespace
	untyped bool           // it is read without its type, as custom resources are
	keep    func(object any) T
	group   func(T) owner // of those that are told of together; nil: none are
}

// A source is a resource, whatever is kept of it.
type source interface {
	key() string
	named() schema.GroupVersionResource
	clusterWide() bool
	// begin starts to watch it for a user, unless somebody watches it already.
	begin(c *connection, user string, s scope) held
	// hold keeps objects that nobody watches.
	hold(objects []any) (held, error)
	// selects tells whether an object is among those that are wanted.
	selects(object *unstructured.Unstructured) bool
	// made is an object as keep takes it.
	made() runtime.Object
}

// held are objects of a resource, whatever is kept of them.
type held interface {
	// fresh waits until what is held is what the API server has, or says why that cannot be told.
	fresh(ctx context.Context) error
	empty() bool
}

func (r resource[T]) key() string {
	return r.GroupResource().String() + r.variant
}

func (r resource[T]) named() schema.GroupVersionResource { return r.GroupVersionResource }

func (r resource[T]) clusterWide() bool { return r.whole }

func (r resource[T]) custom() bool { return r.Version == "" || r.untyped }

func (r resource[T]) begin(c *connection, user string, s scope) held { return mirrorOf(c, user, r, s) }

func (r resource[T]) hold(objects []any) (held, error) {
	m := newMirror(r, nil, "", func() {})
	return m, m.Replace(objects, "")
}

func (r resource[T]) made() runtime.Object {
	switch {
	case r.custom():
		return &unstructured.Unstructured{}
	case r.example == nil:
		return &metav1.PartialObjectMetadata{}
	default:
		return r.example.DeepCopyObject()
	}
}

// from is where the objects come from.
func (r resource[T]) from(c *connection, namespace string) *cache.ListWatch {
	narrow := func(options *metav1.ListOptions) { options.FieldSelector, options.LabelSelector = r.fields, r.labels }
	switch {
	case r.custom():
		return listWatch(c.dynamic.Resource(c.preferred(r.GroupVersionResource)).Namespace(namespace), narrow)
	case r.example == nil:
		return listWatch(c.metadata.Resource(r.GroupVersionResource).Namespace(namespace), narrow)
	default:
		return cache.NewFilteredListWatchFromClient(c.groups[r.GroupVersion()], r.Resource, namespace, narrow)
	}
}

// listWatch asks a client that knows no types.
func listWatch[L runtime.Object](client interface {
	List(context.Context, metav1.ListOptions) (L, error)
	Watch(context.Context, metav1.ListOptions) (watch.Interface, error)
}, narrow func(*metav1.ListOptions),
) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			narrow(&options)
			return client.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			narrow(&options)
			return client.Watch(ctx, options)
		},
	}
}

// intern gives a handle that equal texts share, for those that stand in thousands of objects.
func intern[T ~string](text T) unique.Handle[T] { return unique.Make(text) }

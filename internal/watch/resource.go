package watch

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// A Resource is one that is watched, and what is kept of its objects.
type Resource[T any] struct {
	// Without a version it is a custom resource, which is read in the version that the API server prefers, if it has any.
	schema.GroupVersionResource
	Example    runtime.Object // nil: only the metadata are asked for
	Fields     string         // field selector of those that are wanted: by type and status.phase
	Labels     string         // label selector of those that are wanted
	Variant    string         // tells it from another resource of this name of which something else is kept
	Everywhere bool           // it is watched in the whole cluster, whatever the scope
	Untyped    bool           // it is read without its type, as custom resources are
	Metadata   bool           // of a custom resource: only the metadata are asked for
	Keep       func(object any) T
	Group      func(T) Owner // of those that are aggregated; nil: none are
}

// A Source is a Resource, whatever is kept of it.
type Source interface {
	// Key tells it from every other.
	Key() string
	// Named is the resource as the API has it.
	Named() schema.GroupVersionResource
	// In is where it is watched for a scope.
	In(scope Scope) Scope
	// Hold keeps objects that nobody watches.
	Hold(objects []any) (Stored, error)
	// Selects tells whether the API server would give the object to whoever watches the resource.
	Selects(object *unstructured.Unstructured) bool
	// Empty is an object without content, of the type that Keep takes.
	Empty() runtime.Object

	// custom tells that only discovery tells whether there is such a resource.
	custom() bool
	// open makes a store, and what keeps it up to date until its context ends.
	open(c *Connection, scope Scope, notify func()) (store Stored, run func(context.Context))
}

// Stored is a Store, whatever it holds.
type Stored interface {
	// Fresh waits until what is held is what the API server has, or gives the reason why that cannot be known.
	Fresh(ctx context.Context) error
	// Len is how many objects it holds.
	Len() int
	// Version is another one after each change.
	Version() uint64
}

// Key tells the resource from every other.
func (r Resource[T]) Key() string { return r.GroupResource().String() + r.Variant }

// Named is the resource as the API has it.
func (r Resource[T]) Named() schema.GroupVersionResource { return r.GroupVersionResource }

// In is where it is watched for a scope.
func (r Resource[T]) In(scope Scope) Scope {
	if r.Everywhere {
		return ""
	}
	return scope
}

// Hold keeps objects that nobody watches.
func (r Resource[T]) Hold(objects []any) (Stored, error) {
	s := newStore(r, nil, "", func() {})
	return s, s.Replace(objects, "")
}

// Selects tells whether the API server would give the object to whoever watches the resource.
func (r Resource[T]) Selects(object *unstructured.Unstructured) bool {
	ofLabels, err := labels.Parse(r.Labels)
	if err != nil || !ofLabels.Matches(labels.Set(object.GetLabels())) {
		return false
	}
	kind, _, _ := unstructured.NestedString(object.Object, "type")
	phase, _, _ := unstructured.NestedString(object.Object, "status", "phase")
	ofFields, err := fields.ParseSelector(r.Fields)
	return err == nil && ofFields.Matches(fields.Set{"type": kind, "status.phase": phase})
}

// Empty is an object without content, of the type that Keep takes.
func (r Resource[T]) Empty() runtime.Object {
	switch {
	case r.untyped():
		return &unstructured.Unstructured{}
	case r.Example == nil:
		return &metav1.PartialObjectMetadata{}
	default:
		return r.Example.DeepCopyObject()
	}
}

func (r Resource[T]) custom() bool { return r.Version == "" }

func (r Resource[T]) untyped() bool { return r.custom() && !r.Metadata || r.Untyped }

func (r Resource[T]) open(c *Connection, scope Scope, notify func()) (Stored, func(context.Context)) {
	s := newStore(r, r.from(c, string(scope)), scope, notify)
	s.answering = c.answeringSince
	return s, s.run
}

// from is where the objects come from.
func (r Resource[T]) from(c *Connection, namespace string) *cache.ListWatch {
	narrow := func(options *metav1.ListOptions) { options.FieldSelector, options.LabelSelector = r.Fields, r.Labels }
	switch {
	case r.untyped():
		return listWatch(c.dynamic.Resource(c.preferred(r.GroupVersionResource)).Namespace(namespace), narrow)
	case r.Example == nil:
		return listWatch(c.metadata.Resource(c.preferred(r.GroupVersionResource)).Namespace(namespace), narrow)
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

package kubernetes

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// maxSilence is how long a watch may say nothing before it is begun anew. The API server sends a bookmark every minute
// when nothing changes.
const maxSilence = 3 * time.Minute

// A mirror holds what is needed of the objects of one resource. client-go's reflector lists and watches them through it
// and stores them in it, so that it knows of every failure, and whether what it holds is what the API server has.
//
// This is in place of client-go's informers, which keep whole objects, wait up to a minute before they try again, and
// tell nobody that the connection is refused.
type mirror[T any] struct {
	*cache.ListWatch
	resource resource[T]
	scope    scope
	told     func() // called, without mu, after an object has changed

	mu      sync.Mutex
	kept    map[types.NamespacedName]T
	groups  map[owner]*group
	listed  bool            // kept is complete
	stream  watch.Interface // tells of changes; nil between one watch and the next
	failure error           // of the newest attempt; nil when it succeeded
	heard   time.Time
	changed chan struct{} // closed at the next change of the state
	ended   bool
}

// A kept object on its way into the mirror.
type kept[T any] struct {
	name  types.NamespacedName
	value T
}

func newMirror[T any](r resource[T], from *cache.ListWatch, s scope, told func()) *mirror[T] {
	return &mirror[T]{ListWatch: from, resource: r, scope: s, told: told, changed: make(chan struct{})}
}

// run keeps the mirror up to date until ctx ends.
func (m *mirror[T]) run(ctx context.Context) {
	logger := quiet()
	reflector := cache.NewReflectorWithOptions(m, m.resource.made(), m, cache.ReflectorOptions{
		Logger: &logger,
		Name:   m.what(),
		Clock:  endingClock{ctx: ctx},
		// The default waits up to a minute. One request of each watch every 5 s is no load, even in a storm of 429.
		Backoff: &wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Cap: 4 * time.Second, Jitter: 0.25, Steps: 10},
	})
	reflector.RunWithContext(ctx)
	m.change(func() { m.ended = true })
}

// what names the mirror in words.
func (m *mirror[T]) what() string {
	if m.scope == "" {
		return m.resource.Resource
	}
	return m.resource.Resource + " of namespace " + string(m.scope)
}

func (m *mirror[T]) change(to func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	to()
	close(m.changed)
	m.changed = make(chan struct{})
}

// fresh waits until what the mirror holds is what the API server has, or says why that cannot be told.
func (m *mirror[T]) fresh(ctx context.Context) error {
	m.renewSilent()
	for {
		m.mu.Lock()
		fresh, ended, failure, changed := m.listed && m.stream != nil, m.ended, m.failure, m.changed
		m.mu.Unlock()
		switch {
		case ended:
			return fmt.Errorf("watch %s: the connection was given up", m.what())
		case fresh:
			return nil
		case failure != nil && lasting(failure):
			return fact.Errorf(reasonOf(failure), "watch %s: %w", m.what(), failure)
		}
		select {
		case <-changed:
			continue
		case <-ctx.Done():
		}
		if failure == nil {
			failure = context.Cause(ctx)
		}
		return fact.Errorf(reasonOf(failure), "watch %s: %w", m.what(), failure)
	}
}

// renewSilent ends a watch that has said nothing for too long: something between here and there may have lost it.
func (m *mirror[T]) renewSilent() {
	m.mu.Lock()
	stream := m.stream
	silent := stream != nil && time.Since(m.heard) > maxSilence
	m.mu.Unlock()
	if silent {
		stream.Stop()
	}
}

// each calls see for every object, in no order. Of a mirror that is not there, there is none.
func (m *mirror[T]) each(see func(types.NamespacedName, T)) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, value := range m.kept {
		see(name, value)
	}
}

// of gives what is kept of one object.
func (m *mirror[T]) of(namespace, name string) (value T, there bool) {
	if m == nil {
		return value, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	value, there = m.kept[types.NamespacedName{Namespace: namespace, Name: name}]
	return value, there
}

// empty tells that there is no object.
func (m *mirror[T]) empty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.kept) == 0
}

// ListWithContext is how the reflector lists the objects.
func (m *mirror[T]) ListWithContext(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	m.change(func() { m.listed = false })
	list, err := m.ListWatch.ListWithContext(ctx, options)
	if err != nil {
		m.change(func() { m.failure = err })
	}
	return list, err
}

// WatchWithContext is how the reflector watches the objects; where it asks for them from the start, it lists them too.
func (m *mirror[T]) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	if options.SendInitialEvents != nil {
		m.change(func() { m.listed = false })
	}
	begun, err := m.ListWatch.WatchWithContext(ctx, options)
	if err != nil {
		if options.SendInitialEvents == nil || !lasting(err) { // Else it is listed next, and that tells.
			m.change(func() { m.failure = err })
		}
		return nil, err
	}
	stream := &stream{Interface: begun}
	stream.stopped = func() {
		m.change(func() {
			if m.stream == stream {
				m.stream = nil
			}
		})
	}
	m.change(func() { m.stream, m.failure, m.heard = stream, nil, time.Now() })
	return stream, nil
}

// A stream is a watch that tells when it is stopped.
type stream struct {
	watch.Interface
	stopped func()
}

// Stop ends the watch; the reflector calls it for every watch that has ended.
func (s *stream) Stop() {
	s.Interface.Stop()
	s.stopped()
}

// Transformer makes the reflector hold no more than is kept while it lists.
func (m *mirror[T]) Transformer() cache.TransformFunc {
	return func(object any) (any, error) { return m.keep(object) }
}

func (m *mirror[T]) keep(object any) (kept[T], error) {
	if done, is := object.(kept[T]); is {
		return done, nil
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return kept[T]{}, fmt.Errorf("keep one of the %s: %w", m.what(), err)
	}
	return kept[T]{name: nameOf(accessor), value: m.resource.keep(object)}, nil
}

// nameOf names an object; objects of one namespace share the namespace's name.
func nameOf(object metav1.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: intern(object.GetNamespace()).Value(), Name: object.GetName()}
}

// Add stores an object that was made.
func (m *mirror[T]) Add(object any) error { return m.Update(object) }

// Update stores an object that has changed.
func (m *mirror[T]) Update(object any) error {
	k, err := m.keep(object)
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.regroup(k.name, &k.value)
	m.kept[k.name] = k.value
	m.heard = time.Now()
	m.mu.Unlock()
	m.told()
	return nil
}

// Delete drops an object that is gone.
func (m *mirror[T]) Delete(object any) error {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return fmt.Errorf("drop one of the %s: %w", m.what(), err)
	}
	m.mu.Lock()
	m.regroup(nameOf(accessor), nil)
	delete(m.kept, nameOf(accessor))
	m.heard = time.Now()
	m.mu.Unlock()
	m.told()
	return nil
}

// Replace stores a whole list in place of what was there.
func (m *mirror[T]) Replace(objects []any, _ string) error {
	all := make(map[types.NamespacedName]T, len(objects))
	for _, object := range objects {
		k, err := m.keep(object)
		if err != nil {
			return err
		}
		all[k.name] = k.value
	}
	m.change(func() {
		m.kept, m.groups, m.listed, m.heard = nil, nil, true, time.Now()
		for name, value := range all {
			m.regroup(name, &value)
		}
		m.kept = all
	})
	m.told()
	return nil
}

// Bookmark says that the watch is alive though nothing has changed.
func (m *mirror[T]) Bookmark(string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = time.Now()
	return nil
}

// Resync has nothing to do: whoever is told of changes reads all there is.
func (m *mirror[T]) Resync() error { return nil }

// An endingClock keeps the reflector from sleeping on after its context has ended.
type endingClock struct {
	clock.RealClock
	ctx context.Context
}

// After fires after d, or when the context ends.
func (c endingClock) After(d time.Duration) <-chan time.Time {
	fired := make(chan time.Time, 1)
	ctx, cancel := context.WithTimeout(c.ctx, d)
	context.AfterFunc(ctx, func() {
		cancel()
		fired <- time.Now()
	})
	return fired
}

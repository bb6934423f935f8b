package watch

import (
	"context"
	"fmt"
	"sync"
	"time"
	"unique"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
)

const (
	// maxSilence is how long a watch may send nothing before it is begun again. The API server sends a bookmark every
	// minute when nothing changes.
	maxSilence = 3 * time.Minute
	// patience is how long a store that is not up to date is waited for, counted from when its API server answers: a
	// resource that cannot be watched for longer must not keep all the others late.
	patience = 8 * time.Second
)

// A Store holds what is needed of the objects of one resource. client-go's reflector lists and watches them through it
// and stores them in it, so that it knows of every failure, and whether what it holds is what the API server has. Of a
// nil Store, such as that of a resource that the API server does not have, all methods that read give nothing.
//
// This is in place of client-go's informers, which keep whole objects, wait up to a minute before they try again, and
// do not report that the connection is refused.
type Store[T any] struct {
	*cache.ListWatch
	resource  Resource[T]
	scope     Scope
	notify    func()           // called, without mu, after an object has changed
	answering func() time.Time // since when the API server answers

	mu      sync.Mutex
	kept    map[types.NamespacedName]T
	groups  map[Owner]*group
	version uint64          // of kept
	listed  bool            // kept is complete
	stream  watch.Interface // of changes; nil between one watch and the next
	behind  time.Time       // since when it has not been up to date; zero while it is
	failure error           // of the newest attempt; nil when it succeeded
	heard   time.Time
	changed chan struct{} // closed at the next change of the state
	ended   bool
}

// A kept object on its way into the store.
type kept[T any] struct {
	name  types.NamespacedName
	value T
}

func newStore[T any](r Resource[T], from *cache.ListWatch, scope Scope, notify func()) *Store[T] {
	return &Store[T]{
		ListWatch: from, resource: r, scope: scope, notify: notify, answering: func() time.Time { return time.Time{} },
		kept: make(map[types.NamespacedName]T), behind: time.Now(), changed: make(chan struct{}),
	}
}

// run keeps the store up to date until ctx ends.
func (s *Store[T]) run(ctx context.Context) {
	logger := quiet()
	reflector := cache.NewReflectorWithOptions(s, s.resource.Empty(), s, cache.ReflectorOptions{
		Logger: &logger,
		Name:   s.what(),
		Clock:  endingClock{ctx: ctx},
		// The default waits up to a minute. One request of each watch every 5 s is no load, even in a storm of 429.
		Backoff: &wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Cap: 4 * time.Second, Jitter: 0.25, Steps: 10},
	})
	reflector.RunWithContext(ctx)
	s.change(func() { s.ended = true })
}

// what names the store in words.
func (s *Store[T]) what() string {
	if s.scope == "" {
		return s.resource.Resource
	}
	return s.resource.Resource + " of namespace " + string(s.scope)
}

// change changes the state, and lets those know that wait for it.
func (s *Store[T]) change(to func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	to()
	switch {
	case s.listed && s.stream != nil:
		s.behind = time.Time{}
	case s.behind.IsZero():
		s.behind = time.Now()
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// Fresh waits until what the store holds is what the API server has, or gives the reason why that cannot be known. It waits no longer
// than for its patience.
func (s *Store[T]) Fresh(ctx context.Context) error {
	s.renewSilent()
	for {
		s.mu.Lock()
		behind, ended, failure, changed := s.behind, s.ended, s.failure, s.changed
		s.mu.Unlock()
		switch {
		case ended:
			return fmt.Errorf("watch %s: the connection was given up", s.what())
		case behind.IsZero():
			return nil
		case failure != nil && s.resource.custom() && apierrors.IsNotFound(failure):
			return errorf(Gone, "watch %s: %w", s.what(), failure)
		case failure != nil && lasting(failure):
			return fmt.Errorf("watch %s: %w", s.what(), failure)
		}
		if late := s.await(ctx, behind, changed); late != nil {
			if failure == nil {
				failure = late
			}
			return fmt.Errorf("watch %s: %w", s.what(), failure)
		}
	}
}

// await waits for the next change of the state of a store that has been behind for some time.
func (s *Store[T]) await(ctx context.Context, behind time.Time, changed <-chan struct{}) error {
	if answering := s.answering(); answering.After(behind) {
		behind = answering
	}
	ctx, cancel := context.WithDeadlineCause(ctx, behind.Add(patience),
		fmt.Errorf("no answer within %s: %w", patience, context.DeadlineExceeded))
	defer cancel()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// renewSilent ends a watch that has sent nothing for too long: something between here and there may have lost it.
func (s *Store[T]) renewSilent() {
	s.mu.Lock()
	opened := s.stream
	silent := opened != nil && time.Since(s.heard) > maxSilence
	s.mu.Unlock()
	if silent {
		opened.Stop()
	}
}

// Each calls use for every object, in no order.
func (s *Store[T]) Each(use func(types.NamespacedName, T)) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, value := range s.kept {
		use(name, value)
	}
}

// Get gives what is kept of one object.
func (s *Store[T]) Get(namespace, name string) (value T, there bool) {
	if s == nil {
		return value, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	value, there = s.kept[types.NamespacedName{Namespace: namespace, Name: name}]
	return value, there
}

// Len is how many objects the store holds.
func (s *Store[T]) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept)
}

// Version is another one after each change of what the store holds.
func (s *Store[T]) Version() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// ListWithContext is how the reflector lists the objects.
func (s *Store[T]) ListWithContext(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	s.change(func() { s.listed = false })
	list, err := s.ListWatch.ListWithContext(ctx, options)
	if err != nil {
		s.change(func() { s.failure = err })
	}
	return list, err
}

// WatchWithContext is how the reflector watches the objects; where it asks for them from the start, it lists them too.
func (s *Store[T]) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	if options.SendInitialEvents != nil {
		s.change(func() { s.listed = false })
	}
	begun, err := s.ListWatch.WatchWithContext(ctx, options)
	if err != nil {
		if options.SendInitialEvents == nil || !lasting(err) { // Else it is listed next, and that reports it.
			s.change(func() { s.failure = err })
		}
		return nil, err
	}
	opened := &stream{Interface: begun}
	opened.stopped = func() {
		s.change(func() {
			if s.stream == opened {
				s.stream = nil
			}
		})
	}
	s.change(func() { s.stream, s.failure, s.heard = opened, nil, time.Now() })
	return opened, nil
}

// A stream is a watch that reports when it is stopped.
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
func (s *Store[T]) Transformer() cache.TransformFunc {
	return func(object any) (any, error) { return s.keep(object) }
}

func (s *Store[T]) keep(object any) (kept[T], error) {
	if done, is := object.(kept[T]); is {
		return done, nil
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return kept[T]{}, fmt.Errorf("keep one of the %s: %w", s.what(), err)
	}
	return kept[T]{name: nameOf(accessor), value: s.resource.Keep(object)}, nil
}

// nameOf names an object; objects of one namespace share the namespace's name.
func nameOf(object metav1.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: unique.Make(object.GetNamespace()).Value(), Name: object.GetName()}
}

// Add stores an object that was made.
func (s *Store[T]) Add(object any) error { return s.Update(object) }

// Update stores an object that has changed.
func (s *Store[T]) Update(object any) error {
	k, err := s.keep(object)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.regroup(k.name, &k.value)
	s.kept[k.name] = k.value
	s.version++
	s.heard = time.Now()
	s.mu.Unlock()
	s.notify()
	return nil
}

// Delete drops an object that is gone.
func (s *Store[T]) Delete(object any) error {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return fmt.Errorf("drop one of the %s: %w", s.what(), err)
	}
	s.mu.Lock()
	s.regroup(nameOf(accessor), nil)
	delete(s.kept, nameOf(accessor))
	s.version++
	s.heard = time.Now()
	s.mu.Unlock()
	s.notify()
	return nil
}

// Replace stores a whole list in place of what was there.
func (s *Store[T]) Replace(objects []any, _ string) error {
	all := make(map[types.NamespacedName]T, len(objects))
	for _, object := range objects {
		k, err := s.keep(object)
		if err != nil {
			return err
		}
		all[k.name] = k.value
	}
	s.change(func() {
		s.kept, s.groups, s.listed, s.heard = nil, nil, true, time.Now()
		for name, value := range all {
			s.regroup(name, &value)
		}
		s.kept = all
		s.version++
	})
	s.notify()
	return nil
}

// Bookmark reports that the watch is alive though nothing has changed.
func (s *Store[T]) Bookmark(string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = time.Now()
	return nil
}

// Resync has nothing to do: whoever learns of changes reads all there is.
func (s *Store[T]) Resync() error { return nil }

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

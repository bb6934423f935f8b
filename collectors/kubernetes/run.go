package kubernetes

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// A run collects once from one target.
type run struct {
	target     Target
	selector   labels.Selector
	now        time.Time
	connection *watch.Connection
	memory     *memory
	watched    map[string][]watched  // by kind
	namespaces map[watch.Scope]error // those that were asked for: nil where there is one
}

// collect collects what is asked for. What of a kind cannot be collected is unavailable in its set alone.
func (c *Clusters) collect(ctx context.Context, t Target, user string, joins []joiner, asked fact.Topics) ([]fact.AnySet, error) {
	selector, err := labels.Parse(t.Cluster.Selector)
	if err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "read selector %q: %w", t.Cluster.Selector, err)
	}
	connection, err := c.servers.Connect(ctx, t.login())
	if err != nil {
		return nil, withReason(err)
	}
	r := &run{
		target: t, selector: selector, now: time.Now(), connection: connection, memory: c.memory(user),
		watched: make(map[string][]watched), namespaces: make(map[watch.Scope]error),
	}
	waiting, cancel := patient(ctx)
	defer cancel()
	joins = slices.DeleteFunc(slices.Clone(joins), func(j joiner) bool { return !asked.Needs(j.about().KindName(), "") })
	r.begin(ctx, user, joins, asked)
	sets := make([]fact.AnySet, len(joins))
	for i, join := range joins { // All watches have begun before the first is waited for.
		sets[i] = join.collect(ctx, waiting, r)
	}
	return sets, nil
}

// begin watches what joins need for what is asked, and ends what they do not need any more.
func (r *run) begin(ctx context.Context, user string, joins []joiner, asked fact.Topics) {
	round := r.connection.Begin(user)
	for _, join := range joins {
		parts, kind := join.needed(asked), join.about().KindName()
		for _, scope := range join.scopes(r.target) {
			w := watched{scope: scope, parts: parts, stores: make([]watch.Stored, len(parts)), failed: make([]error, len(parts))}
			for i, p := range parts {
				w.stores[i], w.failed[i] = round.Watch(ctx, p.Source, scope)
			}
			r.watched[kind] = append(r.watched[kind], w)
		}
	}
	round.End()
	maps.DeleteFunc(r.memory.results, func(kind string, _ result) bool { return r.watched[kind] == nil })
}

// watched is what is watched of one scope for one kind.
type watched struct {
	scope  watch.Scope
	parts  []part
	stores []watch.Stored // nil where the API server has no such resource
	failed []error        // why a part is not watched
}

// take gives what is watched once it is up to date, and what of it is lacking. Where there can be no facts, it is nil.
func (w *watched) take(ctx, waiting context.Context, r *run) (*snapshot, []lack) {
	s := &snapshot{target: r.target, scope: w.scope, selector: r.selector, now: r.now, stores: make(map[string]watch.Stored)}
	var lacks []lack
	empty := true
	for i, p := range w.parts {
		store, err := w.stores[i], w.failed[i]
		if store != nil {
			if err = store.Fresh(waiting); watch.CauseOf(err) == watch.Gone {
				store, err = nil, nil
			}
		}
		switch {
		case err == nil && store == nil:
			s.versions = append(s.versions, version{})
		case err == nil:
			s.versions = append(s.versions, version{store, store.Version()})
			s.stores[p.Key()] = store
			empty = empty && (p.topic != "" || store.Len() == 0)
		case p.topic == "":
			lacks = append(lacks, lackOf(p.In(w.scope), "", err))
			if _, others := p.Source.(apart); !others {
				return nil, lacks[len(lacks)-1:]
			}
		default:
			lacks = append(lacks, lackOf(p.In(w.scope), p.topic, err))
			if !slices.Contains(s.lacks, p.topic) {
				s.lacks = append(s.lacks, p.topic)
			}
		}
	}
	if empty && w.scope != "" && len(lacks) == 0 {
		if err := r.namespace(ctx, w.scope); err != nil {
			return nil, []lack{lackOf(w.scope, "", err)}
		}
	}
	return s, lacks
}

// patient bounds how long a run waits for what is watched: the rest of its time is for what it asks.
func patient(ctx context.Context) (waiting context.Context, cancel context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return ctx, func() {}
	}
	// Without the time in words: what is unavailable for the same reason as before is no news.
	late := fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)
	return context.WithTimeoutCause(ctx, time.Until(deadline)*4/5, late)
}

// namespace asks, once a run, for a namespace in which nothing was found.
func (r *run) namespace(ctx context.Context, scope watch.Scope) error {
	err, asked := r.namespaces[scope]
	if !asked {
		err = r.connection.NamespaceExists(ctx, string(scope))
		r.namespaces[scope] = err
	}
	return err
}

// answered gives the answer to what a kind asks, of this run or of one that is not long ago.
func (r *run) answered(kind string, ask func() (any, error)) (any, error) {
	last, there := r.memory.answers[kind]
	age := r.now.Sub(last.at)
	if there && age < answerAge {
		return last.content, nil
	}
	content, err := ask()
	if err != nil {
		unanswered := []fact.Reason{fact.ReasonTimeout, fact.ReasonUnreachable, fact.ReasonRefused}
		if there && age < answerKept && slices.Contains(unanswered, fact.ReasonOf(err)) {
			return last.content, nil
		}
		return nil, err
	}
	r.memory.answers[kind] = answer{r.now, content}
	return content, nil
}

// A snapshot is what a run has collected of one scope of a cluster.
type snapshot struct {
	target    Target
	scope     watch.Scope
	selector  labels.Selector
	now       time.Time
	stores    map[string]watch.Stored // by the key of the resource
	versions  []version               // of the stores, from before anything is read of them
	lacks     []string                // topics that could not be collected
	planned   bool                    // nothing of it has run: it comes from manifests
	manifests []Manifest              // those that it comes from
	answer    any                     // to what the join asks
	until     time.Time               // when time alone changes what is joined; zero: never
}

// stored gives the store of a resource. Where it could not be collected, and where the API server has no such resource,
// there is nothing in it.
func stored[T any](s *snapshot, r watch.Resource[T]) *watch.Store[T] {
	store, _ := s.stores[r.Key()].(*watch.Store[T])
	return store
}

// includes tells whether an object belongs to the system.
func (s *snapshot) includes(namespace string, own labels.Set) bool {
	return s.target.Cluster.Includes(namespace) && s.selector.Matches(own)
}

// holdsUntil notes that what is joined changes at a time, though no object does.
func (s *snapshot) holdsUntil(at time.Time) {
	if at.After(s.now) && (s.until.IsZero() || at.Before(s.until)) {
		s.until = at
	}
}

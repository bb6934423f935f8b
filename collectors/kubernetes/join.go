package kubernetes

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// A part is a resource that facts are joined from, and the topic that it belongs to. Without those of no topic there is no
// fact; without the others there is one that lacks their topic.
type part struct {
	topic string
	watch.Source
}

// A reading is of objects that are not watched, wherever in the cluster they are; each is asked for by its name.
type reading struct {
	topic    string
	resource schema.GroupResource
}

// A join describes how facts of one kind are made of what is watched.
type join[F any] struct {
	kind  *fact.Kind[F]
	parts []part
	whole bool // facts are of the whole cluster, whatever the namespaces
	// ask, where set, asks what no watch reports, which can depend on what they report. Its answer stands for some seconds.
	ask func(ctx context.Context, c *watch.Connection, t Target, of []*snapshot) (any, error)
	// reads are objects that it asks for by their name.
	reads []reading
	// add adds the facts of one scope to a set. It is pure.
	add func(s *snapshot, set *fact.Set[F])
	// proven, where set, gives the facts of manifests that are wrong whatever a cluster reports of the kind.
	proven func(all []*F) []*F
	// place is a fact of which only the cluster and, unless it is empty, the namespace are known.
	place func(cluster, namespace string) F
}

// A joiner is a join whose type of fact is hidden.
type joiner interface {
	about() fact.Any
	// scopes are the parts of a target that are joined, each by itself.
	scopes(t Target) []watch.Scope
	// needed are the parts for what is asked.
	needed(asked fact.Topics) []part
	// read is what is asked for by name, for what is asked.
	read(asked fact.Topics) []reading
	// known is what a target's declaration tells of its facts.
	known(t Target) fact.AnySet
	// collect joins what a run watches, which it waits for in a shorter time than it has for what it asks.
	collect(ctx, waiting context.Context, r *run) fact.AnySet
	// plan joins what manifests hold. Topics that are not reported by manifests, with what they are in words, are
	// unavailable; "" is all of the kind.
	plan(all []Manifest, unreported map[string]string) fact.AnySet
}

func (j join[F]) about() fact.Any { return j.kind }

func (j join[F]) scopes(t Target) []watch.Scope { return t.scopes(j.whole) }

func (j join[F]) needed(asked fact.Topics) []part {
	return slices.DeleteFunc(slices.Clone(j.parts), func(p part) bool { return !asked.Needs(j.kind.Name, p.topic) })
}

func (j join[F]) read(asked fact.Topics) []reading {
	return slices.DeleteFunc(slices.Clone(j.reads), func(r reading) bool { return !asked.Needs(j.kind.Name, r.topic) })
}

func (j join[F]) known(t Target) fact.AnySet {
	return j.kind.Set(&fact.Set[F]{Unavailable: []fact.Unavailable[F]{{Subject: t.name(), Known: j.place(t.Cluster.Name, "")}}})
}

// A memory is what is known of the last run of a user. Only one run at a time uses it.
type memory struct {
	answers map[string]answer // by kind
	results map[string]result // by kind
}

// An answer is what was asked for that no watch reports.
type answer struct {
	at      time.Time
	content any
}

// answerAge is how long an answer stands: runs can be as often as once a second. Where the question is not answered any more,
// the last answer stands for answerKept, so that one lost packet changes nothing.
const (
	answerAge  = 10 * time.Second
	answerKept = fact.StaleAfter * answerAge
)

// A result is what was joined, and of what.
type result struct {
	inputs
	until time.Time // when time alone changes it; zero: never
	set   fact.AnySet
}

// inputs are what the facts of a kind are made of.
type inputs struct {
	stores []version
	lacks  []lack
	answer any
}

// A version is what a store held at one time.
type version struct {
	store   watch.Stored
	version uint64
}

// A lack is what could not be collected of a scope.
type lack struct {
	in     watch.Scope
	topic  string
	reason fact.Reason
	detail string
}

func lackOf(in watch.Scope, topic string, err error) lack {
	return lack{in, topic, reasonOf(err), err.Error()}
}

func (i inputs) same(as inputs) bool {
	return slices.Equal(i.stores, as.stores) && slices.Equal(i.lacks, as.lacks) && reflect.DeepEqual(i.answer, as.answer)
}

// collect joins only what has changed since the last run.
func (j join[F]) collect(ctx, waiting context.Context, r *run) fact.AnySet {
	var made result
	var snapshots []*snapshot
	for _, w := range r.watched[j.kind.Name] {
		s, lacks := w.take(ctx, waiting, r)
		for _, each := range lacks {
			if !slices.Contains(made.lacks, each) { // What is of the cluster can be lacking in several scopes.
				made.lacks = append(made.lacks, each)
			}
		}
		if s != nil {
			snapshots, made.stores = append(snapshots, s), append(made.stores, s.versions...)
		}
	}
	if len(snapshots) > 0 && j.ask != nil {
		content, err := r.answered(j.kind.Name, func() (any, error) { return j.ask(ctx, r.connection, r.target, snapshots) })
		if err != nil {
			made.lacks, snapshots = append(made.lacks, lackOf("", "", err)), nil
		}
		made.answer = content
	}
	last, there := r.memory.results[j.kind.Name]
	if there && last.same(made.inputs) && (last.until.IsZero() || r.now.Before(last.until)) {
		return last.set
	}
	set := &fact.Set[F]{}
	for _, each := range made.lacks {
		set.Unavailable = append(set.Unavailable, fact.Unavailable[F]{
			Subject: r.target.subject(each.in), Known: j.place(r.target.Cluster.Name, string(each.in)),
			Topic: each.topic, Reason: each.reason, Detail: each.detail,
		})
	}
	for _, s := range snapshots {
		s.answer = made.answer
		j.add(s, set)
		if made.until.IsZero() || !s.until.IsZero() && s.until.Before(made.until) {
			made.until = s.until
		}
	}
	made.set = j.kind.Set(j.sorted(set))
	r.memory.results[j.kind.Name] = made
	return made.set
}

// sorted orders the facts, each once: what is of the cluster can concern several of its scopes.
func (j join[F]) sorted(set *fact.Set[F]) *fact.Set[F] {
	slices.SortFunc(set.Facts, func(a, b *F) int { return strings.Compare(j.kind.Subject(a), j.kind.Subject(b)) })
	set.Facts = slices.CompactFunc(set.Facts, func(a, b *F) bool { return j.kind.Subject(a) == j.kind.Subject(b) })
	return set
}

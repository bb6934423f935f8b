package fact

import (
	"reflect"
	"slices"
	"strings"
)

// A Set is what one run collected of one kind: the facts, and what should have been collected and could not be. What a
// set holds does not change once it is handed on.
type Set[F any] struct {
	Facts       []*F
	Unavailable []Unavailable[F]
}

// Unavailable is one thing that should have been collected and could not be.
type Unavailable[F any] struct {
	// Subject names it; empty: as the kind names Known.
	Subject string
	// Known is what its declaration says of it, so that it can be selected and grouped as a fact is.
	Known  F
	Reason Reason
	// Topic is the part of the fact that it concerns; empty: all of it.
	Topic  string
	Detail string // in words; never a secret
}

// Add adds facts.
func (s *Set[F]) Add(facts ...F) {
	for i := range facts {
		s.Facts = append(s.Facts, &facts[i])
	}
}

// Lack adds what could not be collected because of an error, with what is known of it.
func (s *Set[F]) Lack(known F, subject string, err error) {
	s.Unavailable = append(s.Unavailable, Unavailable[F]{
		Subject: subject, Known: known, Reason: ReasonOf(err), Detail: err.Error(),
	})
}

// LackTopic adds that a topic of something could not be collected because of an error; the rest of it can be a fact.
func (s *Set[F]) LackTopic(known F, topic string, err error) {
	s.Unavailable = append(s.Unavailable, Unavailable[F]{Known: known, Topic: topic, Reason: ReasonOf(err), Detail: err.Error()})
}

// An AnySet is a set whose type of fact is hidden.
type AnySet interface {
	// Kind is the kind of its facts.
	Kind() Any
	// Len is how many facts there are, At gives one, as a pointer.
	Len() int
	At(i int) any
	// Gaps are what is unavailable, without what is known of it.
	Gaps() []Gap
	// Equal tells whether another set of the same kind holds the same.
	Equal(other AnySet) bool
	// Remaining gives the facts of this set, and of what remained before it (nil: nothing), about what a later set names as
	// unavailable, or nil.
	Remaining(older, later AnySet) AnySet
	// Fail gives a set without facts, in which all that this one names as unavailable is so for one failure; where it
	// names nothing, the target is.
	Fail(target string, failure Failure) AnySet
	// From is the set as it is collected from a vantage point.
	From(vantage string) AnySet
	// Encode is the set as it is handed to another exporter, which reads it with Any.Decode.
	Encode() (Encoded, error)
}

// A Gap is something unavailable, whatever its kind.
type Gap struct {
	Subject string
	Reason  Reason
	Topic   string
	Detail  string
}

// A Failure says why a run collected nothing at all.
type Failure struct {
	Reason Reason `json:"reason"`
	Detail string `json:"detail"`
}

// FailureOf is the failure that an error makes.
func FailureOf(err error) *Failure { return &Failure{Reason: ReasonOf(err), Detail: err.Error()} }

type typedSet[F any] struct {
	kind *Kind[F]
	*Set[F]
}

// Set hides the type of a set of this kind.
func (k *Kind[F]) Set(set *Set[F]) AnySet { return typedSet[F]{k, set} }

// Found is a set of this kind with one fact.
func (k *Kind[F]) Found(found F) AnySet { return k.Set(&Set[F]{Facts: []*F{&found}}) }

// Missing is a set of this kind in which one fact is unavailable, of which that much is known.
func (k *Kind[F]) Missing(known F) AnySet {
	return k.Set(&Set[F]{Unavailable: []Unavailable[F]{{Known: known}}})
}

// Typed gives a set of this kind as it is; nil where it is of another.
func (k *Kind[F]) Typed(set AnySet) *Set[F] {
	typed, _ := set.(typedSet[F])
	return typed.Set
}

func (s typedSet[F]) Kind() Any    { return s.kind }
func (s typedSet[F]) Len() int     { return len(s.Facts) }
func (s typedSet[F]) At(i int) any { return s.Facts[i] }

// Fact gives one fact.
func (s typedSet[F]) Fact(i int) *F { return s.Facts[i] }

// Lacking is how many things are unavailable.
func (s typedSet[F]) Lacking() int { return len(s.Unavailable) }

// Gap gives one of them, with what is known of it, if anything is.
func (s typedSet[F]) Gap(i int) (known *F, isKnown bool, gap Gap) {
	u := &s.Unavailable[i]
	return &u.Known, !reflect.ValueOf(&u.Known).Elem().IsZero(), s.gap(u)
}

func (s typedSet[F]) gap(u *Unavailable[F]) Gap {
	return Gap{Subject: s.kind.SubjectOfUnavailable(u), Reason: u.Reason, Topic: u.Topic, Detail: u.Detail}
}

func (s typedSet[F]) Equal(other AnySet) bool {
	same, is := other.(typedSet[F])
	return is && reflect.DeepEqual(s.Set, same.Set)
}

func (s typedSet[F]) Gaps() []Gap {
	gaps := make([]Gap, len(s.Unavailable))
	for i := range s.Unavailable {
		gaps[i] = s.gap(&s.Unavailable[i])
	}
	return gaps
}

func (s typedSet[F]) Remaining(older, later AnySet) AnySet {
	gaps := later.Gaps()
	if len(gaps) == 0 {
		return nil
	}
	done := make(map[string]bool, later.Len())
	for _, each := range later.(typedSet[F]).Facts {
		done[s.kind.subject(each)] = true
	}
	candidates := s.Facts
	if older != nil {
		candidates = slices.Concat(s.Facts, older.(typedSet[F]).Facts)
	}
	kept := new(Set[F])
	for _, each := range candidates {
		subject := s.kind.subject(each)
		if !done[subject] && slices.ContainsFunc(gaps, func(gap Gap) bool { return gap.concerns(subject) }) {
			done[subject] = true
			kept.Facts = append(kept.Facts, each)
		}
	}
	switch {
	case len(kept.Facts) == 0:
		return nil
	case older != nil && slices.Equal(older.(typedSet[F]).Facts, kept.Facts):
		return older // It stays the same, so that whoever reads it sees that nothing has changed.
	}
	return s.kind.Set(kept)
}

// concerns tells whether what is unavailable is a subject, or all that lies under what is: a folder, a namespace.
func (g Gap) concerns(subject string) bool {
	return g.Topic == "" && (subject == g.Subject || strings.HasPrefix(subject, strings.TrimSuffix(g.Subject, "/")+"/"))
}

func (s typedSet[F]) Fail(target string, failure Failure) AnySet {
	failed := Set[F]{Unavailable: make([]Unavailable[F], max(1, len(s.Unavailable)))}
	failed.Unavailable[0].Subject = target
	copy(failed.Unavailable, s.Unavailable)
	for i := range failed.Unavailable {
		failed.Unavailable[i].Reason, failed.Unavailable[i].Detail = failure.Reason, failure.Detail
	}
	return s.kind.Set(&failed)
}

// SubjectOfUnavailable names what is unavailable.
func (k *Kind[F]) SubjectOfUnavailable(u *Unavailable[F]) string {
	if u.Subject != "" {
		return u.Subject
	}
	return k.subject(&u.Known)
}

package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// Quantified is a kind of fact that is judged, with how verdicts on single facts become one: made by Each, AtLeastOne,
// PerGroup or AllOf.
type Quantified[P any] interface {
	about() fact.Any
	bind(p P) over
}

// over is Quantified with its parameters.
type over interface {
	about() fact.Any
	topics() []string
	judge(c Context) tally
	facts(c Context) []any
	// awaits tells whether it is about something of what is not known yet.
	awaits(c Context, known fact.AnySet) bool
}

// A tally adds up what judging gives.
type tally struct {
	problems []Problem
	facts    int // that were judged
}

func (t *tally) add(other tally) {
	t.problems = append(t.problems, other.problems...)
	t.facts += other.facts
}

func (t *tally) lack(gap fact.Gap) { t.problems = append(t.problems, unavailable(gap)) }

// Over is a quantifier over one kind of fact; T is a pointer to such a fact, or any where its type is hidden. Its methods
// narrow what it is about, and give it back.
type Over[T, P any] struct {
	source     source[T]
	selects    func(Context, T, P) bool
	concerned  func(Context, T, P) bool
	topicsOf   func(P) []string
	quantifier func(*boundOver[T, P], Context) tally

	judgeFact  func(Context, T, P) []Problem
	key        func(T) string
	expected   func(Context, P) []string
	judgeGroup func(Context, string, []T, P) []Problem
}

// Each wants every fact to hold; what is unavailable makes the item unknown, unless something fails.
func Each[F, P any](kind *fact.Kind[F], judge func(Context, *F, P) []Problem) *Over[*F, P] {
	return &Over[*F, P]{source: typed(kind), judgeFact: judge, quantifier: (*boundOver[*F, P]).each}
}

// EachAny is Each for whoever handles facts of every kind alike: what is judged is a pointer to a fact of the kind.
func EachAny[P any](kind fact.Any, judge func(Context, any, P) []Problem) *Over[any, P] {
	return &Over[any, P]{source: untyped(kind), judgeFact: judge, quantifier: (*boundOver[any, P]).each}
}

// AtLeastOne is content with one fact that holds. Where none does and something is unavailable, or was judged to be
// unknown, the item is unknown.
func AtLeastOne[F, P any](kind *fact.Kind[F], judge func(Context, *F, P) []Problem) *Over[*F, P] {
	return &Over[*F, P]{source: typed(kind), judgeFact: judge, quantifier: (*boundOver[*F, P]).atLeastOne}
}

// AtLeastOneAny is AtLeastOne for whoever handles facts of every kind alike.
func AtLeastOneAny[P any](kind fact.Any, judge func(Context, any, P) []Problem) *Over[any, P] {
	return &Over[any, P]{source: untyped(kind), judgeFact: judge, quantifier: (*boundOver[any, P]).atLeastOne}
}

// PerGroup judges the facts of each group together: those with one key, such as a cluster. Groups that are expected are
// judged even if they are empty; nil: none are. A problem whose reason is one of absence is left out while something of
// its group is unavailable, which makes the item unknown. What is unavailable and has an empty key is of every group.
func PerGroup[F, P any](
	kind *fact.Kind[F], key func(*F) string, expected func(Context, P) []string, judge func(Context, string, []*F, P) []Problem,
) *Over[*F, P] {
	return &Over[*F, P]{
		source: typed(kind), key: key, expected: expected, judgeGroup: judge, quantifier: (*boundOver[*F, P]).perGroup,
	}
}

// AllOf judges all facts together, as one group that is judged even if it is empty.
func AllOf[F, P any](kind *fact.Kind[F], judge func(Context, []*F, P) []Problem) *Over[*F, P] {
	return &Over[*F, P]{
		source: typed(kind), quantifier: (*boundOver[*F, P]).together,
		judgeGroup: func(c Context, _ string, facts []*F, p P) []Problem { return judge(c, facts, p) },
	}
}

// Where narrows it to the facts that an item with these parameters is about.
func (o *Over[T, P]) Where(selects func(c Context, f T, p P) bool) *Over[T, P] {
	o.selects = selects
	return o
}

// Known narrows what is unavailable, as a whole or in part, to what an item with these parameters is about, by what is known
// of it from its declaration. That of which nothing is known counts always; without it, all does.
func (o *Over[T, P]) Known(concerned func(known T, p P) bool) *Over[T, P] {
	return o.KnownIn(func(_ Context, known T, p P) bool { return concerned(known, p) })
}

// KnownIn is Known where it takes the context to tell, such as which item is judged.
func (o *Over[T, P]) KnownIn(concerned func(c Context, known T, p P) bool) *Over[T, P] {
	o.concerned = concerned
	return o
}

// Topics tells which topics of the facts an item with these parameters needs, beside what makes the fact. Without it, all.
func (o *Over[T, P]) Topics(topics func(p P) []string) *Over[T, P] {
	o.topicsOf = topics
	return o
}

// Needs is Topics where they are the same whatever the parameters; none: what makes the fact is enough.
func (o *Over[T, P]) Needs(topics ...string) *Over[T, P] {
	return o.Topics(func(P) []string { return topics })
}

func (o *Over[T, P]) about() fact.Any { return o.source.kind }

func (o *Over[T, P]) bind(p P) over {
	bound := &boundOver[T, P]{Over: o, p: p}
	if o.topicsOf != nil {
		bound.needed = append([]string{}, o.topicsOf(p)...)
	}
	return bound
}

type boundOver[T, P any] struct {
	*Over[T, P]
	p      P
	needed []string // topics; nil: all
}

func (b *boundOver[T, P]) topics() []string { return b.needed }

func (b *boundOver[T, P]) judge(c Context) tally { return b.quantifier(b, c) }

func (b *boundOver[T, P]) facts(c Context) (facts []any) {
	b.scan(c, func(f T) { facts = append(facts, f) }, func(T, bool, *fact.Gap) {})
	return facts
}

func (b *boundOver[T, P]) awaits(c Context, known fact.AnySet) bool {
	part := b.source.part(known)
	for i := range part.Lacking() {
		if each, isKnown, _ := part.Gap(i); b.isAbout(c, each, isKnown) {
			return true
		}
	}
	return false
}

// scan goes through what the item is about: the facts, and what is unavailable with what is known of it, if anything is.
// The gap is nil where another one says so already.
func (b *boundOver[T, P]) scan(c Context, found func(T), lack func(known T, isKnown bool, gap *fact.Gap)) {
	for set, pending := range c.view.Sets(b.source.kind.KindName(), b.needed) {
		if pending != nil {
			var nothing T
			lack(nothing, false, pending)
			continue
		}
		b.scanPart(c, b.source.part(set), found, lack)
	}
}

func (b *boundOver[T, P]) scanPart(c Context, part part[T], found func(T), lack func(known T, isKnown bool, gap *fact.Gap)) {
	var reported []string // topics
	for i := range part.Lacking() {
		known, isKnown, gap := part.Gap(i)
		if concerns(gap.Topic, b.needed) && b.isAbout(c, known, isKnown) {
			reported = append(reported, gap.Topic)
			lack(known, isKnown, &gap)
		}
	}
	for i := range part.Len() {
		f := part.Fact(i)
		switch topic, lacks := b.lacks(f); {
		case !lacks && (b.selects == nil || b.selects(c, f, b.p)):
			found(f)
		case lacks && b.isAbout(c, f, true):
			lack(f, true, b.gap(f, topic, reported))
		}
	}
}

// isAbout tells whether the item is about something of which not everything is known.
func (b *boundOver[T, P]) isAbout(c Context, known T, isKnown bool) bool {
	return b.concerned == nil || !isKnown || b.concerned(c, known, b.p)
}

// lacks gives a needed topic that could not be collected of a fact.
func (b *boundOver[T, P]) lacks(f T) (string, bool) {
	partial, is := any(f).(fact.Partial)
	if !is {
		return "", false
	}
	for _, topic := range partial.Lacks() {
		if concerns(topic, b.needed) {
			return topic, true
		}
	}
	return "", false
}

// gap says that a topic of a fact could not be collected, unless that is reported for all facts.
func (b *boundOver[T, P]) gap(f T, topic string, reported []string) *fact.Gap {
	if slices.Contains(reported, topic) {
		return nil
	}
	return &fact.Gap{
		Subject: b.source.subject(f), Reason: fact.ReasonFailed, Topic: topic, Detail: fmt.Sprintf("its %s could not be collected", topic),
	}
}

// concerns tells whether a topic is among those that are needed; nil: all are.
func concerns(topic string, needed []string) bool {
	return topic == "" || needed == nil || slices.Contains(needed, topic)
}

func (b *boundOver[T, P]) each(c Context) (t tally) {
	b.scan(c, func(f T) {
		t.facts++
		t.problems = b.appendOn(t.problems, f, b.judgeFact(c, f, b.p))
	}, func(_ T, _ bool, gap *fact.Gap) {
		if gap != nil {
			t.lack(*gap)
		}
	})
	return t
}

// appendOn adds problems with the subject of the fact that they were found on.
func (b *boundOver[T, P]) appendOn(all []Problem, f T, problems []Problem) []Problem {
	for _, problem := range problems {
		if problem.Subject == "" {
			problem.Subject = b.source.subject(f)
		}
		all = append(all, problem)
	}
	return all
}

func (b *boundOver[T, P]) atLeastOne(c Context) (t tally) {
	var failing, unknown []Problem
	held := false
	b.scan(c, func(f T) {
		t.facts++
		problems := b.appendOn(nil, f, b.judgeFact(c, f, b.p))
		switch status := Worst(problems); {
		case status == Unknown:
			unknown = append(unknown, problems...)
		case !status.Ready():
			failing = append(failing, problems...)
		case !held || slices.CompareFunc(problems, t.problems, compareProblems) < 0: // The best of them, whatever their order.
			held, t.problems = true, problems
		}
	}, func(_ T, _ bool, gap *fact.Gap) {
		if gap != nil {
			unknown = append(unknown, unavailable(*gap))
		}
	})
	switch {
	case held:
	case len(unknown) > 0:
		t.problems = unknown
	default:
		t.problems = failing
	}
	return t
}

func (b *boundOver[T, P]) perGroup(c Context) (t tally) {
	groups := make(map[string][]T)
	if b.expected != nil {
		for _, key := range b.expected(c, b.p) {
			groups[key] = nil
		}
	}
	partial := make(map[string]bool) // groups of which something is unavailable; "": all of them
	b.scan(c, func(f T) {
		t.facts++
		groups[b.key(f)] = append(groups[b.key(f)], f)
	}, func(known T, isKnown bool, gap *fact.Gap) {
		if gap != nil {
			t.lack(*gap)
		}
		if isKnown {
			partial[b.key(known)] = true
		} else {
			partial[""] = true
		}
	})
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		t.problems = b.appendOf(t.problems, c, key, groups[key], partial[key] || partial[""])
	}
	return t
}

// appendOf adds the problems of a group. One of absence is none while something of the group is unavailable.
func (b *boundOver[T, P]) appendOf(all []Problem, c Context, key string, facts []T, partial bool) []Problem {
	for _, problem := range b.judgeGroup(c, key, facts, b.p) {
		if problem.absence && partial {
			continue
		}
		if problem.Subject == "" {
			problem.Subject = key
		}
		all = append(all, problem)
	}
	return all
}

func (b *boundOver[T, P]) together(c Context) (t tally) {
	var facts []T
	partial := false
	b.scan(c, func(f T) {
		t.facts++
		facts = append(facts, f)
	}, func(_ T, _ bool, gap *fact.Gap) {
		partial = true
		if gap != nil {
			t.lack(*gap)
		}
	})
	t.problems = b.appendOf(t.problems, c, "", facts, partial)
	return t
}

package check

import "github.com/readiness-exporter/readiness-exporter/internal/fact"

// A source gives the facts of one kind: T is a pointer to such a fact, or any where its type is hidden.
type source[T any] struct {
	kind    fact.Any
	subject func(T) string
	// part gives what a set has.
	part func(fact.AnySet) part[T]
}

// A part is what one run has of a kind. A set whose type is known is one.
type part[T any] interface {
	// Len is how many facts there are, Fact gives one.
	Len() int
	Fact(i int) T
	// Lacking is how many things are unavailable, Gap gives one, with what is known of it, if anything is.
	Lacking() int
	Gap(i int) (known T, isKnown bool, gap fact.Gap)
}

func typed[F any](kind *fact.Kind[F]) source[*F] {
	return source[*F]{
		kind: kind, subject: kind.Subject,
		part: func(set fact.AnySet) part[*F] { return set.(part[*F]) },
	}
}

func untyped(kind fact.Any) source[any] {
	return source[any]{
		kind: kind, subject: kind.SubjectOf,
		part: func(set fact.AnySet) part[any] { return anyPart{set, set.Gaps()} },
	}
}

// anyPart is a part whose type of fact is hidden: nothing is known of what is unavailable.
type anyPart struct {
	fact.AnySet
	gaps []fact.Gap
}

func (p anyPart) Fact(i int) any { return p.At(i) }
func (p anyPart) Lacking() int   { return len(p.gaps) }

func (p anyPart) Gap(i int) (any, bool, fact.Gap) { return nil, false, p.gaps[i] }

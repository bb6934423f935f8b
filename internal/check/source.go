package check

import (
	"reflect"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A source gives the facts of one kind: T is a pointer to such a fact, or any where its type is hidden.
type source[T any] struct {
	kind    fact.Any
	subject func(T) string
	// parts gives what each run has of the kind, or that the topics are pending there.
	parts func(view fact.View, topics []string, use func(part[T], *fact.Gap))
}

// A part is what one run has of a kind.
type part[T any] struct {
	facts int // how many
	fact  func(i int) T
	gaps  int // how many
	// gap gives one of the gaps, with what is known of what is unavailable, if anything is.
	gap func(i int) (known T, isKnown bool, gap fact.Gap)
}

func typed[F any](kind *fact.Kind[F]) source[*F] {
	return source[*F]{kind: kind, subject: kind.Subject, parts: func(view fact.View, topics []string, use func(part[*F], *fact.Gap)) {
		fact.Of(view, kind, topics, func(set *fact.Set[F], pending *fact.Gap) {
			if pending != nil {
				use(part[*F]{}, pending)
				return
			}
			at := func(i int) *F { return set.Facts[i] }
			use(part[*F]{len(set.Facts), at, len(set.Unavailable), func(i int) (*F, bool, fact.Gap) {
				u := &set.Unavailable[i]
				isKnown := !reflect.ValueOf(&u.Known).Elem().IsZero()
				return &u.Known, isKnown, fact.Gap{Subject: kind.SubjectOfUnavailable(u), Reason: u.Reason, Topic: u.Topic, Detail: u.Detail}
			}}, nil)
		})
	}}
}

func untyped(kind fact.Any) source[any] {
	return source[any]{kind: kind, subject: kind.SubjectOf, parts: func(view fact.View, topics []string, use func(part[any], *fact.Gap)) {
		fact.OfAny(view, kind, topics, func(set fact.AnySet, pending *fact.Gap) {
			if pending != nil {
				use(part[any]{}, pending)
				return
			}
			gaps := set.Gaps()
			use(part[any]{set.Len(), set.At, len(gaps), func(i int) (any, bool, fact.Gap) { return nil, false, gaps[i] }}, nil)
		})
	}}
}

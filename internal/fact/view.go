package fact

import "time"

// StaleAfter is how many of their intervals facts stay good for without a new look.
const StaleAfter = 3

// A Look is what one collector last saw at one of its targets.
type Look struct {
	Collector string
	Target    string
	Kind      Any
	Interval  time.Duration // the longest time between two looks, as scheduled
	SeenAt    time.Time     // when Facts and Missed were seen; zero when no look has succeeded yet
	Facts     []any         // of Kind
	Missed    []Missed      // subjects missed in a look that otherwise succeeded
	TriedAt   time.Time     // when the newest look ended; zero before the first
	Failure   *Missed       // why the newest look failed as a whole; nil when it succeeded
}

// A View is what is known of one system at one time. It does not change.
type View struct {
	kinds map[string]*observed
}

type observed struct {
	facts  []any
	missed []Missed
}

// NewView puts the looks at one system together, as they are worth at a time: facts of a failed look stay until they
// are stale, so that one lost packet changes nothing; stale facts count as missed.
func NewView(looks []Look, now time.Time) View {
	view := View{kinds: make(map[string]*observed)}
	for _, look := range looks {
		kind := view.kinds[look.Kind.KindName()]
		if kind == nil {
			kind = &observed{}
			view.kinds[look.Kind.KindName()] = kind
		}
		if missed := look.unusable(now); missed != nil {
			kind.missed = append(kind.missed, *missed)
			continue
		}
		kind.facts = append(kind.facts, look.Facts...)
		kind.missed = append(kind.missed, look.Missed...)
	}
	return view
}

// Fresh tells whether what the look saw still counts.
func (l *Look) Fresh(now time.Time) bool {
	return !l.SeenAt.IsZero() && now.Sub(l.SeenAt) <= StaleAfter*l.Interval
}

// unusable says why nothing of the look counts, or nil when it does.
func (l *Look) unusable(now time.Time) *Missed {
	switch {
	case l.Fresh(now):
		return nil
	case l.Failure != nil:
		return l.Failure
	case l.SeenAt.IsZero():
		return &Missed{Subject: l.Target, Reason: ReasonPending, Detail: "not looked at yet"}
	default:
		return &Missed{
			Subject: l.Target, Reason: ReasonStale,
			Detail: "last seen " + now.Sub(l.SeenAt).Round(time.Second).String() + " ago",
		}
	}
}

// Of gives the facts of a kind, and what of it should have been seen and was not.
func Of[F any](view View, kind Kind[F]) Batch[F] {
	seen := view.kinds[kind.Name]
	if seen == nil {
		return Batch[F]{}
	}
	batch := Batch[F]{Facts: make([]F, len(seen.facts)), Missed: seen.missed}
	for i, f := range seen.facts {
		batch.Facts[i] = f.(F)
	}
	return batch
}

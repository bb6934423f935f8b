package fact

import (
	"iter"
	"maps"
	"slices"
	"time"
)

// StaleAfter is how many of their intervals facts stay good for without a new run.
const StaleAfter = 3

// A Run is what one collector last collected from one of its targets.
type Run struct {
	Collector string
	Target    string
	Interval  time.Duration // the longest time between two runs, as scheduled
	Described string        // what tells this description of the target from another; empty where nobody compares
	// Declared has a set for every kind that the collector yields, in which what the target declares is unavailable: what
	// is known of it until it has been collected, and whenever it cannot be.
	Declared []AnySet
	// Discovers has a set for every kind of fact that there may be targets of by what the collector yields, in which what is known of such
	// facts is unavailable.
	Discovers   []AnySet
	CollectedAt time.Time // when Sets were collected; zero when no run has succeeded yet
	Asked       Topics    // what the run that collected Sets was asked for
	Complete    bool      // of one that discovers: it, or one before it, found all there is
	// Sets are those of the last success, in the order of Declared, also where they are empty.
	Sets []AnySet
	// Remains are, in the same order, the facts of earlier runs about what Sets name as unavailable; nil where there are
	// none. They are not judged, but what they say that stays true, their dates, is exported.
	Remains []AnySet
	TriedAt time.Time // when the newest run ended; zero before the first
	Failure *Failure  // why the newest run failed as a whole; nil when it succeeded
}

// Succeed keeps what a run has collected. Sets that are as they were stay the same, so that whoever reads them sees at once
// that nothing has changed.
func (r *Run) Succeed(asked Topics, sets []AnySet, at time.Time) {
	remains := make([]AnySet, len(sets))
	for i, before := range r.Sets {
		if before.Equal(sets[i]) {
			sets[i] = before
		}
		var older AnySet
		if i < len(r.Remains) {
			older = r.Remains[i]
		}
		remains[i] = before.Remaining(older, sets[i])
	}
	r.CollectedAt, r.TriedAt, r.Asked, r.Failure, r.Sets, r.Remains = at, at, asked, nil, sets, remains
	r.Complete = r.Complete || len(r.Discovers) > 0 && whole(sets)
}

// Fresh tells whether what the run collected still counts.
func (r *Run) Fresh(now time.Time) bool {
	return !r.CollectedAt.IsZero() && now.Sub(r.CollectedAt) <= StaleAfter*r.Interval
}

// Current gives the sets as they are worth at a time: facts of a failed run stay until they are stale, so that one lost
// packet changes nothing; what is stale counts as unavailable.
func (r *Run) Current(now time.Time) []AnySet {
	failure := r.unusable(now)
	if failure == nil {
		return r.Sets
	}
	failed := make([]AnySet, len(r.Declared))
	for i, set := range r.Declared {
		failed[i] = set.Fail(r.Target, *failure)
	}
	return failed
}

// undiscovered says why a run that targets are made of has never found all there is; nil where it has, and of any other run. What
// was found once is known from then on.
func (r *Run) undiscovered() *Gap {
	if len(r.Discovers) == 0 || r.Complete {
		return nil
	}
	gap := &Gap{Subject: r.Target, Reason: ReasonPending, Detail: "what there is to collect has not been discovered yet"}
	const found = "what there is to collect could not be discovered: "
	if r.Failure != nil {
		gap.Reason, gap.Detail = r.Failure.Reason, found+r.Failure.Detail
	}
	for _, set := range r.Sets {
		for _, lacking := range set.Gaps() {
			if r.Failure == nil {
				gap.Reason, gap.Detail = lacking.Reason, found+lacking.Detail
			}
		}
	}
	return gap
}

// whole tells whether nothing that was sought is unavailable.
func whole(sets []AnySet) bool {
	return !slices.ContainsFunc(sets, func(set AnySet) bool { return len(set.Gaps()) > 0 })
}

// unusable says why nothing of the run counts, or nil when it does.
func (r *Run) unusable(now time.Time) *Failure {
	switch {
	case r.Fresh(now):
		return nil
	case r.Failure != nil:
		return r.Failure
	case r.CollectedAt.IsZero():
		return &Failure{ReasonPending, "it has not been collected yet"}
	default:
		return &Failure{ReasonStale, "it was last collected " + now.Sub(r.CollectedAt).Round(time.Second).String() + " ago"}
	}
}

// A View is what is known of one system at one time.
type View struct {
	parts  map[string][]part
	single []part // where the first part of each kind is
	// undiscovered are, by the kind, why it is not known yet what there is to collect.
	undiscovered map[string]undiscovered
}

// undiscovered is what is known of what may be discovered, and why it is not yet.
type undiscovered struct {
	known AnySet
	gap   *Gap
}

// A part is what one run knows of one kind.
type part struct {
	set   AnySet
	asked Topics
	at    time.Time // when it was collected; zero: never
}

// NewView puts the runs of one system together, as they are worth at a time.
func NewView(runs []*Run, now time.Time) View {
	sets := 0
	for _, run := range runs {
		sets += len(run.Declared)
	}
	// Most kinds have one part: they share one array.
	view := View{parts: make(map[string][]part, sets), single: make([]part, 0, sets)}
	for _, run := range runs {
		if gap := run.undiscovered(); gap != nil {
			view.lackTargets(run.Discovers, gap)
		}
		asked := run.Asked
		if !run.Fresh(now) {
			asked = nil // All of it is unavailable, whatever was asked for.
		}
		for _, set := range run.Current(now) {
			view.add(part{set, asked, run.CollectedAt})
		}
	}
	return view
}

func (v *View) add(each part) {
	kind := each.set.Kind().KindName()
	if len(v.parts[kind]) == 0 && len(v.single) < cap(v.single) {
		v.single = append(v.single, each)
		v.parts[kind] = slices.Clip(v.single[len(v.single)-1:]) // What is added to it goes elsewhere.
		return
	}
	v.parts[kind] = append(v.parts[kind], each)
}

// Extended is the view with a set that no run has collected, such as the results of items.
func (v View) Extended(set AnySet) View {
	extended := View{parts: maps.Clone(v.parts), undiscovered: v.undiscovered} // It has no room of its own: what is added goes elsewhere.
	kind := set.Kind().KindName()
	extended.parts[kind] = slices.Clip(extended.parts[kind]) // What is added is no other view's.
	extended.add(part{set: set})
	return extended
}

// lackTargets notes that a discovery that could yield targets of some kinds has not succeeded yet.
func (v *View) lackTargets(all []AnySet, gap *Gap) {
	if v.undiscovered == nil {
		v.undiscovered = make(map[string]undiscovered)
	}
	for _, known := range all {
		if kind := known.Kind().KindName(); v.undiscovered[kind].gap == nil {
			v.undiscovered[kind] = undiscovered{known, gap}
		}
	}
}

// Undiscovered tells why it is not known yet whether there is more of a kind to collect than is declared, with a set in which what is
// known of that is unavailable; nil where it is known.
func (v View) Undiscovered(kind string) (known AnySet, gap *Gap) {
	found := v.undiscovered[kind]
	return found.known, found.gap
}

// HasTarget tells whether there is anything from which facts of a kind could be collected.
func (v View) HasTarget(kind string) bool { return len(v.parts[kind]) > 0 }

// Sets are what each run knows of a kind. Where a run was not asked for one of the topics, what it has says nothing of it, and
// not that there is none: the set is nil then, and the gap says which topic is pending.
func (v View) Sets(kind string, topics []string) iter.Seq2[AnySet, *Gap] {
	return func(yield func(AnySet, *Gap) bool) {
		for _, part := range v.parts[kind] {
			set, gap := part.set, (*Gap)(nil)
			if own, asked := part.asked.Of(kind); !asked || !covers(own, topics) {
				set, gap = nil, pendingTopic(part.set, topics, own)
			}
			if !yield(set, gap) {
				return
			}
		}
	}
}

// Collected are the sets that each run has collected of a kind, with when that was.
func (v View) Collected(kind string) iter.Seq2[AnySet, time.Time] {
	return func(yield func(AnySet, time.Time) bool) {
		for _, part := range v.parts[kind] {
			if !yield(part.set, part.at) {
				return
			}
		}
	}
}

// Of are the sets of a kind whose type of fact is known, as View.Sets gives them.
func Of[F any](view View, kind *Kind[F], topics []string) iter.Seq2[*Set[F], *Gap] {
	return func(yield func(*Set[F], *Gap) bool) {
		for set, pending := range view.Sets(kind.Name, topics) {
			var typed *Set[F]
			if pending == nil {
				typed = set.(typedSet[F]).Set
			}
			if !yield(typed, pending) {
				return
			}
		}
	}
}

// pendingTopic says that topics were asked for after the set was collected.
func pendingTopic(set AnySet, topics, own []string) *Gap {
	gap := &Gap{Subject: set.Kind().KindName(), Reason: ReasonPending, Detail: "it has not been collected yet"}
	for _, topic := range topics {
		if own != nil && !covers(own, []string{topic}) {
			gap.Topic = topic
			break
		}
	}
	return gap
}

package report

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// An Urgency says who has to act when.
type Urgency int

// The urgencies, the least first.
const (
	Gap    Urgency = iota // never was ready: work to plan
	Lost                  // was ready for a day, and is not any more
	Urgent                // users are hit by it now, or soon if nobody acts
)

// A Fault is what is wrong with one subject, over all the items that find something wrong with it.
type Fault struct {
	Subject string // empty where it is of one item as a whole
	Urgency Urgency
	Level   check.Status // fail, unknown, or warn of what is urgent all the same
	Since   time.Time    // since when the first of its items has not been ready
	Finds   []Find       // the one to fix first is first; never empty
}

// A Find is what one item finds wrong with a subject.
type Find struct {
	Urgency Urgency
	Problem *check.Problem

	of *assess.Assessment
	at int // of the item in its plan
}

// Item is the item that finds it, which takes some work.
func (f Find) Item() Item { return itemOf(f.of, f.at) }

func (f Find) item() *assess.Item   { return &f.of.Plan.Items[f.at] }
func (f Find) changedAt() time.Time { return f.of.Results[f.at].ChangedAt }

// Severity is that of the item.
func (f Find) Severity() checklist.Severity { return f.item().Severity }

// FaultsOf gives what is wrong with a system, by subject: what is urgent first, then what is lost, then gaps. What is not
// declared, what is excused, and what follows from other items, is none.
func FaultsOf(a *assess.Assessment) []Fault {
	type place struct{ item, subject string }
	index := make(map[place]int)
	placeOf := func(item *assess.Item, problem *check.Problem) place {
		if problem.Subject == "" {
			return place{item: item.Item.ID}
		}
		return place{subject: problem.Subject}
	}
	var sizes []int // how many finds each fault has, so that none of their lists has to grow
	most := 0
	for i := range a.Results {
		for problem := range faulty(&a.Plan.Items[i], &a.Results[i]) {
			key := placeOf(&a.Plan.Items[i], problem)
			at, known := index[key]
			if !known {
				at = len(sizes)
				index[key], sizes = at, append(sizes, 0)
			}
			sizes[at]++
			most++
		}
	}
	faults, finds := make([]Fault, len(sizes)), make([]Find, most)
	for at, size := range sizes {
		faults[at].Finds, finds = finds[:0:size], finds[size:]
	}
	for i := range a.Results {
		item := &a.Plan.Items[i]
		for problem := range faulty(item, &a.Results[i]) {
			at := index[placeOf(item, problem)]
			faults[at].Subject = problem.Subject
			find := Find{Urgency: Gap, Problem: problem, of: a, at: i}
			switch {
			case problem.Urgent:
				find.Urgency = Urgent
			case !a.Regressed(i).IsZero():
				find.Urgency = Lost
			}
			faults[at].Finds = append(faults[at].Finds, find)
		}
	}
	for i := range faults {
		faults[i].settle()
	}
	slices.SortStableFunc(faults, func(one, other Fault) int {
		return cmp.Or(compareFinds(one.Finds[0], other.Finds[0]), one.Since.Compare(other.Since))
	})
	return faults
}

// Kind is that of the fact that the subject is: certificate, backup, workload; empty where it is a group of facts, or none.
func (f *Fault) Kind() string {
	first := f.Finds[0]
	for bound := range first.item().Rule.Clause.Bounds() {
		for _, kind := range bound.FactKinds {
			if isSubject(first.of, kind, f.Subject) {
				return kind
			}
		}
	}
	return ""
}

// isSubject tells whether a fact of a kind, or what is unavailable of it, has a name.
func isSubject(a *assess.Assessment, kind, name string) bool {
	for _, run := range a.Runs {
		for _, set := range run.Current(a.At) {
			if set.Kind().KindName() != kind {
				continue
			}
			for i := range set.Len() {
				if set.Kind().SubjectOf(set.At(i)) == name {
					return true
				}
			}
			if slices.ContainsFunc(set.Gaps(), func(gap fact.Gap) bool { return gap.Subject == name }) {
				return true
			}
		}
	}
	return false
}

// faulty gives those problems of an item that have to be fixed, and not only planned for.
func faulty(item *assess.Item, result *check.Result) iter.Seq[*check.Problem] {
	return func(yield func(*check.Problem) bool) {
		if !item.Weighs() || result.Waiver != nil {
			return
		}
		for i := range result.Problems {
			problem := &result.Problems[i]
			fails := !result.Status.Ready() && (problem.Level == check.Fail || problem.Level == check.Unknown)
			if (fails || problem.Urgent) && !yield(problem) {
				return
			}
		}
	}
}

// settle orders what was found of a fault, and says of it what its first find says.
func (f *Fault) settle() {
	slices.SortStableFunc(f.Finds, compareFinds)
	first := f.Finds[0]
	f.Urgency, f.Level, f.Since = first.Urgency, first.Problem.Level, first.changedAt()
	for _, find := range f.Finds {
		if find.Urgency == first.Urgency && find.changedAt().Before(f.Since) {
			f.Since = find.changedAt()
		}
	}
	f.Since = f.Since.UTC()
}

// compareFinds orders finds: the one to fix first is less.
func compareFinds(one, other Find) int {
	pages := func(find Find) int {
		if find.item().Page {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(other.Urgency, one.Urgency), other.Problem.Level.Gravity()-one.Problem.Level.Gravity(),
		pages(other)-pages(one), cmp.Compare(other.Severity().Weight(), one.Severity().Weight()), one.changedAt().Compare(other.changedAt()))
}

package report

import (
	"cmp"
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
	Kind    string // of the fact that the subject is: certificate, backup, workload; empty where it is none
	Urgency Urgency
	Level   check.Status // fail, unknown, or warn of what is urgent all the same
	Since   time.Time    // since when the first of its items has not been ready
	Finds   []Find       // the one to fix first is first; never empty
}

// A Find is what one item finds wrong with a subject.
type Find struct {
	Item    Item
	Urgency Urgency
	Problem check.Problem
}

// FaultsOf gives what is wrong with a system, by subject: what is urgent first, then what is lost, then gaps. What is not
// declared, what is excused, and what follows from other items, is none.
func FaultsOf(a *assess.Assessment) []Fault {
	var faults []Fault
	index := make(map[string]int)
	kinds := subjectKinds{runs: a.Runs, at: a.At, subjects: make(map[string]map[string]bool)}
	for i := range a.Results {
		problems := faulty(&a.Plan.Items[i], &a.Results[i])
		if len(problems) == 0 {
			continue
		}
		item := itemOf(a, i)
		for _, problem := range problems {
			key := "subject " + problem.Subject
			if problem.Subject == "" {
				key = "item " + item.Check
			}
			at, known := index[key]
			if !known {
				at = len(faults)
				index[key] = at
				faults = append(faults, Fault{Subject: problem.Subject, Kind: kinds.of(&a.Plan.Items[i].Rule, problem.Subject)})
			}
			faults[at].Finds = append(faults[at].Finds, Find{item, urgencyOf(item, problem), problem})
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

// subjectKinds tells of what kind the facts are that have a subject.
type subjectKinds struct {
	runs     []*fact.Run
	at       time.Time
	subjects map[string]map[string]bool // by kind; of those that were asked for
}

// of gives the kind of fact that a rule judges and a subject is; empty where it is a group of facts, or none.
func (k subjectKinds) of(rule *check.Rule, subject string) string {
	for bound := range rule.Clause.Bounds() {
		for _, kind := range bound.FactKinds {
			if k.named(kind)[subject] {
				return kind
			}
		}
	}
	return ""
}

func (k subjectKinds) named(kind string) map[string]bool {
	known, asked := k.subjects[kind]
	if asked {
		return known
	}
	known = make(map[string]bool)
	k.subjects[kind] = known
	for _, run := range k.runs {
		for _, set := range run.Current(k.at) {
			if set.Kind().KindName() != kind {
				continue
			}
			for i := range set.Len() {
				known[set.Kind().SubjectOf(set.At(i))] = true
			}
			for _, gap := range set.Gaps() {
				known[gap.Subject] = true
			}
		}
	}
	return known
}

// faulty gives those problems of an item that have to be fixed, and not only planned for.
func faulty(item *assess.Item, result *check.Result) (problems []check.Problem) {
	if !item.Weighs() || result.Waiver != nil {
		return nil
	}
	for _, problem := range result.Problems {
		fails := !result.Status.Ready() && (problem.Level == check.Fail || problem.Level == check.Unknown)
		if fails || problem.Urgent {
			problems = append(problems, problem)
		}
	}
	return problems
}

func urgencyOf(item Item, problem check.Problem) Urgency {
	switch {
	case problem.Urgent:
		return Urgent
	case !item.Regressed.IsZero():
		return Lost
	default:
		return Gap
	}
}

// settle orders what was found of a fault, and says of it what its first find says.
func (f *Fault) settle() {
	slices.SortStableFunc(f.Finds, compareFinds)
	first := f.Finds[0]
	f.Urgency, f.Level, f.Since = first.Urgency, first.Problem.Level, first.Item.ChangedAt
	for _, find := range f.Finds {
		if find.Urgency == first.Urgency && find.Item.ChangedAt.Before(f.Since) {
			f.Since = find.Item.ChangedAt
		}
	}
}

// compareFinds orders finds: the one to fix first is less.
func compareFinds(one, other Find) int {
	weight := func(find Find) float64 { return checklist.Severity(find.Item.Severity).Weight() }
	pages := func(find Find) int {
		if find.Item.Page {
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(other.Urgency, one.Urgency), other.Problem.Level.Gravity()-one.Problem.Level.Gravity(),
		pages(other)-pages(one), cmp.Compare(weight(other), weight(one)), one.Item.ChangedAt.Compare(other.Item.ChangedAt))
}

package web

import (
	"fmt"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// itemsNamed is how many items of a fault are named at once; the others unfold.
const itemsNamed = 3

// A faultView is a fault with the system that it is of.
type faultView struct {
	report.Fault
	System, Environment string
	At                  timeOfJudging
	Details             []string      // what is wrong, each once, the gravest first
	Causes              []string      // why it could not be collected, where that is what is wrong
	Remedies            []string      // of these, but for those that stand above already
	Items               []report.Item // that find what is as urgent as the whole
	Others              []report.Item // that find something that can wait
}

func faultViewOf(a *assess.Assessment, fault report.Fault) faultView {
	return faultView{Fault: fault, System: a.Plan.System.Name, Environment: a.Plan.System.Environment, At: timeOfJudging(a.At)}
}

// Title is what the fault is on.
func (f *faultView) Title() string {
	if f.Subject == "" {
		return f.Finds[0].Item().Text
	}
	return strings.TrimSpace(strings.ReplaceAll(f.Kind(), "_", " ") + " " + f.Subject)
}

// Class says in a word how urgent the fault is.
func (f *faultView) Class() string {
	return map[report.Urgency]string{report.Urgent: "urgent", report.Lost: "lost", report.Gap: "gap"}[f.Urgency]
}

// Named are the items of the fault that are named at once.
func (f *faultView) Named() []report.Item { return f.Items[:min(itemsNamed, len(f.Items))] }

// Unnamed are all others.
func (f *faultView) Unnamed() []report.Item {
	return slices.Concat(f.Items[min(itemsNamed, len(f.Items)):], f.Others)
}

// tell lays down what is shown of a fault: what is as urgent as the whole, what to do about that, and every item that finds
// it. A remedy that stands above already is not repeated.
func (f *faultView) tell(told map[string]bool) {
	seen := make(map[string]bool)
	add := func(to *[]string, kind, text string) {
		if text != "" && !seen[kind+text] {
			seen[kind+text] = true
			*to = append(*to, text)
		}
	}
	var remedies []string
	for _, find := range f.Finds {
		same := find.Urgency == f.Urgency && find.Problem.Level == f.Level
		item := find.Item()
		if !seen["item"+item.Check] {
			seen["item"+item.Check] = true
			if same {
				f.Items = append(f.Items, item)
			} else {
				f.Others = append(f.Others, item)
			}
		}
		if same {
			add(&f.Details, "detail", find.Problem.Detail)
			add(&f.Causes, "cause", string(find.Problem.Cause))
			add(&remedies, "remedy", find.Problem.Remedy)
		}
	}
	for _, remedy := range remedies[:min(2, len(remedies))] {
		if !told[remedy] {
			f.Remedies = append(f.Remedies, remedy)
		}
		told[remedy] = true
	}
}

// A faultGroup is what is equally urgent.
type faultGroup struct {
	ID, Title, Meaning string
	Faults             []faultView // those that are shown
	Hidden             int
}

// groupsOf splits faults, which are in their order, by urgency.
func groupsOf(a *assess.Assessment, faults []report.Fault) []faultGroup {
	groups := []faultGroup{
		{ID: "urgent", Title: "Urgent", Meaning: "It hits users now, or soon if nobody acts."},
		{ID: "lost", Title: "Lost", Meaning: "It was ready for a day or longer, and is not any more."},
		{ID: "gaps", Title: "Gaps", Meaning: "It has not been ready since it was first judged: work to plan."},
	}
	at := map[report.Urgency]int{report.Urgent: 0, report.Lost: 1, report.Gap: 2}
	most := []int{mostUrgent, mostLost, mostGaps}
	told := make(map[string]bool)
	for _, fault := range faults {
		i := at[fault.Urgency]
		if len(groups[i].Faults) == most[i] {
			groups[i].Hidden++
			continue
		}
		view := faultViewOf(a, fault)
		view.tell(told)
		groups[i].Faults = append(groups[i].Faults, view)
	}
	shown := groups[:0]
	for _, group := range groups {
		if len(group.Faults) > 0 {
			shown = append(shown, group)
		}
	}
	return shown
}

// Count is how many faults there are.
func (g *faultGroup) Count() int { return len(g.Faults) + g.Hidden }

// A verdict states in words, and by a class of style, how ready a system is.
type verdict struct{ Class, Words, Because string }

// verdictOf states how ready a system is, and what it hangs on: what could not be collected is counted too, since nobody
// knows how that is.
func verdictOf(system report.System, faults []report.Fault) verdict {
	counts := make(map[report.Urgency]int)
	for _, fault := range faults {
		counts[fault.Urgency]++
	}
	var because []string
	add := func(count int, one, several string) {
		switch {
		case count == 1:
			because = append(because, "1 "+one)
		case count > 1:
			because = append(because, fmt.Sprintf("%d %s", count, several))
		}
	}
	add(counts[report.Urgent], "urgent fault", "urgent faults")
	add(counts[report.Lost], "loss", "losses")
	add(system.Counts["fail"], "item fails", "items fail")
	add(system.Counts["unknown"], "item could not be collected", "items could not be collected")
	words := strings.Join(because, ", ")
	switch {
	case counts[report.Urgent] > 0:
		return verdict{"fail", "Urgent", words}
	case system.Ready:
		return verdict{"pass", "Ready", ""}
	case system.Counts["fail"] > 0:
		return verdict{"fail", "Not ready", words}
	case system.Counts["unknown"] > 0:
		return verdict{"unknown", "Not known", words}
	case system.Counts["undeclared"] > 0:
		add(system.Counts["undeclared"], "item is not declared", "items are not declared")
		return verdict{"undeclared", "Not ready", strings.Join(because, ", ")}
	default:
		return verdict{"undeclared", "Not ready", "no item applies"}
	}
}

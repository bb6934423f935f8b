package web

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

const (
	// factsShown is how many facts an item's page shows; the API has them all.
	factsShown = 50
	// fieldsShown is how many fields of one fact an item's page shows.
	fieldsShown = 60
)

// itemView is what there is to see of one item.
type itemView struct {
	System  report.System
	At      timeOfJudging
	Detail  report.Detail
	Clauses []clauseView
	// Commands are those by which what the item lacks is submitted or signed.
	Commands []command
	Facts    []factView
	Hidden   int // facts that are not shown
}

// A command is what to run, and what for.
type command struct{ Purpose, Text string }

// commandsOf are the commands by which evidence of an item is submitted, and by which it is attested or waived.
func commandsOf(system report.System, detail report.Detail) (commands []command) {
	of := fmt.Sprintf(" %s --system %s/%s", detail.Check, system.Name, system.Environment)
	for _, clause := range detail.Clauses {
		switch clause.Kind {
		case "evidence":
			commands = append(commands, command{
				"Submit the result of a pipeline", "readiness-exporter evidence submit" + of + " --revision COMMIT REPORT",
			})
		case checklist.AttestationKind:
			commands = append(commands, command{"Sign that it holds", "readiness-exporter attest" + of + " --link ADDRESS"})
		}
	}
	if detail.Status == check.Fail {
		commands = append(commands, command{"Excuse it until a date", "readiness-exporter waive" + of + " --until DATE --reason REASON"})
	}
	return commands
}

// A clauseView is one clause with its parameters as YAML.
type clauseView struct {
	report.Clause
	Parameters string
}

// A factView is one fact as a table.
type factView struct {
	report.CollectedFact
	Problems int
	Fields   []field
}

type field struct{ Name, Value string }

func itemViewOf(a *assess.Assessment, id string, detailed bool) (itemView, bool) {
	detail, found := report.DetailOf(a, id)
	if !found {
		return itemView{}, false
	}
	view := itemView{System: report.Summarize(a).Detailed(detailed), At: timeOfJudging(a.At), Detail: detail}
	for _, clause := range detail.Clauses {
		shown := clauseView{Clause: clause}
		if len(clause.Parameters) > 0 {
			// What was read from YAML can be written as YAML.
			if written, err := yaml.Dump(clause.Parameters); err == nil {
				shown.Parameters = string(written)
			}
		}
		view.Clauses = append(view.Clauses, shown)
	}
	view.Commands = commandsOf(view.System, detail)
	problems := make(map[string]int)
	for _, problem := range detail.Problems {
		problems[problem.Subject]++
	}
	for _, collected := range detail.Collected {
		view.Facts = append(view.Facts, factView{CollectedFact: collected, Problems: problems[collected.Subject]})
	}
	// What has problems is what people come for.
	slices.SortStableFunc(view.Facts, func(a, b factView) int { return b.Problems - a.Problems })
	view.Hidden = max(0, len(view.Facts)-factsShown)
	view.Facts = view.Facts[:len(view.Facts)-view.Hidden]
	for i := range view.Facts {
		view.Facts[i].Fields = fieldsOf(view.Facts[i].Fact.Fact)
	}
	return view, true
}

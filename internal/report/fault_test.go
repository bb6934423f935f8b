package report_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// night is the example in which some of it broke, with what is found by item.
func night(finds map[int][]check.Problem) *assess.Assessment {
	a := example()
	for i := range a.Results {
		a.Results[i] = check.Result{Check: a.Results[i].Check, Status: check.Worst(finds[i]), Problems: finds[i], ChangedAt: now.Add(-time.Hour)}
	}
	return a
}

func TestFaults(t *testing.T) {
	fails := func(subject string) check.Problem {
		return check.Problem{Subject: subject, Reason: "empty", Level: check.Fail, Detail: subject + " is empty.", Remedy: "Fill it."}
	}
	at := func(level check.Status, subject string) check.Problem {
		problem := fails(subject)
		problem.Level = level
		return problem
	}
	lost := assess.History{"hose.undeclared": {{At: now.Add(-50 * time.Hour), Status: check.Pass}, {At: now.Add(-2 * time.Hour), Status: check.Unknown}}}
	for name, test := range map[string]struct {
		finds   map[int][]check.Problem
		history assess.History
		edit    func(*assess.Assessment)
		want    []string // urgency level subject: the items that find it
	}{
		"nothing is found": {},
		"what is urgent stands first, then what was lost, then gaps, whatever their severity": {
			finds:   map[int][]check.Problem{0: {fails("gap")}, 2: {fails("urgent").UrgentIf(true)}, 4: {at(check.Unknown, "lost")}},
			history: lost,
			want:    []string{"2 fail urgent: tank.fail", "1 unknown lost: hose.undeclared", "0 fail gap: tank.pass"},
		},
		"one subject is one fault, with every item that finds it, the urgent first": {
			finds: map[int][]check.Problem{0: {fails("north"), fails("south")}, 2: {fails("north").UrgentIf(true)}, 3: {at(check.Unknown, "north")}},
			want:  []string{"2 fail north: tank.fail tank.pass hose.unknown", "0 fail south: tank.pass"},
		},
		"what is of an item as a whole is a fault of its own": {
			finds: map[int][]check.Problem{0: {fails("")}, 2: {fails("")}},
			want:  []string{"0 fail : tank.pass", "0 fail : tank.fail"},
		},
		"of two losses that of an item which pages stands first": {
			finds: map[int][]check.Problem{0: {fails("paging")}, 3: {fails("other")}},
			want:  []string{"0 fail paging: tank.pass", "0 fail other: hose.unknown"},
		},
		"what only warns is a fault where it is urgent": {
			finds: map[int][]check.Problem{0: {at(check.Warn, "soon").UrgentIf(true)}, 1: {at(check.Warn, "later")}},
			want:  []string{"2 warn soon: tank.pass"},
		},
		"what is not declared, waived, newer or composed is none": {
			finds: map[int][]check.Problem{0: {at(check.Undeclared, "a")}, 2: {fails("b").UrgentIf(true)}, 3: {fails("c").UrgentIf(true)}},
			edit: func(a *assess.Assessment) {
				a.Results[2].Status, a.Results[2].Waiver = check.Waived, &fact.Waiver{}
				a.Plan.Items[3].Newer = true
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := night(test.finds)
			a.History = test.history
			if test.edit != nil {
				test.edit(a)
			}
			var got []string
			for _, fault := range report.FaultsOf(a) {
				text := string('0'+rune(fault.Urgency)) + " " + fault.Level.String() + " " + fault.Subject + ":"
				for _, find := range fault.Finds {
					text += " " + find.Item().Check
				}
				got = append(got, text)
				require.Equal(t, fault.Finds[0].Item().ChangedAt, fault.Since)
			}
			require.Equal(t, test.want, got)
		})
	}
}

func TestAFaultNamesTheKindOfItsSubject(t *testing.T) {
	a := night(map[int][]check.Problem{0: {{Subject: "tank.pass by ann " + hostile, Level: check.Fail}}, 2: {{Subject: "nobody", Level: check.Fail}}})
	a.History = nil
	faults := report.FaultsOf(a)
	require.Equal(t, []string{"attestation", ""}, []string{faults[0].Kind(), faults[1].Kind()})
}

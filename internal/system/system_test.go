package system_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestASystemIsNamedByItsNameAndEnvironment(t *testing.T) {
	s := system.System{Name: "shop", Environment: "staging"}
	require.Equal(t, "shop/staging", s.ID())
	require.Equal(t, "production", s.ChecklistName())
	s.Checklist = "company"
	require.Equal(t, "company", s.ChecklistName())
	s.Checklist = "company@3"
	require.Equal(t, "company", s.ChecklistName(), "the version that is pinned is no part of the name")
}

func TestNamesDoInLabelsPathsAndFileNames(t *testing.T) {
	for name, want := range map[string]string{
		"shop": "", "shop-2.example_com": "", "7": "",
		"":         "name is missing",
		"shop/api": `name "shop/api": expected letters, digits, '.', '_' and '-', with a letter or digit at both ends`,
		"-shop":    `name "-shop": expected letters, digits, '.', '_' and '-', with a letter or digit at both ends`,
		"..":       `name "..": expected letters, digits, '.', '_' and '-', with a letter or digit at both ends`,
		"shop\n":   `name "shop\n": expected letters, digits, '.', '_' and '-', with a letter or digit at both ends`,
		"Geschäft": `name "Geschäft": expected letters, digits, '.', '_' and '-', with a letter or digit at both ends`,
	} {
		s := system.System{Name: name, Environment: "production"}
		var expected mistake.List
		if want != "" {
			expected = mistake.List{{Path: []any{"systems", 0, "name"}, Message: want}}
		}
		require.Equal(t, expected, s.Validate([]any{"systems", 0}))
	}
}

func TestWhatPeopleSaySaysWhoWhyAndUntilWhen(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	for _, test := range []struct {
		name   string
		system system.System
		want   mistake.List
	}{
		{
			"all is said",
			system.System{
				NotApplicable: []system.Exclusion{{Check: "a.b", Reason: "No such thing."}},
				Attestations:  []system.Attestation{{Check: "a.b", By: "jane", At: day(1), Until: day(2)}, {Check: "a.b", By: "jane", At: day(2)}},
				Waivers:       []system.Waiver{{Check: "a.b", By: "jane", Reason: "Soon.", Until: day(1)}},
			},
			nil,
		},
		{
			"an exclusion has a reason",
			system.System{NotApplicable: []system.Exclusion{{Check: "a.b"}}},
			mistake.List{{
				Path: []any{"not_applicable", 0, "reason"}, Message: "reason is missing: say why the item does not apply",
			}},
		},
		{
			"an item is excluded once",
			system.System{NotApplicable: []system.Exclusion{{Check: "a.b", Reason: "x"}, {Check: "a.b", Reason: "y"}}},
			mistake.List{{Path: []any{"not_applicable", 1}, Message: `check "a.b" stands twice: entry 1 has it already`}},
		},
		{
			"an attestation says who and when",
			system.System{Attestations: []system.Attestation{{Check: "a.b"}}},
			mistake.List{
				{Path: []any{"attestations", 0, "by"}, Message: "by is missing: say who attests it"},
				{Path: []any{"attestations", 0, "at"}, Message: "at is missing: say when it was attested, as 2006-01-02"},
			},
		},
		{
			"an attestation expires after it was given",
			system.System{Attestations: []system.Attestation{{Check: "a.b", By: "jane", At: day(2), Until: day(2)}}},
			mistake.List{{Path: []any{"attestations", 0, "until"}, Message: "until is not after at: it would never count"}},
		},
		{
			"an attestation stands once",
			system.System{Attestations: []system.Attestation{{Check: "a.b", By: "jane", At: day(2)}, {Check: "a.b", By: "jane", At: day(2)}}},
			mistake.List{{
				Path:    []any{"attestations", 1},
				Message: `attestation "a.b by jane at 2026-01-02" stands twice: entry 1 has it already`,
			}},
		},
		{
			"a waiver says who, why and until when",
			system.System{Waivers: []system.Waiver{{Check: "a.b"}}},
			mistake.List{
				{Path: []any{"waivers", 0, "by"}, Message: "by is missing: say who excuses it"},
				{Path: []any{"waivers", 0, "reason"}, Message: "reason is missing: say why it is excused"},
				{Path: []any{"waivers", 0, "until"}, Message: "until is missing: a waiver expires, say when, as 2006-01-02"},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.system.Name, test.system.Environment = "shop", "production"
			require.Equal(t, test.want, test.system.Validate(nil))
		})
	}
}

func TestThisMachineIsASystem(t *testing.T) {
	want := &system.System{
		Name: "server-1", Environment: "default", Description: "This machine, since no system is described.",
		Origin: system.Origin{Found: "the machine that the exporter runs on"}, Hosts: []system.Host{{Name: "server-1"}},
	}
	require.Equal(t, want, system.Local("server-1", false))
	require.Empty(t, want.Validate(nil))

	want.Kubernetes = []system.Cluster{{Name: "default"}}
	want.Origin.Found += ", and the cluster of its service account or current kubeconfig"
	require.Equal(t, want, system.Local("server-1", true))
	require.Empty(t, want.Validate(nil))
}

func TestObjectivesLeaveABudget(t *testing.T) {
	good := system.System{Objectives: system.Objectives{Readiness: 0.99, Categories: map[string]float64{"security": 0.999}}}
	bad := system.System{Objectives: system.Objectives{Readiness: 1, Categories: map[string]float64{"security": 99.9, "testing": 0}}}
	of := func(s system.System) mistake.List {
		s.Name, s.Environment = "shop", "production"
		return s.Validate(nil)
	}
	require.Empty(t, of(good))
	const expected = ": expected a share between 0 and 1, such as 0.99; 1 would leave no budget"
	require.Equal(t, mistake.List{
		{Path: []any{"objectives", "readiness"}, Message: "readiness 1" + expected},
		{Path: []any{"objectives", "categories", "security"}, Message: "security 99.9" + expected},
		{Path: []any{"objectives", "categories", "testing"}, Message: "testing 0" + expected},
	}, of(bad))
}

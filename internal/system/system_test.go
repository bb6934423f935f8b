package system_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
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
		require.Equal(t, expected, mistakesOf(&s, "systems", 0))
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
		{
			"a waiver that has expired is ignored, and no mistake",
			system.System{Waivers: []system.Waiver{{Check: "a.b", By: "jane", Reason: "soon", Until: day(-400)}}}, nil,
		},
		{
			"a waiver lasts a year at most",
			system.System{Waivers: []system.Waiver{
				{Check: "a.b", By: "jane", Reason: "soon", Until: now.AddDate(1, 0, 0)},
				{Check: "a.c", By: "jane", Reason: "soon", Until: now.AddDate(1, 0, 2)},
			}},
			mistake.List{{
				Path:    []any{"waivers", 1, "until"},
				Message: `until "2027-06-03" is more than a year ahead: expected 2027-06-02 or earlier`,
			}},
		},
		{
			"what has happened is not in the future, but for zones in which the day has begun",
			system.System{
				Attestations: []system.Attestation{
					{Check: "a.b", By: "jane", At: now.AddDate(0, 0, 1)}, {Check: "a.c", By: "jane", At: now.AddDate(0, 0, 2)},
				},
				Backups: []system.Backup{{
					Name: "db", Since: now.AddDate(1, 0, 0), Directory: &system.Directory{Path: "/srv"}, Schedule: week, Retention: system.Retention{Within: week - 1},
				}},
			},
			mistake.List{
				{
					Path:    []any{"backups", 0, "schedule"},
					Message: "schedule 7d: expected at most the retention, " + (week - 1).String() + ", or each backup is gone before the next is made",
				},
				{Path: []any{"attestations", 1, "at"}, Message: `at "2026-06-03" is in the future: expected 2026-06-01 or earlier`},
				{Path: []any{"backups", 0, "since"}, Message: `since "2027-06-01" is in the future: expected 2026-06-01 or earlier`},
			},
		},
		{
			"texts show something",
			system.System{
				Owner:         " ",
				Contacts:      system.Contacts{Primary: &system.Contact{Name: "\t", Phone: "+49 30 901820"}},
				Checks:        map[string]system.Override{"a.b": {Owner: "\u200b"}, "a.c": {Owner: "shop-team"}},
				NotApplicable: []system.Exclusion{{Check: "a.b", Reason: "\u3164"}, {Check: "a.c", Reason: "-"}},
				Waivers:       []system.Waiver{{Check: "a.b", By: "  ", Reason: "so\u202eon", Until: day(2)}},
			},
			mistake.List{
				{Path: []any{"owner"}, Message: `owner " " is blank: expected a text`},
				{Path: []any{"checks", "a.b", "owner"}, Message: `owner "\u200b" is blank: expected a text`},
				{Path: []any{"contacts", "primary", "name"}, Message: `name "\t" is blank: expected a text`},
				{Path: []any{"not_applicable", 0, "reason"}, Message: "reason \"\u3164\" is blank: expected a text"},
				{Path: []any{"not_applicable", 1, "reason"}, Message: `reason "-" is blank: expected a text`},
				{Path: []any{"waivers", 0, "by"}, Message: `by "  " is blank: expected a text`},
				{Path: []any{"waivers", 0, "reason"}, Message: `reason "so\u202eon" has invisible characters: expected a text without`},
			},
		},
		{
			"links lead somewhere",
			system.System{
				Contacts: system.Contacts{Primary: &system.Contact{Name: "jane", Link: "mailto:jane@shop.dev"}},
				Checks: map[string]system.Override{
					"a.b": {Runbook: "javascript:alert(1)"}, "a.c": {Runbook: "https://jane:hunter2@wiki.shop.dev"}, "a.d": {Runbook: "https://wiki.shop.dev/x"},
				},
				Attestations: []system.Attestation{{Check: "a.b", By: "jane", At: day(2), Link: "data:text/html,x"}},
				Waivers:      []system.Waiver{{Check: "a.b", By: "jane", Reason: "soon", Until: day(2), Link: "mailto:jane@shop.dev"}},
			},
			mistake.List{
				{Path: []any{"checks", "a.b", "runbook"}, Message: `runbook "javascript:alert(1)": expected an address, https://…`},
				{Path: []any{"checks", "a.c", "runbook"}, Message: "runbook: credentials do not belong in it; expected an address without"},
				{Path: []any{"attestations", 0, "link"}, Message: `link "data:text/html,x": expected an address, https://…`},
				{Path: []any{"waivers", 0, "link"}, Message: `link "mailto:jane@shop.dev": expected an address, https://…`},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.system.Name, test.system.Environment = "shop", "production"
			require.Equal(t, test.want, mistakesOf(&test.system))
		})
	}
}

const week = quantity.Duration(7 * 24 * time.Hour)

func TestThisMachineIsASystem(t *testing.T) {
	want := &system.System{
		Name: "server-1", Environment: "default", Description: "This machine, since no system is described.",
		Origin: system.Origin{Found: "the machine that the exporter runs on"}, Hosts: []system.Host{{Name: "server-1"}},
	}
	require.Equal(t, want, system.Local("server-1", false))
	require.Empty(t, mistakesOf(want))

	want.Kubernetes = []system.Cluster{{Name: "default"}}
	want.Origin.Found += ", and the cluster of its service account or current kubeconfig"
	require.Equal(t, want, system.Local("server-1", true))
	require.Empty(t, mistakesOf(want))
}

func TestObjectivesLeaveABudget(t *testing.T) {
	good := system.System{Objectives: system.Objectives{Readiness: 0.99, Categories: map[string]quantity.Ratio{"security": 0.999}}}
	bad := system.System{Objectives: system.Objectives{Readiness: 1, Categories: map[string]quantity.Ratio{"security": 99.9, "testing": 0}}}
	of := func(s system.System) mistake.List {
		s.Name, s.Environment = "shop", "production"
		return mistakesOf(&s)
	}
	require.Empty(t, of(good))
	const expected = ": expected a share between 0 and 1, such as 0.99; 1 would leave no budget"
	require.Equal(t, mistake.List{
		{Path: []any{"objectives", "readiness"}, Message: "the objective 1" + expected},
		{Path: []any{"objectives", "categories", "security"}, Message: "the objective 99.9" + expected},
		{Path: []any{"objectives", "categories", "testing"}, Message: "the objective 0" + expected},
	}, of(bad))
}

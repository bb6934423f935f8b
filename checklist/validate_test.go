package checklist_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// The places of the small checklist that the cases below break.
var (
	backup = []any{"categories", 0, "sections", 0}
	age    = mistake.At(backup, "items", 0)
	plan   = mistake.At(backup, "items", 1)
	disk   = []any{"categories", 0, "sections", 1}
	space  = mistake.At(disk, "items", 0)
	people = []any{"categories", 1, "sections", 0}
	ready  = mistake.At(people, "items", 0)
	awake  = mistake.At(people, "items", 1)
	gate   = []any{"gates", 0}
)

func TestSmallChecklistHasNoMistake(t *testing.T) {
	require.Empty(t, load(t, []byte(small)).Validate(nil))
}

func TestValidate(t *testing.T) {
	for _, test := range []struct {
		name     string
		old, new string // in the small checklist
		path     []any
		message  string
	}{
		{"a checklist has a name", "name: small", "", []any{"name"}, "name is missing"},
		{
			"the name of a checklist does in a path", "name: small", "name: Very Small", []any{"name"},
			`name "Very Small": expected lower-case letters, digits and '-'`,
		},
		{"a checklist has a title", "title: Small", "", []any{"title"}, "title is missing"},

		{"a category has an id", "id: storage", `id: ""`, []any{"categories", 0, "id"}, "id is missing"},
		{
			"the id of a category does in a label", "id: storage", "id: Storage & Disks", []any{"categories", 0, "id"},
			`id "Storage & Disks": expected lower-case letters, digits and '-'`,
		},
		{
			"categories have ids of their own", "id: team", "id: storage", []any{"categories", 1, "id"},
			`id "storage" stands twice: another category has it already`,
		},
		{"a category has a title", "title: Storage", "", []any{"categories", 0, "title"}, "title is missing"},

		{"a section has an id", "- id: disk\n", "- id:\n", mistake.At(disk, "id"), "id is missing"},
		{"a section has a title", "title: Disk", "", mistake.At(disk, "title"), "title is missing"},

		{"an item has an id", "{id: disk.space, ", "{", mistake.At(space, "id"), "id is missing"},
		{
			"the id of an item has a word of its own", "id: disk.space", "id: disk", mistake.At(space, "id"),
			`id "disk": expected section.item, of lower-case letters, digits and '-'`,
		},
		{
			"the id of an item has two parts and no more", "id: disk.space", "id: disk.space.free", mistake.At(space, "id"),
			`id "disk.space.free": expected section.item, of lower-case letters, digits and '-'`,
		},
		{
			"the id of an item has no capitals", "id: disk.space", "id: disk.Space", mistake.At(space, "id"),
			`id "disk.Space": expected section.item, of lower-case letters, digits and '-'`,
		},
		{
			"the id of an item begins with its section's", "id: disk.space", "id: disks.space", mistake.At(space, "id"),
			`id "disks.space": expected it to begin with the section's id, "disk."`,
		},
		{
			"items have ids of their own", "id: backup.plan", "id: backup.age", mistake.At(plan, "id"),
			`id "backup.age" stands twice: an item of section backup has it already`,
		},
		{"an item has a text", "text: Disks have room, ", "", mistake.At(space, "text"), "text is missing"},
		{
			"an item has a severity", "severity: warning, ", "", mistake.At(space, "severity"),
			"severity is missing: expected one of critical, warning, info",
		},
		{
			"severities are those there are", "severity: warning", "severity: urgent", mistake.At(space, "severity"),
			`severity "urgent": expected one of critical, warning, info`,
		},
		{
			"an item has a mode", "mode: evidence,", "", mistake.At(awake, "mode"),
			"mode is missing: expected one of auto, evidence, attest, auto+attest",
		},
		{
			"modes are those there are", "mode: evidence", "mode: guess", mistake.At(awake, "mode"),
			`mode "guess": expected one of auto, evidence, attest, auto+attest`,
		},

		{
			"an item has a clause", "kind: backup_age,\n             parameters: {maximum_age: 26h}", "", age,
			"expected exactly one of kind, all_of, any_of and first_of",
		},
		{
			"an item has one clause", "all_of: [{kind: on_call", "kind: backup_age, all_of: [{kind: on_call", ready,
			"expected exactly one of kind, all_of, any_of and first_of",
		},
		{
			"a clause has clauses", "{any_of: [{kind: alarm}, {kind: attestation}]}", "{any_of: []}",
			mistake.At(awake, "first_of", 1), "expected exactly one of kind, all_of, any_of and first_of",
		},
		{
			"kinds are written in snake_case", "kind: disk_space", "kind: DiskSpace", mistake.At(space, "kind"),
			`kind "DiskSpace": expected lower-case words joined by '_'`,
		},
		{
			"kinds of clauses within clauses are written in snake_case", "kind: alarm", "kind: Alarm",
			mistake.At(awake, "first_of", 1, "any_of", 0, "kind"), `kind "Alarm": expected lower-case words joined by '_'`,
		},
		{
			"parameters have a kind to take them", "{any_of: [{kind: alarm}", "{parameters: {bell: true}, any_of: [{kind: alarm}",
			mistake.At(awake, "first_of", 1, "parameters"), "parameters belong to a kind, and there is none here",
		},
		{
			"parameters have names", "parameters: {maximum_age: 26h}", "parameters: [26h]", mistake.At(age, "parameters"),
			"parameters: expected names with values",
		},
		{
			"parameters that are given are not empty", "parameters: {maximum_age: 26h}", "parameters:",
			mistake.At(age, "parameters"), "parameters: expected names with values",
		},

		{
			"an automatic item rests on more than a signature", "mode: attest, ", "mode: auto, ", mistake.At(plan, "mode"),
			"mode auto: expected a clause of another kind than attestation",
		},
		{
			"an item that rests on evidence rests on more than a signature", "mode: attest, ", "mode: evidence, ", mistake.At(plan, "mode"),
			"mode evidence: expected a clause of another kind than attestation",
		},
		{
			"an attested item has a clause for the signature", "mode: attest, kind: attestation", "mode: attest, kind: document",
			mistake.At(plan, "mode"), "mode attest: expected a clause of kind attestation",
		},
		{
			"an item that is judged and attested wants both", "all_of: [{kind: on_call", "any_of: [{kind: on_call",
			mistake.At(ready, "mode"), "mode auto+attest: expected all_of with a clause of kind attestation and one of another kind",
		},
		{
			"an item that is judged and attested has a clause for the signature",
			"{kind: attestation, parameters: {maximum_age: 7d}}", "{kind: calendar}",
			mistake.At(ready, "mode"), "mode auto+attest: expected all_of with a clause of kind attestation and one of another kind",
		},
		{
			"an item that is judged and attested has a clause of another kind", "[{kind: on_call_schedule}, ", "[",
			mistake.At(ready, "mode"), "mode auto+attest: expected all_of with a clause of kind attestation and one of another kind",
		},

		{"a version counts from 1", "title: Small", "title: Small\nversion: -1", []any{"version"}, "version -1: expected a number from 1 on"},
		{
			"an item is no newer than its checklist", "mode: attest,", "mode: attest, since: 2,", mistake.At(plan, "since"),
			"since 2: expected a version of this checklist, from 1 to 1",
		},
		{
			"an item is no older than its checklist", "mode: attest,", "mode: attest, since: -2,", mistake.At(plan, "since"),
			"since -2: expected a version of this checklist, from 1 to 1",
		},

		{
			"a parent is an item of the same section", "parent: people.ready", "parent: disk.space",
			mistake.At(awake, "parent"), `parent "disk.space": expected the id of an item above, in the same section`,
		},
		{
			"an item is not its own parent", "parent: people.ready", "parent: people.awake", mistake.At(awake, "parent"),
			`parent "people.awake": expected the id of an item above, in the same section`,
		},
		{
			"a parent stands above its parts", "severity: critical, mode: auto+attest",
			"severity: critical, parent: people.awake, mode: auto+attest", mistake.At(ready, "parent"),
			`parent "people.awake": expected the id of an item above, in the same section`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, 1, strings.Count(small, test.old), "%q must stand once in the small checklist", test.old)
			c := load(t, []byte(strings.Replace(small, test.old, test.new, 1)))
			want := mistake.List{{Path: test.path, Message: test.message}}
			if diff := cmp.Diff(want, messages(c.Validate(nil))); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidateGate(t *testing.T) {
	for _, test := range []struct {
		name    string
		gates   string
		path    []any
		message string
	}{
		{"a gate has an id", "{title: Go}", mistake.At(gate, "id"), "id is missing"},
		{
			"the id of a gate does in a label", "{id: go!, title: Go}", mistake.At(gate, "id"),
			`id "go!": expected lower-case letters, digits and '-'`,
		},
		{
			"gates have ids of their own", "{id: go, title: Go}, {id: go, title: Go again}", []any{"gates", 1, "id"},
			`id "go" stands twice: another gate has it already`,
		},
		{"a gate has a title", "{id: go}", mistake.At(gate, "title"), "title is missing"},
		{
			"the severities of a gate are those there are", "{id: go, title: Go, severities: [critical, urgent]}",
			mistake.At(gate, "severities", 1), `severity "urgent": expected one of critical, warning, info`,
		},
		{
			"the categories of a gate are in the checklist", "{id: go, title: Go, categories: [storage, backup]}",
			mistake.At(gate, "categories", 1), `category "backup" is not in the checklist`,
		},
		{
			"the sections of a gate are in the checklist", "{id: go, title: Go, sections: [storage]}",
			mistake.At(gate, "sections", 0), `section "storage" is not in the checklist`,
		},
		{
			"the checks of a gate are in the checklist", "{id: go, title: Go, checks: [backup.age, backup.size]}",
			mistake.At(gate, "checks", 1), `check "backup.size" is not in the checklist`,
		},
		{
			"a gate selects something", "{id: go, title: Go, categories: [team], severities: [info]}", gate,
			"the gate selects nothing: no item matches all of its lists",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := load(t, []byte(small+"gates: ["+test.gates+"]\n"))
			want := mistake.List{{Path: test.path, Message: test.message}}
			if diff := cmp.Diff(want, messages(c.Validate(nil))); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestValidateReportsEveryMistakeInOneGo(t *testing.T) {
	c := load(t, []byte(`
name: broken
title: Broken
categories:
  - id: one
    title: One
    sections:
      - {id: same, title: Same, items: [{}]}
      - {id: same, title: Same again, items: [{id: same.item, text: Text, severity: info, mode: evidence}]}
gates:
  - {id: open}
`))
	first := []any{"categories", 0, "sections", 0, "items", 0}
	second := []any{"categories", 0, "sections", 1}
	want := mistake.List{
		{Path: mistake.At(first, "id"), Message: "id is missing"},
		{Path: mistake.At(first, "text"), Message: "text is missing"},
		{Path: mistake.At(first, "severity"), Message: "severity is missing: expected one of critical, warning, info"},
		{Path: mistake.At(first, "mode"), Message: "mode is missing: expected one of auto, evidence, attest, auto+attest"},
		{Path: first, Message: "expected exactly one of kind, all_of, any_of and first_of"},
		{Path: mistake.At(second, "id"), Message: `id "same" stands twice: a section of category one has it already`},
		{
			Path:    mistake.At(second, "items", 0),
			Message: "expected exactly one of kind, all_of, any_of and first_of",
		},
		{Path: mistake.At(gate, "title"), Message: "title is missing"},
	}
	if diff := cmp.Diff(want, messages(c.Validate(nil))); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}

func TestAnEmptyChecklistHasMistakes(t *testing.T) {
	want := mistake.List{
		{Path: []any{"name"}, Message: "name is missing"},
		{Path: []any{"title"}, Message: "title is missing"},
		{Path: []any{"categories"}, Message: "categories are missing: expected at least one"},
	}
	if diff := cmp.Diff(want, messages(new(checklist.Checklist).Validate(nil))); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}

func TestParametersMayBeShared(t *testing.T) {
	c := load(t, []byte(strings.NewReplacer(
		"parameters: {maximum_age: 26h}", "parameters: &daily {maximum_age: 26h}",
		"kind: alarm", "kind: alarm, parameters: *daily",
	).Replace(small)))
	var shared yaml.Node
	for entry := range c.Items() {
		if main := entry.Item.Main(); main.Kind == "evidence" {
			shared = entry.Item.FirstOf[1].AnyOf[0].Parameters
		}
	}
	require.False(t, shared.IsZero())
	require.Empty(t, c.Validate(nil))
}

// messages are mistakes as whoever wrote the checklist reads them.
func messages(list mistake.List) mistake.List {
	for i := range list {
		list[i].Public = ""
	}
	return list
}

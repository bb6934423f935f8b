package checklist_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
)

const small = `
name: small
title: Small
categories:
  - id: storage
    title: Storage
    sections:
      - id: backup
        title: Backup
        items:
          - {id: backup.age, text: Backups are fresh, severity: critical, mode: auto, kind: backup_age,
             parameters: {maximum_age: 26h}}
          - {id: backup.plan, text: A plan is written, severity: info, mode: attest, kind: attestation,
             parameters: {maximum_age: 365d}}
      - id: disk
        title: Disk
        items:
          - {id: disk.space, text: Disks have room, severity: warning, mode: auto, kind: disk_space, supported: false}
  - id: team
    title: Team
    sections:
      - id: people
        title: People
        items:
          - {id: people.ready, text: People are ready, severity: critical, mode: auto+attest,
             all_of: [{kind: on_call_schedule}, {kind: attestation, parameters: {maximum_age: 7d}}]}
          - {id: people.awake, text: People are awake, severity: critical, mode: evidence,
             first_of: [{kind: evidence, supported: false}, {any_of: [{kind: alarm}, {kind: attestation}]}], parent: people.ready}
`

func TestItemsStandInOrderWithTheirPlace(t *testing.T) {
	var got [][3]string
	for entry := range load(t, []byte(small)).Items() {
		got = append(got, [3]string{entry.Category.ID, entry.Section.ID, entry.Item.ID})
	}
	require.Equal(t, [][3]string{
		{"storage", "backup", "backup.age"},
		{"storage", "backup", "backup.plan"},
		{"storage", "disk", "disk.space"},
		{"team", "people", "people.ready"},
		{"team", "people", "people.awake"},
	}, got)
}

func TestItemsCanBeLeftEarly(t *testing.T) {
	visited := 0
	for range load(t, []byte(small)).Items() {
		visited++
		break
	}
	require.Equal(t, 1, visited)
}

func TestParametersStayAsWritten(t *testing.T) {
	for entry := range load(t, []byte(small)).Items() {
		if entry.Item.ID != "backup.age" {
			continue
		}
		require.Equal(t, yaml.MappingNode, entry.Item.Parameters.Kind)
		require.Equal(t, "26h", entry.Item.Parameters.Content[1].Value)
		require.Equal(t, 12, entry.Item.Parameters.Line)
	}
}

func TestGateSelects(t *testing.T) {
	for _, test := range []struct {
		name string
		gate checklist.Gate
		want []string
	}{
		{
			"a gate without lists selects every item",
			checklist.Gate{},
			[]string{"backup.age", "backup.plan", "disk.space", "people.ready", "people.awake"},
		},
		{
			"severities select across the checklist",
			checklist.Gate{Severities: []checklist.Severity{checklist.Critical}},
			[]string{"backup.age", "people.ready", "people.awake"},
		},
		{
			"a category brings all of its sections",
			checklist.Gate{Categories: []string{"storage"}},
			[]string{"backup.age", "backup.plan", "disk.space"},
		},
		{
			"the entries of one list widen it",
			checklist.Gate{Sections: []string{"disk", "people"}},
			[]string{"disk.space", "people.ready", "people.awake"},
		},
		{
			"checks are selected by their ids",
			checklist.Gate{Checks: []string{"backup.plan", "disk.space"}},
			[]string{"backup.plan", "disk.space"},
		},
		{
			"lists narrow each other",
			checklist.Gate{
				Severities: []checklist.Severity{checklist.Critical, checklist.Warning},
				Categories: []string{"storage"},
				Sections:   []string{"backup", "people"},
				Checks:     []string{"backup.age", "backup.plan", "people.ready"},
			},
			[]string{"backup.age"},
		},
		{
			"lists that contradict each other select nothing",
			checklist.Gate{Categories: []string{"team"}, Sections: []string{"disk"}},
			nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for entry := range load(t, []byte(small)).Items() {
				if test.gate.Selects(entry) {
					got = append(got, entry.Item.ID)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("selected (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWeightFallsWithSeverity(t *testing.T) {
	require.Equal(t, 10.0, checklist.Critical.Weight())
	require.Equal(t, 3.0, checklist.Warning.Weight())
	require.Equal(t, 1.0, checklist.Info.Weight())
	require.Zero(t, checklist.Severity("urgent").Weight())
}

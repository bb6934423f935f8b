package checklist_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
)

func clause(t *testing.T, text string) *checklist.Clause {
	t.Helper()
	var c checklist.Clause
	require.NoError(t, yaml.Load([]byte(text), &c, yaml.WithV4Defaults(), yaml.WithKnownFields()))
	return &c
}

func TestAClauseIsSupportedAsFarAsItsParts(t *testing.T) {
	for _, test := range []struct {
		name, clause string
		want         bool
	}{
		{"a kind is supported where nothing else is declared", "{kind: a}", true},
		{"a kind that is declared as supported is", "{kind: a, supported: true}", true},
		{"a kind that is declared as not supported is not", "{kind: a, supported: false}", false},
		{"all_of needs every part", "{all_of: [{kind: a}, {kind: b, supported: false}]}", false},
		{"all_of is supported when every part is", "{all_of: [{kind: a}, {kind: b}]}", true},
		{"any_of needs one part", "{any_of: [{kind: a, supported: false}, {kind: b}]}", true},
		{"first_of needs one part", "{first_of: [{kind: a, supported: false}, {kind: b}]}", true},
		{"first_of without a part that is supported is not", "{first_of: [{kind: a, supported: false}]}", false},
		{"parts are clauses themselves", "{first_of: [{all_of: [{kind: a}, {kind: b, supported: false}]}]}", false},
		{"a list can be unsupported as a whole", "{any_of: [{kind: a}], supported: false}", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, clause(t, test.clause).IsSupported())
		})
	}
}

func TestTheMainClauseIsTheFirstThatIsNoAttestation(t *testing.T) {
	nested := "{first_of: [{kind: attestation}, {all_of: [{kind: a}, {kind: b}]}]}"
	for text, want := range map[string]string{
		"{kind: a}": "a", "{kind: attestation}": "attestation", "{any_of: [{kind: attestation}, {kind: b}]}": "b", nested: "a", "{}": "",
	} {
		require.Equal(t, want, clause(t, text).MainKind(), text)
	}
	var kinds []string
	for leaf := range clause(t, nested).Leaves() {
		kinds = append(kinds, leaf.Kind)
	}
	require.Equal(t, []string{"attestation", "a", "b"}, kinds)
	require.True(t, clause(t, nested).Attested())
	require.False(t, clause(t, "{kind: a}").Attested())
}

func TestAReferencePinsAVersionOrNot(t *testing.T) {
	for text, want := range map[string]checklist.Reference{
		"production": {Name: "production"}, "production@2": {Name: "production", Version: 2}, "": {},
	} {
		got, err := checklist.ParseReference(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"production@", "production@0", "production@-1", "production@latest", "production@1@2"} {
		_, err := checklist.ParseReference(text)
		require.EqualError(t, err, `"`+text+`": expected a name, or a name with a version, like production@1`)
	}
}

func TestWhatIsNewerThanThePinnedVersionIsKnown(t *testing.T) {
	base := load(t, []byte(`
name: base
title: Base
version: 3
categories:
  - id: a
    title: A
    sections:
      - id: s
        title: S
        items:
          - {id: s.first, text: First, severity: info, mode: auto, kind: k}
          - {id: s.second, text: Second, severity: info, mode: auto, kind: k, since: 2}
          - {id: s.third, text: Third, severity: info, mode: auto, kind: k, since: 3}
`))
	newer := func(list *checklist.Checklist, pinned int) (ids []string) {
		for entry := range list.Items() {
			if entry.Item.NewerThan(pinned) {
				ids = append(ids, entry.Item.ID)
			}
		}
		return ids
	}
	require.Empty(t, base.Validate(nil))
	require.Empty(t, newer(base, 0), "nothing is pinned")
	require.Equal(t, []string{"s.second", "s.third"}, newer(base, 1))
	require.Empty(t, newer(base, 3))

	own := load(t, []byte(`
name: own
title: Own
version: 2
extends: base@2
categories:
  - id: a
    sections:
      - id: s
        items:
          - {id: s.own, text: Own, severity: info, mode: auto, kind: k, since: 2}
`))
	require.Empty(t, own.Validate(base))
	whole := own.Over(base)
	require.Equal(t, 2, whole.CurrentVersion())
	if diff := cmp.Diff([]string{"s.third"}, newer(whole, 0)); diff != "" {
		t.Errorf("newer than what is extended (-want +got):\n%s", diff)
	}
	require.Equal(t, []string{"s.third", "s.own"}, newer(whole, 1), "its own versions are told from those of the base")
	require.Equal(t, 3, base.Categories[0].Sections[0].Items[2].Since, "the base stays as it is")
}

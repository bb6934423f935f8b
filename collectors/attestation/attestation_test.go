package attestation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/collectors/attestation"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func on(day int) time.Time { return time.Date(2026, time.November, day, 0, 0, 0, 0, time.UTC) }

func signed(check, by string, day int) system.Attestation {
	return system.Attestation{Check: check, By: by, At: on(day), Until: on(30), Link: "https://example.com/" + by, Comment: "seen"}
}

func TestAttestations(t *testing.T) {
	cases := []struct {
		name string
		list []system.Attestation
		want []system.Attestation
	}{
		{
			"each person's word on each item is a fact",
			[]system.Attestation{signed("a", "ann", 1), signed("a", "bob", 2), signed("b", "ann", 3)},
			[]system.Attestation{signed("a", "ann", 1), signed("a", "bob", 2), signed("b", "ann", 3)},
		},
		{
			"of a history the newest counts",
			[]system.Attestation{signed("a", "ann", 2), signed("a", "ann", 9), signed("a", "ann", 4)},
			[]system.Attestation{signed("a", "ann", 9)},
		},
		{
			"what is not signed yet does not hide what is",
			[]system.Attestation{signed("a", "ann", 25), signed("a", "ann", 9), signed("a", "ann", 24)},
			[]system.Attestation{signed("a", "ann", 9)},
		},
		{
			"of what is not signed yet the first counts",
			[]system.Attestation{signed("a", "ann", 25), signed("a", "ann", 24)},
			[]system.Attestation{signed("a", "ann", 24)},
		},
	}
	collector := attestation.Attestations(func() time.Time { return on(22) })
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			targets := collector.Targets(&system.System{Attestations: c.list})
			require.Len(t, targets, 1)
			require.Equal(t, "attestations", collector.Target(targets[0]))
			batch, err := collector.Look(t.Context(), targets[0])
			require.NoError(t, err)
			var want fact.Batch[fact.Attestation]
			for _, a := range c.want {
				want.Facts = append(want.Facts, fact.Attestation(a))
			}
			require.Equal(t, want, batch)
		})
	}
}

func TestWaivers(t *testing.T) {
	waiver := system.Waiver{Check: "a", By: "ann", Reason: "moving house", Until: on(30), Link: "https://example.com/1"}
	collector := attestation.Waivers()
	targets := collector.Targets(&system.System{Waivers: []system.Waiver{waiver}})
	require.Len(t, targets, 1)
	require.Equal(t, "waivers", collector.Target(targets[0]))
	batch, err := collector.Look(t.Context(), targets[0])
	require.NoError(t, err)
	require.Equal(t, fact.Batch[fact.Waiver]{Facts: []fact.Waiver{fact.Waiver(waiver)}}, batch)
}

func TestSystemWithoutAnyHasNoTarget(t *testing.T) {
	require.Empty(t, attestation.Attestations(time.Now).Targets(&system.System{}))
	require.Empty(t, attestation.Waivers().Targets(&system.System{}))
}

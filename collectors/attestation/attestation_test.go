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
	return system.Attestation{Check: check, By: by, At: on(day), Until: on(30), Link: "https://example.com/" + by, Comment: "checked"}
}

func TestAttestations(t *testing.T) {
	cases := []struct {
		name string
		list []system.Attestation
		want []system.Attestation
	}{
		{
			"what each person attests of each item is a fact",
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
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want := &fact.Set[fact.Attestation]{}
			for _, a := range c.want {
				want.Add(fact.Attestation(a))
			}
			attestations, waivers := collect(t, &system.System{Attestations: c.list})
			require.True(t, attestations.Equal(fact.Attestations().Set(want)), "%+v", attestations)
			require.Zero(t, waivers.Len())
		})
	}
}

func collect(t *testing.T, s *system.System) (attestations, waivers fact.AnySet) {
	t.Helper()
	jobs := attestation.New(nil, func() time.Time { return on(22) }).Jobs(s, fact.Needs{})
	require.Len(t, jobs, 1)
	require.Equal(t, "description", jobs[0].Target)
	sets, err := jobs[0].Collect(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, sets, 2)
	return sets[0], sets[1]
}

func TestWaivers(t *testing.T) {
	waiver := system.Waiver{Check: "a", By: "ann", Reason: "moving house", Until: on(30), Link: "https://example.com/1"}
	want := &fact.Set[fact.Waiver]{}
	want.Add(fact.Waiver(waiver))
	attestations, waivers := collect(t, &system.System{Waivers: []system.Waiver{waiver}})
	require.True(t, waivers.Equal(fact.Waivers().Set(want)), "%+v", waivers)
	require.Zero(t, attestations.Len())
}

func TestASystemWithoutAnyHasATargetWithoutFacts(t *testing.T) {
	attestations, waivers := collect(t, &system.System{})
	require.Zero(t, attestations.Len())
	require.Zero(t, waivers.Len())
	require.Empty(t, append(attestations.Gaps(), waivers.Gaps()...))
}

// A record has what was signed by API.
type record struct {
	attestations []fact.Attestation
	waivers      []fact.Waiver
	watched      []string
}

func (r *record) Attestations(string) []fact.Attestation { return r.attestations }
func (r *record) Waivers(string) []fact.Waiver           { return r.waivers }

func (r *record) Watch(system, who string) <-chan struct{} {
	r.watched = append(r.watched, system+" by "+who)
	return nil
}

func TestWhatIsSignedByAPICountsUnlessTheDescriptionSaysIt(t *testing.T) {
	signed := &record{
		attestations: []fact.Attestation{{Check: "a", By: "ann", At: on(20)}, {Check: "a", By: "bob", At: on(20)}},
		waivers: []fact.Waiver{
			{Check: "c", By: "bob", Reason: "by API", Until: on(29)}, {Check: "d", By: "bob", Reason: "by API", Until: on(29)},
			{Check: "e", By: "bob", Reason: "by API", Until: on(29)},
		},
	}
	described := &system.System{
		Name: "shop", Environment: "production", Attestations: []system.Attestation{{Check: "a", By: "ann", At: on(1)}},
		Waivers: []system.Waiver{
			{Check: "c", By: "ann", Reason: "in the file", Until: on(25)}, // It holds.
			{Check: "d", By: "ann", Reason: "in the file", Until: on(2)},  // It has expired.
		},
	}
	jobs := attestation.New(signed, func() time.Time { return on(22) }).Jobs(described, fact.Needs{})
	require.Len(t, jobs, 1)
	sets, err := jobs[0].Collect(t.Context(), nil)
	require.NoError(t, err)
	attestations, waivers := &fact.Set[fact.Attestation]{}, &fact.Set[fact.Waiver]{}
	attestations.Add(fact.Attestation{Check: "a", By: "ann", At: on(1)}, fact.Attestation{Check: "a", By: "bob", At: on(20)})
	waivers.Add(
		fact.Waiver{Check: "c", By: "ann", Reason: "in the file", Until: on(25)},
		fact.Waiver{Check: "d", By: "ann", Reason: "in the file", Until: on(2)},
		fact.Waiver{Check: "d", By: "bob", Reason: "by API", Until: on(29)},
		fact.Waiver{Check: "e", By: "bob", Reason: "by API", Until: on(29)},
	)
	require.True(t, sets[0].Equal(fact.Attestations().Set(attestations)), "%+v", sets[0])
	require.True(t, sets[1].Equal(fact.Waivers().Set(waivers)), "%+v", sets[1])
	require.Nil(t, jobs[0].Changes())
	require.Equal(t, []string{"shop/production by attestation"}, signed.watched)
}

package attestation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/attestation"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

var now = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// signed is an attestation of some age that says itself when it expires, unless that is 0.
func signed(ago, left time.Duration) fact.Attestation {
	a := fact.Attestation{Check: checktest.Item, By: "ann", At: now.Add(-ago)}
	if left != 0 {
		a.Until = now.Add(left)
	}
	return a
}

func TestAttestation(t *testing.T) {
	attestations := func(all ...fact.Attestation) fact.AnySet { return checktest.Facts(fact.Attestations(), all...) }
	unavailable := func(all ...fact.Attestation) fact.AnySet {
		return checktest.Lacking(fact.Attestations(), fact.Attestation{}, all...)
	}
	nobody := checktest.One("not_attested", check.Undeclared, "Nobody has signed it.")
	other := signed(day, 0)
	other.Check = "other.item"
	for _, c := range []struct {
		name  string
		set   fact.AnySet
		want  []checktest.Finding
		facts int
	}{
		{"a signature that counts passes", attestations(signed(day, 0)), nil, 1},
		{"no signature is undeclared", attestations(), nobody, 0},
		{"a signature of another item is none", attestations(other), nobody, 0},
		{"a signature of the future does not count yet", attestations(signed(-time.Second, 0)), nobody, 0},
		{
			"a signature warns a fortnight before it expires", attestations(signed(86*day+time.Second, 0)),
			checktest.One("attestation_expires_soon", check.Warn, "The attestation that ann signed on 2026-03-07 expires on 2026-06-15."), 1,
		},
		{"a signature exactly a fortnight before it expires does not warn", attestations(signed(86*day, 0)), nil, 1},
		{
			"a signature expires on the second", attestations(signed(100*day, 0)),
			checktest.One("attestation_expired", check.Fail, "The attestation that ann signed on 2026-02-21 expired on 2026-06-01."), 1,
		},
		{
			"a signature expires when it says", attestations(signed(10*day, -day)),
			checktest.One("attestation_expired", check.Fail, "The attestation that ann signed on 2026-05-22 expired on 2026-05-31."), 1,
		},
		{
			"a signature never counts longer than the item allows", attestations(signed(101*day, 1000*day)),
			checktest.One("attestation_expired", check.Fail, "The attestation that ann signed on 2026-02-20 expired on 2026-05-31."), 1,
		},
		{
			"of several signatures the one that expires last counts",
			attestations(signed(90*day, 0), signed(day, 0), signed(2*day, day)), nil, 3,
		},
		{"signatures that could not be collected are unknown", unavailable(), checktest.Unavailable(), 0},
		{"a newer signature may be among those that could not be collected", unavailable(signed(100*day, 0)), checktest.Unavailable(), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := checktest.Case{
				Kind: attestation.Attestation(), Parameters: &attestation.Parameters{MaximumAge: quantity.Duration(100 * day)},
				Now: now, Sets: []fact.AnySet{c.set},
			}
			require.Equal(t, c.want, asked.Judge(t))
			require.Equal(t, c.facts, asked.Result(t).Facts)
		})
	}
}

func TestAShortAttestationWarnsInItsLastQuarter(t *testing.T) {
	judged := func(ago time.Duration) check.Status {
		return checktest.Case{
			Kind: attestation.Attestation(), Parameters: &attestation.Parameters{MaximumAge: quantity.Duration(8 * day)},
			Now: now, Sets: []fact.AnySet{checktest.Facts(fact.Attestations(), signed(ago, 0))},
		}.Result(t).Status
	}
	require.Equal(t, check.Pass, judged(6*day))
	require.Equal(t, check.Warn, judged(6*day+time.Second))
}

func TestAnAttestationMustCountForSomeTime(t *testing.T) {
	require.NoError(t, attestation.Attestation().Defaults.Validate())
	require.EqualError(t, attestation.Parameters{}.Validate(), "maximum_age: expected more than 0")
}

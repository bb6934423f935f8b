package fact_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestAttestationsAndWaiversExportTheirDates(t *testing.T) {
	samples := func(kind fact.Any, f any) map[string]float64 {
		numbers := make(map[string]float64)
		kind.Samples(f, func(family int, values []string, value float64) {
			require.Equal(t, []string{"a.b", "ann"}, values)
			numbers[kind.Families()[family].Name] = value
		})
		return numbers
	}
	at := time.Unix(1000, 0)
	require.Equal(t, map[string]float64{
		"attestation_signed_timestamp_seconds": 1000, "attestation_expiry_timestamp_seconds": 2000,
	}, samples(fact.Attestations(), &fact.Attestation{Check: "a.b", By: "ann", At: at, Until: time.Unix(2000, 0)}))
	require.Equal(t, map[string]float64{"attestation_signed_timestamp_seconds": 1000},
		samples(fact.Attestations(), &fact.Attestation{Check: "a.b", By: "ann", At: at}))
	require.Equal(t, map[string]float64{"waiver_expiry_timestamp_seconds": 1000},
		samples(fact.Waivers(), &fact.Waiver{Check: "a.b", By: "ann", Until: at}))
	require.Equal(t, "a.b by ann", fact.Waivers().SubjectOf(&fact.Waiver{Check: "a.b", By: "ann"}))
	require.Equal(t, "a.b by ann", fact.Attestations().SubjectOf(&fact.Attestation{Check: "a.b", By: "ann"}))
}

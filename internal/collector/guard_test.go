package collector_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestAPanicInAGoroutineOfACollectorIsItsError(t *testing.T) {
	require.NoError(t, collector.Guard("probe", func() error { return nil }))
	failed := errors.New("refused")
	require.Equal(t, failed, collector.Guard("probe", func() error { return failed }))
	err := collector.Guard("probe 192.0.2.1:443", func() error { panic("a bad length") })
	require.EqualError(t, err, "probe 192.0.2.1:443: panic: a bad length")
	require.Equal(t, fact.ReasonPanic, fact.ReasonOf(err))
}

package host

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestAClockIsSynchronizedWhileItsErrorIsBounded(t *testing.T) {
	for _, each := range []struct {
		name  string
		wrong time.Duration
		err   error
		want  fact.Host
	}{
		{"set a moment ago", time.Millisecond, nil, fact.Host{ClockKnown: true, ClockSynchronized: true}},
		{"the server was not reached for some hours", 15 * time.Second, nil, fact.Host{ClockKnown: true, ClockSynchronized: true}},
		{"nothing sets it", 16 * time.Second, nil, fact.Host{ClockKnown: true}},
		{"ProtectClock=yes of systemd permits not even to read", 0, syscall.EPERM, fact.Host{}},
	} {
		var host fact.Host
		addClock(&host, func() (time.Duration, error) { return each.wrong, each.err })
		require.Equal(t, each.want, host, each.name)
	}
}

func TestTheKernelIsAsked(t *testing.T) {
	wrong, err := clockError()
	require.NoError(t, err)
	require.GreaterOrEqual(t, wrong, time.Duration(0))
}

package fact_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestReasonsAreReadFromErrors(t *testing.T) {
	_, missing := os.Open("/nonexistent/file")
	for _, c := range []struct {
		name string
		err  error
		want fact.Reason
	}{
		{"the reason that was given counts", fact.Errorf(fact.ReasonInvalid, "parse: %w", io.EOF), fact.ReasonInvalid},
		{"a reason counts however deep it is", fmt.Errorf("collect: %w", fact.Errorf(fact.ReasonDenied, "no")), fact.ReasonDenied},
		{
			"the outermost of two reasons counts",
			fact.Errorf(fact.ReasonTimeout, "late: %w", fact.Errorf(fact.ReasonDenied, "no")), fact.ReasonTimeout,
		},
		{"a name without an address is unresolved", &net.DNSError{IsNotFound: true}, fact.ReasonUnresolved},
		{"a name server that cannot be reached is unreachable", &net.DNSError{Err: "server misbehaving"}, fact.ReasonUnreachable},
		{"a name server that does not answer is late", &net.DNSError{IsTimeout: true}, fact.ReasonTimeout},
		{"a deadline that passed is late", fmt.Errorf("ask: %w", context.DeadlineExceeded), fact.ReasonTimeout},
		{"a deadline of a connection that passed is late", os.ErrDeadlineExceeded, fact.ReasonTimeout},
		{
			"a port where nothing listens is refused",
			&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, fact.ReasonRefused,
		},
		{"a host without a route is unreachable", &net.OpError{Op: "dial", Err: syscall.EHOSTUNREACH}, fact.ReasonUnreachable},
		{"a connection that broke is unreachable", fmt.Errorf("read: %w", syscall.ECONNRESET), fact.ReasonUnreachable},
		{"an answer that broke off is unreachable", io.ErrUnexpectedEOF, fact.ReasonUnreachable},
		{"a file that is not there is not found", missing, fact.ReasonNotFound},
		{"a file that may not be read is denied", &os.PathError{Err: syscall.EACCES}, fact.ReasonDenied},
		{"anything else failed", errors.New("odd"), fact.ReasonFailed},
		{"what was called off failed", context.Canceled, fact.ReasonFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, fact.ReasonOf(c.err))
			require.Equal(t, &fact.Failure{Reason: c.want, Detail: c.err.Error()}, fact.FailureOf(c.err))
			require.Contains(t, fact.Reasons(), c.want)
		})
	}
}

func TestAnErrorWithAReasonIsStillWhatItWraps(t *testing.T) {
	require.ErrorIs(t, fact.Errorf(fact.ReasonInvalid, "parse: %w", io.EOF), io.EOF)
	require.EqualError(t, fact.Errorf(fact.ReasonInvalid, "parse: %w", io.EOF), "parse: EOF")
}

func TestTimestamps(t *testing.T) {
	for _, c := range []struct {
		name  string
		time  time.Time
		want  float64
		known bool
	}{
		{"a time counts in seconds", time.Unix(1_700_000_000, 500_000_000), 1_700_000_000.5, true},
		{"a time before 1970 counts backwards", time.Unix(-1, 0), -1, true},
		{"the expiry of a certificate that never expires is far away", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), 253402300799, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			seconds, known := fact.Timestamp(c.time)
			require.Equal(t, c.want, seconds)
			require.Equal(t, c.known, known)
		})
	}
	_, known := fact.Timestamp(time.Time{})
	require.False(t, known, "no time is no number")
	require.Equal(t, []float64{1, 0}, []float64{fact.Bool(true), fact.Bool(false)})
}

package linkcheck_test

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/linkcheck"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
)

func TestHostsThatAreNotPublicAreTold(t *testing.T) {
	for host, want := range map[string][2]bool{
		"docs.acme.com": {}, "8.8.8.8": {}, "::1": {}, // The dialer tells which addresses are asked.
		"example.com": {true, false}, "wiki.Example.org.": {true, false}, "localhost": {true, true}, "a.test": {true, false}, "example": {true, true},
		"go": {false, true}, "wiki.corp": {false, true}, "a.svc.cluster.local": {false, true}, "metadata.google.internal": {false, true},
	} {
		require.Equal(t, want, [2]bool{linkcheck.IsExample(host), linkcheck.IsInternal(host)}, host)
	}
}

func TestPagesThatAskForAPasswordAreTold(t *testing.T) {
	require.True(t, linkcheck.AsksForPassword([]byte(`<INPUT name="p" TYPE = 'password'>`)))
	require.False(t, linkcheck.AsksForPassword([]byte(`<p>Change the password.</p><input type="search">`)))
}

// TestAHostThatIsNamedIsNotAskedNearTheExporter names this machine, by its name and by its addresses.
func TestAHostThatIsNamedIsNotAskedNearTheExporter(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	connect := linkcheck.PublicAnd([]string{"localhost", "127.0.0.1", "169.254.169.254"})
	for _, host := range []string{"localhost", "127.0.0.1", "169.254.169.254", "[::1]"} {
		_, err := connect(t.Context(), "tcp", host+":"+port)
		require.True(t, reach.Refused(err), "%s: %v", host, err)
	}
}

func TestLinksThatAreNamedNoMoreAreForgotten(t *testing.T) {
	known := linkcheck.Known{"a": {At: time.Now()}, "b": {At: time.Now()}}
	known.Keep([]string{"b", "c"})
	require.Len(t, known, 2)
	require.True(t, known["c"].Waits())
	require.False(t, known["b"].Waits())
}

package port

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// within runs a function in the network of a process. Its thread ends with it.
func within(t *testing.T, process int, run func()) {
	t.Helper()
	namespace, err := os.Open("/proc/" + strconv.Itoa(process) + "/ns/net")
	require.NoError(t, err)
	defer namespace.Close()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET)
		if err == nil {
			run()
		}
		done <- err
	}()
	require.NoError(t, <-done, "tests enter network namespaces: run them as root")
}

// TestPortsBehindARealFirewall tells apart what listens, what does not, what is dropped, and what is rejected in several ways.
func TestPortsBehindARealFirewall(t *testing.T) {
	process := world.StartIn(t, `ip link set lo up
nft -f - <<'END'
table inet filter {
  chain input {
    type filter hook input priority 0; policy accept;
    tcp dport 3306 drop
    tcp dport 5432 reject with tcp reset
    meta nfproto ipv4 tcp dport 6379 reject with icmp type admin-prohibited
    meta nfproto ipv6 tcp dport 6379 reject with icmpv6 type admin-prohibited
    tcp dport 9200 reject
  }
}
END`, "--net")
	for _, address := range []string{"127.0.0.1", "::1"} {
		var listeners []net.Listener
		within(t, process, func() {
			for _, number := range []string{"22", "443", "3306"} {
				listener, err := net.Listen("tcp", net.JoinHostPort(address, number))
				if err == nil {
					listeners = append(listeners, listener)
				}
			}
		})
		require.Len(t, listeners, 3)
		p := prober{dial: func(ctx context.Context, network, at string) (conn net.Conn, err error) {
			within(t, process, func() { conn, err = (&net.Dialer{}).DialContext(ctx, network, at) })
			return conn, err
		}}
		found, err := p.collect(t.Context(), Target{Host: "web-1", Remote: true, Address: address, Ports: []int{22, 80, 443, 3306, 5432, 6379, 9200}})
		require.NoError(t, err)
		require.Equal(t, []fact.PortState{
			{Number: 22, State: fact.PortOpen}, {Number: 80, State: fact.PortClosed}, {Number: 443, State: fact.PortOpen},
			{Number: 3306, Service: "mysql", State: fact.PortFiltered}, {Number: 5432, Service: "postgresql", State: fact.PortClosed},
			{Number: 6379, Service: "redis", State: fact.PortFiltered}, {Number: 9200, Service: "elasticsearch", State: fact.PortClosed},
		}, found.Ports, address)
		for _, listener := range listeners {
			listener.Close()
		}
	}
}

func TestWithoutARouteNothingIsKnownOfPorts(t *testing.T) {
	process := world.StartIn(t, "", "--net")
	p := prober{dial: func(ctx context.Context, network, at string) (conn net.Conn, err error) {
		within(t, process, func() { conn, err = (&net.Dialer{}).DialContext(ctx, network, at) })
		return conn, err
	}}
	_, err := p.collect(t.Context(), Target{Address: "203.0.113.7", Ports: []int{22, 80}})
	require.Equal(t, fact.ReasonUnreachable, fact.ReasonOf(err), "%v", err)
}

// TestFewPortsAreTriedAtATime: those of a host that drops all are tried within the time of a run.
func TestFewPortsAreTriedAtATime(t *testing.T) {
	var now, most atomic.Int64
	p := prober{dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		time.Sleep(100 * time.Millisecond)
		return nil, context.DeadlineExceeded
	}}
	all := targets(&system.System{Hosts: []system.Host{{
		Name: "web-1", Addresses: []string{"203.0.113.7"}, Ports: &system.Ports{Also: []int{8443}, Allowed: []int{22, 5432}},
	}}})
	require.Len(t, all, 1)
	require.Contains(t, all[0].Ports, 8443)
	require.True(t, slices.IsSorted(all[0].Ports))
	found, err := p.collect(t.Context(), all[0])
	require.NoError(t, err)
	require.Len(t, found.Ports, len(all[0].Ports))
	for _, port := range found.Ports {
		require.Equal(t, port.Number == 22 || port.Number == 5432, port.Allowed, port.Number)
	}
	require.LessOrEqual(t, most.Load(), int64(atATime))
	rounds := time.Duration((len(all[0].Ports) + atATime - 1) / atATime)
	require.Less(t, rounds*patience+time.Duration(len(all[0].Ports))*pause, p.collector().Timeout)
}

func TestOnlyDeclaredPortsAreTried(t *testing.T) {
	require.Empty(t, targets(&system.System{Hosts: []system.Host{
		{Name: "web-1"}, {Name: "web-2", Remote: true, Addresses: []string{"203.0.113.7"}, SSH: &system.SSH{}},
	}}))
}

func TestARunThatIsCalledOffEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := prober{dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	_, err := p.collect(ctx, Target{Address: "203.0.113.7", Ports: []int{22, 80, 443}})
	require.ErrorIs(t, err, context.Canceled)
}

func TestWhatListensOnThisMachine(t *testing.T) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	// The network of the first process is that of the machine; here that of the thread stands for it, since the first one of the test
	// may have been in another.
	proc := t.TempDir()
	require.NoError(t, os.Symlink("/proc/thread-self", filepath.Join(proc, "1")))
	found, err := listening(proc)
	require.NoError(t, err)
	name, err := os.ReadFile("/proc/self/comm")
	require.NoError(t, err)
	port := netip.MustParseAddrPort(listener.Addr().String()).Port()
	require.Contains(t, found, fact.ListeningSocket{Address: "127.0.0.1", Port: int(port), Process: string(name[:len(name)-1])})
	require.NoError(t, listener.Close())
	found, err = listening(proc)
	require.NoError(t, err)
	require.NotContains(t, found, fact.ListeningSocket{Address: "127.0.0.1", Port: int(port), Process: string(name[:len(name)-1])})
}

func TestPublicAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"0.0.0.0": true, "::": true, "203.0.113.7": true, "2001:db8::7": true,
		"127.0.0.53": false, "::1": false, "10.0.0.1": false, "172.17.0.1": false, "192.168.1.1": false, "100.64.0.1": false,
		"169.254.1.1": false, "fe80::1": false, "fd00::1": false,
	} {
		require.Equal(t, want, public(netip.MustParseAddr(address)), address)
	}
}

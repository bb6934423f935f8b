package reach_test

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// control is what the fence says of a connection before it is made.
func control(t *testing.T, f reach.Fence, address string) error {
	t.Helper()
	return f.Dialer().ControlContext(t.Context(), "tcp", address, nil)
}

func TestWhatMayBeContactedForANameThatNobodyHasDeclared(t *testing.T) {
	fence := reach.Fence{Ports: []int{443}, Own: []netip.Addr{
		netip.MustParseAddr("10.0.0.7"), netip.MustParseAddr("100.64.0.7"), netip.MustParseAddr("fd00::7"),
		// What a status reports of these is not believed.
		netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1"), netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254"),
		netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("224.0.0.1"), netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("fe80::1"),
	}}
	const machine, segment, many, cloud, tunnel, private = "an address of this machine", "an address of this network segment", "an address of many machines",
		"an address by which clouds give out credentials", "an address of a tunnel",
		"no public address, and none that the status of its Ingress or Gateway reports"
	for address, why := range map[string]string{
		"8.8.8.8": "", "1.1.1.1": "", "172.32.0.1": "", "100.128.0.1": "", "2606:4700::1111": "", "2001:4860:4860::8888": "",
		"10.0.0.7": "", "100.64.0.7": "", "fd00::7": "", // its own
		"10.0.0.8": private, "172.16.0.1": private, "172.31.255.255": private, "192.168.1.1": private, "100.64.0.1": private, "fd00::8": private,
		"fc00::1": private, "fec0::1": private, "192.0.2.1": private, "198.51.100.1": private, "203.0.113.1": private, "198.18.0.1": private,
		"192.0.0.1": private, "240.0.0.1": private, "0.1.2.3": private, "2001:db8::1": private, "3fff::1": private, "100::1": private, "192.88.99.1": private,
		"5f00::1": private, "4000::1": private,
		"127.0.0.1": machine, "127.255.255.254": machine, "::1": machine, "0.0.0.0": machine, "::": machine,
		"169.254.1.1": segment, "fe80::1": segment, "fe80::a9fe:a9fe": segment, "fe80::1%eth0": segment, "2606:4700::1%eth0": segment,
		"169.254.169.254": cloud, "fd00:ec2::254": cloud, "fd20:ce::254": cloud, "fd00:42::42": cloud, "100.100.100.200": cloud, "192.0.0.192": cloud,
		"168.63.129.16": cloud,
		"224.0.0.1":     many, "239.1.1.1": many, "255.255.255.255": many, "ff02::1": many,
		// The same in other forms: mapped, NAT64, 6to4, compatible.
		"::ffff:127.0.0.1": machine, "64:ff9b::127.0.0.1": machine, "2002:7f00:1::1": machine, "::127.0.0.1": machine, "::ffff:0.0.0.0": machine,
		"::ffff:169.254.169.254": cloud, "64:ff9b::169.254.169.254": cloud, "2002:a9fe:a9fe::1": cloud, "::169.254.169.254": cloud,
		"64:ff9b::168.63.129.16": cloud, "::ffff:100.100.100.200": cloud,
		"::ffff:10.0.0.8": private, "64:ff9b::10.0.0.8": private, "2002:a00:8::1": private, "::10.0.0.8": private, "64:ff9b::169.254.1.1": segment,
		"64:ff9b::8.8.8.8": "", "::ffff:8.8.8.8": "", "::ffff:10.0.0.7": "", "64:ff9b::224.0.0.1": many,
		"64:ff9b:1::8.8.8.8": tunnel, "2001:0:1::1": tunnel,
	} {
		t.Run(address, func(t *testing.T) {
			err := control(t, fence, net.JoinHostPort(address, "443"))
			if why == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, fmt.Sprintf(
				"%s is not contacted, since the host was discovered and not declared: it is %s; declare the host to have it asked",
				netip.MustParseAddr(address), why))
			require.True(t, reach.Refused(fmt.Errorf("dial: %w", err)))
			require.Equal(t, fact.ReasonDenied, fact.ReasonOf(err))
		})
	}
	require.EqualError(t, control(t, fence, "8.8.8.8:6443"), "port 6443 is not contacted: nothing is known to listen there")
	require.EqualError(t, control(t, fence, "shop.test:443"), "shop.test:443 is not contacted: it is no address")
	require.False(t, reach.Refused(net.ErrClosed))
}

// TestANameThatChangesItsAnswerReachesNothing asks a real name server, whose answer is public at first and then one of this machine,
// where a server listens that must not be reached.
func TestANameThatChangesItsAnswerReachesNothing(t *testing.T) {
	reached := new(atomic.Int32)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			reached.Add(1)
			_ = conn.Close()
		}
	}()
	port := listener.Addr().(*net.TCPAddr).Port
	answers := 0
	names := world.NewNames(t, func(string) []netip.Addr {
		answers++
		if answers <= 2 { // of both versions of IP
			return []netip.Addr{netip.MustParseAddr("8.8.8.8")}
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}
	})
	first, err := names.Resolver().LookupNetIP(t.Context(), "ip", "shop.contoso.com")
	require.NoError(t, err)
	require.Equal(t, "8.8.8.8", first[0].Unmap().String(), "whoever checks the first answer is content")

	dialer := reach.Fence{Ports: []int{port}, Own: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}.Dialer()
	dialer.Resolver, dialer.Timeout = names.Resolver(), time.Minute
	_, err = dialer.DialContext(t.Context(), "tcp", net.JoinHostPort("shop.contoso.com", strconv.Itoa(port)))
	require.True(t, reach.Refused(err), "%v", err)
	require.ErrorContains(t, err, "it is an address of this machine")
	require.Zero(t, reached.Load())
}

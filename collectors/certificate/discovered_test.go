package certificate

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// TestACertificateOfADiscoveredHostIsCollectedBehindTheFence asks by a name that changes its answer, on a machine with a server that shows a
// certificate and must not be reached.
func TestACertificateOfADiscoveredHostIsCollectedBehindTheFence(t *testing.T) {
	ca := world.NewCA(t, world.Spec{})
	server := world.NewTLSServer(t, ca.Issue(t, world.Spec{}))
	_, port, err := net.SplitHostPort(server.Addr)
	require.NoError(t, err)
	names := world.NewNames(t, func(string) []netip.Addr {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}
	})
	p := newProber(ca)
	p.lookup, p.dial = names.Resolver().LookupNetIP, nil
	p.fenced = func(f reach.Fence) dialer { return f.Dialer().DialContext }
	found := &system.Found{Source: "Ingress shop/web in main", Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}
	_, err = p.collect(t.Context(), system.Certificate{Address: "shop.attacker.example:" + port, Found: found})
	require.Error(t, err)
	require.Equal(t, fact.ReasonDenied, fact.ReasonOf(err))

	// One address of several that is not contacted says nothing of the others.
	p = behind(ca, server, server)
	reached := p.dial
	p.fenced = func(f reach.Fence) dialer {
		require.Equal(t, []int{443}, f.Ports)
		refusing := reach.Fence{Ports: f.Ports}.Dialer()
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == "10.0.0.2:443" {
				return refusing.DialContext(ctx, network, address)
			}
			return reached(ctx, network, address)
		}
	}
	set, err := p.collect(t.Context(), system.Certificate{Address: "shop.test:443", Found: found})
	require.NoError(t, err)
	require.Empty(t, set.Unavailable)
	require.Len(t, set.Facts, 1)
}

func TestWhatIsBeyondTheLimitIsNotContacted(t *testing.T) {
	sets, err := prober{}.collector().Jobs(&system.System{Certificates: []system.Certificate{
		{Address: "shop.test:443", Found: &system.Found{Source: "Ingress shop/web in main", Beyond: 3}},
	}}, fact.Needs{})[0].Collect(t.Context(), nil)
	require.NoError(t, err, "it is no failure of the collector")
	require.Equal(t, "shop.test:443", sets[0].Gaps()[0].Subject)
	require.Contains(t, sets[0].Gaps()[0].Detail, "3 more were discovered")
}

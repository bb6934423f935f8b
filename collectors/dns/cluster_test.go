package dns

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// clusterZone is what CoreDNS has of Services, and a name outside.
func clusterZone(records ...string) []world.Zone {
	return []world.Zone{
		{Name: "cluster.local.", Text: "$TTL 5\n$ORIGIN cluster.local.\n@ SOA ns.dns hostmaster 1 7200 1800 86400 5\n@ NS ns.dns\nns.dns A 10.96.0.10\n" +
			strings.Join(records, "\n") + "\n"},
		{Name: "example.com.", Text: "$TTL 5\n@ SOA ns admin 1 7200 1800 86400 5\n@ NS ns\nns A 192.0.2.1\n@ A 192.0.2.1\n"},
	}
}

const kubernetesService = "kubernetes.default.svc A 10.96.0.1"

// lookUpAt asks a server for declared names.
func lookUpAt(t *testing.T, declared system.ClusterDNS) []fact.ClusterLookup {
	t.Helper()
	prober := clusterProber{dial: new(net.Dialer).DialContext, now: time.Now}
	sets, err := prober.collector().Collect(t.Context(), ClusterTarget{Cluster: "main", Declared: &declared}, nil)
	require.NoError(t, err)
	found := fact.ClusterDNSs().Typed(sets[0])
	require.Empty(t, found.Unavailable)
	lookups := found.Facts[0].Lookups
	for i := range lookups {
		lookups[i].Slowest = 0 // A busy machine is slow.
	}
	return lookups
}

func TestTheDNSOfAClusterIsAsked(t *testing.T) {
	server := servers.NameServer(t, world.NameServerSpec{Zones: clusterZone(kubernetesService, "six.shop.svc AAAA fd00::1", "empty.shop.svc TXT x")})
	for name, test := range map[string]struct {
		inside, outside string
		want            fact.ClusterLookup // of the inside, or else the outside name
	}{
		"a Service":                       {"", "", fact.ClusterLookup{Name: "kubernetes.default.svc.cluster.local", Asked: 6}},
		"a Service of IPv6":               {"six.shop.svc.cluster.local", "", fact.ClusterLookup{Name: "six.shop.svc.cluster.local", Asked: 6}},
		"one that there is not":           {"gone.shop.svc.cluster.local", "", fact.ClusterLookup{Name: "gone.shop.svc.cluster.local", Asked: 6, Unknown: 6}},
		"one without an address":          {"empty.shop.svc.cluster.local", "", fact.ClusterLookup{Name: "empty.shop.svc.cluster.local", Asked: 6, Unknown: 6}},
		"a name outside":                  {"", "example.com", fact.ClusterLookup{Name: "example.com", Outside: true, Asked: 6}},
		"a name outside that it does not": {"", "www.example.net", fact.ClusterLookup{Name: "www.example.net", Outside: true, Asked: 6, Failed: 6}},
	} {
		t.Run(name, func(t *testing.T) {
			declared := system.ClusterDNS{Address: server.Addr}
			at := 0
			if test.inside != "" {
				declared.Names = []string{test.inside}
			}
			if test.outside != "" {
				declared.Outside, at = []string{test.outside}, 1
			}
			got := lookUpAt(t, declared)[at]
			if got.Failure != nil {
				require.Equal(t, fact.ReasonDenied, got.Failure.Reason, got.Failure.Detail)
				got.Failure = nil
			}
			require.Equal(t, test.want, got)
		})
	}
}

// balance hands packets to servers in turns, as a Service does with connections, and gives its address. Of packets that are lost nothing
// comes back.
func balance(t *testing.T, lose func(count int64) bool, backends ...string) string {
	t.Helper()
	front, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	var work sync.WaitGroup
	var count atomic.Int64
	work.Go(func() {
		buffer := make([]byte, 4096)
		for {
			n, client, err := front.ReadFrom(buffer)
			if err != nil {
				return
			}
			question := string(buffer[:n])
			turn := count.Add(1) - 1
			if lose(turn) {
				continue
			}
			work.Go(func() {
				message := new(dns.Msg)
				if message.Unpack([]byte(question)) != nil {
					return
				}
				answer, err := dns.ExchangeContext(context.Background(), message, backends[int(turn)%len(backends)])
				if err != nil {
					return
				}
				packed, err := answer.Pack()
				if err == nil {
					_, _ = front.WriteTo(packed, client) // Nobody may wait any more.
				}
			})
		}
	})
	t.Cleanup(func() {
		front.Close()
		work.Wait()
	})
	return front.LocalAddr().String()
}

// TestOneOfTwoPodsAnswersOtherwise: what a Service hands to either is asked for again and again.
func TestOneOfTwoPodsAnswersOtherwise(t *testing.T) {
	never := func(int64) bool { return false }
	right := servers.NameServer(t, world.NameServerSpec{Zones: clusterZone(kubernetesService)}).Addr
	for name, test := range map[string]struct {
		records []string
		want    func(t *testing.T, l fact.ClusterLookup)
	}{
		"it has an address of old": {[]string{"kubernetes.default.svc A 10.96.0.99"}, func(t *testing.T, l fact.ClusterLookup) { require.True(t, l.Differs) }},
		"it does not know the Service yet": {nil, func(t *testing.T, l fact.ClusterLookup) {
			require.Positive(t, l.Unknown)
			require.Less(t, l.Unknown, l.Asked)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := servers.NameServer(t, world.NameServerSpec{Zones: clusterZone(test.records...)}).Addr
			found := lookUpAt(t, system.ClusterDNS{Address: balance(t, never, right, wrong), Outside: []string{"example.com"}})
			test.want(t, found[0])
		})
	}
}

// TestLostPacketsAreLateAnswers: of a question that is lost, the answer comes with the next, as clients with a timeout of seconds see it.
func TestLostPacketsAreLateAnswers(t *testing.T) {
	server := servers.NameServer(t, world.NameServerSpec{Zones: clusterZone(kubernetesService)}).Addr
	prober := clusterProber{dial: new(net.Dialer).DialContext, now: time.Now}
	address := netip.MustParseAddrPort(balance(t, func(count int64) bool { return count == 0 }, server))
	found := fact.ClusterLookup{Name: "kubernetes.default.svc.cluster.local"}
	prober.lookUp(t.Context(), address, &found)
	require.Zero(t, found.Failed)
	require.GreaterOrEqual(t, found.Slowest, patience)

	silent := netip.MustParseAddrPort(balance(t, func(int64) bool { return true }, server))
	found = fact.ClusterLookup{Name: "kubernetes.default.svc.cluster.local"}
	prober.lookUp(t.Context(), silent, &found)
	require.Equal(t, 1, found.Failed, "more of them would take all the time")
	require.Equal(t, fact.ReasonTimeout, found.Failure.Reason)
}

// TestWhomAPodAsks reads resolv.conf as the kubelet writes it, and as others do.
func TestWhomAPodAsks(t *testing.T) {
	for name, test := range map[string]struct {
		target         ClusterTarget
		resolvConf     string
		server, inside string
		reason         fact.Reason
	}{
		"a pod": {
			ClusterTarget{Own: true}, "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
			"10.96.0.10:53", "kubernetes.default.svc.cluster.local", "",
		},
		"a pod of a cluster with a domain of its own, through NodeLocal DNSCache": {
			ClusterTarget{Own: true}, "search shop.svc.k8s.example.net svc.k8s.example.net k8s.example.net\nnameserver 169.254.20.10\n",
			"169.254.20.10:53", "kubernetes.default.svc.k8s.example.net", "",
		},
		"a pod with the DNS of its node": {
			ClusterTarget{Own: true}, "search example.net\nnameserver 192.0.2.53\n", "", "", fact.ReasonUnsupported,
		},
		"a machine outside":          {ClusterTarget{}, "nameserver 192.0.2.53\n", "", "", fact.ReasonUnsupported},
		"a pod of another cluster":   {ClusterTarget{}, "search shop.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\n", "", "", fact.ReasonUnsupported},
		"a machine that is told":     {ClusterTarget{Declared: &system.ClusterDNS{Address: "10.96.0.10"}}, "", "10.96.0.10:53", "kubernetes.default.svc.cluster.local", ""},
		"a pod without any resolver": {ClusterTarget{Own: true}, "search svc.cluster.local\n", "", "", fact.ReasonUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "resolv.conf")
			require.NoError(t, os.WriteFile(file, []byte(test.resolvConf), 0o600))
			asked, err := clusterProber{resolvConf: file}.ask(test.target)
			if test.reason != "" {
				require.Equal(t, test.reason, fact.ReasonOf(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.server, asked.server.String())
			require.Equal(t, []string{test.inside}, asked.inside)
			require.Equal(t, []string{"example.com"}, asked.outside)
		})
	}
}

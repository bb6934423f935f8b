package collectors_test

import (
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/collector/conformance"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// nameServerCase is that of a name server, which is paused, away, or another one that answers nothing of use.
func nameServerCase(t *testing.T) conformance.Case {
	t.Helper()
	const text = "$TTL 60\n@ SOA ns1 admin 1 3600 600 86400 60\n@ NS ns1\nns1 A 127.0.0.1\nwww A 192.0.2.10\n"
	server := servers.NameServer(t, world.NameServerSpec{Zones: []world.Zone{{Name: "shop.test.", Text: text}}})
	garbage := garbageOverUDP(t)
	declared := &system.System{Domains: []system.Domain{{Name: "www.shop.test", NameServers: []string{server.Addr}, Resolvers: []string{server.Addr}}}}
	right := declared.Domains[0]
	return conformance.Case{
		System: declared,
		Faults: []conformance.Fault{
			{Name: "hangs", Break: func(t *testing.T) { server.Pause(t) }, Fix: func(t *testing.T) { server.Resume(t) }, Hangs: true, Reasons: []fact.Reason{fact.ReasonTimeout}},
			{Name: "refuses", Break: func(t *testing.T) { server.Kill(t) }, Fix: func(t *testing.T) { server.Restart(t) }, Reasons: []fact.Reason{fact.ReasonRefused}},
			{
				Name: "sends garbage",
				Break: func(*testing.T) {
					declared.Domains[0].NameServers, declared.Domains[0].Resolvers = []string{garbage}, []string{garbage}
				},
				Fix:     func(*testing.T) { declared.Domains[0] = right },
				Reasons: []fact.Reason{fact.ReasonInvalid, fact.ReasonTimeout},
			},
		},
	}
}

// garbageOverUDP answers every packet with random bytes.
func garbageOverUDP(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	var work sync.WaitGroup
	t.Cleanup(func() {
		conn.Close()
		work.Wait()
	})
	work.Go(func() {
		random := rand.NewChaCha8([32]byte{1})
		content := make([]byte, 512)
		for buffer := make([]byte, 4096); ; {
			_, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			_, _ = random.Read(content) // It never fails.
			_, _ = conn.WriteTo(content, from)
		}
	})
	return conn.LocalAddr().String()
}

// registryCase is that of a registry that knows one domain.
func registryCase(t *testing.T) conformance.Case {
	t.Helper()
	proxy := world.NewProxy(t, answering(t, httptest.NewServer, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/domain/example.com" {
			t.Errorf("unexpected path %s", r.URL.Path)
		}
		w.Header().Set("Content-Type", "application/rdap+json")
		_, _ = io.WriteString(w, `{"objectClassName": "domain", "ldhName": "example.com", "events": [{"eventAction": "expiration", "eventDate": "2030-01-01T00:00:00Z"}]}`)
	}))
	return conformance.Case{
		System: &system.System{Domains: []system.Domain{{Name: "shop.example.com", RDAP: "http://" + proxy.Addr}}},
		Faults: httpFaults(t, proxy, httptest.NewServer),
	}
}

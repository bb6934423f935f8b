package endpoint

import (
	"crypto/tls"
	"net"
	"net/http"
	"testing"

	"github.com/quic-go/quic-go/http3"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// serveHTTP3 has a server of HTTP/3 answer at an address over one version of IP.
func (s *site) serveHTTP3(t *testing.T, way string, certificate *world.Certificate, handler http.HandlerFunc) {
	t.Helper()
	socket, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http3.Server{Handler: handler, TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{certificate.TLS()}, MinVersion: tls.VersionTLS13})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(socket)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		_ = socket.Close()
		<-done
	})
	s.routes[way] = socket.LocalAddr().String()
}

func TestAnEndpointIsAskedOverHTTP3WhereThatIsDeclared(t *testing.T) {
	s := newSite(t, answer(http.StatusOK, "welcome"), redirect(front))
	s.addresses = append(s.addresses, "::1")
	s.routes["tcp6 shop.test:443"] = s.routes["shop.test:443"]
	unused, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	require.NoError(t, err)
	s.routes["udp6 shop.test:443"] = unused.LocalAddr().String()
	require.NoError(t, unused.Close())
	s.serveHTTP3(t, "udp4 shop.test:443", s.signer.Issue(t, world.Spec{DNSNames: []string{"shop.test"}}), func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Tenant") != "shop" || r.ProtoMajor != 3 {
			t.Errorf("unexpected request %s %v", r.Proto, r.Header)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	declared := system.Endpoint{URL: front, HTTP3: true, RequestHeaders: map[string]string{"X-Tenant": "shop"}}
	got, _ := s.collect(t, declared)
	require.True(t, got.Up())
	require.Len(t, got.HTTP3, 2)
	require.Equal(t, fact.HTTP3Answer{IPVersion: fact.IPv4, Status: http.StatusNoContent}, got.HTTP3[0])
	require.Equal(t, fact.ReasonRefused, got.HTTP3[1].Failure.Reason, got.HTTP3[1].Failure.Detail)

	s.serveHTTP3(t, "udp4 shop.test:443", world.NewCA(t, world.Spec{}).Issue(t, world.Spec{DNSNames: []string{"shop.test"}}), answer(http.StatusOK, ""))
	got, _ = s.collect(t, declared)
	require.Contains(t, got.HTTP3[0].Failure.Detail, "unknown authority")
	require.NotContains(t, got.HTTP3[0].Failure.Detail, "CRYPTO_ERROR")

	declared.HTTP3 = false
	got, _ = s.collect(t, declared)
	require.Empty(t, got.HTTP3)
}

func TestAServerThatIsSilentOverHTTP3CostsNothingElse(t *testing.T) {
	s := newSite(t, answer(http.StatusOK, "welcome"), redirect(front))
	silent, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	s.routes["udp4 shop.test:443"] = silent.LocalAddr().String()
	got, certificates := s.collect(t, system.Endpoint{URL: front, HTTP3: true})
	require.True(t, got.Up())
	require.Equal(t, 1, certificates.Len())
	require.Equal(t, fact.ReasonTimeout, got.HTTP3[0].Failure.Reason, got.HTTP3[0].Failure.Detail)
}

package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestWhatAServerShowsIsCollected(t *testing.T) {
	watchGoroutines(t)
	ca := world.NewCA(t, world.Spec{})
	issuer := ca.Intermediate(t, world.Spec{})
	good := issuer.Issue(t, world.Spec{CommonName: "good"})
	rsa := issuer.Issue(t, world.Spec{CommonName: "rsa", Key: world.RSA2048, Edit: func(c *x509.Certificate) {
		c.KeyUsage |= x509.KeyUsageKeyEncipherment
	}})
	past := time.Now().Add(-time.Hour)
	old := func(c *tls.Config) {
		c.MaxVersion, c.CipherSuites = tls.VersionTLS10, []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}
	}
	clients := func(version uint16) func(*tls.Config) {
		return func(c *tls.Config) { c.ClientAuth, c.MaxVersion = tls.RequireAndVerifyClientCert, version }
	}
	for name, test := range map[string]struct {
		certificate *world.Certificate
		edits       []func(*tls.Config)
		trust       fact.CertificateTrust
		faults      []fact.CertificateFault
	}{
		"a good one":                        {good, nil, fact.TrustPublic, nil},
		"one on a server of 1999":           {rsa, []func(*tls.Config){old}, fact.TrustPublic, nil},
		"an expired one":                    {issuer.Issue(t, world.Spec{NotAfter: past}), nil, fact.TrustPublic, []fact.CertificateFault{fact.FaultExpired}},
		"one without its issuer":            {&world.Certificate{X509: good.X509, Key: good.Key}, nil, fact.TrustNone, []fact.CertificateFault{fact.FaultUnknownAuthority}},
		"a self-signed one":                 {world.SelfSigned(t, world.Spec{}), nil, fact.TrustNone, []fact.CertificateFault{fact.FaultSelfSigned}},
		"one for another name":              {issuer.Issue(t, world.Spec{DNSNames: []string{"a.test"}}), nil, fact.TrustPublic, []fact.CertificateFault{fact.FaultNameMismatch}},
		"one of a server with clients' own": {good, []func(*tls.Config){clients(tls.VersionTLS13)}, fact.TrustPublic, nil},
		"the same over TLS 1.2":             {good, []func(*tls.Config){clients(tls.VersionTLS12)}, fact.TrustPublic, nil},
	} {
		t.Run(name, func(t *testing.T) {
			server := world.NewTLSServer(t, test.certificate, test.edits...)
			set, err := newProber(ca).collect(t.Context(), system.Certificate{Address: server.Addr})
			require.NoError(t, err)
			require.Empty(t, set.Unavailable)
			require.Equal(t,
				[]brief{{server.Addr, test.certificate.X509.Subject.CommonName, test.trust, test.faults}}, summary(set))
		})
	}
}

func TestTheServerNameChoosesTheCertificate(t *testing.T) {
	watchGoroutines(t)
	ca := world.NewCA(t, world.Spec{})
	shop := ca.Issue(t, world.Spec{CommonName: "shop", DNSNames: []string{"shop.test"}})
	fallback := ca.Issue(t, world.Spec{CommonName: "fallback", DNSNames: []string{"fallback.test"}})
	server := world.NewTLSServer(t, fallback, func(c *tls.Config) {
		c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			chosen := fallback.TLS()
			if hello.ServerName == "shop.test" {
				chosen = shop.TLS()
			}
			return &chosen, nil
		}
	})
	for name, want := range map[string]brief{
		"shop.test":  {server.Addr + " (shop.test)", "shop", fact.TrustPublic, nil},
		"other.test": {server.Addr + " (other.test)", "fallback", fact.TrustPublic, []fact.CertificateFault{fact.FaultNameMismatch}},
	} {
		set, err := newProber(ca).collect(t.Context(), system.Certificate{Address: server.Addr, ServerName: name})
		require.NoError(t, err)
		require.Equal(t, []brief{want}, summary(set))
	}
}

// behind makes a prober for a name with several addresses: 10.0.0.1, 10.0.0.2 and so on lead to real servers, or to an
// error.
func behind(ca *world.CA, nodes ...any) prober {
	prober := newProber(ca)
	reached := prober.dial
	prober.lookup = func(context.Context, string, string) ([]netip.Addr, error) {
		var addresses []netip.Addr
		for i := len(nodes); i > 0; i-- {
			// Resolvers give addresses in any order, and IPv4 ones in the form of IPv6.
			addresses = append(addresses, netip.MustParseAddr(fmt.Sprintf("::ffff:10.0.0.%d", i)))
		}
		return addresses, nil
	}
	prober.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		for i, node := range nodes {
			if address != fmt.Sprintf("10.0.0.%d:443", i+1) {
				continue
			}
			if server, up := node.(*world.TLSServer); up {
				return reached(ctx, network, server.Addr)
			}
			return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", node.(syscall.Errno))}
		}
		return nil, fmt.Errorf("unexpected address %s", address)
	}
	return prober
}

func TestEachAddressOfANameIsCollected(t *testing.T) {
	watchGoroutines(t)
	ca := world.NewCA(t, world.Spec{})
	spec := world.Spec{CommonName: "new", DNSNames: []string{"shop.test"}}
	renewed := ca.Issue(t, spec)
	spec.CommonName = "old"
	one, two, late := world.NewTLSServer(t, renewed), world.NewTLSServer(t, renewed), world.NewTLSServer(t, ca.Issue(t, spec))
	for name, test := range map[string]struct {
		nodes       []any
		facts       []brief
		unavailable map[string]fact.Reason
		reason      fact.Reason
	}{
		"nodes that show the same are one fact": {
			nodes: []any{one, two}, facts: []brief{{"shop.test:443", "new", fact.TrustPublic, nil}},
		},
		"nodes of which one is late have a fact each": {
			nodes: []any{one, late, two}, facts: []brief{
				{"shop.test:443 at 10.0.0.1", "new", fact.TrustPublic, nil},
				{"shop.test:443 at 10.0.0.2", "old", fact.TrustPublic, nil},
				{"shop.test:443 at 10.0.0.3", "new", fact.TrustPublic, nil},
			},
		},
		"a node that is down is unavailable": {
			nodes: []any{syscall.ECONNREFUSED, two}, facts: []brief{{"shop.test:443", "new", fact.TrustPublic, nil}},
			unavailable: map[string]fact.Reason{"shop.test:443 at 10.0.0.1": fact.ReasonRefused},
		},
		"an address to which there is no route from here is left out": {
			nodes: []any{one, syscall.ENETUNREACH}, facts: []brief{{"shop.test:443", "new", fact.TrustPublic, nil}},
		},
		"of many nodes eight are asked": {
			nodes: []any{one, one, one, one, one, one, one, two, late, late},
			facts: []brief{{"shop.test:443", "new", fact.TrustPublic, nil}},
		},
		"when all are down nothing is collected": {
			nodes: []any{syscall.ECONNREFUSED, syscall.ENETUNREACH}, reason: fact.ReasonRefused,
		},
		"without a route there is no answer": {nodes: []any{syscall.ENETUNREACH}, reason: fact.ReasonUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := behind(ca, test.nodes...).collect(t.Context(), system.Certificate{Address: "shop.test:443"})
			if test.reason != "" {
				require.Equal(t, test.reason, fact.ReasonOf(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.facts, summary(set))
			if test.unavailable == nil {
				test.unavailable = map[string]fact.Reason{}
			}
			require.Equal(t, test.unavailable, unavailable(set))
		})
	}
}

// say sends a text, whatever the client says, and listens until the client has gone.
func say(text string) func(net.Conn) {
	return func(conn net.Conn) {
		_, _ = conn.Write([]byte(text)) // The client may have heard enough.
		_, _ = io.Copy(io.Discard, conn)
	}
}

// patience is the time for a run: little where it is meant to run out, and else enough for a busy machine.
func patience(want fact.Reason) time.Duration {
	if want == fact.ReasonTimeout {
		return 300 * time.Millisecond
	}
	return 10 * time.Second
}

func TestAServerThatShowsNoCertificateIsUnavailable(t *testing.T) {
	watchGoroutines(t)
	ca := world.NewCA(t, world.Spec{})
	certificate := ca.Issue(t, world.Spec{})
	shows := world.NewTLSServer(t, certificate)
	hangs := world.NewProxy(t, shows.Addr)
	hangs.Hang(t)
	refuses := world.NewProxy(t, shows.Addr)
	refuses.Refuse()
	slow := world.NewProxy(t, shows.Addr)
	slow.Slow(t, 10*time.Second)
	strict := world.NewTLSServer(t, certificate, func(c *tls.Config) {
		c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, nil }
	})
	stranger := certificate.TLS()
	stranger.PrivateKey = ca.Issue(t, world.Spec{}).Key
	impostor := world.NewTLSServer(t, certificate, func(c *tls.Config) {
		c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &stranger, nil }
	})
	for name, test := range map[string]struct {
		address string
		want    fact.Reason
	}{
		"one that hangs in the handshake":        {hangs.Addr, fact.ReasonTimeout},
		"one that is too slow":                   {slow.Addr, fact.ReasonTimeout},
		"one where nothing listens":              {refuses.Addr, fact.ReasonRefused},
		"one that closes at once":                {world.Listen(t, func(net.Conn) {}), fact.ReasonUnreachable},
		"one that speaks no TLS":                 {world.Listen(t, say("HTTP/1.0 400 Bad Request\r\n\r\n")), fact.ReasonInvalid},
		"one that knows no such name":            {strict.Addr, fact.ReasonDenied},
		"one that has not the certificate's key": {impostor.Addr, fact.ReasonInvalid},
		"one whose name has no address":          {"shop.invalid:443", fact.ReasonUnresolved},
		"one without a port":                     {"shop.invalid", fact.ReasonInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience(test.want))
			defer cancel()
			begun := time.Now()
			set, err := newProber(ca).collect(ctx, system.Certificate{Address: test.address})
			require.Equal(t, test.want, fact.ReasonOf(err), err)
			require.Nil(t, set)
			require.Less(t, time.Since(begun), 20*patience(test.want))
		})
	}
}

func TestARunEndsWhenItIsCalledOff(t *testing.T) {
	watchGoroutines(t)
	ca := world.NewCA(t, world.Spec{})
	for _, protocol := range []string{"", "smtp", "postgres"} {
		t.Run("over "+protocol, func(t *testing.T) {
			hangs := world.NewProxy(t, world.NewTLSServer(t, ca.Issue(t, world.Spec{})).Addr)
			hangs.Hang(t)
			ctx, cancel := context.WithCancel(t.Context())
			begun := time.Now()
			var calledOff time.Duration
			time.AfterFunc(100*time.Millisecond, func() {
				calledOff = time.Since(begun)
				cancel()
			})
			_, err := newProber(ca).collect(ctx, system.Certificate{Address: hangs.Addr, StartTLS: protocol})
			require.Error(t, err)
			require.Less(t, time.Since(begun), 50*calledOff)
		})
	}
}

func TestAPanicIsTheErrorOfItsAddress(t *testing.T) {
	p := prober{dial: func(context.Context, string, string) (net.Conn, error) { panic("a mistake") }}
	_, err := p.probe(t.Context(), "127.0.0.1:1", system.Certificate{Address: "127.0.0.1:1"})
	require.EqualError(t, err, "probe 127.0.0.1:1: panic: a mistake")
	require.Equal(t, fact.ReasonPanic, fact.ReasonOf(err))
}

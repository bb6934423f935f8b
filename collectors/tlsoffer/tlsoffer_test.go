package tlsoffer

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// newProber has shop.test at two addresses, behind which servers are; where there is none, nothing listens.
func newProber(t *testing.T, servers map[string]string) prober {
	t.Helper()
	return prober{
		lookup: func(context.Context, string, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}, nil
		},
		dial: func(ctx context.Context, _, address string) (net.Conn, error) {
			to, known := servers[address]
			switch {
			case !known:
				return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
			case to == "":
				return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
			}
			return new(net.Dialer).DialContext(ctx, "tcp", to)
		},
		proxy: func(*http.Request) (*url.URL, error) { return nil, nil },
	}
}

func TestWhatAServerAcceptsIsCollected(t *testing.T) {
	certificate := world.NewCA(t, world.Spec{}).Issue(t, world.Spec{DNSNames: []string{"shop.test"}, Key: world.RSA2048})
	var asked atomic.Int32
	serve := func(minimum, maximum uint16, suites ...uint16) string {
		return world.NewTLSServer(t, certificate, func(config *tls.Config) {
			config.MinVersion, config.MaxVersion, config.CipherSuites = minimum, maximum, suites
		}).Addr
	}
	counting := func(p prober) prober {
		dial := p.dial
		p.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			asked.Add(1)
			return dial(ctx, network, address)
		}
		return p
	}
	good := serve(tls.VersionTLS12, tls.VersionTLS13, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)
	old := serve(tls.VersionTLS10, tls.VersionTLS13, tls.TLS_RSA_WITH_AES_128_CBC_SHA)
	weak := serve(tls.VersionTLS12, tls.VersionTLS12, tls.TLS_RSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA)
	ancient := serve(tls.VersionTLS10, tls.VersionTLS10, tls.TLS_RSA_WITH_AES_128_CBC_SHA)
	// To a hello of an old version it answers as a web server that was asked without TLS.
	const current = 0x0303
	curt := world.Listen(t, func(conn net.Conn) {
		begin := make([]byte, 11)
		if _, err := io.ReadFull(conn, begin); err != nil {
			return
		}
		if binary.BigEndian.Uint16(begin[9:]) < current {
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") // The client may have had enough.
			return
		}
		behind, err := new(net.Dialer).Dial("tcp", good)
		if err != nil {
			return
		}
		defer behind.Close()
		_, _ = behind.Write(begin)
		go func() {
			_, _ = io.Copy(behind, conn)
			_ = behind.Close() // The client is gone.
		}()
		_, _ = io.Copy(conn, behind)
	})
	refused := &fact.Failure{Reason: fact.ReasonRefused, Detail: "ask 192.0.2.1:443: dial: connect: connection refused"}
	for name, c := range map[string]struct {
		servers map[string]string
		want    []fact.TLSOfferOver
	}{
		"a good one": {map[string]string{"192.0.2.1:443": good}, []fact.TLSOfferOver{{IPVersion: "4", Versions: []fact.TLSVersion{"1.2", "1.3"}}}},
		"one that accepts what is old, over IPv6": {
			map[string]string{"192.0.2.1:443": good, "[2001:db8::1]:443": old},
			[]fact.TLSOfferOver{
				{IPVersion: "4", Versions: []fact.TLSVersion{"1.2", "1.3"}},
				{IPVersion: "6", Versions: []fact.TLSVersion{"1.0", "1.1", "1.2", "1.3"}},
			},
		},
		"one that accepts what is broken": {map[string]string{"192.0.2.1:443": weak}, []fact.TLSOfferOver{{
			IPVersion: "4", Versions: []fact.TLSVersion{"1.2"}, BrokenCiphers: []string{"RSA_WITH_3DES_EDE_CBC_SHA", "RSA_WITH_RC4_128_SHA"},
		}}},
		"one that knows TLS 1.0 alone": {map[string]string{"192.0.2.1:443": ancient}, []fact.TLSOfferOver{{IPVersion: "4", Versions: []fact.TLSVersion{"1.0"}}}},
		"one that answers what is old with an error of HTTP": {
			map[string]string{"192.0.2.1:443": curt}, []fact.TLSOfferOver{{IPVersion: "4", Versions: []fact.TLSVersion{"1.2", "1.3"}}},
		},
		"one that is away over IPv4": {map[string]string{"192.0.2.1:443": "", "[2001:db8::1]:443": good}, []fact.TLSOfferOver{
			{IPVersion: "4", Failure: refused}, {IPVersion: "6", Versions: []fact.TLSVersion{"1.2", "1.3"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := counting(newProber(t, c.servers)).collect(t.Context(), Target{Host: "shop.test", Port: "443"})
			require.NoError(t, err)
			require.Equal(t, fact.TLSOffer{Address: "shop.test:443", ServerName: "shop.test", Over: c.want}, got)
		})
	}
	asked.Store(0)
	_, err := counting(newProber(t, map[string]string{"192.0.2.1:443": good})).collect(t.Context(), Target{Host: "192.0.2.1", Port: "443"})
	require.NoError(t, err)
	require.EqualValues(t, 4, asked.Load(), "a good server is asked four times")
}

func TestWhatCannotBeAskedIsUnavailable(t *testing.T) {
	target := Target{Host: "shop.test", Port: "443"}
	_, err := newProber(t, map[string]string{"192.0.2.1:443": ""}).collect(t.Context(), target)
	require.Equal(t, fact.ReasonRefused, fact.ReasonOf(err))

	_, err = newProber(t, nil).collect(t.Context(), target)
	require.Equal(t, fact.ReasonUnreachable, fact.ReasonOf(err), "no route")

	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = newProber(t, map[string]string{"192.0.2.1:443": silent.Addr().String()}).collect(ctx, target)
	require.Equal(t, fact.ReasonTimeout, fact.ReasonOf(err))

	proxied := newProber(t, nil)
	proxied.proxy = func(*http.Request) (*url.URL, error) { return &url.URL{Scheme: "http", Host: "proxy.test:3128"}, nil }
	_, err = proxied.collect(t.Context(), target)
	require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(err))
}

func TestEachServerIsAskedOnce(t *testing.T) {
	require.Equal(t, []Target{{Host: "shop.test", Port: "443"}, {Host: "2001:db8::1", Port: "8443"}}, targets(&system.System{Endpoints: []system.Endpoint{
		{URL: "https://shop.test/"}, {URL: "https://shop.test:443/api"}, {URL: "http://shop.test:8080/"}, {URL: "https://[2001:db8::1]:8443/"},
	}}))
}

package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
)

// handshakePatience is for how long nothing may come back of a handshake: where a firewall drops UDP, nothing ever does.
const handshakePatience = 4 * time.Second

// overHTTP3 asks once over HTTP/3 (RFC 9114) and one version of IP. Redirects are not followed: they lead to what is asked over TCP.
func (c *client) overHTTP3(ctx context.Context, version fact.IPVersion) *fact.HTTP3Answer {
	answer := &fact.HTTP3Answer{IPVersion: version}
	err := collector.Guard("ask "+c.target.URL+" over HTTP/3", func() (err error) {
		answer.Status, err = c.statusOverHTTP3(ctx, version)
		return err
	})
	var unverified *tls.CertificateVerificationError
	if errors.As(err, &unverified) {
		err = unverified // without the number that QUIC gives it
	}
	if err != nil {
		answer.Failure = fact.FailureOf(httpclient.Error(ctx, err))
	}
	return answer
}

func (c *client) statusOverHTTP3(ctx context.Context, version fact.IPVersion) (int, error) {
	made := &attempt{answer: fact.EndpointAnswer{IPVersion: version}}
	walk, err := c.newWalk(ctx, made, *c.address)
	if err != nil {
		return 0, err
	}
	defer walk.close()
	request, _, err := walk.newRequest(ctx)
	if err != nil {
		return 0, err
	}
	var ways []*quic.Transport
	defer func() {
		for _, way := range ways {
			_ = way.Close()
			_ = way.Conn.Close()
		}
	}()
	transport := &http3.Transport{
		TLSClientConfig: walk.transport.TLSClientConfig, MaxResponseHeaderBytes: maximumHeader,
		QUICConfig: &quic.Config{HandshakeIdleTimeout: handshakePatience, DisablePathMTUDiscovery: true},
		Dial: func(ctx context.Context, at string, security *tls.Config, config *quic.Config) (*quic.Conn, error) {
			conn, err := c.dial(ctx, "udp"+string(version), at, true)
			if err != nil {
				return nil, err
			}
			way := &quic.Transport{Conn: datagrams{conn}}
			ways = append(ways, way)
			return way.Dial(ctx, conn.RemoteAddr(), security, config)
		},
	}
	defer transport.Close()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return response.StatusCode, nil
}

// datagrams are those of a connected socket, which learns of it where nothing listens. It keeps the buffers that it has: an answer that is
// not read needs none.
type datagrams struct{ net.Conn }

func (d datagrams) ReadFrom(p []byte) (int, net.Addr, error) {
	n, err := d.Read(p)
	return n, d.RemoteAddr(), err
}

func (d datagrams) WriteTo(p []byte, _ net.Addr) (int, error) { return d.Write(p) }

func (datagrams) SetReadBuffer(int) error  { return nil }
func (datagrams) SetWriteBuffer(int) error { return nil }

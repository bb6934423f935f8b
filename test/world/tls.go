package world

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// A TLSServer shakes hands and then only listens, until the client goes.
type TLSServer struct {
	Addr string

	certificate atomic.Pointer[tls.Certificate]
}

// NewTLSServer starts a server that shows certificate to everybody, whatever name they ask for. Each edit changes its
// configuration before it starts.
func NewTLSServer(tb testing.TB, certificate *Certificate, edits ...func(*tls.Config)) *TLSServer {
	tb.Helper()
	s := &TLSServer{}
	s.Show(certificate)
	config := &tls.Config{
		MinVersion:     tls.VersionTLS10, //nolint:gosec // A test may need a server that is too old.
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.certificate.Load(), nil },
	}
	for _, edit := range edits {
		edit(config)
	}
	s.Addr = serve(tb, func(ctx context.Context, conn net.Conn) {
		secure := tls.Server(conn, config)
		// What goes wrong here is for the client to see: many tests mean the handshake to fail.
		if err := secure.HandshakeContext(ctx); err == nil {
			_, _ = io.Copy(io.Discard, secure)
		}
	})
	return s
}

// Show replaces the certificate, as a renewal does.
func (s *TLSServer) Show(certificate *Certificate) {
	loaded := certificate.TLS()
	s.certificate.Store(&loaded)
}

// serve answers connections on a free port of 127.0.0.1 until the test ends, and gives the address. The context that handle
// gets ends with it, and so does the connection.
func serve(tb testing.TB, handle func(context.Context, net.Conn)) string {
	tb.Helper()
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("listen for a test server: %v", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				tb.Errorf("accept for a test server: %v", err)
				return
			}
			work.Go(func() {
				defer closeAtEnd(ctx, conn)()
				handle(ctx, conn)
			})
		}
	})
	tb.Cleanup(func() {
		cancel()
		_ = listener.Close()
		work.Wait()
	})
	return listener.Addr().String()
}

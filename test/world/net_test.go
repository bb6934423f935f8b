package world_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/smtp"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestCertificatesLastAsLongAsTheyAreToldAndChainToTheRoot(t *testing.T) {
	root := world.NewCA(t, world.Spec{})
	issuer := root.Intermediate(t, world.Spec{}).Intermediate(t, world.Spec{CommonName: "Second intermediate"})
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, key := range []world.KeyType{world.ECDSA, world.RSA2048, world.RSA1024, world.Ed25519} {
		leaf := issuer.Issue(t, world.Spec{
			DNSNames: []string{"shop.example.com"}, NotBefore: from, NotAfter: from.AddDate(0, 0, 7), Key: key,
		})
		require.Equal(t, from, leaf.X509.NotBefore)
		require.Equal(t, from.AddDate(0, 0, 7), leaf.X509.NotAfter)
		require.Len(t, leaf.Chain, 2, "both intermediates, and not the root")

		intermediates := x509.NewCertPool()
		for _, c := range leaf.Chain {
			intermediates.AddCert(c)
		}
		_, err := leaf.X509.Verify(x509.VerifyOptions{
			DNSName: "shop.example.com", Roots: root.Pool(), Intermediates: intermediates, CurrentTime: from.Add(time.Hour),
		})
		require.NoError(t, err)

		certFile, keyFile := leaf.Write(t, t.TempDir(), "shop")
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		require.NoError(t, err)
		require.Equal(t, leaf.TLS().Certificate, pair.Certificate)
	}
}

func TestATLSServerShowsTheCertificateItWasGivenLast(t *testing.T) {
	ca := world.NewCA(t, world.Spec{})
	first, second := ca.Issue(t, world.Spec{}), ca.Issue(t, world.Spec{})
	server := world.NewTLSServer(t, first)
	config := &tls.Config{RootCAs: ca.Pool()}
	require.Equal(t, first.X509.SerialNumber, shown(t, server.Addr, config).SerialNumber)
	server.Show(second)
	require.Equal(t, second.X509.SerialNumber, shown(t, server.Addr, config).SerialNumber)

	server.Show(world.SelfSigned(t, world.Spec{}))
	_, err := tls.Dial("tcp", server.Addr, config)
	require.ErrorContains(t, err, "unknown authority")
}

func shown(t *testing.T, addr string, config *tls.Config) *x509.Certificate {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, config)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().PeerCertificates[0]
}

func TestAnSMTPServerShowsItsCertificateAfterSTARTTLS(t *testing.T) {
	ca := world.NewCA(t, world.Spec{})
	server := world.NewSMTPServer(t, ca.Issue(t, world.Spec{}))
	client, err := smtp.Dial(server.Addr)
	require.NoError(t, err)
	require.NoError(t, client.StartTLS(&tls.Config{RootCAs: ca.Pool(), ServerName: "localhost"}))
	require.NoError(t, client.Quit())
}

func TestAnSMTPServerWithoutCertificateOffersNoSTARTTLS(t *testing.T) {
	client, err := smtp.Dial(world.NewSMTPServer(t, nil).Addr)
	require.NoError(t, err)
	offered, _ := client.Extension("STARTTLS")
	require.False(t, offered)
	require.NoError(t, client.Quit())
}

func TestAnSMTPServerFailsATestThatSendsAnythingElse(t *testing.T) {
	double := &recorder{TB: t, failed: make(chan string, 1)}
	conn, err := net.Dial("tcp", world.NewSMTPServer(double, nil).Addr)
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "MAIL FROM:<me@example.com>\r\n")
	require.NoError(t, err)
	require.Contains(t, <-double.failed, `unexpected command "MAIL FROM:<me@example.com>"`)
}

func TestAProxyMakesTheFaultsItIsAskedFor(t *testing.T) {
	proxy := world.NewProxy(t, echo(t))

	conn := dial(t, proxy.Addr)
	require.NoError(t, ask(conn, time.Second))

	proxy.Hang(t)
	require.ErrorIs(t, ask(conn, 100*time.Millisecond), errTimeout)
	require.ErrorIs(t, ask(dial(t, proxy.Addr), 100*time.Millisecond), errTimeout)

	proxy.Cut()
	require.Error(t, ask(conn, time.Second), "a connection that was cut")
	proxy.Pass(t)
	conn = dial(t, proxy.Addr)
	require.NoError(t, ask(conn, time.Second))

	proxy.Refuse()
	_, err := net.Dial("tcp", proxy.Addr)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.NoError(t, ask(conn, time.Second), "a connection that is open stays so")

	proxy.Slow(t, 150*time.Millisecond)
	start := time.Now()
	require.NoError(t, ask(dial(t, proxy.Addr), 5*time.Second))
	require.GreaterOrEqual(t, time.Since(start), 300*time.Millisecond, "there and back")
}

func TestAProxyCutsAndLeadsAstray(t *testing.T) {
	proxy := world.NewProxy(t, echo(t))
	open := dial(t, proxy.Addr)
	require.NoError(t, ask(open, time.Second))

	proxy.CutAfter(t, 3)
	require.Error(t, ask(open, time.Second), "a connection that was open")
	conn := dial(t, proxy.Addr)
	_, err := conn.Write([]byte("hello"))
	require.NoError(t, err)
	passed, _ := io.ReadAll(conn)
	require.Equal(t, "hel", string(passed))

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	go func() {
		if stranger, err := listener.Accept(); err == nil {
			_, _ = stranger.Write([]byte("somebody else"))
			_ = stranger.Close()
		}
	}()
	proxy.Lead(t, listener.Addr().String())
	answer, err := io.ReadAll(dial(t, proxy.Addr))
	require.NoError(t, err)
	require.Equal(t, "somebody else", string(answer))

	proxy.Pass(t)
	require.NoError(t, ask(dial(t, proxy.Addr), time.Second))
}

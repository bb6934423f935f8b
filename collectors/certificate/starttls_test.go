package certificate

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestACertificateIsCollectedAfterSTARTTLS(t *testing.T) {
	watchGoroutines(t)
	ca := world.NewCA(t, world.Spec{})
	server := world.NewSMTPServer(t, ca.Issue(t, world.Spec{CommonName: "mail"}))
	set, err := newProber(ca).collect(t.Context(), system.Certificate{Address: server.Addr, StartTLS: "smtp"})
	require.NoError(t, err)
	require.Equal(t, []brief{{server.Addr, "mail", fact.TrustPublic, nil}}, summary(set))
}

func TestTheCertificateOfADatabaseIsCollected(t *testing.T) {
	ca := world.NewCA(t, world.Spec{})
	certificate := ca.Issue(t, world.Spec{CommonName: "db", NotAfter: time.Now().Add(-time.Hour)})
	database := servers.Postgres(t, certificate)
	set, err := newProber(ca).collect(t.Context(), system.Certificate{Address: database.Addr, StartTLS: "postgres"})
	require.NoError(t, err)
	require.Equal(t, []brief{
		{database.Addr, "db", fact.TrustPublic, []fact.CertificateFault{fact.FaultExpired}},
	}, summary(set))

	database = servers.Postgres(t, certificate, "ssl=off")
	_, err = newProber(ca).collect(t.Context(), system.Certificate{Address: database.Addr, StartTLS: "postgres"})
	require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err))
	require.ErrorContains(t, err, "the server does not offer TLS")
}

// dialogue answers each line of the client with the next text.
func dialogue(greeting string, answers ...string) func(net.Conn) {
	return func(conn net.Conn) {
		buffer := make([]byte, 1<<10)
		for _, answer := range append([]string{greeting}, answers...) {
			if _, err := conn.Write([]byte(answer)); err != nil {
				return
			}
			if _, err := conn.Read(buffer); err != nil {
				return
			}
		}
	}
}

func TestAServerThatDoesNotGoOnInTLSIsUnavailable(t *testing.T) {
	watchGoroutines(t)
	ca := world.NewCA(t, world.Spec{})
	plain := world.NewSMTPServer(t, nil)
	const greeting, offer = "220 mail\r\n", "250-mail\r\n250 STARTTLS\r\n"
	for name, test := range map[string]struct {
		protocol string
		address  string
		want     fact.Reason
		err      string
	}{
		"a mail server without STARTTLS":        {"smtp", plain.Addr, fact.ReasonNotFound, "the server does not offer STARTTLS"},
		"a mail server that sends clients away": {"smtp", world.Listen(t, dialogue("554 go away\r\n")), fact.ReasonDenied, "the server answered 554, not 220"},
		"a mail server that takes it back":      {"smtp", world.Listen(t, dialogue(greeting, offer, "454 not now\r\n")), fact.ReasonDenied, "the server answered 454, not 220"},
		"a mail server that speaks in the clear": {"smtp", world.Listen(t, dialogue(greeting, offer, "220 go\r\n250 injected\r\n")), fact.ReasonInvalid,
			"the server went on in the clear after STARTTLS"},
		"a mail server that speaks no SMTP":     {"smtp", world.Listen(t, say("SSH-2.0-OpenSSH_9.2\r\n")), fact.ReasonInvalid, "the server does not answer as SMTP does"},
		"a mail server with a line of junk":     {"smtp", world.Listen(t, say(strings.Repeat("220", 1<<20))), fact.ReasonInvalid, "the server said more than 65536 bytes before TLS"},
		"a mail server that greets for ever":    {"smtp", world.Listen(t, say(strings.Repeat("220-hello\r\n", 1<<17))), fact.ReasonInvalid, "the server said more than 65536 bytes before TLS"},
		"a mail server that hangs":              {"smtp", world.Listen(t, say("")), fact.ReasonTimeout, "i/o timeout"},
		"a mail server that vanishes":           {"smtp", world.Listen(t, func(c net.Conn) { _, _ = c.Write([]byte(greeting[:5])) }), fact.ReasonUnreachable, "EOF"},
		"a mail server that has no TLS at last": {"smtp", world.Listen(t, dialogue(greeting, offer, "220 go\r\n", "what?")), fact.ReasonInvalid, "first record does not look like a TLS handshake"},
		"a database that answers with an error": {"postgres", world.Listen(t, dialogue("E")), fact.ReasonDenied, "the server answered with an error"},
		"a database that is none":               {"postgres", world.Listen(t, dialogue("HTTP/1.0")), fact.ReasonInvalid, "the server does not answer as PostgreSQL does"},
		"a database that hangs":                 {"postgres", world.Listen(t, say("")), fact.ReasonTimeout, "i/o timeout"},
		"a database that vanishes":              {"postgres", world.Listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 8)) }), fact.ReasonUnreachable, "EOF"},
		"a protocol that nobody knows":          {"ftp", world.Listen(t, say("220 ftp\r\n")), fact.ReasonUnsupported, "no such protocol is known"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience(test.want))
			defer cancel()
			_, err := newProber(ca).collect(ctx, system.Certificate{Address: test.address, StartTLS: test.protocol})
			require.ErrorContains(t, err, test.err)
			require.Equal(t, test.want, fact.ReasonOf(err), err)
			require.Less(t, len(err.Error()), 300)
		})
	}
}

// Whatever a mail server says, reading it comes to an end and gives an answer with the code that was asked for, or none.
func FuzzAnswer(f *testing.F) {
	for _, said := range []string{"220 mail\r\n", "250-mail\r\n250 STARTTLS\r\n", "250\n", "SSH-2.0\r\n", "220-\r\n", ""} {
		f.Add(said)
	}
	f.Fuzz(func(t *testing.T, said string) {
		limited := &io.LimitedReader{R: strings.NewReader(said), N: maxSMTP}
		texts, err := smtpReader{limited, bufio.NewReader(limited)}.answer("250")
		if err == nil {
			require.NotEmpty(t, texts)
			require.True(t, strings.HasPrefix(said, "250"))
		}
	})
}

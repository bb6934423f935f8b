package world

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strings"
	"syscall"
	"testing"
)

// An SMTPServer greets, and offers STARTTLS. It takes no mail: anything but EHLO, STARTTLS and QUIT fails the test.
type SMTPServer struct {
	Addr string
}

// NewSMTPServer starts a mail server that shows certificate after STARTTLS; with none it does not offer it.
func NewSMTPServer(tb testing.TB, certificate *Certificate) *SMTPServer {
	tb.Helper()
	var config *tls.Config
	if certificate != nil {
		config = &tls.Config{Certificates: []tls.Certificate{certificate.TLS()}, MinVersion: tls.VersionTLS12}
	}
	return &SMTPServer{Addr: serve(tb, func(ctx context.Context, conn net.Conn) {
		session := smtpSession{conn: conn, text: textproto.NewConn(conn), config: config}
		session.serve(ctx, tb)
	})}
}

type smtpSession struct {
	conn     net.Conn
	text     *textproto.Conn
	config   *tls.Config // nil: STARTTLS is not offered, or was done
	greeted  bool
	inbox    *MailServer // nil: no mail is taken
	loggedIn bool
}

func (s *smtpSession) serve(ctx context.Context, tb testing.TB) {
	if err := s.run(ctx); err != nil && !leaving(err) && ctx.Err() == nil {
		tb.Errorf("SMTP server: %v", err)
	}
}

func (s *smtpSession) run(ctx context.Context) error {
	if err := s.text.PrintfLine("220 mail.test ESMTP"); err != nil {
		return err
	}
	for {
		line, err := s.text.ReadLine()
		if err != nil {
			return err
		}
		verb, argument, _ := strings.Cut(line, " ")
		switch verb = strings.ToUpper(verb); {
		case verb == "EHLO" && argument != "":
			err = s.hello()
		case line == "STARTTLS" && s.greeted && s.config != nil:
			err = s.secure(ctx)
		case verb == "QUIT":
			return s.text.PrintfLine("221 bye")
		case verb == "AUTH" && s.inbox != nil && s.greeted && s.config == nil:
			err = s.logIn(argument)
		case verb == "MAIL" && s.loggedIn:
			err = s.take(argument)
		default:
			return errors.Join(fmt.Errorf("unexpected command %q", line), s.text.PrintfLine("500 not in this test"))
		}
		if err != nil {
			return err
		}
	}
}

func (s *smtpSession) hello() error {
	s.greeted = true
	switch {
	case s.config != nil:
		return s.text.PrintfLine("250-mail.test\r\n250 STARTTLS")
	case s.inbox != nil:
		return s.text.PrintfLine("250-mail.test\r\n250 AUTH PLAIN")
	default:
		return s.text.PrintfLine("250 mail.test")
	}
}

func (s *smtpSession) secure(ctx context.Context) error {
	if err := s.text.PrintfLine("220 go ahead"); err != nil {
		return err
	}
	secure := tls.Server(s.conn, s.config)
	if err := secure.HandshakeContext(ctx); err != nil {
		// The client may well refuse the certificate; that is its affair.
		return fmt.Errorf("%w: shake hands: %w", io.EOF, err)
	}
	s.conn, s.text, s.config, s.greeted = secure, textproto.NewConn(secure), nil, false
	return nil
}

// leaving reports that the client has gone, as clients do.
func leaving(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

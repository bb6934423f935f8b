package world

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The login of every MailServer.
const (
	MailUser     = "alertmanager@example.com"
	MailPassword = "a mail server's password"
)

// A MailServer takes mail over STARTTLS from whoever logs in, and keeps it. Any other command fails the test.
type MailServer struct {
	Addr string

	mu    sync.Mutex
	mails []Mail
}

// A Mail is one that was taken, its text decoded.
type Mail struct {
	From    string
	To      []string
	Subject string
	Body    string
}

// NewMailServer starts a mail server that shows certificate after STARTTLS.
func NewMailServer(tb testing.TB, certificate *Certificate) *MailServer {
	tb.Helper()
	m := &MailServer{}
	m.Addr = serve(tb, func(ctx context.Context, conn net.Conn) {
		session := smtpSession{
			conn: conn, text: textproto.NewConn(conn), inbox: m,
			config: &tls.Config{Certificates: []tls.Certificate{certificate.TLS()}, MinVersion: tls.VersionTLS12},
		}
		session.serve(ctx, tb)
	})
	return m
}

// Mails are those taken so far.
func (m *MailServer) Mails() []Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.mails)
}

func (m *MailServer) keep(taken Mail) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mails = append(m.mails, taken)
}

func (s *smtpSession) logIn(argument string) error {
	want := "PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00"+MailUser+"\x00"+MailPassword))
	if argument != want {
		return errors.Join(errors.New("unexpected login"), s.text.PrintfLine("535 not with this login"))
	}
	s.loggedIn = true
	return s.text.PrintfLine("235 welcome")
}

// take reads one mail, from the argument of MAIL to the end of its text.
func (s *smtpSession) take(sender string) error {
	taken := Mail{From: address(sender)}
	for {
		if err := s.text.PrintfLine("250 go on"); err != nil {
			return err
		}
		line, err := s.text.ReadLine()
		if err != nil {
			return err
		}
		if line == "DATA" && len(taken.To) > 0 {
			break
		}
		verb, recipient, _ := strings.Cut(line, " ")
		if !strings.EqualFold(verb, "RCPT") {
			return errors.Join(fmt.Errorf("unexpected command %q within a mail", line), s.text.PrintfLine("500 not in this test"))
		}
		taken.To = append(taken.To, address(recipient))
	}
	if err := s.text.PrintfLine("354 say it"); err != nil {
		return err
	}
	text := s.text.DotReader()
	if err := taken.read(text); err != nil {
		return errors.Join(fmt.Errorf("read a mail: %w", err), s.text.PrintfLine("554 that is no mail"))
	}
	s.inbox.keep(taken)
	return s.text.PrintfLine("250 taken")
}

// address is what stands between the brackets of MAIL FROM:<address> and RCPT TO:<address>.
func address(argument string) string {
	_, address, _ := strings.Cut(argument, "<")
	address, _, _ = strings.Cut(address, ">")
	return address
}

// read decodes the subject and the text of all parts, in their order.
func (m *Mail) read(text io.Reader) error {
	message, err := mail.ReadMessage(text)
	if err != nil {
		return err
	}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject")); err != nil {
		return fmt.Errorf("decode its subject: %w", err)
	}
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return errors.Join(fmt.Errorf("it has one part, of type %q", kind), err)
	}
	var body strings.Builder
	for parts := multipart.NewReader(message.Body, parameters["boundary"]); ; {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			m.Body = body.String()
			return nil
		}
		if err != nil {
			return fmt.Errorf("find its parts: %w", err)
		}
		var decoded io.Reader = part
		if part.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			decoded = quotedprintable.NewReader(part)
		}
		if _, err := io.Copy(&body, decoded); err != nil {
			return fmt.Errorf("decode a part: %w", err)
		}
	}
}

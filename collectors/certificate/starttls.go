package certificate

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// startTLS asks a server to go on in TLS, in the words of its protocol; none is needed where it speaks TLS from the
// start.
func startTLS(conn net.Conn, protocol string) error {
	switch protocol {
	case "":
		return nil
	case "smtp":
		return startSMTP(conn)
	case "postgres":
		return startPostgres(conn)
	default:
		return fact.Errorf(fact.ReasonUnsupported, "no such protocol is known")
	}
}

// maxSMTP is how much a mail server may say before TLS.
const maxSMTP = 64 << 10

// startSMTP speaks RFC 3207. What the server says beyond the codes stays out of errors: it is anybody's text.
func startSMTP(conn net.Conn) error {
	limited := &io.LimitedReader{R: conn, N: maxSMTP}
	server := smtpReader{limited, bufio.NewReader(limited)}
	if _, err := server.answer("220"); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, "EHLO localhost\r\n"); err != nil {
		return err
	}
	extensions, err := server.answer("250")
	if err != nil {
		return err
	}
	if !slices.Contains(extensions, "STARTTLS") {
		return fact.Errorf(fact.ReasonNotFound, "the server does not offer STARTTLS")
	}
	if _, err := io.WriteString(conn, "STARTTLS\r\n"); err != nil {
		return err
	}
	if _, err := server.answer("220"); err != nil {
		return err
	}
	if server.lines.Buffered() > 0 {
		return fact.Errorf(fact.ReasonInvalid, "the server went on in the clear after STARTTLS")
	}
	return nil
}

// A smtpReader reads what a mail server says.
type smtpReader struct {
	limit *io.LimitedReader
	lines *bufio.Reader
}

var smtpLine = regexp.MustCompile(`^([2-5][0-9]{2})(?:([ -])(.*))?\r?\n$`)

// answer reads one answer, whose lines but the last have a hyphen after the code, and gives their texts in capitals.
func (r smtpReader) answer(code string) ([]string, error) {
	var texts []string
	for {
		line, err := r.lines.ReadString('\n')
		parts := smtpLine.FindStringSubmatch(line)
		switch {
		case err != nil && r.limit.N <= 0:
			return nil, fact.Errorf(fact.ReasonInvalid, "the server said more than %d bytes before TLS", maxSMTP)
		case err != nil:
			return nil, err
		case parts == nil:
			return nil, fact.Errorf(fact.ReasonInvalid, "the server does not answer as SMTP does")
		case parts[1] != code:
			return nil, fact.Errorf(fact.ReasonDenied, "the server answered %s, not %s", parts[1], code)
		}
		texts = append(texts, strings.ToUpper(strings.TrimSpace(parts[3])))
		if parts[2] != "-" {
			return texts, nil
		}
	}
}

// startPostgres sends PostgreSQL's SSLRequest.
func startPostgres(conn net.Conn) error {
	const sslRequest = 80877103
	request := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 8), sslRequest)
	if _, err := conn.Write(request); err != nil {
		return err
	}
	var answer [1]byte
	if _, err := io.ReadFull(conn, answer[:]); err != nil {
		return err
	}
	switch answer[0] {
	case 'S':
		return nil
	case 'N':
		return fact.Errorf(fact.ReasonNotFound, "the server does not offer TLS")
	case 'E':
		return fact.Errorf(fact.ReasonDenied, "the server answered with an error")
	default:
		return fact.Errorf(fact.ReasonInvalid, "the server does not answer as PostgreSQL does")
	}
}

package login

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pgsession"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// tryPostgres connects once, at one address. What counts is whether the server says that the name is authenticated, and whether it asked
// for a password before: what it refuses after that, such as a database that does not exist, is no refusal of the login.
func (p *prober) tryPostgres(ctx context.Context, t Target) (made outcome, err error) {
	conn, err := p.dial(ctx, "tcp", t.Server)
	if err != nil {
		return made, err
	}
	defer conn.Close() // The library may have done so.
	heard := &transcript{}
	host, _, err := net.SplitHostPort(t.Server)
	if err != nil {
		return made, err
	}
	wanted, err := pgsession.TLS(t.TLS, host, t.CAFile)
	if err != nil {
		return made, err
	}
	session, err := pgsession.Open(ctx, conn, pgsession.Login{
		Username: t.Username, Password: t.Password, Database: cmp.Or(t.Database, "postgres"), TLS: wanted, Most: maximumAnswer,
		Reads: heard.server(), Writes: heard.client(),
	})
	if err == nil {
		pgsession.End(ctx, session)
	}
	admitted, asked := heard.admitted.Load(), heard.asked.Load()
	made.sent = asked
	var refused *pgconn.PgError
	named := errors.As(err, &refused) && strings.HasPrefix(refused.Code, ofAuthorization)
	switch {
	case admitted && asked && named:
		made.refusal = "the user may not log in"
	case admitted && asked:
		made.accepted = true
	case admitted:
		made.open = true
	case named, refused != nil && asked && !ofServer(refused.Code):
		made.refusal = refusal(asked)
	case heard.foreign.Load():
		made.refusal = "it asks for another proof than a password"
	case err == nil:
		return made, fact.Errorf(fact.ReasonInvalid, "the server opens a session for nobody")
	default:
		return made, explainPostgres(ctx, err, refused)
	}
	return made, nil
}

// ofAuthorization is the class of errors on who may log in (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const ofAuthorization = "28"

// ofServer tells classes of errors that say how the server is, and nothing of whoever asks: resources, operators, itself.
func ofServer(code string) bool {
	for _, class := range []string{"53", "54", "55", "57", "58", "F0", "XX"} {
		if strings.HasPrefix(code, class) {
			return true
		}
	}
	return false
}

func refusal(asked bool) string {
	if asked {
		return "it asks for a password, and refuses this one"
	}
	return "it takes no password from here (pg_hba.conf)"
}

// explainPostgres gives an error a reason, without what the library repeats of the configuration.
func explainPostgres(ctx context.Context, err error, refused *pgconn.PgError) error {
	if refused != nil {
		return fact.Errorf(fact.ReasonFailed, "the server answers with the error %s, which neither admits nor refuses",
			words.Excerpt(refused.Code))
	}
	var whole *pgconn.ConnectError
	if errors.As(err, &whole) {
		err = whole.Unwrap()
	}
	var unverified *tls.CertificateVerificationError
	reason := fact.ReasonOf(err)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &unverified), reason == fact.ReasonFailed:
		reason = fact.ReasonInvalid
	}
	return fact.Errorf(reason, "%s", words.Excerpt(err.Error()))
}

// A transcript notes what both sides of a connection say of the login. The library says goodbye at leisure, when the transcript is read
// already.
type transcript struct {
	admitted atomic.Bool // the server has authenticated the name
	asked    atomic.Bool // the client has sent a password, or a proof of one
	foreign  atomic.Bool // the server asks for something else than a password
}

type writer func([]byte) (int, error)

func (w writer) Write(content []byte) (int, error) { return w(content) }

// client reads messages that the library writes, each by itself: p is that of passwords, and the first has no type.
func (t *transcript) client() io.Writer {
	return writer(func(content []byte) (int, error) {
		if len(content) > 0 && content[0] == 'p' {
			t.asked.Store(true)
		}
		return len(content), nil
	})
}

// The codes of requests for authentication (https://www.postgresql.org/docs/current/protocol-message-formats.html).
const (
	authenticationOK        = 0
	authenticationCleartext = 3
	authenticationMD5       = 5
	authenticationSASL      = 10
)

// server reads messages of the server, a type and a length each, of which it keeps the beginning.
func (t *transcript) server() io.Writer {
	const head = 9 // the type, the length, and the code of a request for authentication
	var begun []byte
	var skip uint32
	return writer(func(content []byte) (int, error) {
		for _, each := range content {
			if skip > 0 {
				skip--
				continue
			}
			begun = append(begun, each)
			if len(begun) < 5 {
				continue
			}
			length := binary.BigEndian.Uint32(begun[1:5]) // without the type
			if length < 4 || begun[0] == 'R' && length >= 8 && len(begun) < head {
				continue
			}
			if begun[0] == 'R' && len(begun) == head {
				t.authentication(binary.BigEndian.Uint32(begun[5:]))
			}
			skip, begun = length+1-uint32(len(begun)), begun[:0]
		}
		return len(content), nil
	})
}

func (t *transcript) authentication(code uint32) {
	switch code {
	case authenticationOK:
		t.admitted.Store(true)
	case authenticationCleartext, authenticationMD5, authenticationSASL, authenticationSASL + 1, authenticationSASL + 2:
	default:
		t.foreign.Store(true)
	}
}

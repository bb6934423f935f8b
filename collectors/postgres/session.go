package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pgsession"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// maximumSession is how much is read of a server in a session, in bytes: the names of as many tables as are listed, twice over.
const maximumSession = 4 << 20

// A failed is what keeps a server from being asked, and is its fault.
type failed struct {
	cause  fact.DatabaseCause
	reason fact.Reason
	detail string
}

func (f *failed) Error() string { return f.detail }

// of is the failure of a server.
func (f *failed) of(s system.DatabaseServer) fact.DatabaseFailure {
	return fact.DatabaseFailure{Server: s.Address, Cause: f.cause, Detail: f.detail}
}

// A session is one with a server.
type session struct {
	*pgconn.PgConn
	password secret.Value
}

// open logs in at a server. An error that is no *failed is this machine's: what it needs to log in is not there, or it has no route.
func (t Target) open(ctx context.Context, s system.DatabaseServer) (*session, error) {
	password, err := secret.Read(t.Declared.PasswordFile, "")
	if err != nil {
		return nil, err
	}
	wanted, err := t.tls(s)
	if err != nil {
		return nil, err
	}
	conn, err := dial(ctx, s)
	switch {
	case err != nil && reach.NoRoute(err):
		return nil, err
	case err != nil:
		return nil, explain(ctx, err, nil)
	}
	heard := &listener{Conn: conn}
	_, database := t.Declared.Servers()
	opened, err := pgsession.Open(ctx, heard, pgsession.Login{
		Username: t.Declared.Username, Password: password, Database: database, TLS: wanted, Most: maximumSession,
	})
	if err != nil {
		conn.Close() // The library may have done so.
		if wanted == nil {
			heard = nil // It was not asked for TLS.
		}
		failure := explain(ctx, err, heard)
		failure.detail = secret.Redact(failure.detail, password)
		return nil, failure
	}
	return &session{opened, password}, nil
}

// tls is how a server is asked for TLS. At a socket of this machine there is none.
func (t Target) tls(s system.DatabaseServer) (*tls.Config, error) {
	if s.Host == "" {
		return nil, nil
	}
	name := t.Declared.ServerName
	if name == "" {
		name = s.Host
	}
	return pgsession.TLS(t.Declared.DeclaredTLS(), name, t.Declared.CAFile)
}

// query gives the rows of the last of several statements, which are sent as one text: a pooler that gives each transaction another
// session of the server keeps no prepared statements.
func (s *session) query(ctx context.Context, statements string) ([][]string, error) {
	results, err := s.Exec(ctx, statements).ReadAll()
	if err != nil {
		failure := explain(ctx, err, nil)
		failure.detail = secret.Redact(failure.detail, s.password)
		return nil, failure
	}
	var rows [][]string
	for _, result := range results {
		if result.FieldDescriptions == nil {
			continue
		}
		rows = make([][]string, len(result.Rows))
		for i, row := range result.Rows {
			for _, value := range row {
				rows[i] = append(rows[i], string(value))
			}
		}
	}
	return rows, nil
}

// read gives the rows of a statement in a transaction that writes nothing, and that the server ends after a time.
func (s *session) read(ctx context.Context, statement string) ([][]string, error) {
	rows, err := s.query(ctx, "BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = '20s'; "+statement+"; COMMIT")
	if err != nil && s.TxStatus() != 'I' {
		_, _ = s.query(ctx, "ROLLBACK") // A session that belongs to a pooler is given back in order.
	}
	return rows, err
}

// end says goodbye.
func (s *session) end(ctx context.Context) { pgsession.End(ctx, s.PgConn) }

// A listener notes the first byte of a server, which is what it makes of being asked for TLS.
type listener struct {
	net.Conn
	first byte
	heard bool
}

func (l *listener) Read(p []byte) (n int, err error) {
	n, err = l.Conn.Read(p)
	if n > 0 && !l.heard {
		l.first, l.heard = p[0], true
	}
	return n, err
}

// refusesTLS is the first byte of a server that takes no TLS
// (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL).
const refusesTLS = 'N'

// explain makes a failure of an error, without what the library repeats of the configuration.
func explain(ctx context.Context, err error, heard *listener) *failed {
	var refused *pgconn.PgError
	var whole *pgconn.ConnectError
	if errors.As(err, &refused) {
		return &failed{causeOf(refused.Code), fact.ReasonDenied, fmt.Sprintf("the server answers: %s (error %s)",
			words.Excerpt(refused.Message), words.Printable(refused.Code, 5))}
	}
	if errors.As(err, &whole) {
		err = whole.Unwrap()
	}
	var unverified *tls.CertificateVerificationError
	reason := fact.ReasonOf(err)
	switch {
	case ctx.Err() != nil:
		cause := context.Cause(ctx)
		return &failed{fact.DatabaseUnreachable, fact.ReasonOf(cause), cause.Error()}
	case errors.As(err, &unverified):
		return &failed{fact.DatabaseUnverified, fact.ReasonInvalid, words.Excerpt(unverified.Err.Error())}
	case heard != nil && heard.heard && heard.first == refusesTLS:
		return &failed{fact.DatabaseNoTLS, fact.ReasonInvalid, "the server takes no TLS"}
	case reason == fact.ReasonFailed:
		return &failed{fact.DatabaseInvalid, fact.ReasonInvalid, "the server does not answer as PostgreSQL does: " + words.Excerpt(err.Error())}
	default:
		return &failed{fact.DatabaseUnreachable, reason, words.Excerpt(err.Error())}
	}
}

// causeOf tells the error codes of a server apart.
func causeOf(code string) fact.DatabaseCause {
	switch {
	case code == "28P01":
		return fact.DatabaseWrongLogin
	case strings.HasPrefix(code, "28"), code == "42501":
		return fact.DatabaseNotPermitted
	case code == "3D000":
		return fact.DatabaseMissing
	case code == "53300":
		return fact.DatabaseFull
	case code == "57P01", code == "57P02", code == "57P03":
		return fact.DatabaseNotReady
	default:
		return fact.DatabaseRejected
	}
}

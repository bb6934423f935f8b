// Package pgsession is how collectors open a session at a server of PostgreSQL: by what is declared alone, over a connection that is
// there already, and within bounds.
package pgsession

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// A Login is who logs in where.
type Login struct {
	Username string
	Password secret.Value
	Database string
	TLS      *tls.Config // nil: none is wanted
	// Most is how much is read of the server in a session, and in a message of it, in bytes.
	Most int64
	// Reads and Writes hear what the server and this side say, beneath TLS; nil: nobody listens.
	Reads, Writes io.Writer
}

// nowhere is an address that is not asked: the connection is there already.
const nowhere = "127.0.0.1"

// Open opens a session over a connection, which belongs to it from then on. A pooler before the server refuses parameters that it does
// not keep for each client, so that none is sent but those that all of them know.
func Open(ctx context.Context, conn net.Conn, l Login) (*pgconn.PgConn, error) {
	// The library reads the environment, as its programs do: nothing of that holds.
	config, err := pgconn.ParseConfig("host=" + nowhere +
		" user=nobody password=none sslmode=disable target_session_attrs=any passfile=/dev/null")
	if err != nil {
		return nil, fact.Errorf(fact.ReasonFailed, "read the environment variables of PostgreSQL's clients: %s", words.Excerpt(err.Error()))
	}
	config.User, config.Password, config.Database, config.TLSConfig = l.Username, l.Password.Reveal(), l.Database, l.TLS
	config.RuntimeParams = map[string]string{"application_name": "readiness-exporter", "client_encoding": "UTF8"}
	config.Fallbacks, config.ValidateConnect, config.AfterConnect = nil, nil, nil
	config.ConnectTimeout = 0 // The context has one.
	config.SSLNegotiation, config.SSLCertMode, config.RequireAuth, config.ChannelBinding = "postgres", "disable", "", "prefer"
	config.MinProtocolVersion, config.MaxProtocolVersion = "3.0", "3.0"
	config.MaxProtocolMessageBodyLen = int(l.Most)
	config.LookupFunc = func(context.Context, string) ([]string, error) { return []string{nowhere}, nil }
	var dialled atomic.Bool
	config.DialFunc = func(context.Context, string, string) (net.Conn, error) {
		if dialled.Swap(true) {
			return nil, net.ErrClosed // It would ask the server to cancel a statement, which ends by itself.
		}
		return conn, nil
	}
	config.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		r = io.LimitReader(r, l.Most)
		if l.Reads != nil {
			r = io.TeeReader(r, l.Reads)
		}
		if l.Writes != nil {
			w = io.MultiWriter(l.Writes, w)
		}
		return pgproto3.NewFrontend(r, w)
	}
	return pgconn.ConnectConfig(ctx, config)
}

// End says goodbye, and returns once nothing of a session is left.
func End(ctx context.Context, session *pgconn.PgConn) {
	_ = session.Close(ctx) // It has told all that there is to tell.
	_ = session.Conn().Close()
	<-session.CleanupDone()
}

// TLS is how a server that is called by a name is asked, as its own clients name it; nil: without.
func TLS(mode, serverName, caFile string) (*tls.Config, error) {
	config := &tls.Config{ServerName: pki.ASCIIName(serverName), MinVersion: tls.VersionTLS12}
	switch {
	case mode == system.TLSDisable:
		return nil, nil
	case mode != system.TLSVerifyFull:
		config.InsecureSkipVerify = true //nolint:gosec // It is declared so.
		return config, nil
	case caFile == "":
		return config, nil
	}
	var err error
	if config.RootCAs, err = pki.ReadPool(caFile); err != nil {
		return nil, fmt.Errorf("read ca_file %s: %w", caFile, err)
	}
	return config, nil
}

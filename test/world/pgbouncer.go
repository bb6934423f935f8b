package world

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// A PgBouncer is a pooler before a server of PostgreSQL.
type PgBouncer struct {
	*Process
	Addr string
}

// PgBouncer starts a pooler for a test that lets a role in with its password, and shares the sessions of the server by a mode: session,
// transaction or statement.
func (w *World) PgBouncer(tb testing.TB, server *Postgres, role, password, mode string) *PgBouncer {
	tb.Helper()
	binary, err := installed("pgbouncer", "/usr/sbin")
	if err != nil {
		tb.Fatal(err)
	}
	address, err := freeAddress(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := w.dir.sub("pgbouncer")
	if err != nil {
		tb.Fatal(err)
	}
	configuration := filepath.Join(dir, "pgbouncer.ini")
	for name, content := range map[string]string{
		configuration: fmt.Sprintf("[databases]\n* = host=%s port=%s\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %s\n"+
			"unix_socket_dir =\nauth_type = plain\nauth_file = %s/users\npool_mode = %s\nserver_tls_sslmode = prefer\nserver_login_retry = 1\n",
			server.Host, server.Port, port, dir, mode),
		filepath.Join(dir, "users"): fmt.Sprintf("%q %q\n", role, password),
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			tb.Fatalf("describe PgBouncer: %v", err)
		}
	}
	owner, err := unprivileged() // It refuses to run as root, as PostgreSQL does.
	if err != nil {
		tb.Fatal(err)
	}
	if err := owner.give(dir); err != nil {
		tb.Fatal(err)
	}
	p := &PgBouncer{Addr: address, Process: &Process{
		name: "pgbouncer", logFile: filepath.Join(dir, "log"), quit: syscall.SIGINT,
		command: func() *exec.Cmd { return owner.command(w.ctx, binary, configuration) },
		ready: func(ctx context.Context) error {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
			if err == nil {
				err = conn.Close()
			}
			return err
		},
	}}
	w.startFor(tb, p.Process)
	return p
}

package world

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Where Debian has the programs of PostgreSQL, of which few are on the PATH.
const postgresFolders = "/usr/lib/postgresql/*/bin"

// Postgres is a database server that takes connections with TLS, and without.
type Postgres struct {
	*Process
	Addr     string
	Host     string
	Port     string
	User     string // a superuser, who needs no password
	Database string

	world  *World
	client string
}

// Postgres starts a database server for a test, which shows certificate. Each setting is one of PostgreSQL's own, as
// "max_connections=20".
func (w *World) Postgres(tb testing.TB, certificate *Certificate, settings ...string) *Postgres {
	tb.Helper()
	address, err := freeAddress(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		tb.Fatalf("read the address of PostgreSQL: %v", err)
	}
	client, err := installed("psql", postgresFolders)
	if err != nil {
		tb.Fatal(err)
	}
	p := &Postgres{Addr: address, Host: host, Port: port, User: "postgres", Database: "postgres", world: w, client: client}
	p.Process, err = w.newPostgres(tb, p, certificate, settings)
	if err != nil {
		tb.Fatal(err)
	}
	w.startFor(tb, p.Process)
	return p
}

// Replica starts a hot standby of a server, which lets the superuser replicate without a password.
func (w *World) Replica(tb testing.TB, primary *Postgres) *Postgres {
	tb.Helper()
	address, err := freeAddress(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		tb.Fatalf("read the address of PostgreSQL: %v", err)
	}
	p := &Postgres{
		Addr: address, Host: host, Port: port, User: primary.User, Database: primary.Database, world: w, client: primary.client,
	}
	p.Process, err = w.newReplica(p, primary)
	if err != nil {
		tb.Fatal(err)
	}
	w.startFor(tb, p.Process)
	return p
}

// newReplica copies the data of primary, and says how to run p on it.
func (w *World) newReplica(p, primary *Postgres) (*Process, error) {
	copier, err := installed("pg_basebackup", postgresFolders)
	if err != nil {
		return nil, err
	}
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := w.dir.sub("postgres")
	if err != nil {
		return nil, err
	}
	if err := owner.give(dir); err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if _, err := w.run(owner.command(w.ctx, copier, "-h", primary.Host, "-p", primary.Port, "-U", primary.User, "-D", data,
		"--write-recovery-conf", "--checkpoint=fast", "--no-sync")); err != nil {
		return nil, err
	}
	return w.postgresAt(p, owner, dir,
		"-c", "ssl=on", "-c", "ssl_cert_file="+filepath.Join(data, "server.crt"), "-c", "ssl_key_file="+filepath.Join(data, "server.key"))
}

// newPostgres lays out the data of p and says how to run it.
func (w *World) newPostgres(tb testing.TB, p *Postgres, certificate *Certificate, settings []string) (*Process, error) {
	tb.Helper()
	template, err := w.pgTemplate()
	if err != nil {
		return nil, err
	}
	dir, err := w.dir.sub("postgres")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if err := os.CopyFS(data, os.DirFS(template)); err != nil {
		return nil, fmt.Errorf("copy an empty database: %w", err)
	}
	certFile, keyFile := certificate.Write(tb, data, "server")
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	if err := owner.give(data); err != nil {
		return nil, err
	}
	args := []string{"-c", "ssl=on", "-c", "ssl_cert_file=" + certFile, "-c", "ssl_key_file=" + keyFile}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	return w.postgresAt(p, owner, dir, args...)
}

// postgresAt says how to run a server on the data in a folder.
func (w *World) postgresAt(p *Postgres, owner account, dir string, more ...string) (*Process, error) {
	binary, err := installed("postgres", postgresFolders)
	if err != nil {
		return nil, err
	}
	// Nothing need survive this machine (-F), and a socket (-k) would only be in the way of others.
	args := append([]string{"-D", filepath.Join(dir, "data"), "-h", p.Host, "-p", p.Port, "-k", "", "-F"}, more...)
	return &Process{
		// An interrupt makes it end its sessions and itself; killed, it would leave shared memory behind.
		name: "postgres", logFile: filepath.Join(dir, "log"), quit: syscall.SIGINT,
		command: func() *exec.Cmd { return owner.command(w.ctx, binary, args...) },
		ready: func(ctx context.Context) error {
			_, err := p.query(ctx, "SELECT 1")
			return err
		},
	}, nil
}

// SQL runs statements, and gives what they select: a line a row, columns parted by |.
func (p *Postgres) SQL(tb testing.TB, statements string) string {
	tb.Helper()
	output, err := p.query(tb.Context(), statements)
	if err != nil {
		tb.Fatal(err)
	}
	return output
}

// Permit replaces the rules by which it lets clients in (pg_hba.conf). They must go on to let User in without a password.
func (p *Postgres) Permit(tb testing.TB, rules ...string) {
	tb.Helper()
	if err := os.WriteFile(p.SQL(tb, "SHOW hba_file"), []byte(strings.Join(rules, "\n")+"\n"), 0o600); err != nil {
		tb.Fatalf("write the rules of PostgreSQL: %v", err)
	}
	before := p.SQL(tb, "SELECT pg_conf_load_time()")
	for p.SQL(tb, "SELECT pg_reload_conf()"); p.SQL(tb, "SELECT pg_conf_load_time()") == before; { // It reloads at leisure.
		time.Sleep(pollEvery)
	}
}

func (p *Postgres) query(ctx context.Context, statements string) (string, error) {
	output, err := p.world.run(exec.CommandContext(ctx, p.client, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
		"-h", p.Host, "-p", p.Port, "-U", p.User, "-d", p.Database, "-c", statements))
	return strings.TrimSpace(string(output)), err
}

// initPostgres makes the empty database of which each server gets a copy: making it takes much longer than copying.
func (w *World) initPostgres() (string, error) {
	binary, err := installed("initdb", postgresFolders)
	if err != nil {
		return "", err
	}
	dir, err := w.dir.sub("initdb")
	if err != nil {
		return "", err
	}
	owner, err := unprivileged()
	if err != nil {
		return "", err
	}
	if err := owner.give(dir); err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	_, err = w.run(owner.command(w.ctx, binary, "--pgdata", data, "--username", "postgres", "--auth", "trust",
		"--locale", "C", "--encoding", "UTF8", "--no-sync", "--no-instructions"))
	return data, err
}

// An account is whom a server runs as: PostgreSQL refuses to run as root.
type account struct {
	credential *syscall.Credential // nil: whoever runs the tests
}

// unprivileged is the account postgres if the tests run as root.
func unprivileged() (account, error) {
	if os.Getuid() != 0 {
		return account{}, nil
	}
	found, err := user.Lookup("postgres")
	if err != nil {
		return account{}, fmt.Errorf("find the account for PostgreSQL: %w; make it with: make %s", err, targetDebian)
	}
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("read the user id of postgres: %w", err)
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("read the group id of postgres: %w", err)
	}
	return account{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

func (a account) command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = "/" // The tests' own folder may be closed to the account.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.credential}
	return cmd
}

// give makes the account the owner of dir and all in it, and closes dir to others.
func (a account) give(dir string) error {
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("close a folder to others: %w", err)
	}
	if a.credential == nil {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, int(a.credential.Uid), int(a.credential.Gid))
	})
}

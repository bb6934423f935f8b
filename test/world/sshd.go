package world

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// An SSHD is an SSH server.
type SSHD struct {
	*Process
	Addr    string
	Port    int
	HostKey string // its public key: ssh-ed25519 AAAAC3Nz…
	Config  string // the path of its configuration
}

// SSHD starts an SSH server for a test, with lines of configuration beside those that it takes to start. It shows a host key of
// ed25519.
func (w *World) SSHD(tb testing.TB, lines ...string) *SSHD {
	tb.Helper()
	binary, err := installed("sshd", "/usr/sbin")
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := w.dir.sub("sshd")
	if err != nil {
		tb.Fatal(err)
	}
	server := &SSHD{Config: filepath.Join(dir, "sshd_config")}
	key := filepath.Join(dir, "host_key")
	if server.HostKey, err = w.makeHostKey(key, "ed25519"); err != nil {
		tb.Fatal(err)
	}
	if server.Addr, err = freeAddress(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	address := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(server.Addr))
	server.Port = address.Port
	config := append([]string{
		fmt.Sprintf("ListenAddress %s", address.IP), fmt.Sprintf("Port %d", address.Port), "HostKey " + key,
		"PidFile none", "UsePAM no", "StrictModes no",
	}, lines...)
	if err := os.WriteFile(server.Config, []byte(strings.Join(config, "\n")+"\n"), 0o600); err != nil {
		tb.Fatalf("write the configuration of sshd: %v", err)
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // Debian's service makes it.
		tb.Fatalf("make the folder that sshd is confined to: %v", err)
	}
	server.Process = &Process{
		name: "sshd", logFile: filepath.Join(dir, "log"), quit: syscall.SIGTERM,
		command: func() *exec.Cmd { return exec.CommandContext(w.ctx, binary, "-D", "-e", "-f", server.Config) },
		ready: func(ctx context.Context) error {
			// A connection would be in the log, of which tests want to know what others do.
			if !strings.Contains(server.Log(), "Server listening on") {
				return fmt.Errorf("it does not listen on %s yet", server.Addr)
			}
			return ctx.Err()
		},
	}
	w.startFor(tb, server.Process)
	return server
}

// HostKey makes a key of a type (rsa, ecdsa, ed25519), and gives the path of the private and the text of the public one.
func (w *World) HostKey(tb testing.TB, kind string) (path, public string) {
	tb.Helper()
	path = filepath.Join(tb.TempDir(), "host_key_"+kind)
	public, err := w.makeHostKey(path, kind)
	if err != nil {
		tb.Fatal(err)
	}
	return path, public
}

// makeHostKey makes a private key at a path, and gives the public one.
func (w *World) makeHostKey(path, kind string) (string, error) {
	program, err := installed("ssh-keygen", "/usr/bin")
	if err != nil {
		return "", err
	}
	if _, err := w.run(exec.CommandContext(w.ctx, program, "-q", "-t", kind, "-N", "", "-C", "", "-f", path)); err != nil {
		return "", err
	}
	public, err := os.ReadFile(path + ".pub")
	if err != nil {
		return "", fmt.Errorf("read a host key: %w", err)
	}
	return strings.TrimSpace(string(public)), nil
}

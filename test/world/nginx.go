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

// Nginx starts a web server for a test, with blocks of its section http; it is there once something listens at address. Paths are
// relative to dir.
func (w *World) Nginx(tb testing.TB, dir, address, blocks string) *Process {
	tb.Helper()
	binary, err := installed("nginx", "/usr/sbin")
	if err != nil {
		tb.Fatal(err)
	}
	config := filepath.Join(dir, "nginx.conf")
	whole := fmt.Sprintf(`daemon off; worker_processes 1; pid %[1]s/nginx.pid; error_log stderr info;
events { worker_connections 4096; }
http {
  access_log %[1]s/access.log; default_type text/plain; server_tokens off;
  client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
%[2]s
}
`, dir, blocks)
	if os.Getuid() == 0 {
		whole = "user root;\n" + whole // It is to read what the test has written.
	}
	if err := os.WriteFile(config, []byte(whole), 0o600); err != nil {
		tb.Fatalf("write the configuration of nginx: %v", err)
	}
	p := &Process{
		name: "nginx", logFile: filepath.Join(dir, "log"), quit: syscall.SIGTERM,
		command: func() *exec.Cmd { return exec.CommandContext(w.ctx, binary, "-p", dir, "-c", config) },
		ready: func(ctx context.Context) error {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
			if err == nil {
				_ = conn.Close() // Only to learn that it listens.
			}
			return err
		},
	}
	w.startFor(tb, p)
	return p
}

package world

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// Git is a git repository with a work tree, in a folder of its own.
type Git struct {
	Dir string

	tb testing.TB
}

// NewGit makes an empty repository whose branch is main.
func NewGit(tb testing.TB) *Git {
	tb.Helper()
	g := &Git{Dir: filepath.Join(tb.TempDir(), "shop"), tb: tb}
	if err := os.MkdirAll(g.Dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	g.Run("init", "--quiet", "--initial-branch=main")
	return g
}

// Run runs git in the repository, and gives what it prints.
func (g *Git) Run(arguments ...string) string {
	g.tb.Helper()
	return g.runAt(time.Now(), arguments...)
}

func (g *Git) runAt(at time.Time, arguments ...string) string {
	g.tb.Helper()
	cmd := exec.CommandContext(g.tb.Context(), "git", arguments...)
	cmd.Dir = g.Dir
	date := at.UTC().Format(time.RFC3339)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + g.Dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@shop.test", "GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@shop.test", "GIT_COMMITTER_DATE=" + date,
	}
	output, err := cmd.CombinedOutput()
	if err != nil {
		g.tb.Fatalf("git %s: %v: %s", strings.Join(arguments, " "), err, output)
	}
	return strings.TrimSpace(string(output))
}

// Write writes a file of the work tree.
func (g *Git) Write(name, content string) {
	g.tb.Helper()
	path := filepath.Join(g.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		g.tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		g.tb.Fatal(err)
	}
}

// Commit writes files, commits all of the work tree at a time, and gives the commit.
func (g *Git) Commit(at time.Time, files map[string]string) string {
	g.tb.Helper()
	for name, content := range files {
		g.Write(name, content)
	}
	g.Run("add", "--all", "--force")
	g.runAt(at, "commit", "--quiet", "--allow-empty", "--message=Change")
	return g.Run("rev-parse", "HEAD")
}

// Tag makes a tag with a date.
func (g *Git) Tag(at time.Time, name string) {
	g.tb.Helper()
	g.runAt(at, "tag", "--annotate", "--message=Release", name)
}

// ServeHTTPS serves the repository as git's own server does, to who logs in with the token as password; it gives the URL.
func (g *Git) ServeHTTPS(tb testing.TB, certificate *Certificate, token string) string {
	tb.Helper()
	backend, err := exec.CommandContext(tb.Context(), "git", "--exec-path").Output()
	if err != nil {
		tb.Fatal(err)
	}
	handler := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(backend)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + g.Dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + g.trusting(tb)},
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != token {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate.TLS()}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	tb.Cleanup(server.Close)
	return server.URL + "/.git"
}

// trusting is a configuration in which nobody minds who owns the repository.
func (g *Git) trusting(tb testing.TB) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "config")
	if err := os.WriteFile(path, []byte("[safe]\n\tdirectory = *\n"), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// A GitSSH is a server of a repository over ssh.
type GitSSH struct {
	URL            string
	KeyFile        string // of who may log in
	KnownHostsFile string
}

// ServeSSH serves the repository over ssh to who has the key.
func (g *Git) ServeSSH(tb testing.TB) GitSSH {
	tb.Helper()
	dir := tb.TempDir()
	host, login := newSigner(tb, ""), newSigner(tb, filepath.Join(dir, "key"))
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(login.PublicKey().Marshal()) {
			return nil, errors.New("it is another key")
		}
		return &ssh.Permissions{}, nil
	}}
	config.AddHostKey(host)
	trusting := g.trusting(tb)
	address := serve(tb, func(ctx context.Context, conn net.Conn) { g.serveSSH(ctx, conn, config, trusting) })
	_, port, _ := net.SplitHostPort(address) // It listens there.
	known := filepath.Join(dir, "known_hosts")
	line := fmt.Sprintf("[127.0.0.1]:%s %s", port, ssh.MarshalAuthorizedKey(host.PublicKey()))
	if err := os.WriteFile(known, []byte(line), 0o600); err != nil {
		tb.Fatal(err)
	}
	return GitSSH{URL: "ssh://git@" + address + "/shop.git", KeyFile: filepath.Join(dir, "key"), KnownHostsFile: known}
}

// newSigner makes a key, and writes it where a path is given.
func newSigner(tb testing.TB, path string) ssh.Signer {
	tb.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	if path != "" {
		block, err := ssh.MarshalPrivateKey(private, "")
		if err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	return signer
}

// serveSSH answers one client, which asks for git-upload-pack.
func (g *Git) serveSSH(ctx context.Context, conn net.Conn, config *ssh.ServerConfig, trusting string) {
	connection, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return // A client that does not trust it, or may not log in.
	}
	defer connection.Close()
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		for request := range requests {
			if request.Type != "exec" {
				_ = request.Reply(request.Type == "env", nil) // A client that is gone.
				continue
			}
			_ = request.Reply(true, nil)
			cmd := exec.CommandContext(ctx, "git", "upload-pack", g.Dir)
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + trusting}
			cmd.Stdin, cmd.Stdout, cmd.Stderr = channel, channel, channel.Stderr()
			status := byte(0)
			if cmd.Run() != nil {
				status = 1
			}
			_, _ = channel.SendRequest("exit-status", false, []byte{0, 0, 0, status})
			channel.Close()
		}
	}
}

package main

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A notifySocket is where systemd hears of its services.
type notifySocket struct {
	t      *testing.T
	socket *net.UnixConn
}

// newNotifySocket makes the socket, and has what the test starts notify it.
func newNotifySocket(t *testing.T) *notifySocket {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	t.Cleanup(func() { socket.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return &notifySocket{t: t, socket: socket}
}

// next is the next message, as its variables.
func (n *notifySocket) next() map[string]string {
	n.t.Helper()
	require.NoError(n.t, n.socket.SetReadDeadline(time.Now().Add(time.Minute)))
	message := make([]byte, 4096)
	length, err := n.socket.Read(message)
	require.NoError(n.t, err, "the service manager was not notified")
	variables := map[string]string{}
	for line := range strings.Lines(string(message[:length])) {
		name, value, assigned := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		require.True(n.t, assigned, line)
		variables[name] = value
	}
	return variables
}

// reloaded waits for a reload that was asked for to be announced, and to end. What began before is another one: the watch on the
// file may have seen it first. systemd compares the times too.
func (n *notifySocket) reloaded(asked int64) map[string]string {
	n.t.Helper()
	for {
		reloading := n.next()
		require.Equal(n.t, "1", reloading["RELOADING"])
		began, err := strconv.ParseInt(reloading["MONOTONIC_USEC"], 10, 64)
		require.NoError(n.t, err, "without it in the same message a reload of Type=notify-reload never ends")
		if ready := n.next(); began >= asked {
			return ready
		}
	}
}

// TestTheServiceManagerKnowsWhatHappens follows the life of a service: ready only once it answers, a reload that succeeds, one
// that fails, the end.
func TestTheServiceManagerKnowsWhatHappens(t *testing.T) {
	manager := newNotifySocket(t)
	file := writeFile(t, "readiness.yaml", describe("shop"))
	e := startExporter(t, "--config.file", file)
	require.Equal(t, map[string]string{"READY": "1", "STATUS": "Serving 1 system."}, manager.next())

	reload := func(content, status string) {
		t.Helper()
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		asked := monotonic(t)
		require.NoError(t, e.process.Process.Signal(syscall.SIGHUP))
		require.Equal(t, map[string]string{"READY": "1", "STATUS": status}, manager.reloaded(asked))
	}
	reload(describe("shop", "blog"), "Serving 2 systems.")
	reload("systems: [{name: shop}]", "The last reload failed, and the configuration stays as it was. The log says why.")

	e.stop()
	for message := manager.next(); message["STOPPING"] != "1"; message = manager.next() {
		require.True(t, message["RELOADING"] == "1" || message["READY"] == "1", "%v: the watch on the file may reload once more", message)
	}
}

func monotonic(t *testing.T) int64 {
	t.Helper()
	uptime, err := os.ReadFile("/proc/uptime") // Like the monotonic clock, but that it goes on while the machine sleeps.
	require.NoError(t, err)
	seconds, err := strconv.ParseFloat(strings.Fields(string(uptime))[0], 64)
	require.NoError(t, err)
	return int64(seconds * 1e6)
}

// TestAServiceThatCannotStartIsNeverReady: what waits for the service must not begin.
func TestAServiceThatCannotStartIsNeverReady(t *testing.T) {
	manager := newNotifySocket(t)
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	exporter := exec.CommandContext(t.Context(), "readiness-exporter", "--config.file", writeFile(t, "readiness.yaml", describe("shop")),
		"--storage.path", "", "--web.listen-address", taken.Addr().String())
	output, err := exporter.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(output), "address already in use")
	require.NotContains(t, manager.next(), "READY")
	require.NoError(t, manager.socket.SetReadDeadline(time.Now()))
	_, err = manager.socket.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// TestSocketActivation answers on the socket that systemd has opened, and opens none.
func TestSocketActivation(t *testing.T) {
	manager := newNotifySocket(t)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	socket, err := listener.(*net.TCPListener).File()
	require.NoError(t, err)
	address := "http://" + listener.Addr().String()
	require.NoError(t, listener.Close())

	// systemd names the process that the sockets are meant for.
	exporter := exec.Command("sh", "-c", `LISTEN_FDS=1 LISTEN_PID=$$ exec readiness-exporter "$@"`, "sh",
		"--config.file", writeFile(t, "readiness.yaml", describe("shop")), "--storage.path", "", "--web.listen-address", "192.0.2.1:1")
	exporter.ExtraFiles = []*os.File{socket}
	log := &logBuffer{}
	exporter.Stdout, exporter.Stderr = log, log
	require.NoError(t, exporter.Start())
	t.Cleanup(func() { _ = exporter.Process.Kill(); _ = exporter.Wait() })
	require.NoError(t, socket.Close())
	require.Equal(t, "1", manager.next()["READY"], "%s", log)
	response, err := http.Get(address + "/-/healthy")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)

	require.NoError(t, exporter.Process.Signal(syscall.SIGTERM))
	require.NoError(t, exporter.Wait(), "%s", log)
}

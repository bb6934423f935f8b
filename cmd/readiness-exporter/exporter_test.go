package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// A runningExporter is the program, serving, as a process of its own.
type runningExporter struct {
	t       *testing.T
	scheme  string
	client  *http.Client
	addr    string
	process *exec.Cmd
	log     *logBuffer
}

// logBuffer is what a process wrote until now.
type logBuffer struct {
	mu      sync.Mutex
	content bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.String()
}

// startExporter runs the program until the test ends, and waits until it is ready. Its log is shown when the test fails.
func startExporter(t *testing.T, arguments ...string) *runningExporter {
	t.Helper()
	return startExporterAt(t, "http", http.DefaultClient, arguments...)
}

// startExporterAt is startExporter where it takes more than plain HTTP to reach the program. What asks for a login is
// there too.
func startExporterAt(t *testing.T, scheme string, client *http.Client, arguments ...string) *runningExporter {
	t.Helper()
	return startExporterOn(t, scheme, client, freeAddress(t), arguments...)
}

// freeAddress is one at which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// startExporterOn is startExporterAt where it matters at which address the program listens.
func startExporterOn(t *testing.T, scheme string, client *http.Client, addr string, arguments ...string) *runningExporter {
	t.Helper()
	e := &runningExporter{t: t, scheme: scheme, client: client, addr: addr, log: &logBuffer{}}
	arguments = append([]string{"--web.listen-address", addr}, arguments...)
	if !slices.Contains(arguments, "--storage.path") {
		arguments = append(arguments, "--storage.path", filepath.Join(t.TempDir(), "data"))
	}
	e.process = exec.Command("readiness-exporter", arguments...)
	e.process.Stdout, e.process.Stderr = e.log, e.log
	e.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, e.process.Start())
	t.Cleanup(func() {
		e.stop()
		if t.Failed() {
			t.Logf("the exporter logged:\n%s", e.log)
		}
	})
	require.Eventually(t, func() bool {
		response, err := client.Get(scheme + "://" + addr + "/-/ready")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK || response.StatusCode == http.StatusUnauthorized
	}, time.Minute, 50*time.Millisecond, "the exporter does not become ready")
	return e
}

// stop ends the program as an init system does, and wants it to end well.
func (e *runningExporter) stop() {
	e.t.Helper()
	if e.process.ProcessState != nil {
		return
	}
	require.NoError(e.t, e.process.Process.Signal(syscall.SIGTERM))
	require.NoError(e.t, e.process.Wait(), "the exporter did not end well")
}

// get reads a path, and wants it to be there.
func (e *runningExporter) get(path string) []byte {
	e.t.Helper()
	response, err := e.client.Get(e.scheme + "://" + e.addr + path)
	require.NoError(e.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(e.t, err)
	require.Equal(e.t, http.StatusOK, response.StatusCode, "%s: %s", path, body)
	return body
}

// statuses are those of every check of the system shop in production.
func (e *runningExporter) statuses() map[string]string {
	e.t.Helper()
	var system report.System
	require.NoError(e.t, json.Unmarshal(e.get("/api/v1/systems/shop/production"), &system))
	statuses := make(map[string]string, len(system.Items))
	composites := 0
	for _, item := range system.Items {
		if item.Composite {
			composites++ // They follow from others.
			continue
		}
		statuses[item.Check] = item.Status.String()
	}
	require.Equal(e.t, 216, len(statuses)+composites+len(system.Unsupported))
	return statuses
}

// become waits until exactly these checks differ from before, in exactly this way.
func (e *runningExporter) become(before, changes map[string]string) {
	e.t.Helper()
	var got map[string]string
	deadline := time.Now().Add(2 * time.Minute)
	for time.Now().Before(deadline) {
		got = changed(before, e.statuses())
		if maps.Equal(got, changes) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	require.Equal(e.t, changes, got, "the checks that changed:\n%s", e.get("/api/v1/systems/shop/production/facts"))
}

// stays wants nothing to differ from before for a while, however often it is asked.
func (e *runningExporter) stays(before map[string]string, while time.Duration) {
	e.t.Helper()
	for end := time.Now().Add(while); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		require.Empty(e.t, changed(before, e.statuses()))
	}
}

func changed(before, now map[string]string) map[string]string {
	changes := make(map[string]string)
	for check, status := range now {
		if before[check] != status {
			changes[check] = status
		}
	}
	return changes
}

// writeFile writes a file of a test, and gives its path.
func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// scrapeConfig has a Prometheus scrape the exporter every second.
func (e *runningExporter) scrapeConfig() string {
	return fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: readiness-exporter
    scrape_native_histograms: true
    static_configs: [{targets: [%q]}]
`, e.addr)
}

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

const vantageToken = "token-of-the-main-exporter"

// describeVantage is the one file of both exporters: a site that also has a cluster, a backup and the machine, which are none of a
// vantage point's business.
func describeVantage(site, frankfurt, tokenFile string) string {
	sum := sha256.Sum256([]byte(vantageToken))
	return fmt.Sprintf(`
tokens:
  - {name: main, sha256: [%q], systems: ["*/*"], may: [facts]}
collectors:
  endpoint: {schedule: "@every 1s"}
  vantage: {schedule: "@every 1s"}
systems:
  - name: shop
    environment: production
    hosts: [{name: web-1}]
    endpoints: [{url: %q}]
    vantage_points:
      - {name: frankfurt, url: "http://%s", bearer_token_file: %s}
  - {name: wiki, environment: production, hosts: [{name: web-1}]}
`, hex.EncodeToString(sum[:]), site, frankfurt, tokenFile)
}

// access is the item of what is reached from vantage points, as the API shows it.
func (e *runningExporter) access() report.Item {
	e.t.Helper()
	var detail report.Detail
	require.NoError(e.t, json.Unmarshal(e.get("/api/v1/systems/shop/production/checks/go-live.access"), &detail))
	return detail.Item
}

func (e *runningExporter) accessBecomes(status string) report.Item {
	e.t.Helper()
	var item report.Item
	require.EventuallyWithT(e.t, func(c *assert.CollectT) {
		item = e.access()
		require.Equal(c, status, item.Status.String(), "%+v", item.Problems)
	}, 2*time.Minute, 50*time.Millisecond)
	return item
}

// startIsolated starts an exporter in a network of its own, from which nothing else of this machine is reached, at a socket of this
// machine's network: so another exporter reaches it, and it reaches no site.
func startIsolated(t *testing.T, addr string, arguments ...string) {
	t.Helper()
	listener, err := net.Listen("tcp4", addr)
	require.NoError(t, err)
	socket, err := listener.(*net.TCPListener).File()
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	script := `ip link set lo up; LISTEN_FDS=1 LISTEN_PID=$$ exec readiness-exporter "$@"`
	isolated := exec.Command("unshare", append([]string{"--net", "sh", "-ec", script, "sh"}, arguments...)...)
	isolated.ExtraFiles = []*os.File{socket}
	log := &logBuffer{}
	isolated.Stdout, isolated.Stderr = log, log
	require.NoError(t, isolated.Start())
	require.NoError(t, socket.Close())
	t.Cleanup(func() {
		_ = isolated.Process.Signal(syscall.SIGTERM)
		require.NoError(t, isolated.Wait(), "%s", log)
	})
}

// TestASiteIsJudgedFromTwoHosts runs the program twice with one file. What is reached from here alone fails, and says from where.
func TestASiteIsJudgedFromTwoHosts(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "welcome") }))
	t.Cleanup(site.Close)
	addr, folder := freeAddress(t), t.TempDir()
	file := writeFile(t, "readiness.yaml", describeVantage(site.URL+"/", addr, writeFile(t, "token", vantageToken+"\n")))
	there := []string{"--config.file", file, "--vantage.name", "frankfurt", "--storage.path", filepath.Join(folder, "frankfurt")}
	frankfurt := startExporterOn(t, "http", http.DefaultClient, addr, there...)
	exporter := startExporter(t, "--config.file", file)
	subject := site.URL + "/ from frankfurt"

	exporter.accessBecomes("pass")
	mine := fmt.Sprintf(`readiness_endpoint_up{environment="production",purpose="front",system="shop",url=%q}`, site.URL+"/")
	theirs := strings.Replace(mine, "}", `,vantage="frankfurt"}`, 1)
	exporter.eventually(mine, "1")
	exporter.eventually(theirs, "1")

	// It serves page, metrics and API, of what is collected there alone; it concludes nothing for Prometheus, since another does.
	metrics := string(frankfurt.get("/metrics"))
	require.Contains(t, metrics, theirs+" 1\n")
	for _, never := range []string{mine + " ", "readiness_check_", "readiness_gate_", "readiness_score_", "readiness_host_", `system="wiki"`} {
		require.NotContains(t, metrics, never)
	}
	require.Contains(t, string(frankfurt.get("/systems/shop/production")), "from the vantage point frankfurt alone")
	require.Contains(t, string(frankfurt.get("/api/v1/systems/shop/production/checks/functional.domain")), `"status":"pass"`)

	frankfurt.stop()
	item := exporter.accessBecomes("unknown")
	require.Contains(t, item.Problems[0].Detail, "connection refused")
	exporter.eventually(theirs, "") // What cannot be reached is not said to be up.
	exporter.eventually(mine, "1")

	startIsolated(t, addr, there...)
	item = exporter.accessBecomes("fail")
	require.Equal(t, subject, item.Problems[0].Subject)
	require.Equal(t, "unreachable", item.Problems[0].Reason)
	exporter.eventually(theirs, "0")
	exporter.eventually(mine, "1")
	require.Equal(t, "fail", exporter.statuses()["functional.domain"], "the worst of all counts")
	require.Contains(t, string(exporter.get("/systems/shop/production")), subject)
}

// Of two vantage points that changed their places neither is taken for the other.
func TestAVantagePointMustBeDeclared(t *testing.T) {
	file := writeFile(t, "readiness.yaml", describeVantage("http://127.0.0.1:1/", "127.0.0.1:2", "/etc/readiness/token"))
	for name, c := range map[string]struct {
		arguments []string
		want      string
	}{
		"one that is not":       {[]string{"--config.file", file, "--vantage.name", "tokyo"}, "--vantage.name tokyo is not declared: expected one of frankfurt"},
		"in a file without any": {[]string{"--config.file", writeFile(t, "other.yaml", describe("shop")), "--vantage.name", "tokyo"}, "no vantage point is declared"},
		"without a file":        {[]string{"--vantage.name", "tokyo"}, "no vantage point is declared"},
	} {
		t.Run(name, func(t *testing.T) {
			output, err := exec.CommandContext(t.Context(), "readiness-exporter", append(c.arguments, "--config.check")...).CombinedOutput()
			require.Error(t, err)
			require.Contains(t, string(output), c.want)
		})
	}
	output, err := exec.CommandContext(t.Context(), "readiness-exporter", "--config.file", file, "--vantage.name", "frankfurt", "--config.check").CombinedOutput()
	require.NoError(t, err, "%s", output)
}

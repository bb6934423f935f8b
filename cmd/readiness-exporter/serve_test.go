package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// value reads the one series of a scrape that begins with a text.
func (e *runningExporter) value(series string) string {
	e.t.Helper()
	for line := range strings.Lines(string(e.get("/metrics"))) {
		if rest, found := strings.CutPrefix(line, series+" "); found {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

func (e *runningExporter) eventually(series, value string) {
	e.t.Helper()
	require.EventuallyWithT(e.t, func(c *assert.CollectT) {
		require.Equal(c, value, e.value(series), series)
	}, 2*time.Minute, 50*time.Millisecond)
}

func describe(names ...string) string {
	var described strings.Builder
	described.WriteString("systems:\n")
	for _, name := range names {
		fmt.Fprintf(&described, "  - {name: %s, environment: production, hosts: [{name: web-1}]}\n", name)
	}
	return described.String()
}

func info(system string) string {
	return fmt.Sprintf(`readiness_system_info{checklist="production",environment="production",system=%q,team=""}`, system)
}

// TestReload loads by a request, by SIGHUP and by itself when the file changes; a bad file changes nothing.
func TestReload(t *testing.T) {
	const rarely = "collectors: {host: {schedule: '@every 1h'}}\n" // So that it runs only where it is made to.
	file := writeFile(t, "readiness.yaml", rarely+describe("shop"))
	write := func(content string) { require.NoError(t, os.WriteFile(file, []byte(rarely+content), 0o600)) }
	e := startExporter(t, "--config.file", file, "--web.enable-lifecycle")
	require.Equal(t, "1", e.value(info("shop")))
	require.Equal(t, "1", e.value("readiness_config_last_reload_successful"))
	runs := e.value(`readiness_collector_runs_total{collector="host",outcome="success"}`)

	write(describe("shop", "blog"))
	require.Equal(t, http.StatusOK, e.post("/-/reload"))
	e.eventually(info("blog"), "1")
	require.NotEmpty(t, runs)
	before, err := strconv.Atoi(runs)
	require.NoError(t, err)
	after, err := strconv.Atoi(e.value(`readiness_collector_runs_total{collector="host",outcome="success"}`))
	require.NoError(t, err)
	require.LessOrEqual(t, after, before+1, "what stays as it was is not collected anew")

	write("systems: [{name: shop}]")
	require.Equal(t, http.StatusInternalServerError, e.post("/-/reload"))
	require.Equal(t, "0", e.value("readiness_config_last_reload_successful"))
	require.NotEqual(t, "0", e.value(`readiness_config_reloads_total{outcome="failure"}`))
	require.Equal(t, "1", e.value(info("blog")), "a bad file changes nothing")

	write(describe("shop", "wiki"))
	require.NoError(t, e.process.Process.Signal(syscall.SIGHUP))
	e.eventually(info("wiki"), "1")
	require.Empty(t, e.value(info("blog")), "what is described no longer has no series")
	require.Empty(t, e.value(
		`readiness_collector_runs_total{collector="filesystem",environment="production",outcome="success",system="blog"}`))
	require.Equal(t, "1", e.value("readiness_config_last_reload_successful"))

	write(describe("shop"))
	e.eventually(info("wiki"), "")
	require.Contains(t, e.log.String(), `msg="loaded the configuration" cause="file change"`)
}

func TestReloadByRequestIsOffUnlessAskedFor(t *testing.T) {
	e := startExporter(t, "--config.file", writeFile(t, "readiness.yaml", describe("shop")))
	require.Equal(t, http.StatusForbidden, e.post("/-/reload"))
}

// TestStartReloadAndStopAreOneLineEach, and each line and series that names the version names the same.
func TestStartReloadAndStopAreOneLineEach(t *testing.T) {
	file := writeFile(t, "readiness.yaml", "collectors: {host: {schedule: '@every 1h'}}\n"+describe("shop", "blog"))
	e := startExporter(t, "--config.file", file, "--web.enable-pprof")
	require.NoError(t, e.process.Process.Signal(syscall.SIGHUP))
	e.eventually(`readiness_config_reloads_total{outcome="success"}`, "2")
	var build string
	for line := range strings.Lines(string(e.get("/metrics"))) {
		if strings.HasPrefix(line, "readiness_build_info{") {
			build = line
		}
	}
	require.Regexp(t, `version="development"} 1\n$`, build)
	require.Contains(t, string(e.get("/debug/pprof/goroutine?debug=1")), "readiness-exporter/internal/engine.")
	e.stop()
	lines := slices.Collect(strings.Lines(e.log.String()))
	require.Len(t, lines, 3)
	for i, want := range []string{
		`msg="readiness-exporter is running" version=development address=` + e.addr + ` systems=2`,
		`msg="loaded the configuration" cause=SIGHUP`,
		`msg="readiness-exporter has stopped"`,
	} {
		require.Regexp(t, `^level=info ts=\S+ caller=\S+ `+regexp.QuoteMeta(want)+`\n$`, lines[i])
	}
}

func TestTheVersionIsWhatGoHasNoted(t *testing.T) {
	require.Equal(t, "development", versionOf(nil))
	for noted, want := range map[string]string{
		"": "development", "(devel)": "development", "v1.2.3": "v1.2.3", "v0.0.0-20261125230733-07427e836c60+dirty": "v0.0.0-20261125230733-07427e836c60+dirty",
	} {
		require.Equal(t, want, versionOf(&debug.BuildInfo{Main: debug.Module{Version: noted}}))
	}
}

func TestOnlyTheFactsThatAreAskedForHaveGauges(t *testing.T) {
	for flag, shown := range map[string]bool{"filesystem,certificate": true, "none": false} {
		e := startExporter(t, "--config.file", writeFile(t, "readiness.yaml", describe("shop")), "--metrics.facts", flag)
		scrape := string(e.get("/metrics"))
		require.NotContains(t, scrape, "\nreadiness_host_")
		require.Equal(t, shown, strings.Contains(scrape, "\nreadiness_filesystem_size_bytes{"), flag)
		require.Contains(t, scrape, "\nreadiness_check_ready{", "what is concluded of facts is always there")
		require.Contains(t, string(e.get("/api/v1/systems/shop/production/facts")), `"kernel"`)
	}
}

func (e *runningExporter) post(path string) int {
	e.t.Helper()
	response, err := http.Post("http://"+e.addr+path, "text/plain", http.NoBody)
	require.NoError(e.t, err)
	require.NoError(e.t, response.Body.Close())
	return response.StatusCode
}

// TestWithoutAFileThisMachineAndItsClusterAreDescribed is the first minute of a user.
func TestWithoutAFileThisMachineAndItsClusterAreDescribed(t *testing.T) {
	t.Setenv("KUBECONFIG", servers.Kubernetes(t).Kubeconfig)
	e := startExporter(t)
	hostname, err := os.Hostname()
	require.NoError(t, err)
	var facts report.SystemFacts
	require.NoError(t, json.Unmarshal(e.get("/api/v1/systems/"+hostname+"/default/facts"), &facts))
	var runs []string
	for _, run := range facts.Runs {
		require.Nil(t, run.Failure)
		runs = append(runs, run.Collector+" "+run.Target)
	}
	require.Subset(t, runs, []string{"host " + hostname, "kubernetes default"})
	require.Equal(t, 1, strings.Count(e.log.String(), "\n"), "one line at start: %s", e.log)
	require.Contains(t, e.log.String(), "address="+e.addr)
	require.Contains(t, string(e.get("/")), hostname)
}

// TestStopDoesNotWaitForWhatHangs ends the program while a collection is under way.
func TestStopDoesNotWaitForWhatHangs(t *testing.T) {
	hanging := world.NewProxy(t, "127.0.0.1:1")
	hanging.Hang(t)
	file := writeFile(t, "readiness.yaml", fmt.Sprintf(`
systems:
  - name: shop
    environment: production
    certificates: [{address: %q}]
collectors: {certificate: {schedule: "@every 1s", timeout: 1s}}
`, hanging.Addr))
	e := startExporter(t, "--config.file", file)
	started := time.Now()
	e.stop()
	require.Less(t, time.Since(started), 10*time.Second)
}

// TestScrapeIsAsDocumented holds a real scrape against the reference, and has promtool check it.
func TestScrapeIsAsDocumented(t *testing.T) {
	s := newShop(t)
	e := startExporter(t, "--config.file", s.config)
	scrape := e.get("/metrics")

	promtool := exec.CommandContext(t.Context(), "../../.cache/bin/promtool", "check", "metrics")
	promtool.Stdin = bytes.NewReader(scrape)
	output, err := promtool.CombinedOutput()
	require.NoError(t, err, "promtool check metrics (build it with: make tools-monitoring): %s", output)
	require.Empty(t, string(output))

	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(scrape))
	require.NoError(t, err)
	all, closeAll := collectors.All(collectors.Options{RootFS: "/"})
	defer closeAll()
	documented, err := metrics.Families(all)
	require.NoError(t, err)
	for _, each := range documented {
		family := families[each.Name]
		delete(families, each.Name)
		if family == nil {
			continue // Not everything can be seen in this world.
		}
		require.Equal(t, each.Help, family.GetHelp(), each.Name)
		require.Equal(t, each.Type, strings.ToLower(family.GetType().String()), each.Name)
		// Nothing here is collected from a vantage point, and such a label is left out where it is empty.
		labels := slices.DeleteFunc(slices.Sorted(slices.Values(each.Labels)), func(label string) bool { return label == fact.LabelVantage })
		for _, metric := range family.GetMetric() {
			require.Equal(t, labels, labelNames(metric), each.Name)
		}
	}
	for name := range families {
		require.Regexp(t, "^(go|process)_", name, "a metric that the reference does not name")
	}
	for _, shown := range [][]byte{scrape, e.get("/"), e.get("/api/v1/systems/shop/production/facts"), []byte(e.log.String())} {
		require.NotContains(t, string(shown), s.store.SecretKey, "a secret is shown")
	}
}

func bcryptOf(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	require.NoError(t, err)
	return string(hash)
}

func labelNames(metric *dto.Metric) []string {
	var names []string
	for _, label := range metric.GetLabel() {
		names = append(names, label.GetName())
	}
	slices.Sort(names)
	return names
}

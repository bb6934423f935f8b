package bench

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	testworld "github.com/readiness-exporter/readiness-exporter/test/world"
)

// How often a Prometheus scrapes and evaluates unless it is told otherwise, and as far back as rules read what is scraped.
const (
	scrapedEvery   = time.Minute
	evaluatedEvery = time.Minute
	scrapedBefore  = 30 * time.Minute
)

// How often it does here, so that a measurement takes few minutes: what one scrape and one round of rules cost is the same.
const (
	scrapedEveryHere   = 30 * time.Second
	evaluatedEveryHere = 30 * time.Second
	scrapesHere        = 2
	roundsHere         = 2
	agedTogether       = 3 // samples of each series in one scrape of the past
)

// An inUse is what an exporter costs a Prometheus that scrapes it and evaluates its rules.
type inUse struct {
	series, headSeries float64
	bytes, gzip        int           // of a scrape
	scrape, scrapeCPU  time.Duration // one
	samples            float64       // a second, with those that rules record
	resident           float64       // bytes
	round, roundCPU    time.Duration // of all rules
	slowest            time.Duration // group of rules
	slowestGroup       string
}

const tableHead = "| systems | series | scrape, plain | gzip | scrape | its CPU | samples a second | head series | Prometheus | a round of rules | " +
	"its CPU | slowest group |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n"

func (m inUse) row(name string) string {
	return fmt.Sprintf("| %s | %.0f | %.1f MB | %.2f MB | %.2f s | %.2f s | %.0f | %.0f | %.0f MiB | %.2f s | %.2f s | %s, %.2f s |\n",
		name, m.series, float64(m.bytes)/1e6, float64(m.gzip)/1e6, m.scrape.Seconds(), m.scrapeCPU.Seconds(), m.samples, m.headSeries,
		m.resident/(1<<20), m.round.Seconds(), m.roundCPU.Seconds(), m.slowestGroup, m.slowest.Seconds())
}

// measureInUse has a Prometheus of its own scrape a handler and evaluate rules. The processor time of a round is that of the
// process without what its scrapes take: a machine that does other work too does not change it much.
func measureInUse(b *testing.B, exporter http.Handler, rules []testworld.File) (m inUse) {
	b.Helper()
	m.bytes, m.gzip = forms()[0].scrape(exporter), forms()[1].scrape(exporter)
	target := &aged{Handler: exporter, begun: time.Now().Add(-scrapedBefore)}
	server := httptest.NewServer(target)
	defer server.Close()
	config := func(every time.Duration, more string) string {
		return fmt.Sprintf("global: {scrape_interval: %s, scrape_timeout: %[1]s}\n%s\nscrape_configs:\n"+
			"  - {job_name: readiness-exporter, honor_labels: true, static_configs: [{targets: [%q]}]}\n",
			every, more, server.Listener.Addr())
	}
	p := servers.Prometheus(b, config(time.Second*time.Duration(1+m.bytes/3_000_000), ""))
	await(b, 100*time.Millisecond, target.isNow)
	p.Reload(b, config(scrapedEveryHere, ""))
	target.awaitScrapes(b, 1)
	scrapes := usedBy(b, p, target, func() { target.awaitScrapes(b, scrapesHere) })
	m.scrapeCPU = scrapes.processor / time.Duration(scrapes.scrapes)
	m.scrape = seconds(float64(p.Query(b, "scrape_duration_seconds")[0].Value))
	m.series = float64(p.Query(b, "scrape_samples_scraped")[0].Value)

	p.Reload(b, config(scrapedEveryHere, `rule_files: ["*.rules.yaml"]`), rules...)
	groups := 0
	for _, file := range rules {
		groups += strings.Count(file.Content, "\n  - name: ")
	}
	awaitRounds(b, p, groups, 1) // the first has nothing recorded to read
	withRules := usedBy(b, p, target, func() { awaitRounds(b, p, groups, roundsHere) })
	m.roundCPU = (withRules.processor - m.scrapeCPU*time.Duration(withRules.scrapes)) / roundsHere

	require.Equal(b, 1.0, float64(p.Query(b, "min_over_time(up[1h])")[0].Value), "a scrape has failed: this machine has too much other work")
	own := metricsOf(b, p)
	recorded := 0.0
	for _, group := range own["prometheus_rule_group_last_evaluation_samples"].GetMetric() {
		recorded += group.GetGauge().GetValue()
	}
	for _, group := range own["prometheus_rule_group_last_duration_seconds"].GetMetric() {
		took := seconds(group.GetGauge().GetValue())
		m.round += took
		if took >= m.slowest {
			_, name, _ := strings.Cut(group.GetLabel()[0].GetValue(), ";")
			m.slowest, m.slowestGroup = took, name
		}
	}
	m.samples = m.series/scrapedEvery.Seconds() + recorded/evaluatedEvery.Seconds()
	m.headSeries = own["prometheus_tsdb_head_series"].GetMetric()[0].GetGauge().GetValue()
	m.resident = own["process_resident_memory_bytes"].GetMetric()[0].GetGauge().GetValue()
	return m
}

func seconds(value float64) time.Duration { return time.Duration(value * float64(time.Second)) }

// shippedRules are the rules that are loaded always.
func shippedRules(b *testing.B) (rules []testworld.File) {
	b.Helper()
	paths, err := filepath.Glob("../../alerts/*.rules.yaml")
	require.NoError(b, err)
	require.NotEmpty(b, paths)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(b, err)
		hastened := regexp.MustCompile(`(?m)^    interval: .*$`).ReplaceAll(content, []byte("    interval: "+evaluatedEveryHere.String()))
		rules = append(rules, testworld.File{Name: filepath.Base(path), Content: string(hastened)})
	}
	return rules
}

// A usage is what a Prometheus did over a while.
type usage struct {
	processor time.Duration
	scrapes   int64
}

func usedBy(b *testing.B, p *testworld.Prometheus, target *aged, while func()) usage {
	b.Helper()
	processor := func() time.Duration {
		return seconds(metricsOf(b, p)["process_cpu_seconds_total"].GetMetric()[0].GetCounter().GetValue())
	}
	before, scrapes := processor(), target.scrapes.Load()
	while()
	return usage{processor() - before, target.scrapes.Load() - scrapes}
}

// awaitRounds waits until each group of rules was evaluated so many times more.
func awaitRounds(b *testing.B, p *testworld.Prometheus, groups, rounds int) {
	b.Helper()
	count := func() map[string]float64 {
		counts := make(map[string]float64)
		for _, group := range metricsOf(b, p)["prometheus_rule_group_iterations_total"].GetMetric() {
			counts[group.GetLabel()[0].GetValue()] = group.GetCounter().GetValue()
		}
		return counts
	}
	before := count()
	await(b, 3*time.Second, func() bool { // seldom, since Prometheus works for each answer
		done := 0
		for name, iterations := range count() {
			if iterations >= before[name]+float64(rounds) {
				done++
			}
		}
		return done == groups
	})
}

func metricsOf(b *testing.B, p *testworld.Prometheus) map[string]*dto.MetricFamily {
	b.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(get(b.Context(), p.Addr, "/metrics")))
	require.NoError(b, err)
	return families
}

func await(b *testing.B, every time.Duration, done func() bool) {
	b.Helper()
	require.Eventually(b, done, 20*time.Minute, every)
}

// An aged exporter answers its first scrapes as if they were those of the last half hour.
type aged struct {
	http.Handler
	begun   time.Time
	scrapes atomic.Int64
}

func (a *aged) at() time.Time {
	return a.begun.Add(time.Duration(a.scrapes.Load()) * agedTogether * scrapedEvery)
}

func (a *aged) isNow() bool { return !a.at().Before(a.begun.Add(scrapedBefore)) }

func (a *aged) awaitScrapes(b *testing.B, more int64) {
	b.Helper()
	before := a.scrapes.Load()
	await(b, 100*time.Millisecond, func() bool { return a.scrapes.Load() >= before+more })
}

func (a *aged) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer a.scrapes.Add(1)
	if a.isNow() {
		a.Handler.ServeHTTP(w, r)
		return
	}
	answer := &kept{}
	forms()[0].ask(a.Handler, answer)
	var aged bytes.Buffer
	for line := range bytes.Lines(answer.Bytes()) {
		if line[0] == '#' {
			aged.Write(line)
			continue
		}
		for i := range agedTogether {
			at := a.at().Add(time.Duration(i) * scrapedEvery)
			aged.Write(line[:len(line)-1])
			aged.WriteString(" " + strconv.FormatInt(at.UnixMilli(), 10) + "\n")
		}
	}
	_, _ = aged.WriteTo(w) // where it cannot be written the scrape fails, and shows it
}

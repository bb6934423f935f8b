package metrics_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	asText        = "text/plain"
	asOpenMetrics = "application/openmetrics-text; version=1.0.0"
	asProtobuf    = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)

// exposed is an exposition of assessments whose self says nothing.
func exposed(t *testing.T, assessments ...*assess.Assessment) *metrics.Exposition {
	t.Helper()
	e := metrics.NewExposition(tankCollectors(), prometheus.NewRegistry())
	require.NoError(t, e.Publish(assessments))
	return e
}

func request(method, accept, encoding string) *http.Request {
	r := httptest.NewRequest(method, "/metrics", http.NoBody)
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", encoding)
	return r
}

// scrape gives what is served in a format, decompressed.
func scrape(t *testing.T, e http.Handler, accept, encoding string) string {
	t.Helper()
	answer := httptest.NewRecorder()
	e.ServeHTTP(answer, request(http.MethodGet, accept, encoding))
	require.Equal(t, http.StatusOK, answer.Code)
	if encoding == "" {
		require.Empty(t, answer.Header().Get("Content-Encoding"))
		return answer.Body.String()
	}
	require.Equal(t, encoding, answer.Header().Get("Content-Encoding"))
	reader, err := gzip.NewReader(answer.Body)
	require.NoError(t, err)
	content, err := io.ReadAll(reader)
	require.NoError(t, err)
	return string(content)
}

func parse(t *testing.T, text string) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	require.NoError(t, err)
	return families
}

func TestTheWholeExposition(t *testing.T) {
	text := scrape(t, exposed(t, assessed(planOf("shop"), now, smallWorld()...)), asText, "")
	golden := filepath.Join("testdata", "exposition.prom")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(text), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(string(want), text))
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestTheExportersOwnMetricsAreLintFree(t *testing.T) {
	self := metrics.NewSelf()
	self.ObserveLook(&system.System{Name: "shop", Environment: "test"}, "tank", engine.OutcomeSuccess, time.Second)
	self.ObserveReload(nil)
	problems, err := testutil.GatherAndLint(self.Registry())
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestEveryFormSaysTheSame(t *testing.T) {
	self := prometheus.NewRegistry()
	looks := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "readiness_collector_duration_seconds", Help: "How long.", NativeHistogramBucketFactor: 1.1,
	})
	self.MustRegister(looks)
	looks.Observe(1.5)
	e := metrics.NewExposition(tankCollectors(), self)
	require.NoError(t, e.Publish([]*assess.Assessment{
		assessed(planOf("blog"), now, smallWorld()...), assessed(planOf("shop"), now, smallWorld()...),
	}))
	gathered, err := e.Gather()
	require.NoError(t, err)
	want := make(map[string]*dto.MetricFamily)
	for _, family := range gathered {
		want[family.GetName()] = family
	}
	for _, encoding := range []string{"", "gzip"} {
		t.Run("protobuf "+encoding, func(t *testing.T) {
			got := make(map[string]*dto.MetricFamily)
			decoder := expfmt.NewDecoder(strings.NewReader(scrape(t, e, asProtobuf, encoding)), expfmt.FmtProtoDelim)
			for {
				var family dto.MetricFamily
				err := decoder.Decode(&family)
				if errors.Is(err, io.EOF) {
					break
				}
				require.NoError(t, err)
				require.NotContains(t, got, family.GetName(), "a family stands once")
				got[family.GetName()] = &family
			}
			require.Empty(t, cmp.Diff(want, got, protocmp.Transform()))
			native := got["readiness_collector_duration_seconds"].GetMetric()[0].GetHistogram()
			require.NotEmpty(t, native.GetPositiveSpan(), "the histogram is native")
		})
		for _, format := range []struct {
			name, accept string
			write        func(io.Writer, *dto.MetricFamily) (int, error)
			end          string
		}{
			{"text", asText, expfmt.MetricFamilyToText, ""},
			{"OpenMetrics", asOpenMetrics, func(w io.Writer, f *dto.MetricFamily) (int, error) {
				return expfmt.MetricFamilyToOpenMetrics(w, f)
			}, "# EOF\n"},
		} {
			t.Run(format.name+" "+encoding, func(t *testing.T) {
				var all bytes.Buffer
				for _, family := range gathered {
					if family.GetName() != "readiness_collector_duration_seconds" {
						_, err := format.write(&all, family)
						require.NoError(t, err)
					}
				}
				_, err := format.write(&all, want["readiness_collector_duration_seconds"])
				require.NoError(t, err)
				require.Empty(t, cmp.Diff(all.String()+format.end, scrape(t, e, format.accept, encoding)))
			})
		}
	}
}

func TestWhatIsNegotiated(t *testing.T) {
	e := exposed(t, assessed(planOf("shop"), now))
	for _, c := range []struct{ name, accept, encoding, contentType, contentEncoding string }{
		{"text is what those get who ask for nothing", "", "", "text/plain", ""},
		{"text is what browsers and curl get", "*/*", "identity", "text/plain", ""},
		{"text is what those get who ask for what there is not", "image/png", "br", "text/plain", ""},
		{
			"protobuf is what Prometheus prefers for native histograms",
			asProtobuf + ";q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3", "gzip",
			"application/vnd.google.protobuf", "gzip",
		},
		{
			"OpenMetrics is served where it is preferred", asOpenMetrics + ",text/plain;q=0.5", "br, gzip;q=0.5",
			"application/openmetrics-text", "gzip",
		},
		{"what is not wanted is not used", asText, "gzip;q=0", "text/plain", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := httptest.NewRecorder()
			e.ServeHTTP(answer, request(http.MethodGet, c.accept, c.encoding))
			require.Equal(t, http.StatusOK, answer.Code)
			require.Contains(t, answer.Header().Get("Content-Type"), c.contentType)
			require.Equal(t, c.contentEncoding, answer.Header().Get("Content-Encoding"))
			require.Equal(t, "Accept, Accept-Encoding", answer.Header().Get("Vary"))
			require.NotZero(t, answer.Body.Len())
		})
	}
}

func TestHeadHasNoBody(t *testing.T) {
	server := httptest.NewServer(exposed(t, assessed(planOf("shop"), now)))
	defer server.Close()
	asked, err := http.NewRequestWithContext(t.Context(), http.MethodHead, server.URL, http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(asked)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	content, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Empty(t, content)
}

func TestNothingPublishedIsServed(t *testing.T) {
	e := exposed(t)
	require.Empty(t, scrape(t, e, asText, ""))
	require.Equal(t, "# EOF\n", scrape(t, e, asOpenMetrics, ""))
	require.Empty(t, scrape(t, e, asProtobuf, "gzip"))
}

func TestDuplicatesAreCountedAndNeverBreakAScrape(t *testing.T) {
	e := exposed(t, assessed(planOf("shop"), now, seen(
		tank{Name: "twice", Level: 1}, tank{Name: "twice", Level: 2},
		tank{Name: "bad \xff", Level: 3}, tank{Name: "bad \xfe", Level: 4}, // these are the same once they are valid
	)))
	text := scrape(t, e, asText, "")
	families := parse(t, text)
	require.Len(t, families["readiness_tank_level_ratio"].GetMetric(), 2)
	dropped := families["readiness_collector_dropped_series"].GetMetric()
	require.Len(t, dropped, 1)
	require.Equal(t, 2.0, dropped[0].GetGauge().GetValue())
	require.Equal(t, 2, strings.Count(text, `readiness_check_problem{check="tank.level"`), "problems on subjects of one label are one series")
	_, err := testutil.GatherAndLint(e)
	require.NoError(t, err)
}

func TestHostileLabelsSurvive(t *testing.T) {
	names := []string{"a\nb", `quote " backslash \`, strings.Repeat("x", 10_000), "\x00\x1b[31m", "ünï", "", `",evil="1`, "a\xff\xfeb"}
	var facts []tank
	for _, name := range names {
		facts = append(facts, tank{Name: name, Level: 1})
	}
	e := exposed(t, assessed(planOf("shop"), now, seen(facts...)))
	for _, accept := range []string{asText, asOpenMetrics, asProtobuf} {
		require.NotEmpty(t, scrape(t, e, accept, "gzip"))
	}
	got := make(map[string]bool)
	for _, metric := range parse(t, scrape(t, e, asText, ""))["readiness_tank_level_ratio"].GetMetric() {
		got[label(metric, "tank")] = true
	}
	for _, name := range names {
		require.True(t, got[strings.ToValidUTF8(name, "\uFFFD")], "%.40q", name)
	}
}

func label(metric *dto.Metric, name string) string {
	for _, pair := range metric.GetLabel() {
		if pair.GetName() == name {
			return pair.GetValue()
		}
	}
	return ""
}

func TestSeriesVanishWithTheirSubject(t *testing.T) {
	plan := planOf("shop")
	e := exposed(t, assessed(plan, now, seen(tank{Name: "a", Level: 1}, tank{Name: "b", Level: 1})))
	require.Contains(t, scrape(t, e, asText, ""), `tank="b"`)
	require.NoError(t, e.Publish([]*assess.Assessment{assessed(plan, now, seen(tank{Name: "a", Level: 1}))}))
	text := scrape(t, e, asText, "")
	require.Contains(t, text, `tank="a"`)
	require.NotContains(t, text, `tank="b"`)

	stale := seen(tank{Name: "a", Level: 1})
	stale.SeenAt = now.Add(-time.Hour)
	require.NoError(t, e.Publish([]*assess.Assessment{assessed(plan, now, stale)}))
	require.NotContains(t, scrape(t, e, asText, ""), "readiness_tank_level_ratio", "stale numbers are no numbers")
}

func TestARemovedSystemIsGone(t *testing.T) {
	shop, blog := assessed(planOf("shop"), now), assessed(planOf("blog"), now)
	e := exposed(t, shop, blog)
	require.Contains(t, scrape(t, e, asText, "gzip"), `system="blog"`)
	require.NoError(t, e.Publish([]*assess.Assessment{shop}))
	require.NotContains(t, scrape(t, e, asText, "gzip"), `system="blog"`)

	self := metrics.NewSelf()
	self.ObserveLook(shop.Plan.System, "tank", engine.OutcomeSuccess, time.Second)
	self.ObserveLook(blog.Plan.System, "tank", engine.OutcomeSuccess, time.Second)
	for _, known := range []*assess.Assessment{shop, blog} {
		self.ForgetUnless(known.Plan.System, []*assess.Plan{shop.Plan})
	}
	left, err := testutil.GatherAndCount(self.Registry(), "readiness_collector_runs_total", "readiness_collector_duration_seconds")
	require.NoError(t, err)
	require.Equal(t, len(engine.Outcomes())+1, left)
}

func TestOnlySoManyProblemsAreShownAndAlwaysTheSame(t *testing.T) {
	var there, back []tank
	for i := range metrics.MaxProblems {
		there = append(there, tank{Name: fmt.Sprint("low ", i), Level: 0.2})
	}
	for i := range metrics.MaxProblems + 7 {
		low := tank{Name: fmt.Sprintf("%03d", i), Level: 0}
		there, back = append(there, low), append([]tank{low}, back...)
	}
	first := scrape(t, exposed(t, assessed(planOf("shop"), now, seen(there...))), asText, "")
	families := parse(t, first)
	require.Equal(t, metrics.MaxProblems, strings.Count(first, `readiness_check_problem{check="tank.level"`))
	require.Contains(t, first, `readiness_check_problems_hidden{check="tank.level",environment="test",system="shop"} 107`)
	require.NotContains(t, first, `subject="low`, "the gravest come first")
	second := parse(t, scrape(t, exposed(t, assessed(planOf("shop"), now, seen(append(back, there[:metrics.MaxProblems]...)...))), asText, ""))
	require.Empty(t, cmp.Diff(families["readiness_check_problem"], second["readiness_check_problem"], protocmp.Transform()))
}

func TestPublishingAndScrapingAtOneTime(t *testing.T) {
	e := exposed(t)
	plans := []*assess.Plan{planOf("a"), planOf("b"), planOf("c")}
	var scrapers sync.WaitGroup
	for _, accept := range []string{asText, asOpenMetrics, asProtobuf} {
		for _, encoding := range []string{"", "gzip"} {
			scrapers.Go(func() {
				for range 10 {
					scrape(t, e, accept, encoding)
				}
			})
		}
	}
	for i := range 31 {
		var assessments []*assess.Assessment
		for _, plan := range plans[:1+i%3] {
			assessments = append(assessments, assessed(plan, now.Add(time.Duration(i)*time.Second), seen(tank{Name: fmt.Sprint(i % 7)})))
		}
		require.NoError(t, e.Publish(assessments))
	}
	scrapers.Wait()
	require.Len(t, parse(t, scrape(t, e, asText, ""))["readiness_system_info"].GetMetric(), 1)
}

func TestWhatWasSeenLastIsTimed(t *testing.T) {
	self := metrics.NewSelf()
	first := assessed(planOf("shop"), now)
	self.ObserveChecks([]*assess.Assessment{first})
	self.ObserveChecks([]*assess.Assessment{first})
	self.ObserveLook(first.Plan.System, "tank", engine.OutcomeSkipped, 0)
	self.ObserveReload(io.EOF)
	gathered, err := self.Registry().Gather()
	require.NoError(t, err)
	for _, family := range gathered {
		switch family.GetName() {
		case "readiness_check_duration_seconds":
			require.Equal(t, uint64(1), family.GetMetric()[0].GetHistogram().GetSampleCount(), "an assessment counts once")
		case "readiness_collector_duration_seconds":
			require.Fail(t, "what was skipped took no time")
		case "readiness_config_last_reload_successful":
			require.Zero(t, family.GetMetric()[0].GetGauge().GetValue())
		}
	}
}

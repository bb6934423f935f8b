package metrics_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
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
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
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
	e.Publish(assessments)
	return e
}

func request(path, accept, encoding string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Encoding", encoding)
	return r
}

// scrape gives what is served in a format, decompressed.
func scrape(t require.TestingT, e http.Handler, accept, encoding string) string {
	return scrapePart(t, e, "/metrics", accept, encoding)
}

func scrapePart(t require.TestingT, e http.Handler, path, accept, encoding string) string {
	answer := httptest.NewRecorder()
	e.ServeHTTP(answer, request(path, accept, encoding))
	require.Equal(t, http.StatusOK, answer.Code)
	if encoding == "" {
		require.Empty(t, answer.Header().Get("Content-Encoding"))
		return answer.Body.String()
	}
	require.Equal(t, encoding, answer.Header().Get("Content-Encoding"))
	reader, err := gzip.NewReader(answer.Body)
	require.NoError(t, err)
	reader.Multistream(false) // curl and browsers read no further than the first member
	content, err := io.ReadAll(reader)
	require.NoError(t, err)
	return string(content)
}

func parse(t require.TestingT, text string) map[string]*dto.MetricFamily {
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

func TestGaugesOfOmittedKindsAreLeftOutAndNothingElseIs(t *testing.T) {
	all := metrics.NewExposition(tankCollectors(), prometheus.NewRegistry())
	part := metrics.NewExposition(tankCollectors(), prometheus.NewRegistry(), "tank")
	assessments := []*assess.Assessment{assessed(planOf("shop"), now, smallWorld()...)}
	all.Publish(assessments)
	part.Publish(assessments)
	for _, format := range []string{asText, asOpenMetrics} {
		for _, encoding := range []string{"", "gzip"} {
			var want strings.Builder
			left := 0
			for line := range strings.Lines(scrape(t, all, format, encoding)) {
				if strings.Contains(line, "readiness_tank_") {
					left++
					continue
				}
				want.WriteString(line)
			}
			require.Positive(t, left)
			require.Equal(t, want.String(), scrape(t, part, format, encoding))
		}
	}
}

func TestEveryFormSaysTheSame(t *testing.T) {
	self := metrics.NewSelf()
	self.ObserveRun(nil, "tank", engine.OutcomeSuccess, 1500*time.Millisecond)
	runs, err := self.Registry().Gather()
	require.NoError(t, err)
	static := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return runs, nil })
	e := metrics.NewExposition(tankCollectors(), static)
	odd := found(
		tank{Name: "\"a\\b\n\"", Level: math.Inf(1)}, tank{Name: "b", Level: math.Inf(-1)}, tank{Name: "c", Level: 1e21},
		tank{Name: "d", Level: -1}, tank{Name: "e", Level: 5e-324}, tank{Name: "f", Level: 123456789}, tank{Level: 0.1},
	)
	e.Publish([]*assess.Assessment{assessed(planOf("blog"), now, odd), assessed(planOf("shop"), now, smallWorld()...)})
	families := decoded(t, scrape(t, e, asProtobuf, ""))
	require.Empty(t, cmp.Diff(families, decoded(t, scrape(t, e, asProtobuf, "gzip")), protocmp.Transform()))
	require.Greater(t, len(families), len(runs))
	for i, family := range runs {
		require.Empty(t, cmp.Diff(family, families[i], protocmp.Transform()), "the exporter's own come first")
	}
	for _, encoding := range []string{"", "gzip"} {
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
				for _, family := range families {
					_, err := format.write(&all, family)
					require.NoError(t, err)
				}
				require.Empty(t, cmp.Diff(all.String()+format.end, scrape(t, e, format.accept, encoding)))
			})
		}
	}
}

// decoded reads what is served as protobuf. A family stands once.
func decoded(t require.TestingT, served string) (families []*dto.MetricFamily) {
	known := make(map[string]bool)
	decoder := expfmt.NewDecoder(strings.NewReader(served), expfmt.FmtProtoDelim)
	for {
		var family dto.MetricFamily
		err := decoder.Decode(&family)
		if errors.Is(err, io.EOF) {
			return families
		}
		require.NoError(t, err)
		require.False(t, known[family.GetName()], family.GetName())
		known[family.GetName()] = true
		families = append(families, &family)
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
			e.ServeHTTP(answer, request("/metrics", c.accept, c.encoding))
			require.Equal(t, http.StatusOK, answer.Code)
			require.Contains(t, answer.Header().Get("Content-Type"), c.contentType)
			require.Equal(t, c.contentEncoding, answer.Header().Get("Content-Encoding"))
			require.Equal(t, "Accept, Accept-Encoding", answer.Header().Get("Vary"))
			require.NotZero(t, answer.Body.Len())
		})
	}
}

func TestAPartIsServedAlone(t *testing.T) {
	self := metrics.NewSelf()
	e := metrics.NewExposition(tankCollectors(), self.Registry())
	e.Publish([]*assess.Assessment{
		assessed(planOf("blog"), now), assessed(planOf("shop"), now, smallWorld()...), assessed(planOf("wiki"), now, found(tank{Rusty: true})),
	})
	for _, c := range []struct {
		name, query string
		want        []string
	}{
		{"all without a name", "", []string{"blog", "shop", "wiki"}},
		{"one by its name", "?system=shop", []string{"shop"}},
		{"several", "?system=shop&system=blog", []string{"blog", "shop"}},
		{"one by name and environment", "?system=blog/test", []string{"blog"}},
		{"none of an unknown name", "?system=other", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, encoding := range []string{"", "gzip"} {
				families := parse(t, scrapePart(t, e, "/metrics"+c.query, asText, encoding))
				var systems []string
				for _, metric := range families["readiness_system_info"].GetMetric() {
					systems = append(systems, label(metric, "system"))
				}
				require.Equal(t, c.want, systems)
				for _, own := range []string{"readiness_build_info", "readiness_collector_invalid_series", "readiness_checklist_item_info"} {
					require.Contains(t, families, own, "what is of no system is always there")
				}
			}
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
			assessments = append(assessments, assessed(plan, now.Add(time.Duration(i)*time.Second), found(tank{Name: fmt.Sprint(i % 7)})))
		}
		e.Publish(assessments)
	}
	scrapers.Wait()
	require.Len(t, parse(t, scrape(t, e, asText, ""))["readiness_system_info"].GetMetric(), 1)
}

func label(metric *dto.Metric, name string) string {
	for _, pair := range metric.GetLabel() {
		if pair.GetName() == name {
			return pair.GetValue()
		}
	}
	return ""
}

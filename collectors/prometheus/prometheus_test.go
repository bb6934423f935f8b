package prometheus_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/collectors/prometheus"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

func TestMain(m *testing.M) { goleak.VerifyTestMain(world.Around(m, &servers)) }

// canary is part of every secret of these tests, and may be in nothing that a run gives.
const canary = "canary"

// job makes the one of an expression, as the engine does.
func job(t *testing.T, server system.Prometheus, expression string) collector.Job {
	t.Helper()
	server.Name = "main"
	jobs := prometheus.New().Jobs(&system.System{Prometheus: []system.Prometheus{server}}, fact.Needs{
		Requests: []fact.Request{fact.Query{Prometheus: "main", Expression: expression}},
	})
	require.Len(t, jobs, 1)
	return jobs[0]
}

// evaluate collects the result of an expression.
func evaluate(t *testing.T, server system.Prometheus, expression string) (samples []fact.QuerySample, gaps []fact.Gap, err error) {
	t.Helper()
	sets, err := job(t, server, expression).Collect(t.Context(), nil)
	if err != nil {
		require.NotContains(t, err.Error(), canary)
		return nil, nil, err
	}
	require.Len(t, sets, 1)
	require.Equal(t, 1, sets[0].Len())
	result := sets[0].At(0).(*fact.QueryResult)
	require.Equal(t, fact.Query{Prometheus: "main", Expression: expression}, result.Query())
	return result.Samples, sets[0].Gaps(), nil
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestEachRequestForADeclaredServerIsATarget(t *testing.T) {
	s := &system.System{Prometheus: []system.Prometheus{{Name: "main", URL: "https://prometheus.example.com:9090/tenant"}}}
	needs := fact.Needs{}
	needs.Request(fact.Query{Prometheus: "main", Expression: "up"}, fact.Query{Prometheus: "other", Expression: "up"})
	jobs := prometheus.New().Jobs(s, needs)
	require.Len(t, jobs, 1)
	require.Equal(t, fact.Query{Prometheus: "main", Expression: "up"}.Name(), jobs[0].Target)
	require.Equal(t, "prometheus.example.com:9090", jobs[0].Server)
	known := &fact.Set[fact.QueryResult]{
		Unavailable: []fact.Unavailable[fact.QueryResult]{{Known: fact.QueryResult{Prometheus: "main", Expression: "up"}}},
	}
	require.True(t, jobs[0].Declared[0].Equal(fact.QueryResults().Set(known)))
	require.Empty(t, prometheus.New().Jobs(s, fact.Needs{}), "a server that nobody asks is not collected from")
}

func TestExpressionsAreEvaluated(t *testing.T) {
	server := servers.Prometheus(t, "global: {scrape_interval: 1h}")
	for _, c := range []struct {
		name, expression string
		want             []fact.QuerySample
	}{
		{"an empty vector is a result", "vector(0) == 1", nil},
		{"a series without labels is one", "vector(0.5)", []fact.QuerySample{{Labels: map[string]string{}, Value: 0.5}}},
		{
			"series are in the order of their labels",
			`label_replace(vector(2), "job", "b", "", "") or label_replace(vector(1), "job", "a", "", "")`,
			[]fact.QuerySample{
				{Labels: map[string]string{"job": "a"}, Value: 1}, {Labels: map[string]string{"job": "b"}, Value: 2},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			samples, gaps, err := evaluate(t, system.Prometheus{URL: server.URL + "/"}, c.expression)
			require.NoError(t, err)
			require.Empty(t, gaps)
			require.Equal(t, c.want, samples)
		})
	}
	for _, c := range []struct {
		name, expression string
		reason           fact.Reason
		detail           string
	}{
		{"what is no PromQL is invalid", "up ==", fact.ReasonInvalid, "parse error"},
		{"a scalar is no vector", "1", fact.ReasonInvalid, "the expression gives a scalar: make it one that gives series at one time, as up == 0 does"},
		{"a range is no vector", "up[5m]", fact.ReasonInvalid, "the expression gives a matrix"},
		{"what cannot be evaluated has failed", `label_replace(vector(1), "job", "a", "", "(")`, fact.ReasonFailed, "regular expression"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := evaluate(t, system.Prometheus{URL: server.URL}, c.expression)
			require.Equal(t, c.reason, fact.ReasonOf(err), "%v", err)
			require.ErrorContains(t, err, c.detail)
		})
	}
}

func TestAnAnswerInPartIsReported(t *testing.T) {
	// What is remote cannot be read, and Prometheus answers with what is its own, and a warning.
	server := servers.Prometheus(t, `remote_read: [{url: "http://127.0.0.1:1/", read_recent: true}]`)
	samples, gaps, err := evaluate(t, system.Prometheus{URL: server.URL}, "up or vector(7)")
	require.NoError(t, err)
	require.Equal(t, []fact.QuerySample{{Labels: map[string]string{}, Value: 7}}, samples)
	require.Len(t, gaps, 1)
	require.Equal(t, fact.ReasonFailed, gaps[0].Reason)
	require.Contains(t, gaps[0].Detail, "evaluated the expression only in part: ")
	require.Equal(t, fact.Query{Prometheus: "main", Expression: "up or vector(7)"}.Name(), gaps[0].Subject)
}

func TestTheLoginIsSentToTheDeclaredServerAlone(t *testing.T) {
	real := servers.Prometheus(t, "global: {scrape_interval: 1h}")
	target, err := url.Parse(real.URL)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host },
		Transport: &http.Transport{DisableKeepAlives: true},
	}
	front := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if r.Header.Get("Authorization") == "Bearer token-"+canary || user == "reader" && password == "password-"+canary {
			proxy.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer front.Close()
	ca := file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw})))
	basic := func(content string) *system.BasicAuth {
		return &system.BasicAuth{Username: "reader", PasswordFile: file(t, content)}
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, c := range []struct {
		name   string
		server system.Prometheus
		reason fact.Reason
	}{
		{"a token is sent", system.Prometheus{CAFile: ca, BearerTokenFile: file(t, "token-"+canary+"\n")}, ""},
		{"a password is sent", system.Prometheus{CAFile: ca, BasicAuth: basic("password-" + canary)}, ""},
		{"no login is denied", system.Prometheus{CAFile: ca}, fact.ReasonDenied},
		{"a wrong password is denied", system.Prometheus{CAFile: ca, BasicAuth: basic(canary)}, fact.ReasonDenied},
		{"an empty token is not taken for none", system.Prometheus{CAFile: ca, BearerTokenFile: file(t, "\n")}, fact.ReasonInvalid},
		{"a token that is not there is not found", system.Prometheus{CAFile: ca, BearerTokenFile: "/nonexistent/token"}, fact.ReasonNotFound},
		{"an authority that nobody knows is invalid", system.Prometheus{BearerTokenFile: file(t, canary)}, fact.ReasonInvalid},
		{"authorities that are none are invalid", system.Prometheus{CAFile: file(t, canary)}, fact.ReasonInvalid},
		{"a pipe in their place is not waited for", system.Prometheus{CAFile: pipe}, fact.ReasonInvalid},
		{"a file without end is not read", system.Prometheus{CAFile: "/dev/zero"}, fact.ReasonInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.server.URL = front.URL
			samples, _, err := evaluate(t, c.server, "vector(1)")
			if c.reason == "" {
				require.NoError(t, err)
				require.Len(t, samples, 1)
				return
			}
			require.Equal(t, c.reason, fact.ReasonOf(err), "%v", err)
		})
	}

	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the stranger was asked %s", r.URL)
	}))
	defer stranger.Close()
	redirects := httptest.NewServer(http.RedirectHandler(stranger.URL, http.StatusTemporaryRedirect))
	defer redirects.Close()
	_, _, err = evaluate(t, system.Prometheus{URL: redirects.URL, BearerTokenFile: file(t, canary)}, "vector(1)")
	require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "%v", err)
}

// What a server answers is not to be trusted.
func TestAnswersThatNoPrometheusGives(t *testing.T) {
	const vector = `{"status":"success","data":{"resultType":"vector","result":%s}}`
	answers := func(status int, format string, args ...any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, "/api/v1/query", r.URL.Path)
			assert.Equal(t, "vector(1)", r.PostFormValue("query"))
			w.WriteHeader(status)
			fmt.Fprintf(w, format, args...)
		}
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		reason fact.Reason
		detail string
	}{
		{"a page is invalid", answers(200, "<html>Welcome</html>"), fact.ReasonInvalid, "not one of the API"},
		{"nothing is invalid", answers(200, ""), fact.ReasonInvalid, "not one of the API"},
		{"null is invalid", answers(200, "null"), fact.ReasonInvalid, "not one of the API"},
		{"half an answer is invalid", answers(200, "%s", vector[:30]), fact.ReasonInvalid, "not one of the API"},
		{"no result is invalid", answers(200, `{"status":"success","data":{}}`), fact.ReasonInvalid, "no result of a query"},
		{"a vector that is none is invalid", answers(200, vector, `{"a":1}`), fact.ReasonInvalid, "no vector"},
		{"a series without a value is invalid", answers(200, vector, `[{"metric":{}}]`), fact.ReasonInvalid, "no value"},
		{"a value that is none is invalid", answers(200, vector, `[{"metric":{},"value":[1,"x"]}]`), fact.ReasonInvalid, "no number"},
		{"a value without a time is invalid", answers(200, vector, `[{"metric":{},"value":["1"]}]`), fact.ReasonInvalid, "1 parts"},
		{"an answer without end is cut off", answers(200, vector, strings.Repeat(" ", 5<<20)), fact.ReasonUnsupported, "longer than 4194304 bytes"},
		{"a server without the API is not found", answers(404, "404 page not found"), fact.ReasonNotFound, "404"},
		{"a refusal is denied", answers(403, `{"status":"error","error":"no %s"}`, canary), fact.ReasonDenied, "403"},
		{"a server out of order has failed", answers(500, "oops"), fact.ReasonFailed, "500"},
		{
			"an evaluation out of time is a timeout",
			answers(503, `{"status":"error","errorType":"timeout","error":"query timed out"}`), fact.ReasonTimeout, "query timed out",
		},
		{
			"an error that repeats the token does not get it shown",
			answers(422, `{"status":"error","errorType":"execution","error":"not with %s"}`, canary), fact.ReasonFailed, "not with <secret>",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			strange := httptest.NewServer(c.answer)
			defer strange.Close()
			_, _, err := evaluate(t, system.Prometheus{URL: strange.URL, BearerTokenFile: file(t, canary)}, "vector(1)")
			require.Equal(t, c.reason, fact.ReasonOf(err), "%v", err)
			require.ErrorContains(t, err, c.detail)
			require.Less(t, len(err.Error()), 500)
		})
	}
	t.Run("a native histogram counts its observations", func(t *testing.T) {
		histogram := `[{"metric":{"a":"b"},"histogram":[1,{"count":"12","sum":"3"}]},{"metric":{},"value":[1,"+Inf"]}]`
		strange := httptest.NewServer(answers(200, vector, histogram))
		defer strange.Close()
		samples, _, err := evaluate(t, system.Prometheus{URL: strange.URL}, "vector(1)")
		require.NoError(t, err)
		require.Len(t, samples, 2)
		require.Equal(t, fact.Number(12), samples[1].Value)
		require.Equal(t, "+Inf", samples[0].Value.String())
	})
}

func TestARunThatIsCalledOffSaysWhy(t *testing.T) {
	server := servers.Prometheus(t, "global: {scrape_interval: 1h}")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(fact.Errorf(fact.ReasonTimeout, "no time left"))
	_, err := job(t, system.Prometheus{URL: server.URL}, "vector(1)").Collect(ctx, nil)
	require.ErrorContains(t, err, "no time left")
	require.Equal(t, fact.ReasonTimeout, fact.ReasonOf(err))
}

package vantage

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/collectors/certificate"
	"github.com/readiness-exporter/readiness-exporter/collectors/endpoint"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/exchange"
	"github.com/readiness-exporter/readiness-exporter/internal/exchange/exchangetest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const (
	front = "https://shop.example.com/"
	token = "token-of-frankfurt"
)

func outside() []collector.Any { return []collector.Any{endpoint.New(nil), certificate.New()} }

// shop has two endpoints, of which one takes a login and is not asked from vantage points.
func shop() *system.System {
	return &system.System{
		Name: "shop", Environment: "production",
		Endpoints: []system.Endpoint{
			{URL: front, CAFile: "/etc/readiness/ca.pem"},
			{URL: "https://shop.example.com/admin", Purpose: "protected", BearerTokenFile: "/etc/readiness/admin"},
			{URL: "https://shop.example.com/metrics", Purpose: "metrics"},
			{URL: "http://10.0.0.7/", LocalOnly: true},
		},
	}
}

// A remote is an exporter that answers what a test has it answer.
type remote struct {
	system *system.System
	now    func() time.Time
	edit   func(*exchange.Answer)
	serve  http.HandlerFunc // in place of the answer
}

// collect runs the collector once at the remote.
func (r remote) collect(t *testing.T) ([]fact.AnySet, error) {
	t.Helper()
	now := time.Now
	if r.now != nil {
		now = r.now
	}
	described := r.system
	if described == nil {
		described = shop()
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if r.serve != nil {
			r.serve(w, q)
			return
		}
		answer := exchangetest.Answer(t, described, "frankfurt", outside(), now())
		if r.edit != nil {
			r.edit(&answer)
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(token+"\n"), 0o600))
	s := shop()
	s.VantagePoints = []system.VantagePoint{{Name: "frankfurt", URL: server.URL, BearerTokenFile: file}}
	jobs := New(outside()).Jobs(s, fact.Needs{})
	require.Len(t, jobs, 1)
	return jobs[0].Collect(t.Context(), nil)
}

// endpoints are the facts and the gaps of endpoints.
func endpoints(t *testing.T, sets []fact.AnySet) (urls []string, gaps []fact.Gap) {
	t.Helper()
	for _, set := range sets {
		if typed := fact.Endpoints().Typed(set); typed != nil {
			for _, each := range typed.Facts {
				urls = append(urls, fact.Endpoints().Subject(each))
			}
			return urls, set.Gaps()
		}
	}
	require.Fail(t, "there is no set of endpoints")
	return nil, nil
}

func TestWhatWasCollectedElsewhereIsTakenOver(t *testing.T) {
	sets, err := remote{}.collect(t)
	require.NoError(t, err)
	require.Len(t, sets, 3, "of kinds of which nothing is declared there is nothing")
	require.Equal(t, &fact.VantagePoint{Name: "frankfurt", Version: "1.2.3", EndpointAge: 3 * time.Minute}, sets[0].At(0))
	urls, gaps := endpoints(t, sets)
	require.Equal(t, []string{front + " from frankfurt"}, urls, "neither what takes a login, nor metrics, nor what is local")
	require.Empty(t, gaps)
	require.Equal(t, "shop.example.com:443 from frankfurt", fact.Certificates().Subject(sets[2].At(0).(*fact.Certificate)))
}

// The file may lie elsewhere on the other host: names of files count, and not where they are.
func TestFilesMayLieElsewhereOnTheOtherHost(t *testing.T) {
	moved := shop()
	moved.Endpoints[0].CAFile = "/opt/readiness/ca.pem"
	sets, err := remote{system: moved}.collect(t)
	require.NoError(t, err)
	_, gaps := endpoints(t, sets)
	require.Empty(t, gaps)
}

// What the other exporter has otherwise than it should is unavailable, whatever else it has.
func TestWhatIsNotAsDeclaredIsUnavailable(t *testing.T) {
	other := func(edit func(*system.Endpoint)) *system.System {
		s := shop()
		edit(&s.Endpoints[0])
		return s
	}
	run := func(a *exchange.Answer) *exchange.VantageRun { return &a.Runs[0] }
	fact0 := func(a *exchange.Answer, old, fresh string) {
		set := &run(a).Sets[0]
		set.Facts[0] = json.RawMessage(strings.ReplaceAll(string(set.Facts[0]), old, fresh))
	}
	for name, c := range map[string]struct {
		remote remote
		reason fact.Reason
		detail string
	}{
		"an older file, with another expectation": {
			remote{system: other(func(e *system.Endpoint) { e.Expect.Body = "Welcome" })}, fact.ReasonInvalid, "described otherwise at frankfurt",
		},
		"an older file, without the endpoint": {
			remote{system: other(func(e *system.Endpoint) { e.URL = "https://old.example.com/" })}, fact.ReasonNotFound, "not collected from frankfurt",
		},
		"facts that are too old": {
			remote{edit: func(a *exchange.Answer) { *run(a).CollectedAt = a.At.Add(-4 * time.Minute) }}, fact.ReasonStale,
			"last collected it 4m0s before it answered",
		},
		"facts of the future": {
			remote{edit: func(a *exchange.Answer) { *run(a).CollectedAt = a.At.Add(time.Hour) }}, fact.ReasonInvalid, "collected in the future",
		},
		"facts that are good for ever": {
			remote{edit: func(a *exchange.Answer) { run(a).IntervalSeconds = 1e18 }}, fact.ReasonInvalid, "cannot be",
		},
		"facts that were never collected": {
			remote{edit: func(a *exchange.Answer) { run(a).CollectedAt = nil }}, fact.ReasonInvalid, "without the time",
		},
		"facts about something else": {
			remote{edit: func(a *exchange.Answer) { fact0(a, "shop.example.com", "evil.example.com") }}, fact.ReasonInvalid, "about something else",
		},
		"facts that say that this exporter collected them": {
			remote{edit: func(a *exchange.Answer) { fact0(a, `"vantage":"frankfurt"`, `"vantage":""`) }}, fact.ReasonInvalid, "from another vantage point",
		},
		"facts from another vantage point": {
			remote{edit: func(a *exchange.Answer) { fact0(a, `"vantage":"frankfurt"`, `"vantage":"tokyo"`) }}, fact.ReasonInvalid, "from another vantage point",
		},
		"a fact that is none": {
			remote{edit: func(a *exchange.Answer) { run(a).Sets[0].Facts[0] = json.RawMessage(`[1]`) }}, fact.ReasonInvalid, "cannot be read",
		},
		"nothing at all about it": {
			remote{edit: func(a *exchange.Answer) { run(a).Sets[0].Facts = nil }}, fact.ReasonInvalid, "nothing about it",
		},
		"100,000 facts": {
			remote{edit: func(a *exchange.Answer) {
				set := &run(a).Sets[0]
				for range 100_000 {
					set.Facts = append(set.Facts, json.RawMessage(`{}`))
				}
			}}, fact.ReasonInvalid, "more than 1000 facts of one target",
		},
		"a kind that no vantage point has": {
			remote{edit: func(a *exchange.Answer) { run(a).Sets[0].Kind = "cluster" }}, fact.ReasonInvalid, "other kinds of fact",
		},
		"fewer kinds": {
			remote{edit: func(a *exchange.Answer) { run(a).Sets = run(a).Sets[:1] }}, fact.ReasonInvalid, "other kinds of fact",
		},
		"the same twice": {
			remote{edit: func(a *exchange.Answer) { a.Runs = append(a.Runs, a.Runs[0]) }}, fact.ReasonInvalid, "has it twice",
		},
		"a reason that nobody knows": {
			remote{edit: func(a *exchange.Answer) {
				set := &run(a).Sets[0]
				set.Unavailable = append(set.Unavailable, fact.EncodedGap{Known: set.Facts[0], Reason: "good"})
			}}, fact.ReasonInvalid, "cannot be read",
		},
	} {
		t.Run(name, func(t *testing.T) {
			sets, err := c.remote.collect(t)
			require.NoError(t, err)
			urls, gaps := endpoints(t, sets)
			require.Empty(t, urls)
			require.Len(t, gaps, 1)
			require.Equal(t, front+" from frankfurt", gaps[0].Subject)
			require.Equal(t, c.reason, gaps[0].Reason)
			require.Contains(t, gaps[0].Detail, c.detail)
		})
	}
}

// What concerns the whole answer fails the run: then all that is declared there is unavailable, for one reason.
func TestAnAnswerThatIsNoneOfTheVantagePointFails(t *testing.T) {
	status := func(code int) remote {
		return remote{serve: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }}
	}
	for name, c := range map[string]struct {
		remote remote
		reason fact.Reason
		detail string
	}{
		"another system":                       {remote{edit: func(a *exchange.Answer) { a.System = "wiki" }}, fact.ReasonInvalid, `the system "wiki" in "production"`},
		"another vantage point":                {remote{edit: func(a *exchange.Answer) { a.Vantage = "tokyo" }}, fact.ReasonInvalid, `it is the vantage point "tokyo" and not frankfurt`},
		"another version":                      {remote{edit: func(a *exchange.Answer) { a.Shape, a.Version = "0", "0.9.0" }}, fact.ReasonUnsupported, `of its version "0.9.0" have another form`},
		"no time":                              {remote{edit: func(a *exchange.Answer) { a.At = time.Time{} }}, fact.ReasonInvalid, "does not have the time"},
		"an answer that was kept":              {remote{now: func() time.Time { return time.Now().Add(-time.Hour) }}, fact.ReasonInvalid, "let no proxy keep answers"},
		"a token that expired":                 {status(http.StatusUnauthorized), fact.ReasonDenied, "does not know the token"},
		"a token for something else":           {status(http.StatusForbidden), fact.ReasonDenied, "may: [facts]"},
		"an exporter that is no vantage point": {status(http.StatusNotFound), fact.ReasonNotFound, "--vantage.name"},
		"an exporter that begins":              {status(http.StatusServiceUnavailable), fact.ReasonUnreachable, "not ready"},
		"an endless body": {remote{serve: func(w http.ResponseWriter, _ *http.Request) {
			for block := []byte(strings.Repeat(" ", 1<<16)); ; {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}}, fact.ReasonInvalid, "longer than 8388608 bytes"},
		"a body that nests without end": {remote{serve: func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, strings.Repeat("[", 1<<20))
		}}, fact.ReasonInvalid, "cannot be read as facts"},
	} {
		t.Run(name, func(t *testing.T) {
			sets, err := c.remote.collect(t)
			require.Empty(t, sets)
			require.Error(t, err)
			require.Equal(t, c.reason, fact.ReasonOf(err))
			require.Contains(t, err.Error(), c.detail)
			require.NotContains(t, err.Error(), token)
		})
	}
}

func TestTheTokenIsSentToNobodyElse(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		t.Errorf("asked with %v", q.Header)
	}))
	t.Cleanup(elsewhere.Close)
	_, err := remote{serve: func(w http.ResponseWriter, q *http.Request) {
		assert.Equal(t, "Bearer "+token, q.Header.Get("Authorization"))
		http.Redirect(w, q, elsewhere.URL, http.StatusFound)
	}}.collect(t)
	require.ErrorContains(t, err, "it answers 302")
}

func TestClocksThatDifferAreReported(t *testing.T) {
	for name, c := range map[string]struct{ ahead, want, slack time.Duration }{
		"a little": {10 * time.Second, 0, 0},
		"ahead":    {2 * time.Minute, 2 * time.Minute, time.Minute},
		"behind":   {-2 * time.Minute, -2 * time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			sets, err := remote{now: func() time.Time { return time.Now().Add(c.ahead) }}.collect(t)
			require.NoError(t, err)
			require.InDelta(t, c.want, sets[0].At(0).(*fact.VantagePoint).Ahead, float64(c.slack))
			urls, _ := endpoints(t, sets)
			require.Len(t, urls, 1, "the age of facts is by the clock of whoever collected them")
		})
	}
}

// Text from elsewhere stays one line, and is cut.
func TestTextFromElsewhereIsMadeFit(t *testing.T) {
	sets, err := remote{edit: func(a *exchange.Answer) {
		a.Version = "1\n2"
		set := &a.Runs[0].Sets[0]
		detail, _ := json.Marshal("refused\nreadiness_check_ready 1" + strings.Repeat("x", 1<<16))
		set.Unavailable = []fact.EncodedGap{{Known: set.Facts[0], Reason: fact.ReasonRefused, Detail: "refused\n\x1b[31m"}}
		set.Facts[0] = json.RawMessage(strings.Replace(string(set.Facts[0]), `"answers":null`,
			`"answers":[{"ip_version":"4","failure":{"reason":"refused","detail":`+string(detail)+`}}]`, 1))
	}}.collect(t)
	require.NoError(t, err)
	require.Equal(t, "1 2", sets[0].At(0).(*fact.VantagePoint).Version)
	_, gaps := endpoints(t, sets)
	require.Equal(t, "refused  [31m", gaps[0].Detail)
	failure := fact.Endpoints().Typed(sets[1]).Facts[0].Answers[0].Failure
	require.NotContains(t, failure.Detail, "\n")
	require.Less(t, len(failure.Detail), 2100)
}

// With a vantage point that is taken out of the description, its target goes, and all that was known from there with it.
func TestAVantagePointThatIsRemovedHasNoTarget(t *testing.T) {
	require.Empty(t, New(outside()).Jobs(shop(), fact.Needs{}))
}

func TestNothingIsKnownOfWhatIsNotDeclared(t *testing.T) {
	s := shop()
	s.VantagePoints = []system.VantagePoint{{Name: "frankfurt", URL: "https://frankfurt.example.com"}}
	var kinds []string
	for _, set := range New(outside()).Jobs(s, fact.Needs{})[0].Declared {
		kinds = append(kinds, set.Kind().KindName())
	}
	require.Equal(t, []string{"vantage_point", "endpoint", "certificate"}, kinds)
}

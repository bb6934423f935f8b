package prometheus_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/collectors/prometheus"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/linkcheck"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A web is all servers that rules lead to, and what was asked of them.
type web struct {
	mu      sync.Mutex
	answers map[string]http.HandlerFunc // by "docs.acme.com/a"
	asked   []string
	address string
	down    bool // no server is reached
}

func newWeb(t *testing.T, answers map[string]http.HandlerFunc) *web {
	t.Helper()
	w := &web{answers: answers}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked = append(w.asked, r.Method+" "+r.Host+r.URL.RequestURI())
		if answer := w.answers[r.Host+r.URL.RequestURI()]; answer != nil {
			answer(rw, r)
			return
		}
		rw.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	w.address = server.Listener.Addr().String()
	return w
}

func (w *web) connect(ctx context.Context, network, address string) (net.Conn, error) {
	switch {
	case w.down || strings.HasPrefix(address, "gone."):
		return nil, &net.DNSError{Err: "no such host", Name: address, IsNotFound: true}
	case strings.HasPrefix(address, "private."): // It has a private address.
		return reach.Fence{Ports: []int{80}}.Dialer().DialContext(ctx, network, "10.0.0.1:80")
	}
	return new(net.Dialer).DialContext(ctx, network, w.address)
}

// requests gives what was asked since the last time.
func (w *web) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked := w.asked
	w.asked = nil
	return asked
}

func page(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func leadsTo(place string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, place, http.StatusFound) }
}

// rulesWith is a server whose rules name these runbooks.
func rulesWith(t *testing.T, runbooks ...string) system.Prometheus {
	t.Helper()
	var rules []string
	for i, each := range runbooks {
		rules = append(rules, fmt.Sprintf(`{"type":"alerting","name":"A%d","health":"ok","annotations":{"runbook_url":%q}}`, i, each))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"status":"success","data":{"groups":[{"name":"g","rules":[%s]}]}}`, strings.Join(rules, ","))
	}))
	t.Cleanup(server.Close)
	return system.Prometheus{Name: "main", URL: server.URL}
}

var day1 = time.Date(2026, time.November, 1, 12, 0, 0, 0, time.UTC)

// pagesOf collects the pages that rules lead to, as often as it is called, at a time.
func pagesOf(
	t *testing.T, connect linkcheck.Connect, request fact.RunbookPagesRequest, servers ...system.Prometheus,
) func(at time.Time) (map[string]fact.RunbookPage, []fact.Gap, error) {
	t.Helper()
	clock := day1
	request.Annotations = "runbook_url\nrunbook"
	needs := fact.Needs{}
	needs.Request(request)
	jobs := prometheus.NewRunbooks(linkcheck.Options{Now: func() time.Time { return clock }, Connect: connect}).
		Jobs(&system.System{Name: "shop", Prometheus: servers}, needs)
	require.Len(t, jobs, 1)
	t.Cleanup(jobs[0].Forget)
	return func(at time.Time) (map[string]fact.RunbookPage, []fact.Gap, error) {
		clock = at
		sets, err := jobs[0].Collect(t.Context(), nil)
		if err != nil {
			return nil, nil, err
		}
		pages := make(map[string]fact.RunbookPage)
		for _, each := range sets[0].At(0).(*fact.RunbookPages).Pages {
			require.NotContains(t, each.Address, canary)
			pages[each.Address] = each
		}
		return pages, sets[0].Gaps(), nil
	}
}

func TestThePagesOfRunbooksAreAsked(t *testing.T) {
	const base = "http://docs.acme.com"
	w := newWeb(t, map[string]http.HandlerFunc{
		"docs.acme.com/a": page("What to do."), "docs.acme.com/b?token=canary": page("What to do."), "docs.acme.com/moved": leadsTo(base + "/a"),
		"docs.acme.com/broken": status(503), "docs.acme.com/own": status(403), "docs.acme.com/odd": status(400), "docs.acme.com/often": status(429),
		"docs.acme.com/private":                       leadsTo(base + "/users/sign_in?return=/private"),
		"docs.acme.com/users/sign_in":                 page("Sign in."),
		"docs.acme.com/users/sign_in?return=/private": page("Sign in."),
		"docs.acme.com/sso":                           leadsTo("http://login.acme.com/"),
		"login.acme.com/":                             page("Sign in."),
		"docs.acme.com/form":                          page(`<form><input name=p type="password"></form>`),
		"docs.acme.com/inside":                        leadsTo("http://private.acme.com/"),
		"docs.acme.com/author/guidelines":             page("What to do."),
		"docs.acme.com/old":                           leadsTo(base + "/author/guidelines"),
	})
	var runbooks []string
	for _, path := range []string{
		"/a", "/a#down", "/a#slow", "/moved", "/none", "/broken", "/own", "/odd", "/often", "/private", "/sso", "/form", "/inside", "/old", "/secret/a",
	} {
		runbooks = append(runbooks, base+path)
	}
	runbooks = append(runbooks, base+"/b?token=canary", "http://wiki.corp/a", "http://go/a", "http://gone.acme.com/a", "aka.ms/a")
	collect := pagesOf(t, w.connect, fact.RunbookPagesRequest{BehindLogin: base + "/secret/"}, rulesWith(t, runbooks...), rulesWith(t, runbooks...))
	_, _, err := collect(day1)
	require.NoError(t, err)
	asked := w.requests()
	require.Len(t, slices.DeleteFunc(slices.Clone(asked), func(each string) bool { return each != "GET docs.acme.com/a" }), 2, "once for all parts of it, and once as what is redirected to")
	require.NotContains(t, asked, "GET docs.acme.com/secret/a")

	pages, gaps, err := collect(day1.Add(time.Hour))
	require.NoError(t, err)
	require.Empty(t, gaps)
	answers := make(map[string]fact.RunbookPageAnswer)
	for address, each := range pages {
		answers[strings.TrimPrefix(address, base)] = each.Answer
	}
	require.Equal(t, map[string]fact.RunbookPageAnswer{
		"/a": fact.PageThere, "/moved": fact.PageThere, "/old": fact.PageThere, "/none": fact.PageMissing, "/odd": fact.PageMissing,
		"/broken": fact.PageFailing, "http://gone.acme.com/a": fact.PageFailing, "/own": fact.PageLogin, "/private": fact.PageLogin,
		"/sso": fact.PageLogin, "/form": fact.PageLogin, "/often": fact.PageWaiting, "/inside": fact.PagePrivate, "/secret/a": fact.PageExempt,
		"http://wiki.corp/a": fact.PagePrivate, "http://go/a": fact.PagePrivate, "/b": fact.PageThere,
	}, answers)
	require.Equal(t, "the server answers 404", pages[base+"/none"].Detail)
	require.Equal(t, 2, pages[base+"/broken"].Times)
	require.Equal(t, day1, pages[base+"/broken"].Since)
	asked = w.requests()
	require.Contains(t, asked, "GET docs.acme.com/often", "who wants to be asked less often is asked again")
	require.NotContains(t, asked, "GET docs.acme.com/a", "a day has not passed")

	w.mu.Lock()
	w.answers["docs.acme.com/a"], w.answers["docs.acme.com/often"] = status(503), page("What to do.")
	w.mu.Unlock()
	pages, _, err = collect(day1.Add(25 * time.Hour))
	require.NoError(t, err)
	require.Equal(t, fact.PageFailing, pages[base+"/a"].Answer)
	require.Equal(t, day1, pages[base+"/a"].Alive, "it was there before")
	require.Equal(t, fact.PageThere, pages[base+"/often"].Answer)
}

func TestAMachineThatReachesNoServerSaysNothingOfRunbooks(t *testing.T) {
	w := newWeb(t, nil)
	w.down = true
	_, _, err := pagesOf(t, w.connect, fact.RunbookPagesRequest{}, rulesWith(t, "http://docs.acme.com/a"))(day1)
	require.Equal(t, fact.ReasonUnreachable, fact.ReasonOf(err), "%v", err)
}

func TestARulerThatDoesNotAnswerLeavesTheRunbooksOfOthers(t *testing.T) {
	w := newWeb(t, map[string]http.HandlerFunc{"docs.acme.com/a": page("What to do.")})
	gone := system.Prometheus{Name: "gone", URL: "http://127.0.0.1:1"}
	pages, gaps, err := pagesOf(t, w.connect, fact.RunbookPagesRequest{}, rulesWith(t, "http://docs.acme.com/a"), gone)(day1)
	require.NoError(t, err)
	require.Equal(t, fact.PageThere, pages["http://docs.acme.com/a"].Answer)
	require.Len(t, gaps, 1)
	_, _, err = pagesOf(t, w.connect, fact.RunbookPagesRequest{}, gone)(day1)
	require.Equal(t, fact.ReasonRefused, fact.ReasonOf(err), "%v", err)
}

func TestRunbooksAtAddressesNearTheExporterAreNeverAsked(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	require.NoError(t, err)
	// Not even where an item names the host: what is near trusts whoever asks.
	request := fact.RunbookPagesRequest{Hosts: strings.Join([]string{address.Host, "169.254.169.254", "[::1]", "::1"}, "\n")}
	pages, _, err := pagesOf(t, nil, request, rulesWith(t,
		server.URL+"/a", "http://169.254.169.254/latest/meta-data", "http://[::1]/a", "http://10.0.0.1/a", "http://100.100.100.200/a", "http://0.0.0.0/a"))(day1)
	require.NoError(t, err)
	require.Len(t, pages, 6)
	for _, each := range pages {
		require.Equal(t, fact.PagePrivate, each.Answer, each.Address)
	}
}

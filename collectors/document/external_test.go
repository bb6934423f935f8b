package document_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/collectors/document"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/linkcheck"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// A web is all servers that links lead to, and what was asked of them.
type web struct {
	mu      sync.Mutex
	answers map[string]http.HandlerFunc // by "HEAD docs.acme.com/a"; without a method: to both
	asked   []string
	address string
	down    bool // no server is reached
}

func newWeb(t *testing.T) *web {
	t.Helper()
	w := &web{answers: make(map[string]http.HandlerFunc)}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		name := r.Host + r.URL.RequestURI()
		w.asked = append(w.asked, r.Method+" "+name)
		answer := w.answers[r.Method+" "+name]
		if answer == nil {
			answer = w.answers[name]
		}
		if answer == nil {
			rw.WriteHeader(http.StatusNotFound)
			return
		}
		answer(rw, r)
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
		return reach.Fence{Ports: []int{80}}.Dialer().DialContext(ctx, network, "127.0.0.1:80")
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

func code(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

func to(place string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, place, http.StatusFound) }
}

// links collects the links of a document with this text, as often as it is called, at a time.
func links(t *testing.T, w *web, text string) func(at time.Time) (fact.ExternalLinks, error) {
	t.Helper()
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"docs/rollback.md": text})
	store := gitrepo.New(t.TempDir())
	t.Cleanup(store.Close)
	clock := on(1)
	needs := fact.Needs{}
	needs.Request(fact.ExternalLinksRequest(rollback()), rollback())
	jobs := document.NewLinks(store, linkcheck.Options{Now: func() time.Time { return clock }, Connect: w.connect}).Jobs(in(g), needs)
	require.Len(t, jobs, 1)
	return func(at time.Time) (fact.ExternalLinks, error) {
		clock = at
		sets, err := jobs[0].Collect(t.Context(), nil)
		if err != nil {
			return fact.ExternalLinks{}, err
		}
		return *sets[0].At(0).(*fact.ExternalLinks), nil
	}
}

func TestLinksToOtherServersAreAlive(t *testing.T) {
	w := newWeb(t)
	for name, answer := range map[string]http.HandlerFunc{
		"docs.acme.com/": code(200), "docs.acme.com/a?b=secret": code(204), "docs.acme.com/login": code(401), "docs.acme.com/own": code(403),
		"docs.acme.com/often": code(429), "docs.acme.com/in": code(999), "docs.acme.com/moved": to("http://docs.acme.com/moved/on"),
		"docs.acme.com/moved/on": to("http://docs.acme.com/"), "HEAD docs.acme.com/get": code(405), "GET docs.acme.com/get": code(200),
		"HEAD docs.acme.com/no-head": code(404), "GET docs.acme.com/no-head": code(200), "docs.acme.com/inside": to("http://private.acme.com/"),
		"HEAD docs.acme.com/cut": func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, "GET docs.acme.com/cut": code(200),
		"docs.acme.com/gone": code(410), "docs.acme.com/broken": code(503), "docs.acme.com/loop": to("http://docs.acme.com/loop"),
	} {
		w.answers[name] = answer
	}
	text := "# Rollback\n"
	for _, path := range []string{"/", "/#part", "/a?b=secret", "/login", "/own", "/often", "/in", "/moved", "/get", "/no-head", "/cut"} {
		text += "[x](http://docs.acme.com" + path + ")\n"
	}
	collect := links(t, w, text)
	found, err := collect(on(1))
	require.NoError(t, err)
	require.Equal(t, fact.ExternalLinks{Document: "rollback-plan", Place: "shop:docs/rollback.md", Asked: 10}, found, "a page is asked once, whatever part of it is named")
	w.requests()
	_, err = collect(on(1).Add(23 * time.Hour))
	require.NoError(t, err)
	require.Empty(t, w.requests(), "a day has not passed")
	_, err = collect(on(2))
	require.NoError(t, err)
	require.NotEmpty(t, w.requests())
}

func TestLinksThatFailSayHowAndSinceWhen(t *testing.T) {
	w := newWeb(t)
	w.answers["docs.acme.com/gone"], w.answers["docs.acme.com/broken"] = code(410), code(503)
	w.answers["docs.acme.com/loop"] = to("http://docs.acme.com/loop")
	w.answers["docs.acme.com/inside"] = to("http://private.acme.com/")
	collect := links(t, w, "# Rollback\n\n[a](http://docs.acme.com/none?token=secret)\n\n[b](http://docs.acme.com/gone)\n\n[c](http://docs.acme.com/broken)\n\n"+
		"[d](http://docs.acme.com/loop)\n\n[e](http://gone.acme.com/)\n\n[f](http://private.acme.com/)\n\n[g](http://docs.acme.com/inside)\n\n"+
		"[h](http://a:b@docs.acme.com/x) [i](https://example.com/x) [j](http://shop.local) [k](http://localhost:9090) [l](mailto:a@acme.com) [m](x.md)\n\n")
	_, err := collect(on(1))
	require.NoError(t, err)
	found, err := collect(on(1).Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 5, found.Asked, "what leads to no public address is not asked, nor are examples and logins")
	want := []string{"the server answers 404", "the server answers 410", "the server answers 503", "it leads through more than 10 redirects", "no such host"}
	for i, link := range found.Failing {
		require.Contains(t, link.Detail, want[i])
		require.Equal(t, 2*i+3, link.Line)
		require.Equal(t, on(1), link.Since)
		require.Equal(t, 2, link.Times)
		require.NotContains(t, link.Link, "secret")
	}
	require.Len(t, found.Failing, 5)

	w.mu.Lock()
	w.answers["docs.acme.com/gone"] = code(200)
	w.mu.Unlock()
	found, err = collect(on(1).Add(2 * time.Hour))
	require.NoError(t, err)
	require.Len(t, found.Failing, 4, "one that is there again is alive")
}

func TestAMachineThatReachesNoServerSaysNothingOfLinks(t *testing.T) {
	w := newWeb(t)
	w.answers["docs.acme.com/"] = code(200)
	collect := links(t, w, "# Rollback\n[a](http://docs.acme.com/)\n[b](http://www.acme.com/)\n")
	w.down = true
	_, err := collect(on(1))
	require.ErrorContains(t, err, "as if this machine reached none")
	require.Equal(t, fact.ReasonUnreachable, fact.ReasonOf(err))
	w.down = false
	found, err := collect(on(1))
	require.NoError(t, err)
	require.Equal(t, 1, found.Failing[0].Times, "what was not the fault of a link does not count")
}

func TestPrivateAddressesAreNotAsked(t *testing.T) {
	g := world.NewGit(t)
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	t.Cleanup(server.Close)
	g.Commit(on(1), map[string]string{"docs/rollback.md": "[a](" + server.URL + ") [b](http://169.254.169.254/latest/meta-data) [c](http://10.0.0.1/) [d](http://[::1]/)\n"})
	store := gitrepo.New(t.TempDir())
	t.Cleanup(store.Close)
	needs := fact.Needs{}
	needs.Request(fact.ExternalLinksRequest(rollback()))
	jobs := document.NewLinks(store, linkcheck.Options{Now: time.Now}).Jobs(in(g), needs)
	sets, err := jobs[0].Collect(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, &fact.ExternalLinks{Document: "rollback-plan", Place: "shop:docs/rollback.md"}, sets[0].At(0))
}

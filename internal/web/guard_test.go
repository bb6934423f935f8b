package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/web"
)

func TestDetailsAreForThisMachineAlone(t *testing.T) {
	local := func(*http.Request) {}
	remote := func(r *http.Request) { r.RemoteAddr = "192.0.2.1:1234" }
	for _, c := range []struct {
		name   string
		edit   func(*http.Request)
		expose bool
		shown  bool
	}{
		{"a request from this machine sees them", local, false, true},
		{"a request from elsewhere does not", remote, false, false},
		{"a request that a proxy passes on does not", func(r *http.Request) { r.Header.Set("X-Forwarded-For", "192.0.2.1") }, false, false},
		{"a request without an address does not", func(r *http.Request) { r.RemoteAddr = "@" }, false, false},
		{"where they are exposed, everybody sees them", remote, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := options()
			o.ExposeDetails = c.expose
			for _, path := range []string{
				"/", "/systems/shop/production", "/systems/shop/production/checks/tank.level", "/api/v1/systems",
				"/api/v1/systems/shop/production", "/api/v1/systems/shop/production/gates/go-live",
			} {
				answer := askAs(t, o, "GET", path, c.edit)
				require.Equal(t, http.StatusOK, answer.Code, path)
				if c.shown {
					require.Contains(t, answer.Body.String(), "901820", path)
				} else {
					require.NotContains(t, answer.Body.String(), "901820", path)
					require.NotContains(t, answer.Body.String(), "ann@shop-team.io", path)
				}
			}
			for _, path := range []string{"/discovered", "/api/v1/systems/shop/production/discovered"} {
				answer := askAs(t, o, "GET", path, c.edit)
				require.Equal(t, map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[c.shown], answer.Code, path)
				if !c.shown {
					require.Contains(t, answer.Body.String(), "--web.expose-details", path)
				}
			}
		})
	}
}

func TestHostsThatAreNotOursAreRefused(t *testing.T) {
	external, err := url.Parse("https://readiness.example.com/")
	require.NoError(t, err)
	for host, status := range map[string]int{
		"readiness.example.com": http.StatusOK, "Readiness.Example.com:443": http.StatusOK, "localhost:10216": http.StatusOK,
		"10.0.0.7:10216": http.StatusOK, "[::1]:10216": http.StatusOK,
		"evil.example.com": http.StatusMisdirectedRequest, "evil.example.com:10216": http.StatusMisdirectedRequest, "": http.StatusMisdirectedRequest,
	} {
		o := options()
		o.ExternalURL = external
		require.Equal(t, status, askAs(t, o, "GET", "/metrics", func(r *http.Request) { r.Host = host }).Code, host)
		o.ExternalURL = nil
		require.Equal(t, http.StatusOK, askAs(t, o, "GET", "/metrics", func(r *http.Request) { r.Host = host }).Code, host)
	}
}

func TestOtherSitesDoNotReload(t *testing.T) {
	o := options()
	reloads := 0
	o.Reload = func() error {
		reloads++
		return nil
	}
	for site, status := range map[string]int{"cross-site": http.StatusForbidden, "same-origin": http.StatusOK, "": http.StatusOK} {
		answer := askAs(t, o, "POST", "/-/reload", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", site) })
		require.Equal(t, status, answer.Code, site)
	}
	require.Equal(t, 2, reloads)
}

func TestMoreRequestsThanTheLimitAreRefused(t *testing.T) {
	o := options()
	o.MaxRequests = 2
	started, held := make(chan struct{}), make(chan struct{})
	o.Metrics = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		started <- struct{}{}
		<-held
	})
	handler, err := web.Handler(o)
	require.NoError(t, err)
	get := func(path string) int {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		return answer.Code
	}
	var wait sync.WaitGroup
	for range o.MaxRequests {
		wait.Go(func() { get("/metrics") })
		<-started
	}
	require.Equal(t, http.StatusServiceUnavailable, get("/metrics"))
	require.Equal(t, http.StatusOK, get("/"), "pages have places of their own")
	require.Equal(t, http.StatusOK, get("/-/healthy"))
	close(held)
	wait.Wait()
	go func() { <-started }()
	require.Equal(t, http.StatusOK, get("/metrics"), "places are given back")
}

func TestProfilesAreServedWhereTheyAreAskedFor(t *testing.T) {
	o := options()
	require.Equal(t, http.StatusNotFound, ask(t, o, "GET", "/debug/pprof/cmdline").Code)
	o.Profiles = true
	require.Equal(t, http.StatusOK, ask(t, o, "GET", "/debug/pprof/cmdline").Code)
	require.Equal(t, http.StatusOK, ask(t, o, "GET", "/debug/pprof/heap").Code)
}

func TestTheExternalURL(t *testing.T) {
	for text, good := range map[string]bool{
		"": true, "https://readiness.example.com": true, "http://localhost:10216/x": true, "readiness.example.com": false, "ftp://x": false, "javascript:alert(1)": false,
	} {
		_, err := web.ParseExternalURL(text)
		require.Equal(t, good, err == nil, text)
	}
}

func TestLoopbackIsThisMachine(t *testing.T) {
	for address, want := range map[string]bool{
		"localhost:10216": true, "127.0.0.1:10216": true, "[::1]:10216": true, "127.8.8.8:1": true,
		":10216": false, "0.0.0.0:10216": false, "[::]:10216": false, "192.0.2.1:10216": false, "vsock://:10216": false, "shop.example.com:80": false,
	} {
		require.Equal(t, want, web.Loopback(address), address)
	}
}

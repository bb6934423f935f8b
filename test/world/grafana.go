package world

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// A Grafana answers as the HTTP API of Grafana does on organizations and users, with what its authentication makes of logins: a name is
// blocked for five minutes after five wrong passwords within them, and then answered as one with a wrong password, on purpose. What it is
// not made for fails the test. Grafana itself cannot be had as a module or a package here.
type Grafana struct {
	URL  string
	Addr string

	tb       testing.TB
	settings GrafanaSettings
	now      func() time.Time

	mu     sync.Mutex
	failed []time.Time
	tried  int
}

// GrafanaSettings are those of a Grafana.
type GrafanaSettings struct {
	Password  string // of admin
	Anonymous bool   // [auth.anonymous] enabled
	NoBasic   bool   // [auth.basic] enabled = false
	Old       bool   // a version before 9.4: answers have no id of their message
	Now       func() time.Time
}

// NewGrafana starts a Grafana for a test.
func NewGrafana(tb testing.TB, settings GrafanaSettings) *Grafana {
	tb.Helper()
	g := &Grafana{tb: tb, settings: settings, now: settings.Now}
	if g.now == nil {
		g.now = time.Now
	}
	server := httptest.NewServer(g)
	tb.Cleanup(server.Close)
	g.URL, g.Addr = server.URL, server.Listener.Addr().String()
	return g
}

// Tried is how many passwords were tried.
func (g *Grafana) Tried() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.tried
}

// Blocked tells whether admin cannot log in now, whatever the password.
func (g *Grafana) Blocked() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.blocked()
}

// Fail has somebody else fail to log in.
func (g *Grafana) Fail(times int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for range times {
		g.failed = append(g.failed, g.now())
	}
}

func (g *Grafana) blocked() bool {
	const most, within = 5, 5 * time.Minute
	recent := 0
	for _, at := range g.failed {
		if g.now().Sub(at) < within {
			recent++
		}
	}
	return recent >= most
}

// ServeHTTP answers.
func (g *Grafana) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || r.URL.RawQuery != "" || r.URL.Path != "/api/org" && r.URL.Path != "/api/user" {
		g.tb.Errorf("Grafana was asked for %s %s", r.Method, r.URL)
		http.NotFound(w, r)
		return
	}
	admitted, wrong := g.login(r)
	switch {
	case admitted && r.URL.Path == "/api/user":
		g.answer(w, http.StatusOK, map[string]any{"id": 1, "login": "admin", "email": "admin@localhost", "isGrafanaAdmin": true})
	case r.URL.Path == "/api/org" && (admitted || g.settings.Anonymous):
		g.answer(w, http.StatusOK, map[string]any{"id": 1, "name": "Main Org."})
	case wrong && !g.settings.Anonymous: // Anonymous access is tried next, and wants a login here.
		g.refuse(w, "Invalid username or password", "password-auth.failed")
	default:
		g.refuse(w, "Unauthorized", "auth.unauthorized")
	}
}

// login tells whether a request logs in, or tries to and fails.
func (g *Grafana) login(r *http.Request) (admitted, wrong bool) {
	username, password, given := r.BasicAuth()
	if !given || g.settings.NoBasic {
		return false, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tried++
	switch {
	case g.blocked():
		return false, true // It does not count any more.
	case username == "admin" && password == g.settings.Password:
		return true, false
	}
	g.failed = append(g.failed, g.now())
	return false, true
}

func (g *Grafana) refuse(w http.ResponseWriter, message, id string) {
	said := map[string]any{"message": message}
	if !g.settings.Old {
		said["messageId"], said["statusCode"], said["traceID"] = id, http.StatusUnauthorized, ""
	}
	g.answer(w, http.StatusUnauthorized, said)
}

func (g *Grafana) answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		g.tb.Logf("answer as Grafana: %v", err) // The client may have had enough.
	}
}

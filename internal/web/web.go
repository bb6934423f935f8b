// Package web serves the pages, the JSON API and the endpoints that supervise the exporter.
package web

import (
	"fmt"
	"net/http"
	"net/http/pprof"
	"net/url"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/intake"
)

// Options are what the pages show and do.
type Options struct {
	Metrics     http.Handler
	Assessments func() []*assess.Assessment
	Ready       func() bool
	// Remote are the systems of other shards; nil where the exporter has them all.
	Remote func() []Remote
	// Intake takes evidence and signatures; nil: none are.
	Intake *intake.Intake
	// Reload loads the configuration again; nil where the lifecycle endpoints are off.
	Reload  func() error
	Version string
	// OpenAPI is the description of the API, as a file.
	OpenAPI []byte
	// ExternalURL is where browsers reach the exporter; requests for other hosts are refused. Nil: for none.
	ExternalURL *url.URL
	// MaxRequests is how many pages, and how many scrapes, are answered at one time; 0: any number.
	MaxRequests int
	// ExposeDetails shows everybody how contacts can be reached and where things are declared; without it, only who asks
	// from this machine sees that. It is for servers that authenticate.
	ExposeDetails bool
	// Profiles serves those of the running program at /debug/pprof/.
	Profiles bool
}

type handler struct {
	Options
	pages *pages
}

// Handler serves everything.
func Handler(options Options) (http.Handler, error) {
	pages, err := parsePages()
	if err != nil {
		return nil, err
	}
	h := &handler{Options: options, pages: pages}
	mux := http.NewServeMux()
	h.servePages(mux)
	h.serveAPI(mux)
	h.serveIntake(mux)
	mux.HandleFunc("GET /-/healthy", h.healthy)
	mux.HandleFunc("GET /-/ready", h.readiness)
	mux.HandleFunc("POST /-/reload", h.reload)
	mux.HandleFunc("PUT /-/reload", h.reload)
	if options.Profiles {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	compressed, err := compress(mux)
	if err != nil {
		return nil, err
	}
	return options.guard(options.Metrics, compressed), nil // metrics are compressed ahead of time
}

// secure sets the headers that keep a browser from doing more than show the page and filter it.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "+
			"img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

func (h *handler) healthy(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "readiness-exporter is healthy.")
}

func (h *handler) readiness(w http.ResponseWriter, _ *http.Request) {
	if !h.Ready() {
		http.Error(w, "readiness-exporter has not collected everything yet.", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "readiness-exporter is ready.")
}

func (h *handler) reload(w http.ResponseWriter, _ *http.Request) {
	if h.Reload == nil {
		http.Error(w, "Lifecycle API is not enabled: see --web.enable-lifecycle.", http.StatusForbidden)
		return
	}
	if err := h.Reload(); err != nil {
		http.Error(w, "The configuration is as it was. The new one is not good:\n"+err.Error(), http.StatusInternalServerError)
		return
	}
	fmt.Fprintln(w, "The configuration is loaded.")
}

// find finds the system that a path names; nil where there is none.
func (h *handler) find(r *http.Request) *assess.Assessment {
	for _, assessment := range h.Assessments() {
		described := assessment.Plan.System
		if described.Name == r.PathValue("system") && described.Environment == r.PathValue("environment") {
			return assessment
		}
	}
	return nil
}

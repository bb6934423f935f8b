// Package web serves the page, the JSON API and the endpoints that supervise the exporter.
package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

//go:embed page.html style.css
var files embed.FS

// Options are what the pages show and do.
type Options struct {
	Metrics     http.Handler
	Assessments func() []*assess.Assessment
	Ready       func() bool
	// Reload loads the configuration again; nil where the lifecycle endpoints are off.
	Reload  func() error
	Version string
}

type handler struct {
	Options
	page *template.Template
}

// Handler serves everything.
func Handler(options Options) (http.Handler, error) {
	page, err := template.New("page.html").ParseFS(files, "page.html")
	if err != nil {
		return nil, fmt.Errorf("parse page: %w", err)
	}
	h := &handler{Options: options, page: page}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", options.Metrics)
	mux.HandleFunc("GET /{$}", h.index)
	mux.HandleFunc("GET /systems/{system}/{environment}", h.systemPage)
	mux.HandleFunc("GET /systems/{system}/{environment}/checks/{check}", h.checkPage)
	mux.HandleFunc("GET /style.css", serveFile("style.css"))
	mux.HandleFunc("GET /-/healthy", h.healthy)
	mux.HandleFunc("GET /-/ready", h.readiness)
	mux.HandleFunc("POST /-/reload", h.reload)
	mux.HandleFunc("PUT /-/reload", h.reload)
	mux.HandleFunc("GET /api/v1/systems", h.systems)
	mux.HandleFunc("GET /api/v1/systems/{system}/{environment}", h.system)
	mux.HandleFunc("GET /api/v1/systems/{system}/{environment}/checks/{check}", h.check)
	mux.HandleFunc("GET /api/v1/systems/{system}/{environment}/facts", h.facts)
	mux.HandleFunc("GET /api/v1/systems/{system}/{environment}/gates/{gate}", h.gate)
	return secure(mux), nil
}

// secure sets the headers that keep a browser from doing more than show the page.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy",
			"default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

func serveFile(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, fs.FS(files), name)
	}
}

func (h *handler) healthy(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "readiness-exporter is healthy.")
}

func (h *handler) readiness(w http.ResponseWriter, _ *http.Request) {
	if !h.Ready() {
		http.Error(w, "readiness-exporter has not looked at everything yet.", http.StatusServiceUnavailable)
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

// index lists every system with its items.
func (h *handler) index(w http.ResponseWriter, _ *http.Request) {
	var systems []report.System
	for _, assessment := range h.Assessments() {
		systems = append(systems, report.Of(assessment))
	}
	h.show(w, systems, false)
}

// systemPage shows one system, checkPage one of its items with how to mend it.
func (h *handler) systemPage(w http.ResponseWriter, r *http.Request) {
	if assessment := h.find(w, r); assessment != nil {
		h.show(w, []report.System{report.Of(assessment)}, false)
	}
}

func (h *handler) checkPage(w http.ResponseWriter, r *http.Request) {
	assessment := h.find(w, r)
	if assessment == nil {
		return
	}
	system := report.Of(assessment)
	system.Items = slices.DeleteFunc(system.Items, func(item report.Item) bool { return item.Check != r.PathValue("check") })
	if len(system.Items) == 0 {
		notFound(w, fmt.Sprintf("no check %q", r.PathValue("check")))
		return
	}
	h.show(w, []report.System{system}, true)
}

func (h *handler) show(w http.ResponseWriter, systems []report.System, item bool) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// The status is sent by now: a client that went away is not to be told.
	_ = h.page.Execute(w, map[string]any{"Systems": systems, "Ready": h.Ready(), "Version": h.Version, "Item": item})
}

func (h *handler) systems(w http.ResponseWriter, _ *http.Request) {
	systems := []report.System{}
	for _, assessment := range h.Assessments() {
		system := report.Of(assessment)
		system.Items = nil
		systems = append(systems, system)
	}
	writeJSON(w, http.StatusOK, systems)
}

func (h *handler) system(w http.ResponseWriter, r *http.Request) {
	if assessment := h.find(w, r); assessment != nil {
		writeJSON(w, http.StatusOK, report.Of(assessment))
	}
}

func (h *handler) check(w http.ResponseWriter, r *http.Request) {
	assessment := h.find(w, r)
	if assessment == nil {
		return
	}
	items := report.Of(assessment).Items
	at := slices.IndexFunc(items, func(item report.Item) bool { return item.Check == r.PathValue("check") })
	if at < 0 {
		notFound(w, fmt.Sprintf("no check %q", r.PathValue("check")))
		return
	}
	writeJSON(w, http.StatusOK, items[at])
}

func (h *handler) gate(w http.ResponseWriter, r *http.Request) {
	assessment := h.find(w, r)
	if assessment == nil {
		return
	}
	only, err := report.Of(assessment).Only(r.PathValue("gate"))
	if err != nil {
		notFound(w, err.Error())
		return
	}
	writeJSON(w, http.StatusOK, only)
}

func (h *handler) facts(w http.ResponseWriter, r *http.Request) {
	if assessment := h.find(w, r); assessment != nil {
		writeJSON(w, http.StatusOK, report.FactsOf(assessment))
	}
}

// find finds the system that a path names; it answers the request and gives nil where there is none.
func (h *handler) find(w http.ResponseWriter, r *http.Request) *assess.Assessment {
	name, environment := r.PathValue("system"), r.PathValue("environment")
	for _, assessment := range h.Assessments() {
		if assessment.Plan.System.Name == name && assessment.Plan.System.Environment == environment {
			return assessment
		}
	}
	notFound(w, fmt.Sprintf("no system %q in environment %q", name, environment))
	return nil
}

func notFound(w http.ResponseWriter, message string) {
	writeJSON(w, http.StatusNotFound, map[string]string{"error": message})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	content, err := json.Marshal(value)
	if err != nil {
		http.Error(w, "encode answer: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The status is sent by now: a client that went away is not to be told.
	_, _ = w.Write(append(content, '\n'))
}

package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

//go:embed templates static
var files embed.FS

// pages are the templates, one set for each page, and what they refer to.
type pages struct {
	templates map[string]*template.Template
	static    map[string]staticFile
}

type staticFile struct {
	contentType string
	content     []byte
}

// A page is what every page has.
type page struct {
	Title   string
	Trail   []link // from the overview down to this page
	Version string
	Started bool // every target has been tried once
	Content any
}

type link struct{ Text, Path string }

func parsePages() (*pages, error) {
	p := &pages{templates: make(map[string]*template.Template), static: make(map[string]staticFile)}
	for _, name := range []string{"overview", "system", "item", "discovered", "missing"} {
		parsed, err := template.New("layout.html").Funcs(functions()).
			ParseFS(files, "templates/layout.html", "templates/parts.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("parse page %s: %w", name, err)
		}
		p.templates[name] = parsed
	}
	for name, contentType := range map[string]string{
		"style.css": "text/css; charset=utf-8", "script.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml",
	} {
		content, err := files.ReadFile("static/" + name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		p.static[name] = staticFile{contentType, content}
	}
	return p, nil
}

func (h *handler) servePages(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", h.overviewPage)
	mux.HandleFunc("GET /systems/{system}", h.namedPage)
	mux.HandleFunc("GET /systems/{system}/{environment}", h.systemPage)
	mux.HandleFunc("GET /systems/{system}/{environment}/checks/{check}", h.itemPage)
	mux.HandleFunc("GET /discovered", h.discoveredPage)
	for name, file := range h.pages.static {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			answer(w, r, file.contentType, file.content)
		})
	}
}

// overviewPage shows every system; where there is only one, and no shard has others, that one.
func (h *handler) overviewPage(w http.ResponseWriter, r *http.Request) {
	assessments := h.Assessments()
	if len(assessments) == 1 && h.Remote == nil {
		h.showSystem(w, r, assessments[0])
		return
	}
	h.showOverview(w, r, assessments)
}

// namedPage shows the system of a name; where there are several, in several environments, all of those.
func (h *handler) namedPage(w http.ResponseWriter, r *http.Request) {
	named := slices.DeleteFunc(slices.Clone(h.Assessments()), func(a *assess.Assessment) bool {
		return a.Plan.System.Name != r.PathValue("system")
	})
	switch len(named) {
	case 0:
		h.missingSystem(w, r, fmt.Sprintf("There is no system %q.", r.PathValue("system")))
	case 1:
		h.showSystem(w, r, named[0])
	default:
		h.showOverview(w, r, named)
	}
}

func (h *handler) systemPage(w http.ResponseWriter, r *http.Request) {
	assessment := h.find(r)
	if assessment == nil {
		h.missingSystem(w, r, "There is "+h.noSystem(r)+".")
		return
	}
	h.showSystem(w, r, assessment)
}

func (h *handler) showOverview(w http.ResponseWriter, r *http.Request, assessments []*assess.Assessment) {
	h.show(w, r, "overview", page{Title: "Systems", Content: h.withRemote(overviewOf(assessments, r))})
}

func (h *handler) showSystem(w http.ResponseWriter, r *http.Request, a *assess.Assessment) {
	described := a.Plan.System
	h.show(w, r, "system", page{
		Title: described.Name + " in " + described.Environment, Trail: []link{{"Systems", "/"}},
		Content: systemViewOf(a, filterOf(r), h.detailed(r)),
	})
}

func (h *handler) itemPage(w http.ResponseWriter, r *http.Request) {
	assessment := h.find(r)
	if assessment == nil {
		h.missingSystem(w, r, "There is "+h.noSystem(r)+".")
		return
	}
	view, found := itemViewOf(assessment, r.PathValue("check"), h.detailed(r))
	if !found {
		h.missing(w, fmt.Sprintf("There is no check %q.", r.PathValue("check")))
		return
	}
	described := assessment.Plan.System
	h.show(w, r, "item", page{
		Title:   view.Detail.Check,
		Trail:   []link{{"Systems", "/"}, {described.Name + " in " + described.Environment, systemPath(described.Name, described.Environment)}},
		Content: view,
	})
}

func (h *handler) discoveredPage(w http.ResponseWriter, r *http.Request) {
	if !h.detailed(r) {
		h.refuse(w, http.StatusForbidden, refusal{Title: "Not for everybody", Message: notDetailed})
		return
	}
	discovered := []report.Discovered{}
	for _, assessment := range h.Assessments() {
		system := assessment.Plan.System
		if is(r.URL.Query().Get("system"), system.Name) && is(r.URL.Query().Get("environment"), system.Environment) {
			discovered = append(discovered, report.DiscoveredOf(assessment))
		}
	}
	h.show(w, r, "discovered", page{Title: "Discovered", Trail: []link{{"Systems", "/"}}, Content: discovered})
}

// notDetailed says why something is not shown.
const notDetailed = "This is shown to requests from the exporter's own machine only; see --web.expose-details."

// missing tells that there is no such page.
func (h *handler) missing(w http.ResponseWriter, message string) {
	h.refuse(w, http.StatusNotFound, refusal{Title: "Not found", Message: message})
}

// A refusal is shown in place of a page.
type refusal struct {
	Title, Message string
	Links          []link // where else it is; without a path where that is not known
}

// refuse shows a message in place of a page.
func (h *handler) refuse(w http.ResponseWriter, status int, why refusal) {
	content, err := h.render("missing", page{Title: why.Title, Trail: []link{{"Systems", "/"}}, Content: why})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The status is sent by now: a client that went away is not to be told.
	_, _ = w.Write(content)
}

func (h *handler) show(w http.ResponseWriter, r *http.Request, name string, p page) {
	content, err := h.render(name, p)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, r, "text/html; charset=utf-8", content)
}

func (h *handler) render(name string, p page) ([]byte, error) {
	p.Version, p.Started = h.Version, h.Ready()
	var buffer bytes.Buffer
	if err := h.pages.templates[name].Execute(&buffer, p); err != nil {
		return nil, fmt.Errorf("write page %s: %w", name, err)
	}
	return buffer.Bytes(), nil
}

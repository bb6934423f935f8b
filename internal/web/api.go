package web

import (
	"fmt"
	"net/http"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/exchange"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
	described "github.com/readiness-exporter/readiness-exporter/internal/system"
)

// An Endpoint is one address of the JSON API.
type Endpoint struct {
	Path    string      // with {names} of what changes
	Summary string      // one sentence
	Query   []Parameter // what narrows the answer
	Answer  any         // an example of the type that it gives
	// Detailed: it shows where things are declared, which is not for everybody.
	Detailed bool
	// Right is what a token must permit; empty: it takes none.
	Right string
	give  func(h *handler, r *http.Request) (value any, missing string)
}

// A Parameter is one of the query of an address.
type Parameter struct{ Name, Meaning string }

// Endpoints lists every address of the JSON API. What they answer is described by the type of Answer, whose names do not
// change within /api/v1.
func Endpoints() []Endpoint {
	const system = "/api/v1/systems/{system}/{environment}"
	return []Endpoint{
		{Path: "/api/v1/systems", Summary: "Every system, without its items.", Answer: []report.System{}, give: giveSystems},
		{
			Path: "/api/v1/problems", Summary: "The problems of every system, the gravest of each first.",
			Answer: []report.SystemProblem{}, give: giveAllProblems,
		},
		{
			Path: system, Summary: "One system with every item, in the order of its checklist.", Answer: report.System{},
			give: giveSystem,
		},
		{
			Path: system + "/checks", Summary: "The items of a system with their results.", Query: filterParameters(),
			Answer: []report.Item{}, give: ofSystem(giveChecks),
		},
		{
			Path: system + "/checks/{check}", Summary: "Everything known of one item: result, parameters in force, history and facts.",
			Answer: report.Detail{}, give: ofSystem(giveCheck),
		},
		{
			Path: system + "/problems", Summary: "The problems of a system, the gravest first.", Answer: []report.SystemProblem{},
			give: ofSystem(func(a *assess.Assessment, _ *http.Request) (any, string) { return report.ProblemsOf(a), "" }),
		},
		{
			Path: system + "/facts", Summary: "What collectors last collected of a system.", Answer: report.SystemFacts{},
			give: ofSystem(func(a *assess.Assessment, _ *http.Request) (any, string) { return report.FactsOf(a), "" }),
		},
		{
			Path: system + "/gates", Summary: "The gates of a system, open or not.", Answer: []report.Gate{},
			give: ofSystem(func(a *assess.Assessment, _ *http.Request) (any, string) { return report.Summarize(a).Gates, "" }),
		},
		{
			Path: system + "/gates/{gate}", Summary: "A system with the items of one gate only.", Answer: report.System{},
			give: giveGate,
		},
		{
			Path: system + "/signatures", Summary: "What was signed by API about a system, and taken back, the oldest first.",
			Answer: []record.Signature{}, give: giveSignatures,
		},
		{
			Path: system + "/vantage", Answer: exchange.Answer{}, Right: described.MayFacts,
			Summary: "What is collected of a system from the vantage point that the exporter is (--vantage.name), for another exporter.",
		},
		{
			Path: system + "/discovered", Summary: "Where a system's description comes from, and the YAML to save what was found as configuration.",
			Answer: report.Discovered{}, Detailed: true,
			give: ofSystem(func(a *assess.Assessment, _ *http.Request) (any, string) { return report.DiscoveredOf(a), "" }),
		},
	}
}

func (h *handler) serveAPI(mux *http.ServeMux) {
	for _, endpoint := range Endpoints() {
		if endpoint.Right != "" {
			mux.HandleFunc("GET "+endpoint.Path, h.vantage)
			continue
		}
		mux.HandleFunc("GET "+endpoint.Path, func(w http.ResponseWriter, r *http.Request) {
			if endpoint.Detailed && !h.detailed(r) {
				answerError(w, http.StatusForbidden, notDetailed)
				return
			}
			value, missing := endpoint.give(h, r)
			if missing != "" {
				answerError(w, http.StatusNotFound, missing)
				return
			}
			answerJSON(w, r, value)
		})
	}
	mux.HandleFunc("GET /api/v1/openapi.json", func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, "application/json", h.OpenAPI)
	})
}

// ofSystem finds the system that the path names.
func ofSystem(give func(*assess.Assessment, *http.Request) (any, string)) func(*handler, *http.Request) (any, string) {
	return func(h *handler, r *http.Request) (any, string) {
		assessment := h.find(r)
		if assessment == nil {
			return nil, h.noSystem(r)
		}
		return give(assessment, r)
	}
}

func giveSystems(h *handler, r *http.Request) (any, string) {
	systems, detailed := []report.System{}, h.detailed(r)
	for _, assessment := range h.Assessments() {
		systems = append(systems, report.Summarize(assessment).Detailed(detailed))
	}
	return systems, ""
}

func giveSystem(h *handler, r *http.Request) (any, string) {
	return ofSystem(func(a *assess.Assessment, _ *http.Request) (any, string) {
		return report.Of(a).Detailed(h.detailed(r)), ""
	})(h, r)
}

func giveAllProblems(h *handler, _ *http.Request) (any, string) {
	problems := []report.SystemProblem{}
	for _, assessment := range h.Assessments() {
		problems = append(problems, report.ProblemsOf(assessment)...)
	}
	return problems, ""
}

func giveChecks(a *assess.Assessment, r *http.Request) (any, string) {
	system := report.Of(a)
	return filterOf(r).items(system), ""
}

func giveCheck(a *assess.Assessment, r *http.Request) (any, string) {
	detail, found := report.DetailOf(a, r.PathValue("check"))
	if !found {
		return nil, fmt.Sprintf("no check %q", r.PathValue("check"))
	}
	return detail, ""
}

func giveSignatures(h *handler, r *http.Request) (any, string) {
	return ofSystem(func(a *assess.Assessment, _ *http.Request) (any, string) {
		signed := []record.Signature{}
		if h.Intake != nil {
			signed = append(signed, h.Intake.Signatures(a.Plan.System.ID())...)
		}
		return signed, ""
	})(h, r)
}

func giveGate(h *handler, r *http.Request) (any, string) {
	return ofSystem(func(a *assess.Assessment, r *http.Request) (any, string) {
		only, err := report.Of(a).Only(r.PathValue("gate"))
		if err != nil {
			return nil, err.Error()
		}
		return only.Detailed(h.detailed(r)), ""
	})(h, r)
}

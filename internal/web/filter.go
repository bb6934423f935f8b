package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// notReady stands, as a status to filter by, for every one that does not count as ready.
const notReady = "not_ready"

// A filter narrows the items of a system; what is empty does not.
type filter struct {
	Status, Section, Team, Severity, Gate string
}

func filterParameters() []Parameter {
	return []Parameter{
		{"status", "Only items of this status; not_ready: of any that does not count as ready."},
		{"section", "Only items of this section."},
		{"team", "Only items of this team."},
		{"severity", "Only items of this severity."},
		{"gate", "Only items that this gate is made of."},
	}
}

func filterOf(r *http.Request) filter {
	query := r.URL.Query()
	return filter{query.Get("status"), query.Get("section"), query.Get("team"), query.Get("severity"), query.Get("gate")}
}

// Any tells whether the filter narrows.
func (f filter) Any() bool { return f != filter{} }

// With gives the query of the filter with another status.
func (f filter) With(status string) string {
	f.Status = status
	query := make(url.Values)
	for name, value := range map[string]string{
		"status": f.Status, "section": f.Section, "team": f.Team, "severity": f.Severity, "gate": f.Gate,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return "?" + query.Encode()
}

// items are those of a system that the filter lets through.
func (f filter) items(system report.System) []report.Item {
	var ofGate []string
	for _, gate := range system.Gates {
		if gate.ID == f.Gate {
			ofGate = gate.Items
		}
	}
	items := []report.Item{}
	for _, item := range system.Items {
		if f.takesStatus(item.Status) && is(f.Section, item.Section) && is(f.Team, item.Team) &&
			is(f.Severity, item.Severity) && (f.Gate == "" || slices.Contains(ofGate, item.Check)) {
			items = append(items, item)
		}
	}
	return items
}

func (f filter) takesStatus(status check.Status) bool {
	if f.Status == notReady {
		return status.Applicable() && !status.Ready()
	}
	return is(f.Status, status.String())
}

// is tells whether a value is the one wanted; nothing wanted is any.
func is(wanted, value string) bool { return wanted == "" || wanted == value }

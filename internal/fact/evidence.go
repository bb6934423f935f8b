package fact

import "time"

// An Evidence is what pipelines and tools reported about one item of the checklist, or about one component for it.
type Evidence struct {
	Check     string `json:"check"`               // the item of the checklist it is about
	Component string `json:"component,omitempty"` // the part of the system it is of; empty: the system as a whole
	// Resource is where in a cluster the result is; empty for what was submitted or left in files.
	Resource string `json:"resource,omitempty"`
	// Reports are what was reported, the newest first.
	Reports []EvidenceReport `json:"reports"`
}

// An EvidenceReport is one result with where it comes from.
type EvidenceReport struct {
	At time.Time `json:"at"` // when the result was made, and never later than when it arrived
	// By is who reported it: the name of a token, or the file or the object in a cluster it was read from.
	By string `json:"by"`
	// Revisions are the names of what was examined, each of which is one: a commit, a version, the digest of an image.
	Revisions []string       `json:"revisions,omitempty"`
	Link      string         `json:"link,omitempty"` // to the run of the pipeline
	Result    EvidenceResult `json:"result"`
}

// An EvidenceResult is what a report says, in counts. What tests print is not kept: it can hold secrets.
type EvidenceResult struct {
	Format  string `json:"format"` // that it was reported in: junit, sarif, …
	Passed  int    `json:"passed"`
	Failed  int    `json:"failed"`            // tests that found a fault, faults of level error, thresholds that are not met
	Errored int    `json:"errored,omitempty"` // what could not be run to its end, such as a test suite that does not compile
	Skipped int    `json:"skipped,omitempty"` // and tests that are expected to fail
	Flaky   int    `json:"flaky,omitempty"`   // tests that passed only when they were run again
	// Scans are how many tools looked for faults and came to their end; they count no tests.
	Scans int `json:"scans,omitempty"`
	// Values are further numbers by their names: critical, high, success_ratio, duration_p95_seconds, …
	Values map[string]float64 `json:"values,omitempty"`
	// Faults name the first of what failed or could not be run.
	Faults []string `json:"faults,omitempty"`
	// MadeAt is when it was made, where the report says so itself.
	MadeAt time.Time `json:"made_at,omitzero"`
}

// Tests is how many tests ran: what was skipped did not.
func (r *EvidenceResult) Tests() int { return r.Passed + r.Failed + r.Errored + r.Flaky }

// Evidences describes the facts of evidence.
func Evidences() *Kind[Evidence] {
	return &Kind[Evidence]{
		Name:    "evidence",
		Help:    "What pipelines and tools reported about an item of the checklist: results of tests, scans and drills.",
		Subject: (*Evidence).Subject,
		Labels: []Label[Evidence]{
			{Name: "check", Value: func(e *Evidence) string { return e.Check }},
			{Name: "component", Value: func(e *Evidence) string { return e.Component }},
			{Name: "resource", Value: func(e *Evidence) string { return e.Resource }},
		},
		Gauges: []Gauge[Evidence]{{
			Name: "evidence_reported_timestamp_seconds",
			Help: "When the newest result for the item was made.",
			Value: func(e *Evidence) (float64, bool) {
				if len(e.Reports) == 0 {
					return 0, false
				}
				return Timestamp(e.Reports[0].At)
			},
		}},
	}
}

// Subject names the item, and the component where it is of one.
func (e *Evidence) Subject() string {
	if e.Component == "" {
		return e.Check
	}
	return e.Check + " of " + e.Component
}

package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"regexp"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// PlainVersion is the version of the format of Plain.
const PlainVersion = 1

// A Plain is evidence in the exporter's own format: for drills, for tools whose format is not known, and for scripts.
type Plain struct {
	// Evidence is the version of this format: 1.
	Evidence int `json:"readiness_evidence" jsonschema:"enum=1"`
	// Passed is how many tests, or steps of a drill, passed.
	Passed int `json:"passed,omitempty" jsonschema:"minimum=0"`
	// Failed is how many found a fault.
	Failed int `json:"failed,omitempty" jsonschema:"minimum=0"`
	// Errored is how many could not be run to their end.
	Errored int `json:"errored,omitempty" jsonschema:"minimum=0"`
	// Skipped is how many were not run.
	Skipped int `json:"skipped,omitempty" jsonschema:"minimum=0"`
	// Flaky is how many passed only when they were run again.
	Flaky int `json:"flaky,omitempty" jsonschema:"minimum=0"`
	// Scans is how many tools looked for faults and came to their end; they count no tests.
	Scans int `json:"scans,omitempty" jsonschema:"minimum=0"`
	// Values are further numbers, by names in lower case: critical, high, success_ratio, duration_p95_seconds, …
	Values map[string]float64 `json:"values,omitempty"`
	// Faults name the first of what failed. What is secret does not belong in it.
	Faults []string `json:"faults,omitempty"`
	// MadeAt is when the result was made; default: when it is submitted.
	MadeAt time.Time `json:"made_at,omitzero"`
	// Format is the one that it was made of, if any; default: readiness.
	Format string `json:"format,omitempty"`
}

// maximumValues is how many values a report may have.
const maximumValues = 50

var errPlain = errors.New("expected readiness_evidence: 1, numbers that are not negative, " +
	"and at most 50 values, which have names in lower case")

func readPlain(d *document) (fact.EvidenceResult, bool, error) {
	if !d.members.has("readiness_evidence") {
		return fact.EvidenceResult{}, false, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(d.content))
	decoder.DisallowUnknownFields()
	var p Plain
	if err := decoder.Decode(&p); err != nil {
		return fact.EvidenceResult{}, true, err
	}
	if d.more || !p.sound() {
		return fact.EvidenceResult{}, true, errPlain
	}
	result := fact.EvidenceResult{
		Format: p.Format, Passed: p.Passed, Failed: p.Failed, Errored: p.Errored, Skipped: p.Skipped, Flaky: p.Flaky, Scans: p.Scans,
	}
	if len(p.Values) > 0 {
		result.Values = maps.Clone(p.Values)
	}
	for _, name := range p.Faults {
		fault(&result, name)
	}
	made(&result, p.MadeAt)
	return result, true, nil
}

func (p *Plain) sound() bool {
	for _, count := range []int{p.Passed, p.Failed, p.Errored, p.Skipped, p.Flaky, p.Scans} {
		if count < 0 || count > math.MaxInt32 {
			return false
		}
	}
	name := regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`)
	for key := range p.Values {
		if !name.MatchString(key) {
			return false
		}
	}
	format := regexp.MustCompile(`^[a-z0-9, -]{0,60}$`)
	return p.Evidence == PlainVersion && len(p.Values) <= maximumValues && format.MatchString(p.Format)
}

// PlainOf writes a result in the exporter's own format.
func PlainOf(r fact.EvidenceResult) ([]byte, error) {
	return json.Marshal(Plain{
		Evidence: PlainVersion, Passed: r.Passed, Failed: r.Failed, Errored: r.Errored, Skipped: r.Skipped, Flaky: r.Flaky, Scans: r.Scans,
		Values: r.Values, Faults: slices.Clone(r.Faults), MadeAt: r.MadeAt, Format: r.Format,
	})
}

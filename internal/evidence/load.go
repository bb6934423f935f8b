package evidence

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// The values of a load test.
const (
	successRatio = "success_ratio"
	durationP95  = "duration_p95_seconds"
	requests     = "requests"
)

// A k6Metric is one of the summary of k6: its numbers are its own members in what --summary-export writes, and under values in what
// handleSummary is given.
type k6Metric struct {
	Thresholds map[string]json.RawMessage `json:"thresholds"`
	Values     map[string]float64         `json:"values"`
	own        map[string]float64
}

func (m *k6Metric) number(names ...string) (value float64, there bool) {
	for _, name := range names {
		if value, there = m.Values[name]; there {
			return value, true
		}
		if value, there = m.own[name]; there {
			return value, true
		}
	}
	return 0, false
}

func readK6(d *document) (fact.EvidenceResult, bool, error) {
	if !d.members.has("metrics") || !d.members.has("root_group") && !d.members.has("state") || d.more {
		return fact.EvidenceResult{}, false, nil
	}
	var result fact.EvidenceResult
	err := membersOf(d.members["metrics"], func(name string, raw json.RawMessage) error {
		metric := k6Metric{own: make(map[string]float64)}
		if err := json.Unmarshal(raw, &metric); err != nil {
			return err
		}
		err := membersOf(raw, func(member string, value json.RawMessage) error {
			var number float64
			if json.Unmarshal(value, &number) == nil && len(metric.own) < maximumMembers {
				metric.own[member] = number
			}
			return nil
		})
		metric.count(name, &result)
		return err
	})
	if result.Tests() == 0 {
		// Without a threshold the checks of the script are the tests.
		result.Passed, result.Failed = int(result.Values["checks_passed"]), int(result.Values["checks_failed"])
	}
	return result, true, err
}

func (m *k6Metric) count(name string, result *fact.EvidenceResult) {
	passes, rated := m.number("passes")
	fails, _ := m.number("fails")
	for _, expression := range slices.Sorted(maps.Keys(m.Thresholds)) {
		switch met, known := thresholdMet(m.Thresholds[expression]); {
		case !known, rated && passes+fails == 0, m.tookNoTime(name): // Of nothing that was measured k6 says that it is met.
			result.Errored++
			fault(result, name+": "+expression+" was not measured")
		case met:
			result.Passed++
		default:
			result.Failed++
			fault(result, name+": "+expression)
		}
	}
	switch name {
	case "checks":
		setValue(result, "checks_passed", passes)
		setValue(result, "checks_failed", fails)
	case "http_req_failed":
		if rate, there := m.number("rate", "value"); there {
			setValue(result, successRatio, 1-rate)
		}
	case "http_req_duration":
		if milliseconds, there := m.number("p(95)"); there {
			setValue(result, durationP95, milliseconds/1000)
		}
	case "http_reqs":
		if count, there := m.number("count"); there {
			setValue(result, requests, count)
		}
	}
}

// tookNoTime tells whether a duration was never measured: k6 gives zeros then, such as of a tag that no request has.
func (m *k6Metric) tookNoTime(name string) bool {
	base, _, _ := strings.Cut(name, "{")
	longest, there := m.number("max")
	return there && longest == 0 && strings.HasSuffix(base, "_duration")
}

// thresholdMet reads whether a threshold is met: handleSummary has an object that says so; in what --summary-export writes, true
// means that it was crossed. https://github.com/grafana/k6/issues/1498
func thresholdMet(raw json.RawMessage) (met, known bool) {
	var crossed bool
	if json.Unmarshal(raw, &crossed) == nil && !isNothing(raw) {
		return !crossed, true
	}
	var said struct {
		OK *bool `json:"ok"`
	}
	if json.Unmarshal(raw, &said) != nil || said.OK == nil {
		return false, false
	}
	return *said.OK, true
}

// load makes the result of a load test without thresholds: they are limits of the item. One without a request says nothing.
func load(count, success, seconds float64, at time.Time) fact.EvidenceResult {
	var result fact.EvidenceResult
	made(&result, at)
	if count > 0 {
		result.Values = map[string]float64{requests: count, successRatio: success, durationP95: seconds}
	}
	return result
}

// readVegeta reads vegeta report -type=json.
func readVegeta(d *document) (fact.EvidenceResult, bool, error) {
	if !d.members.has("latencies", "requests", "success", "status_codes") || d.more {
		return fact.EvidenceResult{}, false, nil
	}
	var report struct {
		Latencies struct {
			P95 float64 `json:"95th"` // nanoseconds
		} `json:"latencies"`
		Requests float64   `json:"requests"`
		Success  float64   `json:"success"`
		End      time.Time `json:"end"`
	}
	if err := json.Unmarshal(d.content, &report); err != nil {
		return fact.EvidenceResult{}, true, err
	}
	return load(report.Requests, report.Success, report.Latencies.P95/1e9, report.End), true, nil
}

// readGatling reads js/global_stats.json of Gatling.
func readGatling(d *document) (fact.EvidenceResult, bool, error) {
	if !d.members.has("numberOfRequests", "percentiles3") || d.more {
		return fact.EvidenceResult{}, false, nil
	}
	var report struct {
		Requests struct{ Total, OK float64 } `json:"numberOfRequests"`
		P95      struct{ Total float64 }     `json:"percentiles3"` // milliseconds
	}
	if err := json.Unmarshal(d.content, &report); err != nil {
		return fact.EvidenceResult{}, true, err
	}
	return load(report.Requests.Total, share(report.Requests.OK, report.Requests.Total), report.P95.Total/1000, time.Time{}), true, nil
}

// readJMeter reads statistics.json of the dashboard of JMeter.
func readJMeter(d *document) (fact.EvidenceResult, bool, error) {
	var total struct {
		Samples *float64 `json:"sampleCount"`
		Errors  float64  `json:"errorCount"`
		P95     float64  `json:"pct2ResTime"` // milliseconds
	}
	if !d.members.reads("Total", &total) || total.Samples == nil || d.more {
		return fact.EvidenceResult{}, false, nil
	}
	return load(*total.Samples, share(*total.Samples-total.Errors, *total.Samples), total.P95/1000, time.Time{}), true, nil
}

func share(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return part / whole
}

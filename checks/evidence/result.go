package evidence

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// aged judges when a result was made.
func aged(now time.Time, report *fact.EvidenceReport, p Parameters, r reasons) []check.Problem {
	if report.At.After(now.Add(ahead)) {
		return []check.Problem{r.early.Problem(fmt.Sprintf("The result is dated %s, which is in the future.", words.Moment(report.At)))}
	}
	limit := p.MaximumAge.Std()
	switch left := report.At.Add(limit).Sub(now); {
	case left <= 0:
		return []check.Problem{r.stale.Problem(fmt.Sprintf("The newest result that counts is of %s, %s ago (limit %s).",
			words.Moment(report.At), quantity.InWords(now.Sub(report.At)), p.MaximumAge))}
	case left < min(warning, limit/4):
		return []check.Problem{r.staleSoon.Problem(fmt.Sprintf("The newest result that counts is of %s, and too old in %s (limit %s).",
			words.Moment(report.At), quantity.InWords(left), p.MaximumAge))}
	default:
		return nil
	}
}

// judgeResult judges what a result says.
func judgeResult(report *fact.EvidenceReport, p Parameters, r reasons) (problems []check.Problem) {
	result := &report.Result
	ran := result.Tests() + result.Scans + p.limited(result)
	switch {
	case ran == 0 && result.Skipped > 0:
		problems = append(problems, r.skipped.Problem(fmt.Sprintf("All of %s were skipped.", words.Count(result.Skipped, "test"))))
	case ran == 0:
		problems = append(problems, r.notRun.Problem(fmt.Sprintf("The result in the format %s says of nothing that it was run.", result.Format)))
	}
	if result.Failed > 0 {
		detail := fmt.Sprintf("%d of %s failed%s.", result.Failed, words.Count(result.Tests(), "test"), named(result))
		if result.Scans > 0 {
			detail = fmt.Sprintf("%s found%s.", words.Count(result.Failed, "fault"), named(result))
		}
		problems = append(problems, r.failed.Problem(detail))
	}
	if result.Errored > 0 {
		problems = append(problems, r.errored.Problem(fmt.Sprintf("%d could not be run to the end%s.", result.Errored, named(result))))
	}
	if result.Flaky > 0 {
		problems = append(problems, r.flaky.Problem(words.Count(result.Flaky, "test")+" passed only when run again."))
	}
	return append(problems, p.limits(result, r)...)
}

// named lists the first of what failed.
func named(result *fact.EvidenceResult) string {
	if len(result.Faults) == 0 {
		return ""
	}
	return ": " + words.List(result.Faults)
}

// limited is how many values of a result the item gives a limit to: for a load test without thresholds, they are those.
func (p Parameters) limited(result *fact.EvidenceResult) (count int) {
	for _, limits := range []map[string]float64{p.MaximumValues, p.MinimumValues} {
		for name := range limits {
			if _, there := result.Values[name]; there {
				count++
			}
		}
	}
	return count
}

// limits compares the values of a result with their limits.
func (p Parameters) limits(result *fact.EvidenceResult, r reasons) (problems []check.Problem) {
	maximums := p.maximums()
	for _, name := range slices.Sorted(maps.Keys(maximums)) {
		if value, there := result.Values[name]; there && value > maximums[name] && (p.MaximumValues != nil || result.Failed == 0) {
			problems = append(problems, r.overLimit.Problem(fmt.Sprintf("%s is %s (limit %s).", name, text(value), text(maximums[name]))))
		}
	}
	required := slices.Clone(p.RequiredValues)
	for _, name := range slices.Sorted(maps.Keys(p.MinimumValues)) {
		value, there := result.Values[name]
		switch {
		case !there && !slices.Contains(required, name):
			required = append(required, name)
		case there && value < p.MinimumValues[name]:
			problems = append(problems, r.below.Problem(fmt.Sprintf("%s is %s (at least %s).", name, text(value), text(p.MinimumValues[name]))))
		}
	}
	for _, name := range required {
		if _, there := result.Values[name]; !there {
			problems = append(problems, r.valueMissing.Problem(fmt.Sprintf("The result in the format %s has no value %s.", result.Format, name)))
		}
	}
	return problems
}

func text(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

// Package evidence judges what pipelines and tools reported: results of tests, scans and drills.
package evidence

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// warning is how long before it is too old evidence warns, or a quarter of its age if that is less.
	warning = 14 * 24 * time.Hour
	// ahead is by how much a clock may differ from another one.
	ahead = 5 * time.Minute
)

// Parameters say which evidence an item wants.
type Parameters struct {
	// MaximumAge is how old the result may be.
	MaximumAge quantity.Duration `yaml:"maximum_age"`
	// DeployedRevision: it must be of the revision that is deployed, as labels, annotations and images of workloads or a declared file
	// name it. Of a component, it must be that of the workload, or the file, of the same name.
	DeployedRevision bool `yaml:"deployed_revision"`
	// Components are those parts of the system of which each must have evidence.
	Components []string `yaml:"components"`
	// MaximumValues are limits of values that results have, by their names. Without any: {critical: 0, high: 0, unrated: 0}.
	MaximumValues map[string]float64 `yaml:"maximum_values"`
	// MinimumValues are the same from below. A value that has a limit here must be in the result.
	MinimumValues map[string]float64 `yaml:"minimum_values"`
	// RequiredValues are the names of values that must be in the result.
	RequiredValues []string `yaml:"required_values"`
}

// Validate wants a time in which evidence counts, and limits that leave room.
func (p Parameters) Validate() error {
	errs := []error{
		check.Positive("maximum_age", p.MaximumAge), check.NotBlank("components", p.Components),
		check.NotBlank("required_values", p.RequiredValues),
	}
	for name, least := range p.MinimumValues {
		if most, both := p.MaximumValues[name]; both && most < least {
			errs = append(errs, check.Wrong("minimum_values", "%s: expected at most %v, its maximum", name, most))
		}
	}
	return errors.Join(errs...)
}

// maximums are the limits from above.
func (p Parameters) maximums() map[string]float64 {
	if p.MaximumValues == nil {
		return map[string]float64{"critical": 0, "high": 0, "unrated": 0}
	}
	return p.MaximumValues
}

// reasons are those of the kind.
type reasons struct {
	none, otherRevision, unknownRevision, stale, staleSoon, early           check.Reason
	failed, errored, notRun, skipped, flaky, overLimit, below, valueMissing check.Reason
}

func allReasons() reasons {
	return reasons{
		none: check.Reason{
			Name: "evidence_missing", Level: check.Fail, Absence: true, Sentence: "There is no evidence where some is expected.",
			Remedy: "Have the pipeline submit its result, or find out why the declared files are not there.",
		},
		otherRevision: check.Reason{
			Name: "other_revision", Level: check.Fail, Absence: true, Sentence: "No evidence is of the revision that is deployed.",
			Remedy: "Have the pipeline of the deployed revision submit its result with --revision, before it deploys.",
		},
		unknownRevision: check.Reason{
			Name: "revision_not_declared", Level: check.Undeclared, Sentence: "Nothing says which revision is deployed.",
			Remedy: "Label the workloads with app.kubernetes.io/version, give their images a tag, or declare evidence.deployed with a file.",
		},
		stale: check.Reason{
			Name: "evidence_stale", Level: check.Fail, Absence: true, Sentence: "The newest evidence is too old.",
			Remedy: "Run it again, and submit the result.",
		},
		staleSoon: check.Reason{
			Name: "evidence_stale_soon", Level: check.Warn, Sentence: "The newest evidence is too old soon.",
			Remedy: "Run it again, and submit the result.",
		},
		early: check.Reason{
			Name: "evidence_dated_ahead", Level: check.Fail, Absence: true, Sentence: "The newest evidence is dated in the future.",
			Remedy: "Correct the clock of the machine that made it, and submit the result again.",
		},
		failed:  check.Reason{Name: "failed", Level: check.Fail, Sentence: "The result has failures."},
		errored: check.Reason{Name: "errored", Level: check.Fail, Sentence: "Something could not be run to its end."},
		notRun: check.Reason{
			Name: "nothing_run", Level: check.Fail, Sentence: "Nothing was run: no test at all is not all tests passed.",
			Remedy: "Find out why the run is empty. A load test needs thresholds, or minimum_values and maximum_values of the item.",
		},
		skipped: check.Reason{
			Name: "all_skipped", Level: check.Fail, Sentence: "All tests were skipped.", Remedy: "Find out why, and run them.",
		},
		flaky: check.Reason{
			Name: "flaky", Level: check.Warn, Sentence: "Tests passed only when they were run again.", Remedy: "Fix the tests, or what they found.",
		},
		overLimit: check.Reason{Name: "over_limit", Level: check.Fail, Sentence: "A value of the result is over its limit."},
		below:     check.Reason{Name: "below_limit", Level: check.Fail, Sentence: "A value of the result is below its limit."},
		valueMissing: check.Reason{
			Name: "value_missing", Level: check.Fail, Sentence: "The result does not have a value that it must have.",
			Remedy: "Submit the report of a tool that gives the value, or add it to evidence in the exporter's own format.",
		},
	}
}

func (r reasons) list() []check.Reason {
	return []check.Reason{
		r.none, r.otherRevision, r.unknownRevision, r.stale, r.staleSoon, r.early, r.failed, r.errored, r.notRun, r.skipped, r.flaky,
		r.overLimit, r.below, r.valueMissing,
	}
}

// Evidence wants a result that is good, young enough and, unless any will do, of the revision that is deployed.
func Evidence() check.Kind[Parameters] {
	return check.Kind[Parameters]{
		Name: "evidence",
		Summary: "A result that a pipeline or a tool reported is good, young enough and, where the item asks for that, of the revision that " +
			"is deployed. Something was run.",
		Remedy:   "Fix what failed, run it again, and submit the result.",
		Reasons:  allReasons().list(),
		Defaults: Parameters{MaximumAge: quantity.Duration(90 * 24 * time.Hour)},
		Over: []check.Quantified[Parameters]{
			check.PerGroup(fact.Evidences(),
				func(e *fact.Evidence) string { return e.Component },
				func(_ check.Context, p Parameters) []string { return p.Components }, judge).
				Where(func(c check.Context, e *fact.Evidence, _ Parameters) bool { return e.Check == c.Item }).
				KnownIn(func(c check.Context, e *fact.Evidence, _ Parameters) bool { return e.Check == c.Item }),
		},
		With:  []check.Input{check.Reading(fact.Workloads(), fact.TopicPods), check.Reading(fact.DeployedRevisions())},
		Reads: func(p Parameters) bool { return p.DeployedRevision },
		WhenEmpty: check.Reason{
			Name: "no_evidence", Level: check.Undeclared, Sentence: "No result has been reported.",
			Remedy: "Have the pipeline submit its result: readiness-exporter evidence submit. Or declare the files that it leaves, under evidence.",
		},
	}
}

// judge judges the evidence of one component, or of the system as a whole.
func judge(c check.Context, component string, all []*fact.Evidence, p Parameters) []check.Problem {
	r := allReasons()
	var reports []*fact.EvidenceReport
	for _, each := range all {
		for i := range each.Reports {
			reports = append(reports, &each.Reports[i])
		}
	}
	if len(reports) == 0 {
		return []check.Problem{r.none.Problem("There is no result" + ofComponent(component) + ".")}
	}
	if p.DeployedRevision {
		deployed := fact.DeployedNamesOf(component, check.Read(c, fact.Workloads()), check.Read(c, fact.DeployedRevisions()))
		if len(deployed) == 0 {
			return []check.Problem{r.unknownRevision.Problem("Nothing says which revision" + ofComponent(component) + " is deployed.")}
		}
		newest := newestOf(reports)
		reports = slices.DeleteFunc(reports, func(report *fact.EvidenceReport) bool { return !isOneOf(report.Revisions, deployed) })
		if len(reports) == 0 {
			return []check.Problem{r.otherRevision.Problem(fmt.Sprintf("The newest result%s is of %s; deployed is %s.",
				ofComponent(component), revisions(newest), words.List(deployed)))}
		}
	}
	report := newestOf(reports)
	return append(aged(c.Now, report, p, r), judgeResult(report, p, r)...)
}

func ofComponent(component string) string {
	if component == "" {
		return ""
	}
	return " of " + component
}

func revisions(report *fact.EvidenceReport) string {
	if len(report.Revisions) == 0 {
		return "no revision that it names"
	}
	return words.List(report.Revisions)
}

// newestOf gives the report that was made last; of those of one time, the one that comes first.
func newestOf(reports []*fact.EvidenceReport) (newest *fact.EvidenceReport) {
	for _, each := range reports {
		if newest == nil || each.At.After(newest.At) || each.At.Equal(newest.At) && each.By < newest.By {
			newest = each
		}
	}
	return newest
}

// isOneOf tells whether one of the names of what was examined is one of what is deployed.
func isOneOf(examined, deployed []string) bool {
	return slices.ContainsFunc(examined, func(name string) bool {
		return slices.ContainsFunc(deployed, func(each string) bool { return fact.SameRevision(name, each) })
	})
}

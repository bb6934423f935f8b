package workload

import (
	"fmt"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// ImageVulnerabilitiesParameters say which vulnerabilities count, and how new a report must be.
type ImageVulnerabilitiesParameters struct {
	// How old the newest report on an image may be.
	MaximumReportAge quantity.Duration `yaml:"maximum_report_age"`
	// The severities that count, in lower case: critical, high, medium, low, unknown.
	Severities []VulnerabilitySeverity `yaml:"severities"`
	// Whether only those count that a newer version fixes.
	FixAvailable bool `yaml:"fix_available"`
}

// Validate says what cannot be.
func (p ImageVulnerabilitiesParameters) Validate() error {
	if len(p.Severities) == 0 {
		return check.Wrong("severities", "expected at least one of %s", strings.Join(vulnerabilitySeverities{}.Values(), ", "))
	}
	return check.Positive("maximum_report_age", p.MaximumReportAge)
}

// A VulnerabilitySeverity is one of those that vulnerabilities have.
type VulnerabilitySeverity = quantity.Choice[vulnerabilitySeverities]

// vulnerabilitySeverities are those of vulnerabilities.
type vulnerabilitySeverities struct{}

// Values lists them.
func (vulnerabilitySeverities) Values() []string {
	return []string{"critical", "high", "medium", "low", "unknown"}
}

// ImageVulnerabilities judges whether every running image has been scanned, and what was found.
func ImageVulnerabilities() check.Kind[ImageVulnerabilitiesParameters] {
	notScanned := check.Reason{
		Name: "not_scanned", Level: check.Fail, Sentence: "No scanner has reported on an image that runs.",
		Remedy: "Install Trivy operator, and check its log if it is there: it reports on every new image by itself.",
	}
	reportTooOld := check.Reason{
		Name: "report_too_old", Level: check.Fail, Sentence: "The newest report on an image is too old.",
		Remedy: "Find out why no new one is made: the log of Trivy operator, and OPERATOR_SCANNER_REPORT_TTL.",
	}
	vulnerable := check.Reason{
		Name: "vulnerable", Level: check.Fail, Sentence: "An image that runs has vulnerabilities that count.",
	}
	return check.Kind[ImageVulnerabilitiesParameters]{
		Name:    "image_vulnerabilities",
		Summary: "A recent report exists for every running image, and no vulnerability that counts is in one.",
		Remedy:  "Build the image anew on an updated base, and release it: kubectl get vulnerabilityreports -n NAMESPACE -o wide.",
		Reasons: []check.Reason{notScanned, reportTooOld, vulnerable},
		Defaults: ImageVulnerabilitiesParameters{
			MaximumReportAge: quantity.Duration(7 * 24 * time.Hour), Severities: []VulnerabilitySeverity{"critical"}, FixAvailable: true,
		},
		Over: []check.Quantified[ImageVulnerabilitiesParameters]{
			check.Each(fact.Workloads(), func(c check.Context, w *fact.Workload, p ImageVulnerabilitiesParameters) []check.Problem {
				var problems []check.Problem
				for _, container := range w.Containers {
					switch report := container.Reports; {
					case report == nil:
						problems = append(problems, notScanned.Problem("The image "+container.Image+" has no report."))
					case c.Now.Sub(report.At) > p.MaximumReportAge.Std():
						problems = append(problems, reportTooOld.Problem(fmt.Sprintf("The image %s was last scanned %s ago (limit %s).", container.Image,
							quantity.InWords(c.Now.Sub(report.At)), quantity.InWords(p.MaximumReportAge.Std()))))
					default:
						if found := p.counted(report); len(found) > 0 {
							problems = append(problems, vulnerable.Problem("The image "+container.Image+" has "+words.List(found)+"."))
						}
					}
				}
				return problems
			}).Needs(fact.TopicVulnerabilities),
		},
		WhenEmpty: noWorkload(),
	}
}

// counted says in words what of a report counts, a severity each.
func (p ImageVulnerabilitiesParameters) counted(report *fact.Vulnerabilities) (found []string) {
	counts, noun := report.Counts, "vulnerabilities"
	if p.FixAvailable {
		counts, noun = report.Fixable, "vulnerabilities that can be fixed"
	}
	for _, severity := range p.Severities {
		if counts[string(severity)] > 0 {
			found = append(found, fmt.Sprintf("%d %s %s", counts[string(severity)], severity, noun))
		}
	}
	return found
}

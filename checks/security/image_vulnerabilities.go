package security

import (
	"errors"
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// ImageVulnerabilitiesParameters say which vulnerabilities count, and how new a report must be.
type ImageVulnerabilitiesParameters struct {
	// How old the newest report on an image may be.
	MaximumReportAge quantity.Duration `yaml:"maximum_report_age"`
	// The severities that count, in lower case: critical, high, medium, low, unknown.
	Severities []string `yaml:"severities"`
	// Whether only those count that a newer version mends.
	FixAvailable bool `yaml:"fix_available"`
}

// Validate says what cannot be.
func (p ImageVulnerabilitiesParameters) Validate() error {
	if len(p.Severities) == 0 {
		return errors.New("severities is empty: name those that count")
	}
	return nil
}

// ImageVulnerabilities judges whether every running image has been scanned, and what was found.
func ImageVulnerabilities() check.Kind[fact.Workload, ImageVulnerabilitiesParameters] {
	notScanned := check.Reason{
		Name: "not_scanned", Level: check.Fail, Sentence: "No scanner has reported on an image that runs.",
		Remedy: "Install Trivy operator, and see its log if it is there: it reports on every new image by itself.",
	}
	reportTooOld := check.Reason{
		Name: "report_too_old", Level: check.Fail, Sentence: "The newest report on an image is too old.",
		Remedy: "See why no new one is made: the log of Trivy operator, and OPERATOR_SCANNER_REPORT_TTL.",
	}
	vulnerable := check.Reason{
		Name: "vulnerable", Level: check.Fail, Sentence: "An image that runs has vulnerabilities that count.",
	}
	return check.Kind[fact.Workload, ImageVulnerabilitiesParameters]{
		Name:    "image_vulnerabilities",
		Summary: "A recent report exists for every running image, and no vulnerability that counts is in one.",
		Remedy:  "Build the image anew on an updated base, and release it: kubectl get vulnerabilityreports -n NAMESPACE -o wide.",
		Reasons: []check.Reason{notScanned, reportTooOld, vulnerable},
		Defaults: ImageVulnerabilitiesParameters{
			MaximumReportAge: quantity.Duration(7 * 24 * time.Hour), Severities: []string{"critical"}, FixAvailable: true,
		},
		About:   fact.Workloads(),
		Topics:  func(ImageVulnerabilitiesParameters) []string { return []string{fact.TopicVulnerabilities} },
		None:    check.Undeclared,
		Nothing: "no workload is known: add the cluster to kubernetes in the system description, with namespaces and a selector",
		Judge: func(w fact.Workload, p ImageVulnerabilitiesParameters, now time.Time) []check.Problem {
			var problems []check.Problem
			for _, container := range w.Containers {
				switch report := container.Reports; {
				case report == nil:
					problems = append(problems, notScanned.Problem(container.Image))
				case now.Sub(report.At) > p.MaximumReportAge.Std():
					problems = append(problems, reportTooOld.Problem(fmt.Sprintf("%s: %s old", container.Image, quantity.InWords(now.Sub(report.At)))))
				default:
					if found := p.counted(*report); found != "" {
						problems = append(problems, vulnerable.Problem(container.Image+": "+found))
					}
				}
			}
			return problems
		},
	}
}

// counted says in words what of a report counts; empty where nothing does.
func (p ImageVulnerabilitiesParameters) counted(report fact.Vulnerabilities) (words string) {
	counts := report.Counts
	if p.FixAvailable {
		counts = report.Fixable
	}
	for _, severity := range p.Severities {
		if counts[severity] == 0 {
			continue
		}
		if words != "" {
			words += ", "
		}
		words += fmt.Sprintf("%d %s", counts[severity], severity)
	}
	if words != "" && p.FixAvailable {
		words += " with a fix"
	}
	return words
}

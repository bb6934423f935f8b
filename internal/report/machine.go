package report

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
)

// JSON writes the reports as a list.
func JSON(w io.Writer, systems []System) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(systems); err != nil {
		return fmt.Errorf("write JSON report: %w", err)
	}
	return nil
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string `xml:"name,attr"`
	Timestamp string `xml:"timestamp,attr"`
	Tests     int    `xml:"tests,attr"`
	Failures  int    `xml:"failures,attr"`
	Errors    int    `xml:"errors,attr"`
	Skipped   int    `xml:"skipped,attr"`
	// Properties are of the system: its score and its coverage.
	Properties *junitProperties `xml:"properties"`
	Cases      []junitCase      `xml:"testcase"`
}

type junitProperties struct {
	Properties []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Name    string        `xml:"name,attr"`
	Failure *junitOutcome `xml:"failure,omitempty"`
	Error   *junitOutcome `xml:"error,omitempty"`
	Skipped *junitOutcome `xml:"skipped,omitempty"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitOutcome struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the reports as JUnit XML, a suite for each section: what fails is a failure, what could not be collected is an
// error, what is not declared or applicable, what counts nowhere, and what manifests do not report, is skipped. Of a gate,
// which it keeps closed, what is not declared is a failure.
func JUnit(w io.Writer, systems []System) error {
	all := junitSuites{Name: "readiness"}
	for _, system := range systems {
		for _, section := range sections(system.Items) {
			suite := junitSuite{
				Name:      system.Name + "/" + system.Environment + "/" + section[0].Section,
				Timestamp: system.EvaluatedAt.Format("2006-01-02T15:04:05"), Properties: junitPropertiesOf(system),
			}
			for _, item := range section {
				suite.add(system, item)
			}
			all.Tests += suite.Tests
			all.Failures += suite.Failures
			all.Errors += suite.Errors
			all.Skipped += suite.Skipped
			all.Suites = append(all.Suites, suite)
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	return nil
}

// junitPropertiesOf gives the score and the coverage of a system, as far as there are any.
func junitPropertiesOf(system System) *junitProperties {
	var all []junitProperty
	for _, each := range []struct {
		name  string
		ratio *float64
	}{{"score_ratio", system.Score}, {"coverage_ratio", system.Coverage}} {
		if each.ratio != nil {
			all = append(all, junitProperty{each.name, strconv.FormatFloat(*each.ratio, 'f', 3, 64)})
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &junitProperties{all}
}

func (s *junitSuite) add(system System, item Item) {
	each := junitCase{Class: system.Name + "." + system.Environment + "." + item.Section, Name: item.Check + ": " + item.Text}
	outcome := &junitOutcome{Type: item.Status.String(), Message: summary(item), Text: problemLines(item)}
	for _, problem := range item.Problems {
		if place, written := system.places[problem.Subject]; written && each.File == "" {
			each.File, each.Line = place.File, place.Line
		}
	}
	s.Tests++
	if item.Newer || item.Status == check.Undeclared && !system.ofGate || system.places != nil && unreported(item) {
		s.Skipped++
		each.Skipped = &junitOutcome{Message: summary(item)}
		s.Cases = append(s.Cases, each)
		return
	}
	switch item.Status {
	case check.Fail, check.Undeclared:
		s.Failures++
		each.Failure = outcome
	case check.Unknown:
		s.Errors++
		each.Error = outcome
	case check.NotApplicable:
		s.Skipped++
		each.Skipped = &junitOutcome{Message: item.NotApplicable}
	case check.Warn, check.Waived:
		each.Output = problemLines(item)
	case check.Pass:
	}
	s.Cases = append(s.Cases, each)
}

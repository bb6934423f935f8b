package evidence

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html/charset"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// maximumDepth is how deep elements may be within each other.
const maximumDepth = 100

// A junit reads the XML of JUnit, in the dialects of Maven, Gradle, pytest, Jest, Playwright, PHPUnit, GoogleTest, go-junit-report and
// others. No schema is binding for all of them; what each test case says counts, and what a suite counts beyond that.
type junit struct {
	result fact.EvidenceResult
	depth  int
	suites []junitSuite
	test   *junitCase // that is read; nil between them
	within int        // the depth of the test case
	roots  int
}

// A junitSuite is a suite that is read.
type junitSuite struct {
	name    string
	faults  int // that it counts itself
	counted int // failures and errors of the result when it began
	retries int // failed runs of tests that were run again, when it began
}

// A junitCase is a test case that is read.
type junitCase struct {
	name                            string
	failed, errored, skipped, flaky bool
}

func readJUnit(d *document) (fact.EvidenceResult, bool, error) {
	if d.content[0] != '<' {
		return fact.EvidenceResult{}, false, nil
	}
	// Reports of suites may stand one behind the other, each with a declaration of its own.
	decoder := xml.NewDecoder(bytes.NewReader(legible(d.content)))
	decoder.CharsetReader = func(label string, input io.Reader) (io.Reader, error) {
		if strings.HasPrefix(strings.ToLower(label), "utf-16") {
			return input, nil // It was read already.
		}
		return charset.NewReaderLabel(label, input)
	}
	j := &junit{}
	retries := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fact.EvidenceResult{}, true, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if j.depth++; j.depth > maximumDepth {
				return fact.EvidenceResult{}, true, fmt.Errorf("elements are within each other more than %d times", maximumDepth)
			}
			if j.depth == 1 && token.Name.Local != "testsuites" && token.Name.Local != "testsuite" {
				return fact.EvidenceResult{}, false, nil
			}
			j.begin(token, &retries)
		case xml.EndElement:
			j.end(token.Name.Local, retries)
			j.depth--
		}
	}
	return j.result, j.roots > 0, nil
}

func (j *junit) begin(element xml.StartElement, retries *int) {
	switch name := element.Name.Local; {
	case j.test != nil:
		if j.depth == j.within+1 {
			j.test.outcome(name, retries)
		}
	case name == "testcase":
		j.test, j.within = newJUnitCase(element), j.depth
	case name == "testsuites" || name == "testsuite":
		if j.depth == 1 {
			j.roots++
		}
		if at, err := parseTime(attribute(element, "timestamp")); err == nil {
			made(&j.result, at)
		}
		j.suites = append(j.suites, junitSuite{
			name:   attribute(element, "name"),
			faults: number(attribute(element, "failures")) + number(attribute(element, "errors")), counted: j.faults(), retries: *retries,
		})
	case name == "error" || name == "failure":
		// A suite that could not be set up, in some dialects.
		j.result.Errored++
		if n := len(j.suites); n > 0 {
			fault(&j.result, j.suites[n-1].name)
		}
	}
}

func newJUnitCase(element xml.StartElement) *junitCase {
	c := &junitCase{name: strings.TrimSpace(attribute(element, "classname") + " " + attribute(element, "name"))}
	switch strings.ToLower(cmp.Or(attribute(element, "status"), attribute(element, "result"))) {
	case "fail", "failed", "failure", "broken":
		c.failed = true
	case "error", "errored", "undefined", "untested", "aborted", "interrupted", "panicked", "timeout", "timedout", "blocked", "inconclusive":
		c.errored = true
	case "notrun", "disabled", "skipped", "suppressed", "pending", "ignored":
		c.skipped = true
	}
	return c
}

// outcome notes an element within a test case.
func (c *junitCase) outcome(element string, retries *int) {
	switch element {
	case "failure":
		c.failed = true
	case "error":
		c.errored = true
	case "skipped", "disabled":
		c.skipped = true
	case "flakyFailure", "flakyError":
		c.flaky = true
		*retries++
	case "rerunFailure", "rerunError":
		*retries++
	}
}

func (j *junit) end(element string, retries int) {
	switch {
	case j.test != nil && j.depth == j.within:
		j.finish()
	case j.test != nil:
	case element == "testsuites" || element == "testsuite":
		suite := j.suites[len(j.suites)-1]
		j.suites = j.suites[:len(j.suites)-1]
		// A suite that does not compile has errors and no test. Some runners count each run of a test that they ran again.
		if beyond := suite.faults - (j.faults() - suite.counted) - (retries - suite.retries); beyond > 0 {
			j.result.Errored += beyond
			fault(&j.result, cmp.Or(suite.name, "the report as a whole"))
		}
	}
}

// finish counts a test case.
func (j *junit) finish() {
	c := j.test
	j.test = nil
	switch {
	case c.errored:
		j.result.Errored++
		fault(&j.result, c.name)
	case c.failed:
		j.result.Failed++
		fault(&j.result, c.name)
	case c.skipped:
		j.result.Skipped++
	case c.flaky:
		j.result.Flaky++
	default:
		j.result.Passed++
	}
}

func (j *junit) faults() int { return j.result.Failed + j.result.Errored }

func attribute(element xml.StartElement, name string) string {
	at := slices.IndexFunc(element.Attr, func(a xml.Attr) bool { return a.Name.Local == name })
	if at < 0 {
		return ""
	}
	return element.Attr[at].Value
}

// number reads a number of things; what is none, or more than a report can have, counts as none.
func number(text string) int {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 0 || n > maximumElements {
		return 0
	}
	return n
}

// parseTime reads a time, in UTC where it names no zone.
func parseTime(text string) (at time.Time, err error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if at, err = time.Parse(layout, strings.TrimSpace(text)); err == nil {
			break
		}
	}
	return at, err
}

// legible replaces the characters that XML cannot have, and that runners write all the same: what tests print has the colours of
// terminals, halves of characters, and bytes in the encoding of a machine. https://www.w3.org/TR/xml/#charsets
func legible(content []byte) []byte {
	clean := bytes.Clone(content)
	for i, c := range clean {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			clean[i] = ' '
		}
	}
	if declared := encoding(clean); declared == "" || declared == "utf-8" {
		clean = bytes.ToValidUTF8(clean, []byte("?"))
	}
	for _, none := range []string{"\ufffe", "\uffff"} {
		clean = bytes.ReplaceAll(clean, []byte(none), []byte("?"))
	}
	// Of what 1.1 allows beyond 1.0 there is nothing left.
	clean = regexp.MustCompile(`(<\?xml\s+version=["'])1\.1(["'])`).ReplaceAll(clean, []byte("${1}1.0${2}"))
	return regexp.MustCompile(`&#(?:x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|`+
		`x0*(?:[dD][89a-fA-F][0-9a-fA-F]{2}|[fF]{3}[eEfF])|0*(?:5529[6-9]|55[3-9]\d\d|5[67]\d{3}|6553[45]));`).ReplaceAll(clean, []byte(" "))
}

// encoding is the one that the declaration of a document names, in lower case.
func encoding(content []byte) string {
	found := regexp.MustCompile(`^\s*<\?xml[^>]*\sencoding=["']([^"']*)["']`).FindSubmatch(content)
	if found == nil {
		return ""
	}
	return strings.ToLower(string(found[1]))
}

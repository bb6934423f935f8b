package evidence

import (
	"bufio"
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// readTAP reads the Test Anything Protocol, version 14 and before. Subtests are indented, and their test point counts.
// https://testanything.org/tap-version-14-specification.html
func readTAP(d *document) (fact.EvidenceResult, bool, error) {
	point := regexp.MustCompile(`^(not )?ok\b *(\d+)?(.*)$`)
	plan := regexp.MustCompile(`^1\.\.(\d+)\b(.*)$`)
	// What runs the tests may print something of its own before.
	begins := regexp.MustCompile(`(?m)\A(?:#.*\n|\s*\n)*(?:1\.\.\d+|(?:not )?ok\b)|^TAP version \d+\r?$`)
	if !begins.MatchString(firstLines(d.content)) {
		return fact.EvidenceResult{}, false, nil
	}
	var result fact.EvidenceResult
	planned, tests := -1, 0
	err := eachLine(d.content, func(line string) {
		switch found := point.FindStringSubmatch(line); {
		case found != nil:
			tests++
			countTAP(found[1] == "", found[3], &result)
		case strings.HasPrefix(line, "Bail out!"):
			result.Errored++
			fault(&result, line)
		default:
			if found := plan.FindStringSubmatch(line); found != nil {
				planned = number(found[1])
			}
		}
	})
	switch {
	case planned < 0:
		result.Errored++
		fault(&result, "the report has no plan, and may be cut off")
	case planned != tests:
		result.Errored += max(1, planned-tests)
		fault(&result, "planned "+strconv.Itoa(planned)+" tests, ran "+strconv.Itoa(tests))
	}
	return result, true, err
}

func countTAP(ok bool, rest string, result *fact.EvidenceResult) {
	directive := regexp.MustCompile(`(?i)(?:^|\s)#\s*(?:skip|todo)`).FindStringIndex(rest)
	switch {
	case directive != nil:
		result.Skipped++
	case ok:
		result.Passed++
	default:
		result.Failed++
		description, _, _ := strings.Cut(rest, " # ")
		fault(result, strings.TrimLeft(description, " -"))
	}
}

// eachLine calls use for each line.
func eachLine(content []byte, use func(line string)) error {
	scanner := bufio.NewScanner(bytes.NewReader(content))
	scanner.Buffer(nil, MaximumBytes+1)
	for scanner.Scan() {
		use(strings.TrimSuffix(scanner.Text(), "\r"))
	}
	return scanner.Err()
}

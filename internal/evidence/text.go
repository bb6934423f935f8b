package evidence

import (
	"regexp"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// plainText is a report without the colours of a terminal.
func plainText(content []byte) string {
	return regexp.MustCompile("\x1b\\[[0-9;]*[A-Za-z]").ReplaceAllString(string(content), "")
}

// readPromtool reads what promtool test rules prints: the name of each file of tests, and what became of it.
func readPromtool(d *document) (fact.EvidenceResult, bool, error) {
	const begins = "Unit Testing:"
	if !strings.HasPrefix(plainText(d.content[:min(len(d.content), 100)]), begins) {
		return fact.EvidenceResult{}, false, nil
	}
	var result fact.EvidenceResult
	file := ""
	err := eachLine([]byte(plainText(d.content)), func(line string) {
		switch line = strings.TrimSpace(line); {
		case strings.HasPrefix(line, begins):
			unfinished(file, &result)
			file = strings.TrimSpace(strings.TrimPrefix(line, begins))
		case file == "":
		case line == "SUCCESS":
			result.Passed++
			file = ""
		case strings.HasPrefix(line, "FAILED"):
			result.Failed++
			fault(&result, file)
			file = ""
		}
	})
	unfinished(file, &result)
	return result, true, err
}

// unfinished counts a file of tests of which nothing more is said.
func unfinished(file string, result *fact.EvidenceResult) {
	if file != "" {
		result.Errored++
		fault(result, file)
	}
}

// readPrisma reads what prisma validate and prisma migrate status print.
func readPrisma(d *document) (fact.EvidenceResult, bool, error) {
	if len(d.content) > 1<<20 {
		return fact.EvidenceResult{}, false, nil
	}
	text := plainText(d.content)
	result := fact.EvidenceResult{}
	for _, each := range []struct {
		says  string
		count *int
	}{
		{`The schema at \S+ is valid`, &result.Passed},
		{`The schemas? at .+ (?:is|are) valid`, &result.Passed},
		{`Database schema is up to date`, &result.Passed},
		{`Prisma schema validation|Error code: P1012`, &result.Failed},
		{`migrations? ha(?:ve|s) not yet been applied`, &result.Failed},
		{`migrations? ha(?:ve|s) failed`, &result.Failed},
		{`database is not managed by Prisma Migrate`, &result.Failed},
		{`migration history and the migrations table from your database are different`, &result.Failed},
		{`(?m)^Error:? P\d{4}`, &result.Errored},
	} {
		if found := regexp.MustCompile(each.says).FindString(text); found != "" {
			*each.count = 1
			if each.count != &result.Passed {
				fault(&result, found)
			}
		}
	}
	if result.Failed+result.Errored > 0 {
		result.Passed = 0
	}
	return result, result.Tests() > 0, nil
}

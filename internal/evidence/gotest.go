package evidence

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A goEvent is a line of go test -json. https://pkg.go.dev/cmd/test2json
type goEvent struct {
	Time       time.Time
	Action     string
	Package    string
	ImportPath string
	Test       string
}

// A goPackage is what became of a package, of which each that begins is said to end.
type goPackage struct {
	tests  map[string]string // how each ended; "run" where it did not
	flaky  map[string]bool   // those that passed only when they were run again
	ended  string
	failed bool // one of its tests
}

// readGoTest reads go test -json. Lines between the events are what compilers printed.
func readGoTest(d *document) (fact.EvidenceResult, bool, error) {
	if d.content[0] == '{' && !d.members.has("Action") || d.content[0] != '{' && !strings.Contains(firstLines(d.content), `"Action":"`) {
		return fact.EvidenceResult{}, false, nil
	}
	var result fact.EvidenceResult
	packages := make(map[string]*goPackage)
	events, elements := 0, 0
	var cut string
	err := eachLine(d.content, func(line string) {
		if !strings.HasPrefix(line, "{") {
			return
		}
		var event goEvent
		if json.Unmarshal([]byte(line), &event) != nil {
			cut = line
			return
		}
		if elements++; elements > 4*maximumElements || event.Action == "" {
			return
		}
		events++
		made(&result, event.Time)
		note(packages, &event, &result)
	})
	switch {
	case err != nil:
		return result, true, err
	case elements > 4*maximumElements:
		return result, true, errTooMany
	case cut != "":
		return result, true, fmt.Errorf("a line is no event: it begins with %.40q", cut)
	case events == 0:
		return result, false, nil
	}
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		packages[name].count(name, &result)
	}
	return result, true, nil
}

func firstLines(content []byte) string { return string(content[:min(len(content), 1<<16)]) }

// note notes an event.
func note(packages map[string]*goPackage, event *goEvent, result *fact.EvidenceResult) {
	if event.Action == "build-fail" {
		result.Errored++
		fault(result, event.ImportPath+" does not compile")
		// The package fails for nothing else.
		of(packages, strings.Fields(event.ImportPath + " ")[0]).failed = true
		return
	}
	if event.Package == "" {
		return
	}
	p := of(packages, event.Package)
	switch event.Action {
	case "run":
		if _, before := p.tests[event.Test]; !before && event.Test != "" {
			p.tests[event.Test] = event.Action
		}
	case "pass", "fail", "skip":
		if event.Test == "" {
			p.ended = event.Action
			return
		}
		if event.Action == "pass" && p.tests[event.Test] == "fail" {
			p.flaky[event.Test] = true
		}
		p.tests[event.Test] = event.Action
	}
}

func of(packages map[string]*goPackage, name string) *goPackage {
	p := packages[name]
	if p == nil {
		p = &goPackage{tests: make(map[string]string), flaky: make(map[string]bool)}
		packages[name] = p
	}
	return p
}

// count counts the tests of a package. One that fails without a test that does was not run to its end.
func (p *goPackage) count(name string, result *fact.EvidenceResult) {
	for _, test := range slices.Sorted(maps.Keys(p.tests)) {
		switch ended := p.tests[test]; {
		case ended == "fail":
			p.failed = true
			result.Failed++
			fault(result, name+" "+test)
		case ended == "skip":
			result.Skipped++
		case ended == "pass" && p.flaky[test]:
			result.Flaky++
		case ended == "pass":
			result.Passed++
		default:
			p.failed = true
			result.Errored++
			fault(result, name+" "+test+" did not end")
		}
	}
	flaked := p.ended == "fail" && len(p.flaky) > 0
	if !p.failed && !flaked && (p.ended == "fail" || p.ended == "") {
		result.Errored++
		fault(result, name+" did not come to its end")
	}
}

package evidence

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// The names of severities, as values of a result. What a tool gives no severity is unrated.
const (
	critical = "critical"
	high     = "high"
	medium   = "medium"
	low      = "low"
	unrated  = "unrated"
)

// scanned makes the result of a scan that came to its end: each severity has a number, so that none found is told apart from not
// looked for.
func scanned() fact.EvidenceResult {
	return fact.EvidenceResult{Scans: 1, Values: map[string]float64{critical: 0, high: 0, medium: 0, low: 0, unrated: 0}}
}

// severity gives the severity of a word of one of the tools.
func severity(word string) string {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "critical":
		return critical
	case "high":
		return high
	case "medium", "moderate":
		return medium
	case "low", "negligible", "info", "none":
		return low
	default:
		return unrated
	}
}

// severityOfScore gives the severity of a score of CVSS.
// https://www.first.org/cvss/v3-1/specification-document#Qualitative-Severity-Rating-Scale
func severityOfScore(score string) string {
	value, err := strconv.ParseFloat(strings.TrimSpace(score), 64)
	switch {
	case err != nil || value < 0:
		return unrated
	case value >= 9:
		return critical
	case value >= 7:
		return high
	case value >= 4:
		return medium
	default:
		return low
	}
}

// A sarifRun is one run of a tool. https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
type sarifRun struct {
	Tool struct {
		Driver     sarifComponent  `json:"driver"`
		Extensions json.RawMessage `json:"extensions"`
	} `json:"tool"`
	Invocations json.RawMessage `json:"invocations"`
	Results     json.RawMessage `json:"results"`
}

// A sarifNotification is what a tool says of its own run, and not of what it examined.
type sarifNotification struct {
	Level string `json:"level"`
}

func (n sarifNotification) isError() bool { return n.Level == "error" }

type sarifComponent struct {
	Name  string          `json:"name"`
	Rules json.RawMessage `json:"rules"`
}

type sarifRule struct {
	ID      string `json:"id"`
	Default struct {
		Level string `json:"level"`
	} `json:"defaultConfiguration"`
	Properties struct {
		Severity json.RawMessage `json:"security-severity"` // a text or a number
	} `json:"properties"`
}

type sarifResult struct {
	RuleID    string `json:"ruleId"`
	RuleIndex *int   `json:"ruleIndex"`
	Rule      struct {
		ID        string `json:"id"`
		Index     *int   `json:"index"`
		Component struct {
			Index *int `json:"index"`
		} `json:"toolComponent"`
	} `json:"rule"`
	Kind          string `json:"kind"`
	Level         string `json:"level"`
	BaselineState string `json:"baselineState"`
	Suppressions  []struct {
		Status string `json:"status"`
	} `json:"suppressions"`
}

// sarifRules are what a result inherits from its rule.
type sarifRules struct {
	byID       map[string]sarifRule
	driver     []sarifRule
	extensions [][]sarifRule
}

func readSARIF(d *document) (fact.EvidenceResult, bool, error) {
	var version string
	if !d.members.has("runs") || !d.members.reads("version", &version) || !strings.HasPrefix(version, "2.") || d.more {
		return fact.EvidenceResult{}, false, nil
	}
	result := scanned()
	result.Scans = 0
	setValue(&result, "warnings", 0)
	err := each(d.members["runs"], func(run *sarifRun) error { return readSARIFRun(run, &result) })
	return result, true, err
}

func readSARIFRun(run *sarifRun, result *fact.EvidenceResult) error {
	completed := true
	err := each(run.Invocations, func(invocation *struct {
		Successful *bool               `json:"executionSuccessful"`
		End        time.Time           `json:"endTimeUtc"`
		Execution  []sarifNotification `json:"toolExecutionNotifications"`
		Settings   []sarifNotification `json:"toolConfigurationNotifications"`
	}) error {
		// A tool that came to its end in spite of an error, such as a file that it could not read, has not examined all.
		failed := slices.ContainsFunc(append(invocation.Execution, invocation.Settings...), sarifNotification.isError)
		completed = completed && !failed && (invocation.Successful == nil || *invocation.Successful)
		made(result, invocation.End)
		return nil
	})
	if err != nil {
		return err
	}
	// The results of a tool that broke off are not all that there are; without a list it did not look for any.
	if completed && !isNothing(run.Results) {
		result.Scans++
	} else {
		result.Errored++
		fault(result, run.Tool.Driver.Name+" did not come to its end, or not without errors")
	}
	rules := sarifRules{byID: make(map[string]sarifRule)}
	if rules.driver, err = rules.add(run.Tool.Driver.Rules); err != nil {
		return err
	}
	err = each(run.Tool.Extensions, func(c *sarifComponent) error {
		own, err := rules.add(c.Rules)
		rules.extensions = append(rules.extensions, own)
		return err
	})
	if err != nil {
		return err
	}
	return each(run.Results, func(found *sarifResult) error {
		found.count(rules, result)
		return nil
	})
}

// add reads the rules of a part of the tool, and gives them in their order.
func (r *sarifRules) add(raw json.RawMessage) (own []sarifRule, err error) {
	err = each(raw, func(rule *sarifRule) error {
		r.byID[rule.ID] = *rule
		own = append(own, *rule)
		return nil
	})
	return own, err
}

// of finds the rule of a result: by its id, of which the last part may tell variants apart, or else by its index, which is that of the
// driver unless an extension is named.
func (r *sarifRules) of(found *sarifResult) (rule sarifRule) {
	for id := found.id(); id != ""; {
		if rule, there := r.byID[id]; there {
			return rule
		}
		last := strings.LastIndexByte(id, '/')
		if last < 0 {
			break
		}
		id = id[:last]
	}
	list, index := r.driver, cmp.Or(found.RuleIndex, found.Rule.Index)
	if of := found.Rule.Component.Index; of != nil {
		if list = nil; *of >= 0 && *of < len(r.extensions) {
			list = r.extensions[*of]
		}
	}
	if index != nil && *index >= 0 && *index < len(list) {
		return list[*index]
	}
	return rule
}

func (s *sarifResult) id() string {
	return cmp.Or(s.RuleID, s.Rule.ID)
}

// count counts a result, unless it is no fault, has gone, or somebody has accepted it.
func (s *sarifResult) count(rules sarifRules, result *fact.EvidenceResult) {
	if s.Kind != "" && s.Kind != "fail" || s.BaselineState == "absent" || s.suppressed() {
		return
	}
	rule := rules.of(s)
	level := s.Level
	if level == "" {
		level = rule.Default.Level
	}
	scored := strings.Trim(string(rule.Properties.Severity), `"`)
	rating := severityOfScore(scored)
	switch level {
	case "error":
		result.Failed++
		fault(result, cmp.Or(s.id(), rule.ID))
		rating = rated(scored, rating, high)
	case "note", "none":
		rating = rated(scored, rating, low)
	default: // also where nobody says
		result.Values["warnings"]++
		rating = rated(scored, rating, medium)
	}
	result.Values[rating]++
}

// rated is the severity by its score or, without one, by the level.
func rated(score, byScore, byLevel string) string {
	if score == "" {
		return byLevel
	}
	return byScore
}

func (s *sarifResult) suppressed() bool {
	return len(s.Suppressions) > 0 && !slices.ContainsFunc(s.Suppressions, func(each struct {
		Status string `json:"status"`
	}) bool {
		return each.Status != "" && each.Status != "accepted"
	})
}

package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/prometheus/common/version"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	homepage    = "https://github.com/readiness-exporter/readiness-exporter"
)

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool              sarifTool         `json:"tool"`
	AutomationDetails sarifAutomation   `json:"automationDetails"`
	Invocations       []sarifInvocation `json:"invocations"`
	Results           []sarifResult     `json:"results"`
	Properties        map[string]any    `json:"properties"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID                   string         `json:"id"`
	ShortDescription     sarifMessage   `json:"shortDescription"`
	HelpURI              string         `json:"helpUri,omitempty"`
	DefaultConfiguration sarifLevel     `json:"defaultConfiguration"`
	Properties           map[string]any `json:"properties"`
}

type sarifLevel struct {
	Level string `json:"level"`
}

type sarifMessage struct {
	Text string `json:"text"`
}

type sarifAutomation struct {
	ID string `json:"id"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool `json:"executionSuccessful"`
}

type sarifResult struct {
	RuleID              string             `json:"ruleId"`
	RuleIndex           int                `json:"ruleIndex"`
	Kind                string             `json:"kind"`
	Level               string             `json:"level"`
	Message             sarifMessage       `json:"message"`
	Locations           []sarifLocation    `json:"locations"`
	PartialFingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions        []sarifSuppression `json:"suppressions,omitempty"`
}

type sarifLocation struct {
	PhysicalLocation *sarifPhysical `json:"physicalLocation"`
	LogicalLocations []sarifLogical `json:"logicalLocations"`
}

type sarifPhysical struct {
	ArtifactLocation sarifArtifact `json:"artifactLocation"`
	Region           sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

type sarifLogical struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification"`
}

// SARIF writes the reports in the Static Analysis Results Interchange Format 2.1.0, a run for each system: its items are
// the rules, each problem is a result. A problem is placed where its subject is written or else where the system is described, since
// that is the file that somebody can change; the thing it was found on is its logical location. A problem without a place is
// left out. What is waived is suppressed.
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/
func SARIF(w io.Writer, systems []System) error {
	log := sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{}}
	for _, system := range systems {
		log.Runs = append(log.Runs, sarifRunOf(system))
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(log); err != nil {
		return fmt.Errorf("write SARIF report: %w", err)
	}
	return nil
}

func sarifRunOf(system System) sarifRun {
	run := sarifRun{
		Tool: sarifTool{sarifDriver{
			Name: "readiness-exporter", Version: version.Version, InformationURI: homepage, Rules: []sarifRule{},
		}},
		AutomationDetails: sarifAutomation{"readiness/" + system.Name + "/" + system.Environment + "/"},
		Invocations:       []sarifInvocation{{true}},
		Results:           []sarifResult{},
		Properties:        map[string]any{"checks": system.Checks, "score_ratio": system.Score, "coverage_ratio": system.Coverage},
	}
	for i, item := range system.Items {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
			ID: item.Check, ShortDescription: sarifMessage{Printable(item.Text)}, HelpURI: item.Runbook,
			DefaultConfiguration: sarifLevel{sarifSeverity(item.Severity)},
			Properties:           map[string]any{"tags": []string{item.Category, item.Section}, "problem.severity": sarifSeverity(item.Severity)},
		})
		if item.Status == check.NotApplicable || item.Newer {
			continue
		}
		for _, problem := range item.Problems {
			// Code hosts refuse a whole file for one result without a place.
			if place := system.sarifPlace(problem.Subject); place != nil {
				run.Results = append(run.Results, sarifResultOf(system, i, item, problem, place))
			}
		}
	}
	return run
}

func sarifResultOf(system System, index int, item Item, problem check.Problem, written *sarifPhysical) sarifResult {
	place := strings.TrimSuffix(system.Name+"/"+system.Environment+"/"+Printable(problem.Subject), "/")
	text := Printable(item.Text + ": " + problemLine(problem))
	if problem.Remedy != "" {
		text += "\n" + Printable(problem.Remedy)
	}
	parts := []string{system.Name, system.Environment, item.Check, problem.Reason, problem.Subject}
	identity := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	result := sarifResult{
		RuleID: item.Check, RuleIndex: index, Kind: "fail", Level: sarifLevelOf(item, problem), Message: sarifMessage{text},
		Locations:           []sarifLocation{{written, []sarifLogical{{place, "resource"}}}},
		PartialFingerprints: map[string]string{"readinessProblem/v1": hex.EncodeToString(identity[:16])},
	}
	if problem.Level == check.Unknown || problem.Level == check.Undeclared {
		// It was not judged, so that it is neither right nor wrong: such results have no level.
		result.Kind, result.Level = "open", "none"
	}
	if item.Waiver != nil {
		result.Suppressions = []sarifSuppression{{"external", "accepted", Printable(summary(item))}}
	}
	return result
}

// sarifPlace is where the subject of a problem is written, or else where the system is described; nil where it was found by
// itself.
func (s System) sarifPlace(subject string) *sarifPhysical {
	place, written := s.places[subject]
	if !written {
		place = s.origin
	}
	if place.File == "" || place.Line == 0 {
		return nil
	}
	address := url.URL{Path: filepath.ToSlash(place.File)}
	if filepath.IsAbs(place.File) {
		address.Scheme = "file"
	}
	return &sarifPhysical{sarifArtifact{address.String()}, sarifRegion{place.Line}}
}

// sarifLevelOf says how grave a problem is: what only warns is never an error.
func sarifLevelOf(item Item, problem check.Problem) string {
	level := sarifSeverity(item.Severity)
	if problem.Level == check.Warn && level == "error" {
		return "warning"
	}
	return level
}

func sarifSeverity(severity string) string {
	switch severity {
	case "critical":
		return "error"
	case "warning":
		return "warning"
	default:
		return "note"
	}
}

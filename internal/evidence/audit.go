package evidence

import (
	"encoding/json"
	"errors"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// counts are how many vulnerabilities have each severity, as package managers name them.
type counts map[string]float64

var errNoCounts = errors.New("it does not say how many vulnerabilities there are")

// result makes the result of an audit.
func (c counts) result() (fact.EvidenceResult, error) {
	if len(c) == 0 {
		return fact.EvidenceResult{}, errNoCounts
	}
	result := scanned()
	for word, count := range c {
		if word != "total" {
			result.Values[severity(word)] += count
		}
	}
	return result, nil
}

// readNPMAudit reads npm audit --json, of every version, and pnpm audit --json.
func readNPMAudit(d *document) (fact.EvidenceResult, bool, error) {
	var metadata struct {
		Vulnerabilities counts `json:"vulnerabilities"`
	}
	switch {
	case d.more:
		return fact.EvidenceResult{}, false, nil
	case d.members.has("error") && !d.members.has("metadata"):
		// The registry did not answer, or there is no lock file: nothing was audited.
		return auditError(d)
	case !d.members.has("metadata") || !d.members.has("vulnerabilities") && !d.members.has("advisories"):
		return fact.EvidenceResult{}, false, nil
	}
	if err := d.members.into("metadata", &metadata); err != nil {
		return fact.EvidenceResult{}, true, err
	}
	result, err := metadata.Vulnerabilities.result()
	return result, true, err
}

func auditError(d *document) (fact.EvidenceResult, bool, error) {
	var said struct {
		Code string `json:"code"`
	}
	if (!d.members.reads("error", &said) || said.Code == "") && !d.members.has("message") {
		return fact.EvidenceResult{}, false, nil
	}
	result := fact.EvidenceResult{Errored: 1}
	fault(&result, "the audit could not be made "+said.Code)
	return result, true, nil
}

// readYarnAudit reads yarn audit --json of Yarn 1, and yarn npm audit --json of later ones: lines of JSON.
func readYarnAudit(d *document) (fact.EvidenceResult, bool, error) {
	switch {
	case d.members.has("type", "data"):
		return readYarnClassic(d)
	case d.members.has("value", "children"):
		return readYarnBerry(d)
	default:
		return fact.EvidenceResult{}, false, nil
	}
}

func readYarnClassic(d *document) (fact.EvidenceResult, bool, error) {
	var summary counts
	err := stream(d.content, func(line *struct {
		Type string          `json:"type"`
		Data json.RawMessage `json:"data"`
	}) error {
		if line.Type != "auditSummary" {
			return nil
		}
		var data struct {
			Vulnerabilities counts `json:"vulnerabilities"`
		}
		err := json.Unmarshal(line.Data, &data)
		summary = data.Vulnerabilities
		return err
	})
	if err != nil {
		return fact.EvidenceResult{}, true, err
	}
	result, err := summary.result()
	return result, true, err
}

func readYarnBerry(d *document) (fact.EvidenceResult, bool, error) {
	result := scanned()
	err := stream(d.content, func(line *struct {
		Children struct{ Severity string } `json:"children"`
	}) error {
		result.Values[severity(line.Children.Severity)]++
		return nil
	})
	return result, true, err
}

// A govulncheckMessage is one of govulncheck -format json. https://pkg.go.dev/golang.org/x/vuln/internal/govulncheck
type govulncheckMessage struct {
	Config *struct {
		ScanLevel string `json:"scan_level"`
	} `json:"config"`
	Finding *struct {
		OSV   string `json:"osv"`
		Trace []struct {
			Function string `json:"function"`
		} `json:"trace"`
	} `json:"finding"`
}

// readGovulncheck reads govulncheck -format json. It rates nothing: what the program calls counts as high, what it has and does not
// call as low. Where calls were not looked for, everything is unrated.
func readGovulncheck(d *document) (fact.EvidenceResult, bool, error) {
	var config struct {
		Protocol string `json:"protocol_version"`
		Scanner  string `json:"scanner_name"`
	}
	if !d.members.reads("config", &config) || config.Protocol == "" && config.Scanner == "" {
		return fact.EvidenceResult{}, false, nil
	}
	ratings, symbols := make(map[string]string), true
	err := stream(d.content, func(message *govulncheckMessage) error {
		if message.Config != nil {
			symbols = message.Config.ScanLevel == "" || message.Config.ScanLevel == "symbol"
		}
		if found := message.Finding; found != nil {
			rating := low
			switch {
			case !symbols:
				rating = unrated
			case len(found.Trace) > 0 && found.Trace[0].Function != "", ratings[found.OSV] == high:
				rating = high
			}
			ratings[found.OSV] = rating
		}
		return nil
	})
	result := scanned()
	for _, rating := range ratings {
		result.Values[rating]++
	}
	return result, true, err
}

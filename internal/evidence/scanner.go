package evidence

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

var errNoPackages = errors.New("a result has no packages")

// readOSV reads osv-scanner --format json: what has one cause is a group.
func readOSV(d *document) (fact.EvidenceResult, bool, error) {
	// Others have a list of that name too, and would have nothing in it that is counted here.
	known := []string{"results", "experimental_config", "license_summary", "image_metadata", "experimental_generic_findings"}
	if !d.members.has("results") || !d.members.only(known) || d.more {
		return fact.EvidenceResult{}, false, nil
	}
	result := scanned()
	type osvPackage struct {
		Vulnerabilities json.RawMessage `json:"vulnerabilities"`
		Groups          json.RawMessage `json:"groups"`
	}
	err := each(d.members["results"], func(source *struct {
		Packages json.RawMessage `json:"packages"`
	}) error {
		if isNothing(source.Packages) {
			return errNoPackages
		}
		return each(source.Packages, func(found *osvPackage) error {
			if isNothing(found.Groups) {
				return each(found.Vulnerabilities, func(*struct{}) error {
					result.Values[unrated]++
					return nil
				})
			}
			return each(found.Groups, func(group *struct {
				Severity string `json:"max_severity"`
			}) error {
				result.Values[severityOfScore(group.Severity)]++
				return nil
			})
		})
	})
	return result, true, err
}

// A trivyFinding is a vulnerability, a misconfiguration or a secret.
type trivyFinding struct {
	Severity string
	Status   string
}

// readTrivy reads trivy --format json. What it found nothing in to scan was not scanned.
func readTrivy(d *document) (fact.EvidenceResult, bool, error) {
	if !d.members.has("SchemaVersion") || !d.members.has("ArtifactName") && !d.members.has("Results") || d.more {
		return fact.EvidenceResult{}, false, nil
	}
	result := scanned()
	result.Scans = 0
	var at time.Time
	if d.members.reads("CreatedAt", &at) {
		made(&result, at)
	}
	var metadata struct {
		OS struct {
			Family, Name string
			Ended        bool `json:"EOSL"`
		}
	}
	if d.members.reads("Metadata", &metadata) && metadata.OS.Ended {
		// Nobody reports what its packages have, so that finding nothing says nothing.
		result.Errored++
		fault(&result, metadata.OS.Family+" "+metadata.OS.Name+" is no longer supported, and has no list of vulnerabilities")
	}
	type target struct{ Vulnerabilities, Misconfigurations, Secrets json.RawMessage }
	err := each(d.members["Results"], func(t *target) error {
		result.Scans = 1
		for _, list := range []json.RawMessage{t.Vulnerabilities, t.Misconfigurations, t.Secrets} {
			err := each(list, func(found *trivyFinding) error {
				if found.Status != "PASS" && found.Status != "EXCEPTION" && found.Status != "not_affected" {
					result.Values[severity(found.Severity)]++
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return result, true, err
}

// readGrype reads grype -o json. What is ignored stands apart from what matches.
func readGrype(d *document) (fact.EvidenceResult, bool, error) {
	if !d.members.has("matches", "descriptor") || d.more {
		return fact.EvidenceResult{}, false, nil
	}
	result := scanned()
	var descriptor struct {
		Name      string    `json:"name"`
		Timestamp time.Time `json:"timestamp"`
	}
	if !d.members.reads("descriptor", &descriptor) || descriptor.Name != "grype" {
		return fact.EvidenceResult{}, false, nil
	}
	made(&result, descriptor.Timestamp)
	err := each(d.members["matches"], func(match *struct {
		Vulnerability struct {
			Severity string `json:"severity"`
		} `json:"vulnerability"`
	}) error {
		result.Values[severity(match.Vulnerability.Severity)]++
		return nil
	})
	return result, true, err
}

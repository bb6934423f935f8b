package system

import (
	"path/filepath"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// An Evidence says where results of pipelines are, beside those that they submit, and what tells which revision is deployed.
type Evidence struct {
	Files []EvidenceFiles `yaml:"files,omitempty"` // reports that pipelines leave in folders
	// Deployed are files that say which revision is deployed, for what no cluster tells.
	Deployed []DeployedFile `yaml:"deployed,omitempty"`
}

// EvidenceFiles are the reports of one run, about one item: those of all files together are one result.
type EvidenceFiles struct {
	Check     string   `yaml:"check"`               // the item's id
	Component string   `yaml:"component,omitempty"` // the part of the system that they are of, such as a workload; default: all of it
	Paths     []string `yaml:"paths"`               // patterns of files: /var/lib/ci/shop/TEST-*.xml
	// RevisionFile holds the revision that was examined: a commit, a version, the digest of an image.
	RevisionFile string `yaml:"revision_file,omitempty"`
	// AttestationKeys are files with public keys in PEM. With any, each report must be an in-toto attestation of a result of tests that
	// one of them signed; it names the revision itself.
	AttestationKeys []string `yaml:"attestation_keys,omitempty"`
}

// A DeployedFile says which revision is deployed.
type DeployedFile struct {
	File      string `yaml:"file"`                // it holds a commit, a version or the digest of an image, and nothing else
	Component string `yaml:"component,omitempty"` // the part of the system that it is about; default: all of it
}

func (e Evidence) validate(list *mistake.List, path []any) {
	validateEach(list, mistake.At(path, "files"), e.Files)
	validateEach(list, mistake.At(path, "deployed"), e.Deployed)
}

func (e EvidenceFiles) identity() (string, string) {
	if e.Check == "" {
		return "check", ""
	}
	if e.Component == "" {
		return "evidence of check", e.Check
	}
	return "evidence of check", e.Check + " of " + e.Component
}

func (e EvidenceFiles) validate(list *mistake.List, path []any) {
	if e.Component != "" {
		checkName(list, mistake.At(path, "component"), "component", e.Component)
	}
	if len(e.Paths) == 0 {
		list.Add(mistake.At(path, "paths"), "paths is missing: say which files, as /var/lib/ci/shop/TEST-*.xml")
	}
	for i, pattern := range e.Paths {
		at := mistake.At(path, "paths", i)
		if _, err := filepath.Match(pattern, "x"); err != nil {
			list.Add(at, "path %q: expected a pattern such as /var/lib/ci/shop/TEST-*.xml", pattern)
		} else if !filepath.IsAbs(pattern) {
			list.Add(at, "path %q: expected an absolute path", pattern)
		}
	}
	checkFile(list, path, "revision_file", e.RevisionFile)
	for i, file := range e.AttestationKeys {
		if !filepath.IsAbs(file) {
			list.Add(mistake.At(path, "attestation_keys", i), "attestation_keys %q: expected an absolute path", file)
		}
	}
	if len(e.AttestationKeys) > 0 && e.RevisionFile != "" {
		list.Add(mistake.At(path, "revision_file"), "revision_file does not go with attestation_keys: attestations name what was examined")
	}
}

func (d DeployedFile) identity() (string, string) { return "file", d.File }

func (d DeployedFile) validate(list *mistake.List, path []any) {
	if d.Component != "" {
		checkName(list, mistake.At(path, "component"), "component", d.Component)
	}
	if d.File == "" {
		list.Add(mistake.At(path, "file"), "file is missing: say which file holds the revision that is deployed")
	}
	checkFile(list, path, "file", d.File)
}

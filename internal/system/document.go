package system

import (
	"cmp"
	"path/filepath"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A Document says where a document is that items ask for by its name, such as rollback-plan: in a repository, in a folder of
// this machine, or at an address of the web. One that is not declared is found by its usual names in the repositories and in
// the folders that are declared here without a name.
type Document struct {
	// Document is the name by which items ask for it; without it, path is a folder in which documents are found by their names.
	Document   string `yaml:"document,omitempty"`
	Repository string `yaml:"repository,omitempty"` // the name of the repository that path is in; default: path is on this machine
	// Path is that of the document, or of the folder of runbooks; on this machine it begins at the root.
	Path string `yaml:"path,omitempty"`
	// URL is its address, where it is neither in a repository nor in a folder: a page, a text, or the REST address of a page
	// of Confluence (…/rest/api/content/ID?expand=body.storage,version).
	URL string `yaml:"url,omitempty"`
	// CAFile is a PEM file of the authorities that may sign for the address; default: the public ones.
	CAFile          string     `yaml:"ca_file,omitempty"`
	BearerTokenFile string     `yaml:"bearer_token_file,omitempty"` // a file that holds the token to log in with
	BasicAuth       *BasicAuth `yaml:"basic_auth,omitempty"`        // a name and a password to log in with
}

func (d Document) identity() (string, string) {
	return "document", cmp.Or(d.Document, d.Path)
}

func (d Document) validate(list *mistake.List, at []any) {
	if d.Document != "" {
		checkName(list, mistake.At(at, "document"), "document", d.Document)
	}
	switch {
	case (d.Path == "") == (d.URL == ""):
		list.Add(at, "expected exactly one of path and url")
	case d.URL != "":
		validateURL(list, at, d.URL, "https://wiki.example.com/rollback")
		if d.Document == "" {
			list.Add(at, "document is missing: say by which name items ask for it")
		}
		if d.Repository != "" {
			list.Add(mistake.At(at, "repository"), "repository goes with path")
		}
	case d.Repository != "":
		if !validInside(d.Path) {
			list.Add(mistake.At(at, "path"), "path %q: expected one within the repository, such as docs/rollback.md", d.Path)
		}
		if d.Document == "" {
			list.Add(at, "document is missing: what is in a repository is found without being declared")
		}
	case !filepath.IsAbs(d.Path) || filepath.Clean(d.Path) != d.Path:
		list.Add(mistake.At(at, "path"), "path %q: expected an absolute path, or repository to name the one that it is in", d.Path)
	}
	if d.URL == "" && (d.CAFile != "" || d.BearerTokenFile != "" || d.BasicAuth != nil) {
		list.Add(at, "ca_file, bearer_token_file and basic_auth go with url")
	}
	checkFile(list, at, "ca_file", d.CAFile)
	validateLogin(list, at, d.BearerTokenFile, d.BasicAuth)
}

// validateDocuments notes documents of repositories that are not declared.
func (s *System) validateDocuments(list *mistake.List, at []any) {
	for i, document := range s.Documents {
		known := slices.ContainsFunc(s.Repositories, func(r Repository) bool { return r.Name == document.Repository })
		if document.Repository != "" && !known {
			list.Add(mistake.At(at, i, "repository"), "repository %q: expected the name of one under repositories", document.Repository)
		}
	}
}

package system

import (
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// An APIDocument says where a document is that describes an API (OpenAPI 3, Swagger 2.0): in a repository, and at the address where it
// is served. Where none is declared, each repository is searched for one by its usual names.
type APIDocument struct {
	Name string `yaml:"name"`
	// Repository is the name of the one that has the document; default: all are searched.
	Repository string `yaml:"repository,omitempty"`
	// Path is that of the document in the repository; default: it is found by its usual names, such as docs/openapi.yaml.
	Path string `yaml:"path,omitempty"`
	// URL is where the application serves it as JSON or YAML; default: it is validated and compared with nothing.
	URL string `yaml:"url,omitempty"`
	// CAFile is a PEM file of the authorities that may sign for the address; default: the public ones.
	CAFile          string     `yaml:"ca_file,omitempty"`
	BearerTokenFile string     `yaml:"bearer_token_file,omitempty"` // a file that holds the token to log in with
	BasicAuth       *BasicAuth `yaml:"basic_auth,omitempty"`        // a name and a password to log in with
}

func (d APIDocument) identity() (string, string) { return "API document", d.Name }

func (d APIDocument) validate(list *mistake.List, at []any) {
	checkName(list, mistake.At(at, "name"), "name", d.Name)
	switch {
	case d.Repository == "" && d.Path != "":
		list.Add(mistake.At(at, "path"), "path goes with repository, which names the one that it is in")
	case d.Path != "" && !validInside(d.Path):
		list.Add(mistake.At(at, "path"), "path %q: expected one within the repository, such as docs/openapi.yaml", d.Path)
	case d.Repository == "" && d.URL == "":
		list.Add(at, "expected repository, url or both")
	}
	if d.URL != "" {
		validateURL(list, at, d.URL, "https://shop.example.com/openapi.json")
	} else if d.CAFile != "" || d.BearerTokenFile != "" || d.BasicAuth != nil {
		list.Add(at, "ca_file, bearer_token_file and basic_auth go with url")
	}
	checkFile(list, at, "ca_file", d.CAFile)
	validateLogin(list, at, d.BearerTokenFile, d.BasicAuth)
}

// validateAPIDocuments notes documents of repositories that are not declared.
func (s *System) validateAPIDocuments(list *mistake.List, at []any) {
	for i, document := range s.APIDocuments {
		known := slices.ContainsFunc(s.Repositories, func(r Repository) bool { return r.Name == document.Repository })
		if document.Repository != "" && !known {
			list.Add(mistake.At(at, i, "repository"), "repository %q: expected the name of one under repositories", document.Repository)
		}
	}
}

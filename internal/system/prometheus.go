package system

import (
	"net/url"
	"path/filepath"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A Prometheus is a server that evaluates the expressions of items, or another that speaks its API, such as Thanos or Mimir.
type Prometheus struct {
	Name string `yaml:"name"` // by which items name it; the value of the label prometheus
	URL  string `yaml:"url"`  // of the server, without /api/v1: https://prometheus.example.com
	// CAFile is a PEM file of the authorities that may sign for it; default: the public ones.
	CAFile          string     `yaml:"ca_file,omitempty"`
	BearerTokenFile string     `yaml:"bearer_token_file,omitempty"` // a file that holds the token to log in with
	BasicAuth       *BasicAuth `yaml:"basic_auth,omitempty"`        // a name and a password to log in with
}

// BasicAuth is a login by name and password.
type BasicAuth struct {
	Username     string `yaml:"username"`      // the name
	PasswordFile string `yaml:"password_file"` // a file that holds the password
}

func (p Prometheus) identity() (string, string) { return "prometheus", p.Name }

func (p Prometheus) validate(list *mistake.List, path []any) {
	checkName(list, mistake.At(path, "name"), "name", p.Name)
	address, err := url.Parse(p.URL)
	switch {
	case err != nil || !isWebAddress(address):
		list.Add(mistake.At(path, "url"), "url: expected one such as https://prometheus.example.com")
	case address.User != nil:
		list.Add(mistake.At(path, "url"), "url: credentials do not belong in it; use bearer_token_file or basic_auth")
	case address.RawQuery != "" || address.Fragment != "":
		list.Add(mistake.At(path, "url"), "url: expected neither ? nor # in it")
	}
	checkFile(list, path, "ca_file", p.CAFile)
	checkFile(list, path, "bearer_token_file", p.BearerTokenFile)
	if p.BasicAuth == nil {
		return
	}
	if p.BearerTokenFile != "" {
		list.Add(path, "expected either bearer_token_file or basic_auth, not both")
	}
	path = mistake.At(path, "basic_auth")
	if p.BasicAuth.Username == "" {
		list.Add(path, "username is missing")
	}
	if p.BasicAuth.PasswordFile == "" {
		list.Add(path, "password_file is missing")
	}
	checkFile(list, path, "password_file", p.BasicAuth.PasswordFile)
}

// checkFile notes a file that is named by a path that depends on where the exporter was started.
func checkFile(list *mistake.List, path []any, key, file string) {
	if file != "" && !filepath.IsAbs(file) {
		list.Add(mistake.At(path, key), "%s %q: expected an absolute path", key, file)
	}
}

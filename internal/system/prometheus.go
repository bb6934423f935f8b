package system

import (
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

func (p Prometheus) identity() (string, string) { return "prometheus", p.Name }

func (p Prometheus) validate(list *mistake.List, path []any) {
	checkName(list, mistake.At(path, "name"), "name", p.Name)
	if address := validateURL(list, path, p.URL, "https://prometheus.example.com"); address != nil && address.RawQuery != "" {
		list.Add(mistake.At(path, "url"), "url: expected no ? in it")
	}
	checkFile(list, path, "ca_file", p.CAFile)
	validateLogin(list, path, p.BearerTokenFile, p.BasicAuth)
}

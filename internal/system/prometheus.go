package system

import (
	"slices"
	"strings"
	"unicode"

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
	// Tenant is sent as X-Scope-OrgID, which Mimir and Cortex require where they serve several.
	Tenant string `yaml:"tenant,omitempty"`
	// ReplicaOf is the name of another declared one that has the same rules: items report a rule that only one of the two has.
	ReplicaOf string `yaml:"replica_of,omitempty"`
	// QueriesOnly: it evaluates expressions alone, so that it is not asked for its rules.
	QueriesOnly bool `yaml:"queries_only,omitempty"`
}

func (p Prometheus) identity() (string, string) { return "prometheus", p.Name }

func (p Prometheus) validate(list *mistake.List, path []any) {
	checkName(list, mistake.At(path, "name"), "name", p.Name)
	if address := validateURL(list, path, p.URL, "https://prometheus.example.com"); address != nil && address.RawQuery != "" {
		list.Add(mistake.At(path, "url"), "url: expected no ? in it")
	}
	checkFile(list, path, "ca_file", p.CAFile)
	validateLogin(list, path, p.BearerTokenFile, p.BasicAuth)
	if strings.ContainsFunc(p.Tenant, func(r rune) bool { return r <= ' ' || r > unicode.MaxASCII || r == 0x7f }) {
		list.Add(mistake.At(path, "tenant"), "tenant %q: expected letters, digits and punctuation, without blanks", p.Tenant)
	}
	if p.ReplicaOf != "" && p.QueriesOnly {
		list.Add(mistake.At(path, "replica_of"), "replica_of: expected none where queries_only is true, since its rules are not collected")
	}
}

// validatePrometheus notes replicas of what is not declared, or has no rules of its own.
func (s *System) validatePrometheus(list *mistake.List, path []any) {
	for i, replica := range s.Prometheus {
		if replica.ReplicaOf == "" {
			continue
		}
		at := slices.IndexFunc(s.Prometheus, func(p Prometheus) bool { return p.Name == replica.ReplicaOf })
		if at < 0 || at == i || s.Prometheus[at].ReplicaOf != "" || s.Prometheus[at].QueriesOnly {
			list.Add(mistake.At(path, i, "replica_of"),
				"replica_of %q: expected the name of another Prometheus of the list, which is neither a replica itself nor queries_only",
				replica.ReplicaOf)
		}
	}
}

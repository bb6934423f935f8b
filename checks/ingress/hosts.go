package ingress

import (
	"regexp"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// HostsParameters say which hosts there must be.
type HostsParameters struct {
	// The hosts that ingresses must lead, and no other; empty: any that are no placeholders.
	Hosts []string `yaml:"hosts"`
}

// Validate says what cannot be.
func (p HostsParameters) Validate() error { return check.NotBlank("hosts", p.Hosts) }

// placeholderPattern tells hosts of documentation and of examples (RFC 2606, RFC 6761), and those by which an address stands
// for a name.
const placeholderPattern = `(?i)(^|\.)(example|test|invalid|localhost|local)$|(^|\.)example\.(com|net|org|edu)$` +
	`|your-?(domain|company|app|site)|my-?(domain|company|site)\.|change-?me|placeholder|(^|\.)(nip|sslip|xip)\.io$|(^|\.)domain\.(com|tld)$`

// Hosts judges whether ingresses lead the hosts that they should. A declared host may be led in any of the clusters.
func Hosts() check.Kind[HostsParameters] {
	placeholderHost := regexp.MustCompile(placeholderPattern)
	placeholder := check.Reason{Name: "placeholder", Level: check.Fail, Sentence: "A host is one of an example."}
	other := check.Reason{
		Name: "other_host", Level: check.Fail, Sentence: "An ingress leads a host that is not among the declared ones.",
		Remedy: "Remove the host, or declare it in the parameter hosts.",
	}
	missing := check.Reason{
		Name: "host_missing", Level: check.Fail, Sentence: "No ingress leads a declared host.", Absence: true,
		Remedy: "Add a rule for the host, or take it from the parameter hosts.",
	}
	return check.Kind[HostsParameters]{
		Name:    "ingress_hosts",
		Summary: "No ingress leads a host of an example; where hosts are declared, ingresses lead those and no others.",
		Remedy:  "Write the real domain into the Ingress or HTTPRoute.",
		Reasons: []check.Reason{placeholder, other, missing},
		Over: []check.Quantified[HostsParameters]{
			// All ingresses are one group, that is expected as soon as hosts are declared.
			check.PerGroup(fact.Ingresses(), func(*fact.Ingress) string { return "" },
				func(_ check.Context, p HostsParameters) []string {
					if len(p.Hosts) == 0 {
						return nil
					}
					return []string{""}
				},
				func(_ check.Context, _ string, all []*fact.Ingress, p HostsParameters) (problems []check.Problem) {
					led := make(map[string]bool)
					for _, i := range all {
						for _, host := range i.Hosts {
							led[host.Name] = led[host.Name] || host.Trouble != fact.HostNotAttached
							switch {
							case slices.Contains(p.Hosts, host.Name):
							case placeholderHost.MatchString(host.Name):
								problems = append(problems, placeholder.On(i.Subject(), "The host "+host.Name+" is one of an example."))
							case len(p.Hosts) > 0:
								problems = append(problems, other.On(i.Subject(), "The host "+host.Name+" is not among the declared ones."))
							}
						}
					}
					for _, host := range p.Hosts {
						if !led[host] {
							problems = append(problems, missing.On(host, "No Ingress and no HTTPRoute leads the declared host "+host+"."))
						}
					}
					return problems
				}).Needs(fact.TopicGateways),
		},
		WhenEmpty: noIngress(),
	}
}

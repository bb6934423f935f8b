package kubernetes

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// IngressHostsParameters say which hosts there must be.
type IngressHostsParameters struct {
	// The hosts that ingresses must lead, and no other; empty: any that are no placeholders.
	Hosts []string `yaml:"hosts"`
}

// placeholderHost tells hosts of documentation and of examples (RFC 2606, RFC 6761), and those by which an address stands
// for a name.
var placeholderHost = regexp.MustCompile(`(?i)(^|\.)(example|test|invalid|localhost|local)$|(^|\.)example\.(com|net|org|edu)$` +
	`|your-?(domain|company|app|site)|my-?(domain|company|site)\.|change-?me|placeholder|(^|\.)(nip|sslip|xip)\.io$|(^|\.)domain\.(com|tld)$`)

// IngressHosts judges whether ingresses lead the hosts that they should.
func IngressHosts() check.Kind[fact.Ingress, IngressHostsParameters] {
	placeholder := check.Reason{Name: "placeholder", Level: check.Fail, Sentence: "A host is one of an example."}
	undeclared := check.Reason{
		Name: "other_host", Level: check.Fail, Sentence: "An ingress leads a host that is not among the declared ones.",
		Remedy: "Remove the host, or declare it in the parameter hosts.",
	}
	missing := check.Reason{
		Name: "host_missing", Level: check.Fail, Sentence: "No ingress leads a declared host.",
		Remedy: "Add a rule for the host, or take it from the parameter hosts.",
	}
	return check.Kind[fact.Ingress, IngressHostsParameters]{
		Name:    "ingress_hosts",
		Summary: "No ingress leads a host of an example; where hosts are declared, ingresses lead those and no others.",
		Remedy:  "Write the real domain into the Ingress or HTTPRoute.",
		Reasons: []check.Reason{placeholder, undeclared, missing},
		About:   fact.Ingresses(),
		Topics:  func(IngressHostsParameters) []string { return []string{} },
		None:    check.Undeclared,
		Nothing: noIngress,
		JudgeAll: func(batch fact.Batch[fact.Ingress], p IngressHostsParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			var led []string
			for _, ingress := range batch.Facts {
				for _, host := range ingress.Hosts {
					led = append(led, host.Name)
					var problem check.Problem
					switch {
					case slices.Contains(p.Hosts, host.Name):
						continue
					case placeholderHost.MatchString(host.Name):
						problem = placeholder.Problem(host.Name)
					case len(p.Hosts) > 0:
						problem = undeclared.Problem(host.Name)
					default:
						continue
					}
					problem.Subject = ingress.Subject()
					problems = append(problems, problem)
				}
			}
			for _, host := range p.Hosts {
				if !slices.Contains(led, host) {
					problems = append(problems, missing.Problem(host))
				}
			}
			for _, missed := range batch.Missed {
				problems = append(problems, check.NotSeen(missed))
			}
			return problems
		},
	}
}

const noIngress = "no Ingress and no HTTPRoute is known: add the cluster to kubernetes in the system description, with its namespaces"

// IngressTLSParameters are none.
type IngressTLSParameters struct{}

// IngressTLS judges whether every host has a certificate that is valid for it.
func IngressTLS() check.Kind[fact.Ingress, IngressTLSParameters] {
	reasons := map[fact.HostTrouble]check.Reason{
		fact.HostNotCovered: {
			Name: "no_tls", Level: check.Fail, Sentence: "A host has no TLS.",
			Remedy: "Name the host and a Secret under tls in the Ingress, or in an HTTPS listener of the Gateway.",
		},
		fact.HostNoSecret: {
			Name: "secret_not_found", Level: check.Fail, Sentence: "The Secret of a host's certificate does not exist, or is not of type " +
				"kubernetes.io/tls.",
			Remedy: "See why nobody makes it: kubectl describe certificate, certificaterequest, order.",
		},
		fact.HostElsewhere: {
			Name: "secret_elsewhere", Level: check.Unknown, Sentence: "The Secret of a host's certificate is in a namespace that is not looked at.",
			Remedy: "Add the namespace of the Gateway to namespaces of the cluster.",
		},
		fact.HostNoCertificate: {Name: "no_certificate", Level: check.Fail, Sentence: "The Secret of a host holds no certificate."},
		fact.HostOtherName: {
			Name: "other_name", Level: check.Fail, Sentence: "The certificate of a host is for other names.",
			Remedy: "Have a certificate signed that names the host.",
		},
		fact.HostExpired: {Name: "expired", Level: check.Fail, Sentence: "The certificate of a host has ended."},
	}
	catchAll := check.Reason{
		Name: "any_host", Level: check.Warn, Sentence: "Requests to any host are led, for which there can be no certificate.",
		Remedy: "Name the hosts.",
	}
	return check.Kind[fact.Ingress, IngressTLSParameters]{
		Name:    "ingress_tls",
		Summary: "Every host of an ingress has a Secret with a certificate that is valid for it.",
		Remedy:  "Have the certificate signed anew: cmctl renew, or put the new one into the Secret.",
		Reasons: []check.Reason{
			reasons[fact.HostNotCovered], reasons[fact.HostNoSecret], reasons[fact.HostElsewhere], reasons[fact.HostNoCertificate],
			reasons[fact.HostOtherName], reasons[fact.HostExpired], catchAll,
		},
		About:   fact.Ingresses(),
		None:    check.Undeclared,
		Nothing: noIngress,
		Judge: func(i fact.Ingress, _ IngressTLSParameters, _ time.Time) []check.Problem {
			var problems []check.Problem
			for _, host := range i.Hosts {
				if reason, troubled := reasons[host.Trouble]; troubled {
					detail := host.Name
					if host.Secret != "" {
						detail = fmt.Sprintf("%s, by Secret %s", host.Name, host.Secret)
					}
					problems = append(problems, reason.Problem(detail))
				}
			}
			if i.CatchAll {
				problems = append(problems, catchAll.Problem("a rule without a host"))
			}
			return problems
		},
	}
}

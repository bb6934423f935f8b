package ingress

import (
	"fmt"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A trouble is a reason, with what is said of a host that has it.
type trouble struct {
	check.Reason
	says string // of the host; followed by the Secret, where one is named
}

// troubles are the reasons why a host has no certificate that is valid for it.
func troubles() map[fact.HostTrouble]trouble {
	return map[fact.HostTrouble]trouble{
		fact.HostNotCovered: {check.Reason{
			Name: "no_tls", Level: check.Fail, Sentence: "A host has no TLS.",
			Remedy: "Name the host and a Secret under tls in the Ingress, or in an HTTPS listener of the Gateway.",
		}, "has no TLS"},
		fact.HostNoSecret: {check.Reason{
			Name: "secret_not_found", Level: check.Fail,
			Sentence: "The Secret of a host's certificate does not exist, or is not of type kubernetes.io/tls.",
			Remedy:   "Find out why nobody makes it: kubectl describe certificate, certificaterequest, order.",
		}, "has no certificate, since its Secret does not exist or is of another type"},
		fact.HostElsewhere: {check.Reason{
			Name: "secret_elsewhere", Level: check.Unknown,
			Sentence: "The Secret of a host's certificate is in a namespace that is not collected.",
			Remedy:   "Add the namespace of the Gateway to namespaces of the cluster.",
		}, "has its Secret in a namespace that is not collected"},
		fact.HostNoCertificate: {check.Reason{
			Name: "no_certificate", Level: check.Fail, Sentence: "The Secret of a host holds no certificate.",
		}, "has a Secret that holds no certificate"},
		fact.HostOtherName: {check.Reason{
			Name: "other_name", Level: check.Fail, Sentence: "The certificate of a host is for other names.",
			Remedy: "Have a certificate signed that names the host.",
		}, "has a certificate for other names"},
		fact.HostExpired: {check.Reason{
			Name: "expired", Level: check.Fail, Sentence: "The certificate of a host has expired.",
		}, "has a certificate that has expired"},
	}
}

// TLS judges whether every host has a certificate that is valid for it: as it is stored and, where it is known what a server
// shows for the host, as it is served.
func TLS() check.Kind[struct{}] {
	troubles := troubles()
	served := check.Reason{
		Name: "served_fault", Level: check.Fail, Sentence: "The certificate that is served for a host does not verify.",
		Remedy: "Compare it with the one in the Secret: openssl s_client -connect HOST:443 -servername HOST; restart or reload what " +
			"still serves the old one.",
	}
	catchAll := check.Reason{
		Name: "any_host", Level: check.Warn, Sentence: "Requests to any host are led, for which there can be no certificate.",
		Remedy: "Name the hosts.",
	}
	return check.Kind[struct{}]{
		Name: "ingress_tls",
		Summary: "Every host of an ingress has a Secret with a certificate that is valid for it, and so is the one that is served, where " +
			"that is collected.",
		Remedy: "Have the certificate signed anew: cmctl renew, or put the new one into the Secret.",
		Reasons: []check.Reason{
			troubles[fact.HostNotCovered].Reason, troubles[fact.HostNoSecret].Reason, troubles[fact.HostElsewhere].Reason,
			troubles[fact.HostNoCertificate].Reason, troubles[fact.HostOtherName].Reason, troubles[fact.HostExpired].Reason, served, catchAll,
		},
		Over: []check.Quantified[struct{}]{
			check.Each(fact.Ingresses(), func(c check.Context, i *fact.Ingress, _ struct{}) (problems []check.Problem) {
				for _, host := range i.Hosts {
					if trouble, troubled := troubles[host.Trouble]; troubled {
						problems = append(problems, trouble.Problem(fmt.Sprintf("The host %s %s%s.", host.Name, trouble.says, bySecret(host))))
					}
					for _, certificate := range faulty(c, host.Name) {
						problems = append(problems, served.Problem(fmt.Sprintf("The certificate that %s serves for the host %s does not verify: %s.",
							certificate.Subject(), host.Name, details(certificate))))
					}
				}
				if i.CatchAll {
					problems = append(problems, catchAll.Problem("A rule without a host leads requests to any host."))
				}
				return problems
			}),
		},
		With:      []check.Input{check.Reading(fact.Certificates()).Optional()},
		WhenEmpty: noIngress(),
	}
}

func bySecret(host fact.IngressHost) string {
	if host.Secret == "" {
		return ""
	}
	return " (Secret " + host.Secret + ")"
}

// faulty are the certificates that servers show for a host and that do not verify.
func faulty(c check.Context, host string) (found []*fact.Certificate) {
	for _, certificate := range check.Read(c, fact.Certificates()) {
		if certificate.Source == fact.CertificateAtAddress && len(certificate.Faults) > 0 && leads(host, certificate.ServerName) {
			found = append(found, certificate)
		}
	}
	return found
}

// leads tells whether a host, which may be a wildcard for one label, is that of a name.
func leads(host, name string) bool {
	if domain, wildcard := strings.CutPrefix(host, "*."); wildcard {
		_, rest, _ := strings.Cut(name, ".")
		return strings.EqualFold(domain, rest)
	}
	return strings.EqualFold(host, name)
}

func details(certificate *fact.Certificate) string {
	all := make([]string, len(certificate.Faults))
	for i, found := range certificate.Faults {
		all[i] = found.Detail
	}
	return strings.Join(all, "; ")
}

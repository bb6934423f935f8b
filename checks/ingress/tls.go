package ingress

import (
	"fmt"
	"slices"
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
	none := check.Reason{Name: "no_certificate", Level: check.Fail, Sentence: "The Secret of a host holds no certificate."}
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
		fact.HostNoCertificate: {none, "has a Secret that holds no certificate"},
		fact.HostOtherKey:      {none, "has a Secret that holds no certificate with its key, so that no server can show it"},
		fact.HostOtherName: {check.Reason{
			Name: "other_name", Level: check.Fail, Sentence: "The certificate of a host is for other names.",
			Remedy: "Have a certificate signed that names the host.",
		}, "has a certificate for other names"},
		fact.HostManaged: {check.Reason{
			Name: "certificate_elsewhere", Level: check.Unknown, Sentence: "The certificate of a host is in no Secret.",
			Remedy: "Add the host to certificates in the system description, so that what is served for it is collected.",
		}, "has a certificate that a provider or the controller keeps, and not a Secret"},
		fact.HostNoGateway: {check.Reason{
			Name: "gateway_elsewhere", Level: check.Unknown,
			Sentence: "The Gateway that shows the certificate of a host is not among the manifests.",
			Remedy:   "Give the manifest of the Gateway too.",
		}, "is led by a Gateway that is not among the manifests"},
		fact.HostNotAttached: {check.Reason{
			Name: "not_attached", Level: check.Fail, Sentence: "An HTTPRoute is attached to no listener: it serves nothing.",
			Remedy: "Compare its parentRefs (name, sectionName, port) and hostnames with the listeners of the Gateway, and their allowedRoutes " +
				"with its namespace: kubectl describe httproute NAME -n NAMESPACE tells what the controller says.",
		}, "is not served"},
		fact.HostUnsure: {check.Reason{
			Name: "attachment_unknown", Level: check.Unknown, Sentence: "Which listeners take an HTTPRoute is not known.",
			Remedy: "Name the namespace in the selector of the listener (kubernetes.io/metadata.name), or the listener in the parentRefs of the " +
				"route (sectionName).",
		}, "is led by a route of which it is not known where it is open"},
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
	plain := check.Reason{
		Name: "plain_too", Level: check.Warn, Sentence: "A host is served without TLS too.",
		Remedy: "Attach the HTTPRoute to the HTTPS listener alone (sectionName), and add one to the HTTP listener whose only rule is a " +
			"RequestRedirect with scheme: https.",
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
			troubles[fact.HostNoCertificate].Reason, troubles[fact.HostOtherName].Reason, troubles[fact.HostExpired].Reason,
			troubles[fact.HostManaged].Reason, troubles[fact.HostNoGateway].Reason,
			troubles[fact.HostNotAttached].Reason, troubles[fact.HostUnsure].Reason, served, plain, catchAll,
		},
		Over: []check.Quantified[struct{}]{
			// Whether there is TLS at all is declared; whether its certificate is valid, the Secrets tell.
			check.Each(fact.Ingresses(), func(c check.Context, i *fact.Ingress, _ struct{}) (problems []check.Problem) {
				for _, host := range i.Hosts {
					if declared(host.Trouble) && (host.Trouble != fact.HostManaged || !servedWell(c, host.Name)) {
						problems = append(problems, troubles[host.Trouble].asDeclared(i, host))
					}
					if host.Plain {
						problems = append(problems, plain.Problem("The host "+host.Name+" is served without TLS too, and clients are not sent to https."))
					}
				}
				problems = append(problems, anyHostTrouble(i, troubles)...)
				if i.CatchAll {
					problems = append(problems, catchAll.Problem("A rule without a host leads requests to any host."))
				}
				return problems
			}).Needs(fact.TopicGateways),
			check.Each(fact.Ingresses(), func(c check.Context, i *fact.Ingress, _ struct{}) (problems []check.Problem) {
				for _, host := range i.Hosts {
					if trouble, troubled := troubles[host.Trouble]; troubled && !declared(host.Trouble) {
						problems = append(problems, trouble.on(host))
					}
					for _, certificate := range faulty(c, host.Name) {
						problems = append(problems, served.Problem(fmt.Sprintf("The certificate that %s serves for the host %s does not verify: %s.",
							certificate.Subject(), host.Name, details(certificate))))
					}
				}
				return problems
			}).Needs(fact.TopicGateways, fact.TopicCertificates),
		},
		With:      []check.Input{check.Reading(fact.Certificates()).Optional()},
		WhenEmpty: noIngress(),
	}
}

// asDeclared says it of a host, by what its Ingress declares.
func (t trouble) asDeclared(i *fact.Ingress, host fact.IngressHost) check.Problem {
	problem := t.on(host)
	switch host.Trouble {
	case fact.HostNotAttached:
		problem.Detail = strings.TrimSuffix(problem.Detail, ".") + ": " + i.Detached + "."
	case fact.HostUnsure:
		problem.Detail = strings.TrimSuffix(problem.Detail, ".") + ": " + i.Unsure + "."
	default:
	}
	if i.Planned && host.Trouble != fact.HostNotCovered && host.Trouble != fact.HostNotAttached {
		problem.Cause = fact.ReasonManifest
	}
	return problem
}

// anyHostTrouble says of a route that names no host whether it serves any.
func anyHostTrouble(i *fact.Ingress, troubles map[fact.HostTrouble]trouble) []check.Problem {
	switch {
	case len(i.Hosts) > 0:
		return nil
	case i.Unsure != "":
		return []check.Problem{troubles[fact.HostUnsure].Problem("Which listeners take the " + i.Kind + " is not known: " + i.Unsure + ".")}
	case i.Detached != "":
		return []check.Problem{troubles[fact.HostNotAttached].Problem("The " + i.Kind + " serves nothing: " + i.Detached + ".")}
	default:
		return nil
	}
}

// on says it of a host.
func (t trouble) on(host fact.IngressHost) check.Problem {
	secret := ""
	if host.Secret != "" {
		secret = " (Secret " + host.Secret + ")"
	}
	return t.Problem(fmt.Sprintf("The host %s %s%s.", host.Name, t.says, secret))
}

// declared tells the troubles that are known without what Secrets hold.
func declared(trouble fact.HostTrouble) bool {
	return slices.Contains([]fact.HostTrouble{
		fact.HostNotCovered, fact.HostManaged, fact.HostNoGateway, fact.HostNotAttached, fact.HostUnsure,
	}, trouble)
}

// servedWell tells whether a certificate that is shown for a host is known, and verifies.
func servedWell(c check.Context, host string) bool {
	return len(faulty(c, host)) == 0 && slices.ContainsFunc(check.Read(c, fact.Certificates()), func(certificate *fact.Certificate) bool {
		return certificate.Source == fact.CertificateAtAddress && leads(host, certificate.ServerName)
	})
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

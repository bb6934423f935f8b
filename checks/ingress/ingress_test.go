package ingress_test

import (
	"testing"

	"github.com/readiness-exporter/readiness-exporter/checks/ingress"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func leading(hosts ...fact.IngressHost) fact.Ingress {
	return fact.Ingress{Cluster: "main", Namespace: "shop", Kind: "Ingress", Name: "shop", Hosts: hosts}
}

func TestHosts(t *testing.T) {
	hosts := func(all ...string) fact.Ingress {
		var named []fact.IngressHost
		for _, name := range all {
			named = append(named, fact.IngressHost{Name: name})
		}
		return leading(named...)
	}
	kind := ingress.Hosts()
	open := checktest.Some(t, kind, fact.Ingresses())
	for _, placeholder := range []string{"shop.example.com", "shop.test", "api.yourdomain.com", "shop.10.0.0.1.nip.io"} {
		open.Finds("the placeholder "+placeholder, hosts(placeholder),
			"fail placeholder: The host "+placeholder+" is one of an example.")
	}
	open.Finds("any real host, where none is declared", hosts("shop.contoso.com"))
	open.FindsOn("no ingress, where no host is declared", nil,
		"undeclared no_ingress on the item: The system has no Ingress and no HTTPRoute.")

	kind.Defaults.Hosts = []string{"shop.contoso.com", "shop.test"}
	v := checktest.Of(t, kind, fact.Ingresses())
	v.Finds("the declared hosts", hosts("shop.contoso.com", "shop.test"))
	v.FindsOn("on several ingresses", []fact.Ingress{hosts("shop.contoso.com"), hosts("shop.test", "shop.contoso.com")})
	detached := hosts("shop.contoso.com", "shop.test")
	detached.Hosts[0].Trouble = fact.HostNotAttached
	v.Finds("one that no listener takes", detached,
		"fail host_missing on shop.contoso.com: No Ingress and no HTTPRoute leads the declared host shop.contoso.com.")
	v.Finds("another too", hosts("shop.contoso.com", "shop.test", "old.contoso.com"),
		"fail other_host: The host old.contoso.com is not among the declared ones.")
	v.Finds("that of an example too", hosts("shop.contoso.com", "shop.test", "shop.example.com"),
		"fail placeholder: The host shop.example.com is one of an example.")
	v.Finds("one is not led", hosts("shop.test"),
		"fail host_missing on shop.contoso.com: No Ingress and no HTTPRoute leads the declared host shop.contoso.com.")
	v.FindsOn("none is led", nil,
		"fail host_missing on shop.contoso.com: No Ingress and no HTTPRoute leads the declared host shop.contoso.com.",
		"fail host_missing on shop.test: No Ingress and no HTTPRoute leads the declared host shop.test.")
	v.FindsIn("one that is not led may be led elsewhere", fact.Set[fact.Ingress]{
		Facts: []*fact.Ingress{new(hosts("shop.test"))},
		Unavailable: []fact.Unavailable[fact.Ingress]{{
			Subject: "elsewhere", Known: fact.Ingress{Cluster: "elsewhere"}, Reason: fact.ReasonTimeout, Detail: "no answer in 10 s",
		}},
	},
		"unknown not_collected on elsewhere: no answer in 10 s")
}

func TestTLS(t *testing.T) {
	host := func(trouble fact.HostTrouble) fact.Ingress {
		secret := "shop/tls"
		if trouble == fact.HostNotCovered {
			secret = ""
		}
		return leading(fact.IngressHost{Name: "shop.contoso.com", Secret: secret, Trouble: trouble})
	}
	anyHost := host("")
	anyHost.CatchAll = true
	served := func(source fact.CertificateSource, name string, faults ...fact.CertificateFinding) fact.Certificate {
		return fact.Certificate{
			CertificatePlace: fact.CertificatePlace{Source: source, Name: name + ":443", ServerName: name}, Faults: faults,
		}
	}
	expired := fact.CertificateFinding{Fault: fact.FaultExpired, Detail: "it expired yesterday"}
	v := checktest.Of(t, ingress.TLS(), fact.Ingresses())
	v.Finds("a certificate for the host", host(""))
	v.Finds("no entry", host(fact.HostNotCovered),
		"fail no_tls: The host shop.contoso.com has no TLS.")
	route := func(trouble fact.HostTrouble, detached, unsure string) fact.Ingress {
		i := leading(fact.IngressHost{Name: "shop.contoso.com", Trouble: trouble})
		i.Kind, i.Detached, i.Unsure = "HTTPRoute", detached, unsure
		return i
	}
	none := func(i fact.Ingress) fact.Ingress {
		i.Hosts = nil
		return i
	}
	v.Finds("no listener", route(fact.HostNotAttached, "the Gateway infra/edge does not exist", ""),
		"fail not_attached: The host shop.contoso.com is not served: the Gateway infra/edge does not exist.")
	v.Finds("no listener, and no host of its own", none(route("", "the Gateway infra/edge does not exist", "")),
		"fail not_attached: The HTTPRoute serves nothing: the Gateway infra/edge does not exist.")
	v.Finds("perhaps a listener", route(fact.HostUnsure, "", "it refers to the ListenerSet shop/edge, which is not read"),
		"unknown attachment_unknown: The host shop.contoso.com is led by a route of which it is not known where it is open: it refers to the "+
			"ListenerSet shop/edge, which is not read.")
	v.Finds("perhaps a listener, and no host of its own", none(route("", "", "it refers to the ListenerSet shop/edge, which is not read")),
		"unknown attachment_unknown: Which listeners take the HTTPRoute is not known: it refers to the ListenerSet shop/edge, which is not read.")
	v.Finds("no Secret", host(fact.HostNoSecret),
		"fail secret_not_found: The host shop.contoso.com has no certificate, since its Secret does not exist or is of another type (Secret shop/tls).")
	v.Finds("a Secret of somebody else", host(fact.HostElsewhere),
		"unknown secret_elsewhere: The host shop.contoso.com has its Secret in a namespace that is not collected (Secret shop/tls).")
	v.Finds("no certificate", host(fact.HostNoCertificate),
		"fail no_certificate: The host shop.contoso.com has a Secret that holds no certificate (Secret shop/tls).")
	v.Finds("a key of another", host(fact.HostOtherKey),
		"fail no_certificate: The host shop.contoso.com has a Secret that holds no certificate with its key, so that no server can show it "+
			"(Secret shop/tls).")
	v.Finds("for another name", host(fact.HostOtherName),
		"fail other_name: The host shop.contoso.com has a certificate for other names (Secret shop/tls).")
	v.Finds("expired", host(fact.HostExpired),
		"fail expired: The host shop.contoso.com has a certificate that has expired (Secret shop/tls).")
	v.Finds("a certificate that a provider keeps", leading(fact.IngressHost{Name: "shop.contoso.com", Trouble: fact.HostManaged}),
		"unknown certificate_elsewhere: The host shop.contoso.com has a certificate that a provider or the controller keeps, and not a Secret.")
	v.Finds("a Gateway that is elsewhere", leading(fact.IngressHost{Name: "shop.contoso.com", Trouble: fact.HostNoGateway}),
		"unknown gateway_elsewhere: The host shop.contoso.com is led by a Gateway that is not among the manifests.")
	v.Finds("without TLS too", leading(fact.IngressHost{Name: "shop.contoso.com", Secret: "shop/tls", Plain: true}),
		"warn plain_too: The host shop.contoso.com is served without TLS too, and clients are not sent to https.")
	plannedHost := host(fact.HostManaged)
	plannedHost.Planned = true
	v.Finds("a certificate that a provider keeps is a matter of the cluster", plannedHost,
		"unknown certificate_elsewhere: The host shop.contoso.com has a certificate that a provider or the controller keeps, and not a Secret (Secret shop/tls).")
	v.FindsIn("no TLS, where Secrets are not known", fact.Set[fact.Ingress]{
		Facts: []*fact.Ingress{new(host(fact.HostNotCovered))},
		Unavailable: []fact.Unavailable[fact.Ingress]{{
			Subject: "manifests", Reason: fact.ReasonManifest, Topic: fact.TopicCertificates, Detail: "manifests do not report certificates",
		}},
	},
		"fail no_tls: The host shop.contoso.com has no TLS.",
		"unknown not_collected on manifests: manifests do not report certificates")
	v.Finds("any host", anyHost,
		"warn any_host: A rule without a host leads requests to any host.")

	certificates := func(unavailable []fact.Unavailable[fact.Certificate], all ...fact.Certificate) []fact.AnySet {
		set := fact.Set[fact.Certificate]{Unavailable: unavailable}
		set.Add(all...)
		return []fact.AnySet{fact.Certificates().Set(&set)}
	}
	v.With = certificates(nil, served(fact.CertificateAtAddress, "shop.contoso.com"))
	v.Finds("one that a provider keeps is judged by what is served", host(fact.HostManaged))
	v.Finds("the one that is served verifies too", host(""))
	v.With = certificates(nil, served(fact.CertificateAtAddress, "shop.contoso.com", expired))
	v.Finds("the one that is served has expired", host(""),
		"fail served_fault: The certificate that shop.contoso.com:443 serves for the host shop.contoso.com does not verify: it expired yesterday.")
	v.Finds("one that is served for a wildcard has expired", leading(fact.IngressHost{Name: "*.contoso.com", Secret: "shop/tls"}),
		"fail served_fault: The certificate that shop.contoso.com:443 serves for the host *.contoso.com does not verify: it expired yesterday.")
	v.With = certificates(nil, served(fact.CertificateAtAddress, "contoso.com", expired), served(fact.CertificateInFile, "shop.contoso.com", expired))
	v.Finds("those of other hosts, and those in files, are no matter", host(""))
	v.With = certificates([]fact.Unavailable[fact.Certificate]{{Subject: "shop.contoso.com:443", Reason: fact.ReasonTimeout}})
	v.Finds("what is served is not known", host(""))
}

package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// Certificates makes the collector of the certificates in Secrets of type kubernetes.io/tls, with cert-manager's
// Certificates that renew them. The key beside a certificate is dropped before the Secret is stored.
func (c *Clusters) Certificates() collector.Collector[Target] {
	made := c.collector("kubernetes_certificate",
		"Certificates in Secrets of type kubernetes.io/tls of Kubernetes clusters, with what renews them.",
		[]joiner{certificates(), issuances()}, func(cluster system.Cluster) bool { return cluster.TLSSecrets },
		func(own *Target, cluster system.Cluster) { own.Cluster.CAFile = cluster.CAFile })
	made.Schedule = "@every 1m"
	return made // Who declares tls_secrets wants the gauges, whatever the items.
}

func certificates() join[fact.Certificate] {
	return join[fact.Certificate]{
		kind:  fact.Certificates(),
		parts: []part{{"", tlsSecrets()}, {"", managedCertificates()}},
		ask: func(_ context.Context, _ *watch.Connection, t Target, _ []*snapshot) (any, error) {
			return expectationOf(t.Cluster)
		},
		add: joinCertificates,
		place: func(string, string) fact.Certificate {
			return fact.Certificate{CertificatePlace: fact.CertificatePlace{Source: fact.CertificateInSecret}}
		},
	}
}

// A managedCertificate is what is kept of a Certificate of cert-manager
// (https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.Certificate).
type managedCertificate struct {
	id     owner
	secret string
	made   int64 // in seconds since 1970
	failed bool  // the last attempt has
	fact   fact.CertificateManager
}

func managedCertificates() watch.Resource[managedCertificate] {
	return watch.Resource[managedCertificate]{
		GroupVersionResource: schema.GroupVersionResource{Group: certManagerGroup, Resource: "certificates"},
		Keep: func(object any) managedCertificate {
			u := object.(*unstructured.Unstructured)
			ready := conditionOf(u, "Ready")
			keep := managedCertificate{
				id: intern(u.GetUID()), secret: textAt(u, "spec", "secretName"), made: u.GetCreationTimestamp().Unix(),
				failed: textAt(u, "status", "lastFailureTime") != "",
				fact: fact.CertificateManager{
					Name: u.GetNamespace() + "/Certificate/" + u.GetName(), Ready: ready.status == "True", RenewAt: timeAt(u, "status", "renewalTime"),
				},
			}
			if !keep.fact.Ready {
				keep.fact.Trouble = sentence(ready.reason, ready.message)
			}
			if failed := conditionOf(u, "Issuing"); failed.status == "False" && keep.failed {
				keep.fact.Ready, keep.fact.Trouble = false, sentence(failed.reason, failed.message)
			}
			return keep
		},
	}
}

func joinCertificates(s *snapshot, set *fact.Set[fact.Certificate]) {
	expectation, _ := s.answer.(pki.Expectation)
	managers := managersOf(s)
	secrets := make(map[types.NamespacedName][]byte)
	stored(s, tlsSecrets()).Each(func(name types.NamespacedName, t tlsSecret) { secrets[name] = t.content })
	for name, of := range managers { // That it is not there is judged as an Issuance; who would vouch for it is not known.
		if len(secrets[name]) == 0 && s.target.Cluster.Includes(name.Namespace) {
			set.Unavailable = append(set.Unavailable, fact.Unavailable[fact.Certificate]{
				Known: s.certificateIn(name), Topic: fact.TopicTrust, Reason: fact.ReasonNotFound,
				Detail: fmt.Sprintf("%s has not made it: %s", of[0].fact.Name, cmp.Or(of[0].fact.Trouble, "no reason is given")),
			})
		}
	}
	for name, content := range secrets {
		if !s.target.Cluster.Includes(name.Namespace) || len(content) == 0 && len(managers[name]) > 0 {
			continue
		}
		known := s.certificateIn(name)
		chain, err := pki.ParsePEM(content)
		if err != nil {
			set.Lack(known, "", fmt.Errorf("read tls.crt: %w", err))
			continue
		}
		f := pki.Describe(known.CertificatePlace, chain, expectation)
		if of := managers[name]; len(of) > 0 {
			f.Manager = &of[0].fact
		}
		set.Add(f)
	}
	slices.SortFunc(set.Unavailable, func(a, b fact.Unavailable[fact.Certificate]) int {
		return cmp.Compare(a.Known.Subject(), b.Known.Subject())
	})
}

// certificateIn is what is known of the certificate in a Secret without its content.
func (s *snapshot) certificateIn(secret types.NamespacedName) fact.Certificate {
	return fact.Certificate{CertificatePlace: fact.CertificatePlace{
		Source: fact.CertificateInSecret, Name: s.target.Cluster.Name + "/" + secret.Namespace + "/Secret/" + secret.Name,
	}}
}

// expectationOf reads the authorities again and again: they are replaced as certificates are.
func expectationOf(cluster system.Cluster) (pki.Expectation, error) {
	public, err := pki.PublicRoots()
	if err != nil {
		return pki.Expectation{}, err
	}
	expectation := pki.Expectation{Public: public, Now: time.Now()}
	if cluster.CAFile == "" {
		return expectation, nil
	}
	content, err := pki.ReadFile(cluster.CAFile)
	if err != nil {
		err = fmt.Errorf("read ca_file %s: %w", cluster.CAFile, err)
	}
	expectation.Declare(content, err)
	return expectation, nil
}

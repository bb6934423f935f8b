package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// Certificates makes the collector of the certificates in Secrets of type kubernetes.io/tls, with cert-manager's
// Certificates that renew them. The key beside a certificate is dropped before the Secret is stored.
func (c *Clusters) Certificates() collector.Collector[Target, fact.Certificate] {
	made := gather(c, certificates())
	made.Narrow = nil // Who declares tls_secrets wants the gauges, whatever the items.
	return made
}

func certificates() gathering[fact.Certificate] {
	return gathering[fact.Certificate]{
		name:    "kubernetes_certificate",
		summary: "Certificates in Secrets of type kubernetes.io/tls of Kubernetes clusters, with what renews them.",
		every:   time.Minute,
		kind:    fact.Certificates(),
		wanted:  func(cluster system.Cluster) bool { return cluster.TLSSecrets },
		parts:   []part{{"", tlsSecrets()}, {"", managedCertificates()}},
		ask: func(_ context.Context, _ *connection, s *sight) (err error) {
			s.asked, err = expectationOf(s.target.Cluster)
			return err
		},
		see: seeCertificates,
	}
}

// A managedCertificate is what is kept of a Certificate of cert-manager
// (https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.Certificate).
type managedCertificate struct {
	secret string
	fact   fact.CertificateManager
}

func managedCertificates() resource[managedCertificate] {
	return resource[managedCertificate]{
		GroupVersionResource: schema.GroupVersionResource{Group: certManagerGroup, Resource: "certificates"},
		keep: func(object any) managedCertificate {
			u := object.(*unstructured.Unstructured)
			ready := conditionOf(u, "Ready")
			keep := managedCertificate{secret: textAt(u, "spec", "secretName"), fact: fact.CertificateManager{
				Name: u.GetNamespace() + "/Certificate/" + u.GetName(), Ready: ready.status == "True", RenewAt: timeAt(u, "status", "renewalTime"),
			}}
			if !keep.fact.Ready {
				keep.fact.Trouble = ready.reason
			}
			if failed := conditionOf(u, "Issuing"); failed.status == "False" && textAt(u, "status", "lastFailureTime") != "" {
				keep.fact.Ready, keep.fact.Trouble = false, failed.reason
			}
			return keep
		},
	}
}

func seeCertificates(s *sight) (found []fact.Certificate) {
	expectation, _ := s.asked.(pki.Expectation)
	managers := make(map[types.NamespacedName]fact.CertificateManager)
	seen(s, managedCertificates()).each(func(name types.NamespacedName, m managedCertificate) {
		managers[types.NamespacedName{Namespace: name.Namespace, Name: m.secret}] = m.fact
	})
	secrets := make(map[types.NamespacedName][]byte)
	seen(s, tlsSecrets()).each(func(name types.NamespacedName, content []byte) { secrets[name] = content })
	for name, manager := range managers {
		if _, there := secrets[name]; !there && s.target.Cluster.Includes(name.Namespace) {
			s.missed = append(s.missed, fact.Miss(s.target.Cluster.Name+"/"+name.Namespace+"/Secret/"+name.Name,
				fact.Errorf(fact.ReasonNotFound, "%s has not made it: %s", manager.Name, cmp.Or(manager.Trouble, "no reason is given"))))
		}
	}
	for name, content := range secrets {
		if !s.target.Cluster.Includes(name.Namespace) {
			continue
		}
		place := fact.CertificatePlace{
			Source: fact.CertificateInSecret, Name: s.target.Cluster.Name + "/" + name.Namespace + "/Secret/" + name.Name,
		}
		chain, err := pki.ParsePEM(content)
		if err != nil {
			s.missed = append(s.missed, fact.Miss(place.Subject(), fmt.Errorf("read tls.crt: %w", err)))
			continue
		}
		f := pki.Describe(place, chain, expectation)
		if manager, there := managers[name]; there {
			f.Manager = &manager
		}
		found = append(found, f)
	}
	slices.SortFunc(s.missed, func(a, b fact.Missed) int { return cmp.Compare(a.Subject, b.Subject) })
	return found
}

// expectationOf reads the authorities anew for each look: they are replaced as certificates are.
func expectationOf(cluster system.Cluster) (pki.Expectation, error) {
	public, err := pki.PublicRoots()
	if err != nil {
		return pki.Expectation{}, err
	}
	expectation := pki.Expectation{Public: public, Now: time.Now()}
	if cluster.CAFile == "" {
		return expectation, nil
	}
	content, err := os.ReadFile(cluster.CAFile)
	if err == nil {
		expectation.Declared, err = pki.ParsePool(content)
	}
	if err != nil {
		return pki.Expectation{}, fmt.Errorf("read ca_file %s: %w", cluster.CAFile, err)
	}
	return expectation, nil
}

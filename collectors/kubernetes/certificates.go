package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const certificateCollector = "kubernetes_certificate"

// Certificates makes the collector of the certificates in Secrets of type kubernetes.io/tls. The key beside a
// certificate is dropped before the Secret is stored.
func (c *Clusters) Certificates() collector.Collector[Target, fact.Certificate] {
	return collector.Collector[Target, fact.Certificate]{
		Name:     certificateCollector,
		Summary:  "Certificates in Secrets of type kubernetes.io/tls of Kubernetes clusters.",
		Kind:     fact.Certificates(),
		Schedule: "@every 1m",
		Timeout:  10 * time.Second,
		Targets: func(s *system.System) []Target {
			return targets(s, func(cluster system.Cluster) bool { return cluster.TLSSecrets })
		},
		Target:      Target.name,
		Look:        c.lookAtCertificates,
		Changes:     func(t Target) <-chan struct{} { return c.signals.of(t.user(certificateCollector)) },
		Permissions: func(t Target) []collector.Permission { return t.permissions([]part{{"", tlsSecrets()}}) },
		Forget:      func(t Target) { c.forget(t.Cluster, t.user(certificateCollector)) },
	}
}

func (c *Clusters) lookAtCertificates(ctx context.Context, t Target) (fact.Batch[fact.Certificate], error) {
	var batch fact.Batch[fact.Certificate]
	expectation, err := expectationOf(t.Cluster)
	if err != nil {
		return batch, err
	}
	connection, err := c.connect(ctx, t.Cluster)
	if err != nil {
		return batch, err
	}
	scopes := t.scopes()
	watched := make([]*mirror[[]byte], len(scopes))
	for i, scope := range scopes { // All begin before the first is waited for.
		watched[i] = mirrorOf(connection, t.user(certificateCollector), tlsSecrets(), scope)
	}
	for i, scope := range scopes {
		if err := watched[i].fresh(ctx); err != nil {
			batch.Missed = append(batch.Missed, t.miss(scope, err))
			continue
		}
		secrets := make(map[types.NamespacedName][]byte)
		watched[i].each(func(name types.NamespacedName, content []byte) {
			if t.Cluster.Includes(name.Namespace) {
				secrets[name] = content
			}
		})
		for name, content := range secrets {
			if ctx.Err() != nil {
				return batch, fmt.Errorf("read the certificates of %s: %w", t.name(), context.Cause(ctx))
			}
			t.describe(&batch, name, content, expectation)
		}
	}
	slices.SortFunc(batch.Facts, func(a, b fact.Certificate) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(batch.Missed, func(a, b fact.Missed) int { return cmp.Compare(a.Subject, b.Subject) })
	return batch, nil
}

// describe adds what a Secret holds to the batch.
func (t Target) describe(batch *fact.Batch[fact.Certificate], name types.NamespacedName, content []byte, expectation pki.Expectation) {
	place := fact.CertificatePlace{
		Source: fact.CertificateInSecret, Name: t.Cluster.Name + "/" + name.Namespace + "/Secret/" + name.Name,
	}
	chain, err := pki.ParsePEM(content)
	if err != nil {
		batch.Missed = append(batch.Missed, fact.Miss(place.Subject(), fmt.Errorf("read tls.crt: %w", err)))
		return
	}
	batch.Facts = append(batch.Facts, pki.Describe(place, chain, expectation))
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

package kubernetes

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func lookAtCertificates(tb testing.TB, clusters *Clusters, target Target) (fact.Batch[fact.Certificate], error) {
	tb.Helper()
	collector := clusters.Certificates()
	ctx, cancel := context.WithTimeout(tb.Context(), collector.Timeout)
	defer cancel()
	return collector.Look(ctx, target)
}

// store makes a Secret, by default a TLS one.
func store(tb testing.TB, cluster *world.Cluster, namespace string, secret *corev1.Secret) {
	tb.Helper()
	if secret.Type == "" {
		secret.Type = corev1.SecretTypeTLS
	}
	_, err := cluster.Client.CoreV1().Secrets(namespace).Create(tb.Context(), secret, metav1.CreateOptions{})
	require.NoError(tb, err)
}

func tlsData(certificate *world.Certificate) map[string][]byte {
	return map[string][]byte{corev1.TLSCertKey: certificate.PEM(), corev1.TLSPrivateKeyKey: certificate.KeyPEM()}
}

func TestCertificatesInSecretsAreSeenAndKeysNever(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := cluster.Namespace(t)
	ca := world.NewCA(t, world.Spec{})
	first := ca.Issue(t, world.Spec{DNSNames: []string{"shop.example.com"}})
	store(t, cluster, namespace, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Data: tlsData(first)})
	store(t, cluster, namespace, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "other"}, Type: corev1.SecretTypeOpaque, Data: tlsData(first),
	})
	store(t, cluster, namespace, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "pending"}, Data: map[string][]byte{
		corev1.TLSCertKey: {}, corev1.TLSPrivateKeyKey: {}, // As cert-manager makes it before it has a certificate.
	}})
	target := in(cluster.Kubeconfig, namespace)
	target.Cluster.TLSSecrets = true
	target.Cluster.CAFile = ca.WriteRoot(t, t.TempDir(), "ca.pem")
	clusters := opened(t)

	batch, err := lookAtCertificates(t, clusters, target)
	require.NoError(t, err)
	require.Equal(t, []fact.Missed{{
		Subject: "main/" + namespace + "/Secret/pending", Reason: fact.ReasonInvalid, Detail: "read tls.crt: is no PEM",
	}}, batch.Missed)
	require.Len(t, batch.Facts, 1)
	seen := batch.Facts[0]
	require.Equal(t, fact.CertificatePlace{
		Source: fact.CertificateInSecret, Name: "main/" + namespace + "/Secret/shop",
	}, seen.CertificatePlace)
	require.Equal(t, []string{"shop.example.com"}, seen.Names)
	require.Equal(t, fact.TrustDeclared, seen.Trust)
	require.Empty(t, seen.Faults)

	kept := mirrorOf(clusters.open[loginOf(target.Cluster)], target.user(certificates().name), tlsSecrets(), scope(namespace))
	kept.mu.Lock()
	require.NotContains(t, fmt.Sprintf("%s", kept.kept), "PRIVATE KEY")
	kept.mu.Unlock()

	// A renewed certificate is seen by the next look.
	renewed := ca.Issue(t, world.Spec{DNSNames: []string{"shop.example.com"}, NotAfter: time.Now().Add(90 * 24 * time.Hour)})
	_, err = cluster.Client.CoreV1().Secrets(namespace).Update(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Type: corev1.SecretTypeTLS, Data: tlsData(renewed),
	}, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		batch, err := lookAtCertificates(t, clusters, target)
		require.NoError(c, err)
		require.Len(c, batch.Facts, 1)
		require.True(c, renewed.X509.NotAfter.Equal(batch.Facts[0].Leaf().NotAfter))
	}, 10*time.Second, 50*time.Millisecond)
}

func TestSecretsAreOnlyLookedAtWhereTheSystemSaysSo(t *testing.T) {
	s := &system.System{Name: "shop", Environment: "production", Kubernetes: []system.Cluster{
		{Name: "main"}, {Name: "edge", TLSSecrets: true},
	}}
	clusters, needs := opened(t), fact.Needs{"workload": {}}
	require.Empty(t, clusters.Workloads().Jobs(s, nil), "nobody needs any")
	require.Len(t, clusters.Workloads().Jobs(s, needs), 2)
	jobs := clusters.Certificates().Jobs(s, nil)
	require.Len(t, jobs, 1)
	require.Equal(t, "edge", jobs[0].Target)
	require.True(t, reflect.DeepEqual(jobs[0].Value, clusters.Certificates().Jobs(s, nil)[0].Value), "a reload changes nothing")
}

func TestSecretsThatMayNotBeListedAreMissed(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := cluster.Namespace(t)
	target := in(kubeconfig(t, cluster, withToken(serviceAccount(t, cluster, namespace))), namespace)
	batch, err := lookAtCertificates(t, opened(t), target)
	require.NoError(t, err)
	require.Len(t, batch.Missed, 1)
	require.Equal(t, fact.ReasonDenied, batch.Missed[0].Reason)
	require.Contains(t, batch.Missed[0].Detail, `cannot list resource "secrets"`)
}

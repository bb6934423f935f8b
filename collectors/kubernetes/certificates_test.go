package kubernetes

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// certificatesOf collects the certificates in Secrets.
func certificatesOf(tb testing.TB, clusters *Clusters, target Target) (*fact.Set[fact.Certificate], error) {
	tb.Helper()
	sets, err := collect(tb, clusters.Certificates(), target, nil, clusters.Certificates().Timeout)
	if err != nil {
		return nil, err
	}
	return setOf(fact.Certificates(), sets), nil
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

func TestCertificatesInSecretsAreCollectedAndKeysNever(t *testing.T) {
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

	set, err := certificatesOf(t, clusters, target)
	require.NoError(t, err)
	require.Equal(t, []fact.Unavailable[fact.Certificate]{{
		Known: fact.Certificate{CertificatePlace: fact.CertificatePlace{
			Source: fact.CertificateInSecret, Name: "main/" + namespace + "/Secret/pending",
		}},
		Reason: fact.ReasonInvalid, Detail: "read tls.crt: is no PEM",
	}}, set.Unavailable)
	require.Len(t, set.Facts, 1)
	found := set.Facts[0]
	require.Equal(t, fact.CertificatePlace{
		Source: fact.CertificateInSecret, Name: "main/" + namespace + "/Secret/shop",
	}, found.CertificatePlace)
	require.Equal(t, []string{"shop.example.com"}, found.Names)
	require.Equal(t, fact.TrustDeclared, found.Trust)
	require.Empty(t, found.Faults)

	connection, err := clusters.servers.Connect(t.Context(), target.login())
	require.NoError(t, err)
	round := connection.Begin("test")
	kept, err := round.Watch(t.Context(), tlsSecrets(), watch.Scope(namespace))
	require.NoError(t, err)
	require.Equal(t, 2, kept.Len())
	kept.(*watch.Store[tlsSecret]).Each(func(_ types.NamespacedName, of tlsSecret) {
		require.NotContains(t, string(of.content), "PRIVATE KEY")
	})

	// A renewed certificate is collected by the next run.
	renewed := ca.Issue(t, world.Spec{DNSNames: []string{"shop.example.com"}, NotAfter: time.Now().Add(90 * 24 * time.Hour)})
	_, err = cluster.Client.CoreV1().Secrets(namespace).Update(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Type: corev1.SecretTypeTLS, Data: tlsData(renewed),
	}, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		set, err := certificatesOf(t, clusters, target)
		require.NoError(c, err)
		require.Len(c, set.Facts, 1)
		require.True(c, renewed.X509.NotAfter.Equal(set.Facts[0].Leaf().NotAfter))
	}, 2*time.Minute, 50*time.Millisecond)
}

func TestAuthoritiesThatAreNoFileCostOnlyThemselves(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, file := range []string{pipe, "/dev/zero"} {
		expectation, err := expectationOf(system.Cluster{CAFile: file})
		require.NoError(t, err)
		require.Len(t, expectation.Unread, 1)
		require.ErrorContains(t, expectation.Unread[0], "not a regular file")
	}
}

func TestSecretsThatMayNotBeListedAreUnavailable(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace := cluster.Namespace(t)
	target := in(kubeconfig(t, cluster, withToken(serviceAccount(t, cluster, namespace))), namespace)
	set, err := certificatesOf(t, opened(t), target)
	require.NoError(t, err)
	require.Len(t, set.Unavailable, 1)
	require.Equal(t, fact.ReasonDenied, set.Unavailable[0].Reason)
	require.Equal(t, fact.CertificateInSecret, set.Unavailable[0].Known.Source)
	require.Contains(t, set.Unavailable[0].Detail, `cannot list resource "secrets"`)
}

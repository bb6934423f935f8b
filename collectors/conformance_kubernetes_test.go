package collectors_test

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/readiness-exporter/readiness-exporter/internal/collector/conformance"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// secretValue is in a Secret, and no fact may have it.
const secretValue = "value-of-a-secret"

// kubernetesCase is that of a control plane, which all share, with namespaces of its own.
func kubernetesCase(t *testing.T) conformance.Case {
	t.Helper()
	cluster := servers.Kubernetes(t)
	production, staging := cluster.Namespace(t), cluster.Namespace(t)
	certificate := world.NewCA(t, world.Spec{}).Issue(t, world.Spec{CommonName: "shop"})
	for _, namespace := range []string{production, staging} {
		populate(t, cluster, namespace, certificate)
	}
	token := administrator(t, cluster, production)
	proxy := world.NewProxy(t, strings.TrimPrefix(cluster.Config.Host, "https://"))
	return conformance.Case{
		System: &system.System{Name: "shop", Environment: "production", Kubernetes: []system.Cluster{{
			Name: "main", Kubeconfig: kubeconfig(t, proxy.Addr, token), Namespaces: []string{production},
			TLSSecrets: true, SecretValues: true, Resources: []system.Resource{{Resource: "configmaps"}},
			Staging: system.Staging{Namespaces: map[string]string{production: staging}},
		}}},
		Secrets: append(strings.Split(strings.TrimSpace(string(certificate.KeyPEM())), "\n")[1:3], token, secretValue),
		Faults:  httpFaults(t, proxy, httptest.NewTLSServer),
	}
}

// drillCase is the same with a result of Litmus.
func drillCase(t *testing.T) conformance.Case {
	t.Helper()
	c, client := kubernetesCase(t), dynamic.NewForConfigOrDie(servers.Kubernetes(t).Config)
	const resource = "chaosresults"
	definition := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": resource + ".litmuschaos.io"},
		"spec": map[string]any{
			"group": "litmuschaos.io", "scope": "Namespaced", "names": map[string]any{"kind": "ChaosResult", "plural": resource},
			"versions": []any{map[string]any{"name": "v1alpha1", "served": true, "storage": true, "schema": map[string]any{
				"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true},
			}}},
		},
	}}
	definitions := schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	_, err := client.Resource(definitions).Create(t.Context(), definition, metav1.CreateOptions{})
	require.NoError(t, err)
	namespace := c.System.Kubernetes[0].Namespaces[0]
	results := client.Resource(schema.GroupVersionResource{Group: "litmuschaos.io", Version: "v1alpha1", Resource: resource}).Namespace(namespace)
	require.EventuallyWithT(t, func(collect *assert.CollectT) {
		_, err := results.Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "litmuschaos.io/v1alpha1", "kind": "ChaosResult", "metadata": map[string]any{"name": "shop"},
			"status": map[string]any{
				"experimentStatus": map[string]any{"phase": "Completed", "verdict": "Pass", "errorOutput": map[string]any{"reason": secretValue}},
				"probeStatuses":    []any{map[string]any{"name": "answers", "status": map[string]any{"verdict": "Passed", "description": secretValue}}},
			},
		}}, metav1.CreateOptions{})
		require.NoError(collect, err)
	}, 2*time.Minute, 100*time.Millisecond)
	c.System.Evidence.Cluster = []system.ClusterEvidence{
		{Check: "a.b", Cluster: "main", Resource: system.DrillLitmus, Namespace: namespace, Name: "shop"},
	}
	return c
}

// populate makes something of each kind that is collected. No pod is ever scheduled, so that all stays as it is.
func populate(t *testing.T, cluster *world.Cluster, namespace string, certificate *world.Certificate) {
	t.Helper()
	ctx, meta := t.Context(), metav1.ObjectMeta{Name: "shop"}
	core := cluster.Client.CoreV1()
	_, err := core.ConfigMaps(namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{"a": "b"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = core.Secrets(namespace).Create(ctx, &corev1.Secret{
		ObjectMeta: meta, StringData: map[string]string{"password": secretValue},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = core.Secrets(namespace).Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "tls"}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{corev1.TLSCertKey: certificate.PEM(), corev1.TLSPrivateKeyKey: certificate.KeyPEM()},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = cluster.Client.NetworkingV1().Ingresses(namespace).Create(ctx, &networkingv1.Ingress{
		ObjectMeta: meta,
		Spec: networkingv1.IngressSpec{
			Rules:          []networkingv1.IngressRule{{Host: "shop.contoso.com"}},
			DefaultBackend: &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "shop", Port: networkingv1.ServiceBackendPort{Number: 80}}},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	labels, none := map[string]string{"app": "shop"}, int32(0)
	_, err = cluster.Client.AppsV1().Deployments(namespace).Create(ctx, &appsv1.Deployment{
		ObjectMeta: meta,
		Spec: appsv1.DeploymentSpec{
			Replicas: &none, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "shop", Image: "shop:1.0"}}},
			},
		},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	cluster.WaitAvailable(t, namespace, "shop")
}

// administrator gives the token of an account that may do everything.
func administrator(t *testing.T, cluster *world.Cluster, namespace string) string {
	t.Helper()
	accounts := cluster.Client.CoreV1().ServiceAccounts(namespace)
	_, err := accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "exporter"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = cluster.Client.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "exporter-of-" + namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "exporter", Namespace: namespace}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	token, err := accounts.CreateToken(t.Context(), "exporter", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	require.NoError(t, err)
	return token.Status.Token
}

// kubeconfig writes one that reaches an API server with a token. It trusts whatever answers, so that what lies is heard.
func kubeconfig(t *testing.T, address, token string) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["main"] = &clientcmdapi.Cluster{Server: "https://" + address, InsecureSkipTLSVerify: true}
	config.AuthInfos["exporter"] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts["main"] = &clientcmdapi.Context{Cluster: "main", AuthInfo: "exporter"}
	config.CurrentContext = "main"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, clientcmd.WriteToFile(*config, path))
	return path
}

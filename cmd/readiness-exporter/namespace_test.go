package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/dynamic"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// answeredByNamespace is how many of the items that a cluster can answer are judged when nothing but a namespace is
// declared. The rest needs a word of the system description: secret_values, staging, windows, attestations.
const answeredByNamespace = 36

// TestANamespaceIsEnough declares one line, the namespace, and wants most of what a cluster can answer to be judged within
// the first minute.
func TestANamespaceIsEnough(t *testing.T) {
	t.Parallel()
	cluster := servers.NewKubernetes(t)
	cluster.AddNodes(t, 3)
	namespace := cluster.Namespace(t)
	client, err := dynamic.NewForConfig(cluster.Config)
	require.NoError(t, err)
	for _, name := range []string{"crds/cert-manager", "base/shop", "base/database", "base/ingress-nginx", "base/cert-manager"} {
		content, err := os.ReadFile("../../test/items/" + name + ".yaml")
		require.NoError(t, err)
		content = bytes.ReplaceAll(content, []byte("$NAMESPACE"), []byte(namespace))
		content = bytes.ReplaceAll(content, []byte("$TIME(-3h)"), []byte("2026-01-01T00:00:00Z"))
		content = bytes.ReplaceAll(content, []byte("$TIME(-170m)"), []byte("2026-01-01T00:10:00Z"))
		for _, each := range world.Objects(t, content) {
			switch each.GetKind() {
			case "CustomResourceDefinition", "PersistentVolume", "StorageClass", "IngressClass":
			case "Namespace":
				if name != "base/ingress-nginx" {
					continue // It is that of the ingress controller.
				}
			default:
				if each.GetNamespace() == "" {
					each.SetNamespace(namespace)
				}
			}
			create(t, client, each)
		}
	}
	for _, each := range world.Objects(t, fmt.Appendf(nil, `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: %s}
spec:
  tls: [{hosts: [shop.contoso.com], secretName: shop-tls}]
  rules: [{host: shop.contoso.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: api, port: {name: http}}}}]}}]
`, namespace)) {
		create(t, client, each)
	}
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil,
		"systems: [{name: shop, environment: production, kubernetes: [{name: main, kubeconfig: %s, namespaces: [%s]}], "+
			// No test may reach what is behind a real name.
			"discovery: {endpoints: false, certificates: false, images: false}}]\n",
		cluster.Kubeconfig, namespace), 0o600))
	e := startExporter(t, "--config.file", config)
	begun := time.Now()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		counts := make(map[string]int)
		for _, status := range e.statuses() {
			counts[status]++
		}
		require.GreaterOrEqual(c, counts["pass"]+counts["warn"]+counts["fail"], answeredByNamespace, "%v", counts)
	}, time.Minute, 200*time.Millisecond)
	t.Logf("%d of 216 items are answered after %s", answeredByNamespace, time.Since(begun).Round(100*time.Millisecond))
}

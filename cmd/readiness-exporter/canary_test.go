package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/dynamic"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// TestASecretComesOutNowhere puts one into every place of a cluster where people put them, and has the exporter collect
// everything that it can. It comes out in no page, no answer of the API, no metric and no log.
func TestASecretComesOutNowhere(t *testing.T) {
	t.Parallel()
	const canary = "cAnArY-9f41c7"
	cluster := servers.Kubernetes(t)
	namespace, staging := cluster.Namespace(t), cluster.Namespace(t)
	client, err := dynamic.NewForConfig(cluster.Config)
	require.NoError(t, err)
	issued := world.NewCA(t, world.Spec{}).Issue(t, world.Spec{DNSNames: []string{"shop.contoso.com"}})
	template, err := os.ReadFile("testdata/canary.yaml")
	require.NoError(t, err)
	for _, in := range []string{namespace, staging} {
		content := bytes.ReplaceAll(template, []byte("$CANARY"), []byte(canary))
		content = bytes.ReplaceAll(content, []byte("$CERTIFICATE"), []byte(base64.StdEncoding.EncodeToString(issued.PEM())))
		for _, each := range world.Objects(t, content) {
			each.SetNamespace(in)
			create(t, client, each)
		}
	}
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
systems:
  - name: shop
    environment: production
    discovery: {images: false} # No test may reach what is behind a real name.
    kubernetes:
      - name: main
        kubeconfig: %s
        namespaces: [%s]
        tls_secrets: true
        secret_values: true
        resources: [{resource: pods}, {resource: configmaps}, {group: apps, resource: deployments}, {group: batch, resource: cronjobs}]
        staging: {namespaces: {%s: %s}}
`, cluster.Kubeconfig, namespace, namespace, staging), 0o600))
	e := startExporter(t, "--config.file", config, "--log.level", "debug")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		require.Contains(c, string(e.get("/api/v1/systems/shop/production/checks/secrets.differ-by-environment")), `"reused"`)
		require.Contains(c, string(e.get("/api/v1/systems/shop/production/checks/configuration.database-credentials")), `"too_short"`)
	}, 2*time.Minute, 200*time.Millisecond)
	paths := []string{
		"/metrics", "/", "/discovered", "/systems/shop/production", "/api/v1/systems", "/api/v1/systems/shop/production",
		"/api/v1/systems/shop/production/facts", "/api/v1/systems/shop/production/problems", "/api/v1/systems/shop/production/discovered",
		"/api/v1/systems/shop/production/checks",
	}
	for id := range e.statuses() {
		paths = append(paths, "/systems/shop/production/checks/"+id, "/api/v1/systems/shop/production/checks/"+id)
	}
	require.Greater(t, len(paths), 150)
	for _, path := range paths {
		body := string(e.get(path))
		for _, form := range []string{canary, base64.StdEncoding.EncodeToString([]byte(canary))[:15]} {
			if at := strings.Index(body, form); at >= 0 {
				t.Errorf("%s shows it: …%s…", path, body[max(0, at-80):min(len(body), at+80)])
			}
		}
	}
	require.NotContains(t, e.log.String(), canary)
}

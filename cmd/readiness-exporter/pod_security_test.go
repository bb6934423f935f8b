package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTheChecklistOfPodSecurityFindsEachFault judges the shipped checklist on pods that have every fault, and none.
func TestTheChecklistOfPodSecurityFindsEachFault(t *testing.T) {
	checklist, err := filepath.Abs("../../docs/examples/checklists/pod-security.yaml")
	require.NoError(t, err)
	configuration := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(configuration, []byte("checklist_files: ["+checklist+"]\n"+
		"systems: [{name: shop, environment: production, checklist: pod-security}]\n"), 0o600))
	judge := func(pod string) map[string]string {
		manifest := filepath.Join(t.TempDir(), "web.yaml")
		require.NoError(t, os.WriteFile(manifest, []byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: "+
			pod+"}}\n"), 0o600))
		var out, errors bytes.Buffer
		run(t.Context(), []string{"--config.file=" + configuration, "check", "--manifests", manifest, "--output", "json"}, &out, &errors)
		require.Empty(t, errors.String())
		var systems []struct {
			Items []struct{ Check, Status string }
		}
		require.NoError(t, json.Unmarshal(out.Bytes(), &systems))
		statuses := make(map[string]string)
		for _, item := range systems[0].Items {
			statuses[item.Check] = item.Status
		}
		return statuses
	}
	statusesOf := func(judged map[string]string) []string {
		return slices.Compact(slices.Sorted(maps.Values(judged)))
	}
	const good = `{securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: web, image: "r:5000/web:1",
 securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL], add: [CHOWN]}}}]}`
	sound := judge(good)
	require.Equal(t, []string{"pass"}, statusesOf(sound))
	require.Equal(t, []string{"fail"}, statusesOf(judge(`{hostPID: true, volumes: [{name: a, hostPath: {path: /}}], containers: [{name: web, image: web,
 ports: [{containerPort: 80, hostPort: 80}], securityContext: {privileged: true, capabilities: {add: [SYS_ADMIN]}}}]}`)))
	for _, c := range []struct{ before, after, fails string }{
		{"{securityContext: {run", "{hostNetwork: true, securityContext: {run", "baseline.host-namespaces"},
		{"web:1", "web:latest", "images.tag"},
		{"web:1", "web", "images.tag"},
		{"runAsNonRoot: true", "runAsUser: 0", "restricted.root"},
		{"runAsNonRoot: true, ", "", "restricted.root"},
		{"type: RuntimeDefault", "type: Unconfined", "restricted.seccomp"},
		{"allowPrivilegeEscalation: false, ", "", "restricted.escalation"},
		{"drop: [ALL]", "drop: [CHOWN]", "restricted.default-capabilities"},
		{"add: [CHOWN]", "add: [NET_ADMIN]", "baseline.capabilities"},
		{"readOnlyRootFilesystem: true, ", "", "restricted.read-only"},
		{"containers: [", "initContainers: [{name: first, image: web, securityContext: {runAsUser: 1, allowPrivilegeEscalation: false, " +
			"capabilities: {drop: [ALL]}}}], containers: [", "images.tag"},
	} {
		require.Contains(t, good, c.before)
		want := maps.Clone(sound)
		want[c.fails] = "fail"
		require.Equal(t, want, judge(strings.Replace(good, c.before, c.after, 1)), "%s in place of %s", c.after, c.before)
	}
}

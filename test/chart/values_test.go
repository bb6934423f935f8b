package chart_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// TestAWrongValueIsRefusedByItsName wants helm to stop before anything is installed, and to say where the mistake is.
func TestAWrongValueIsRefusedByItsName(t *testing.T) {
	for _, c := range []struct{ name, values, want string }{
		{"a key that is not known", "replica: 2", "'replica'"},
		{"a key below another", "image: {tagg: v1}", "at '/image'.*'tagg'"},
		{"a text for a number", "replicas: two", "at '/replicas'"},
		{"less than nothing", "replicas: -1", "at '/replicas'"},
		{"a choice that there is not", "log: {level: loud}", "at '/log/level'"},
		{"a digest that is none", "image: {digest: latest}", "at '/image/digest'"},
		{"a key of the configuration", "config: {systems: [{name: a, environment: b, kubernets: []}]}", "at '/config/systems/0'.*'kubernets'"},
		{"a value of the configuration", "config: {systems: [{name: a, environment: b, kubernetes: [{name: main, tls_secrets: often}]}]}", "at '/config/systems/0/kubernetes/0/tls_secrets'"},
		{"a configuration without a system", "config: {systems: null}", "config"},
		{"a file that is neither systems nor a checklist", "configFiles: {a.yaml: {system: []}}", "at '/configFiles/a.yaml'"},
		{"a file that leads elsewhere", "configFiles: {../a.yaml: {systems: []}}", `\.\./a\.yaml`},
		{"a threshold that there is not", "prometheusRule: {thresholds: {disk_full: 1}}", "at '/prometheusRule/thresholds'.*'disk_full'"},
		{"a flag that is none", "extraArgs: [collector.max-runs=5]", "at '/extraArgs/0'"},
		{"a host that a pod cannot see", "config: {systems: [{name: a, environment: b, hosts: [{name: a}]}]}", `config.systems\[0\].hosts`},
		{"two monitors of the same", "{serviceMonitor: {enabled: true}, podMonitor: {enabled: true}}", "serviceMonitor.enabled and podMonitor.enabled"},
		{"two pods and one volume", "{replicas: 2, persistence: {enabled: true}}", "replicas: 2 with persistence.enabled"},
		{"two places for one record", "persistence: {enabled: true, configMaps: true}", "persistence.enabled and persistence.configMaps"},
		{"one record for many shards", "{shards: {count: 2}, persistence: {configMaps: true}}", "persistence.configMaps with shards.count"},
		{"a claim for many pods", "{shards: {count: 2}, persistence: {enabled: true, existingClaim: data}}", "persistence.existingClaim with shards.count"},
		{"one address for many shards", "{shards: {count: 2}, web: {externalURL: 'https://r.example.com'}}", "web.externalURL with shards.count.*shards.address"},
		{"an address of no shard", "shards: {address: 'https://r-{shard}.example.com'}", "shards.address: expected shards.count"},
		{"shards at one address", "shards: {count: 2, address: 'https://r.example.com'}", "at '/shards/address'"},
		{
			"roles of a checklist that the chart does not know", "config: {systems: [{name: a, environment: b, checklist: ours, kubernetes: [{name: main}]}]}",
			`rbac: .*"ours".*"a".*rbac.manifests`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			values := filepath.Join(t.TempDir(), "values.yaml")
			require.NoError(t, os.WriteFile(values, []byte(c.values), 0o600))
			_, err := helm(t, "template", release, folder, "--values", values)
			require.Error(t, err)
			require.Regexp(t, "(?s)"+c.want, err.Error())
		})
	}
}

// TestNumbersStayWhatTheyAre holds what Helm makes of large whole numbers, which it knows as floating-point ones, and of thresholds.
func TestNumbersStayWhatTheyAre(t *testing.T) {
	values := filepath.Join(t.TempDir(), "values.yaml")
	require.NoError(t, os.WriteFile(values, []byte(`{config: {systems: [{name: a, environment: b, checks: {availability.replicas: {parameters: {minimum: 10000000}}}}]}}`), 0o600))
	output, err := helm(t, "template", release, folder, "--values", values)
	require.NoError(t, err)
	require.Contains(t, output, "minimum: 10000000\n")
	expressions := make(map[string]string)
	for _, each := range only(world.Objects(t, []byte(render(t, "testdata/values/monitoring.yaml"))), "PrometheusRule") {
		groups, _, err := unstructured.NestedSlice(each.Object, "spec", "groups")
		require.NoError(t, err)
		for _, group := range groups {
			for _, rule := range group.(map[string]any)["rules"].([]any) {
				rule := rule.(map[string]any)
				if name, is := rule["record"].(string); is {
					expressions[strings.TrimPrefix(name, "readiness:threshold:")] = rule["expr"].(string)
				}
			}
		}
	}
	require.Equal(t, "0.03", expressions["filesystem_full_ratio"])
	require.Equal(t, "20000000000", expressions["filesystem_available_bytes"])
	require.Equal(t, "3", expressions["workload_replicas"])
	require.Equal(t, "0.2", expressions["filesystem_database_available_ratio"])
}

// TestNotesSayWhatToLookAtNext reads what helm says after an installation.
func TestNotesSayWhatToLookAtNext(t *testing.T) {
	notes := func(values ...string) string {
		output, err := helm(t, append([]string{"install", release, folder, "--namespace", own, "--dry-run=client"}, values...)...)
		require.NoError(t, err)
		return output
	}
	plain := notes()
	for _, want := range []string{"serviceMonitor.enabled=true", "prometheusRule.enabled=true", "dashboards.enabled=true", "is all of the cluster"} {
		require.Contains(t, plain, want)
	}
	all := notes("--values", "testdata/values/everything.yaml")
	require.NotContains(t, all, "Nothing scrapes it yet")
	require.Contains(t, all, "must enforce the level privileged")
}

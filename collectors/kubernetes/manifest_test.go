package kubernetes

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func read(t *testing.T, content string) []Manifest {
	t.Helper()
	all, err := ReadManifests("app.yaml", strings.NewReader(content))
	require.NoError(t, err)
	return all
}

func TestManifestsAreFoundWithTheirLines(t *testing.T) {
	all := read(t, `# a chart's notes
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
---
replicas: 3 # a file of values is no manifest
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Service
    metadata: {name: api}
  - apiVersion: v1
    kind: Namespace
    metadata: {name: shop}
---
{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": "x"}}
`)
	places := make(map[string]int)
	for _, each := range all {
		places[each.Subject()] = each.Line
	}
	require.Equal(t, map[string]int{
		"manifests/shop/Deployment/api": 3, "manifests/default/Service/api": 12, "manifests/Namespace/shop": 15,
		"manifests/default/Secret/db": 19,
	}, places)
}

func TestWhatIsNoYAMLIsAnErrorWithItsPlace(t *testing.T) {
	_, err := ReadManifests("templates/api.yaml", strings.NewReader("kind: Deployment\nmetadata:\n  {{- include \"labels\" . }}\n"))
	require.ErrorContains(t, err, "templates/api.yaml")
	require.ErrorContains(t, err, "helm template")
}

// TestHostileManifestsHarmNobody reads what API servers would refuse, and what some let through.
func TestHostileManifestsHarmNobody(t *testing.T) {
	all := read(t, strings.Join([]string{
		`{apiVersion: apps/v1, kind: Deployment, metadata: {name: empty}}`,
		`{apiVersion: apps/v1, kind: Deployment, metadata: {name: nulls}, spec: {replicas: null, template: null, strategy: null}}`,
		`{apiVersion: apps/v1, kind: Deployment, metadata: {name: odd}, spec: {strategy: {rollingUpdate: {maxSurge: lots}}, template: {spec: {
		  containers: [{name: a, ports: [{name: "", containerPort: -1}], readinessProbe: {httpGet: {port: nowhere}},
		  resources: {requests: {cpu: "1e30", memory: "-5Ei"}}, env: [{name: "", value: "$(X)"}]}]}}}}`,
		`{apiVersion: apps/v1, kind: Deployment, metadata: {name: wrong}, spec: {replicas: many}}`,
		`{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: zero}, spec: {replicas: -3, volumeClaimTemplates: [{}]}}`,
		`{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: bare}, spec: {}}`,
		`{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{targetPort: "x"}], selector: {}}}`,
		`{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {rules: [{}, {host: "*"}], tls: [{}]}}`,
		`{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {podSelector: {matchExpressions: [{key: "", operator: Maybe}]}}}`,
		`{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {maxUnavailable: "abc%", selector: {}}}`,
		`{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: old}, spec: {}}`,
		`{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {hostnames: [1, null], parentRefs: x, rules: [1]}}`,
		`{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {name: a}, spec: {selector: [], endpoints: [{port: 3}, null]}}`,
		`{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: a}, spec: {minReplicaCount: "x", scaleTargetRef: 4}}`,
		`{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {a: 5, password: "` + strings.Repeat("x", 100_000) + `"}, data: {b: "!!"}}`,
		`{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {x: "` + strings.Repeat("y", 1_000_000) + `"}}, data: {a: "\u0000\x1b[2J"}}`,
		`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: a}, subjects: [{kind: Group}], roleRef: {kind: Role, name: x}}`,
	}, "\n---\n"))
	facts, missed := seenIn(t, all)
	require.GreaterOrEqual(t, facts, 8)
	var invalid []string
	for _, m := range missed {
		if m.Reason == fact.ReasonInvalid {
			invalid = append(invalid, m.Detail)
		}
	}
	require.Contains(t, strings.Join(invalid, "\n"), "app.yaml:9: Deployment/wrong", "what has no sense is told with its place")
	require.Contains(t, strings.Join(invalid, "\n"), "PodDisruptionBudget/old: apiVersion policy/v1beta1: expected policy/v1")
}

// seenIn has all collectors look at manifests.
func seenIn(t *testing.T, all []Manifest) (facts int, missed []fact.Missed) {
	t.Helper()
	for _, each := range Manifests(all) {
		jobs := each.Jobs(&system.System{Name: "shop", Environment: "production"}, fact.Needs{each.Describe().Kind.KindName(): nil})
		require.Len(t, jobs, 1)
		seen, lost, err := jobs[0].Look(t.Context())
		require.NoError(t, err)
		facts, missed = facts+len(seen), append(missed, lost...)
	}
	return facts, missed
}

// FuzzManifests looks at whatever stands in a file: it is an error, or it is seen.
func FuzzManifests(f *testing.F) {
	f.Add("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {replicas: 2, template: {spec: {containers: [{name: a}]}}}\n")
	f.Add(`{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"rules": [{}]}}]}`)
	f.Add("apiVersion: v1\nkind: Secret\nstringData: {a.env: \"export A=b\\nC\"}\n---\n&a [*a]\n")
	f.Fuzz(func(t *testing.T, content string) {
		if all, err := ReadManifests("fuzzed.yaml", strings.NewReader(content)); err == nil {
			seenIn(t, all)
		}
	})
}

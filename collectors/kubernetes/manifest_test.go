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
	all, err := NewManifestReader("").Read("app.yaml", strings.NewReader(content))
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
	_, err := NewManifestReader("").Read("templates/api.yaml", strings.NewReader("kind: Deployment\nmetadata:\n  {{- include \"labels\" . }}\n"))
	require.ErrorContains(t, err, "templates/api.yaml")
	require.ErrorContains(t, err, "helm template")
}

// TestHostileManifestsHarmNobody reads what API servers would refuse, and what some let through.
func TestHostileManifestsHarmNobody(t *testing.T) {
	all, err := NewManifestReader("").Read("app.yaml", strings.NewReader(strings.Join([]string{
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
	}, "\n---\n")))
	facts, gaps := plannedOf(t, all)
	require.GreaterOrEqual(t, facts, 8)
	for _, gap := range gaps {
		require.Equal(t, fact.ReasonManifest, gap.Reason, "%v", gap)
	}
	require.ErrorContains(t, err, "app.yaml:9: Deployment/wrong: spec.replicas: expected a number", "what makes no sense is reported with its place")
	require.ErrorContains(t, err, "PodDisruptionBudget/old: apiVersion policy/v1beta1: Kubernetes does not serve it any more; expected policy/v1")
}

// planned collects from manifests.
func planned(t *testing.T, all []Manifest) (sets []fact.AnySet) {
	t.Helper()
	for _, each := range Manifests(all) {
		for _, job := range each.Jobs(&system.System{Name: "shop", Environment: "production"}, fact.Needs{}) {
			own, err := job.Collect(t.Context(), job.Asked)
			require.NoError(t, err)
			sets = append(sets, own...)
		}
	}
	return sets
}

// plannedOf collects from manifests, and counts the facts.
func plannedOf(t *testing.T, all []Manifest) (facts int, gaps []fact.Gap) {
	t.Helper()
	for _, set := range planned(t, all) {
		facts, gaps = facts+set.Len(), append(gaps, set.Gaps()...)
	}
	return facts, gaps
}

func TestWhatOnlyAClusterReportsIsUnavailableInManifests(t *testing.T) {
	sets := planned(t, read(t, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api, namespace: shop}\n"))
	empty := make(map[string]bool)
	for _, set := range sets {
		empty[set.Kind().KindName()] = set.Len() == 0
		for _, gap := range set.Gaps() {
			require.Equal(t, fact.ReasonManifest, gap.Reason)
			require.Equal(t, manifestCluster, gap.Subject)
		}
	}
	require.False(t, empty["workload"])
	require.True(t, empty["cluster"])
	workloads := setOf(fact.Workloads(), sets)
	require.Contains(t, workloads.Unavailable, fact.Unavailable[fact.Workload]{
		Subject: "manifests", Reason: fact.ReasonManifest, Topic: fact.TopicRollout,
		Detail: "manifests do not report how a rollout proceeds; only a cluster does",
	})
	require.Contains(t, workloads.Facts[0].Lacks(), fact.TopicRollout)
	require.Equal(t, &fact.Set[fact.Cluster]{Unavailable: []fact.Unavailable[fact.Cluster]{{
		Subject: "manifests", Reason: fact.ReasonManifest,
		Detail: "manifests do not report nodes and the API server; only a cluster does",
	}}}, setOf(fact.Clusters(), sets))
}

// FuzzManifests collects from whatever stands in a file: it is an error, or there are facts.
func FuzzManifests(f *testing.F) {
	f.Add("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {replicas: 2, template: {spec: {containers: [{name: a}]}}}\n")
	f.Add(`{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"rules": [{}]}}]}`)
	f.Add("apiVersion: v1\nkind: Secret\nstringData: {a.env: \"export A=b\\nC\"}\n---\n&a [*a]\n")
	reader := NewManifestReader("")
	f.Fuzz(func(t *testing.T, content string) {
		if all, err := reader.Read("fuzzed.yaml", strings.NewReader(content)); err == nil {
			plannedOf(t, all)
		}
	})
}

func TestWhatAnAPIServerRefusesIsReportedWithItsField(t *testing.T) {
	for name, test := range map[string]struct {
		object string
		want   string // empty: it is taken
	}{
		"a selector by expressions selects its own pods": {
			`{kind: Deployment, spec: {selector: {matchExpressions: [{key: a, operator: Exists}]}, template: {metadata: {labels: {a: b}}}}}`, "",
		},
		"a selector by expressions can miss them": {
			`{kind: Deployment, spec: {selector: {matchExpressions: [{key: a, operator: DoesNotExist}]}, template: {metadata: {labels: {a: b}}}}}`,
			"spec.selector: it does not select the labels of the pod template",
		},
		"without labels nothing is known of it": {`{kind: Deployment, spec: {selector: {matchLabels: {a: b}}, template: {}}}`, ""},
		"a limit like the request is taken":     {`{kind: DaemonSet, spec: {template: {spec: {containers: [{name: c, resources: {limits: {cpu: 1}, requests: {cpu: 1000m}}}]}}}}`, ""},
		"one below it is not, of an init container neither": {
			`{kind: DaemonSet, spec: {template: {spec: {initContainers: [{name: c, resources: {limits: {memory: 1Gi}, requests: {memory: 1.5Gi}}}]}}}}`,
			"spec.template.spec.initContainers[0].resources.limits.memory: 1Gi is less than the request, 1.5Gi",
		},
		"memory of less than a byte is meant to be more": {
			`{kind: DaemonSet, spec: {template: {spec: {containers: [{name: c, resources: {limits: {cpu: 100m, memory: 128m}}}]}}}}`,
			"spec.template.spec.containers[0].resources.limits.memory: 128m is less than one byte; for mebibytes expected Mi",
		},
		"no memory at all is none": {`{kind: DaemonSet, spec: {template: {spec: {containers: [{name: c, resources: {requests: {memory: 0}}}]}}}}`, ""},
		"no replicas are some":     {`{kind: Deployment, spec: {replicas: 0}}`, ""},
		"fewer than none are none": {
			`{kind: StatefulSet, spec: {replicas: -1}}`, "spec.replicas: -1: expected 0 or more",
		},
	} {
		t.Run(name, func(t *testing.T) {
			object := strings.Replace(test.object, "{", "{apiVersion: apps/v1, metadata: {name: x}, ", 1)
			all, err := NewManifestReader("").Read("app.yaml", strings.NewReader(object))
			require.Len(t, all, 1)
			require.Equal(t, test.want != "", all[0].Refused())
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "app.yaml:1: ")
			require.ErrorContains(t, err, "/x: "+test.want)
		})
	}
}

func TestManifestsAreReadAsKubectlReadsThem(t *testing.T) {
	for name, test := range map[string]struct {
		content string
		want    []string // subjects
		err     string
	}{
		"words of YAML 1.1 for true and false": {
			"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  hostNetwork: yes\n  hostPID: OFF\n  containers: [{name: c, stdin: on}]",
			[]string{"default/Pod/a"}, "",
		},
		"those words where a text belongs": {
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: 'on'\n  b: \"yes\"\n  c: |-\n    no\n---\n" +
				"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n  a: on", []string{"default/ConfigMap/a"},
			"f.yaml:14: ConfigMap/b: data.a: expected a text; put a number, true, false, yes, no, on or off in quotes",
		},
		"objects in JSON, one after another": {
			`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}` + "\n" +
				"\t{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Deploy\",\n\t\"metadata\": {\"name\": \"b\"}}" +
				`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}`,
			[]string{"default/ConfigMap/a", "default/Deploy/b", "default/ConfigMap/c"}, "",
		},
		"JSON with marks of YAML": {
			`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}` + "\n---\n" +
				`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}`, []string{"default/ConfigMap/a", "default/ConfigMap/b"}, "",
		},
		"an item by its alias": {
			"x: &a {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\napiVersion: v1\nkind: List\nitems: [*a]", []string{"default/ConfigMap/a"}, "",
		},
		"a list that has itself as an item": {"&a\napiVersion: v1\nkind: List\nitems: [*a]", nil, "anchor 'a' value contains itself"},
		"a kind that is called a list": {
			"apiVersion: example.com/v1\nkind: AllowList\nmetadata: {name: a}", []string{"default/AllowList/a"}, "",
		},
		"a template that is not filled in": {
			"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  dnsPolicy: {{ .Values.dns }}", nil,
			"f.yaml:5: {{ }} is of a template that is not filled in; of a Helm chart, give what helm template makes of it",
		},
	} {
		t.Run(name, func(t *testing.T) {
			all, err := NewManifestReader("").Read("f.yaml", strings.NewReader(test.content))
			var got []string
			for _, m := range all {
				if !m.Refused() {
					got = append(got, strings.TrimPrefix(m.Subject(), "manifests/"))
				}
			}
			require.Equal(t, test.want, got)
			if test.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.err)
			}
		})
	}
	all := read(t, "{\"apiVersion\": \"v1\",\n\"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"a\"}}\n\n"+
		`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}`)
	require.Equal(t, [2]int{1, 4}, [2]int{all[0].Line, all[1].Line})
}

func TestWhatSOPSHasEncryptedIsNotJudged(t *testing.T) {
	const metadata = "\nsops: {mac: 'ENC[AES256_GCM,data:x,type:str]', version: 3.9.0}\n"
	values := func(manifest string) []fact.ConfiguredValue {
		all := setOf(fact.Configurations(), planned(t, read(t, manifest))).Facts
		if len(all) == 0 {
			return nil
		}
		return all[0].Values
	}
	const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"
	require.Empty(t, values(secret+"data: {password: 'ENC[AES256_GCM,data:x,type:str]'}"+metadata))
	require.Empty(t, values(secret+"stringData: {password: 'ENC[AES256_GCM,data:x,type:str]'}"+metadata))
	require.Len(t, values(secret+"stringData: {password: changeme, other: 'ENC[AES256_GCM,data:x,type:str]'}"+metadata), 1,
		"what is left in plain text is judged")
	require.Empty(t, values(secret+"data: {a: '${A_BASE64}'}\nstringData: {password: '${PASSWORD}', token: '<path:shop#token>'}"),
		"what is filled in as it is applied neither")
	_, err := NewManifestReader("").Read("f.yaml", strings.NewReader(secret+"data: {password: 'ENC[AES256_GCM,data:x,type:str]'}"))
	require.ErrorContains(t, err, "expected text in base64", "nothing says that it was encrypted")
}

package kubernetes

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// live are objects as a cluster has them.
type live []*unstructured.Unstructured

// liveObjects reads the objects of a file.
func liveObjects(t *testing.T, content string) (all live) {
	t.Helper()
	for _, document := range strings.Split(content, "\n---\n") {
		u := &unstructured.Unstructured{}
		content, err := yaml.YAMLToJSON([]byte(document))
		require.NoError(t, err, document)
		require.NoError(t, u.UnmarshalJSON(content), document) // Whole numbers are int64, as clients read them.
		all = append(all, u)
	}
	return all
}

// joined joins what a run would have collected of objects, of the namespaces shop and other.
func joined[F any](t *testing.T, j join[F], all live) *fact.Set[F] {
	t.Helper()
	s := &snapshot{
		target: Target{Cluster: system.Cluster{Name: "main", Namespaces: []string{"shop", "other"}}}, selector: labels.Everything(),
		now: time.Now(), stores: make(map[string]watch.Stored),
	}
	if j.about().KindName() == fact.Certificates().Name {
		s.answer = pki.Expectation{Now: time.Now()}
	}
	for _, p := range j.parts {
		var objects []any
		for _, each := range all {
			resource, _ := meta.UnsafeGuessKindToResource(each.GroupVersionKind())
			resource.Resource = strings.Replace(resource.Resource, "gatewaies", "gateways", 1) // As the guess has it.
			if resource.GroupResource() != p.Named().GroupResource() || !p.Selects(each) {
				continue
			}
			object := p.Empty()
			if _, custom := object.(*unstructured.Unstructured); custom {
				object = each.DeepCopy()
			} else {
				require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(each.Object, object))
			}
			objects = append(objects, object)
		}
		store, err := p.Hold(objects)
		require.NoError(t, err)
		s.stores[p.Key()] = store
	}
	set := &fact.Set[F]{}
	j.add(s, set)
	return j.sorted(set)
}

// TestNoVerdictDependsOnAnOrder joins the same objects in many orders: every join must find the same.
func TestNoVerdictDependsOnAnOrder(t *testing.T) {
	content, err := os.ReadFile("testdata/live.yaml")
	require.NoError(t, err)
	certificate := base64.StdEncoding.EncodeToString(world.NewCA(t, world.Spec{}).Issue(t, world.Spec{DNSNames: []string{"shop.contoso.com"}}).PEM())
	all := liveObjects(t, strings.ReplaceAll(string(content), "$CERTIFICATE", certificate))
	same(t, workloads(), all)
	same(t, wholeClusters(), all)
	same(t, components(), all)
	same(t, helmReleases(), all)
	same(t, issuersOf(), all)
	same(t, authorizations(), all)
	same(t, secrets(), all)
	same(t, serviceJoin(), all)
	same(t, ingressJoin(), all)
	same(t, discoveryJoin(), all)
	same(t, backupSchedules(), all)
	same(t, namespaces(), all)
	same(t, policyResults(), all)
	same(t, certificates(), all)
	same(t, issuances(), all)
}

func same[F any](t *testing.T, j join[F], all live) {
	t.Helper()
	var first string
	for round := range 20 {
		rand.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		set := joined(t, j, all)
		content, err := json.Marshal(set)
		require.NoError(t, err)
		if round == 0 {
			first = string(content)
			require.NotEmpty(t, set.Facts, "%s: testdata/live.yaml has none", j.about().KindName())
		}
		require.Equal(t, first, string(content), j.about().KindName())
	}
}

// live.yaml is also what these are read of: names, owners and defaults are what controllers made of them.
func found[F any](t *testing.T, j join[F], subject string) *F {
	t.Helper()
	content, err := os.ReadFile("testdata/live.yaml")
	require.NoError(t, err)
	for _, f := range joined(t, j, liveObjects(t, strings.ReplaceAll(string(content), "$CERTIFICATE", ""))).Facts {
		if j.kind.Subject(f) == subject {
			return f
		}
	}
	require.Fail(t, "there is no "+subject)
	return nil
}

func TestClaimsOfAStatefulSetAreThoseOfItsPods(t *testing.T) {
	var claims []string
	for _, claim := range found(t, workloads(), "main/shop/StatefulSet/db").Claims() {
		claims = append(claims, claim.Name+" "+claim.Phase)
	}
	require.Equal(t, []string{"data-db-5 Bound", "data-db-6 Pending"}, claims, "its first ordinal is 5, and the third pod is not made yet")
}

func TestNothingThatIsReferredToIsLeftOver(t *testing.T) {
	require.Equal(t, []fact.Leftover{
		{Kind: "PersistentVolumeClaim", Name: "left", Reason: "no pod or workload mounts it, and it has a volume with data"},
		{Kind: "Secret", Name: "old", Reason: noReference},
	}, found(t, namespaces(), "main/shop").Unused)
	require.Empty(t, found(t, namespaces(), "main/other").Unused, "a Rollout runs the pods of the Deployment")
}

func TestARolloutRunsTheDeploymentThatItRefersTo(t *testing.T) {
	require.Equal(t, fact.Replicas{Desired: 3, Ready: 3, Available: 3, Updated: 3},
		found(t, workloads(), "main/other/Deployment/rolled").Replicas)
}

func TestARolloutWithATemplateOfItsOwnIsAWorkload(t *testing.T) {
	w := found(t, workloads(), "main/other/Rollout/own")
	require.True(t, w.Observed)
	require.Equal(t, fact.Replicas{Desired: 4, Ready: 4, Available: 4, Updated: 1}, w.Replicas)
	require.Equal(t, fact.Rollout{
		Strategy: fact.StrategyCanary, MaxUnavailable: 2, MaxUnavailablePercent: 50, MaxSurge: 1, MinReady: 5 * time.Second, Paused: true,
		BeganAt: w.Rollout.BeganAt, EndedAt: w.Rollout.EndedAt,
	}, w.Rollout)
	require.Equal(t, 2, w.Pods.Running, "those of both its ReplicaSets")
	require.Equal(t, 2, w.Pods.Nodes)
	require.Equal(t, "own-1", w.Previous.Name)
	require.Equal(t, 0.1, w.Containers[0].Requests.CPU)
	require.Equal(t, "own", w.Budgets[0].Name)
	require.Equal(t, 2, w.Least(), "what its autoscaler may leave")
	require.Equal(t, "own", w.Services[0].Name, "one that selects the pods of one revision")
	require.Equal(t, []string{"Rollout/own"}, found(t, serviceJoin(), "main/other/Service/own").Workloads)
	require.Equal(t, 3, found(t, workloads(), "main/other/Deployment/rolled").Autoscaler.Minimum, "its Rollout is what is scaled")
}

func TestARolloutWhoseTemplateIsNotKnownIsUnavailable(t *testing.T) {
	content, err := os.ReadFile("testdata/live.yaml")
	require.NoError(t, err)
	set := joined(t, workloads(), liveObjects(t, strings.ReplaceAll(string(content), "$CERTIFICATE", "")))
	var told []string
	for _, each := range set.Unavailable {
		told = append(told, fact.Workloads().SubjectOfUnavailable(&each)+": "+each.Detail)
	}
	slices.Sort(told)
	require.Equal(t, []string{
		"main/other/Rollout/by-nothing: read Rollout other/by-nothing: its workloadRef names the Deployment gone, which does not exist",
		"main/other/Rollout/by-set: read Rollout other/by-set: its template is that of the ReplicaSet own-1, which is not read",
	}, told)
}

// TestHowPodsOfARolloutAreReplaced reads what its strategy says.
func TestHowPodsOfARolloutAreReplaced(t *testing.T) {
	for strategy, want := range map[string]fact.Rollout{
		`{canary: {}}`: {Strategy: fact.StrategyCanary, MaxSurge: 1, MaxUnavailable: 1, MaxUnavailablePercent: 25},
		`{canary: {maxSurge: 0, maxUnavailable: 0}}`:                    {Strategy: fact.StrategyCanary, MaxUnavailable: 1},
		`{canary: {trafficRouting: {nginx: {}}}}`:                       {Strategy: fact.StrategyCanary, MaxSurge: 4},
		`{canary: {trafficRouting: {}, dynamicStableScale: true}}`:      {Strategy: fact.StrategyCanary, MaxSurge: 1, MaxUnavailable: 1, MaxUnavailablePercent: 25},
		`{blueGreen: {activeService: web, autoPromotionEnabled: true}}`: {Strategy: fact.StrategyBlueGreen, MaxSurge: 4},
		`{}`: {},
	} {
		u := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal([]byte(`{spec: {replicas: 4, template: {}, strategy: `+strategy+`}}`), &u.Object))
		require.Equal(t, want, keepRollout(u).own.fact.Rollout, strategy)
	}
}

func TestServiceAccountsByTheirUserAndGroupMayNotDoEverything(t *testing.T) {
	var subjects []string
	for _, grant := range found(t, authorizations(), "main").Grants {
		subjects = append(subjects, grant.Subject+" by "+grant.Role)
	}
	require.Equal(t, []string{
		"Group system:serviceaccounts:shop by ClusterRole cluster-admin", "ServiceAccount shop/default by ClusterRole all",
		"ServiceAccount shop/web by ClusterRole cluster-admin",
	}, subjects)
}

func TestAFirstIssuanceSaysWhatTheChallengeSays(t *testing.T) {
	issuance := found(t, issuances(), "main/shop/Secret/first-tls")
	require.True(t, issuance.Failed)
	require.Equal(t, "Challenge first-1-1-b is invalid: Error accepting authorization: no valid A records found", issuance.Trouble)
}

func TestTheAgeOfASecretIsThatOfItsData(t *testing.T) {
	at := func(fields string, hour int) metav1.ManagedFieldsEntry {
		when := metav1.Date(2026, time.November, 20, hour, 0, 0, 0, time.UTC)
		return metav1.ManagedFieldsEntry{Time: &when, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	of := &metav1.PartialObjectMetadata{}
	of.ManagedFields = []metav1.ManagedFieldsEntry{
		at(`{"f:data":{"f:password":{}}}`, 1), at(`{"f:metadata":{"f:labels":{"f:data":{}}}}`, 2), at(`{"f:type":{}}`, 3),
	}
	changed, noted := changedAt(of)
	require.True(t, noted)
	require.Equal(t, 1, changed.Hour())
	of.ManagedFields[0] = at(`{"f:stringData":{"f:password":{}}}`, 4)
	changed, noted = changedAt(of)
	require.True(t, noted, "who applies stringData writes data")
	require.Equal(t, 4, changed.Hour())
	of.CreationTimestamp = metav1.Date(2026, time.November, 20, 0, 0, 0, 0, time.UTC)
	of.ManagedFields = of.ManagedFields[1:]
	changed, noted = changedAt(of)
	require.False(t, noted, "nobody is noted to have written data")
	require.Equal(t, 0, changed.Hour())
}

func TestRequestsAreThoseOfTheScheduler(t *testing.T) {
	amount := func(cpu, memory string) corev1.ResourceRequirements {
		return corev1.ResourceRequirements{Requests: corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory),
		}}
	}
	spec := corev1.PodSpec{
		InitContainers: []corev1.Container{{Resources: amount("3", "1Ki")}},
		Containers:     []corev1.Container{{Resources: amount("1", "2Ki")}, {Resources: amount("1", "2Ki")}},
		Overhead:       amount("250m", "1Ki").Requests,
	}
	require.Equal(t, fact.Resources{CPU: 3.25, Memory: 5 << 10}, requestsOf(&spec))
	whole := amount("4", "1Ki")
	spec.Resources = &whole
	require.Equal(t, fact.Resources{CPU: 4.25, Memory: 2 << 10}, requestsOf(&spec), "what the pod requests as a whole stands for its containers")
}

func TestTaintsOfANodesOwnStateAreNone(t *testing.T) {
	n := &corev1.Node{Spec: corev1.NodeSpec{Taints: []corev1.Taint{
		{Key: "node.kubernetes.io/not-ready", Effect: corev1.TaintEffectNoExecute},
		{Key: "node-role.kubernetes.io/control-plane", Effect: corev1.TaintEffectNoSchedule},
		{Key: "slow", Effect: corev1.TaintEffectPreferNoSchedule},
	}}}
	require.Equal(t, []string{"node-role.kubernetes.io/control-plane:NoSchedule"}, keepNode(n).Taints)
}

func TestOfTwoCertificatesOfOneSecretTheTroubleCounts(t *testing.T) {
	one := `{metadata: {namespace: shop, name: %s}, spec: {secretName: tls}, status: {conditions: [{type: Ready, status: "%s", reason: IncorrectCertificate}]}}`
	var objects []any
	for name, ready := range map[string]string{"a": "True", "b": "False"} {
		u := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal(fmt.Appendf(nil, one, name, ready), &u.Object))
		objects = append(objects, u)
	}
	store, err := managedCertificates().Hold(objects)
	require.NoError(t, err)
	s := &snapshot{stores: map[string]watch.Stored{managedCertificates().Key(): store}}
	first := managersOf(s)[types.NamespacedName{Namespace: "shop", Name: "tls"}][0].fact
	require.False(t, first.Ready)
	require.Equal(t, "IncorrectCertificate; the Certificate shop/Certificate/a writes the same Secret", first.Trouble)
}

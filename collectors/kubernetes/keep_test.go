package kubernetes

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func pointer[T any](value T) *T { return &value }

func TestObjectsWithoutContentAreKept(t *testing.T) {
	require.Equal(t, fact.Workload{
		Kind: fact.KindDeployment, Observed: true, Replicas: fact.Replicas{Desired: 1}, Rollout: fact.Rollout{InProgress: true},
	}, keepDeployment(&appsv1.Deployment{}).fact, "one pod is what Kubernetes makes of nothing")
	require.Equal(t, fact.Workload{Kind: fact.KindStatefulSet, Observed: true, Replicas: fact.Replicas{Desired: 1, Unavailable: 1}},
		keepStatefulSet(&appsv1.StatefulSet{}).fact)
	require.Equal(t, fact.Workload{Kind: fact.KindDaemonSet, Observed: true}, keepDaemonSet(&appsv1.DaemonSet{}).fact)
	require.Equal(t, replicaSet{id: intern(metav1.ObjectMeta{}.UID), made: time.Time{}.Unix()}, keepReplicaSet(&appsv1.ReplicaSet{}))
	require.False(t, keepPod(&corev1.Pod{}).going)
	require.False(t, keepBudget(&policyv1.PodDisruptionBudget{}).selector.Matches(labels.Set{"app": "api"}), "no selector selects nothing")
	require.Empty(t, tlsSecrets().Keep(&corev1.Secret{}))
}

func TestLimitsAreCountedAsTheControllersDo(t *testing.T) {
	number := func(text string) *intstr.IntOrString { return pointer(intstr.Parse(text)) }
	cases := []struct {
		name               string
		replicas           int32
		surge, unavailable *intstr.IntOrString
		want               fact.Rollout // of a Deployment
	}{
		{"numbers are taken as they are", 3, number("1"), number("2"), fact.Rollout{MaxSurge: 1, MaxUnavailable: 2}},
		{"a surge is rounded up, what may be away down", 3, number("25%"), number("25%"), fact.Rollout{MaxSurge: 1, MaxUnavailablePercent: 25}},
		{"one must be away where nothing could move", 3, number("0"), number("25%"), fact.Rollout{MaxUnavailable: 1, MaxUnavailablePercent: 25}},
		{"no more can be away than there are", 3, number("0"), number("150%"), fact.Rollout{MaxUnavailable: 3, MaxUnavailablePercent: 150}},
		{"more can be made in advance than there are", 3, number("150%"), number("0"), fact.Rollout{MaxSurge: 5}},
		{"what is no number counts as none", 3, number("some"), number("25"), fact.Rollout{MaxUnavailable: 3}},
		{"less than nothing is nothing", 3, number("1"), number("-1"), fact.Rollout{MaxSurge: 1}},
		{"nothing declared is nothing, of which one must be away", 3, nil, nil, fact.Rollout{MaxUnavailable: 1}},
		{"of none, none can be away", 0, number("0"), number("0"), fact.Rollout{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.want.Strategy, c.want.InProgress = "RollingUpdate", c.replicas > 0
			require.Equal(t, c.want, keepDeployment(&appsv1.Deployment{Spec: appsv1.DeploymentSpec{
				Replicas: &c.replicas,
				Strategy: appsv1.DeploymentStrategy{
					Type:          appsv1.RollingUpdateDeploymentStrategyType,
					RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: c.surge, MaxUnavailable: c.unavailable},
				},
			}}).fact.Rollout)
		})
	}
}

func TestHowARolloutGoes(t *testing.T) {
	condition := func(status corev1.ConditionStatus, reason string) []appsv1.DeploymentCondition {
		return []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: status, Reason: reason}}
	}
	deployment := func(conditions []appsv1.DeploymentCondition, replicas, updated int32) fact.Rollout {
		return keepDeployment(&appsv1.Deployment{
			Spec:   appsv1.DeploymentSpec{Replicas: pointer(int32(3))},
			Status: appsv1.DeploymentStatus{Conditions: conditions, Replicas: replicas, UpdatedReplicas: updated},
		}).fact.Rollout
	}
	require.Equal(t, fact.Rollout{}, deployment(condition(corev1.ConditionTrue, "NewReplicaSetAvailable"), 3, 3))
	require.Equal(t, fact.Rollout{InProgress: true}, deployment(condition(corev1.ConditionTrue, "ReplicaSetUpdated"), 4, 1))
	require.Equal(t, fact.Rollout{Stalled: true}, deployment(condition(corev1.ConditionFalse, "ProgressDeadlineExceeded"), 4, 1))
	require.Equal(t, fact.Rollout{}, deployment(condition(corev1.ConditionUnknown, "DeploymentPaused"), 4, 1))
	require.Equal(t, fact.Rollout{InProgress: true}, deployment(nil, 4, 1), "without a deadline")
	require.Equal(t, fact.Rollout{}, deployment(nil, 3, 3), "without a deadline")

	statefulSet := func(partition *int32, updated int32, current, update string) bool {
		return keepStatefulSet(&appsv1.StatefulSet{
			Spec: appsv1.StatefulSetSpec{
				Replicas: pointer(int32(3)),
				UpdateStrategy: appsv1.StatefulSetUpdateStrategy{
					Type:          appsv1.RollingUpdateStatefulSetStrategyType,
					RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: partition},
				},
			},
			Status: appsv1.StatefulSetStatus{UpdatedReplicas: updated, CurrentRevision: current, UpdateRevision: update},
		}).fact.Rollout.InProgress
	}
	require.False(t, statefulSet(nil, 3, "a", "a"))
	require.True(t, statefulSet(nil, 2, "a", "b"))
	require.True(t, statefulSet(nil, 3, "a", "b"), "the last pod is not ready yet")
	require.False(t, statefulSet(pointer(int32(2)), 1, "a", "b"), "the others keep the old revision")
	require.True(t, statefulSet(pointer(int32(1)), 1, "a", "b"))
}

func TestOnlyRulesThatTakeThePodsThemselvesKeepThemApart(t *testing.T) {
	own := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "api"}}
	other := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "db"}}
	senseless := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Like"}}}
	term := func(selector *metav1.LabelSelector, edit func(*corev1.PodAffinityTerm)) *corev1.Affinity {
		term := corev1.PodAffinityTerm{LabelSelector: selector, TopologyKey: "kubernetes.io/hostname"}
		edit(&term)
		return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{term},
		}}
	}
	as := func(*corev1.PodAffinityTerm) {}
	required := []string{"required anti-affinity by kubernetes.io/hostname"}
	cases := []struct {
		name     string
		affinity *corev1.Affinity
		want     []string
	}{
		{"its own labels", term(own, as), required},
		{"all labels", term(&metav1.LabelSelector{}, as), required},
		{"labels of others", term(other, as), nil},
		{"no labels", term(nil, as), nil},
		{"labels that make no sense", term(senseless, as), nil},
		{"its own namespace", term(own, func(t *corev1.PodAffinityTerm) { t.Namespaces = []string{"shop"} }), required},
		{"another namespace", term(own, func(t *corev1.PodAffinityTerm) { t.Namespaces = []string{"blog"} }), nil},
		{"all namespaces", term(own, func(t *corev1.PodAffinityTerm) { t.NamespaceSelector = &metav1.LabelSelector{} }), required},
		{"some namespaces", term(own, func(t *corev1.PodAffinityTerm) { t.NamespaceSelector = other }), nil},
		{"a wish", &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{
				{Weight: 1, PodAffinityTerm: corev1.PodAffinityTerm{LabelSelector: own, TopologyKey: "zone"}},
			},
		}}, []string{"preferred anti-affinity by zone"}},
		{"affinity", &corev1.Affinity{PodAffinity: &corev1.PodAffinity{}}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, spreadRules("shop", &corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "api"}}, Spec: corev1.PodSpec{Affinity: c.affinity},
			}, 2))
		})
	}
}

func TestASkewAsLargeAsTheNumberOfPodsKeepsNoneApart(t *testing.T) {
	rules := func(skew int32, count int) []string {
		own := map[string]string{"app": "api"}
		return spreadRules("shop", &corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: own},
			Spec: corev1.PodSpec{TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
				MaxSkew: skew, TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: &metav1.LabelSelector{MatchLabels: own},
			}}},
		}, count)
	}
	require.Equal(t, []string{"spread by zone (DoNotSchedule)"}, rules(1, 2))
	require.Equal(t, []string{"spread by zone (DoNotSchedule)"}, rules(4, 5))
	require.Empty(t, rules(2, 2))
	require.Empty(t, rules(5, 3))
	require.NotEmpty(t, rules(5, 0), "with none at all it is not known how many there will be")
}

func TestProbesAreKeptWithoutWhatTheyAsk(t *testing.T) {
	exec := corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"mysqladmin", "ping", "-phunter2"}}}
	spec := corev1.PodSpec{
		InitContainers: []corev1.Container{
			{Name: "migrate", Env: []corev1.EnvVar{{Name: "DB_PASSWORD", Value: "hunter2"}, {Name: "ALLOW_EMPTY_PASSWORD", Value: "no"}}},
			{Name: "mesh", RestartPolicy: pointer(corev1.ContainerRestartPolicyAlways), ReadinessProbe: &corev1.Probe{
				ProbeHandler: corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(15021)}},
			}},
		},
		Containers: []corev1.Container{{
			Name: "db", ReadinessProbe: &corev1.Probe{ProbeHandler: exec, PeriodSeconds: 5, FailureThreshold: 2},
			LivenessProbe: &corev1.Probe{ProbeHandler: exec},
			StartupProbe:  &corev1.Probe{ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000}}},
		}},
	}
	running, first := containers(&spec)
	require.Equal(t, []fact.Container{
		{Name: "migrate", Security: unrestricted(), Variables: []fact.Variable{{Name: "DB_PASSWORD", PlainSecret: true}, {Name: "ALLOW_EMPTY_PASSWORD"}}},
	}, first)
	require.Equal(t, []fact.Container{
		{Name: "mesh", Security: unrestricted(), Readiness: &fact.Probe{How: fact.ProbeTCP, Port: "15021", Patience: 30 * time.Second}},
		{
			Name: "db", Security: unrestricted(), SameProbes: true,
			Readiness: &fact.Probe{How: fact.ProbeExec, Patience: 10 * time.Second},
			Liveness:  &fact.Probe{How: fact.ProbeExec, Patience: 30 * time.Second},
			Startup:   &fact.Probe{How: fact.ProbeGRPC, Port: "9000", Patience: 30 * time.Second},
		},
	}, running)
}

func TestABudgetCountsOnlyWhatItsControllerHasCounted(t *testing.T) {
	budget := policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Generation: 2},
		Status:     policyv1.PodDisruptionBudgetStatus{ObservedGeneration: 1},
	}
	require.False(t, keepBudget(&budget).fact.Counted)
	budget.Status.ObservedGeneration = 2
	require.True(t, keepBudget(&budget).fact.Counted)
	budget.Status.Conditions = []metav1.Condition{{Type: policyv1.DisruptionAllowedCondition, Reason: policyv1.SyncFailedReason}}
	require.False(t, keepBudget(&budget).fact.Counted)
}

// TestCoverage holds the index against trying every budget on every workload.
func TestCoverage(t *testing.T) {
	text := rapid.SampledFrom([]string{"a", "b", "c"})
	labelSet := rapid.MapOfN(text, text, 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		covered := make(coverage)
		all := make(map[string]*metav1.LabelSelector)
		for i := range rapid.IntRange(0, 8).Draw(t, "budgets") {
			selector := &metav1.LabelSelector{MatchLabels: labelSet.Draw(t, "selector")}
			if rapid.Bool().Draw(t, "expression") {
				selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: text.Draw(t, "key"), Operator: metav1.LabelSelectorOpExists}}
			}
			name := string(rune('p' + i))
			all[name] = selector
			covered.add("shop", keepBudget(&policyv1.PodDisruptionBudget{
				ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: policyv1.PodDisruptionBudgetSpec{Selector: selector},
			}))
		}
		pods := labelSet.Draw(t, "pods")
		var got []string
		for _, b := range covered.of("shop", pods) {
			got = append(got, b.fact.Name)
			if b.fact.Workloads != 1 {
				t.Fatalf("budget %s counts %d workloads", b.fact.Name, b.fact.Workloads)
			}
		}
		for name, selector := range all {
			if selects(selector, pods) != strings.Contains(strings.Join(got, ""), name) {
				t.Fatalf("budget %s of %v on %v: %v", name, selector, pods, got)
			}
		}
		if len(covered.of("blog", pods)) > 0 {
			t.Fatal("a budget reaches into another namespace")
		}
	})
}

// unrestricted is what a container may do whose security context says nothing.
func unrestricted() fact.Security {
	return fact.Security{MayEscalate: true, MayBeRoot: true, WritableRoot: true}
}

func TestAVariableThatNobodyFilledInIsAPlaceholder(t *testing.T) {
	kept := New().secretValues().Keep(&corev1.Secret{Data: map[string][]byte{
		"password": []byte("${DB_PASSWORD}"), "url": []byte("postgres://shop:${DB_PASSWORD}@db/shop"),
	}})
	require.Equal(t, []fact.ConfiguredValue{{Key: "password", Placeholder: true}, {Key: "url"}}, kept.values)
}

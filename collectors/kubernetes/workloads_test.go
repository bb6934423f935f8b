package kubernetes

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	checks "github.com/readiness-exporter/readiness-exporter/checks/workload"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// An application is a Deployment with its budget.
type application struct {
	Deployment appsv1.Deployment
	Budget     policyv1.PodDisruptionBudget
}

// read reads a manifest over what is there already: what a manifest leaves out stays.
func (a *application) read(tb testing.TB, name string) {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(tb, err)
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(tb, err)
		var meta metav1.TypeMeta
		require.NoError(tb, yaml.Unmarshal(document, &meta))
		switch meta.Kind {
		case "Deployment":
			require.NoError(tb, yaml.UnmarshalStrict(document, &a.Deployment))
		case "PodDisruptionBudget":
			require.NoError(tb, yaml.UnmarshalStrict(document, &a.Budget))
		default:
			tb.Fatalf("%s: kind %q", name, meta.Kind)
		}
	}
}

func (a *application) create(tb testing.TB, cluster *world.Cluster, namespace string) {
	tb.Helper()
	_, err := cluster.Client.PolicyV1().PodDisruptionBudgets(namespace).Create(tb.Context(), &a.Budget, metav1.CreateOptions{})
	require.NoError(tb, err)
	_, err = cluster.Client.AppsV1().Deployments(namespace).Create(tb.Context(), &a.Deployment, metav1.CreateOptions{})
	require.NoError(tb, err)
}

// removeFromSystem takes away what a test made in kube-system, which outlives it.
func removeFromSystem(tb testing.TB, cluster *world.Cluster) {
	tb.Helper()
	ctx, part := context.WithoutCancel(tb.Context()), metav1.ListOptions{}
	require.NoError(tb, cluster.Client.AppsV1().Deployments("kube-system").DeleteCollection(ctx, metav1.DeleteOptions{}, part))
	require.NoError(tb, cluster.Client.PolicyV1().PodDisruptionBudgets("kube-system").DeleteCollection(ctx, metav1.DeleteOptions{}, part))
}

// healthy is the fact of testdata/healthy.yaml.
func healthy(namespace string) fact.Workload {
	return fact.Workload{
		Cluster: "main", Namespace: namespace, Kind: fact.KindDeployment, Name: "api", Observed: true,
		Labels:   map[string]string{"app.kubernetes.io/part-of": "shop"},
		Replicas: fact.Replicas{Desired: 2, Ready: 2, Available: 2, Updated: 2},
		Rollout:  fact.Rollout{Strategy: "RollingUpdate", MaxSurge: 1},
		Containers: []fact.Container{{
			Security: unrestricted(),
			Name:     "api", Image: "registry.example.com/shop/api:1.0.0", Ports: []fact.ContainerPort{{Name: "http", Number: 8080}},
			Readiness: &fact.Probe{How: fact.ProbeHTTP, Port: "http", Patience: 30 * time.Second},
			Liveness:  &fact.Probe{How: fact.ProbeHTTP, Port: "http", Patience: 30 * time.Second},
		}},
		SpreadRules: []string{"spread by kubernetes.io/hostname (DoNotSchedule)"},
		Pods:        fact.Pods{Running: 2, Nodes: 2},
		Budgets: []fact.DisruptionBudget{{
			Name: "api", MaxUnavailable: "1", Counted: true, Expected: 2, Healthy: 2, Needed: 1, Allowed: 1, Workloads: 1,
		}},
	}
}

func TestAWorkloadIsCollectedAsItIs(t *testing.T) {
	cluster := servers.Kubernetes(t)
	cluster.AddNodes(t, 2)
	clusters := opened(t)
	cases := []struct {
		name     string
		manifest string // read over healthy.yaml
		broken   func(*fact.Workload)
		found    []string // by the checks, as kind: reason
	}{
		{"a healthy one", "", func(*fact.Workload) {}, nil},
		{"one replica", "one-replica.yaml", func(w *fact.Workload) {
			w.Replicas = fact.Replicas{Desired: 1, Ready: 1, Available: 1, Updated: 1}
			w.Pods = fact.Pods{Running: 1, Nodes: 1}
			w.Budgets[0].Expected, w.Budgets[0].Healthy, w.Budgets[0].Needed = 1, 1, 0
		}, []string{"workload_replicas: too_few_desired", "workload_disruption_budget: single_pod", "workload_spread: too_few_replicas"}},
		{"scaled to zero", "scaled-to-zero.yaml", func(w *fact.Workload) {
			w.Replicas, w.Pods = fact.Replicas{}, fact.Pods{}
			w.Budgets[0].Expected, w.Budgets[0].Healthy, w.Budgets[0].Needed, w.Budgets[0].Allowed = 0, 0, 0, 0
		}, []string{"workload_replicas: scaled_to_zero"}},
		{"no node for its pods", "unavailable.yaml", func(w *fact.Workload) {
			w.Replicas = fact.Replicas{Desired: 2, Updated: 2, Unavailable: 2}
			w.Rollout.InProgress = true
			w.Pods = fact.Pods{Unschedulable: 2}
			w.Budgets[0].Healthy, w.Budgets[0].Allowed = 0, 0
		}, []string{"workload_replicas: unavailable", "workload_disruption_budget: used_up", "workload_spread: too_few_nodes"}},
		{"a budget of other pods", "budget-of-another.yaml", func(w *fact.Workload) { w.Budgets = nil },
			[]string{"workload_disruption_budget: no_budget"}},
		{"a budget that lets none go", "budget-of-all.yaml", func(w *fact.Workload) {
			w.Budgets[0].MaxUnavailable, w.Budgets[0].Needed, w.Budgets[0].Allowed = "0", 2, 0
		}, []string{"workload_disruption_budget: allows_none"}},
		{"a budget that lets all go", "budget-of-none.yaml", func(w *fact.Workload) {
			w.Budgets[0].MaxUnavailable, w.Budgets[0].Needed, w.Budgets[0].Allowed = "100%", 0, 2
		}, []string{"workload_disruption_budget: allows_all"}},
		{"nothing that keeps its pods apart", "no-spread-rule.yaml", func(w *fact.Workload) { w.SpreadRules = nil },
			[]string{"workload_spread: no_rule"}},
		{"a rule that keeps other pods apart", "spread-of-another.yaml", func(w *fact.Workload) { w.SpreadRules = nil },
			[]string{"workload_spread: no_rule"}},
		{"another strategy", "recreate.yaml", func(w *fact.Workload) { w.Rollout = fact.Rollout{Strategy: "Recreate"} },
			[]string{"workload_rolling_update: not_rolling"}},
		{"a release of all at once", "all-at-once.yaml", func(w *fact.Workload) {
			w.Rollout.MaxUnavailable, w.Rollout.MaxUnavailablePercent = 2, 100
		}, []string{"workload_rolling_update: all_at_once"}},
		{"no probes", "no-probes.yaml", func(w *fact.Workload) { w.Containers[0].Readiness, w.Containers[0].Liveness = nil, nil },
			[]string{
				"workload_rolling_update: never_waits", "workload_probes: no_liveness_probe", "workload_probes: no_readiness_probe",
			}},
		{"twice the same probe", "same-probes.yaml", func(w *fact.Workload) { w.Containers[0].SameProbes = true },
			[]string{"workload_probes: same_probes"}},
		{"a probe of a port that is not there", "probe-of-another-port.yaml", func(w *fact.Workload) {
			w.Containers[0].Liveness.Port = "metrics"
		}, []string{"workload_probes: no_such_port"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			namespace := cluster.Namespace(t)
			var app application
			app.read(t, "healthy.yaml")
			if c.manifest != "" {
				app.read(t, c.manifest)
			}
			app.create(t, cluster, namespace)
			want := healthy(namespace)
			c.broken(&want)
			require.EventuallyWithT(t, func(collect *assert.CollectT) {
				set, err := workloadsOf(t, clusters, in(cluster.Kubeconfig, namespace))
				require.NoError(collect, err)
				require.Empty(collect, set.Unavailable)
				require.Len(collect, set.Facts, 1)
				found := *set.Facts[0]
				found.Pods.NewestAt, found.Rollout.BeganAt, found.Rollout.EndedAt = time.Time{}, time.Time{}, time.Time{} // Known only once they are made.
				if want.SpreadRules == nil && want.Pods.Nodes > 1 {
					found.Pods.Nodes = want.Pods.Nodes // Where pods land without a rule is chance.
				}
				require.Equal(collect, want, found)
			}, 2*time.Minute, 100*time.Millisecond)
			require.Equal(t, c.found, findings(want))
		})
	}
}

// findings are what the checks on workloads find wrong with one.
func findings(w fact.Workload) []string {
	now := time.Now()
	view := fact.NewView([]*fact.Run{{
		Interval: time.Minute, CollectedAt: now, Sets: []fact.AnySet{fact.Workloads().Set(&fact.Set[fact.Workload]{Facts: []*fact.Workload{&w}})},
	}}, now)
	var found []string
	for _, kind := range []check.Any{
		checks.Replicas(), checks.DisruptionBudget(), checks.Spread(), checks.RollingUpdate(), checks.Probes(),
	} {
		bound := kind.Bind(kind.Parameters())
		rule := check.Rule{ID: bound.Name, Clause: check.Clause{Bound: bound}}
		for _, problem := range rule.Judge(view, &system.System{}, now).Problems {
			if problem.Level != check.Undeclared { // Else the check is not about this workload.
				found = append(found, bound.Name+": "+problem.Reason)
			}
		}
	}
	return found
}

func TestStatefulSetsAndDaemonSetsAreCollected(t *testing.T) {
	cluster := servers.Kubernetes(t)
	nodes := cluster.AddNodes(t, 3)
	namespace := cluster.Namespace(t)
	template := func(app string) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": app}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: app, Image: "registry.example.com/" + app}}},
		}
	}
	selector := func(app string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}
	}
	replicas := int32(3)
	_, err := cluster.Client.AppsV1().StatefulSets(namespace).Create(t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "db"},
		Spec:       appsv1.StatefulSetSpec{Replicas: &replicas, Selector: selector("db"), Template: template("db")},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = cluster.Client.AppsV1().DaemonSets(namespace).Create(t.Context(), &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "agent"},
		Spec:       appsv1.DaemonSetSpec{Selector: selector("agent"), Template: template("agent")},
	}, metav1.CreateOptions{})
	require.NoError(t, err)

	common := fact.Workload{
		Cluster: "main", Namespace: namespace, Observed: true,
		Replicas: fact.Replicas{Desired: 3, Ready: 3, Available: 3, Updated: 3},
		Rollout:  fact.Rollout{Strategy: "RollingUpdate", MaxUnavailable: 1},
		Pods:     fact.Pods{Running: 3, Nodes: len(nodes)},
	}
	agent, db := common, common
	agent.Kind, agent.Name, agent.Containers = fact.KindDaemonSet, "agent", []fact.Container{{
		Name: "agent", Image: "registry.example.com/agent", Security: unrestricted(),
	}}
	db.Kind, db.Name, db.Containers = fact.KindStatefulSet, "db", []fact.Container{{
		Name: "db", Image: "registry.example.com/db", Security: unrestricted(),
	}}
	clusters := opened(t)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		set, err := workloadsOf(t, clusters, in(cluster.Kubeconfig, namespace))
		require.NoError(c, err)
		require.Empty(c, set.Unavailable)
		require.Len(c, set.Facts, 2)
		found := []fact.Workload{*set.Facts[0], *set.Facts[1]}
		for i := range found {
			require.WithinDuration(c, time.Now(), found[i].Pods.NewestAt, time.Minute)
			found[i].Pods.NewestAt, found[i].Rollout.EndedAt = time.Time{}, time.Time{}
		}
		found[1].Pods.Nodes = db.Pods.Nodes // Nothing keeps its pods apart.
		require.Equal(c, []fact.Workload{agent, db}, found)
	}, 2*time.Minute, 100*time.Millisecond)
}

func TestOnlyWhatBelongsToTheSystemIsCollected(t *testing.T) {
	cluster := servers.Kubernetes(t)
	first, second := cluster.Namespace(t), cluster.Namespace(t)
	if second < first {
		first, second = second, first
	}
	for _, namespace := range []string{first, second, "kube-system"} {
		for _, name := range []string{"api", "worker"} {
			var app application
			app.read(t, "healthy.yaml")
			app.read(t, "scaled-to-zero.yaml")
			app.Deployment.Name, app.Budget.Name = name, name
			app.Deployment.Labels = map[string]string{"app.kubernetes.io/part-of": first, "tier": name}
			app.create(t, cluster, namespace)
		}
	}
	t.Cleanup(func() { removeFromSystem(t, cluster) })
	clusters := opened(t)

	finds(t, clusters, in(cluster.Kubeconfig, first), first+"/Deployment/api", first+"/Deployment/worker")
	finds(t, clusters, in(cluster.Kubeconfig, "kube-system"), "kube-system/Deployment/api", "kube-system/Deployment/worker")
	everywhere := in(cluster.Kubeconfig)
	everywhere.Cluster.Selector = "app.kubernetes.io/part-of=" + first
	finds(t, clusters, everywhere, first+"/Deployment/api", first+"/Deployment/worker",
		second+"/Deployment/api", second+"/Deployment/worker")
	everywhere.Cluster.Selector += ",tier=api"
	finds(t, clusters, everywhere, first+"/Deployment/api", second+"/Deployment/api")
	everywhere.Cluster.Selector = "app.kubernetes.io/part-of=nothing"
	finds(t, clusters, everywhere)
}

func TestADeclaredNamespaceIsUnavailableOnlyWhenItDoesNotExist(t *testing.T) {
	cluster := servers.Kubernetes(t)
	clusters := opened(t)
	finds(t, clusters, in(cluster.Kubeconfig, cluster.Namespace(t)))
	require.Equal(t, fact.Unavailable[fact.Workload]{
		Subject: "main/nowhere", Known: fact.Workload{Cluster: "main", Namespace: "nowhere"},
		Reason: fact.ReasonNotFound, Detail: "find namespace nowhere: there is none",
	}, unavailable(t, clusters, in(cluster.Kubeconfig, "nowhere"), 10*time.Second))
}

func TestChangesAreReported(t *testing.T) {
	cluster := servers.Kubernetes(t)
	namespace, other := deployed(t, cluster), cluster.Namespace(t)
	target, elsewhere := in(cluster.Kubeconfig, namespace), in(cluster.Kubeconfig, other)
	clusters := opened(t)
	changes, none := clusters.Kubernetes().Changes(target), clusters.Kubernetes().Changes(elsewhere)
	finds(t, clusters, target, namespace+"/Deployment/api")
	_, err := workloadsOf(t, clusters, elsewhere)
	require.NoError(t, err)
	for _, token := range []<-chan struct{}{changes, none} {
		require.Eventually(t, func() bool { return len(token) == 1 }, 2*time.Minute, 10*time.Millisecond, "the first list is a change")
		<-token
	}

	scaled := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: "api", Namespace: namespace}, Spec: autoscalingv1.ScaleSpec{Replicas: 3}}
	_, err = cluster.Client.AppsV1().Deployments(namespace).UpdateScale(t.Context(), "api", scaled, metav1.UpdateOptions{})
	require.NoError(t, err)
	select {
	case <-changes:
	case <-time.After(2 * time.Second):
		t.Fatal("the change was not reported within 2 s")
	}
	require.Empty(t, none, "it concerns nobody else")
}

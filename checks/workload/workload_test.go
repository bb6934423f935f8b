package workload_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/workload"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// api is a Deployment that passes every check, changed by each of edit.
func api(edit ...func(*fact.Workload)) fact.Workload {
	w := fact.Workload{
		Cluster: "main", Namespace: "shop", Kind: fact.KindDeployment, Name: "api", Observed: true,
		Replicas: fact.Replicas{Desired: 3, Ready: 3, Available: 3, Updated: 3},
		Rollout:  fact.Rollout{Strategy: "RollingUpdate", MaxSurge: 1},
		Containers: []fact.Container{{
			Name: "api", Ports: []fact.ContainerPort{{Name: "http", Number: 8080}},
			Readiness: &fact.Probe{How: fact.ProbeHTTP, Port: "http", Patience: 30 * time.Second},
			Liveness:  &fact.Probe{How: fact.ProbeHTTP, Port: "8080", Patience: 30 * time.Second},
		}},
		SpreadRules: []string{"spread by kubernetes.io/hostname (DoNotSchedule)"},
		Pods:        fact.Pods{Running: 3, Nodes: 2, NewestAt: checktest.Now().Add(-time.Hour)},
		Budgets: []fact.DisruptionBudget{{
			Name: "api", MaxUnavailable: "1", Counted: true, Expected: 3, Healthy: 3, Needed: 2, Allowed: 1, Workloads: 1,
		}},
	}
	for _, change := range edit {
		change(&w)
	}
	return w
}

// verdicts begins the cases of a kind that judges workloads.
func verdicts[P any](t *testing.T, kind check.Kind[P]) *checktest.Verdicts[fact.Workload] {
	t.Helper()
	return checktest.Of(t, kind, fact.Workloads())
}

const leftOut = "undeclared no_workload on the item: The system has no workload that the item is about."

func kind(kind string) func(*fact.Workload) { return func(w *fact.Workload) { w.Kind = kind } }

func replicas(desired, available int) func(*fact.Workload) {
	return func(w *fact.Workload) {
		w.Replicas = fact.Replicas{
			Desired: desired, Ready: available, Available: available, Updated: available, Unavailable: desired - available,
		}
	}
}

func rollout(edit func(*fact.Rollout)) func(*fact.Workload) {
	return func(w *fact.Workload) { edit(&w.Rollout) }
}

func newestPod(age time.Duration) func(*fact.Workload) {
	return func(w *fact.Workload) { w.Pods.NewestAt = checktest.Now().Add(-age) }
}

func budget(edit func(*fact.DisruptionBudget)) func(*fact.Workload) {
	return func(w *fact.Workload) { edit(&w.Budgets[0]) }
}

func container(edit func(*fact.Container)) func(*fact.Workload) {
	return func(w *fact.Workload) { edit(&w.Containers[0]) }
}

func TestReplicas(t *testing.T) {
	rolling := rollout(func(r *fact.Rollout) { r.InProgress = true })
	v := verdicts(t, workload.Replicas())
	v.Finds("all that it wants are available", api())
	v.Finds("two are enough", api(replicas(2, 2)))
	v.Finds("one is too few", api(replicas(1, 1)),
		"fail too_few_desired: The workload wants 1 pod; at least 2 are needed.")
	v.Finds("one that is away is too few, and away", api(replicas(1, 0)),
		"fail unavailable: Only 0 of 1 pod is available.", // that is urgent
		"fail too_few_desired: The workload wants 1 pod; at least 2 are needed.")
	v.Finds("none is no failure to be available, and a failure all the same", api(replicas(0, 0)),
		"fail scaled_to_zero: The workload wants no pod.")
	scaled := func(edit func(*fact.Autoscaler)) func(*fact.Workload) {
		return func(w *fact.Workload) {
			w.Autoscaler = &fact.Autoscaler{Kind: "ScaledObject", Name: "api", Minimum: 2, Maximum: 9, Active: true}
			edit(w.Autoscaler)
		}
	}
	v.Finds("an autoscaler leaves two", api(scaled(func(*fact.Autoscaler) {})))
	v.Finds("an autoscaler may leave one", api(scaled(func(a *fact.Autoscaler) { a.Minimum = 1 })),
		"fail may_shrink: The ScaledObject api may scale the workload down to 1 pod; at least 2 are needed.")
	v.Finds("one that is paused leaves what there is", api(scaled(func(a *fact.Autoscaler) { a.Minimum, a.Paused = 0, true })))
	v.Finds("it idles at zero, and two run as soon as there is work", api(replicas(0, 0), scaled(func(a *fact.Autoscaler) { a.IdlesAtZero = true })))
	v.Finds("it is at zero, and may have one when there is work", api(replicas(0, 0), scaled(func(a *fact.Autoscaler) { a.Minimum = 0 })),
		"fail may_shrink: The ScaledObject api may scale the workload down to no pods; at least 2 are needed.")
	v.Finds("it is at zero by hand, whatever the autoscaler", api(replicas(0, 0), scaled(func(*fact.Autoscaler) {})),
		"fail scaled_to_zero: The workload wants no pod.")
	v.Finds("one of three is missing", api(replicas(3, 2)),
		"fail unavailable: Only 2 of 3 pods are available.")
	v.Finds("more than it wants, while a release starts some in advance, are enough", api(replicas(3, 4), rolling))
	v.Finds("a release may take one away for a while", api(replicas(3, 2), rolling),
		"warn updating: During a rollout, 2 of 3 pods are available, and 2 are updated.")
	v.Finds("a release may not take all away", api(replicas(3, 0), rolling),
		"fail unavailable: Only 0 of 3 pods are available.")
	v.Finds("a release of a Deployment has the time that the Deployment gives it", api(replicas(3, 2), rolling, newestPod(time.Hour)),
		"warn updating: During a rollout, 2 of 3 pods are available, and 2 are updated.")
	v.Finds("a release of a StatefulSet has ten minutes for a pod",
		api(kind(fact.KindStatefulSet), replicas(3, 2), rolling, newestPod(10*time.Minute)),
		"warn updating: During a rollout, 2 of 3 pods are available, and 2 are updated.")
	v.Finds("a release of a StatefulSet has no more than ten minutes for a pod",
		api(kind(fact.KindStatefulSet), replicas(3, 2), rolling, newestPod(10*time.Minute+time.Second)),
		"fail unavailable: Only 2 of 3 pods are available.")
	v.Finds("numbers of an older specification are not believed", api(replicas(3, 1), func(w *fact.Workload) { w.Observed = false }),
		"warn not_observed: By an older specification, 1 of 3 pods are available.")
	v.Finds("its controller may not make more pods", api(replicas(3, 1), rolling, rollout(func(r *fact.Rollout) { r.Trouble = "exceeded quota" })),
		"fail cannot_create_pods: Only 1 of 3 pods are available. Its controller reports: exceeded quota.")
	v.Finds("a DaemonSet of a cluster with one node wants one pod", api(kind(fact.KindDaemonSet), replicas(1, 1)))
	v.Finds("a DaemonSet needs its pod on every node", api(kind(fact.KindDaemonSet), replicas(3, 2)),
		"fail unavailable: Only 2 of 3 pods are available.")
	v.Finds("a DaemonSet that no node wants is left out", api(kind(fact.KindDaemonSet), replicas(0, 0)), leftOut)
}

func TestASecondPodIsNoAdviceForADatabase(t *testing.T) {
	remedy := func(database string) string {
		w := api(replicas(1, 1), func(w *fact.Workload) { w.Database = database })
		sets := []fact.AnySet{checktest.Facts(fact.Workloads(), w)}
		return checktest.Case{Kind: workload.Replicas(), Now: checktest.Now(), Sets: sets}.Result(t).Problems[0].Remedy
	}
	require.Contains(t, remedy(""), "kubectl scale")
	require.NotContains(t, remedy("postgresql"), "kubectl scale")
	require.Contains(t, remedy("postgresql"), "replicate by its own means")
}

func TestDisruptionBudget(t *testing.T) {
	v := verdicts(t, workload.DisruptionBudget())
	disruptionBudgetOfTheLeast(v)
	v.Finds("one of three may go", api())
	v.Finds("two of three may go", api(budget(func(b *fact.DisruptionBudget) { b.Needed, b.Allowed = 1, 2 })))
	v.Finds("no budget lets all go", api(func(w *fact.Workload) { w.Budgets = nil }),
		"fail no_budget: No PodDisruptionBudget selects the labels of its pods.")
	v.Finds("two budgets are one too many", api(func(w *fact.Workload) { w.Budgets = append(w.Budgets, fact.DisruptionBudget{Name: "all"}) }),
		"fail several_budgets: Its pods are covered by the PodDisruptionBudgets api and all.")
	v.Finds("a budget that nobody counts for allows nothing", api(budget(func(b *fact.DisruptionBudget) { b.Counted = false })),
		"fail not_counted: The PodDisruptionBudget api (maxUnavailable 1) has no pod that is counted for it.")
	v.Finds("a budget of all allows nothing, healthy or not", api(budget(func(b *fact.DisruptionBudget) {
		b.MaxUnavailable, b.MinAvailable, b.Needed, b.Allowed = "", "100%", 3, 0
	})),
		"fail allows_none: The PodDisruptionBudget api (minAvailable 100%) wants 3 of 3 pods to be healthy, and 3 are.")
	v.Finds("a budget of none allows everything", api(budget(func(b *fact.DisruptionBudget) {
		b.MaxUnavailable, b.Needed, b.Allowed = "3", 0, 3
	})),
		"fail allows_all: The PodDisruptionBudget api (maxUnavailable 3) wants 0 of 3 pods to be healthy, and 3 are.")
	v.Finds("a budget that says nothing wants one", api(budget(func(b *fact.DisruptionBudget) {
		b.MaxUnavailable, b.Expected, b.Healthy, b.Needed, b.Allowed = "", 1, 1, 1, 0
	})),
		"fail allows_none: The PodDisruptionBudget api (minAvailable 1 by default) wants 1 of 1 pod to be healthy, and 1 is.")
	v.Finds("a pod that is not healthy uses the budget up", api(budget(func(b *fact.DisruptionBudget) { b.Healthy, b.Allowed = 2, 0 })),
		"warn used_up: The PodDisruptionBudget api (maxUnavailable 1) wants 2 of 3 pods to be healthy, and 2 are.")
	v.Finds("a budget for several workloads is none for each", api(budget(func(b *fact.DisruptionBudget) { b.Workloads = 2 })),
		"warn shared_budget: The PodDisruptionBudget api (maxUnavailable 1) covers 2 workloads.")
	v.Finds("one pod cannot be helped by a budget", api(replicas(1, 1)),
		"warn single_pod: The workload wants 1 pod: a drain takes it down, or waits for ever. This follows from the number of replicas.")
	v.Finds("a DaemonSet is not drained", api(kind(fact.KindDaemonSet), func(w *fact.Workload) { w.Budgets = nil }), leftOut)
	v.Finds("what is scaled to zero has nothing to lose", api(replicas(0, 0), func(w *fact.Workload) { w.Budgets = nil }), leftOut)
}

func TestSpread(t *testing.T) {
	nodes := func(n int) func(*fact.Workload) { return func(w *fact.Workload) { w.Pods.Nodes = n } }
	noRule := func(w *fact.Workload) { w.SpreadRules = nil }
	v := verdicts(t, workload.Spread())
	spreadOfTheLeast(v)
	v.Finds("a rule, and two nodes", api())
	v.Finds("two nodes by chance are no rule", api(noRule),
		"fail no_rule: No rule of the pod template keeps pods with its own labels apart.")
	v.Finds("a rule does not help where there is one node", api(nodes(1)),
		"fail too_few_nodes: The workload has 3 pods on 1 node; at least 2 nodes are needed (spread by kubernetes.io/hostname (DoNotSchedule)).")
	v.Finds("one node and no rule are two problems", api(nodes(1), noRule),
		"fail no_rule: No rule of the pod template keeps pods with its own labels apart.",
		"fail too_few_nodes: The workload has 3 pods on 1 node; at least 2 nodes are needed (no rule keeps them apart).")
	v.Finds("one pod cannot be on two nodes", api(replicas(1, 1), nodes(1)),
		"warn too_few_replicas: The workload wants 1 pod; to run on 2 nodes it needs as many. This follows from the number of replicas.")
	v.Finds("a DaemonSet is on every node already", api(kind(fact.KindDaemonSet), noRule), leftOut)
	v.Finds("what is scaled to zero is nowhere", api(replicas(0, 0)), leftOut)
}

func TestRollingUpdate(t *testing.T) {
	noProbe := container(func(c *fact.Container) { c.Readiness = nil })
	maxUnavailable := func(n int) func(*fact.Workload) { return rollout(func(r *fact.Rollout) { r.MaxUnavailable = n }) }
	v := verdicts(t, workload.RollingUpdate())
	rollingUpdateOfTheLeast(v)
	v.Finds("bit by bit, with a probe to wait for", api())
	v.Finds("two of three may be away", api(maxUnavailable(2)))
	v.Finds("three of three may not", api(maxUnavailable(3)),
		"fail all_at_once: During a release 3 of 3 pods may be unavailable.")
	v.Finds("Recreate takes all away", api(rollout(func(r *fact.Rollout) { r.Strategy = "Recreate" })),
		`fail not_rolling: The strategy of the workload is "Recreate".`)
	v.Finds("without a probe nothing is waited for", api(noProbe),
		"fail never_waits: No container has a readiness probe, and minReadySeconds is 0.")
	v.Finds("time is something to wait for", api(noProbe, rollout(func(r *fact.Rollout) { r.MinReady = time.Second })))
	v.Finds("a release that is stuck", api(rollout(func(r *fact.Rollout) { r.Stalled = true })),
		"fail stalled: The rollout is stuck with 3 of 3 pods updated and 3 available.")
	v.Finds("a release that is held", api(rollout(func(r *fact.Rollout) { r.Paused = true })),
		"warn paused: The rollout is paused with 3 of 3 pods updated.")
	v.Finds("the only pod goes during a release", api(replicas(1, 1), maxUnavailable(1)),
		"warn single_pod: During a release the only pod may be unavailable. This follows from the number of replicas.")
	v.Finds("a DaemonSet serves each node by itself", api(kind(fact.KindDaemonSet), maxUnavailable(3)), leftOut)
	v.Finds("what is scaled to zero has nothing to replace", api(replicas(0, 0)), leftOut)
}

func TestProbes(t *testing.T) {
	same := func(how fact.ProbeHow, liveness time.Duration) func(*fact.Workload) {
		return container(func(c *fact.Container) {
			c.SameProbes = true
			c.Readiness = &fact.Probe{How: how, Port: "http", Patience: 30 * time.Second}
			c.Liveness = &fact.Probe{How: how, Port: "http", Patience: liveness}
		})
	}
	worker := fact.Container{Name: "worker"}
	v := verdicts(t, workload.Probes())
	v.Finds("both probes, each with its own question", api())
	v.Finds("a container without a port beside it needs none", api(func(w *fact.Workload) { w.Containers = append(w.Containers, worker) }))
	v.Finds("no readiness probe", api(container(func(c *fact.Container) { c.Readiness = nil })),
		"fail no_readiness_probe: The container api has no readiness probe.")
	v.Finds("no liveness probe", api(container(func(c *fact.Container) { c.Liveness = nil })),
		"fail no_liveness_probe: The container api has no liveness probe.")
	v.Finds("the same question with the same patience restarts for nothing", api(same(fact.ProbeHTTP, 30*time.Second)),
		"warn same_probes: The container api is restarted after 30 s without an answer, and taken from service after 30 s, by the same probe.")
	v.Finds("the same question with more patience does not", api(same(fact.ProbeHTTP, 31*time.Second)))
	v.Finds("an open port says nothing of dependencies", api(same(fact.ProbeTCP, 30*time.Second)))
	v.Finds("a port by a name that is not there", api(container(func(c *fact.Container) { c.Liveness.Port = "metrics" })),
		"fail no_such_port: The liveness probe of the container api asks port metrics, which the container does not declare.")
	v.Finds("a port by a number that is not declared", api(container(func(c *fact.Container) {
		c.Startup = &fact.Probe{How: fact.ProbeGRPC, Port: "9000"}
	})),
		"warn undeclared_port: The startup probe of the container api asks port 9000, which the container does not declare.")
	v.Finds("a command asks no port", api(container(func(c *fact.Container) { c.Liveness = &fact.Probe{How: fact.ProbeExec} })))
	v.Finds("a DaemonSet that serves needs probes too", api(kind(fact.KindDaemonSet), container(func(c *fact.Container) { c.Liveness = nil })),
		"fail no_liveness_probe: The container api has no liveness probe.")
	v.Finds("what serves nobody is left out", api(func(w *fact.Workload) { w.Containers = []fact.Container{worker} }),
		"undeclared no_port on the item: No workload of the system has a container with a port.")
}

func TestParametersThatCannotBeAreRefused(t *testing.T) {
	require.NoError(t, workload.Replicas().Defaults.Validate())
	require.EqualError(t, workload.ReplicasParameters{}.Validate(), "minimum: expected 1 or more")
	require.NoError(t, workload.Spread().Defaults.Validate())
	require.EqualError(t, workload.SpreadParameters{MinimumNodes: 1}.Validate(),
		"minimum_nodes: expected 2 or more, since one node is no spread")
	for _, patterns := range [][]string{nil, {"api", "web-*"}} {
		require.NoError(t, workload.AutoscalingParameters{Workloads: patterns}.Validate())
		require.NoError(t, workload.ServiceMonitorParameters{Workloads: patterns}.Validate())
	}
	require.ErrorContains(t, workload.AutoscalingParameters{Workloads: []string{"api", "["}}.Validate(), `workloads: "[": expected a pattern`)
	require.ErrorContains(t, workload.ServiceMonitorParameters{Workloads: []string{"["}}.Validate(), `workloads: "[": expected a pattern`)
}

package kubernetes_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
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
		Pods:        fact.Pods{Running: 3, Nodes: 2, NewestAt: now.Add(-time.Hour)},
		Budgets: []fact.DisruptionBudget{{
			Name: "api", MaxUnavailable: "1", Counted: true, Expected: 3, Healthy: 3, Needed: 2, Allowed: 1, Workloads: 1,
		}},
	}
	for _, change := range edit {
		change(&w)
	}
	return w
}

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
	return func(w *fact.Workload) { w.Pods.NewestAt = now.Add(-age) }
}

func budget(edit func(*fact.DisruptionBudget)) func(*fact.Workload) {
	return func(w *fact.Workload) { edit(&w.Budgets[0]) }
}

func container(edit func(*fact.Container)) func(*fact.Workload) {
	return func(w *fact.Workload) { edit(&w.Containers[0]) }
}

func TestReplicas(t *testing.T) {
	rolling := rollout(func(r *fact.Rollout) { r.InProgress = true })
	verdicts(t, kubernetes.Replicas(), []verdict{
		{"all that it wants are available", api(), nil},
		{"two are enough", api(replicas(2, 2)), nil},
		{"one is too few", api(replicas(1, 1)), []finding{
			{"too_few_desired", check.Fail, "it wants 1 pod; 2 are needed"},
		}},
		{"one that is away is too few, and away", api(replicas(1, 0)), []finding{
			{"too_few_desired", check.Fail, "it wants 1 pod; 2 are needed"},
			{"unavailable", check.Fail, "0 of 1 pod available"},
		}},
		{"none is no failure to be available, and a failure all the same", api(replicas(0, 0)), []finding{
			{"scaled_to_zero", check.Fail, "it wants no pod"},
		}},
		{"one of three is missing", api(replicas(3, 2)), []finding{
			{"unavailable", check.Fail, "2 of 3 pods available"},
		}},
		{"more than it wants, while a release starts some in advance, are enough", api(replicas(3, 4), rolling), nil},
		{"a release may take one away for a while", api(replicas(3, 2), rolling), []finding{
			{"updating", check.Warn, "2 of 3 pods available, 2 updated"},
		}},
		{"a release may not take all away", api(replicas(3, 0), rolling), []finding{
			{"unavailable", check.Fail, "0 of 3 pods available"},
		}},
		{"a release of a Deployment has the time that the Deployment gives it", api(replicas(3, 2), rolling, newestPod(time.Hour)), []finding{
			{"updating", check.Warn, "2 of 3 pods available, 2 updated"},
		}},
		{"a release of a StatefulSet has ten minutes for a pod",
			api(kind(fact.KindStatefulSet), replicas(3, 2), rolling, newestPod(10*time.Minute)), []finding{
				{"updating", check.Warn, "2 of 3 pods available, 2 updated"},
			}},
		{"a release of a StatefulSet has no more than ten minutes for a pod",
			api(kind(fact.KindStatefulSet), replicas(3, 2), rolling, newestPod(10*time.Minute+time.Second)), []finding{
				{"unavailable", check.Fail, "2 of 3 pods available"},
			}},
		{"numbers of an older specification are not believed",
			api(replicas(3, 1), func(w *fact.Workload) { w.Observed = false }), []finding{
				{"not_observed", check.Warn, "1 of 3 pods available, by an older specification"},
			}},
		{"a DaemonSet of a cluster with one node wants one pod", api(kind(fact.KindDaemonSet), replicas(1, 1)), nil},
		{"a DaemonSet needs its pod on every node", api(kind(fact.KindDaemonSet), replicas(3, 2)), []finding{
			{"unavailable", check.Fail, "2 of 3 pods available"},
		}},
		{"a DaemonSet that no node wants is left out", api(kind(fact.KindDaemonSet), replicas(0, 0)), leftOut(noWorkload)},
	})
}

func TestDisruptionBudget(t *testing.T) {
	verdicts(t, kubernetes.DisruptionBudget(), []verdict{
		{"one of three may go", api(), nil},
		{"two of three may go", api(budget(func(b *fact.DisruptionBudget) { b.Needed, b.Allowed = 1, 2 })), nil},
		{"no budget lets all go", api(func(w *fact.Workload) { w.Budgets = nil }), []finding{
			{"no_budget", check.Fail, "no budget selects the labels of its pods"},
		}},
		{"two budgets are one too many",
			api(func(w *fact.Workload) { w.Budgets = append(w.Budgets, fact.DisruptionBudget{Name: "all"}) }), []finding{
				{"several_budgets", check.Fail, "api, all"},
			}},
		{"a budget that nobody counts for allows nothing", api(budget(func(b *fact.DisruptionBudget) { b.Counted = false })), []finding{
			{"not_counted", check.Fail, "api (maxUnavailable 1)"},
		}},
		{"a budget of all allows nothing, healthy or not", api(budget(func(b *fact.DisruptionBudget) {
			b.MaxUnavailable, b.MinAvailable, b.Needed, b.Allowed = "", "100%", 3, 0
		})), []finding{
			{"allows_none", check.Fail, "api (minAvailable 100%) wants 3 of 3 pods healthy; 3 are"},
		}},
		{"a budget of none allows everything", api(budget(func(b *fact.DisruptionBudget) {
			b.MaxUnavailable, b.Needed, b.Allowed = "3", 0, 3
		})), []finding{
			{"allows_all", check.Fail, "api (maxUnavailable 3) wants 0 of 3 pods healthy; 3 are"},
		}},
		{"a budget that says nothing wants one", api(budget(func(b *fact.DisruptionBudget) {
			b.MaxUnavailable, b.Expected, b.Healthy, b.Needed, b.Allowed = "", 1, 1, 1, 0
		})), []finding{
			{"allows_none", check.Fail, "api (minAvailable 1 by default) wants 1 of 1 pod healthy; 1 are"},
		}},
		{"a pod that is not healthy uses the budget up", api(budget(func(b *fact.DisruptionBudget) { b.Healthy, b.Allowed = 2, 0 })), []finding{
			{"used_up", check.Warn, "api (maxUnavailable 1) wants 2 of 3 pods healthy; 2 are"},
		}},
		{"a budget for several workloads is none for each", api(budget(func(b *fact.DisruptionBudget) { b.Workloads = 2 })), []finding{
			{"shared_budget", check.Warn, "api covers 2 workloads"},
		}},
		{"a DaemonSet is not drained", api(kind(fact.KindDaemonSet), func(w *fact.Workload) { w.Budgets = nil }), leftOut(noWorkload)},
		{"what is scaled to zero has nothing to lose", api(replicas(0, 0), func(w *fact.Workload) { w.Budgets = nil }), leftOut(noWorkload)},
	})
}

func TestSpread(t *testing.T) {
	nodes := func(n int) func(*fact.Workload) { return func(w *fact.Workload) { w.Pods.Nodes = n } }
	noRule := func(w *fact.Workload) { w.SpreadRules = nil }
	verdicts(t, kubernetes.Spread(), []verdict{
		{"a rule, and two nodes", api(), nil},
		{"two nodes by chance are no rule", api(noRule), []finding{
			{"no_rule", check.Fail, "no rule in the pod template takes its own labels"},
		}},
		{"a rule does not help where there is one node", api(nodes(1)), []finding{
			{"too_few_nodes", check.Fail, "3 pods on 1 node, 2 needed; spread by kubernetes.io/hostname (DoNotSchedule)"},
		}},
		{"one node and no rule are two problems", api(nodes(1), noRule), []finding{
			{"no_rule", check.Fail, "no rule in the pod template takes its own labels"},
			{"too_few_nodes", check.Fail, "3 pods on 1 node, 2 needed; no rule keeps them apart"},
		}},
		{"one pod cannot be on two nodes", api(replicas(1, 1), nodes(1)), []finding{
			{"too_few_replicas", check.Fail, "it wants 1 pod; 2 nodes are needed"},
		}},
		{"a DaemonSet is on every node already", api(kind(fact.KindDaemonSet), noRule), leftOut(noWorkload)},
		{"what is scaled to zero is nowhere", api(replicas(0, 0)), leftOut(noWorkload)},
	})
}

func TestRollingUpdate(t *testing.T) {
	noProbe := container(func(c *fact.Container) { c.Readiness = nil })
	maxUnavailable := func(n int) func(*fact.Workload) { return rollout(func(r *fact.Rollout) { r.MaxUnavailable = n }) }
	verdicts(t, kubernetes.RollingUpdate(), []verdict{
		{"bit by bit, with a probe to wait for", api(), nil},
		{"two of three may be away", api(maxUnavailable(2)), nil},
		{"three of three may not", api(maxUnavailable(3)), []finding{
			{"all_at_once", check.Fail, "3 of 3 pods may be unavailable"},
		}},
		{"Recreate takes all away", api(rollout(func(r *fact.Rollout) { r.Strategy = "Recreate" })), []finding{
			{"not_rolling", check.Fail, `its strategy is "Recreate"`},
		}},
		{"without a probe nothing is waited for", api(noProbe), []finding{
			{"never_waits", check.Fail, "no container has a readiness probe, and minReadySeconds is 0"},
		}},
		{"time is something to wait for", api(noProbe, rollout(func(r *fact.Rollout) { r.MinReady = time.Second })), nil},
		{"a release that is stuck", api(rollout(func(r *fact.Rollout) { r.Stalled = true })), []finding{
			{"stalled", check.Fail, "3 of 3 pods updated, 3 available"},
		}},
		{"a release that is held", api(rollout(func(r *fact.Rollout) { r.Paused = true })), []finding{
			{"paused", check.Warn, "3 of 3 pods updated"},
		}},
		{"a DaemonSet serves each node by itself", api(kind(fact.KindDaemonSet), maxUnavailable(3)), leftOut(noWorkload)},
		{"what is scaled to zero has nothing to replace", api(replicas(0, 0)), leftOut(noWorkload)},
	})
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
	verdicts(t, kubernetes.Probes(), []verdict{
		{"both probes, each with its own question", api(), nil},
		{"a container without a port beside it needs none", api(func(w *fact.Workload) { w.Containers = append(w.Containers, worker) }), nil},
		{"no readiness probe", api(container(func(c *fact.Container) { c.Readiness = nil })), []finding{
			{"no_readiness_probe", check.Fail, "container api"},
		}},
		{"no liveness probe", api(container(func(c *fact.Container) { c.Liveness = nil })), []finding{
			{"no_liveness_probe", check.Fail, "container api"},
		}},
		{"the same question with the same patience restarts for nothing", api(same(fact.ProbeHTTP, 30*time.Second)), []finding{
			{"same_probes", check.Fail, "container api: restarted after 30 s, taken from service after 30 s"},
		}},
		{"the same question with more patience does not", api(same(fact.ProbeHTTP, 31*time.Second)), nil},
		{"an open port says nothing of dependencies", api(same(fact.ProbeTCP, 30*time.Second)), nil},
		{"a port by a name that is not there", api(container(func(c *fact.Container) { c.Liveness.Port = "metrics" })), []finding{
			{"no_such_port", check.Fail, "container api: the liveness probe asks port metrics"},
		}},
		{"a port by a number that is not declared", api(container(func(c *fact.Container) {
			c.Startup = &fact.Probe{How: fact.ProbeGRPC, Port: "9000"}
		})), []finding{
			{"undeclared_port", check.Warn, "container api: the startup probe asks port 9000"},
		}},
		{"a command asks no port", api(container(func(c *fact.Container) { c.Liveness = &fact.Probe{How: fact.ProbeExec} })), nil},
		{"a DaemonSet that serves needs probes too", api(kind(fact.KindDaemonSet), container(func(c *fact.Container) {
			c.Liveness = nil
		})), []finding{
			{"no_liveness_probe", check.Fail, "container api"},
		}},
		{"what serves nobody is left out", api(func(w *fact.Workload) { w.Containers = []fact.Container{worker} }),
			leftOut("no workload has a container with a port: add the cluster to kubernetes in the system description, and declare the ports")},
	})
}

func TestParametersThatCannotBeAreRefused(t *testing.T) {
	require.NoError(t, kubernetes.Replicas().Defaults.Validate())
	require.EqualError(t, kubernetes.ReplicasParameters{}.Validate(), "minimum 0: expected 1 or more")
	require.NoError(t, kubernetes.Spread().Defaults.Validate())
	require.EqualError(t, kubernetes.SpreadParameters{MinimumNodes: 1}.Validate(),
		"minimum_nodes 1: expected 2 or more, since one node is no spread")
}

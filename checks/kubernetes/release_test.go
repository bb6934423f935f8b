package kubernetes_test

import (
	"testing"
	"time"

	"github.com/readiness-exporter/readiness-exporter/checks/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func resources(requests, limits fact.Resources) func(*fact.Workload) {
	return container(func(c *fact.Container) { c.Requests, c.Limits = requests, limits })
}

func TestResources(t *testing.T) {
	some, none := fact.Resources{CPU: 0.1, Memory: 64 << 20}, fact.Resources{}
	verdicts(t, kubernetes.Resources(), []verdict{
		{"a request and a limit", api(resources(some, some)), nil},
		{"a limit is a request too", api(resources(none, some)), nil},
		{"no limit", api(resources(some, none)), []finding{{"no_limit", check.Fail, "container api has no limit of memory"}}},
		{"neither", api(resources(none, none)), []finding{
			{"no_request", check.Fail, "container api requests no memory"}, {"no_limit", check.Fail, "container api has no limit of memory"},
		}},
		{"another resource is no memory", api(resources(fact.Resources{CPU: 1}, some)), nil},
	})
}

func pod(edit func(*fact.Pods)) func(*fact.Workload) { return func(w *fact.Workload) { edit(&w.Pods) } }

func waiting(reason string) func(*fact.Workload) {
	return pod(func(p *fact.Pods) { p.Waiting = []fact.Waiting{{Container: "api", Reason: reason, Pods: 2}} })
}

func TestContainerHealth(t *testing.T) {
	restarted := func(age time.Duration) func(*fact.Workload) {
		return pod(func(p *fact.Pods) {
			p.Restarted = &fact.Restart{Container: "api", Reason: "OOMKilled", At: now.Add(-age)}
		})
	}
	verdicts(t, kubernetes.ContainerHealth(), []verdict{
		{"probes, and no restart", api(), nil},
		{"a restart exactly an hour ago", api(restarted(time.Hour)), nil},
		{"a restart less than an hour ago", api(restarted(59 * time.Minute)), []finding{
			{"restarted", check.Fail, "container api ended 59 min ago: OOMKilled"},
		}},
		{"a container that cannot start", api(waiting("CrashLoopBackOff")), []finding{
			{"cannot_start", check.Fail, "container api of 2 pods waits: CrashLoopBackOff"},
		}},
		{"no probe", api(container(func(c *fact.Container) { c.Readiness, c.Liveness = nil, nil })), []finding{
			{"no_probe", check.Fail, "1 container without a probe"},
		}},
	})
}

func TestContainerEnvironment(t *testing.T) {
	kind := kubernetes.ContainerEnvironment()
	kind.Defaults.RequiredVariables = []string{"LOG_LEVEL"}
	variables := func(all ...fact.Variable) func(*fact.Workload) {
		return container(func(c *fact.Container) { c.Variables = all })
	}
	level := fact.Variable{Name: "LOG_LEVEL"}
	verdicts(t, kind, []verdict{
		{"what is required is set", api(variables(level)), nil},
		{"a container waits for its configuration", api(variables(level), waiting("CreateContainerConfigError")), []finding{
			{"configuration_error", check.Fail, "container api of 2 pods: CreateContainerConfigError"},
		}},
		{"a container waits for something else", api(variables(level), waiting("ImagePullBackOff")), nil},
		{"a secret stands there", api(variables(level, fact.Variable{Name: "DB_PASSWORD", PlainSecret: true})), []finding{
			{"plain_secret", check.Fail, "container api: DB_PASSWORD"},
		}},
		{"what is required is not set", api(), []finding{{"variable_not_set", check.Fail, "no container sets LOG_LEVEL by name"}}},
		{"what is required is empty", api(variables(fact.Variable{Name: "LOG_LEVEL", Empty: true})), []finding{
			{"variable_not_set", check.Fail, "no container sets LOG_LEVEL by name"},
		}},
	})
}

func TestRequiredConfiguration(t *testing.T) {
	verdicts(t, kubernetes.RequiredConfiguration(), []verdict{
		{"all that it refers to exists", api(), nil},
		{"a Secret does not exist", api(func(w *fact.Workload) {
			w.Unresolved = []fact.Reference{{Kind: "Secret", Name: "database", From: "volume certificates"}}
		}), []finding{{"not_found", check.Fail, "Secret database, for volume certificates"}}},
		{"a variable has no value", api(container(func(c *fact.Container) { c.Variables = []fact.Variable{{Name: "A", Empty: true}} })),
			[]finding{{"empty", check.Warn, "A of container api"}}},
	})
}

func TestImageSize(t *testing.T) {
	size := func(bytes int64) func(*fact.Workload) {
		return container(func(c *fact.Container) { c.Image, c.ImageSize = "shop/api:1", bytes })
	}
	verdicts(t, kubernetes.ImageSize(), []verdict{
		{"just below", api(size(499_999_999)), nil},
		{"exactly as big as it may not be", api(size(500_000_000)), []finding{
			{"too_big", check.Fail, "shop/api:1: 500MB; below 500MB is wanted"},
		}},
		{"no node tells", api(size(0)), []finding{{"size_unknown", check.Unknown, "shop/api:1"}}},
		{"nothing runs", api(size(0), pod(func(p *fact.Pods) { p.Running = 0 })), leftOut(noWorkload)},
	})
}

func TestLabels(t *testing.T) {
	labels := func(all map[string]string) func(*fact.Workload) { return func(w *fact.Workload) { w.Labels = all } }
	verdicts(t, kubernetes.Labels(), []verdict{
		{"the label is there", api(labels(map[string]string{"app.kubernetes.io/part-of": "shop"})), nil},
		{"the label is not there", api(), []finding{{"missing", check.Fail, "app.kubernetes.io/part-of"}}},
		{"the label is empty", api(labels(map[string]string{"app.kubernetes.io/part-of": ""})), []finding{
			{"missing", check.Fail, "app.kubernetes.io/part-of"},
		}},
	})
}

func scaler(edit func(*fact.Autoscaler)) func(*fact.Workload) {
	return func(w *fact.Workload) {
		w.Autoscaler = &fact.Autoscaler{Kind: "HorizontalPodAutoscaler", Name: "api", Minimum: 2, Maximum: 10, Current: 3, Active: true}
		edit(w.Autoscaler)
	}
}

func TestAutoscaling(t *testing.T) {
	verdictsOfAll(t, kubernetes.Autoscaling(), []verdict{
		{"it is active and has room", api(scaler(func(*fact.Autoscaler) {})), nil},
		{"there is none", api(), []finding{{"no_autoscaler", check.Fail, "none of 1 workload"}}},
		{"it cannot read its metrics", api(scaler(func(a *fact.Autoscaler) { a.Active, a.Trouble = false, "FailedGetResourceMetric" })), []finding{
			{"inactive", check.Fail, "HorizontalPodAutoscaler api: FailedGetResourceMetric"},
		}},
		{"it has no room", api(scaler(func(a *fact.Autoscaler) { a.Maximum = 2 })), []finding{
			{"fixed", check.Fail, "HorizontalPodAutoscaler api: 2 to 2"},
		}},
		{"at its maximum for an hour", api(scaler(func(a *fact.Autoscaler) { a.AtMaximumSince = now.Add(-time.Hour) })), nil},
		{"at its maximum for longer", api(scaler(func(a *fact.Autoscaler) { a.AtMaximumSince = now.Add(-2 * time.Hour) })), []finding{
			{"at_limit", check.Fail, "HorizontalPodAutoscaler api: at 10 for 2 h"},
		}},
	})
}

func TestServiceMonitor(t *testing.T) {
	monitor := func(unknown ...string) func(*fact.Workload) {
		return func(w *fact.Workload) {
			w.Monitors = []fact.Monitor{{Kind: "ServiceMonitor", Name: "api", UnknownPorts: unknown}}
		}
	}
	verdictsOfAll(t, kubernetes.ServiceMonitor(), []verdict{
		{"a monitor selects it", api(monitor()), nil},
		{"none does", api(), []finding{{"no_monitor", check.Fail, "none of 1 workload"}}},
		{"a port is not there", api(monitor("metrics", "9090")), []finding{{"no_such_port", check.Fail, "ServiceMonitor api: metrics, 9090"}}},
	})
}

func TestRollback(t *testing.T) {
	previous := func(unresolved ...fact.Reference) func(*fact.Workload) {
		return func(w *fact.Workload) { w.Previous = &fact.Revision{Name: "api-1", Unresolved: unresolved} }
	}
	verdicts(t, kubernetes.Rollback(), []verdict{
		{"the previous revision can start", api(previous()), nil},
		{"there is none", api(), []finding{{"no_previous_revision", check.Fail, "there is the newest revision alone"}}},
		{"its configuration is gone", api(previous(fact.Reference{Kind: "ConfigMap", Name: "old", From: "volume settings"})), []finding{
			{"configuration_gone", check.Fail, "ConfigMap old, for volume settings of api-1"},
		}},
		{"a StatefulSet keeps its own elsewhere", api(kind(fact.KindStatefulSet)), leftOut(noWorkload)},
	})
}

func TestRolloutHealth(t *testing.T) {
	progress := rollout(func(r *fact.Rollout) { r.InProgress = true })
	verdicts(t, kubernetes.RolloutHealth(), []verdict{
		{"complete", api(), nil},
		{"in progress", api(progress, replicas(3, 1)), []finding{{"in_progress", check.Warn, "1 of 3 pods updated, 1 ready"}}},
		{"in progress, and a container cannot start", api(progress, replicas(3, 1), waiting("ErrImagePull")), []finding{
			{"not_ready", check.Fail, "1 of 3 pods updated, 1 ready"},
		}},
		{"stuck", api(replicas(3, 2), rollout(func(r *fact.Rollout) { r.Stalled = true })), []finding{
			{"stalled", check.Fail, "2 of 3 pods updated, 2 ready"},
		}},
		{"not all are ready", api(replicas(3, 2)), []finding{{"not_ready", check.Fail, "2 of 3 pods updated, 2 ready"}}},
	})
}

func TestRolloutAge(t *testing.T) {
	began := func(age time.Duration) func(*fact.Workload) {
		return rollout(func(r *fact.Rollout) { r.BeganAt = now.Add(-age) })
	}
	verdicts(t, kubernetes.RolloutAge(), []verdict{
		{"a day ago", api(began(24 * time.Hour)), nil},
		{"less than a day ago", api(began(23 * time.Hour)), []finding{{"too_recent", check.Fail, "it began 23 h ago; 1 d are wanted"}}},
		{"not known", api(), leftOut(noWorkload)},
	})
}

package workload_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checks/workload"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/schedule"
)

func TestRollback(t *testing.T) {
	previous := func(unresolved ...fact.Reference) func(*fact.Workload) {
		return func(w *fact.Workload) { w.Previous = &fact.Revision{Name: "api-1", Unresolved: unresolved} }
	}
	v := verdicts(t, workload.Rollback())
	v.Finds("the previous revision can start", api(previous()))
	v.Finds("there is none", api(),
		"fail no_previous_revision: Only the newest revision of the Deployment is kept.")
	v.Finds("its configuration is gone", api(previous(fact.Reference{Kind: "ConfigMap", Name: "old", From: "volume settings"})),
		"fail configuration_gone: The ConfigMap old does not exist; the revision api-1 needs it for volume settings.")
	v.Finds("a StatefulSet keeps its own elsewhere", api(kind(fact.KindStatefulSet)), leftOut)
}

func TestRolloutHealth(t *testing.T) {
	progress := rollout(func(r *fact.Rollout) { r.InProgress = true })
	v := verdicts(t, workload.RolloutHealth())
	v.Finds("complete", api())
	v.Finds("in progress", api(progress, replicas(3, 1)),
		"warn in_progress: Of 3 pods, 1 is updated and 1 is ready.")
	v.Finds("in progress, and a container cannot start", api(progress, replicas(3, 1), waiting("ErrImagePull")),
		"fail not_ready: Of 3 pods, 1 is updated and 1 is ready.")
	v.Finds("stuck", api(replicas(3, 2), rollout(func(r *fact.Rollout) { r.Stalled = true })),
		"fail stalled: Of 3 pods, 2 are updated and 2 are ready.")
	v.Finds("not all are ready", api(replicas(3, 2)),
		"fail not_ready: Of 3 pods, 2 are updated and 2 are ready.")
	old := func(edit func(*fact.Rollout)) fact.Workload {
		return api(rollout(edit), func(w *fact.Workload) { w.Replicas.Updated = 0 })
	}
	v.Finds("nobody deletes the pods of the old revision", old(func(r *fact.Rollout) { r.Strategy = "OnDelete" }),
		"fail older_revision: Of 3 pods, 0 are updated and 3 are ready. With the strategy OnDelete a pod is replaced only once it is deleted.")
	v.Finds("a partition holds pods back", old(func(r *fact.Rollout) { r.Partition = 3 }),
		"warn held_back: Of 3 pods, 0 are updated and 3 are ready.")
	v.Finds("a pause holds pods back", old(func(r *fact.Rollout) { r.Paused = true }),
		"warn held_back: Of 3 pods, 0 are updated and 3 are ready.")
	v.Finds("a quota refuses the new pods", old(func(r *fact.Rollout) { r.InProgress, r.Trouble = true, "exceeded quota" }),
		"fail cannot_create_pods: Of 3 pods, 0 are updated and 3 are ready. Its controller reports: exceeded quota.")
	v.Finds("its controller has not processed it yet", api(func(w *fact.Workload) { w.Observed = false }),
		"warn in_progress: Its controller has not processed the newest specification yet. Of 3 pods, 3 are updated and 3 are ready.")
}

// began makes a workload's newest rollout begin at a time.
func began(at time.Time) fact.Workload { return api(rollout(func(r *fact.Rollout) { r.BeganAt = at })) }

func TestRolloutAge(t *testing.T) {
	v := verdicts(t, workload.RolloutAge())
	v.Finds("a day ago", began(checktest.Now().Add(-24*time.Hour)))
	v.Finds("less than a day ago", began(checktest.Now().Add(-23*time.Hour)),
		"fail too_recent: The newest rollout began 23 h ago; at least 1 d is wanted.")
	v.Finds("not known", api(), leftOut)
}

// window is one that opens by an expression.
func window(t *testing.T, cron, zone string, duration time.Duration) workload.MaintenanceWindow {
	t.Helper()
	w := workload.MaintenanceWindow{Duration: quantity.Duration(duration)}
	require.NoError(t, w.Cron.UnmarshalText([]byte(cron)))
	require.NoError(t, w.Zone.UnmarshalText([]byte(zone)))
	return w
}

func TestMaintenanceWindows(t *testing.T) {
	tuesday := time.Date(2026, time.November, 17, 21, 0, 0, 0, time.UTC) // 22:00 in Berlin
	kind := workload.MaintenanceWindows()
	kind.Defaults.Windows = []workload.MaintenanceWindow{
		window(t, "0 22 * * TUE", "Europe/Berlin", 2*time.Hour), window(t, "0 3 1 * *", "", time.Hour),
	}
	v := verdicts(t, kind)
	v.Finds("as it opens", began(tuesday))
	v.Finds("as it closes", began(tuesday.Add(2*time.Hour-time.Second)))
	v.Finds("a second before", began(tuesday.Add(-time.Second)),
		"fail outside_window: The newest rollout began at 2026-11-17T20:59:59Z, outside of every maintenance window.")
	v.Finds("once it has closed", began(tuesday.Add(2*time.Hour)),
		"fail outside_window: The newest rollout began at 2026-11-17T23:00:00Z, outside of every maintenance window.")
	v.Finds("in the other window", began(time.Date(2026, time.November, 1, 3, 30, 0, 0, time.UTC)))
	v.Finds("no rollout is known of", began(time.Time{}), leftOut)

	kind.Defaults.Windows = nil
	checktest.Some(t, kind, fact.Workloads()).Finds("no window is declared", began(tuesday),
		"undeclared not_declared on the item: Declare when rollouts may begin, in checks of the system description: parameters: {windows: [{cron: 0 22 * * TUE, duration: 2h}]}.")
}

func TestMaintenanceWindowsAreReadAsTheyAreWritten(t *testing.T) {
	var read workload.MaintenanceWindowParameters
	require.NoError(t, yaml.Unmarshal([]byte(`windows: [{cron: "0 22 * * TUE", duration: 2h, zone: Europe/Berlin}]`), &read))
	require.Equal(t, workload.MaintenanceWindowParameters{
		Windows: []workload.MaintenanceWindow{window(t, "0 22 * * TUE", "Europe/Berlin", 2*time.Hour)},
	}, read)
	for text, wants := range map[string]string{
		`windows: [{cron: "0 0 30 2 *", duration: 2h}]`:             "never fires",
		`windows: [{cron: "0 22 * * *", duration: 2h, zone: Mars}]`: "is no time zone",
	} {
		require.ErrorContains(t, yaml.Unmarshal([]byte(text), &read), wants)
	}
}

func TestMaintenanceWindowsThatCannotBeAreRefused(t *testing.T) {
	open := window(t, "0 22 * * TUE", "", time.Hour)
	require.NoError(t, workload.MaintenanceWindowParameters{Windows: []workload.MaintenanceWindow{open}}.Validate())
	closed, never := open, open
	closed.Duration, never.Cron = 0, schedule.Expression{}
	require.EqualError(t, workload.MaintenanceWindowParameters{Windows: []workload.MaintenanceWindow{open, closed, never}}.Validate(),
		"windows: the duration of entry 2 is 0: expected more\nwindows: entry 3 has no cron: expected five fields, such as 0 22 * * TUE")
}

func scaler(edit func(*fact.Autoscaler)) func(*fact.Workload) {
	return func(w *fact.Workload) {
		w.Autoscaler = &fact.Autoscaler{Kind: "HorizontalPodAutoscaler", Name: "api", Minimum: 2, Maximum: 10, Current: 3, Active: true}
		edit(w.Autoscaler)
	}
}

func named(name string) func(*fact.Workload) { return func(w *fact.Workload) { w.Name = name } }

func withoutPort(w *fact.Workload) { w.Containers[0].Ports = nil }

func TestAutoscaling(t *testing.T) {
	active := scaler(func(*fact.Autoscaler) {})
	v := verdicts(t, workload.Autoscaling())
	v.Finds("it is active and has room", api(active))
	v.Finds("there is none", api(),
		"fail no_autoscaler: No HorizontalPodAutoscaler and no ScaledObject scales the workload.")
	v.Finds("it cannot read its metrics", api(scaler(func(a *fact.Autoscaler) { a.Active, a.Trouble = false, "FailedGetResourceMetric" })),
		"fail inactive: The HorizontalPodAutoscaler api cannot scale the workload: FailedGetResourceMetric.")
	v.Finds("it has no room", api(scaler(func(a *fact.Autoscaler) { a.Maximum = 2 })),
		"fail fixed: The HorizontalPodAutoscaler api has no room: it scales from 2 to 2 pods.")
	v.Finds("at its maximum for an hour", api(scaler(func(a *fact.Autoscaler) { a.AtMaximumSince = checktest.Now().Add(-time.Hour) })))
	v.Finds("at its maximum for longer", api(scaler(func(a *fact.Autoscaler) { a.AtMaximumSince = checktest.Now().Add(-2 * time.Hour) })),
		"fail at_limit: The HorizontalPodAutoscaler api has wanted more than its maximum of 10 pods for 2 h; at most 1 h is wanted.")
	v.FindsOn("one of two that serve has none", []fact.Workload{api(active), api(named("web"))},
		"fail no_autoscaler on main/shop/Deployment/web: No HorizontalPodAutoscaler and no ScaledObject scales the workload.")
	v.FindsOn("what serves nobody, a database and a StatefulSet need none", []fact.Workload{
		api(active), api(named("worker"), withoutPort), api(named("database"), func(w *fact.Workload) { w.Database = "mysql" }),
		api(named("queue"), kind(fact.KindStatefulSet)),
	})
	v.Finds("a worker that has one must have one that can scale", api(withoutPort, scaler(func(a *fact.Autoscaler) { a.Maximum = 2 })),
		"fail fixed: The HorizontalPodAutoscaler api has no room: it scales from 2 to 2 pods.")
	v.Finds("nothing serves", api(withoutPort), leftOut)
	v.FindsIn("another cluster is unavailable", fact.Set[fact.Workload]{
		Facts: []*fact.Workload{new(api(active))}, Unavailable: elsewhere(),
	},
		"unknown not_collected on elsewhere: no answer in 10 s")

	chosen := workload.Autoscaling()
	chosen.Defaults.Workloads = []string{"web-*"}
	v = checktest.Some(t, chosen, fact.Workloads())
	v.FindsOn("only those that are named need one", []fact.Workload{api(), api(named("web-1"), withoutPort)},
		"fail no_autoscaler on main/shop/Deployment/web-1: No HorizontalPodAutoscaler and no ScaledObject scales the workload.")
	v.Finds("none has the name", api(), leftOut)
}

// elsewhere is a cluster that could not be collected.
func elsewhere() []fact.Unavailable[fact.Workload] {
	return []fact.Unavailable[fact.Workload]{{
		Subject: "elsewhere", Known: fact.Workload{Cluster: "elsewhere"}, Reason: fact.ReasonTimeout, Detail: "no answer in 10 s",
	}}
}

func TestServiceMonitor(t *testing.T) {
	monitor := func(unknown ...string) func(*fact.Workload) {
		return func(w *fact.Workload) {
			w.Monitors = []fact.Monitor{{Kind: "ServiceMonitor", Name: "api", UnknownPorts: unknown}}
		}
	}
	v := verdicts(t, workload.ServiceMonitor())
	v.Finds("a monitor selects it", api(monitor()))
	v.Finds("none does", api(),
		"fail no_monitor: No ServiceMonitor selects its Services, and no PodMonitor its pods.")
	v.Finds("a port is not there", api(monitor("metrics", "9090")),
		"fail no_such_port: The ServiceMonitor api names the ports metrics and 9090, which are not there.")
	v.FindsOn("one of two that serve has none", []fact.Workload{api(monitor()), api(named("web"))},
		"fail no_monitor on main/shop/Deployment/web: No ServiceMonitor selects its Services, and no PodMonitor its pods.")
	v.FindsOn("what serves nobody and a database need none", []fact.Workload{
		api(monitor()), api(named("worker"), withoutPort), api(named("database"), func(w *fact.Workload) { w.Database = "mysql" }),
	})
	v.Finds("nothing serves", api(withoutPort), leftOut)
	v.FindsIn("another cluster is unavailable", fact.Set[fact.Workload]{
		Facts: []*fact.Workload{new(api(monitor()))}, Unavailable: elsewhere(),
	},
		"unknown not_collected on elsewhere: no answer in 10 s")

	chosen := workload.ServiceMonitor()
	chosen.Defaults.Workloads = []string{"web-*"}
	checktest.Some(t, chosen, fact.Workloads()).FindsOn("only those that are named need one", []fact.Workload{api(), api(named("web-1"))},
		"fail no_monitor on main/shop/Deployment/web-1: No ServiceMonitor selects its Services, and no PodMonitor its pods.")
}

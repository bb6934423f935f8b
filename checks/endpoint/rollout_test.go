package endpoint_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/endpoint"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// rolledOut is a workload whose newest rollout ended some time before the facts of a run were collected.
func rolledOut(ago time.Duration, edits ...func(*fact.Workload)) fact.Workload {
	w := fact.Workload{
		Cluster: "main", Namespace: "shop", Kind: fact.KindDeployment, Name: "api", Observed: true,
		Replicas: fact.Replicas{Desired: 3, Ready: 3, Updated: 3}, Rollout: fact.Rollout{EndedAt: checktest.Now().Add(-ago)},
	}
	for _, edit := range edits {
		edit(&w)
	}
	return w
}

func TestRolloutAccess(t *testing.T) {
	const pending = "The newest rollout ended at 2026-11-22T11:58:01Z, and the endpoint is not known to have been requested since."
	ended, now := rolledOut(time.Hour), rolledOut(0)
	recent := rolledOut(2 * time.Minute)
	good, bad := answered("front", nil), answered("front", status(503))
	wrong := checktest.One("wrong_status", check.Fail, "Over IPv4 the answer is 503 (Service Unavailable), and less than 400 is expected.")
	from := func(e fact.Endpoint) fact.Endpoint { e.Vantage = "frankfurt"; return e }
	frankfurt := checktest.Facts(fact.VantagePoints(), fact.VantagePoint{Name: "frankfurt", EndpointAge: 3 * time.Minute})
	twice := checktest.Facts(fact.VantagePoints(), fact.VantagePoint{Name: "frankfurt", EndpointAge: 3 * time.Minute},
		fact.VantagePoint{Name: "frankfurt", EndpointAge: time.Second})
	open := checktest.One("rollout_not_ended", check.Unknown, "The newest rollout of the workload has not ended.")
	for name, c := range map[string]struct {
		workloads []fact.Workload
		endpoints []fact.Endpoint
		point     fact.AnySet
		want      []checktest.Finding
	}{
		"it has answered since":                     {[]fact.Workload{ended}, []fact.Endpoint{good}, nil, nil},
		"it has answered otherwise since":           {[]fact.Workload{ended}, []fact.Endpoint{bad}, nil, wrong},
		"the last of the rollouts counts":           {[]fact.Workload{ended, now}, []fact.Endpoint{good}, nil, checktest.One("asked_before", check.Unknown, "The newest rollout ended at 2026-11-22T12:00:01Z, and the endpoint is not known to have been requested since.")},
		"what failed before says nothing":           {[]fact.Workload{now}, []fact.Endpoint{bad}, nil, checktest.One("asked_before", check.Unknown, "The newest rollout ended at 2026-11-22T12:00:01Z, and the endpoint is not known to have been requested since.")},
		"what runs nothing is rolled out nowhere":   {[]fact.Workload{ended, rolledOut(0, func(w *fact.Workload) { w.Replicas.Desired = 0 })}, []fact.Endpoint{good}, nil, nil},
		"pods that failed later are another matter": {[]fact.Workload{rolledOut(time.Hour, func(w *fact.Workload) { w.Replicas.Ready = 0 })}, []fact.Endpoint{good}, nil, nil},
		"while one goes on nothing is known":        {[]fact.Workload{ended, rolledOut(time.Hour, func(w *fact.Workload) { w.Rollout.InProgress = true })}, []fact.Endpoint{bad}, nil, open},
		"one that is stuck never ends":              {[]fact.Workload{rolledOut(time.Hour, func(w *fact.Workload) { w.Rollout.Stalled = true })}, []fact.Endpoint{good}, nil, open},
		"nor does one that nobody has begun":        {[]fact.Workload{rolledOut(time.Hour, func(w *fact.Workload) { w.Observed = false })}, []fact.Endpoint{good}, nil, open},
		"without a time there is no since":          {[]fact.Workload{rolledOut(0, func(w *fact.Workload) { w.Rollout.EndedAt = time.Time{} })}, []fact.Endpoint{good}, nil, open},
		"there is no workload":                      {nil, []fact.Endpoint{good}, nil, checktest.One("no_workload", check.Undeclared, "The clusters have no workload of the system that is rolled out.")},
		"it has answered in Frankfurt since":        {[]fact.Workload{ended}, []fact.Endpoint{good, from(good)}, frankfurt, nil},
		"it has not in Frankfurt":                   {[]fact.Workload{ended}, []fact.Endpoint{good, from(bad)}, frankfurt, wrong},
		"what was taken over may be older":          {[]fact.Workload{recent}, []fact.Endpoint{good, from(good)}, frankfurt, checktest.One("asked_before", check.Unknown, pending)},
		"the oldest counts where two runs tell":     {[]fact.Workload{recent}, []fact.Endpoint{good, from(good)}, twice, checktest.One("asked_before", check.Unknown, pending)},
		"or of any age":                             {[]fact.Workload{recent}, []fact.Endpoint{from(good)}, nil, checktest.One("asked_before", check.Unknown, pending)},
	} {
		t.Run(name, func(t *testing.T) {
			sets := []fact.AnySet{checktest.Facts(fact.Workloads(), c.workloads...), checktest.Facts(fact.Endpoints(), c.endpoints...)}
			if c.point != nil {
				sets = append(sets, c.point)
			}
			require.Equal(t, c.want, checktest.Case{Kind: endpoint.RolloutAccess(), Now: checktest.Now(), Sets: sets, System: &system.System{
				Kubernetes: []system.Cluster{{Name: "main"}}, Endpoints: []system.Endpoint{{URL: address}},
			}}.Judge(t))
		})
	}
}

package alert_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/alert"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// ago is a period that began and ended some minutes ago.
func ago(from, until time.Duration) fact.Period {
	return fact.Period{From: now.Add(-from * time.Minute), Until: now.Add(-until * time.Minute)}
}

func fired(name string, periods ...fact.Period) fact.FiredAlert {
	return fact.FiredAlert{Alert: fact.Alert{Name: name, Severity: "critical"}, Fired: periods}
}

// historyAt is what the Prometheus of a name has stored of the last day.
func historyAt(prometheus string, unobserved []fact.Period, alerts ...fact.FiredAlert) fact.AlertHistory {
	return fact.AlertHistory{
		Request:    fact.AlertHistoryRequest{Label: "severity", Severities: "critical", Within: 24 * time.Hour},
		Prometheus: prometheus, From: now.Add(-24 * time.Hour), Until: now, Resolution: time.Minute, Alerts: alerts, Unobserved: unobserved,
	}
}

func TestResolution(t *testing.T) {
	in := func(alert fact.FiredAlert, namespace string) fact.FiredAlert {
		alert.Namespace = namespace
		return alert
	}
	of := func(alert fact.FiredAlert, system, environment string) fact.FiredAlert {
		alert.System, alert.Environment = system, environment
		return alert
	}
	critical := rule("ShopDown", func(r *fact.AlertRule) { r.Labels = []fact.RuleLabel{{Name: "severity", Value: "Critical"}} })
	long := checktest.One("fired_too_long", check.Fail,
		"The alert ShopDown (severity critical) fired for 1 h 40 min, from 2026-11-22T03:40:00Z to 2026-11-22T05:20:00Z (limit 1h).")
	gap := checktest.One("history_incomplete", check.Unknown,
		"Prometheus main has no samples from 2026-11-22T03:40:00Z to 2026-11-22T05:20:00Z, so that an alert may have fired for longer than 1h.")
	for name, c := range map[string]struct {
		rule      *fact.AlertRule
		histories []fact.AlertHistory
		rollout   time.Duration // minutes ago
		launched  time.Duration
		want      []checktest.Finding
	}{
		"none has fired":                        {histories: []fact.AlertHistory{historyAt("main", nil)}},
		"one was resolved soon":                 {histories: []fact.AlertHistory{historyAt("main", nil, fired("ShopDown", ago(500, 445)))}},
		"one fired for long":                    {histories: []fact.AlertHistory{historyAt("main", nil, fired("ShopDown", ago(500, 400)))}, want: long},
		"the longest time is reported":          {histories: []fact.AlertHistory{historyAt("main", nil, fired("ShopDown", ago(700, 630), ago(500, 400), ago(300, 238)))}, want: long},
		"a pause is none":                       {histories: []fact.AlertHistory{historyAt("main", nil, fired("ShopDown", ago(500, 460), ago(450, 400)))}, want: long},
		"a time without samples is none either": {histories: []fact.AlertHistory{historyAt("main", []fact.Period{ago(460, 410)}, fired("ShopDown", ago(500, 464), ago(406, 400)))}, want: long},
		"two that were resolved soon are two":   {histories: []fact.AlertHistory{historyAt("main", nil, fired("ShopDown", ago(500, 445), ago(430, 400)))}},
		"one fires": {
			histories: []fact.AlertHistory{historyAt("main", nil, fired("ShopDown", ago(12, 0)))},
			want:      checktest.One("firing", check.Warn, "The alert ShopDown (severity critical) has been firing for 12 min."),
		},
		"one has fired for long": {
			histories: []fact.AlertHistory{historyAt("main", nil, fired("ShopDown", ago(90, 1)))},
			want: checktest.One("firing_too_long", check.Fail,
				"The alert ShopDown (severity critical) has been firing for 1 h 29 min, from 2026-11-22T10:30:00Z on (limit 1h)."),
		},
		"what fired before the rollout does not count": {histories: []fact.AlertHistory{historyAt("main", nil, fired("ShopDown", ago(500, 400)))}, rollout: 450},
		"nor what fired before the launch":             {histories: []fact.AlertHistory{historyAt("main", nil, fired("ShopDown", ago(500, 400)))}, launched: 450},
		"a rollout of long ago changes nothing":        {histories: []fact.AlertHistory{historyAt("main", nil, fired("ShopDown", ago(500, 400)))}, rollout: 5000, launched: 9000, want: long},
		"a launch that is to come changes nothing":     {histories: []fact.AlertHistory{historyAt("main", nil, fired("ShopDown", ago(500, 400)))}, launched: -60, want: long},
		"what is in a namespace of the system counts":  {histories: []fact.AlertHistory{historyAt("main", nil, in(fired("ShopDown", ago(500, 400)), "shop"))}, want: long},
		"what is in another is about another system":   {histories: []fact.AlertHistory{historyAt("main", nil, in(fired("ShopDown", ago(500, 400)), "blog"))}},
		"the exporter's own alerts name the system":    {histories: []fact.AlertHistory{historyAt("main", nil, of(fired("ReadinessDown", ago(500, 400)), "blog", ""), of(fired("ReadinessDown", ago(500, 400)), "shop", "staging"))}},
		"others may mean something else by it":         {histories: []fact.AlertHistory{historyAt("main", nil, of(fired("ShopDown", ago(500, 400)), "linux", ""))}, want: long},
		"the server was down":                          {histories: []fact.AlertHistory{historyAt("main", []fact.Period{ago(500, 400)})}, want: gap},
		"it was restarted":                             {histories: []fact.AlertHistory{historyAt("main", []fact.Period{ago(500, 450)})}},
		"it was down before the rollout":               {histories: []fact.AlertHistory{historyAt("main", []fact.Period{ago(500, 400)})}, rollout: 450},
		"its replica was not":                          {histories: []fact.AlertHistory{historyAt("main", []fact.Period{ago(500, 400)}), historyAt("twin", []fact.Period{ago(300, 200)})}},
		"each of two replicas has a part":              {histories: []fact.AlertHistory{historyAt("main", nil, fired("ShopDown", ago(500, 440))), historyAt("twin", nil, fired("ShopDown", ago(450, 400)))}, want: long},
		"what another item asks for is no part of it":  {histories: []fact.AlertHistory{historyAt("main", nil), {Prometheus: "main", Alerts: []fact.FiredAlert{fired("ShopDown", ago(500, 400))}}}},
		"a rule may have its severity from a template": {rule: new(rule("A", func(r *fact.AlertRule) {
			r.Labels = []fact.RuleLabel{{Name: "severity", Value: "{{ $labels.severity }}"}}
		})), histories: []fact.AlertHistory{historyAt("main", nil)}},
		"where no rule has the severity none can be fired": {rule: new(rule("A")), histories: []fact.AlertHistory{historyAt("main", nil)}, want: checktest.One("no_rule", check.Undeclared, "No alerting rule whose severity is critical is loaded at main.")},
	} {
		t.Run(name, func(t *testing.T) {
			loaded := critical
			if c.rule != nil {
				loaded = *c.rule
			}
			workload := fact.Workload{Cluster: "main", Namespace: "shop", Kind: "Deployment", Name: "api"}
			if c.rollout != 0 {
				workload.Rollout.BeganAt = now.Add(-c.rollout * time.Minute)
			}
			s := &system.System{
				Name: "shop", Environment: "production", Kubernetes: []system.Cluster{{Name: "main", Namespaces: []string{"shop"}}},
				Prometheus: []system.Prometheus{{Name: "main"}, {Name: "twin", ReplicaOf: "main"}},
			}
			if c.launched != 0 {
				s.Launched = now.Add(-c.launched * time.Minute)
			}
			require.Equal(t, c.want, checktest.Case{Kind: alert.Resolution(), Now: now, System: s, Sets: []fact.AnySet{
				checktest.Facts(fact.AllAlertRules(), at("main", group(nil, loaded))), checktest.Facts(fact.AllAlertHistories(), c.histories...),
				checktest.Facts(fact.Workloads(), workload),
			}}.Judge(t))
		})
	}
}

func TestResolution_parameters(t *testing.T) {
	good := alert.Resolution().Defaults
	require.NoError(t, good.Validate())
	for want, edit := range map[string]func(p *alert.ResolutionParameters){
		"severities: expected at least one, such as critical":               func(p *alert.ResolutionParameters) { p.Severities = nil },
		"label: expected the name of a label, such as severity":             func(p *alert.ResolutionParameters) { p.Label = "the severity" },
		`match: "team": expected a label and its value, such as team=shop`:  func(p *alert.ResolutionParameters) { p.Match = []string{"team"} },
		`match: "a b=c": expected a label and its value, such as team=shop`: func(p *alert.ResolutionParameters) { p.Match = []string{"a b=c"} },
		"maximum_firing: 5m: expected at least 10m":                         func(p *alert.ResolutionParameters) { p.MaximumFiring = quantity.Duration(5 * time.Minute) },
		"within: 1h: expected more than maximum_firing, and at most 7d":     func(p *alert.ResolutionParameters) { p.Within = p.MaximumFiring },
		"within: 30d: expected more than maximum_firing, and at most 7d":    func(p *alert.ResolutionParameters) { p.Within = quantity.Duration(30 * 24 * time.Hour) },
	} {
		p := good
		edit(&p)
		require.EqualError(t, p.Validate(), want)
	}
}

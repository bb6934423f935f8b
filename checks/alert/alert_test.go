package alert_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/alert"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

var now = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

func declared() *system.System {
	return &system.System{Prometheus: []system.Prometheus{{Name: "main"}, {Name: "twin", ReplicaOf: "main"}, {Name: "query", QueriesOnly: true}}}
}

// rule is a healthy one.
func rule(name string, edits ...func(*fact.AlertRule)) fact.AlertRule {
	r := fact.AlertRule{Name: name, Health: fact.RuleOK, State: "inactive", LastEvaluation: now}
	for _, edit := range edits {
		edit(&r)
	}
	return r
}

func label(name, value string) func(*fact.AlertRule) {
	return func(r *fact.AlertRule) { r.Labels = append(r.Labels, fact.RuleLabel{Name: name, Value: value}) }
}

func health(health fact.RuleHealth, err string) func(*fact.AlertRule) {
	return func(r *fact.AlertRule) { r.Health, r.Error = health, err }
}

// group is one that is evaluated in time.
func group(edit func(*fact.RuleGroup), rules ...fact.AlertRule) fact.RuleGroup {
	g := fact.RuleGroup{File: "f.yml", Name: "shop", Interval: time.Minute, Duration: time.Second, LastEvaluation: now, Rules: rules}
	if edit != nil {
		edit(&g)
	}
	return g
}

func at(server string, groups ...fact.RuleGroup) fact.AlertRules {
	return fact.AlertRules{Prometheus: server, Groups: groups}
}

func TestRules(t *testing.T) {
	interval := func(interval, took, overdue time.Duration) func(*fact.RuleGroup) {
		return func(g *fact.RuleGroup) { g.Interval, g.Duration, g.Overdue = interval, took, overdue }
	}
	sound := group(nil, rule("ShopDown"))
	for _, c := range []struct {
		name  string
		tune  func(*alert.RulesParameters)
		facts []fact.AlertRules
		want  []checktest.Finding
	}{
		{"rules that are evaluated pass", nil, []fact.AlertRules{at("main", sound)}, nil},
		{"a server without rules beside one with some passes", nil, []fact.AlertRules{at("main", sound), at("other")}, nil},
		{"no rules fail", nil, []fact.AlertRules{at("main")}, checktest.One("no_rule", check.Fail, "No alerting rule that the item is about is loaded at main.")},
		{
			"a team is judged by its own rules", func(p *alert.RulesParameters) {
				p.Match, p.Groups = []string{"team=shop", "alertname=A"}, []string{"shop/*"}
			},
			[]fact.AlertRules{at("main",
				group(func(g *fact.RuleGroup) { g.Name = "shop/front" }, rule("A", label("team", "shop")), rule("A", label("team", "x"), health(fact.RuleError, "")), rule("B", health(fact.RuleError, ""))),
				group(func(g *fact.RuleGroup) { g.Name = "other" }, rule("A", label("team", "shop"), health(fact.RuleError, ""))))},
			nil,
		},
		{
			"a rule that fails is named", nil, []fact.AlertRules{at("main", group(nil, rule("A", health(fact.RuleError, "many-to-many matching.")), rule("B")))},
			checktest.One("rule_failing", check.Fail, "The last evaluation of the rule A of the group shop at main failed: many-to-many matching."),
		},
		{
			"rules of one name are one problem", nil, []fact.AlertRules{at("main", group(nil, rule("A", health(fact.RuleError, "b")), rule("A", health(fact.RuleError, "a"))))},
			checktest.One("rule_failing", check.Fail, "The last evaluation of the rule A of the group shop at main failed: a."),
		},
		{
			"a rule that was not evaluated yet is unknown", nil, []fact.AlertRules{at("main", group(nil, rule("A", health(fact.RuleUnknown, ""))))},
			checktest.One("not_evaluated", check.Unknown, "The rule A of the group shop at main has not been evaluated yet."),
		},
		{
			"a group that was never evaluated is unknown, whatever its rules report", nil,
			[]fact.AlertRules{at("main", group(func(g *fact.RuleGroup) { g.LastEvaluation = time.Time{} }, rule("A")))},
			checktest.One("not_evaluated", check.Unknown, "The rule A of the group shop at main has not been evaluated yet."),
		},
		{
			"a health that is not known is unknown", nil,
			[]fact.AlertRules{at("main", group(nil, rule("A", health(fact.RuleUnknown, ""), func(r *fact.AlertRule) { r.Reported = "fine" })))},
			checktest.One("not_evaluated", check.Unknown, `The server main reports the health of the rule A of the group shop as "fine", which is not known.`),
		},
		{
			"a rule without data is a warning", nil, []fact.AlertRules{at("main", group(nil, rule("A", health(fact.RuleNoData, ""))))},
			checktest.One("no_data", check.Warn, "The rule A of the group shop at main finds no data."),
		},
		{
			"a rule that is paused is a warning", nil, []fact.AlertRules{at("main", group(nil, rule("A", health(fact.RuleUnknown, ""), func(r *fact.AlertRule) { r.Paused = true })))},
			checktest.One("rule_paused", check.Warn, "The rule A of the group shop is paused at main."),
		},
		{
			"a group that is slower than its interval fails", nil, []fact.AlertRules{at("main", group(interval(time.Minute, 61*time.Second, 0), rule("A")))},
			checktest.One("group_slow", check.Fail, "Evaluating the group shop at main took 1m1s (interval 1m)."),
		},
		{"a group exactly as slow as the limit is in time", nil, []fact.AlertRules{at("main", group(interval(time.Minute, 48*time.Second, 0), rule("A")))}, nil},
		{
			"a group that is nearly too slow is a warning", nil, []fact.AlertRules{at("main", group(interval(time.Minute, 49*time.Second, 0), rule("A")))},
			checktest.One("group_nearly_slow", check.Warn, "Evaluating the group shop at main took 49s (interval 1m, warning at 80 %)."),
		},
		{
			"an interval that is not reported is the default one", nil, []fact.AlertRules{at("main", group(interval(0, 61*time.Second, 0), rule("A")))},
			checktest.One("group_slow", check.Fail, "Evaluating the group shop at main took 1m1s (interval 1m)."),
		},
		{"a group that is late within bounds passes", nil, []fact.AlertRules{at("main", group(interval(time.Minute, 0, 3*time.Minute), rule("A")))}, nil},
		{"a short interval does not make a group late at once", nil, []fact.AlertRules{at("main", group(interval(time.Second, 0, 59*time.Second), rule("A")))}, nil},
		{
			"a group that is evaluated no more fails", nil, []fact.AlertRules{at("main", group(interval(time.Minute, 0, 3*time.Minute+time.Second), rule("A"), rule("B")))},
			checktest.One("group_stalled", check.Fail,
				"The group shop at main was last evaluated at 2026-11-22 12:00 UTC, and its evaluation is overdue by 3 min 1 s (interval 1m)."),
		},
		{"replicas with the same rules pass", nil, []fact.AlertRules{at("main", sound), at("twin", sound)}, nil},
		{
			"a rule that one replica has alone fails, of which labels tell it", nil,
			[]fact.AlertRules{at("main", sound, group(nil, rule("A", label("severity", "critical")))), at("twin", sound, group(nil, rule("A")))},
			[]checktest.Finding{
				{Reason: "rule_missing", Level: check.Fail, Detail: "The rule A of the group shop is loaded at twin and not at main, which are replicas."},
				{Reason: "rule_missing", Level: check.Fail, Detail: "The rule A of the group shop is loaded at main and not at twin, which are replicas."},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := alert.Rules().Defaults
			if c.tune != nil {
				c.tune(&p)
			}
			require.NoError(t, p.Validate())
			require.Equal(t, c.want, checktest.Case{
				Kind: alert.Rules(), Parameters: &p, System: declared(), Now: now, Sets: []fact.AnySet{checktest.Facts(fact.AllAlertRules(), c.facts...)},
			}.Judge(t))
		})
	}
}

func TestRules_ofAReplicaInPartAreNotMissing(t *testing.T) {
	set := &fact.Set[fact.AlertRules]{}
	set.Add(at("main", group(nil, rule("A"), rule("B"))), at("twin", group(nil, rule("A"))))
	set.Unavailable = []fact.Unavailable[fact.AlertRules]{{Known: fact.AlertRules{Prometheus: "twin"}, Reason: fact.ReasonFailed, Detail: "in part"}}
	require.Equal(t, checktest.One("not_collected", check.Unknown, "in part"), checktest.Case{
		Kind: alert.Rules(), System: declared(), Now: now, Sets: []fact.AnySet{fact.AllAlertRules().Set(set)},
	}.Judge(t))
}

func TestWithoutAServerThatHasRulesNothingIsDeclared(t *testing.T) {
	for _, kind := range []check.Any{alert.Rules(), alert.Runbooks(), alert.Documents()} {
		found := checktest.Case{Kind: kind, Now: now, System: &system.System{Prometheus: []system.Prometheus{{Name: "q", QueriesOnly: true}}}}.Judge(t)
		require.Equal(t, check.Undeclared, found[0].Level)
	}
}

func TestParameters(t *testing.T) {
	rules, runbooks, documents := alert.Rules().Defaults, alert.Runbooks().Defaults, alert.Documents().Defaults
	require.NoError(t, rules.Validate())
	require.NoError(t, runbooks.Validate())
	require.NoError(t, documents.Validate())
	for want, p := range map[string]interface{ Validate() error }{
		`match: "team": expected a label and its value, such as team=shop`:                                                          alert.RulesParameters{StalledIntervals: 2, Match: []string{"team"}},
		`groups: "[": expected the name of a group, or a pattern such as shop-*`:                                                    alert.RulesParameters{StalledIntervals: 2, Groups: []string{"["}},
		"stalled_intervals: expected at least 2: the next evaluation is due after one":                                              alert.RulesParameters{StalledIntervals: 1},
		"annotations: expected the name of an annotation, such as runbook_url":                                                      alert.RunbookParameters{},
		`hosts: "https://wiki.corp": expected the name of a host, such as wiki.corp, or host:port`:                                  alert.RunbookParameters{Annotations: []string{"a"}, Hosts: []string{"https://wiki.corp"}},
		`behind_login: "https://github.com": expected the beginning of a URL with the whole host, such as https://github.com/acme/`: alert.RunbookParameters{Annotations: []string{"a"}, BehindLogin: []string{"https://github.com"}},
		"severities: expected at least one, such as critical":                                                                       alert.DocumentParameters{},
		"label: expected the name of a label, such as severity":                                                                     alert.DocumentParameters{Severities: []string{"a"}},
		"document: expected a name of letters, digits, '.', '_' and '-', such as runbooks":                                          alert.DocumentParameters{Severities: []string{"a"}, Label: "a", Folder: "a"},
	} {
		require.EqualError(t, p.Validate(), want)
	}
}

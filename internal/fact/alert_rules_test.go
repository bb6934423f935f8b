package fact_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestRulesAreCountedByTheirHealth(t *testing.T) {
	rules := &fact.AlertRules{Prometheus: "main", Groups: []fact.RuleGroup{
		{Rules: []fact.AlertRule{{Health: fact.RuleOK}, {Health: fact.RuleError}}}, {Rules: []fact.AlertRule{{Health: fact.RuleOK}}},
	}}
	require.Equal(t, []string{"alert_rules{prometheus=main,health=ok} 2", "alert_rules{prometheus=main,health=err} 1"}, exported(fact.AllAlertRules(), rules))
	require.Empty(t, exported(fact.AllAlertRules(), &fact.AlertRules{Prometheus: "main"}), "nothing that is always zero")
}

func TestAGroupWithoutAnIntervalIsEvaluatedAsOftenAsTheServerDoesByDefault(t *testing.T) {
	require.Equal(t, time.Minute, (&fact.RuleGroup{}).Every())
	require.Equal(t, time.Second, (&fact.RuleGroup{Interval: time.Second}).Every())
}

func TestTheAnnotationThatLeadsToAPageCounts(t *testing.T) {
	rule := fact.AlertRule{Annotations: []fact.RuleAnnotation{
		{Name: "runbook", Text: "https://a", Page: "a"}, {Name: "runbook_url", Text: "a text"}, {Name: "summary", Text: "https://b", Page: "b"}, {Name: "empty"},
	}}
	require.Equal(t, "a", rule.Annotation([]string{"runbook_url", "runbook"}).Page)
	require.Equal(t, "a text", rule.Annotation([]string{"runbook_url", "empty"}).Text)
	require.Nil(t, rule.Annotation([]string{"empty"}))
}

func TestRequestsForRunbooksAreToldApart(t *testing.T) {
	require.Regexp(t, `^runbooks [0-9a-f]{8}$`, fact.RunbookPagesRequest{Annotations: "a"}.Name())
	require.NotEqual(t, fact.RunbookPagesRequest{Annotations: "a"}.Name(), fact.RunbookPagesRequest{Hosts: "a"}.Name())
}

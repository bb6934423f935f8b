package alert_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/alert"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func annotated(all ...fact.RuleAnnotation) func(*fact.AlertRule) {
	return func(r *fact.AlertRule) { r.Annotations = append(r.Annotations, all...) }
}

// leadsTo is an annotation that leads to the page a.
func leadsTo(name string) fact.RuleAnnotation {
	return fact.RuleAnnotation{Name: name, Text: "https://docs.acme.com/a", Page: "a"}
}

func pagesFact(pages ...fact.RunbookPage) fact.AnySet {
	for i := range pages {
		pages[i].Page, pages[i].Address = "a", "https://docs.acme.com/a"
	}
	return checktest.Facts(fact.AllRunbookPages(), fact.RunbookPages{
		Request: fact.RunbookPagesRequest{Annotations: "runbook_url\nrunbook"}, Pages: pages,
	}, fact.RunbookPages{Request: fact.RunbookPagesRequest{Annotations: "other"}, Pages: []fact.RunbookPage{{Page: "a", Answer: fact.PageThere}}})
}

func TestRunbooks(t *testing.T) {
	page := func(answer fact.RunbookPageAnswer) fact.AnySet {
		return pagesFact(fact.RunbookPage{Answer: answer, Detail: "the server answers 404"})
	}
	failing := func(times int, since, alive time.Time) fact.AnySet {
		return pagesFact(fact.RunbookPage{Answer: fact.PageFailing, Detail: "the server answers 503", Times: times, Since: since, Alive: alive})
	}
	named := annotated(leadsTo("runbook_url"))
	for _, c := range []struct {
		name  string
		rule  fact.AlertRule
		pages fact.AnySet // nil: they are not checked
		want  []checktest.Finding
	}{
		{"a page that is there passes", rule("A", named), page(fact.PageThere), nil},
		{"an annotation that leads to a page counts before one that does not", rule("A", annotated(
			fact.RuleAnnotation{Name: "runbook_url", Text: "see below", Fault: "it is a text and no URL"}, leadsTo("runbook"))), page(fact.PageThere), nil},
		{
			"that pages are not checked is undeclared, and never a pass", rule("A", named), nil,
			checktest.One("pages_not_checked", check.Undeclared, "Whether the pages are there that 1 rule names is not checked."),
		},
		{
			"a rule without a runbook fails", rule("A", annotated(leadsTo("dashboard_url"))), nil,
			checktest.One("no_runbook", check.Fail, "The rule A of the group shop has none of the annotations runbook_url and runbook."),
		},
		{
			"an annotation in which nothing stands is none", rule("A", annotated(fact.RuleAnnotation{Name: "runbook_url", Fault: "it is empty"})), nil,
			checktest.One("no_runbook", check.Fail, "The rule A of the group shop has none of the annotations runbook_url and runbook."),
		},
		{
			"what is no URL fails", rule("A", annotated(fact.RuleAnnotation{Name: "runbook_url", Text: "aka.ms/a", Fault: "it does not begin with https://"})), nil,
			checktest.One("no_url", check.Fail, "The annotation runbook_url of the rule A leads to no page, since it does not begin with https://: aka.ms/a."),
		},
		{
			"a template cannot be checked", rule("A", annotated(fact.RuleAnnotation{Name: "runbook_url", Text: "https://docs.acme.com/{{ $labels.job }}", Template: true})), nil,
			checktest.One("url_template", check.Unknown, "The annotation runbook_url of the rule A is a template: https://docs.acme.com/{{ $labels.job }}."),
		},
		{
			"a template with the name of the alert gets nothing in its place",
			rule("A", annotated(fact.RuleAnnotation{Name: "runbook_url", Text: "https://docs.acme.com/{{ $labels.alertname }}", Template: true})), nil,
			checktest.One("url_template", check.Unknown, "The annotation runbook_url of the rule A is a template: https://docs.acme.com/{{ $labels.alertname }}. "+
				"Prometheus puts nothing in the place of alertname, which is no label of the series that the expression returns."),
		},
		{
			"a page that is missing fails", rule("A", named), page(fact.PageMissing),
			checktest.One("dead_runbook", check.Fail, "The runbook of the rule A, https://docs.acme.com/a, is not there: the server answers 404."),
		},
		{
			"a page to log in is no runbook", rule("A", named), page(fact.PageLogin),
			checktest.One("runbook_login", check.Unknown, "The runbook of the rule A, https://docs.acme.com/a, asks for a login."),
		},
		{
			"one that people say is behind a login is a warning", rule("A", named), page(fact.PageExempt),
			checktest.One("runbook_not_checked", check.Warn, "The runbook of the rule A, https://docs.acme.com/a, is behind a login, and was not checked."),
		},
		{
			"one at a private address is unknown", rule("A", named), page(fact.PagePrivate),
			checktest.One("runbook_private", check.Unknown, "The runbook of the rule A, https://docs.acme.com/a, has no public address, and was not asked."),
		},
		{
			"one that was not asked yet is unknown", rule("A", named), page(fact.PageWaiting),
			checktest.One("runbook_waiting", check.Unknown, "The runbook of the rule A, https://docs.acme.com/a, has not been asked yet."),
		},
		{
			"one of which nothing is known is unknown", rule("A", named), pagesFact(),
			checktest.One("runbook_waiting", check.Unknown, "The runbook of the rule A has not been asked yet."),
		},
		{
			"pages of other items' annotations say nothing", rule("A", named), checktest.Facts(fact.AllRunbookPages()),
			checktest.One("runbook_waiting", check.Unknown, "The pages have not been asked yet that 1 rule names."),
		},
		{"a server may be out of order for a while", rule("A", named), failing(9, now.Add(-11*time.Hour), now.Add(-12*time.Hour)), nil},
		{
			"one that never answered is unknown at first", rule("A", named), failing(9, now.Add(-11*time.Hour), time.Time{}),
			checktest.One("runbook_failing", check.Unknown, "The runbook of the rule A, https://docs.acme.com/a, did not answer as it should: the server answers 503."),
		},
		{
			"one that does not answer for long fails", rule("A", named), failing(3, now.Add(-12*time.Hour), now.Add(-20*time.Hour)),
			checktest.One("dead_runbook", check.Fail,
				"The runbook of the rule A, https://docs.acme.com/a, has not answered since 2026-11-22 00:00 UTC: the server answers 503."),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := alert.Runbooks().Defaults
			sets := []fact.AnySet{checktest.Facts(fact.AllAlertRules(), at("main", group(nil, c.rule)))}
			if c.pages != nil {
				p.CheckPages = true
				sets = append(sets, c.pages)
			}
			require.Equal(t, c.want, checktest.Case{Kind: alert.Runbooks(), Parameters: &p, System: declared(), Now: now, Sets: sets}.Judge(t))
		})
	}
}

func TestRunbooks_areAskedForOnlyWhereAnItemWantsThat(t *testing.T) {
	p := alert.Runbooks().Defaults
	require.Empty(t, alert.Runbooks().Bind(&p).Needs.Requests)
	p.CheckPages, p.Hosts, p.BehindLogin = true, []string{"Wiki.Corp"}, []string{"https://github.com/acme/"}
	require.Equal(t, []fact.Request{fact.RunbookPagesRequest{
		Annotations: "runbook_url\nrunbook", Hosts: "wiki.corp", BehindLogin: "https://github.com/acme/",
	}}, alert.Runbooks().Bind(&p).Needs.Requests)
}

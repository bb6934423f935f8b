package checks_test

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/checks/alert"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func alertWorlds() map[string]world {
	rules := func(name string, health fact.RuleHealth) fact.AnySet {
		return facts(fact.AllAlertRules(), fact.AlertRules{Prometheus: "main", Groups: []fact.RuleGroup{{
			File: "shop.yaml", Name: "shop", Interval: time.Minute, Duration: time.Second, LastEvaluation: now,
			Rules: []fact.AlertRule{{
				Name: name, Health: health, State: "inactive", Labels: []fact.RuleLabel{{Name: "severity", Value: "critical"}},
				Annotations: []fact.RuleAnnotation{{Name: "runbook_url", Text: "https://docs.acme.com/a", Page: "a"}},
			}},
		}}})
	}
	request := fact.RunbookPagesRequest{Annotations: "runbook_url"}
	pages := func(answer fact.RunbookPageAnswer) fact.AnySet {
		return facts(fact.AllRunbookPages(), fact.RunbookPages{Request: request, Pages: []fact.RunbookPage{
			{Page: "a", Address: "https://docs.acme.com/a", Answer: answer, Detail: "the server answers 404"},
		}})
	}
	folder := facts(fact.DocumentFolders(), fact.DocumentFolder{
		Document: "runbooks", Place: "shop:runbooks", Searched: "the repository shop", Documents: []fact.FolderDocument{{Path: "runbooks/shop-down.md", Words: 100}},
	})
	history := func(length time.Duration) fact.AnySet {
		return facts(fact.AllAlertHistories(), fact.AlertHistory{
			Request:    fact.AlertHistoryRequest{Label: "severity", Severities: "critical", Within: 24 * time.Hour},
			Prometheus: "main", From: now.Add(-24 * time.Hour), Until: now, Resolution: time.Minute, Alerts: []fact.FiredAlert{{
				Alert: fact.Alert{Name: "ShopDown", Severity: "critical"}, Fired: []fact.Period{{From: now.Add(-10 * time.Hour), Until: now.Add(length - 10*time.Hour)}},
			}},
		})
	}
	declared := &system.System{Name: "shop", Environment: "production", Prometheus: []system.Prometheus{{Name: "main"}}}
	good := rules("ShopDown", fact.RuleOK)
	return map[string]world{
		"alert_rules": {declared: declared, good: []fact.AnySet{good}, bad: []fact.AnySet{rules("ShopDown", fact.RuleError)}},
		"alert_runbooks": {
			declared: declared,
			tune: func(p any) {
				p.(*alert.RunbookParameters).CheckPages, p.(*alert.RunbookParameters).Annotations = true, []string{"runbook_url"}
			},
			good: []fact.AnySet{good, pages(fact.PageThere)},
			bad:  []fact.AnySet{good, pages(fact.PageMissing)},
		},
		"alert_resolution": {
			declared: declared,
			good:     []fact.AnySet{good, history(time.Minute)}, bad: []fact.AnySet{good, history(2 * time.Hour)},
		},
		"alert_documents": {
			declared: declared,
			good:     []fact.AnySet{good, folder}, bad: []fact.AnySet{rules("ShopSlow", fact.RuleOK), folder},
		},
	}
}

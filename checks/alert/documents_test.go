package alert_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/alert"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func folder(edit func(*fact.DocumentFolder), documents ...fact.FolderDocument) fact.AnySet {
	f := fact.DocumentFolder{Document: "runbooks", Place: "shop:runbooks", Searched: "the repository shop", Documents: documents}
	if edit != nil {
		edit(&f)
	}
	return checktest.Facts(fact.DocumentFolders(), f, fact.DocumentFolder{Document: "other", Documents: []fact.FolderDocument{{Path: "o/shop-slow.md", Words: 100}}})
}

func headings(all ...fact.DocumentHeading) fact.AnySet {
	return checktest.Facts(fact.Documents(), fact.Document{
		Document: "alert-response", Place: "shop:docs/alerts.md", Searched: "the repository shop", Headings: all,
	})
}

func TestDocuments(t *testing.T) {
	critical := label("severity", "critical")
	file := func(path string, words int) fact.FolderDocument { return fact.FolderDocument{Path: path, Words: words} }
	unavailable := func(document string) fact.AnySet {
		return fact.DocumentFolders().Set(&fact.Set[fact.DocumentFolder]{Unavailable: []fact.Unavailable[fact.DocumentFolder]{{
			Known: fact.DocumentFolder{Document: document}, Reason: fact.ReasonTimeout, Detail: "no answer in 10 s",
		}}})
	}
	named := annotated(leadsTo("runbook_url"))
	absent := checktest.One("no_alert_document", check.Fail,
		"There is no document for the alert HighErrorRate (severity critical) in shop:docs/alerts.md and shop:runbooks.")
	uncollected := func(why string) []checktest.Finding {
		return checktest.One("documents_not_collected", check.Unknown, "Whether there is a document for the alert HighErrorRate is not known: "+why+".")
	}
	for _, c := range []struct {
		name string
		rule fact.AlertRule
		sets []fact.AnySet
		want []checktest.Finding
	}{
		{"a file that is called as the alert", rule("HighErrorRate", critical), []fact.AnySet{folder(nil, file("runbooks/HighErrorRate.md", 50))}, nil},
		{"one in kebab case", rule("HighErrorRate", critical), []fact.AnySet{folder(nil, file("runbooks/high-error-rate.md", 50))}, nil},
		{"one in snake case, with a number", rule("HighErrorRate", critical), []fact.AnySet{folder(nil, file("runbooks/007-high_error_rate.adoc", 50))}, nil},
		{"an alert in snake case", rule("high_error_rate", critical), []fact.AnySet{folder(nil, file("runbooks/HighErrorRate.md", 50))}, nil},
		{"a heading", rule("HighErrorRate", critical), []fact.AnySet{headings(fact.DocumentHeading{Text: "HighErrorRate", Words: 50})}, nil},
		{"a heading in words", rule("HighErrorRate", critical), []fact.AnySet{headings(fact.DocumentHeading{Text: "Alert: High error rate", Words: 50})}, nil},
		{"a heading for two", rule("HighErrorRate", critical), []fact.AnySet{headings(fact.DocumentHeading{Text: "HighLatency and HighErrorRate", Words: 50})}, nil},
		{"a heading that says more", rule("Watchdog", critical), []fact.AnySet{headings(fact.DocumentHeading{Text: "Watchdog (always fires)", Words: 50})}, nil},
		{"another value of severity in another case", rule("HighErrorRate", label("severity", "Page")), []fact.AnySet{folder(nil, file("runbooks/high-error-rate.md", 50))}, nil},
		{"no document", rule("HighErrorRate", critical), []fact.AnySet{folder(nil, file("runbooks/high-error-rate-budget.md", 50)), headings()}, absent},
		{
			"a stub", rule("HighErrorRate", critical), []fact.AnySet{folder(nil, file("runbooks/high-error-rate.md", 5))},
			checktest.One("stub", check.Fail, "The document for the alert HighErrorRate, runbooks/high-error-rate.md, has 5 words (limit 20)."),
		},
		{"a stub beside a whole one", rule("HighErrorRate", critical), []fact.AnySet{
			folder(nil, file("runbooks/high-error-rate.md", 5)), headings(fact.DocumentHeading{Text: "HighErrorRate", Words: 50}),
		}, nil},
		{
			"a folder that is not there", rule("HighErrorRate", critical), []fact.AnySet{folder(func(f *fact.DocumentFolder) { f.Place = "" })},
			checktest.One("no_alert_document", check.Fail, "There is no document for the alert HighErrorRate (severity critical) in the repository shop."),
		},
		{"no place is declared", rule("HighErrorRate", critical), nil, checktest.One("no_place", check.Undeclared, "No place is declared in which there could be a document for the alert HighErrorRate.")},
		{"no alert calls anybody", rule("HighErrorRate", label("severity", "warning")), []fact.AnySet{folder(nil)}, checktest.One("no_rule", check.Undeclared, "No alerting rule whose severity is critical or page is loaded at main.")},
		{"a place is unavailable", rule("HighErrorRate", critical), []fact.AnySet{unavailable("runbooks"), headings()}, uncollected("no answer in 10 s")},
		{"a place is unavailable that is not needed", rule("HighErrorRate", critical), []fact.AnySet{unavailable("runbooks"), headings(fact.DocumentHeading{Text: "HighErrorRate", Words: 50})}, nil},
		{"another place is unavailable", rule("HighErrorRate", critical), []fact.AnySet{unavailable("other"), headings()}, checktest.One("no_alert_document", check.Fail, "There is no document for the alert HighErrorRate (severity critical) in shop:docs/alerts.md.")},
		{"not all were read", rule("HighErrorRate", critical), []fact.AnySet{folder(func(f *fact.DocumentFolder) { f.More = 3 })}, uncollected("shop:runbooks has 3 further documents that were not read")},
		{"a runbook that is there", rule("HighErrorRate", critical, named), []fact.AnySet{folder(nil), pagesFact(fact.RunbookPage{Answer: fact.PageThere})}, nil},
		{"a runbook that is there, and no other place", rule("HighErrorRate", critical, named), []fact.AnySet{pagesFact(fact.RunbookPage{Answer: fact.PageThere})}, nil},
		{"a runbook that nobody has checked", rule("HighErrorRate", critical, named), []fact.AnySet{folder(nil), headings()}, absent},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, checktest.Case{
				Kind: alert.Documents(), System: declared(), Now: now,
				Sets: append(c.sets, checktest.Facts(fact.AllAlertRules(), at("main", group(nil, c.rule)))),
			}.Judge(t))
		})
	}
}

func TestDocuments_thatAreMissingAreSoWhateverTheirRunbooksAre(t *testing.T) {
	only := func(answer fact.RunbookPageAnswer) []checktest.Finding {
		return checktest.Case{Kind: alert.Documents(), System: declared(), Now: now, Sets: []fact.AnySet{
			folder(nil), headings(), checktest.Facts(fact.AllRunbookPages(), fact.RunbookPages{Pages: []fact.RunbookPage{{Page: "a", Address: "https://docs.acme.com/a", Answer: answer}}}),
			checktest.Facts(fact.AllAlertRules(), at("main", group(nil, rule("A", label("severity", "critical"), annotated(leadsTo("runbook_url")))))),
		}}.Judge(t)
	}
	require.Equal(t, "no_alert_document", only(fact.PageMissing)[0].Reason)
	require.Equal(t, checktest.One("documents_not_collected", check.Unknown,
		"Whether there is a document for the alert A is not known: the page https://docs.acme.com/a that the rule names could not be checked."), only(fact.PageLogin))
	require.Empty(t, only(fact.PageThere))
}

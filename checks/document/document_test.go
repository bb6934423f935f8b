package document_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/document"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

var now = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func TestDocument(t *testing.T) {
	whole := func(edits ...func(*fact.Document)) fact.Document {
		d := fact.Document{
			Document: "plan", Place: "shop:docs/plan.md", Searched: "the repository shop", Changed: now.Add(-100 * day), Words: 50, Diagrams: 1,
			Headings: []fact.DocumentHeading{{Text: "1. When to roll back?", Words: 9}, {Text: "Steps:", Words: 20}, {Text: "回滚步骤", Words: 3}},
		}
		for _, edit := range edits {
			edit(&d)
		}
		return d
	}
	parameters := func(edits ...func(*document.Parameters)) document.Parameters {
		p := document.Document().Defaults
		p.Document, p.Headings, p.MaximumAge = "plan", []string{"steps|procedure"}, quantity.Duration(100*day)
		for _, edit := range edits {
			edit(&p)
		}
		return p
	}
	headings := func(all ...string) func(*document.Parameters) {
		return func(p *document.Parameters) { p.Headings = all }
	}
	changed := func(ago, released time.Duration) func(*fact.Document) {
		return func(d *fact.Document) { d.Changed, d.Released = now.Add(-ago), now.Add(-released) }
	}
	newer := func(p *document.Parameters) { p.NewerThanRelease = true }
	linked := func(p *document.Parameters) { p.CheckLinks = true }
	owned := func(p *document.Parameters) { p.RequireOwner = true }
	drawn := func(p *document.Parameters) { p.RequiredContent = []quantity.Choice[document.Content]{"diagram"} }
	for _, c := range []struct {
		name       string
		document   fact.Document
		parameters document.Parameters
		want       []checktest.Finding
	}{
		{"one that has all passes, exactly at its limits", whole(), parameters(), nil},
		{"one with an owner passes", whole(func(d *fact.Document) { d.Owners = []string{"@a"} }), parameters(owned), nil},
		{
			"one that no rule gives an owner fails", whole(func(d *fact.Document) { d.OwnersFile = "docs/CODEOWNERS" }), parameters(owned),
			checktest.One("no_owner", check.Fail, "The file docs/CODEOWNERS names no owner of the document shop:docs/plan.md."),
		},
		{
			"one without any rules fails", whole(), parameters(owned),
			checktest.One("no_owner", check.Fail, "There is no file CODEOWNERS beside the document shop:docs/plan.md."),
		},
		{
			"one that is nowhere fails", fact.Document{Document: "plan", Searched: "the repositories a and b"}, parameters(),
			checktest.One("no_document", check.Fail, "There is no document plan in the repositories a and b."),
		},
		{
			"a stub fails", whole(func(d *fact.Document) { d.Words = 49 }), parameters(),
			checktest.One("stub", check.Fail, "The document shop:docs/plan.md has 49 words (limit 50)."),
		},
		{
			"a heading that is not there fails", whole(), parameters(headings("steps", "verify|check it")),
			checktest.One("no_heading", check.Fail, "The document shop:docs/plan.md has no heading verify or check it."),
		},
		{
			"one within a word is none", whole(func(d *fact.Document) { d.Headings[1].Text = "Footsteps" }), parameters(),
			checktest.One("no_heading", check.Fail, "The document shop:docs/plan.md has no heading steps or procedure."),
		},
		{"headings of any language are found", whole(), parameters(headings("步骤", "WHEN")), nil},
		{
			"one with nothing beneath fails", whole(func(d *fact.Document) { d.Headings[1].Words = 0 }), parameters(),
			checktest.One("empty_heading", check.Fail, "The document shop:docs/plan.md has nothing written beneath the heading steps or procedure."),
		},
		{
			"one that did not change for too long fails", whole(changed(101*day, 200*day)), parameters(),
			checktest.One("too_old", check.Fail, "The document shop:docs/plan.md has not changed for 101 d (limit 100d)."),
		},
		{"unless it is newer than the last release", whole(changed(101*day, 200*day)), parameters(newer), nil},
		{
			"one that is older than the last release too fails", whole(changed(101*day, 50*day)), parameters(newer),
			checktest.One("too_old", check.Fail, "The document shop:docs/plan.md has not changed for 101 d (limit 100d), and there was a release since."),
		},
		{
			"without a diagram it fails where one is asked for", whole(func(d *fact.Document) { d.Diagrams = 0 }), parameters(drawn),
			checktest.One("no_diagram", check.Fail, "The document shop:docs/plan.md has neither a diagram nor a picture."),
		},
		{
			"a link that leads nowhere fails where links are checked", whole(func(d *fact.Document) { d.Broken = []fact.DocumentPoint{{Line: 3, Text: "a.md"}} }),
			parameters(linked), checktest.One("broken_link", check.Fail, "The document shop:docs/plan.md has 1 link that leads nowhere: a.md in line 3."),
		},
		{
			"a placeholder warns", whole(func(d *fact.Document) {
				d.Placeholders = []fact.DocumentPoint{{Line: 3, Text: "TODO"}, {Line: 5, Text: "TBD"}}
			}), parameters(),
			checktest.One("placeholder", check.Warn, "The document shop:docs/plan.md has 2 placeholders: TODO in line 3 and TBD in line 5."),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := checktest.Case{
				Kind: document.Document(), Parameters: &c.parameters, Now: now, Sets: []fact.AnySet{checktest.Facts(fact.Documents(), c.document)},
			}
			got := asked.Judge(t)
			require.Equal(t, c.want, got)
		})
	}
}

func TestADocumentThatCannotBeDatedIsUnknown(t *testing.T) {
	undated := fact.Document{Document: "plan", Place: "a", Words: 100}
	undated.Lack(fact.TopicChange)
	p := document.Document().Defaults
	p.Document = "plan"
	asked := checktest.Case{Kind: document.Document(), Parameters: &p, Now: now, Sets: []fact.AnySet{checktest.Facts(fact.Documents(), undated)}}
	require.Equal(t, check.Unknown, asked.Result(t).Status)
}

func TestWhatIsWrittenAfterTheLaunch(t *testing.T) {
	p := document.Document().Defaults
	p.Document, p.NewerThanLaunch = "lessons", true
	for _, c := range []struct {
		name     string
		launched time.Time
		changed  time.Duration // ago
		want     []checktest.Finding
	}{
		{"what changed after it passes", now.Add(-10 * day), 9 * day, nil},
		{"what changed before it fails", now.Add(-10 * day), 11 * day, checktest.One("before_launch", check.Fail,
			"The document shop:lessons.md changed last on 2026-05-21 12:00 UTC, before the launch on 2026-05-22 12:00 UTC.")},
		{"a launch to come has no lessons yet", now.Add(day), day, checktest.One("not_launched", check.Undeclared,
			"The system is launched on 2026-06-02 12:00 UTC.")},
		{"without a launch nothing is known", time.Time{}, day, checktest.One("launch_unknown", check.Undeclared,
			"Since when the system is live is not declared.")},
	} {
		t.Run(c.name, func(t *testing.T) {
			written := fact.Document{Document: "lessons", Place: "shop:lessons.md", Changed: now.Add(-c.changed), Words: 50}
			asked := checktest.Case{
				Kind: document.Document(), Parameters: &p, Now: now, System: &system.System{Launched: c.launched},
				Sets: []fact.AnySet{checktest.Facts(fact.Documents(), written)},
			}
			require.Equal(t, c.want, asked.Judge(t))
		})
	}
}

func TestDocumentsAreAskedForByTheirNames(t *testing.T) {
	p := document.Document().Defaults
	p.Document, p.Names = "plan", []string{"Rollback", "revert"}
	require.Equal(t, []fact.Request{fact.DocumentRequest{Document: "plan", Names: "rollback\nrevert"}}, document.Document().Bind(&p).Needs.Requests)
	p.Names = nil
	require.Equal(t, []fact.Request{fact.DocumentRequest{Document: "plan", Names: "plan"}}, document.Document().Bind(&p).Needs.Requests)
}

func TestEnvironment(t *testing.T) {
	configured := checktest.Facts(fact.Configurations(), fact.Configuration{
		Cluster: "main", Kind: "ConfigMap", Name: "shop",
		Values: []fact.ConfiguredValue{{Key: "API_KEY"}, {Key: "PORT"}, {Key: "nginx.conf"}, {Key: "TZ"}},
	})
	p := document.EnvironmentParameters{Document: "env", Except: []string{"TZ"}}
	judge := func(sets ...fact.AnySet) []checktest.Finding {
		got := checktest.Case{Kind: document.Environment(), Parameters: &p, Now: now, Sets: sets}.Judge(t)
		return got
	}
	named := func(terms ...string) fact.AnySet {
		return checktest.Facts(fact.Documents(), fact.Document{Document: "env", Place: "shop:env.md", Terms: terms}, fact.Document{Document: "other"})
	}
	require.Empty(t, judge(named("API_KEY", "PORT"), configured))
	require.Equal(t, checktest.One("undocumented", check.Fail, "The document shop:env.md names 1 of 2 variables. Not named: API_KEY."), judge(named("PORT"), configured))
	require.Equal(t, checktest.One("no_variable", check.Undeclared, "No Secret, ConfigMap or workload that was collected has a variable."), judge(named("PORT")))
}

func TestALinkThatFailedOnceIsNotDead(t *testing.T) {
	p := document.Document().Defaults
	p.Document, p.CheckExternalLinks = "plan", true
	written := checktest.Facts(fact.Documents(), fact.Document{Document: "plan", Place: "shop:plan.md", Changed: now, Words: 50})
	links := func(waiting, times int, since time.Duration) fact.AnySet {
		return checktest.Facts(fact.AllExternalLinks(), fact.ExternalLinks{Document: "plan", Waiting: waiting, Failing: []fact.FailingLink{
			{Line: 3, Link: "https://acme.com/x", Detail: "the server answers 404", Since: now.Add(-since), Times: times},
		}}, fact.ExternalLinks{Document: "other", Waiting: 1})
	}
	dead := checktest.One("dead_link", check.Fail,
		"The link to https://acme.com/x in line 3 of shop:plan.md is dead since 2026-06-01 00:00 UTC: the server answers 404.")
	for _, c := range []struct {
		name string
		set  fact.AnySet
		want []checktest.Finding
	}{
		{"once", links(0, 1, 48*time.Hour), nil},
		{"often within a short time", links(0, 9, 12*time.Hour-1), nil},
		{"often and for long", links(0, 3, 12*time.Hour), dead},
		{
			"not all were asked yet", links(2, 1, 0),
			checktest.One("links_not_checked", check.Unknown, "Of the links of shop:plan.md to other servers, 2 have not been checked yet."),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := checktest.Case{Kind: document.Document(), Parameters: &p, Now: now, Sets: []fact.AnySet{written, c.set}}
			require.Equal(t, c.want, asked.Judge(t))
		})
	}
}

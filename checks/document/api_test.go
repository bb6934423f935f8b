package document_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/document"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

func TestAPIDescription(t *testing.T) {
	described := func(place string, edits ...func(*fact.APIDescription)) *fact.APIDescription {
		d := &fact.APIDescription{Place: place, Format: "OpenAPI 3.0.3", Title: "Shop", Version: "1", Operations: 1}
		for _, edit := range edits {
			edit(d)
		}
		return d
	}
	whole := func(edits ...func(*fact.APIDocument)) fact.APIDocument {
		d := fact.APIDocument{
			Name: "shop", Searched: "the repository shop", URL: "https://shop.test/api", MustBeKept: true,
			Kept: described("shop:openapi.yaml"), Served: described("https://shop.test/api"),
		}
		for _, edit := range edits {
			edit(&d)
		}
		return d
	}
	unserved := func(d *fact.APIDocument) { d.URL, d.Served = "", nil }
	unkept := func(d *fact.APIDocument) { d.Kept = nil }
	differs := func(part string) func(*fact.APIDocument) {
		return func(d *fact.APIDocument) {
			d.Differences = []fact.APIDifferences{{Part: part, Count: 2, Pointers: []string{"/paths/~1a", "/paths/~1b"}}}
		}
	}
	defaults := document.APIDescription().Defaults
	alone := defaults
	alone.RequireServed = false
	exact := defaults
	exact.Ignore = nil
	loose := defaults
	loose.Ignore = []quantity.Choice[document.IgnoredPart]{"descriptions"}
	faulty := func(d *fact.APIDescription) { d.Faults, d.MoreFaults = []string{"a fault", "another"}, 1 }
	for _, c := range []struct {
		name       string
		document   fact.APIDocument
		parameters document.APIDescriptionParameters
		want       []checktest.Finding
	}{
		{"two that are valid and equal pass", whole(), defaults, nil},
		{"another server passes", whole(differs("servers")), defaults, nil},
		{"other texts pass where they are ignored", whole(differs("descriptions")), loose, nil},
		{"one that is served nowhere passes where it need not be", whole(unserved), alone, nil},
		{
			"another server fails where nothing is ignored", whole(differs("servers")), exact,
			checktest.One("differs", check.Fail, "The document that is served differs from shop:openapi.yaml in 2 places (servers): /paths/~1a and /paths/~1b."),
		},
		{
			"one of which nobody knows where it is served is undeclared", whole(unserved), defaults,
			checktest.One("not_served", check.Undeclared, "It is not declared where the document is served, so that it is compared with nothing."),
		},
		{
			"one that is served nowhere and not valid fails", whole(unserved, func(d *fact.APIDocument) { d.Kept = described("shop:a.yaml", faulty) }), alone,
			checktest.One("invalid", check.Fail, "The document shop:a.yaml has 3 faults: a fault."),
		},
		{
			"one that is declared and not in its repository fails", whole(unkept), defaults,
			checktest.One("no_document", check.Fail, "There is no document that describes an API: the repository shop."),
		},
		{
			"one that is served and kept nowhere is undeclared", whole(unkept, func(d *fact.APIDocument) { d.MustBeKept = false }), defaults,
			checktest.One("not_kept", check.Undeclared, "No repository is known to have the document, so that it is compared with nothing."),
		},
		{
			"a page fails", whole(func(d *fact.APIDocument) {
				d.Served = &fact.APIDescription{Place: "https://shop.test/api", Unreadable: "it is a page of HTML"}
			}), defaults,
			checktest.One("unreadable", check.Fail, "The document https://shop.test/api cannot be read: it is a page of HTML."),
		},
		{
			"one that refers to others is unknown", whole(func(d *fact.APIDocument) { d.Kept.External = "a.yaml" }), defaults,
			checktest.One("external_reference", check.Unknown, "The document shop:openapi.yaml refers to a.yaml, which is not read."),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := checktest.Case{
				Kind: document.APIDescription(), Parameters: &c.parameters, Now: now, Sets: []fact.AnySet{checktest.Facts(fact.APIDocuments(), c.document)},
			}
			require.Equal(t, c.want, asked.Judge(t))
		})
	}
}

func TestAFaultOfTheRepositoryIsToldWhereTheServerDoesNotAnswer(t *testing.T) {
	p := document.APIDescription().Defaults
	d := fact.APIDocument{Name: "shop", URL: "https://shop.test/api", Kept: &fact.APIDescription{Place: "shop:a.yaml"}}
	d.Lack(fact.TopicServed)
	judge := func() []checktest.Finding {
		set := &fact.Set[fact.APIDocument]{}
		set.Unavailable = []fact.Unavailable[fact.APIDocument]{{
			Subject: "shop", Known: fact.APIDocument{Name: "shop"}, Reason: fact.ReasonTimeout, Topic: fact.TopicServed, Detail: "no answer in 10 s",
		}}
		set.Add(d)
		asked := checktest.Case{Kind: document.APIDescription(), Parameters: &p, Now: now, Sets: []fact.AnySet{fact.APIDocuments().Set(set)}}
		return asked.Judge(t)
	}
	require.Equal(t, checktest.Unavailable(), judge())
	d.Kept.Faults = []string{"a fault"}
	require.Contains(t, judge(), checktest.One("invalid", check.Fail, "The document shop:a.yaml has 1 fault: a fault.")[0])
}

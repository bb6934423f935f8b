package document

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// IgnoredPart is a part of documents that may differ.
type IgnoredPart struct{}

// Values are those that can be named.
func (IgnoredPart) Values() []string { return []string{"servers", "descriptions", "extensions"} }

// APIDescriptionParameters say what of documents that describe APIs must be one.
type APIDescriptionParameters struct {
	// RequireServed: it must be declared where each document is served. Without it a document that is served nowhere must only be valid.
	RequireServed bool `yaml:"require_served"`
	// Ignore are the parts in which the document that is served may differ from the repository's: servers (with host, basePath and
	// schemes of Swagger), descriptions (with summaries, titles and examples) and extensions (keys that begin with x-).
	Ignore []quantity.Choice[IgnoredPart] `yaml:"ignore"`
}

// apiReasons are for documents that describe APIs.
type apiReasons struct{ none, unreadable, invalid, external, differs, notServed, notKept check.Reason }

func apiReasonsOf() apiReasons {
	return apiReasons{
		none: check.Reason{
			Name: "no_document", Level: check.Fail, Sentence: "There is no such document.", Absence: true,
			Remedy: "Commit the document, or correct path under api_documents of the system description.",
		},
		unreadable: check.Reason{
			Name: "unreadable", Level: check.Fail, Sentence: "What is there is no document that describes an API.",
			Remedy: "Serve and commit a document of OpenAPI 3 or Swagger 2.0 in JSON or YAML, and declare its own address: not that of a page " +
				"which shows it.",
		},
		invalid: check.Reason{
			Name: "invalid", Level: check.Fail, Sentence: "The document is not valid.",
			Remedy: "Correct the document, or what generates it, and check it in the pipeline.",
		},
		external: check.Reason{
			Name: "external_reference", Level: check.Unknown, Sentence: "The document refers to others, which are not read.",
			Remedy: "Bundle the document into one (redocly bundle), and declare that one.",
		},
		differs: check.Reason{
			Name: "differs", Level: check.Fail, Sentence: "The document that is served is not the repository's.",
			Remedy: "Deploy the application with its document, or commit the document that it serves; name under ignore what may differ.",
		},
		notServed: check.Reason{
			Name: "not_served", Level: check.Undeclared, Sentence: "It is not declared where the document is served.",
			Remedy: "Add its address as url under api_documents of the system description. Where it is served nowhere, set require_served to false.",
		},
		notKept: check.Reason{
			Name: "not_kept", Level: check.Undeclared, Sentence: "No repository is known to have the document that is served.",
			Remedy: "Name the repository and the path of the document under api_documents of the system description.",
		},
	}
}

// APIDescription wants documents that describe APIs to be valid, and those that are served to be the repository's.
func APIDescription() check.Kind[APIDescriptionParameters] {
	r := apiReasonsOf()
	return check.Kind[APIDescriptionParameters]{
		Name:     "api_description",
		Summary:  "Every document that describes an API is valid, and the one that is served is the repository's.",
		Remedy:   "Correct the document in the repository, and deploy the application with it.",
		Reasons:  []check.Reason{r.none, r.unreadable, r.invalid, r.external, r.differs, r.notServed, r.notKept},
		Defaults: APIDescriptionParameters{RequireServed: true, Ignore: []quantity.Choice[IgnoredPart]{"servers"}},
		// What a repository has is judged whether a server answers or not.
		Over: []check.Quantified[APIDescriptionParameters]{
			check.Each(fact.APIDocuments(), r.kept).Needs(), check.Each(fact.APIDocuments(), r.served).Needs(fact.TopicServed),
		},
		WhenEmpty: check.Reason{
			Name: "no_api_document", Level: check.Undeclared, Sentence: "No repository has a document that describes an API at a usual path.",
			Remedy: "Name it under api_documents of the system description, or list the item under not_applicable with a reason.",
		},
	}
}

// kept gives what is wrong with the document of a repository.
func (r apiReasons) kept(_ check.Context, d *fact.APIDocument, _ APIDescriptionParameters) []check.Problem {
	switch {
	case d.Kept != nil:
		return r.description(d.Kept)
	case d.MustBeKept:
		return []check.Problem{r.none.Problem("There is no document that describes an API: " + d.Searched + ".")}
	}
	return []check.Problem{r.notKept.Problem("No repository is known to have the document, so that it is compared with nothing.")}
}

// served gives what is wrong with the document that is served.
func (r apiReasons) served(_ check.Context, d *fact.APIDocument, p APIDescriptionParameters) (problems []check.Problem) {
	switch {
	case d.Served != nil:
		problems = r.description(d.Served)
	case p.RequireServed:
		problems = append(problems, r.notServed.Problem("It is not declared where the document is served, so that it is compared with nothing."))
	}
	for _, each := range d.Differences {
		if d.Kept == nil || quantity.ChoiceOf(p.Ignore, each.Part) {
			continue
		}
		detail := fmt.Sprintf("The document that is served differs from %s in %s (%s): %s.",
			d.Kept.Place, words.Count(each.Count, "place"), each.Part, words.List(each.Pointers))
		problems = append(problems, r.differs.Problem(detail))
	}
	return problems
}

// description gives what is wrong with a document by itself.
func (r apiReasons) description(d *fact.APIDescription) []check.Problem {
	switch {
	case d.Unreadable != "":
		return []check.Problem{r.unreadable.Problem("The document " + d.Place + " cannot be read: " + d.Unreadable + ".")}
	case d.External != "":
		return []check.Problem{r.external.Problem(fmt.Sprintf("The document %s refers to %s, which is not read.", d.Place, d.External))}
	case len(d.Faults) > 0:
		count := len(d.Faults) + d.MoreFaults
		return []check.Problem{r.invalid.Problem(fmt.Sprintf("The document %s has %s: %s.", d.Place, words.Count(count, "fault"), d.Faults[0]))}
	}
	return nil
}

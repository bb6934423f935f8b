package endpoint

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// PublishedPageParameters say which page there must be.
type PublishedPageParameters struct {
	// Page is the purpose of the endpoint: terms-of-service, privacy-policy, cookie-policy or acceptable-use-policy.
	Page quantity.Choice[publishedPages] `yaml:"page"`
	// MinimumCharacters is how much text the page must have.
	MinimumCharacters int `yaml:"minimum_characters"`
}

// Validate says what cannot be.
func (p PublishedPageParameters) Validate() error {
	if p.MinimumCharacters < 1 {
		return check.Wrong("minimum_characters", "expected at least 1")
	}
	return nil
}

type publishedPages struct{}

// Values lists the pages.
func (publishedPages) Values() []string { return fact.PublishedPages() }

// PublishedPage judges whether a page with a text is public.
func PublishedPage() check.Kind[PublishedPageParameters] {
	reasons := answerReasonsOf(false)
	short := check.Reason{
		Name: "too_short", Level: check.Fail, Sentence: "The page has too little text: it is a stub, or another page.",
		Remedy: "Publish the text at the address, or declare the address where it is.",
	}
	scripted := check.Reason{
		Name: "scripted", Level: check.Unknown, Sentence: "Scripts make the text of the page, and no script is run here.",
		Remedy: "Serve the text in the page itself, so that everybody can read it, or lower minimum_characters and expect a sentence of it.",
	}
	notText := check.Reason{
		Name: "not_text", Level: check.Unknown, Sentence: "The page is no text, such as a PDF, and what it says is not read.",
		Remedy: "Serve the text as HTML or plain text too, and declare that address.",
	}
	return check.Kind[PublishedPageParameters]{
		Name:     "published_page",
		Summary:  "The page answers 200, and has a text that is no stub.",
		Remedy:   "Publish the page, and declare its address.",
		Reasons:  append(reasons.list(), short, scripted, notText),
		Defaults: PublishedPageParameters{Page: "privacy-policy", MinimumCharacters: 1000},
		Over: []check.Quantified[PublishedPageParameters]{about(
			check.Each(fact.Endpoints(), func(_ check.Context, e *fact.Endpoint, p PublishedPageParameters) []check.Problem {
				problems := reasons.judge(e)
				if check.Worst(problems) == check.Fail {
					return problems
				}
				// Over each version of IP it is one page.
				switch read := e.Answers[0].Page; {
				case e.Answers[0].Cut:
					return nil // which is unavailable
				case read == nil:
					return []check.Problem{notText.Problem("The answer is neither HTML nor plain text.")}
				case read.Characters >= p.MinimumCharacters:
					return problems
				case read.Scripted:
					return []check.Problem{scripted.Problem(fmt.Sprintf(
						"The page has %d characters without its scripts; at least %d are expected.", read.Characters, p.MinimumCharacters))}
				default:
					return []check.Problem{short.Problem(fmt.Sprintf(
						"The page has %d characters; at least %d are expected.", read.Characters, p.MinimumCharacters))}
				}
			}),
			func(p PublishedPageParameters) string { return string(p.Page) },
		)},
		WhenEmpty: none("PAGE, such as privacy-policy,"),
	}
}

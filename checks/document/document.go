// Package document judges the documents that a system ought to have.
package document

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const day = 24 * time.Hour

// Content is what a document can be required to have.
type Content struct{}

// diagram is a block of Mermaid, PlantUML or Graphviz, or a picture that is there.
const diagram = "diagram"

// Values are those that can be named.
func (Content) Values() []string { return []string{diagram} }

// Parameters say which document an item is about, and what it must have.
type Parameters struct {
	// Document is the name by which it can be declared under documents.
	Document string `yaml:"document"`
	// Names are those by which it is found where it is not declared, in any language: a file is found that is called so, or has
	// the name in its own, as rollback is in how-to-rollback.md. Default: the name of the document.
	Names []string `yaml:"names"`
	// Headings are those that it must have, each with something beneath it: of several that are separated by | one is enough, and
	// each is found at the beginning of any word.
	Headings []string `yaml:"headings"`
	// MaximumAge is how long ago its content may have changed.
	MaximumAge quantity.Duration `yaml:"maximum_age"`
	// NewerThanRelease: one that changed after the newest tag of its repository is not too old, whatever its age.
	NewerThanRelease bool `yaml:"newer_than_release"`
	// NewerThanLaunch: it must have changed after the system was launched, as the system description has it.
	NewerThanLaunch bool `yaml:"newer_than_launch"`
	// MinimumWords is how many words it must have without markup and placeholders; a character of Chinese, Japanese or Thai counts
	// as half of one.
	MinimumWords quantity.Count `yaml:"minimum_words"`
	// CheckLinks: its links within the repository or folder must lead somewhere.
	CheckLinks bool `yaml:"check_links"`
	// CheckExternalLinks: its links to other servers must be alive. They are asked once a day, at public addresses alone.
	CheckExternalLinks bool `yaml:"check_external_links"`
	// RequireOwner: a file CODEOWNERS of its repository names an owner of it.
	RequireOwner bool `yaml:"require_owner"`
	// RequiredContent is what else must be in it.
	RequiredContent []quantity.Choice[Content] `yaml:"required_content"`
}

// Validate wants a name, and texts in which something stands.
func (p Parameters) Validate() error {
	if err := validName("document", p.Document); err != nil {
		return err
	}
	if err := check.NotBlank("names", p.Names); err != nil {
		return err
	}
	for _, each := range p.Headings {
		if err := check.NotBlank("headings", strings.Split(each, "|")); err != nil {
			return err
		}
	}
	return check.Positive("maximum_age", p.MaximumAge)
}

// validName wants a name that can be declared.
func validName(parameter, name string) error {
	return check.DocumentName(parameter, name, "rollback-plan")
}

// request asks for a document, or a folder of them.
func request(name string, names []string, folder bool) fact.DocumentRequest {
	if len(names) == 0 {
		names = []string{name}
	}
	lowered := make([]string, len(names))
	for i, each := range names {
		lowered[i] = strings.ToLower(each)
	}
	return fact.DocumentRequest{Document: name, Names: strings.Join(lowered, "\n"), Folder: folder}
}

// noDocument is the common reason that there is none.
func noDocument() check.Reason {
	return check.Reason{
		Name: "no_document", Level: check.Fail, Sentence: "There is no such document.", Absence: true,
		Remedy: "Write it, or say under documents of the system description where it is; an item that does not apply belongs under " +
			"not_applicable.",
	}
}

func missing(document, searched string) check.Problem {
	return noDocument().Problem(fmt.Sprintf("There is no document %s in %s.", document, searched))
}

// Document wants a document that is there, is no stub, has its headings and changed not too long ago.
func Document() check.Kind[Parameters] {
	stub := check.Reason{Name: "stub", Level: check.Fail, Sentence: "The document has too little text."}
	noHeading := check.Reason{Name: "no_heading", Level: check.Fail, Sentence: "A required heading is not there."}
	emptyHeading := check.Reason{Name: "empty_heading", Level: check.Fail, Sentence: "Nothing is written beneath a required heading."}
	noDiagram := check.Reason{
		Name: "no_diagram", Level: check.Fail, Sentence: "The document has no diagram.",
		Remedy: "Add a block of Mermaid, PlantUML or Graphviz, or a picture that is in the repository.",
	}
	tooOld := check.Reason{
		Name: "too_old", Level: check.Fail, Sentence: "The document has not changed for too long.",
		Remedy: "Read it, correct what does not hold any more, and commit that: a date of the last review in it is change enough.",
	}
	brokenLink := check.Reason{Name: "broken_link", Level: check.Fail, Sentence: "A link of the document leads nowhere."}
	deadLink := check.Reason{
		Name: "dead_link", Level: check.Fail, Sentence: "A link of the document to another server is dead.",
		Remedy: "Correct the link, or remove it.",
	}
	unasked := check.Reason{
		Name: "links_not_checked", Level: check.Unknown, Sentence: "Not all links of the document to other servers have been checked yet.",
		Remedy: "Wait for the next run of the collector external_links.",
	}
	noOwner := check.Reason{
		Name: "no_owner", Level: check.Fail, Sentence: "The document has no owner.",
		Remedy: "Add a rule to CODEOWNERS that names who keeps the document up to date.",
	}
	launchUnknown := check.Reason{
		Name: "launch_unknown", Level: check.Undeclared, Sentence: "Since when the system is live is not declared.",
		Remedy: "Say it in the system description: launched: 2026-05-01.",
	}
	notLaunched := check.Reason{
		Name: "not_launched", Level: check.Undeclared, Sentence: "The system has not been launched yet.",
		Remedy: "Write the document after the launch, or correct launched in the system description.",
	}
	beforeLaunch := check.Reason{
		Name: "before_launch", Level: check.Fail, Sentence: "The document has not changed since the launch.",
		Remedy: "Write down what went well, what did not, and what is to change, and commit that.",
	}
	placeholder := check.Reason{Name: "placeholder", Level: check.Warn, Sentence: "A placeholder stands where text belongs."}
	reasons := judging{
		stub, noHeading, emptyHeading, noDiagram, tooOld, brokenLink, deadLink, unasked, noOwner, placeholder,
		launchUnknown, notLaunched, beforeLaunch,
	}
	return check.Kind[Parameters]{
		Name:     "document",
		Summary:  "The document exists, is no stub, has the required headings and diagrams, and changed recently enough.",
		Remedy:   "Correct the document, and commit it.",
		Reasons:  reasons.list(),
		Defaults: Parameters{MaximumAge: quantity.Duration(365 * day), MinimumWords: 50},
		Over: []check.Quantified[Parameters]{
			check.Each(fact.Documents(), reasons.judge).
				Where(func(_ check.Context, d *fact.Document, p Parameters) bool { return d.Document == p.Document }).
				Known(func(d *fact.Document, p Parameters) bool { return d.Document == p.Document }),
		},
		With:      []check.Input{check.Reading(fact.AllExternalLinks())},
		Reads:     func(p Parameters) bool { return p.CheckExternalLinks },
		WhenEmpty: noDocument(),
		Requests: func(p Parameters) []fact.Request {
			asked := request(p.Document, p.Names, false)
			if !p.CheckExternalLinks {
				return []fact.Request{asked}
			}
			return []fact.Request{asked, fact.ExternalLinksRequest(asked)}
		},
	}
}

// judging has the reasons that judging gives.
type judging struct {
	stub, noHeading, emptyHeading, noDiagram, tooOld, brokenLink, deadLink, unasked, noOwner, placeholder check.Reason
	launchUnknown, notLaunched, beforeLaunch                                                              check.Reason
}

func (r judging) list() []check.Reason {
	return []check.Reason{
		r.stub, r.noHeading, r.emptyHeading, r.noDiagram, r.tooOld, r.brokenLink, r.deadLink, r.unasked, r.noOwner, r.placeholder,
		r.launchUnknown, r.notLaunched, r.beforeLaunch,
	}
}

const (
	// A link is dead that failed so often in a row, for that long: servers are out of order at times.
	deadTimes = 3
	deadAfter = 12 * time.Hour
)

// external judges the links to other servers.
func (r judging) external(c check.Context, d *fact.Document) (problems []check.Problem) {
	for _, links := range check.Read(c, fact.AllExternalLinks()) {
		if links.Document != d.Document {
			continue
		}
		for _, link := range links.Failing {
			if link.Times >= deadTimes && c.Now.Sub(link.Since) >= deadAfter {
				problems = append(problems, r.deadLink.Problem(fmt.Sprintf("The link to %s in line %d of %s is dead since %s: %s.",
					link.Link, link.Line, d.Place, words.Moment(link.Since), link.Detail)))
			}
		}
		if links.Waiting > 0 {
			problems = append(problems, r.unasked.Problem(fmt.Sprintf("Of the links of %s to other servers, %d have not been checked yet.",
				d.Place, links.Waiting)))
		}
	}
	return problems
}

// sinceLaunch judges whether a document was written after the launch; known: there was one.
func (r judging) sinceLaunch(c check.Context, d *fact.Document) (problems []check.Problem, known bool) {
	switch launched := c.System.Launched; {
	case launched.IsZero():
		return []check.Problem{r.launchUnknown.Problem(r.launchUnknown.Sentence)}, false
	case launched.After(c.Now):
		return []check.Problem{r.notLaunched.Problem("The system is launched on " + words.Moment(launched) + ".")}, false
	case d.Exists() && !d.Changed.After(launched):
		return []check.Problem{r.beforeLaunch.Problem(fmt.Sprintf("The document %s changed last on %s, before the launch on %s.",
			d.Place, words.Moment(d.Changed), words.Moment(launched)))}, true
	default:
		return nil, true
	}
}

func (r judging) judge(c check.Context, d *fact.Document, p Parameters) (problems []check.Problem) {
	if p.NewerThanLaunch {
		before, known := r.sinceLaunch(c, d)
		if !known {
			return before
		}
		problems = before
	}
	if !d.Exists() {
		return []check.Problem{missing(d.Document, d.Searched)}
	}
	add := func(reason check.Reason, format string, arguments ...any) {
		problems = append(problems, reason.Problem(fmt.Sprintf(format, arguments...)))
	}
	if d.Words < int(p.MinimumWords) {
		add(r.stub, "The document %s has %s (limit %d).", d.Place, words.Count(d.Words, "word"), int(p.MinimumWords))
	}
	for _, wanted := range p.Headings {
		switch found, filled := heading(d.Headings, wanted); {
		case !found:
			add(r.noHeading, "The document %s has no heading %s.", d.Place, orList(wanted))
		case !filled:
			add(r.emptyHeading, "The document %s has nothing written beneath the heading %s.", d.Place, orList(wanted))
		}
	}
	if quantity.ChoiceOf(p.RequiredContent, diagram) && d.Diagrams == 0 {
		add(r.noDiagram, "The document %s has neither a diagram nor a picture.", d.Place)
	}
	age := c.Now.Sub(d.Changed)
	current := p.NewerThanRelease && !d.Released.IsZero() && d.Changed.After(d.Released)
	if age > p.MaximumAge.Std() && !current {
		since := ""
		if p.NewerThanRelease && !d.Released.IsZero() {
			since = ", and there was a release since"
		}
		add(r.tooOld, "The document %s has not changed for %s (limit %s)%s.", d.Place, quantity.InWords(age), p.MaximumAge, since)
	}
	if p.CheckLinks && len(d.Broken) > 0 {
		add(r.brokenLink, "The document %s has %s that %s nowhere: %s.",
			d.Place, words.Count(len(d.Broken), "link"), lead(len(d.Broken)), points(d.Broken))
	}
	if p.CheckExternalLinks {
		problems = append(problems, r.external(c, d)...)
	}
	switch {
	case !p.RequireOwner || len(d.Owners) > 0:
	case d.OwnersFile == "":
		add(r.noOwner, "There is no file CODEOWNERS beside the document %s.", d.Place)
	default:
		add(r.noOwner, "The file %s names no owner of the document %s.", d.OwnersFile, d.Place)
	}
	if len(d.Placeholders) > 0 {
		add(r.placeholder, "The document %s has %s: %s.", d.Place, words.Count(len(d.Placeholders), "placeholder"), points(d.Placeholders))
	}
	return problems
}

func lead(n int) string {
	if n == 1 {
		return "leads"
	}
	return "lead"
}

// points names lines: "TODO in line 3".
func points(all []fact.DocumentPoint) string {
	named := make([]string, len(all))
	for i, each := range all {
		named[i] = fmt.Sprintf("%s in line %d", each.Text, each.Line)
	}
	return words.List(named)
}

// heading tells whether one of several synonyms is a heading, and whether anything is written beneath any such.
func heading(all []fact.DocumentHeading, wanted string) (found, filled bool) {
	for _, synonym := range strings.Split(wanted, "|") {
		for _, each := range all {
			if has(folded(each.Text), folded(synonym)) {
				found, filled = true, filled || each.Words > 0
			}
		}
	}
	return found, filled
}

// has tells whether a text has a word that begins so. Scripts without blanks have no beginnings of words.
func has(text, beginning string) bool {
	joined := func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai) }
	if strings.ContainsFunc(beginning, joined) {
		return strings.Contains(text, beginning)
	}
	return strings.Contains(" "+text, " "+beginning)
}

// folded is a text as headings are compared: in lower case, without what is neither letter nor digit.
func folded(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	}), " ")
}

// orList names synonyms: "Steps", or "Steps or Procedure".
func orList(wanted string) string {
	all := strings.Split(wanted, "|")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), " or ")
}

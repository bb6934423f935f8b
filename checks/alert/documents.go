package alert

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// DocumentParameters say which alerts need a document, and where it may be.
type DocumentParameters struct {
	// Severities are those of the alerts that need one, in any case.
	Severities []string `yaml:"severities"`
	// Label is the label of a rule that has its severity.
	Label string `yaml:"label"`
	// Match are labels that a rule itself sets, each as name=value, such as team=shop. Default: all rules.
	Match []string `yaml:"match"`
	// Groups are names of rule groups, in which * stands for anything, such as shop-*. Default: all groups.
	Groups []string `yaml:"groups"`
	// Folder is the name by which a folder of documents, one an alert, can be declared under documents.
	Folder string `yaml:"folder"`
	// FolderNames are those by which it is found where it is not declared. Default: the name of the folder.
	FolderNames []string `yaml:"folder_names"`
	// Document is the name by which a document with a heading for each alert can be declared under documents.
	Document string `yaml:"document"`
	// DocumentNames are those by which it is found where it is not declared. Default: the name of the document.
	DocumentNames []string `yaml:"document_names"`
	// Annotations are those by which a rule names its document. Such a page counts that another item has found there, by check_pages.
	Annotations []string `yaml:"annotations"`
	// MinimumWords is how many words the document, or what stands beneath the heading, must have.
	MinimumWords quantity.Count `yaml:"minimum_words"`
}

var validName = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// Validate wants severities, and names that can be declared.
func (p DocumentParameters) Validate() error {
	if len(p.Severities) == 0 {
		return check.Wrong("severities", "expected at least one, such as critical")
	}
	if strings.TrimSpace(p.Label) == "" {
		return check.Wrong("label", "expected the name of a label, such as severity")
	}
	for parameter, name := range map[string]string{"folder": p.Folder, "document": p.Document} {
		if !validName.MatchString(name) {
			return check.Wrong(parameter, "expected a name of letters, digits, '.', '_' and '-', such as runbooks")
		}
	}
	for parameter, texts := range map[string][]string{
		"severities": p.Severities, "folder_names": p.FolderNames, "document_names": p.DocumentNames, "annotations": p.Annotations,
	} {
		if err := check.NotBlank(parameter, texts); err != nil {
			return err
		}
	}
	return p.selection().validate()
}

func (p DocumentParameters) selection() selection { return selection{p.Match, p.Groups} }

// requests ask for the folder and the document, wherever they may be.
func (p DocumentParameters) requests() []fact.Request {
	joined := func(names []string, name string) string {
		if len(names) == 0 {
			names = []string{name}
		}
		return strings.ToLower(strings.Join(names, "\n"))
	}
	return []fact.Request{
		fact.DocumentRequest{Document: p.Folder, Names: joined(p.FolderNames, p.Folder), Folder: true},
		fact.DocumentRequest{Document: p.Document, Names: joined(p.DocumentNames, p.Document)},
	}
}

// documentReasons are those of Documents.
type documentReasons struct{ none, absent, stub, uncollected, undeclared check.Reason }

// Documents wants a document for every alert that calls somebody.
func Documents() check.Kind[DocumentParameters] {
	const write = "Write what to do when the alert fires: a file that is called as the alert in the folder of runbooks, or a heading that is."
	reasons := documentReasons{
		none: noRule(check.Undeclared),
		absent: check.Reason{
			Name: "no_alert_document", Level: check.Fail, Sentence: "There is no document for an alert.", Remedy: write,
		},
		stub: check.Reason{Name: "stub", Level: check.Fail, Sentence: "The document for an alert has too little text.", Remedy: write},
		uncollected: check.Reason{
			Name: "documents_not_collected", Level: check.Unknown,
			Sentence: "Not all places have been collected in which the document for an alert may be.",
			Remedy: "Find out whether the repository, folder or page is out of the exporter's reach: the detail says what was tried, and how " +
				"that ended.",
		},
		undeclared: check.Reason{
			Name: "no_place", Level: check.Undeclared, Sentence: "Nothing is declared in which there could be documents for alerts.",
			Remedy: "Declare the repository or the folder of the runbooks under repositories or documents, or set check_pages: true for " +
				"alerting.runbooks.",
		},
	}
	return check.Kind[DocumentParameters]{
		Name:    "alert_documents",
		Summary: "Every alert that calls somebody has a document: a file or a heading that is called as it, or a runbook that is there.",
		Remedy:  write,
		Reasons: []check.Reason{reasons.absent, reasons.stub, reasons.uncollected, reasons.undeclared},
		Defaults: DocumentParameters{
			Severities: []string{"critical", "page"}, Label: "severity", MinimumWords: 20, Annotations: []string{"runbook_url", "runbook"},
			Folder: "runbooks", FolderNames: []string{"runbooks", "runbook", "playbooks", "playbook"},
			Document: "alert-response", DocumentNames: []string{"alert-response", "alert-runbooks", "alerts", "alerting", "runbooks", "runbook"},
		},
		Over: []check.Quantified[DocumentParameters]{check.AllOf(fact.AllAlertRules(), reasons.judge)},
		// An alert whose document was found needs no other place to be collected.
		With: []check.Input{
			check.Reading(fact.DocumentFolders()).Optional(), check.Reading(fact.Documents(), []string{}...).Optional(),
			check.Reading(fact.AllRunbookPages()).Optional(),
		},
		Declared: func(s *system.System, _ DocumentParameters) bool { return declaresRules(s) },
		Declare:  declare, WhenEmpty: reasons.none,
		Requests: func(p DocumentParameters) []fact.Request { return p.requests() },
	}
}

func (r documentReasons) judge(c check.Context, all []*fact.AlertRules, p DocumentParameters) []check.Problem {
	rules := slices.DeleteFunc(p.selection().rules(all), func(l loaded) bool {
		return !isOneOf(p.Severities, l.rule.Label(p.Label))
	})
	if len(rules) == 0 {
		if len(all) == 0 {
			return nil
		}
		return noRuleOf(r.none, p.Label, p.Severities, all)
	}
	l := newLibrary(c, p)
	var found report
	for _, each := range rules {
		words, place := l.find(each.rule.Name)
		switch {
		case l.pageIsThere(each.rule, p), place != "" && words >= int(p.MinimumWords):
		case l.gap(each.rule, p) != "":
			found.add(r.uncollected, each.subject(), "Whether there is a document for the alert %s is not known: %s.",
				each.rule.Name, strings.TrimRight(l.gap(each.rule, p), "."))
		case place != "":
			found.add(r.stub, each.subject(), "The document for the alert %s, %s, has %d words (limit %d).",
				each.rule.Name, place, words, int(p.MinimumWords))
		case !l.declared:
			found.add(r.undeclared, each.subject(), "No place is declared in which there could be a document for the alert %s.", each.rule.Name)
		default:
			found.add(r.absent, each.subject(), "There is no document for the alert %s (%s %s) in %s.",
				each.rule.Name, p.Label, each.rule.Label(p.Label), l.searched)
		}
	}
	return found.problems
}

// A library has the documents in which those for alerts may be.
type library struct {
	sections []section
	pages    map[string]*fact.RunbookPage
	declared bool   // there is a place that was searched
	searched string // those places, in words
	places   string // why not all documents are known; empty: they are
	unasked  string // why not all pages are known; empty: they are
}

// A section is a document for one alert, or part of one.
type section struct {
	names []string // normal forms of what it is called
	place string
	words int
}

func newLibrary(c check.Context, p DocumentParameters) library {
	l := library{}
	l.pages, _ = pagesOf(c, func(*fact.RunbookPages) bool { return true })
	var searched []string
	for _, folder := range check.Read(c, fact.DocumentFolders()) {
		if folder.Document != p.Folder {
			continue
		}
		searched = append(searched, placeOf(folder.Place, folder.Searched))
		for _, each := range folder.Documents {
			l.sections = append(l.sections, section{fileNames(each.Path), each.Path, each.Words})
		}
		if folder.More > 0 {
			l.places = max(l.places, fmt.Sprintf("%s has %d further documents that were not read", folder.Place, folder.More))
		}
	}
	for _, document := range check.Read(c, fact.Documents()) {
		if document.Document != p.Document {
			continue
		}
		searched = append(searched, placeOf(document.Place, document.Searched))
		for _, heading := range document.Headings {
			place := "the heading " + heading.Text + " of " + document.Place
			l.sections = append(l.sections, section{headingNames(heading.Text), place, heading.Words})
		}
	}
	slices.Sort(searched)
	searched = slices.Compact(searched)
	l.declared, l.searched = len(searched) > 0, words.List(searched)
	for _, gap := range []*fact.Gap{
		check.Lacking(c, fact.DocumentFolders(), func(f *fact.DocumentFolder) bool { return f.Document == p.Folder }),
		check.Lacking(c, fact.Documents(), func(d *fact.Document) bool { return d.Document == p.Document }),
	} {
		if gap != nil {
			l.places = max(l.places, cmp.Or(gap.Detail, "a place could not be collected"))
		}
	}
	if gap := check.Lacking(c, fact.AllRunbookPages(), func(*fact.RunbookPages) bool { return true }); gap != nil {
		l.unasked = cmp.Or(gap.Detail, "its page could not be collected")
	}
	return l
}

// placeOf is where a document is, or where it was sought.
func placeOf(place, searched string) string {
	if place != "" {
		return place
	}
	return searched
}

// find gives the document for an alert: of several the longest.
func (l *library) find(alert string) (words int, place string) {
	wanted := normal(alert)
	for _, each := range l.sections {
		if wanted == "" || !slices.Contains(each.names, wanted) {
			continue
		}
		if place == "" || each.words > words || each.words == words && each.place < place {
			words, place = each.words, each.place
		}
	}
	return words, place
}

// pageIsThere tells whether the page that a rule names was found there.
func (l *library) pageIsThere(rule *fact.AlertRule, p DocumentParameters) bool {
	annotation := rule.Annotation(p.Annotations)
	if annotation == nil || annotation.Page == "" {
		return false
	}
	page := l.pages[annotation.Page]
	return page != nil && (page.Answer == fact.PageThere || page.Answer == fact.PageFailing && !page.Alive.IsZero())
}

// gap says why it is not known whether there is a document for an alert; empty: it is known.
func (l *library) gap(rule *fact.AlertRule, p DocumentParameters) string {
	if l.places != "" {
		return l.places
	}
	annotation := rule.Annotation(p.Annotations)
	if annotation == nil || annotation.Page == "" {
		return ""
	}
	if page := l.pages[annotation.Page]; page != nil && page.Answer != fact.PageMissing && page.Answer != fact.PageThere {
		return "the page " + page.Address + " that the rule names could not be checked"
	}
	return l.unasked
}

// normal is a name as it is compared: HighErrorRate, high-error-rate.md, high_error_rate and "High error rate" are one.
func normal(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

var leadingNumber = regexp.MustCompile(`^(\d+[-_. ])+`) // or date: 0007-, 2026-01-02-

// fileNames are what a file can be called by: its own name, with and without a number before it.
func fileNames(file string) []string {
	own := strings.TrimSuffix(path.Base(file), path.Ext(file))
	return []string{normal(own), normal(leadingNumber.ReplaceAllString(own, ""))}
}

// headingNames are what a heading can be called by: as a whole, what stands before a colon or parenthesis, each word that is a name of its
// own, and what is left without the word for what it is of.
func headingNames(heading string) []string {
	before, _, _ := strings.Cut(strings.ReplaceAll(heading, "(", ":"), ":")
	names := []string{normal(heading), normal(before)}
	between := func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;:()[]/`'\"", r) }
	for _, word := range strings.FieldsFunc(heading, between) {
		if strings.ContainsAny(word, "-_") || word != "" && strings.ContainsFunc(word[1:], unicode.IsUpper) {
			names = append(names, normal(word))
		}
	}
	for _, of := range []string{"alert", "runbook", "playbook"} {
		names = append(names, strings.TrimPrefix(normal(heading), of), strings.TrimSuffix(normal(heading), of))
	}
	return names
}

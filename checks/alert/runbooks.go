package alert

import (
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// RunbookParameters say which rules an item is about, and where their runbooks are.
type RunbookParameters struct {
	// Match are labels that a rule itself sets, each as name=value, such as team=shop. Default: all rules.
	Match []string `yaml:"match"`
	// Groups are names of rule groups, in which * stands for anything, such as shop-*. Default: all groups.
	Groups []string `yaml:"groups"`
	// Annotations are those that name the runbook of a rule; the first that has a URL counts.
	Annotations []string `yaml:"annotations"`
	// CheckPages: the pages must answer 200. They are asked once a day, at public addresses alone. Without it the item is undeclared
	// where every rule names a page.
	CheckPages bool `yaml:"check_pages"`
	// Hosts are names of hosts, or host:port, whose pages are asked at private addresses and other ports too, such as wiki.corp.
	Hosts []string `yaml:"hosts"`
	// BehindLogin are beginnings of URLs of pages that only people who log in can open, such as https://github.com/acme/. They are
	// not asked, and make a warning.
	BehindLogin []string `yaml:"behind_login"`
}

// Validate wants names, and URLs that have a host.
func (p RunbookParameters) Validate() error {
	if len(p.Annotations) == 0 {
		return check.Wrong("annotations", "expected the name of an annotation, such as runbook_url")
	}
	if err := check.NotBlank("annotations", p.Annotations); err != nil {
		return err
	}
	for _, host := range p.Hosts {
		if host == "" || strings.ContainsAny(host, "/ \n*") {
			return check.Wrong("hosts", "%q: expected the name of a host, such as wiki.corp, or host:port", host)
		}
	}
	for _, beginning := range p.BehindLogin {
		_, rest, is := strings.Cut(beginning, "://")
		if host, _, ends := strings.Cut(rest, "/"); !is || !ends || host == "" || strings.Contains(beginning, "\n") {
			return check.Wrong("behind_login", "%q: expected the beginning of a URL with the whole host, such as https://github.com/acme/",
				beginning)
		}
	}
	return p.selection().validate()
}

func (p RunbookParameters) selection() selection { return selection{p.Match, p.Groups} }

func (p RunbookParameters) request() fact.RunbookPagesRequest {
	return fact.RunbookPagesRequest{
		Annotations: strings.Join(p.Annotations, "\n"), Hosts: strings.ToLower(strings.Join(p.Hosts, "\n")),
		BehindLogin: strings.Join(p.BehindLogin, "\n"),
	}
}

const (
	// A page is dead that did not answer so often in a row, for that long: servers are out of order at times.
	deadTimes = 3
	deadAfter = 12 * time.Hour
)

// runbookReasons are those of Runbooks.
type runbookReasons struct{ none, unnamed, invalid, template, dead, failing, login, exempt, private, waiting, unchecked check.Reason }

func (r runbookReasons) list() []check.Reason {
	return []check.Reason{r.unnamed, r.invalid, r.template, r.dead, r.failing, r.login, r.exempt, r.private, r.waiting, r.unchecked}
}

// Runbooks wants every alerting rule to name a page that is there.
func Runbooks() check.Kind[RunbookParameters] {
	reasons := runbookReasons{
		none: noRule(check.Undeclared),
		unnamed: check.Reason{
			Name: "no_runbook", Level: check.Fail, Sentence: "A rule names no runbook.",
			Remedy: "Write one that says what to do when the alert fires, and name its URL in the annotation runbook_url of the rule.",
		},
		invalid: check.Reason{
			Name: "no_url", Level: check.Fail, Sentence: "What a rule names as its runbook is no URL that everybody can open.",
			Remedy: "Write the whole URL, with https:// at its beginning and without a login.",
		},
		template: check.Reason{
			Name: "url_template", Level: check.Unknown, Sentence: "The URL of a runbook depends on the alert, so that it cannot be checked.",
			Remedy: "Write the URL as it is.",
		},
		dead: check.Reason{
			Name: "dead_runbook", Level: check.Fail, Sentence: "The runbook of a rule is not there.",
			Remedy: "Write the page, or correct the URL. Where the page is there for whoever logs in, name the beginning of its URL under " +
				"behind_login.",
		},
		failing: check.Reason{
			Name: "runbook_failing", Level: check.Unknown, Sentence: "The server of a runbook has not answered yet as it should.",
			Remedy: "Wait: it is asked again within an hour. If it has gone for good, correct the URL.",
		},
		login: check.Reason{
			Name: "runbook_login", Level: check.Unknown, Sentence: "The page of a runbook is for whoever logs in, so that it cannot be checked.",
			Remedy: "Name the beginning of its URL under behind_login, or publish the page where no login is needed.",
		},
		exempt: check.Reason{
			Name: "runbook_not_checked", Level: check.Warn, Sentence: "A runbook is behind a login, as behind_login says, and was not checked.",
			Remedy: "Open it now and then, or publish the page where no login is needed.",
		},
		private: check.Reason{
			Name: "runbook_private", Level: check.Unknown, Sentence: "A runbook has no public address, so that it is not asked.",
			Remedy: "Name its host under hosts, if the exporter may ask it.",
		},
		waiting: check.Reason{
			Name: "runbook_waiting", Level: check.Unknown, Sentence: "A runbook has not been asked yet.",
			Remedy: "Wait for the next runs of the collector runbook_pages: each server is asked slowly.",
		},
		unchecked: check.Reason{
			Name: "pages_not_checked", Level: check.Undeclared, Sentence: "Whether the runbooks are there is not checked.",
			Remedy: "Set check_pages: true, if the exporter may ask the servers that the rules name.",
		},
	}
	return check.Kind[RunbookParameters]{
		Name:     "alert_runbooks",
		Summary:  "Every alerting rule names a runbook by a URL, and the page is there.",
		Remedy:   "Write the runbook, and name its URL in the rule.",
		Reasons:  reasons.list(),
		Defaults: RunbookParameters{Annotations: []string{"runbook_url", "runbook"}},
		Over:     []check.Quantified[RunbookParameters]{check.AllOf(fact.AllAlertRules(), reasons.judge)},
		With:     []check.Input{check.Reading(fact.AllRunbookPages())},
		Reads:    func(p RunbookParameters) bool { return p.CheckPages },
		Declared: func(s *system.System, _ RunbookParameters) bool { return declaresRules(s) },
		Declare:  declare, WhenEmpty: reasons.none,
		Requests: func(p RunbookParameters) []fact.Request {
			if !p.CheckPages {
				return nil
			}
			return []fact.Request{p.request()}
		},
	}
}

func (r runbookReasons) judge(c check.Context, all []*fact.AlertRules, p RunbookParameters) []check.Problem {
	rules := p.selection().rules(all)
	if len(rules) == 0 {
		if len(all) == 0 {
			return nil
		}
		return []check.Problem{r.none.Problem("No alerting rule that the item is about is loaded at " + serversOf(all) + ".")}
	}
	var pages map[string]*fact.RunbookPage
	collected := false
	if p.CheckPages {
		pages, collected = pagesOf(c, func(f *fact.RunbookPages) bool { return f.Request == p.request() })
	}
	var found report
	named := 0
	for _, each := range rules {
		annotation := each.rule.Annotation(p.Annotations)
		if annotation == nil || annotation.Page == "" {
			r.unusable(&found, each, annotation, p)
			continue
		}
		if named++; collected {
			r.page(c, &found, each, pages[annotation.Page])
		}
	}
	switch {
	case named == 0 || collected:
	case p.CheckPages:
		found.add(r.waiting, "", "The pages have not been asked yet that %s %s.", words.Count(named, "rule"), name(named))
	default:
		found.add(r.unchecked, "", "Whether the pages are there that %s %s is not checked.", words.Count(named, "rule"), name(named))
	}
	return found.problems
}

// name is the form of the verb that goes with a number of things.
func name(n int) string {
	if n == 1 {
		return "names"
	}
	return "name"
}

// pagesOf are the pages of some facts, by what rules call them, and whether there is any such fact.
func pagesOf(c check.Context, of func(*fact.RunbookPages) bool) (pages map[string]*fact.RunbookPage, collected bool) {
	pages = make(map[string]*fact.RunbookPage)
	for _, each := range check.Read(c, fact.AllRunbookPages()) {
		if !of(each) {
			continue
		}
		collected = true
		for i := range each.Pages {
			if page := &each.Pages[i]; pages[page.Page] == nil || better(page, pages[page.Page]) {
				pages[page.Page] = page
			}
		}
	}
	return pages, collected
}

// better tells which of two answers of one page counts: that it is there, or else the later one; then any, but always the same.
func better(a, b *fact.RunbookPage) bool {
	if there := a.Answer == fact.PageThere; there != (b.Answer == fact.PageThere) {
		return there
	}
	if !a.Alive.Equal(b.Alive) {
		return a.Alive.After(b.Alive)
	}
	if a.Times != b.Times {
		return a.Times > b.Times
	}
	if !a.Since.Equal(b.Since) {
		return a.Since.Before(b.Since)
	}
	return string(a.Answer)+a.Address+a.Detail < string(b.Answer)+b.Address+b.Detail
}

// unusable reports a rule that names no page that could be asked.
func (r runbookReasons) unusable(found *report, of loaded, annotation *fact.RuleAnnotation, p RunbookParameters) {
	switch {
	case annotation == nil:
		has := "no"
		if len(p.Annotations) > 1 {
			has = "none of the"
		}
		found.add(r.unnamed, of.subject(), "The rule %s of the group %s has %s %s.", of.rule.Name, of.group.Name, has,
			words.Named("annotation", p.Annotations))
	case annotation.Template:
		found.add(r.template, of.subject(), "The annotation %s of the rule %s is a template: %s.%s", annotation.Name, of.rule.Name,
			annotation.Text, lostLabel(annotation))
	default:
		fault := annotation.Fault
		if fault == "" {
			fault = "it is no URL"
		}
		found.add(r.invalid, of.subject(), "The annotation %s of the rule %s leads to no page, since %s: %s.", annotation.Name, of.rule.Name,
			fault, annotation.Text)
	}
}

// lostLabel says what becomes of a name that many templates have: labels are those of the series, to which alertname is added later.
func lostLabel(annotation *fact.RuleAnnotation) string {
	if !strings.Contains(annotation.Text, "$labels.alertname") && !strings.Contains(annotation.Text, ".Labels.alertname") {
		return ""
	}
	return " Prometheus puts nothing in the place of alertname, which is no label of the series that the expression returns."
}

// page judges the answer of a page.
func (r runbookReasons) page(c check.Context, found *report, of loaded, page *fact.RunbookPage) {
	if page == nil {
		found.add(r.waiting, of.subject(), "The runbook of the rule %s has not been asked yet.", of.rule.Name)
		return
	}
	add := func(reason check.Reason, how string) {
		found.add(reason, of.subject(), "The runbook of the rule %s, %s, %s.", of.rule.Name, page.Address, how)
	}
	switch page.Answer {
	case fact.PageThere:
	case fact.PageMissing:
		add(r.dead, "is not there: "+page.Detail)
	case fact.PageLogin:
		add(r.login, "asks for a login")
	case fact.PageExempt:
		add(r.exempt, "is behind a login, and was not checked")
	case fact.PagePrivate:
		add(r.private, "has no public address, and was not asked")
	case fact.PageFailing:
		switch {
		case page.Times >= deadTimes && c.Now.Sub(page.Since) >= deadAfter:
			add(r.dead, "has not answered since "+words.Moment(page.Since)+": "+page.Detail)
		case page.Alive.IsZero():
			add(r.failing, "did not answer as it should: "+page.Detail)
		}
	default:
		add(r.waiting, "has not been asked yet")
	}
}

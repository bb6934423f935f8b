package prometheus

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/linkcheck"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// maximumPages is how many pages are asked.
const maximumPages = 1000

// A PagesTarget is the pages that annotations of the rules of all servers lead to.
type PagesTarget struct {
	System  string
	Servers []system.Prometheus
	Request fact.RunbookPagesRequest
}

// NewRunbooks makes the collector of the pages that annotations of alerting rules lead to. It asks for them where an item wants that.
func NewRunbooks(options linkcheck.Options) collector.Collector[PagesTarget] {
	options.About, options.Pages = "runbooks of alerting rules", true
	r := runbooks{options: options, known: make(map[string]linkcheck.Known)}
	kind := fact.AllRunbookPages()
	return collector.Collector[PagesTarget]{
		Name:     "runbook_pages",
		Summary:  "Whether the runbooks of alerting rules are there, where an item asks for that (check_pages); each page once a day.",
		Yields:   []fact.Any{kind},
		Schedule: "@every 15m",
		Timeout:  10 * time.Minute,
		Request: func(s *system.System, wanted fact.Request) (PagesTarget, bool) {
			request, is := wanted.(fact.RunbookPagesRequest)
			servers := withRules(s)
			return PagesTarget{s.ID(), servers, request}, is && len(servers) > 0
		},
		Target: func(t PagesTarget) string { return t.Request.Name() },
		Known: func(t PagesTarget) []fact.AnySet {
			return []fact.AnySet{kind.Missing(fact.RunbookPages{Request: t.Request})}
		},
		Collect: func(ctx context.Context, t PagesTarget, _ fact.Topics) ([]fact.AnySet, error) {
			return r.collect(ctx, t)
		},
		Forget: r.forget,
	}
}

// runbooks has what is known of pages, by the targets that lead to them.
type runbooks struct {
	options linkcheck.Options

	mu    sync.Mutex
	known map[string]linkcheck.Known
}

func (r *runbooks) forget(t PagesTarget) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, t.System+" "+t.Request.Name())
}

// of gives what is known of the pages of a target. One run at a time uses it.
func (r *runbooks) of(t PagesTarget) linkcheck.Known {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := t.System + " " + t.Request.Name()
	if r.known[key] == nil {
		r.known[key] = make(linkcheck.Known)
	}
	return r.known[key]
}

func (r *runbooks) collect(ctx context.Context, t PagesTarget) ([]fact.AnySet, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	pages, gaps := addresses(ctx, t)
	if len(gaps) == len(t.Servers) {
		return nil, gaps[0]
	}
	set := &fact.Set[fact.RunbookPages]{}
	for _, err := range gaps {
		set.Lack(fact.RunbookPages{Request: t.Request}, "", err)
	}
	keys := slices.SortedFunc(maps.Keys(pages), func(a, b string) int { return strings.Compare(pages[a], pages[b]) })
	if len(keys) > maximumPages {
		set.Lack(fact.RunbookPages{Request: t.Request}, "",
			fact.Errorf(fact.ReasonUnsupported, "the rules lead to %d pages, and at most %d are asked", len(keys), maximumPages))
		keys = keys[:maximumPages]
	}
	found := fact.RunbookPages{Request: t.Request, Pages: make([]fact.RunbookPage, len(keys))}
	var asked []string
	for i, key := range keys {
		found.Pages[i] = fact.RunbookPage{Page: key, Address: shown(pages[key]), Answer: t.unasked(pages[key])}
		if found.Pages[i].Answer == "" {
			asked = append(asked, pages[key])
		}
	}
	known, options := r.of(t), r.options
	if options.Connect == nil {
		options.Connect = linkcheck.PublicAnd(lines(t.Request.Hosts))
	}
	known.Keep(asked)
	if err := known.Ask(ctx, options); err != nil {
		return nil, err
	}
	for i, key := range keys {
		if state := known[pages[key]]; state != nil {
			note(&found.Pages[i], state)
		}
	}
	set.Add(found)
	return []fact.AnySet{fact.AllRunbookPages().Set(set)}, nil
}

// addresses gives the URLs of the pages that the rules lead to, each once, and the errors of servers whose rules are not known.
func addresses(ctx context.Context, t PagesTarget) (pages map[string]string, gaps []error) {
	pages = make(map[string]string)
	for _, server := range t.Servers {
		listed, err := list(ctx, server)
		if err != nil {
			gaps = append(gaps, err)
			continue
		}
		for i := range listed.groups {
			for k := range listed.groups[i].Rules {
				found := listed.groups[i].Rules[k].Annotation(lines(t.Request.Annotations))
				if found != nil && found.Page != "" {
					pages[found.Page] = listed.reader.addresses[found.Page]
				}
			}
		}
	}
	return pages, gaps
}

// unasked tells why a page is not asked; empty: it is.
func (t PagesTarget) unasked(address string) fact.RunbookPageAnswer {
	for _, beginning := range lines(t.Request.BehindLogin) {
		if strings.HasPrefix(address, beginning) {
			return fact.PageExempt
		}
	}
	page, err := url.Parse(address)
	if err != nil {
		return fact.PagePrivate
	}
	hosts := lines(t.Request.Hosts)
	if linkcheck.IsInternal(page.Hostname()) && !slices.Contains(hosts, strings.ToLower(page.Hostname())) &&
		!slices.Contains(hosts, strings.ToLower(page.Host)) {
		return fact.PagePrivate
	}
	return ""
}

// note notes what came of asking for a page.
func note(page *fact.RunbookPage, state *linkcheck.State) {
	page.Detail, page.Times, page.Alive = state.Detail, state.Times, state.Alive
	if !state.Since.IsZero() {
		page.Since = state.Since
	}
	switch {
	case state.Waits():
		page.Answer = fact.PageWaiting
	case state.Beyond:
		page.Answer = fact.PagePrivate
	case state.Login:
		page.Answer = fact.PageLogin
	case state.Status >= http.StatusMultipleChoices && state.Status < http.StatusInternalServerError &&
		state.Status != http.StatusTooManyRequests:
		page.Answer, page.Detail = fact.PageMissing, fmt.Sprintf("the server answers %d", state.Status)
	case !state.Since.IsZero():
		page.Answer = fact.PageFailing
	default:
		page.Answer = fact.PageThere
	}
}

// lines are those of a list; none where it is empty.
func lines(list string) []string {
	return slices.DeleteFunc(strings.Split(list, "\n"), func(line string) bool { return line == "" })
}

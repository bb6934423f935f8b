package document

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/prose"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// maximumExternal is how many links of a document to other servers are asked.
	maximumExternal = 200
	// again is after how long one that is alive is asked again, retried after how long one that is not.
	again   = 24 * time.Hour
	retried = 50 * time.Minute
	// budget is how long one run asks.
	budget = 3 * time.Minute
)

// LinkOptions say how links are asked.
type LinkOptions struct {
	Now     func() time.Time
	Connect Connect       // nil: to public addresses alone
	Pause   time.Duration // between two requests to one server
}

// NewLinks makes the collector of links to other servers. It asks those of documents for which an item wants that.
func NewLinks(repositories *gitrepo.Store, options LinkOptions) collector.Collector[Target] {
	kind := fact.AllExternalLinks()
	l := linkChecker{library: library{repositories: repositories}, options: options, known: make(map[string]map[string]*asked)}
	return collector.Collector[Target]{
		Name:     "external_links",
		Summary:  "Whether links of documents to other servers are alive, where an item asks for that (check_external_links); each once a day.",
		Yields:   []fact.Any{kind},
		Schedule: "@every 1h",
		Timeout:  10 * time.Minute,
		Request: func(s *system.System, wanted fact.Request) (Target, bool) {
			external, is := wanted.(fact.ExternalLinksRequest)
			if !is {
				return Target{}, false
			}
			t, found := request(s, fact.DocumentRequest(external))
			t.System = s.ID()
			return t, found
		},
		Target: func(t Target) string { return name(t.Request) },
		Known: func(t Target) []fact.AnySet {
			return []fact.AnySet{kind.Missing(fact.ExternalLinks{Document: t.Request.Document})}
		},
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
			found, err := l.collect(ctx, t)
			if err != nil {
				return nil, err
			}
			return []fact.AnySet{kind.Found(found)}, nil
		},
		Forget: l.forget,
	}
}

// A linkChecker has what is known of links, by the targets that name them.
type linkChecker struct {
	library
	options LinkOptions

	mu    sync.Mutex
	known map[string]map[string]*asked
}

// asked is what is known of one link.
type asked struct {
	at     time.Time // when it was last asked; zero: never
	since  time.Time // when it first failed; zero: it is alive
	times  int       // how often it failed in a row
	detail string
	silent bool // no server answered
	beyond bool // it is not to be asked: it leads to no public address
}

// due tells whether it is time to ask.
func (a *asked) due(now time.Time) bool {
	if a.since.IsZero() {
		return now.Sub(a.at) >= again
	}
	return now.Sub(a.at) >= retried
}

func key(t Target) string { return t.System + " " + name(t.Request) }

func (l *linkChecker) forget(t Target) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.known, key(t))
}

// of gives what is known of the links of a target. One run at a time uses it.
func (l *linkChecker) of(t Target) map[string]*asked {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[key(t)] == nil {
		l.known[key(t)] = make(map[string]*asked)
	}
	return l.known[key(t)]
}

func (l *linkChecker) collect(ctx context.Context, t Target) (found fact.ExternalLinks, err error) {
	if ctx.Err() != nil {
		return found, context.Cause(ctx)
	}
	found.Document = t.Request.Document
	place, text, err := l.text(ctx, t)
	if err != nil || text == nil {
		return found, err
	}
	found.Place = place
	known, points := l.of(t), external(text)
	for link := range known {
		if !slices.ContainsFunc(points, func(p prose.Point) bool { return p.Text == link }) {
			delete(known, link)
		}
	}
	for _, point := range points {
		if known[point.Text] == nil {
			known[point.Text] = &asked{}
		}
	}
	if err := l.ask(ctx, known); err != nil {
		return found, fmt.Errorf("ask the links of %s: %w", place, err)
	}
	for _, point := range points {
		switch a := known[point.Text]; {
		case a.at.IsZero():
			found.Waiting++
		case a.beyond:
		default:
			if found.Asked++; !a.since.IsZero() && len(found.Failing) < maximumPoints {
				found.Failing = append(found.Failing, fact.FailingLink{
					Line: point.Line, Link: shown(point.Text), Detail: a.detail, Since: a.since.UTC(), Times: a.times,
				})
			}
		}
	}
	return found, nil
}

// ask asks the links whose time it is, those first that wait longest. Where no server at all answers, the fault is no link's.
func (l *linkChecker) ask(ctx context.Context, known map[string]*asked) error {
	now := l.options.Now()
	var due []string
	for link, a := range known {
		if a.due(now) {
			due = append(due, link)
		}
	}
	slices.SortFunc(due, func(a, b string) int { return cmp.Or(known[a].at.Compare(known[b].at), cmp.Compare(a, b)) })
	asker := newAsker(l.options)
	defer asker.close()
	begun, answered, failure := time.Now(), false, ""
	before := make(map[string]asked, len(due))
	for _, link := range due {
		if time.Since(begun) > budget {
			break
		}
		before[link] = *known[link]
		asker.ask(ctx, link, known[link], now)
		if ctx.Err() != nil {
			*known[link] = before[link]
			return context.Cause(ctx)
		}
		if a := known[link]; a.silent {
			failure = a.detail
		} else {
			answered = answered || !a.beyond
		}
	}
	if answered || failure == "" {
		return nil
	}
	for link, was := range before {
		*known[link] = was
	}
	return fact.Errorf(fact.ReasonUnreachable, "no server answers any of them, as if this machine reached none: %s", failure)
}

// text gives a document and where it is; nil: there is none.
func (l *linkChecker) text(ctx context.Context, t Target) (place string, text *prose.Text, err error) {
	page, at, _, err := l.written(ctx, t)
	if err != nil || page == nil {
		return "", nil, err
	}
	return words.Printable(at, 200), prose.Read(page.format, page.content), nil
}

package document

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/linkcheck"
	"github.com/readiness-exporter/readiness-exporter/internal/prose"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// maximumExternal is how many links of a document to other servers are asked.
const maximumExternal = 200

// NewLinks makes the collector of links to other servers. It asks those of documents for which an item wants that.
func NewLinks(repositories *gitrepo.Store, options linkcheck.Options) collector.Collector[Target] {
	kind := fact.AllExternalLinks()
	options.About = "links of documents"
	l := linkChecker{library: library{repositories: repositories}, options: options, known: make(map[string]linkcheck.Known)}
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
	options linkcheck.Options

	mu    sync.Mutex
	known map[string]linkcheck.Known
}

func key(t Target) string { return t.System + " " + name(t.Request) }

func (l *linkChecker) forget(t Target) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.known, key(t))
}

// of gives what is known of the links of a target. One run at a time uses it.
func (l *linkChecker) of(t Target) linkcheck.Known {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[key(t)] == nil {
		l.known[key(t)] = make(linkcheck.Known)
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
	links := make([]string, len(points))
	for i := range points {
		links[i] = points[i].Text
	}
	known.Keep(links)
	if err := known.Ask(ctx, l.options); err != nil {
		return found, fmt.Errorf("ask the links of %s: %w", place, err)
	}
	for _, point := range points {
		switch a := known[point.Text]; {
		case a.At.IsZero():
			found.Waiting++
		case a.Beyond:
		default:
			if found.Asked++; !a.Since.IsZero() && len(found.Failing) < maximumPoints {
				found.Failing = append(found.Failing, fact.FailingLink{
					Line: point.Line, Link: shown(point.Text), Detail: a.Detail, Since: a.Since.UTC(), Times: a.Times,
				})
			}
		}
	}
	return found, nil
}

// text gives a document and where it is; nil: there is none.
func (l *linkChecker) text(ctx context.Context, t Target) (place string, text *prose.Text, err error) {
	page, at, _, err := l.written(ctx, t)
	if err != nil || page == nil {
		return "", nil, err
	}
	return words.Printable(at, 200), prose.Read(page.format, page.content), nil
}

package document

import (
	"context"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/prose"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// NewVocabulary makes the collector of words of documents. It reads those in which an item finds names of things.
func NewVocabulary(repositories *gitrepo.Store) collector.Collector[Target] {
	kind := fact.DocumentVocabularies()
	l := library{repositories: repositories}
	c := New(repositories)
	c.Name = kind.Name
	c.Summary = "The words of documents in which an item finds names of things, such as tables of a database."
	c.Yields = []fact.Any{kind}
	c.Request = func(s *system.System, asked fact.Request) (Target, bool) {
		wanted, is := asked.(fact.VocabularyRequest)
		if !is {
			return Target{}, false
		}
		return request(s, fact.DocumentRequest(wanted))
	}
	c.Known = func(t Target) []fact.AnySet {
		return []fact.AnySet{kind.Missing(fact.DocumentVocabulary{Document: t.Request.Document})}
	}
	c.Collect = func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		found, err := l.vocabulary(ctx, t)
		if err != nil {
			return nil, err
		}
		return []fact.AnySet{kind.Found(found)}, nil
	}
	return c
}

// vocabulary finds a document, and reads its words.
func (l library) vocabulary(ctx context.Context, t Target) (found fact.DocumentVocabulary, err error) {
	page, at, searched, err := l.written(ctx, t)
	found = fact.DocumentVocabulary{Document: t.Request.Document, Place: at, Searched: searched}
	if err != nil || page == nil {
		return found, err
	}
	if found.Words, err = prose.Vocabulary(page.format, page.content); err != nil {
		return found, fact.Errorf(fact.ReasonUnsupported, "read %s: %w", at, err)
	}
	return found, nil
}

// Package review collects by which pull or merge requests the latest commits of a branch came to be in it, and who approved those: from
// GitHub, GitLab, Gitea, Forgejo and Bitbucket.
package review

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// settled is after how long what is known of a commit is not asked again: hardly anybody takes back an approval that old.
	settled = 7 * 24 * time.Hour
	// kept is how long what was collected counts while a host wants to be left alone.
	kept = 2 * time.Hour
	// mostErrors is after how many commits that cannot be asked about a run asks no more.
	mostErrors = 3
)

// New makes the collector. Now is the clock.
func New(now func() time.Time) collector.Collector[system.Review] {
	kind := fact.ReviewedBranches()
	r := reviews{now: now, known: make(map[system.Review]*memory)}
	return collector.Collector[system.Review]{
		Name: "review",
		Summary: "By which pull or merge requests the latest commits of a branch came to be in it, and who approved them: GitHub, GitLab, " +
			"Gitea, Forgejo and Bitbucket.",
		Yields:   []fact.Any{kind},
		Schedule: "@every 10m",
		Timeout:  3 * time.Minute,
		Targets:  func(described *system.System) []system.Review { return described.ResolvedReviews() },
		Target:   func(t system.Review) string { return t.Name },
		Server:   server,
		Known: func(t system.Review) []fact.AnySet {
			return []fact.AnySet{kind.Missing(fact.ReviewedBranch{Review: t.Name, Component: t.Component})}
		},
		Collect: func(ctx context.Context, t system.Review, _ fact.Topics) ([]fact.AnySet, error) {
			found, gap, err := r.collect(ctx, t)
			if err != nil {
				return nil, fmt.Errorf("get %s of %s: %w", t.Project, server(t), err)
			}
			set := &fact.Set[fact.ReviewedBranch]{}
			if gap != nil {
				set.LackTopic(fact.ReviewedBranch{Review: t.Name, Component: t.Component}, fact.TopicChanges, gap)
			}
			set.Add(found)
			return []fact.AnySet{kind.Set(set)}, nil
		},
		Forget: r.forget,
	}
}

func server(t system.Review) string {
	address, err := url.Parse(t.URL)
	if err != nil {
		return ""
	}
	return address.Host
}

// reviews has what is known of each project.
type reviews struct {
	now func() time.Time

	mu    sync.Mutex
	known map[system.Review]*memory
}

// A memory is what is kept of a project from one run to the next. One run at a time uses it.
type memory struct {
	commits map[string]remembered
	answers map[string]answer // by path
	// until is when the host may be asked again that was asked too often.
	until time.Time
	last  *fact.ReviewedBranch
	at    time.Time // when that was collected
}

// A remembered commit, with when it was asked about.
type remembered struct {
	fact.ReviewedCommit
	asked time.Time
}

func (r *reviews) forget(t system.Review) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.known, t)
}

func (r *reviews) of(t system.Review) *memory {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[t] == nil {
		r.known[t] = &memory{commits: make(map[string]remembered), answers: make(map[string]answer)}
	}
	return r.known[t]
}

// collect gives the branch, and why not all of it is known. While a host wants to be left alone what is known of it counts.
func (r *reviews) collect(ctx context.Context, t system.Review) (found fact.ReviewedBranch, gap, err error) {
	if ctx.Err() != nil {
		return found, nil, context.Cause(ctx)
	}
	m, now := r.of(t), r.now()
	var limited *limitError
	if now.Before(m.until) {
		limited = &limitError{until: m.until}
		err = limited
	} else {
		found, gap, err = m.ask(ctx, t, now)
	}
	if errors.As(errors.Join(err, gap), &limited) {
		m.until = limited.until
	}
	switch {
	case err != nil && limited != nil && m.last != nil && now.Sub(m.at) < kept:
		return *m.last, err, nil
	case err != nil:
		return found, nil, err
	}
	m.last, m.at = &found, now
	return found, gap, nil
}

// ask asks the host for the branch.
func (m *memory) ask(ctx context.Context, t system.Review, now time.Time) (found fact.ReviewedBranch, gap, err error) {
	c, err := newClient(t, m.answers, now)
	if err != nil {
		return found, nil, err
	}
	defer c.close()
	host := newHost(t, c)
	branch := t.Branch
	if branch == "" {
		if branch, err = host.branch(ctx); err != nil {
			return found, nil, err
		}
	}
	found = fact.ReviewedBranch{Review: t.Name, Component: t.Component, Branch: words.Printable(branch, longestText)}
	commits, whole, err := latest(ctx, host, branch, t.Commits)
	if err != nil {
		return found, nil, err
	}
	tags, err := host.tags(ctx)
	if err != nil {
		return found, nil, err
	}
	found.Whole = whole
	f := filling{memory: m, host: host, branch: branch, now: now}
	found.Commits = f.fill(ctx, commits, tags)
	m.answers = c.used // What was not asked for this time is not kept.
	if ctx.Err() != nil {
		return found, nil, context.Cause(ctx)
	}
	return found, f.last, nil
}

// A filling tells of one commit after the other how it came to be in the branch.
type filling struct {
	*memory
	host   host
	branch string
	now    time.Time
	errs   int
	last   error // why it is not known of all
}

// fill tells of each commit, and why that is not known of all.
func (f *filling) fill(ctx context.Context, commits []commit, tags map[string][]string) (all []fact.ReviewedCommit) {
	kept := make(map[string]remembered, len(commits))
	for _, each := range commits {
		one := f.commit(ctx, each)
		one.Tags = tags[each.id]
		kept[each.id] = one
		all = append(all, one.ReviewedCommit)
	}
	f.commits = kept
	return all
}

// commit tells of one. What cannot be asked any more is as it was when it last could.
func (f *filling) commit(ctx context.Context, c commit) remembered {
	before, known := f.commits[c.id]
	known = known && before.Unavailable == ""
	one := remembered{ReviewedCommit: fact.ReviewedCommit{Commit: c.id, At: c.at}, asked: f.now}
	switch {
	case known && (f.errs >= mostErrors || before.asked.Sub(c.at) > settled):
		return before
	case f.errs >= mostErrors:
		one.Unavailable = words.Excerpt(f.last.Error())
		return one
	}
	change, err := f.change(ctx, c.id)
	if err == nil {
		one.Change = change
		return one
	}
	var limited *limitError
	isLimited := errors.As(err, &limited)
	if f.errs++; isLimited || fact.ReasonOf(err) == fact.ReasonDenied || ctx.Err() != nil {
		f.errs = mostErrors // It would be the same of all others.
	}
	f.last = err
	if known && isLimited {
		return before
	}
	one.Unavailable = words.Excerpt(err.Error())
	return one
}

// change gives the change by which a commit came, with its approvals; nil: it came without one.
func (f *filling) change(ctx context.Context, commit string) (*fact.Change, error) {
	found, err := f.host.change(ctx, f.branch, commit)
	if err != nil || found == nil {
		return nil, err
	}
	approvals, err := f.host.approvals(ctx, found)
	if err != nil {
		return nil, fmt.Errorf("approvals of %s: %w", found.Name, err)
	}
	found.Approvals = approvals
	return &found.Change, nil
}

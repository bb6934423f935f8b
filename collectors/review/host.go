package review

import (
	"context"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// A host is what serves a project, asked by its API.
type host interface {
	// branch is the default one.
	branch(ctx context.Context) (string, error)
	// commits gives one page, from 1, of the commits of a branch, the newest first, and whether there are more.
	commits(ctx context.Context, branch string, page int) ([]commit, bool, error)
	// tags gives the names of tags by the commits that they name.
	tags(ctx context.Context) (map[string][]string, error)
	// change gives the change that was merged into the branch by which a commit came; nil: there is none.
	change(ctx context.Context, branch, commit string) (*change, error)
	approvals(ctx context.Context, c *change) ([]fact.Approval, error)
}

func newHost(t system.Review, c *client) host {
	switch t.Host {
	case system.GitHub:
		return github{c, t.Project}
	case system.GitLab:
		return gitlab{c, t.Project}
	case system.Gitea:
		return gitea{c, t.Project}
	case system.BitbucketDataCenter:
		return &bitbucketServer{client: c, project: t.Project}
	default:
		return &bitbucket{client: c, project: t.Project}
	}
}

// A commit of a branch.
type commit struct {
	id     string
	parent string // the first one
	at     time.Time
}

// A change with what its host needs to tell of its approvals.
type change struct {
	fact.Change
	id   string
	head string // the commit that was merged
}

const (
	// pageSize is how many of a list are asked for at once.
	pageSize = 100
	// mostPages is how many pages of a list are read.
	mostPages = 10
	// mostTagPages is the same of tags.
	mostTagPages = 3
	// longestText is how much of a name is kept, in bytes.
	longestText = 100
)

// latest gives the commits that were the head of a branch, the newest first, and whether those are all.
func latest(ctx context.Context, h host, branch string, most int) (chain []commit, whole bool, err error) {
	f := firstParents{known: make(map[string]commit), most: most}
	for page := 1; page <= mostPages; page++ {
		commits, more, err := h.commits(ctx, branch, page)
		if err != nil {
			return nil, false, err
		}
		if page == 1 && len(commits) > 0 {
			f.next = commits[0].id
		}
		for _, each := range commits {
			if each.id == "" {
				return nil, false, missing("id of a commit")
			}
			f.known[each.id] = each
		}
		if f.follow() || !more {
			break
		}
	}
	if len(f.chain) == 0 {
		return nil, false, fact.Errorf(fact.ReasonNotFound, "the branch %s has no commit", branch)
	}
	return f.chain, f.next == "", nil
}

// firstParents are the commits from the head of a branch on, each the first parent of the one before.
type firstParents struct {
	known map[string]commit
	chain []commit
	next  string // the commit that is to follow; empty: the last one has no parent
	most  int
}

// follow goes on as far as commits are known, and tells whether there are enough.
func (f *firstParents) follow() (enough bool) {
	for f.next != "" && len(f.chain) < f.most {
		each, there := f.known[f.next]
		if !there {
			return false
		}
		delete(f.known, f.next) // No parent leads back.
		f.chain, f.next = append(f.chain, each), each.parent
	}
	return true
}

// verdicts gives the last verdict of each reviewer, in the order in which they first gave one.
func verdicts(all []fact.Approval) (last []fact.Approval) {
	for _, each := range all {
		each.By = words.Printable(each.By, longestText)
		if each.By == "" {
			each.By = "a user who was deleted"
		}
		at := slices.IndexFunc(last, func(a fact.Approval) bool { return a.By == each.By })
		if at < 0 {
			last = append(last, each)
			continue
		}
		last[at] = each
	}
	return last
}

// missing is the error of an answer without what it ought to have.
func missing(what string) error {
	return fact.Errorf(fact.ReasonInvalid, "the answer has no %s", what)
}

package review

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// github is GitHub, in the cloud or of one's own: https://docs.github.com/en/rest.
type github struct {
	*client
	project string
}

// A githubUser is null where the account was deleted.
type githubUser struct {
	Login string `json:"login"`
	Type  string `json:"type"`
}

func (u *githubUser) name() string {
	if u == nil {
		return ""
	}
	return u.Login
}

func (g github) branch(ctx context.Context) (string, error) {
	var answer struct {
		Branch string `json:"default_branch"`
	}
	_, err := g.must(ctx, "/repos/"+g.project, nil, &answer)
	if err == nil && answer.Branch == "" {
		err = missing("default_branch")
	}
	return answer.Branch, err
}

func (g github) commits(ctx context.Context, branch string, page int) (commits []commit, more bool, err error) {
	var answer []struct {
		SHA    string `json:"sha"`
		Commit struct {
			Committer struct {
				Date time.Time `json:"date"`
			} `json:"committer"`
		} `json:"commit"`
		Parents []struct {
			SHA string `json:"sha"`
		} `json:"parents"`
	}
	query := url.Values{"sha": {branch}, "page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(pageSize)}}
	more, err = g.must(ctx, "/repos/"+g.project+"/commits", query, &answer)
	for _, each := range answer {
		one := commit{id: each.SHA, at: each.Commit.Committer.Date}
		if len(each.Parents) > 0 {
			one.parent = each.Parents[0].SHA
		}
		commits = append(commits, one)
	}
	return commits, more, err
}

// githubTag is one as GitHub and Gitea have it.
type githubTag struct {
	Name   string `json:"name"`
	Commit struct {
		SHA string `json:"sha"`
	} `json:"commit"`
}

func (g github) tags(ctx context.Context) (map[string][]string, error) {
	tags, err := paged[githubTag](ctx, g.client, "/repos/"+g.project+"/tags", nil, "per_page", mostTagPages)
	return byCommit(tags), err
}

func byCommit(tags []githubTag) map[string][]string {
	names := make(map[string][]string, len(tags))
	for _, tag := range tags {
		names[tag.Commit.SHA] = append(names[tag.Commit.SHA], tag.Name)
	}
	return names
}

// githubPull is a pull request as GitHub and Gitea have it.
type githubPull struct {
	Number      int         `json:"number"`
	Link        string      `json:"html_url"`
	User        *githubUser `json:"user"`
	MergedAt    *time.Time  `json:"merged_at"`
	MergeCommit string      `json:"merge_commit_sha"`
	Head        struct {
		SHA string `json:"sha"`
	} `json:"head"`
	Base struct {
		Ref string `json:"ref"`
	} `json:"base"`
}

func (p *githubPull) change() *change {
	return &change{
		id: strconv.Itoa(p.Number), head: p.Head.SHA,
		Change: fact.Change{Name: "#" + strconv.Itoa(p.Number), Link: p.Link, Author: p.User.name(), MergedAt: p.MergedAt.UTC()},
	}
}

// change reads the pull requests of a commit. One that is open, closed or of another branch did not bring it here.
func (g github) change(ctx context.Context, branch, commit string) (*change, error) {
	var answer []githubPull
	_, err := g.must(ctx, pathOf("/repos/"+g.project+"/commits/%s/pulls", commit), url.Values{"per_page": {strconv.Itoa(pageSize)}}, &answer)
	if err != nil {
		return nil, err
	}
	var found *githubPull
	for i := range answer {
		p := &answer[i]
		if p.MergedAt == nil || p.Base.Ref != branch {
			continue
		}
		if found == nil || p.MergeCommit == commit || p.Head.SHA == commit && found.MergeCommit != commit {
			found = p
		}
	}
	if found == nil {
		return nil, nil
	}
	return found.change(), nil
}

func (g github) approvals(ctx context.Context, c *change) ([]fact.Approval, error) {
	type review struct {
		User   *githubUser `json:"user"`
		State  string      `json:"state"`
		Commit string      `json:"commit_id"` // null where a force push removed it
	}
	reviews, err := paged[review](ctx, g.client, pathOf("/repos/"+g.project+"/pulls/%s/reviews", c.id), nil, "per_page", mostPages)
	var all []fact.Approval
	for _, each := range reviews {
		one := fact.Approval{By: each.User.name(), Bot: each.User != nil && each.User.Type == "Bot", Stale: each.Commit != c.head}
		switch each.State {
		case "APPROVED":
		case "CHANGES_REQUESTED":
			one.Rejected = true
		case "DISMISSED":
			one.Dismissed = true
		default: // A comment changes no verdict.
			continue
		}
		all = append(all, one)
	}
	return verdicts(all), err
}

// gitea is Gitea, or Forgejo: https://docs.gitea.com/api.
type gitea struct {
	*client
	project string
}

func (g gitea) branch(ctx context.Context) (string, error) { return github(g).branch(ctx) }

func (g gitea) commits(ctx context.Context, branch string, page int) (commits []commit, more bool, err error) {
	var answer []struct {
		SHA     string    `json:"sha"`
		Created time.Time `json:"created"`
		Parents []struct {
			SHA string `json:"sha"`
		} `json:"parents"`
	}
	query := url.Values{
		"sha": {branch}, "page": {strconv.Itoa(page)}, "limit": {strconv.Itoa(pageSize)},
		"stat": {"false"}, "verification": {"false"}, "files": {"false"},
	}
	more, err = g.must(ctx, "/repos/"+g.project+"/commits", query, &answer)
	for _, each := range answer {
		one := commit{id: each.SHA, at: each.Created}
		if len(each.Parents) > 0 {
			one.parent = each.Parents[0].SHA
		}
		commits = append(commits, one)
	}
	return commits, more, err
}

func (g gitea) tags(ctx context.Context) (map[string][]string, error) {
	tags, err := paged[githubTag](ctx, g.client, "/repos/"+g.project+"/tags", nil, "limit", mostTagPages)
	return byCommit(tags), err
}

// change reads the pull request whose merge made a commit.
func (g gitea) change(ctx context.Context, branch, commit string) (*change, error) {
	var answer githubPull
	_, err := g.get(ctx, pathOf("/repos/"+g.project+"/commits/%s/pull", commit), nil, &answer)
	switch {
	case errors.Is(err, errNone):
		return nil, nil
	case err != nil:
		return nil, err
	case answer.MergedAt == nil || answer.Base.Ref != branch:
		return nil, nil
	}
	return answer.change(), nil
}

func (g gitea) approvals(ctx context.Context, c *change) ([]fact.Approval, error) {
	type review struct {
		User      *githubUser `json:"user"`
		State     string      `json:"state"`
		Commit    string      `json:"commit_id"`
		Official  bool        `json:"official"`
		Stale     bool        `json:"stale"`
		Dismissed bool        `json:"dismissed"`
	}
	reviews, err := paged[review](ctx, g.client, pathOf("/repos/"+g.project+"/pulls/%s/reviews", c.id), nil, "limit", mostPages)
	var all []fact.Approval
	for _, each := range reviews {
		if each.State != "APPROVED" && each.State != "REQUEST_CHANGES" {
			continue // A comment, a request, or a review that is not submitted changes no verdict.
		}
		all = append(all, fact.Approval{
			By: each.User.name(), Rejected: each.State == "REQUEST_CHANGES", Dismissed: each.Dismissed, Unofficial: !each.Official,
			Stale: each.Stale || each.Commit != c.head,
		})
	}
	return verdicts(all), err
}

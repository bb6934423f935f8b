package review

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// bitbucketServer is Bitbucket Data Center, which was called Server: https://developer.atlassian.com/server/bitbucket/rest.
type bitbucketServer struct {
	*client
	project string
	next    int // where the next page of commits begins
	// merged are the latest changes of the branch, and whether those are all; nil: not asked for yet.
	merged []serverPull
	all    bool
}

// A serverPage is one page of a list, whatever it lists.
type serverPage[T any] struct {
	Values *[]T  `json:"values"`
	Last   *bool `json:"isLastPage"`
	Next   *int  `json:"nextPageStart"` // null at the end
}

// serverPages reads one page after the other from start on, until enough or at the end, where next is less than nothing.
func serverPages[T any](ctx context.Context, c *client, path string, query url.Values, start, most int) (all []T, next int, err error) {
	for range most {
		one := url.Values{"limit": {strconv.Itoa(pageSize)}, "start": {strconv.Itoa(start)}}
		for key, values := range query {
			one[key] = values
		}
		var page serverPage[T]
		if _, err := c.must(ctx, path, one, &page); err != nil {
			return nil, 0, err
		}
		switch {
		case page.Values == nil || page.Last == nil:
			return nil, 0, missing("values or isLastPage")
		case *page.Last:
			return append(all, *page.Values...), -1, nil
		case page.Next == nil || *page.Next <= start:
			return nil, 0, missing("nextPageStart that follows")
		}
		all, start = append(all, *page.Values...), *page.Next
	}
	return all, start, nil
}

func (b *bitbucketServer) path(format string, parts ...string) string {
	project, name, _ := strings.Cut(b.project, "/")
	return pathOf("/projects/%s/repos/%s"+format, append([]string{project, name}, parts...)...)
}

func (b *bitbucketServer) branch(ctx context.Context) (string, error) {
	var answer struct {
		Name string `json:"displayId"`
	}
	_, err := b.must(ctx, b.path("/default-branch"), nil, &answer)
	if err == nil && answer.Name == "" {
		err = missing("displayId of the default branch")
	}
	return answer.Name, err
}

func reference(branch string) string { return "refs/heads/" + branch }

func (b *bitbucketServer) commits(ctx context.Context, branch string, page int) (commits []commit, more bool, err error) {
	type item struct {
		ID        string `json:"id"`
		Committed int64  `json:"committerTimestamp"` // milliseconds
		Parents   []struct {
			ID string `json:"id"`
		} `json:"parents"`
	}
	if page == 1 {
		b.next = 0
	}
	items, next, err := serverPages[item](ctx, b.client, b.path("/commits"), url.Values{"until": {reference(branch)}}, b.next, 1)
	for _, each := range items {
		one := commit{id: each.ID, at: time.UnixMilli(each.Committed).UTC()}
		if len(each.Parents) > 0 {
			one.parent = each.Parents[0].ID
		}
		commits = append(commits, one)
	}
	b.next = next
	return commits, next >= 0, err
}

func (b *bitbucketServer) tags(ctx context.Context) (map[string][]string, error) {
	type tag struct {
		Name   string `json:"displayId"`
		Commit string `json:"latestCommit"`
	}
	tags, _, err := serverPages[tag](ctx, b.client, b.path("/tags"), url.Values{"orderBy": {"MODIFICATION"}}, 0, mostTagPages)
	names := make(map[string][]string, len(tags))
	for _, each := range tags {
		names[each.Commit] = append(names[each.Commit], each.Name)
	}
	return names, err
}

type serverUser struct {
	Name    string `json:"name"`
	Display string `json:"displayName"`
	Type    string `json:"type"` // NORMAL or SERVICE
}

func (u serverUser) name() string { return cmp.Or(u.Name, u.Display) }

type serverPull struct {
	ID    int    `json:"id"`
	State string `json:"state"`
	From  struct {
		Commit string `json:"latestCommit"`
	} `json:"fromRef"`
	To struct {
		ID string `json:"id"`
	} `json:"toRef"`
	Closed int64 `json:"closedDate"` // milliseconds
	Author struct {
		User serverUser `json:"user"`
	} `json:"author"`
	Reviewers *[]struct {
		User     serverUser `json:"user"`
		Status   string     `json:"status"`             // APPROVED, NEEDS_WORK or UNAPPROVED
		Reviewed string     `json:"lastReviewedCommit"` // the head of the change when the status was given
	} `json:"reviewers"`
	Properties struct {
		Merge *struct {
			ID string `json:"id"`
		} `json:"mergeCommit"`
	} `json:"properties"`
	Links struct {
		Self []struct {
			Href string `json:"href"`
		} `json:"self"`
	} `json:"links"`
}

// made tells whether merging it made a commit, be that of both branches, of all changes as one, or the last of those that were moved.
func (p *serverPull) made(commit string) bool {
	return p.Properties.Merge != nil && p.Properties.Merge.ID == commit
}

func (p *serverPull) change() *change {
	id := strconv.Itoa(p.ID)
	c := &change{id: id, head: p.From.Commit, Change: fact.Change{Name: "#" + id, Author: p.Author.User.name()}}
	if p.Closed > 0 {
		c.MergedAt = time.UnixMilli(p.Closed).UTC()
	}
	if len(p.Links.Self) > 0 {
		c.Link = p.Links.Self[0].Href
	}
	return c
}

// change reads the pull requests that have the commit. One that is open, declined or of another branch did not bring it here. Those that
// have it need not be those that made it when they were merged, which are sought among the latest.
func (b *bitbucketServer) change(ctx context.Context, branch, commit string) (*change, error) {
	having, _, err := serverPages[serverPull](ctx, b.client, b.path("/commits/%s/pull-requests", commit), nil, 0, mostTagPages)
	if err != nil {
		return nil, err
	}
	var found *serverPull
	for i := range having {
		p := &having[i]
		if p.State != "MERGED" || p.To.ID != reference(branch) {
			continue
		}
		if found == nil || p.made(commit) || p.From.Commit == commit && !found.made(commit) {
			found = p
		}
	}
	if found != nil {
		return found.change(), nil
	}
	return b.latestThatMade(ctx, branch, commit)
}

// latestThatMade seeks the change whose merge made a commit among the latest that were merged; nil: there is none.
func (b *bitbucketServer) latestThatMade(ctx context.Context, branch, commit string) (*change, error) {
	if b.merged == nil {
		query := url.Values{"at": {reference(branch)}, "direction": {"INCOMING"}, "order": {"NEWEST"}, "state": {"MERGED"}}
		merged, next, err := serverPages[serverPull](ctx, b.client, b.path("/pull-requests"), query, 0, mostPages)
		if err != nil {
			return nil, err
		}
		b.merged, b.all = append([]serverPull{}, merged...), next < 0
	}
	reported := len(b.merged) == 0
	for i := range b.merged {
		p := &b.merged[i]
		if p.made(commit) {
			return p.change(), nil
		}
		reported = reported || p.Properties.Merge != nil
	}
	switch {
	case !reported:
		return nil, fact.Errorf(fact.ReasonUnsupported, "the server does not report which commits pull requests made (properties.mergeCommit)")
	case !b.all:
		return nil, fact.Errorf(fact.ReasonUnsupported, "it is not among the latest %d pull requests that were merged", len(b.merged))
	default:
		return nil, nil
	}
}

// approvals reads the reviewers, each with the commit that was reviewed: who approves becomes one.
func (b *bitbucketServer) approvals(ctx context.Context, c *change) ([]fact.Approval, error) {
	var pull serverPull
	if _, err := b.must(ctx, b.path("/pull-requests/%s", c.id), nil, &pull); err != nil {
		return nil, err
	}
	if pull.Reviewers == nil {
		return nil, missing("reviewers")
	}
	var all []fact.Approval
	for _, each := range *pull.Reviewers {
		if each.Status != "APPROVED" && each.Status != "NEEDS_WORK" {
			continue
		}
		all = append(all, fact.Approval{
			By: each.User.name(), Rejected: each.Status == "NEEDS_WORK", Bot: each.User.Type == "SERVICE",
			Stale: each.Reviewed != "" && each.Reviewed != c.head, Undated: each.Reviewed == "",
		})
	}
	return verdicts(all), nil
}

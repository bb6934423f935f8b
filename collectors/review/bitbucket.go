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

// bitbucket is Bitbucket Cloud: https://developer.atlassian.com/cloud/bitbucket/rest.
type bitbucket struct {
	*client
	project string
	next    string // the path of the next page of commits
	// merged are the latest changes of the branch, and whether those are all; nil: not asked for yet.
	merged []bitbucketPull
	all    bool
}

// A bitbucketPage is one page of a list, whatever it lists.
type bitbucketPage[T any] struct {
	Values *[]T   `json:"values"`
	Next   string `json:"next"`
}

// bitbucketPages reads one page after the other, until enough or at the end. The address of the next one is taken only below that of the
// API.
func bitbucketPages[T any](ctx context.Context, b *bitbucket, path string, query url.Values, most int) (all []T, next string, err error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	for range most {
		var page bitbucketPage[T]
		if _, err := b.must(ctx, path, nil, &page); err != nil {
			return nil, "", err
		}
		if page.Values == nil {
			return nil, "", missing("values")
		}
		all = append(all, *page.Values...)
		if page.Next == "" {
			return all, "", nil
		}
		below, is := strings.CutPrefix(page.Next, b.target.URL+"/")
		if !is {
			return nil, "", fact.Errorf(fact.ReasonInvalid, "the next page is at another server")
		}
		path = "/" + below
	}
	return all, path, nil
}

func (b *bitbucket) path(format string, parts ...string) string {
	return pathOf("/repositories/"+b.project+format, parts...)
}

func (b *bitbucket) branch(ctx context.Context) (string, error) {
	var answer struct {
		Main *struct {
			Name string `json:"name"`
		} `json:"mainbranch"`
	}
	_, err := b.must(ctx, b.path(""), nil, &answer)
	if err == nil && answer.Main == nil {
		return "", missing("mainbranch")
	}
	if err != nil {
		return "", err
	}
	return answer.Main.Name, nil
}

func (b *bitbucket) commits(ctx context.Context, branch string, page int) (commits []commit, more bool, err error) {
	type item struct {
		Hash    string    `json:"hash"`
		Date    time.Time `json:"date"`
		Parents []struct {
			Hash string `json:"hash"`
		} `json:"parents"`
	}
	path, query := b.path("/commits/%s", branch), url.Values{"pagelen": {strconv.Itoa(pageSize)}}
	if page > 1 {
		path, query = b.next, nil
	}
	items, next, err := bitbucketPages[item](ctx, b, path, query, 1)
	for _, each := range items {
		one := commit{id: each.Hash, at: each.Date}
		if len(each.Parents) > 0 {
			one.parent = each.Parents[0].Hash
		}
		commits = append(commits, one)
	}
	b.next = next
	return commits, next != "", err
}

func (b *bitbucket) tags(ctx context.Context) (map[string][]string, error) {
	type tag struct {
		Name   string `json:"name"`
		Target struct {
			Hash string `json:"hash"`
		} `json:"target"`
	}
	query := url.Values{"pagelen": {strconv.Itoa(pageSize)}, "sort": {"-target.date"}}
	tags, _, err := bitbucketPages[tag](ctx, b, b.path("/refs/tags"), query, mostTagPages)
	names := make(map[string][]string, len(tags))
	for _, each := range tags {
		names[each.Target.Hash] = append(names[each.Target.Hash], each.Name)
	}
	return names, err
}

type bitbucketUser struct {
	ID       string `json:"account_id"`
	Nickname string `json:"nickname"`
	Name     string `json:"display_name"`
	Type     string `json:"type"`
}

func (u *bitbucketUser) name() string {
	if u == nil {
		return ""
	}
	return cmp.Or(u.Nickname, u.Name)
}

type bitbucketCommit struct {
	Hash string `json:"hash"` // its first 12 digits
}

// names tells whether it is a commit of which only the beginning is given.
func (c *bitbucketCommit) names(commit string) bool {
	return c != nil && len(c.Hash) >= 7 && strings.HasPrefix(commit, c.Hash)
}

type bitbucketPull struct {
	ID     int `json:"id"`
	Source struct {
		Commit *bitbucketCommit `json:"commit"`
	} `json:"source"`
	Merge   *bitbucketCommit `json:"merge_commit"`
	Author  *bitbucketUser   `json:"author"`
	Updated time.Time        `json:"updated_on"`
	Links   struct {
		HTML struct {
			Href string `json:"href"`
		} `json:"html"`
	} `json:"links"`
	Participants []struct {
		User     *bitbucketUser `json:"user"`
		Approved bool           `json:"approved"`
		State    string         `json:"state"` // approved, changes_requested, or null
	} `json:"participants"`
}

// change finds the commit among the changes that were merged: by commit, the API gives them only where a further application is installed.
func (b *bitbucket) change(ctx context.Context, branch, commit string) (*change, error) {
	if b.merged == nil {
		query := url.Values{
			"q":    {`state="MERGED" AND destination.branch.name="` + branch + `"`},
			"sort": {"-updated_on"}, "pagelen": {"50"},
		}
		merged, next, err := bitbucketPages[bitbucketPull](ctx, b, b.path("/pullrequests"), query, mostPages)
		if err != nil {
			return nil, err
		}
		b.merged, b.all = append([]bitbucketPull{}, merged...), next == ""
	}
	for i := range b.merged {
		p := &b.merged[i]
		if p.Merge.names(commit) || p.Source.Commit.names(commit) {
			id, head := strconv.Itoa(p.ID), ""
			if p.Source.Commit != nil {
				head = p.Source.Commit.Hash
			}
			return &change{id: id, head: head, Change: fact.Change{Name: "#" + id, Link: p.Links.HTML.Href, Author: p.Author.name()}}, nil
		}
	}
	if !b.all {
		return nil, fact.Errorf(fact.ReasonUnsupported, "it is not among the latest %d pull requests that were merged", len(b.merged))
	}
	return nil, nil
}

// approvals reads who approves, and by the activity whether that was before the last commit came.
func (b *bitbucket) approvals(ctx context.Context, c *change) ([]fact.Approval, error) {
	var pull bitbucketPull
	if _, err := b.must(ctx, b.path("/pullrequests/%s", c.id), nil, &pull); err != nil {
		return nil, err
	}
	type event struct {
		Update *struct {
			Date   time.Time `json:"date"`
			Source struct {
				Commit *bitbucketCommit `json:"commit"`
			} `json:"source"`
		} `json:"update"`
		Approval *struct {
			Date time.Time      `json:"date"`
			User *bitbucketUser `json:"user"`
		} `json:"approval"`
	}
	events, next, err := bitbucketPages[event](ctx, b, b.path("/pullrequests/%s/activity", c.id), url.Values{"pagelen": {"50"}}, mostTagPages)
	if err != nil {
		return nil, err
	}
	var changed time.Time
	approved := make(map[string]time.Time)
	for _, each := range events {
		u := each.Update
		if u != nil && u.Source.Commit != nil && u.Source.Commit.Hash == c.head && (changed.IsZero() || u.Date.Before(changed)) {
			changed = u.Date
		}
		if a := each.Approval; a != nil && a.Date.After(approved[a.User.name()]) {
			approved[a.User.name()] = a.Date
		}
	}
	var all []fact.Approval
	for _, each := range pull.Participants {
		if !each.Approved && each.State != "changes_requested" {
			continue
		}
		at, known := approved[each.User.name()]
		all = append(all, fact.Approval{
			By: each.User.name(), Rejected: each.State == "changes_requested", Bot: each.User != nil && each.User.Type == "app_user",
			Stale: known && at.Before(changed), Undated: each.Approved && (!known || changed.IsZero() && next != ""),
		})
	}
	return verdicts(all), nil
}

package review

import (
	"context"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// gitlab is GitLab: https://docs.gitlab.com/api/rest.
type gitlab struct {
	*client
	project string
}

func (g gitlab) path(format string, parts ...string) string {
	return pathOf("/projects/%s"+format, append([]string{g.project}, parts...)...)
}

func (g gitlab) branch(ctx context.Context) (string, error) {
	var answer struct {
		Branch string `json:"default_branch"`
	}
	_, err := g.must(ctx, g.path(""), nil, &answer)
	if err == nil && answer.Branch == "" {
		err = missing("default_branch")
	}
	return answer.Branch, err
}

func (g gitlab) commits(ctx context.Context, branch string, page int) (commits []commit, more bool, err error) {
	var answer []struct {
		ID      string    `json:"id"`
		Parents []string  `json:"parent_ids"`
		At      time.Time `json:"committed_date"`
	}
	query := url.Values{
		"ref_name": {branch}, "first_parent": {"true"}, "page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(pageSize)},
	}
	more, err = g.must(ctx, g.path("/repository/commits"), query, &answer)
	for _, each := range answer {
		one := commit{id: each.ID, at: each.At}
		if len(each.Parents) > 0 {
			one.parent = each.Parents[0]
		}
		commits = append(commits, one)
	}
	return commits, more, err
}

func (g gitlab) tags(ctx context.Context) (map[string][]string, error) {
	type tag struct {
		Name   string `json:"name"`
		Commit struct {
			ID string `json:"id"`
		} `json:"commit"`
	}
	tags, err := paged[tag](ctx, g.client, g.path("/repository/tags"), nil, "per_page", mostTagPages)
	names := make(map[string][]string, len(tags))
	for _, each := range tags {
		names[each.Commit.ID] = append(names[each.Commit.ID], each.Name)
	}
	return names, err
}

// change reads the merge requests of a commit. One that is open, closed or of another branch did not bring it here.
func (g gitlab) change(ctx context.Context, branch, commit string) (*change, error) {
	type request struct {
		IID      int        `json:"iid"`
		State    string     `json:"state"`
		Target   string     `json:"target_branch"`
		Link     string     `json:"web_url"`
		Author   gitlabUser `json:"author"`
		SHA      string     `json:"sha"` // its head
		Merge    string     `json:"merge_commit_sha"`
		Squash   string     `json:"squash_commit_sha"`
		MergedAt *time.Time `json:"merged_at"`
	}
	requests, err := paged[request](ctx, g.client, g.path("/repository/commits/%s/merge_requests", commit), nil, "per_page", mostTagPages)
	if err != nil {
		return nil, err
	}
	var found *request
	for i := range requests {
		each := &requests[i]
		if each.State != "merged" || each.Target != branch {
			continue
		}
		if found == nil || each.Merge == commit || each.Squash == commit {
			found = each
		}
	}
	if found == nil {
		return nil, nil
	}
	id := strconv.Itoa(found.IID)
	c := &change{id: id, head: found.SHA, Change: fact.Change{Name: "!" + id, Link: found.Link, Author: found.Author.Username}}
	if found.MergedAt != nil {
		c.MergedAt = found.MergedAt.UTC()
	}
	return c, nil
}

type gitlabUser struct {
	Username string `json:"username"`
	Bot      bool   `json:"bot"`
}

// gitlabBot is what users are called that belong to a token or a program.
var gitlabBot = regexp.MustCompile(`^(project|group)_\d+_bot|^service_account_`)

// approvals reads who approved. That the request is approved says nothing: it is so where no approval is required. Approvals name no
// commit: they are of an earlier state where what is proposed changed after them.
func (g gitlab) approvals(ctx context.Context, c *change) ([]fact.Approval, error) {
	var answer struct {
		By *[]struct {
			User gitlabUser `json:"user"`
			At   *time.Time `json:"approved_at"` // later versions have it
		} `json:"approved_by"`
	}
	if _, err := g.must(ctx, g.path("/merge_requests/%s/approvals", c.id), nil, &answer); err != nil {
		return nil, err
	}
	if answer.By == nil {
		return nil, missing("approved_by")
	}
	if len(*answer.By) == 0 {
		return nil, nil
	}
	changed, err := g.changed(ctx, c)
	var all []fact.Approval
	for _, each := range *answer.By {
		all = append(all, fact.Approval{
			By: each.User.Username, Bot: each.User.Bot || gitlabBot.MatchString(each.User.Username),
			Stale: each.At != nil && each.At.Before(changed), Undated: each.At == nil,
		})
	}
	return verdicts(all), err
}

// changed is when what is proposed became what was merged. A rebase that changes nothing does not count.
func (g gitlab) changed(ctx context.Context, c *change) (time.Time, error) {
	type version struct {
		Head    string    `json:"head_commit_sha"`
		Created time.Time `json:"created_at"`
		Patch   string    `json:"patch_id_sha"`
	}
	versions, err := paged[version](ctx, g.client, g.path("/merge_requests/%s/versions", c.id), nil, "per_page", mostTagPages)
	if err != nil {
		return time.Time{}, err
	}
	if len(versions) == 0 {
		return time.Time{}, missing("version of the merge request")
	}
	changed := versions[0] // The newest is first.
	for _, each := range versions[1:] {
		same := each.Head == changed.Head || each.Patch != "" && each.Patch == changed.Patch
		if !same {
			break
		}
		changed = each
	}
	return changed.Created, nil
}

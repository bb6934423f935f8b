package review_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// newGitLab stands in for GitLab's REST API: https://docs.gitlab.com/api/merge_requests/ and merge_request_approvals/.
func newGitLab(t *testing.T) (*double, run) {
	t.Helper()
	d := newDouble(t, map[string]string{"Authorization": "Bearer " + token})
	const project = "/api/v4/projects/acme%2Fteam%2Fshop"
	d.on(project, says(`{"id":1,"default_branch":"main"}`))
	d.on(project+"/repository/commits?first_parent=true&page=1&per_page=100&ref_name=main", says(fmt.Sprintf(
		`[{"id":"%s","parent_ids":["%s","%s"],"committed_date":%s},{"id":"%s","parent_ids":["%s"],"committed_date":%s},{"id":"%s","parent_ids":[],"committed_date":%s}]`,
		sha(3), sha(2), sha(9), stamp(-1), sha(2), sha(1), stamp(-2), sha(1), stamp(-3))))
	d.on(project+"/repository/tags?page=1&per_page=100", says(`[{"name":"v1","target":"x","commit":{"id":"`+sha(3)+`"}}]`))
	requests := func(digit int) string {
		return project + "/repository/commits/" + sha(digit) + "/merge_requests?page=1&per_page=100"
	}
	d.on(requests(3), says(`[`+gitlabRequest(9, "opened", "main", "null", "null")+`,`+gitlabRequest(8, "merged", "next", "null", "null")+`,`+
		gitlabRequest(7, "merged", "main", strconv.Quote(sha(3)), "null")+`]`))
	d.on(requests(2), says(`[`+gitlabRequest(6, "merged", "main", "null", strconv.Quote(sha(2)))+`]`))
	d.on(requests(1), says(`[]`))
	d.on(project+"/merge_requests/7/approvals", says(`{"approved":true,"approvals_required":0,"approved_by":[]}`))
	d.on(project+"/merge_requests/6/approvals", says(gitlabApproval("bob", stamp(-3))))
	d.on(project+"/merge_requests/6/versions?page=1&per_page=100", says(gitlabVersions(-4)))
	return d, newRun(t, system.Review{Host: system.GitLab, URL: d.address + "/api/v4", Project: "acme/team/shop"})
}

func gitlabRequest(iid int, state, target, merge, squash string) string {
	return fmt.Sprintf(`{"iid":%d,"state":"%s","target_branch":"%s","web_url":"https://x/%d","author":{"username":"ann"},"sha":"%s",
		"merge_commit_sha":%s,"squash_commit_sha":%s,"merged_at":%s}`, iid, state, target, iid, sha(8), merge, squash, stamp(-1))
}

func gitlabApproval(user, at string) string {
	return `{"approved":true,"approvals_required":1,"approved_by":[{"user":{"id":1,"username":"` + user + `","state":"active"},"approved_at":` + at + `}]}`
}

// gitlabVersions are those of a merge request, each made so many days from now, the newest first.
func gitlabVersions(days ...int) string {
	var all []string
	for i, each := range days {
		all = append(all, fmt.Sprintf(`{"id":%d,"head_commit_sha":"%s","created_at":%s,"patch_id_sha":"%d"}`, i, sha(20+i), stamp(each), each/10))
	}
	return "[" + strings.Join(all, ",") + "]"
}

func TestGitLabHasWhoApproved(t *testing.T) {
	d, collect := newGitLab(t)
	found, gaps, err := collect(now)
	require.NoError(t, err)
	require.Empty(t, gaps)
	require.Equal(t, []string{"a03 v1 !7 ann", "a02 !6 ann bob", "a01 pushed"}, changes(found), "approved by nobody is not approved, although none is required")
	const approvals, versions = "/api/v4/projects/acme%2Fteam%2Fshop/merge_requests/6/approvals", "/api/v4/projects/acme%2Fteam%2Fshop/merge_requests/6/versions?page=1&per_page=100"
	for _, c := range []struct{ name, approval, versions, want string }{
		{"what was pushed later was not approved", gitlabApproval("bob", stamp(-3)), gitlabVersions(-2, -14), "a02 !6 ann bob-stale"},
		{"a rebase later changes nothing", gitlabApproval("bob", stamp(-3)), gitlabVersions(-2, -4), "a02 !6 ann bob"},
		{"earlier versions do not report when", `{"approved_by":[{"user":{"username":"bob"}}]}`, gitlabVersions(-2), "a02 !6 ann bob-undated"},
		{"a token of the project is no person", gitlabApproval("project_12_bot_0123", stamp(-3)), gitlabVersions(-4), "a02 !6 ann project_12_bot_0123-bot"},
		{"nor is a service account", gitlabApproval("service_account_group_1_a", stamp(-3)), gitlabVersions(-4), "a02 !6 ann service_account_group_1_a-bot"},
		{"an answer without approvals is none", `{"approved":true}`, gitlabVersions(-4), "a02 unavailable"},
		{"nor is one without a version", gitlabApproval("bob", stamp(-3)), `[]`, "a02 unavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.on(approvals, says(c.approval))
			d.on(versions, says(c.versions))
			found, _, err := collect(now)
			require.NoError(t, err)
			require.Equal(t, c.want, changes(found)[1])
		})
	}
}

func TestGitLabRefusesATokenWithoutItsScope(t *testing.T) {
	d, collect := newGitLab(t)
	d.on("/api/v4/projects/acme%2Fteam%2Fshop", status(404))
	_, _, err := collect(now)
	require.ErrorContains(t, err, "the scope read_api, and the role Reporter or above")
	d.on("/api/v4/projects/acme%2Fteam%2Fshop", status(429, "RateLimit-Reset", strconv.FormatInt(now.Add(5*time.Minute).Unix(), 10)))
	_, _, err = collect(now)
	require.ErrorContains(t, err, "asked again after 2026-06-01 12:05 UTC")
}

// newGitea stands in for Gitea: its answers are those that Gitea 1.26.0 gave, without what is not read.
func newGitea(t *testing.T) (*double, run) {
	t.Helper()
	d := newDouble(t, map[string]string{"Authorization": "token " + token})
	const repo = "/api/v1/repos/ann/shop"
	d.on(repo, says(`{"id":1,"full_name":"ann/shop","default_branch":"main","has_pull_requests":true}`))
	d.on(repo+"/commits?files=false&limit=100&page=1&sha=main&stat=false&verification=false", says(fmt.Sprintf(
		`[{"sha":"%s","created":%s,"parents":[{"sha":"%s","created":"0001-01-01T00:00:00Z"}]},{"sha":"%s","created":%s,"parents":[]}]`,
		sha(2), stamp(-1), sha(1), sha(1), stamp(-2))))
	d.on(repo+"/tags?limit=100&page=1", says(`[{"name":"v1.0.0","message":"annotated","id":"f","commit":{"url":"x","sha":"`+sha(2)+`"}}]`))
	d.on(repo+"/commits/"+sha(2)+"/pull", says(fmt.Sprintf(`{"number":3,"user":{"login":"ann"},"state":"closed","html_url":"http://x/ann/shop/pulls/3","merged":true,
		"merged_at":%s,"merge_commit_sha":"%s","base":{"label":"main","ref":"main"},"head":{"label":"b3","ref":"refs/pull/3/head","sha":"%s"}}`, stamp(-1), sha(2), sha(8))))
	d.on(repo+"/commits/"+sha(1)+"/pull", status(404))
	return d, newRun(t, system.Review{Host: system.Gitea, URL: d.address + "/api/v1", Project: "ann/shop"})
}

func TestGiteaHasWhoApproved(t *testing.T) {
	d, collect := newGitea(t)
	review := func(user, state string, flags string) string {
		return `{"id":3,"user":{"login":"` + user + `"},"team":null,"state":"` + state + `","commit_id":"` + sha(8) + `",` + flags + `,"submitted_at":` + stamp(-1) + `}`
	}
	const sound = `"stale":false,"official":true,"dismissed":false`
	for _, c := range []struct{ name, reviews, want string }{
		{"an approval", review("bob", "APPROVED", sound), " bob"},
		{"comments, requests and what is not submitted are none", review("bob", "COMMENT", sound) + "," + review("cy", "REQUEST_REVIEW", sound) + "," + review("dee", "PENDING", sound), ""},
		{"of somebody who may only read", review("eve", "APPROVED", `"stale":false,"official":false,"dismissed":false`), " eve-unofficial"},
		{"of an earlier state", review("bob", "APPROVED", `"stale":true,"official":true,"dismissed":false`), " bob-stale"},
		{"dismissed", review("bob", "APPROVED", `"stale":false,"official":true,"dismissed":true`), " bob-dismissed"},
		{"taken back", review("bob", "APPROVED", sound) + "," + review("bob", "REQUEST_CHANGES", sound), " bob-rejected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.on("/api/v1/repos/ann/shop/pulls/3/reviews?limit=100&page=1", says("["+c.reviews+"]"))
			found, gaps, err := collect(now)
			require.NoError(t, err)
			require.Empty(t, gaps)
			require.Equal(t, []string{"a02 v1.0.0 #3 ann" + c.want, "a01 pushed"}, changes(found))
			require.True(t, found.Whole)
		})
	}
}

// newBitbucket stands in for Bitbucket Cloud: https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/.
func newBitbucket(t *testing.T, username string, headers map[string]string) (*double, run) {
	t.Helper()
	d := newDouble(t, headers)
	const repo = "/2.0/repositories/acme/shop"
	d.on(repo, says(`{"full_name":"acme/shop","mainbranch":{"type":"branch","name":"main"}}`))
	d.on(repo+"/commits/main?pagelen=100", says(fmt.Sprintf(`{"pagelen":100,"values":[{"hash":"%s","date":%s,"parents":[{"hash":"%s"},{"hash":"%s"}]}],"next":"%s/2.0/repositories/acme/shop/commits/main?pagelen=100&page=X"}`,
		sha(3), stamp(-1), sha(2), sha(9), d.address)))
	d.on(repo+"/commits/main?pagelen=100&page=X", says(fmt.Sprintf(`{"values":[{"hash":"%s","date":%s,"parents":[{"hash":"%s"}]},{"hash":"%s","date":%s,"parents":[]}]}`,
		sha(2), stamp(-2), sha(1), sha(1), stamp(-3))))
	d.on(repo+"/refs/tags?pagelen=100&sort=-target.date", says(`{"values":[{"name":"v2","target":{"hash":"`+sha(3)+`"}}]}`))
	d.on(repo+"/pullrequests?pagelen=50&q=state%3D%22MERGED%22+AND+destination.branch.name%3D%22main%22&sort=-updated_on", says(fmt.Sprintf(
		`{"values":[{"id":5,"author":{"nickname":"ann"},"source":{"commit":{"hash":"%.12s"}},"merge_commit":{"hash":"%s"},"updated_on":%s},
		{"id":4,"author":{"nickname":"ann"},"source":{"commit":{"hash":"%s"}},"merge_commit":null,"updated_on":%s}]}`,
		strings.Repeat("8", 12), sha(3), stamp(-1), sha(2), stamp(-2))))
	d.on(repo+"/pullrequests/5", says(bitbucketPull(`{"user":{"nickname":"bob"},"role":"REVIEWER","approved":true,"state":"approved"},{"user":{"nickname":"cy"},"role":"REVIEWER","approved":false,"state":null}`)))
	d.on(repo+"/pullrequests/4", says(bitbucketPull(`{"user":{"nickname":"cy"},"approved":false,"state":"changes_requested"},{"user":{"nickname":"pipelines","type":"app_user"},"approved":true,"state":"approved"}`)))
	d.on(repo+"/pullrequests/5/activity?pagelen=50", says(bitbucketActivity(-2, -3)))
	d.on(repo+"/pullrequests/4/activity?pagelen=50", says(`{"values":[{"approval":{"date":`+stamp(-2)+`,"user":{"nickname":"pipelines"}}}]}`))
	return d, newRun(t, system.Review{Host: system.Bitbucket, URL: d.address + "/2.0", Project: "acme/shop", Username: username})
}

func bitbucketPull(participants string) string {
	return `{"id":5,"state":"MERGED","participants":[` + participants + `]}`
}

// bitbucketActivity is of a pull request that Bob approved, and to which the last commit came, so many days from now.
func bitbucketActivity(approved, pushed int) string {
	return fmt.Sprintf(`{"values":[{"update":{"state":"MERGED","date":%s,"source":{"commit":{"hash":"888888888888"}}}},{"approval":{"date":%s,"user":{"nickname":"bob"}}},
		{"update":{"state":"OPEN","date":%s,"source":{"commit":{"hash":"888888888888"}}}},{"update":{"state":"OPEN","date":%s,"source":{"commit":{"hash":"777777777777"}}}}]}`,
		stamp(-1), stamp(approved), stamp(pushed), stamp(-9))
}

func TestBitbucketHasWhoApproves(t *testing.T) {
	d, collect := newBitbucket(t, "", map[string]string{"Authorization": "Bearer " + token})
	found, gaps, err := collect(now)
	require.NoError(t, err)
	require.Empty(t, gaps)
	require.Equal(t, []string{"a03 v2 #5 ann bob", "a02 #4 ann cy-rejected pipelines-bot", "a01 pushed"}, changes(found))
	require.True(t, found.Whole)
	const repo = "/2.0/repositories/acme/shop"
	for name, c := range map[string][2]string{
		"what came later was not approved":            {bitbucketActivity(-4, -3), "a03 v2 #5 ann bob-stale"},
		"an approval that is not in it has no moment": {`{"values":[]}`, "a03 v2 #5 ann bob-undated"},
		"an answer without values is none":            {`{}`, "a03 v2 unavailable"},
		"a next page elsewhere is not asked for":      {`{"values":[],"next":"http://127.0.0.1:1/2.0/x"}`, "a03 v2 unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			d.on(repo+"/pullrequests/5/activity?pagelen=50", says(c[0]))
			found, _, err := collect(now)
			require.NoError(t, err)
			require.Equal(t, c[1], changes(found)[0])
		})
	}
}

func TestATokenOfAPersonIsShownWithTheName(t *testing.T) {
	_, collect := newBitbucket(t, "ann@example.com", map[string]string{"Authorization": "Basic YW5uQGV4YW1wbGUuY29tOnRva2VuLW9mLXRoZS1leHBvcnRlcg=="})
	_, _, err := collect(now)
	require.NoError(t, err)
}

func TestHostsThatLieEndTheRun(t *testing.T) {
	for name, c := range map[string]struct{ path, answer, want string }{
		"a commit without a name": {"/commits?files=false&limit=100&page=1&sha=main&stat=false&verification=false", `[{}]`, "no id of a commit"},
		"no commit":               {"/commits?files=false&limit=100&page=1&sha=main&stat=false&verification=false", `[]`, "no commit"},
		"a list that is none":     {"/tags?limit=100&page=1", `{}`, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			d, collect := newGitea(t)
			d.on("/api/v1/repos/ann/shop"+c.path, says(c.answer))
			_, _, err := collect(now)
			require.ErrorContains(t, err, c.want)
		})
	}
	t.Run("a commit that is its own parent", func(t *testing.T) {
		d, collect := newGitea(t)
		d.on("/api/v1/repos/ann/shop/commits?files=false&limit=100&page=1&sha=main&stat=false&verification=false",
			says(`[{"sha":"`+sha(1)+`","created":`+stamp(-1)+`,"parents":[{"sha":"`+sha(1)+`"}]}]`))
		found, _, err := collect(now)
		require.NoError(t, err)
		require.Equal(t, []string{"a01 pushed"}, changes(found))
		require.False(t, found.Whole)
	})
}

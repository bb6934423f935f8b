package review_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const (
	serverRepo   = "/rest/api/latest/projects/SHOP/repos/api"
	serverMerged = serverRepo + "/pull-requests?at=refs%2Fheads%2Fmain&direction=INCOMING&limit=100&order=NEWEST&start=0&state=MERGED"
)

// newBitbucketServer stands in for Bitbucket Data Center: https://developer.atlassian.com/server/bitbucket/rest/v906/.
func newBitbucketServer(t *testing.T) (*double, run) {
	t.Helper()
	d := newDouble(t, map[string]string{"Authorization": "Bearer " + token})
	d.on(serverRepo+"/default-branch", says(`{"id":"refs/heads/main","displayId":"main","type":"BRANCH"}`))
	commit := func(digit int, parents string) string {
		return fmt.Sprintf(`{"id":"%s","displayId":"a","committerTimestamp":%d,"parents":[%s]}`, sha(digit), now.AddDate(0, 0, -5+digit).UnixMilli(), parents)
	}
	parent := func(digit int) string { return `{"id":"` + sha(digit) + `","displayId":"a"}` }
	d.on(serverRepo+"/commits?limit=100&start=0&until=refs%2Fheads%2Fmain", says(`{"size":1,"limit":1,"start":0,"isLastPage":false,"nextPageStart":1,"values":[`+
		commit(4, parent(3)+","+parent(9))+`]}`))
	d.on(serverRepo+"/commits?limit=100&start=1&until=refs%2Fheads%2Fmain", says(lastPage(commit(3, parent(2))+","+commit(2, parent(1))+","+commit(1, ""))))
	d.on(serverRepo+"/tags?limit=100&orderBy=MODIFICATION&start=0", says(lastPage(`{"id":"refs/tags/v2","displayId":"v2","type":"TAG","latestCommit":"`+sha(4)+`","hash":"f"}`)))
	having := func(digit int) string {
		return serverRepo + "/commits/" + sha(digit) + "/pull-requests?limit=100&start=0"
	}
	d.on(having(4), says(lastPage("")))
	d.on(having(3), says(lastPage(serverPull(9, "OPEN", "main", 3, 0, "")+","+serverPull(8, "MERGED", "next", 3, 3, "")+","+
		serverPull(7, "DECLINED", "main", 3, 0, "")+","+serverPull(6, "MERGED", "main", 3, 0, ""))))
	d.on(having(2), says(lastPage(serverPull(5, "MERGED", "main", 3, 3, "")+","+serverPull(3, "MERGED", "main", 8, 2, ""))))
	d.on(having(1), says(lastPage("")))
	d.on(serverMerged, says(lastPage(serverPull(10, "MERGED", "main", 8, 4, "")+","+serverPull(6, "MERGED", "main", 3, 0, ""))))
	d.on(serverRepo+"/pull-requests/10", says(serverPull(10, "MERGED", "main", 8, 4, serverReviewer("bob", "NORMAL", "APPROVED", sha(8))+","+serverReviewer("cy", "NORMAL", "UNAPPROVED", ""))))
	d.on(serverRepo+"/pull-requests/6", says(serverPull(6, "MERGED", "main", 3, 0, serverReviewer("bob", "NORMAL", "NEEDS_WORK", sha(3)))))
	d.on(serverRepo+"/pull-requests/3", says(serverPull(3, "MERGED", "main", 8, 2, serverReviewer("ci", "SERVICE", "APPROVED", sha(8)))))
	return d, newRun(t, system.Review{Host: system.BitbucketDataCenter, URL: d.address + "/rest/api/latest", Project: "SHOP/api"})
}

func lastPage(values string) string {
	return `{"size":1,"limit":100,"start":0,"isLastPage":true,"nextPageStart":null,"values":[` + values + `]}`
}

// serverPull is a pull request from a head; merge is the commit that its merge made, 0: none.
func serverPull(id int, state, target string, head, merge int, reviewers string) string {
	properties := ""
	if merge > 0 {
		properties = `"mergeCommit":{"displayId":"a","id":"` + sha(merge) + `"}`
	}
	return fmt.Sprintf(`{"id":%d,"version":1,"state":"%s","closedDate":%d,"fromRef":{"id":"refs/heads/topic","latestCommit":"%s"},"toRef":{"id":"refs/heads/%s"},
		"author":{"user":{"name":"ann","type":"NORMAL"},"role":"AUTHOR","approved":false,"status":"UNAPPROVED"},"reviewers":[%s],"participants":[],
		"properties":{%s},"links":{"self":[{"href":"https://x/%d"}]}}`, id, state, now.UnixMilli(), sha(head), target, reviewers, properties, id)
}

func serverReviewer(name, kind, status, reviewed string) string {
	last := ""
	if reviewed != "" {
		last = `"lastReviewedCommit":"` + reviewed + `",`
	}
	return fmt.Sprintf(`{"user":{"name":"%s","displayName":"X","type":"%s"},%s"role":"REVIEWER","approved":%t,"status":"%s"}`, name, kind, last, status == "APPROVED", status)
}

func TestBitbucketDataCenterHasWhoApproved(t *testing.T) {
	d, collect := newBitbucketServer(t)
	found, gaps, err := collect(now)
	require.NoError(t, err)
	require.Empty(t, gaps)
	require.Equal(t, []string{"a04 v2 #10 ann bob", "a03 #6 ann bob-rejected", "a02 #3 ann ci-bot", "a01 pushed"}, changes(found))
	require.True(t, found.Whole)
	require.Equal(t, now.AddDate(0, 0, -1), found.Commits[0].At)
	require.Equal(t, "https://x/10", found.Commits[0].Change.Link)
	require.Equal(t, now, found.Commits[0].Change.MergedAt)
	for name, c := range map[string][2]string{
		"what came later was not approved":        {serverPull(10, "MERGED", "main", 8, 4, serverReviewer("bob", "NORMAL", "APPROVED", sha(7))), "a04 v2 #10 ann bob-stale"},
		"an approval of no commit has no moment":  {serverPull(10, "MERGED", "main", 8, 4, serverReviewer("bob", "NORMAL", "APPROVED", "")), "a04 v2 #10 ann bob-undated"},
		"an answer without reviewers tells of no": {`{"id":10}`, "a04 v2 unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			d.on(serverRepo+"/pull-requests/10", says(c[0]))
			found, _, err := collect(now)
			require.NoError(t, err)
			require.Equal(t, c[1], changes(found)[0])
		})
	}
}

func TestWhatBitbucketDataCenterDoesNotReportIsNotKnown(t *testing.T) {
	for name, answer := range map[string]string{
		"which commits pull requests made":      lastPage(serverPull(10, "MERGED", "main", 8, 0, "")),
		"whether a page is the last":            `{"values":[]}`,
		"where the next page begins":            `{"values":[],"isLastPage":false}`,
		"a next page that is not the same":      `{"values":[],"isLastPage":false,"nextPageStart":0}`,
		"what is on a page":                     `{"isLastPage":true}`,
		"that it is not among more of the list": `{"errors":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			d, collect := newBitbucketServer(t)
			d.on(serverMerged, says(answer))
			found, _, err := collect(now)
			require.NoError(t, err)
			require.Equal(t, "a01 unavailable", changes(found)[3])
		})
	}
}

func TestBitbucketDataCenterRefusesATokenWithoutItsPermission(t *testing.T) {
	d, collect := newBitbucketServer(t)
	d.on(serverRepo+"/default-branch", status(404))
	_, _, err := collect(now)
	require.ErrorContains(t, err, "it takes the permission Repository read")
}

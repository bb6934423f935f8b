package review_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// newGitHub stands in for GitHub's REST API: https://github.com/github/rest-api-description. Its project has four commits on its branch:
// 4 was pushed, 3 was squashed, 2 was rebased, and 1 is the first.
func newGitHub(t *testing.T) (*double, run) {
	t.Helper()
	d := newDouble(t, map[string]string{
		"Authorization": "Bearer " + token, "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28",
	})
	d.on("/repos/acme/shop", says(`{"id":1,"full_name":"acme/shop","default_branch":"main"}`))
	d.on("/repos/acme/shop/commits?page=1&per_page=100&sha=main", says(githubCommits(4)))
	d.on("/repos/acme/shop/tags?page=1&per_page=100", says(`[{"name":"v1.1.0","commit":{"sha":"`+sha(3)+`","url":"x"}},{"name":"latest","commit":{"sha":"`+sha(3)+`"}}]`))
	for digit, answer := range map[int]string{
		4: `[` + githubPull(7, "main", "null", sha(4), sha(4)) + `]`, // it is open
		3: `[` + githubPull(5, "next", stamp(-3), sha(9), sha(8)) + `,` + githubPull(6, "main", stamp(-2), sha(3), sha(8)) + `]`,
		2: `[` + githubPull(4, "main", stamp(-4), sha(2), sha(7)) + `]`,
		1: `[]`,
	} {
		d.on("/repos/acme/shop/commits/"+sha(digit)+"/pulls?per_page=100", says(answer))
	}
	d.on(reviewsOf(6), says(`[`+githubReview("bob", "User", "APPROVED", sha(8))+`]`))
	d.on(reviewsOf(4), says(`[`+githubReview("bob", "User", "APPROVED", sha(7))+`]`))
	return d, newRun(t, system.Review{Host: system.GitHub, URL: d.address + "/", Project: "acme/shop"})
}

func stamp(days int) string { return strconv.Quote(now.AddDate(0, 0, days).Format(time.RFC3339)) }

func githubCommits(digits ...int) string {
	text := ""
	for _, newest := range digits {
		for digit := newest; digit > 0; digit-- {
			parents := ""
			if digit > 1 {
				parents = fmt.Sprintf(`{"sha":"%s"},{"sha":"%s"}`, sha(digit-1), sha(digit+100))
			}
			text += fmt.Sprintf(`,{"sha":"%s","commit":{"committer":{"date":%s}},"parents":[%s]},{"sha":"%s","commit":{"committer":{"date":%s}},"parents":[]}`,
				sha(digit), stamp(digit-5), parents, sha(digit+100), stamp(-5))
		}
	}
	return "[" + text[1:] + "]"
}

func githubPull(number int, base, merged, merge, head string) string {
	return fmt.Sprintf(`{"number":%d,"state":"closed","html_url":"https://github.com/acme/shop/pull/%d","user":{"login":"ann","type":"User"},
		"merged_at":%s,"merge_commit_sha":"%s","head":{"ref":"x","sha":"%s"},"base":{"ref":"%s"}}`, number, number, merged, merge, head, base)
}

func githubReview(login, kind, state, commit string) string {
	return fmt.Sprintf(`{"id":1,"user":{"login":"%s","type":"%s"},"state":"%s","commit_id":"%s","submitted_at":%s}`, login, kind, state, commit, stamp(-3))
}

func reviewsOf(number int) string {
	return fmt.Sprintf("/repos/acme/shop/pulls/%d/reviews?page=1&per_page=100", number)
}

func TestGitHubHasTheChangesOfABranch(t *testing.T) {
	_, collect := newGitHub(t)
	found, gaps, err := collect(now)
	require.NoError(t, err)
	require.Empty(t, gaps)
	require.Equal(t, []string{"a04 pushed", "a03 v1.1.0 latest #6 ann bob", "a02 #4 ann bob", "a01 pushed"}, changes(found))
	require.True(t, found.Whole)
	require.Equal(t, "main", found.Branch)
	require.Equal(t, "api", found.Component)
	require.Equal(t, fact.Change{
		Name: "#6", Link: "https://github.com/acme/shop/pull/6", Author: "ann", MergedAt: now.AddDate(0, 0, -2), Approvals: []fact.Approval{{By: "bob"}},
	}, *found.Commits[1].Change)
}

func TestOfEachReviewerOnGitHubTheLastVerdictCounts(t *testing.T) {
	for _, c := range []struct{ name, reviews, want string }{
		{"a comment changes none", githubReview("bob", "User", "APPROVED", sha(8)) + "," + githubReview("bob", "User", "COMMENTED", sha(8)), "bob"},
		{"one that is pending is none", githubReview("bob", "User", "PENDING", sha(8)), ""},
		{"one that is taken back", githubReview("bob", "User", "APPROVED", sha(8)) + "," + githubReview("bob", "User", "CHANGES_REQUESTED", sha(8)), "bob-rejected"},
		{"one that was dismissed", githubReview("bob", "User", "DISMISSED", sha(8)), "bob-dismissed"},
		{"one of an earlier head", githubReview("bob", "User", "APPROVED", sha(9)), "bob-stale"},
		{"one whose commit a force push removed", `{"user":{"login":"bob","type":"User"},"state":"APPROVED","commit_id":null}`, "bob-stale"},
		{"one that was renewed", githubReview("bob", "User", "APPROVED", sha(9)) + "," + githubReview("bob", "User", "APPROVED", sha(8)), "bob"},
		{"one of a program", githubReview("renovate-approve[bot]", "Bot", "APPROVED", sha(8)), "renovate-approve[bot]-bot"},
		{"one whose account was deleted", `{"user":null,"state":"APPROVED","commit_id":"` + sha(8) + `"}`, "a user who was deleted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, collect := newGitHub(t)
			d.on(reviewsOf(6), says("["+c.reviews+"]"))
			found, _, err := collect(now)
			require.NoError(t, err)
			want := "a03 v1.1.0 latest #6 ann"
			if c.want != "" {
				want += " " + c.want
			}
			require.Equal(t, want, changes(found)[1])
		})
	}
}

func TestWhatGitHubHasInPagesIsReadToTheEnd(t *testing.T) {
	d, _ := newGitHub(t)
	next := func(text string) reply {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", `<http://127.0.0.1:1/elsewhere>; rel="next", <http://127.0.0.1:1/last>; rel="last"`)
			fmt.Fprint(w, text)
		}
	}
	d.on("/repos/acme/shop/commits?page=1&per_page=100&sha=release%2F1", next(`[{"sha":"`+sha(3)+`","parents":[{"sha":"`+sha(2)+`"}]}]`))
	d.on("/repos/acme/shop/commits?page=2&per_page=100&sha=release%2F1", says(githubCommits(2)))
	for digit, number := range map[int]int{3: 6, 2: 4} {
		d.on("/repos/acme/shop/commits/"+sha(digit)+"/pulls?per_page=100", says(`[`+githubPull(number, "release/1", stamp(-2), sha(digit), sha(8))+`]`))
	}
	d.on(reviewsOf(6), next(`[`+githubReview("bob", "User", "APPROVED", sha(8))+`]`))
	d.on("/repos/acme/shop/pulls/6/reviews?page=2&per_page=100", says(`[`+githubReview("bob", "User", "CHANGES_REQUESTED", sha(8))+`]`))
	collect := newRun(t, system.Review{Host: system.GitHub, URL: d.address, Project: "acme/shop", Branch: "release/1", Commits: 2})
	found, gaps, err := collect(now)
	require.NoError(t, err)
	require.Empty(t, gaps)
	require.Equal(t, []string{"a03 v1.1.0 latest #6 ann bob-rejected", "a02 #4 ann bob-stale"}, changes(found))
	require.False(t, found.Whole)
}

func TestAnIntervalAsksGitHubOnlyWhatMayHaveChanged(t *testing.T) {
	d, collect := newGitHub(t)
	for path, answer := range d.replies {
		d.on(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"1"`)
			if r.Header.Get("If-None-Match") == `"1"` {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			answer(w, r)
		})
	}
	first, _, err := collect(now)
	require.NoError(t, err)
	d.requests()
	d.on(reviewsOf(4), func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, `"1"`, r.Header.Get("If-None-Match"))
		w.Header().Set("ETag", `"1"`)
		fmt.Fprint(w, `[`+githubReview("bob", "User", "DISMISSED", sha(7))+`]`)
	})
	second, _, err := collect(now.Add(10 * time.Minute))
	require.NoError(t, err)
	require.Equal(t, changes(first)[1], changes(second)[1])
	require.Equal(t, "a02 #4 ann bob-dismissed", changes(second)[2], "an approval can be taken back")
	require.Len(t, d.requests(), 9)

	_, _, err = collect(now.AddDate(0, 0, 9))
	require.NoError(t, err)
	d.requests()
	_, _, err = collect(now.AddDate(0, 0, 10))
	require.NoError(t, err)
	require.Len(t, d.requests(), 3, "what is old is not asked about again")
}

func TestGitHubIsLeftAloneWhereItWantsToBe(t *testing.T) {
	reset := now.Add(40 * time.Minute)
	for _, c := range []struct {
		name  string
		limit reply
		until time.Time
	}{
		{"403 with the moment of the reset", status(403, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10)), reset},
		{"403 with a time", status(403, "Retry-After", "120"), now.Add(2 * time.Minute)},
		{"429 with a date", status(429, "Retry-After", reset.Format(http.TimeFormat)), reset},
		{"429 without any", status(429), now.Add(time.Minute)},
		{"a moment that has passed", status(429, "X-RateLimit-Reset", "1"), now.Add(time.Minute)},
		{"a moment too far", status(403, "Retry-After", "999999999"), now.Add(2 * time.Hour)},
		{"a secondary limit that says so in words", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"message":"You have exceeded a secondary rate limit."}`)
		}, now.Add(time.Minute)},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, collect := newGitHub(t)
			good := d.replies["/repos/acme/shop/commits/"+sha(2)+"/pulls?per_page=100"]
			d.on("/repos/acme/shop/commits/"+sha(2)+"/pulls?per_page=100", c.limit)
			found, gaps, err := collect(now)
			require.NoError(t, err)
			require.Equal(t, []string{"a04 pushed", "a03 v1.1.0 latest #6 ann bob", "a02 unavailable", "a01 unavailable"}, changes(found), "what is known stays known")
			require.Len(t, gaps, 1)
			require.Equal(t, fact.ReasonDenied, gaps[0].Reason)
			require.Equal(t, fact.TopicChanges, gaps[0].Topic)
			require.Contains(t, gaps[0].Detail, "asked again after "+c.until.Format("2006-01-02 15:04"))
			d.requests()

			again, gaps, err := collect(c.until.Add(-time.Second))
			require.NoError(t, err)
			require.Len(t, gaps, 1)
			require.Equal(t, found, again)
			require.Empty(t, d.requests(), "it is left alone")

			d.on("/repos/acme/shop/commits/"+sha(2)+"/pulls?per_page=100", good)
			again, gaps, err = collect(c.until)
			require.NoError(t, err)
			require.Empty(t, gaps)
			require.Equal(t, []string{"a04 pushed", "a03 v1.1.0 latest #6 ann bob", "a02 #4 ann bob", "a01 pushed"}, changes(again))
		})
	}
}

func TestALimitBeforeAnythingIsKnownIsAnError(t *testing.T) {
	d, collect := newGitHub(t)
	good := d.replies["/repos/acme/shop"]
	d.on("/repos/acme/shop", status(429, "Retry-After", "7200"))
	for range 2 {
		_, _, err := collect(now)
		require.ErrorContains(t, err, "the API is asked too often (rate limit); it is asked again after 2026-06-01 14:00 UTC")
		require.Equal(t, fact.ReasonDenied, fact.ReasonOf(err))
	}
	require.Len(t, d.requests(), 1)
	d.on("/repos/acme/shop", good)
	_, _, err := collect(now.Add(2 * time.Hour))
	require.NoError(t, err)
	d.on("/repos/acme/shop", status(429, "Retry-After", "7200"))
	_, gaps, err := collect(now.Add(3 * time.Hour))
	require.NoError(t, err, "what was known an hour ago still counts")
	require.Len(t, gaps, 1)
	_, _, err = collect(now.Add(4*time.Hour + time.Minute))
	require.ErrorContains(t, err, "rate limit", "what was known two hours ago does not")
}

func TestWhatGitHubRefusesSaysWhichPermissionItTakes(t *testing.T) {
	const fine = "Contents: read and Pull requests: read"
	for _, c := range []struct {
		name   string
		answer reply
		reason fact.Reason
		want   string
	}{
		{"401", status(401), fact.ReasonDenied, "the token is wrong, or has expired"},
		{"403", status(403), fact.ReasonDenied, fine},
		{"404, which a token that lacks a scope is answered", status(404), fact.ReasonNotFound, fine},
		{"500", status(500), fact.ReasonFailed, "the server answered 500"},
		{"no JSON", says("<html>"), fact.ReasonInvalid, "cannot be read as JSON"},
		{"no branch", says("{}"), fact.ReasonInvalid, "no default_branch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, collect := newGitHub(t)
			d.on("/repos/acme/shop", c.answer)
			_, _, err := collect(now)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, c.reason, fact.ReasonOf(err))
		})
		t.Run("pull requests: "+c.name, func(t *testing.T) {
			d, collect := newGitHub(t)
			if c.name == "no branch" {
				return
			}
			for digit := 1; digit <= 4; digit++ {
				d.on("/repos/acme/shop/commits/"+sha(digit)+"/pulls?per_page=100", c.answer)
			}
			found, gaps, err := collect(now)
			require.NoError(t, err)
			require.Equal(t, []string{"a04 unavailable", "a03 v1.1.0 latest unavailable", "a02 unavailable", "a01 unavailable"}, changes(found), "nobody says that they were pushed")
			require.Contains(t, found.Commits[3].Unavailable, c.want)
			require.Len(t, gaps, 1)
			require.Equal(t, c.reason, gaps[0].Reason)
		})
	}
}

func TestAProjectThatWasRenamedIsFollowedOnItsServer(t *testing.T) {
	d, collect := newGitHub(t)
	d.on("/repositories/1", d.replies["/repos/acme/shop"])
	d.on("/repos/acme/shop", status(301, "Location", d.address+"/repositories/1"))
	_, _, err := collect(now)
	require.NoError(t, err)
	other := newDouble(t, nil)
	d.on("/repos/acme/shop", status(301, "Location", other.address+"/repositories/1"))
	_, _, err = collect(now)
	require.ErrorContains(t, err, "moved to another server, which the token is not given to")
	require.Empty(t, other.requests())
	d.on("/repos/acme/shop", status(301, "Location", d.address+"/repos/acme/shop"))
	_, _, err = collect(now)
	require.Error(t, err, "it leads nowhere")
}

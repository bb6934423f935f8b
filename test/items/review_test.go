package items_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// TestTheReviewOfWhatIsDeployedPassesAndBreaks has a project of GitHub, as its API is described, whose latest commit is deployed; then it is
// broken in one way after the other. No other item changes.
func TestTheReviewOfWhatIsDeployedPassesAndBreaks(t *testing.T) {
	const (
		item   = "quality.review"
		commit = "0123456789abcdef0123456789abcdef01234567"
		head   = "89abcdef0123456789abcdef0123456789abcdef"
		pull   = `[{"number":7,"user":{"login":"ann","type":"User"},"merged_at":"2026-01-02T00:00:00Z","merge_commit_sha":"` + commit +
			`","head":{"sha":"` + head + `"},"base":{"ref":"main"}}]`
	)
	require.Equal(t, []string{item}, itemsOf(t, fact.ReviewedBranches().Name))
	review := func(login, kind, state, commit string) string {
		return fmt.Sprintf(`[{"user":{"login":"%s","type":"%s"},"state":"%s","commit_id":"%s"}]`, login, kind, state, commit)
	}
	folder := t.TempDir()
	tokenFile, deployed := filepath.Join(folder, "token"), filepath.Join(folder, "DEPLOYED")
	require.NoError(t, os.WriteFile(tokenFile, []byte("token-of-the-exporter"), 0o600))
	judge := func(t *testing.T, revision, pulls, reviews string) judged {
		t.Helper()
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, "Bearer token-of-the-exporter", r.Header.Get("Authorization"))
			answer, expected := map[string]string{
				"/repos/acme/shop": `{"default_branch":"main"}`,
				"/repos/acme/shop/commits?page=1&per_page=100&sha=main":      `[{"sha":"` + commit + `","commit":{"committer":{"date":"2026-01-02T00:00:00Z"}},"parents":[{"sha":"` + head + `"}]}]`,
				"/repos/acme/shop/tags?page=1&per_page=100":                  `[]`,
				"/repos/acme/shop/commits/" + commit + "/pulls?per_page=100": pulls,
				"/repos/acme/shop/pulls/7/reviews?page=1&per_page=100":       reviews,
			}[r.URL.RequestURI()]
			assert.True(t, expected, r.URL.RequestURI())
			if answer == "" {
				w.WriteHeader(http.StatusForbidden)
			}
			fmt.Fprint(w, answer)
		}))
		defer server.Close()
		require.NoError(t, os.WriteFile(deployed, []byte(revision), 0o600))
		content, err := yaml.Dump(map[string]any{"systems": []any{map[string]any{
			"name": "shop", "environment": "production",
			"reviews":  []any{map[string]any{"name": "shop", "host": "github", "url": server.URL, "project": "acme/shop", "token_file": tokenFile}},
			"evidence": map[string]any{"deployed": []any{map[string]any{"file": deployed}}},
		}}})
		require.NoError(t, err)
		w := reportedWorld{config: filepath.Join(t.TempDir(), "config.yaml")}
		require.NoError(t, os.WriteFile(w.config, content, 0o600))
		return w.judge(t)
	}
	sound := judge(t, commit[:7], pull, review("bob", "User", "APPROVED", head))
	require.Equal(t, "pass", sound.statuses[item], sound.reasons[item])
	for _, c := range []struct{ name, revision, pulls, reviews, status, reason string }{
		{"it was pushed", commit, `[]`, ``, "fail", "no_change"},
		{"nobody approved it", commit, pull, `[]`, "fail", "not_approved"},
		{"its author did", commit, pull, review("ann", "User", "APPROVED", head), "fail", "approved_by_author"},
		{"a program did", commit, pull, review("mate[bot]", "Bot", "APPROVED", head), "fail", "approved_by_bot"},
		{"something was pushed after the approval", commit, pull, review("bob", "User", "APPROVED", commit), "fail", "approval_stale"},
		{"the approval was dismissed", commit, pull, review("bob", "User", "DISMISSED", head), "fail", "approval_dismissed"},
		{"a reviewer is not content", commit, pull, review("bob", "User", "CHANGES_REQUESTED", head), "fail", "changes_requested"},
		{"another commit is deployed", head, pull, review("bob", "User", "APPROVED", head), "unknown", "not_among_commits"},
		{"the token may not read pull requests", commit, ``, ``, "unknown", "change_not_collected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := judge(t, c.revision, c.pulls, c.reviews)
			require.Equal(t, c.status, got.statuses[item], got.reasons[item])
			require.Equal(t, []string{c.reason}, got.reasons[item])
			require.Empty(t, statusesBut(sound.statuses, got.statuses, []string{item}))
		})
	}
}

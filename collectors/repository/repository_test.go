package repository_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/collectors/repository"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func on(day int) time.Time { return time.Date(2026, time.January, day, 12, 0, 0, 0, time.UTC) }

// token is one of GitHub's by its form; no text of this file is.
func token() string { return "ghp_" + "q8Zr2LwK7vXc1NbT5yHd" + "9PmS3fGa6JeU0oRi" }

func job(t *testing.T, declared system.Repository) collector.Job {
	t.Helper()
	store := gitrepo.New(t.TempDir())
	t.Cleanup(store.Close)
	all := repository.New(store).Jobs(&system.System{Repositories: []system.Repository{declared}}, fact.Needs{})
	require.Len(t, all, 1)
	t.Cleanup(all[0].Forget)
	return all[0]
}

func collect(t *testing.T, j collector.Job) fact.Repository {
	t.Helper()
	sets, err := j.Collect(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, 1, sets[0].Len())
	found := *sets[0].At(0).(*fact.Repository)
	text, err := json.Marshal(found)
	require.NoError(t, err)
	require.NotContains(t, string(text), token()[10:], "only the place of a secret is kept")
	return found
}

func in(g *world.Git) system.Repository { return system.Repository{Name: "shop", Path: g.Dir} }

func TestOfAShallowCloneTheHistoryIsNotKnown(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{".gitignore": ".env*\n", "deploy.sh": "curl -u " + token() + "\n"})
	g.Commit(on(2), map[string]string{"deploy.sh": "curl\n"})
	shallow := filepath.Join(t.TempDir(), "shop")
	g.Run("clone", "--quiet", "--depth=1", "file://"+g.Dir, shallow)
	j := job(t, system.Repository{Name: "shop", Path: shallow})
	sets, err := j.Collect(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, 1, sets[0].Len(), "what is in it counts")
	require.Len(t, sets[0].Gaps(), 1)
	require.Equal(t, fact.TopicHistory, sets[0].Gaps()[0].Topic)
	require.Contains(t, sets[0].Gaps()[0].Detail, "git fetch --unshallow")

	g.Run("-C", shallow, "fetch", "--quiet", "--unshallow")
	require.Eventually(t, func() bool {
		sets, err := j.Collect(t.Context(), nil)
		return err == nil && len(sets[0].Gaps()) == 0 && len(sets[0].At(0).(*fact.Repository).Secrets) == 1
	}, 2*time.Minute, 200*time.Millisecond)
}

func TestACleanRepositoryHasNone(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{".gitignore": "node_modules\n.env*\n!.env.example\n", "main.go": "package main", ".env.example": "TOKEN=\n"})
	found := collect(t, job(t, in(g)))
	require.True(t, found.EnvironmentIgnored)
	require.Empty(t, found.Secrets)
	require.Equal(t, ".env.example", found.Environments[0].Path)
}

func TestAnEnvironmentFileIsFoundWhateverBecameOfIt(t *testing.T) {
	g := world.NewGit(t)
	first := g.Commit(on(1), map[string]string{".env": "", "deploy/.env.production": "A=b", "environment.go": "x", "shop.env": "A=b"})
	g.Run("rm", "--quiet", ".env")
	g.Commit(on(2), map[string]string{"deploy/.env.production": "A=c"})
	found := collect(t, job(t, in(g)))
	require.Equal(t, []fact.CommittedFile{
		{Path: ".env", Commit: first}, {Path: "deploy/.env.production", Commit: first, Tracked: true}, {Path: "shop.env", Commit: first, Tracked: true},
	}, found.Environments)
	require.False(t, found.EnvironmentIgnored)
}

func TestSecretsAreFoundWhereTheyWereFirstCommitted(t *testing.T) {
	g := world.NewGit(t)
	key := strings.Repeat("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw\n", 1) + strings.Repeat("Qx7", 20) + "\n"
	header := "-----BEGIN RSA PRIVATE" + " KEY-----\n"
	g.Commit(on(1), map[string]string{"README.md": "# Shop"})
	first := g.Commit(on(2), map[string]string{"a.yaml": "x: 1\ntoken: " + token() + "\n", "keys/shop.pem": header + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwMIIEvQIBADAN\n" + key})
	g.Commit(on(3), map[string]string{"b.yaml": "token: " + token() + "\n", "a.yaml": "x: 2\n"})
	g.Run("checkout", "--quiet", "-b", "topic")
	topic := g.Commit(on(4), map[string]string{"c.json": `{"key":"` + strings.TrimSpace(header) + `\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwAAAAAAAAAAAA"}`})
	g.Run("checkout", "--quiet", "main")
	found := collect(t, job(t, in(g)))
	require.Equal(t, []fact.CommittedSecret{
		{Rule: "private-key", Path: "c.json", Line: 1, Commit: topic, At: on(4)},
		{Rule: "github-token", Path: "a.yaml", Line: 2, Commit: first, At: on(2)},
		{Rule: "private-key", Path: "keys/shop.pem", Line: 1, Commit: first, At: on(2)},
	}, found.Secrets)
}

// TestWhatOnlyLooksLikeASecretIsNone has what scanners are silenced for: manuals, tests, patterns, public and encrypted keys.
func TestWhatOnlyLooksLikeASecretIsNone(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{
		"docs/aws.md":  "aws_access_key_id = AKIA" + "IOSFODNN7EXAMPLE\n",
		"docs/gh.md":   "export TOKEN=ghp_" + strings.Repeat("x", 36) + " or ghp_" + "1234567890abcdefghijklmnopqrstuvwxyz\n",
		"detect.go":    "regexp.MustCompile(`-----BEGIN (RSA )?PRIVATE" + " KEY-----`)\n// -----BEGIN PRIVATE" + " KEY-----\nfunc main() {\n",
		"public.pem":   "-----BEGIN PUBLIC KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwMIIEvQIBADAN\n",
		"locked.pem":   "-----BEGIN RSA PRIVATE" + " KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,1\n\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwMIIEvQIBADAN\n",
		"locked8.pem":  "-----BEGIN ENCRYPTED PRIVATE" + " KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwMIIEvQIBADAN\n",
		"app.css":      ".sk-loading-spinner-of-the-page { }\n.task-manager-of-something-long-enough { }\n",
		"sum.txt":      strings.Repeat("da39a3ee5e6b4b0d3255bfef95601890afd80709\n", 3),
		"chart.yaml":   "token: ${GITHUB_TOKEN}\nslack: xoxb-" + "your-token-goes-here\n",
		"integrity.md": "sha512-" + strings.Repeat("Zm9vYmFy", 10) + "==\n",
	})
	require.Empty(t, collect(t, job(t, in(g))).Secrets)
}

func TestOnlyWhatIsNewIsRead(t *testing.T) {
	g := world.NewGit(t)
	first := g.Commit(on(1), map[string]string{"a.txt": token(), ".env": "A=b"})
	declared := in(g)
	store := gitrepo.New(t.TempDir())
	t.Cleanup(store.Close)
	c := repository.New(store)
	j := c.Jobs(&system.System{Repositories: []system.Repository{declared}}, fact.Needs{})[0]
	again := func() fact.Repository {
		store.Forget(declared) // A snapshot serves for a minute.
		return collect(t, j)
	}
	require.Len(t, again().Secrets, 1)
	before := again()
	require.Equal(t, before, again())

	second := g.Commit(on(2), map[string]string{"b.txt": strings.ToLower(token()) + "Zz", ".env": "A=c"})
	found := again()
	require.Equal(t, []string{second, first}, []string{found.Secrets[0].Commit, found.Secrets[1].Commit})
	require.Equal(t, first, found.Environments[0].Commit)

	g.Run("reset", "--quiet", "--hard", first)
	require.Len(t, again().Secrets, 1, "the history was rewritten")
}

func TestWhatIsAllowedIsNotReported(t *testing.T) {
	g := world.NewGit(t)
	commit := g.Commit(on(1), map[string]string{"testdata/a.txt": token(), "b.txt": strings.ToLower(token()) + "Zz", ".env": "A=b"})
	file := filepath.Join(t.TempDir(), "allowed")
	declared := in(g)
	declared.AllowFile = file
	for content, secrets := range map[string]int{
		"# nothing\n": 2, "* testdata/\n": 1, "github-token *.txt": 1, "github-token b.txt " + commit[:12]: 1, "aws-access-key b.txt": 2,
		"github-token b.txt ffff": 2, "* testdata/\n* b.txt\nenvironment-file .env": 0,
	} {
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		found := collect(t, job(t, declared))
		require.Len(t, found.Secrets, secrets, content)
		require.Equal(t, secrets > 0, len(found.Environments) == 1, content)
	}
	for _, wrong := range []string{"*", "* *", "* [ ", "a b c d"} {
		require.NoError(t, os.WriteFile(file, []byte(wrong), 0o600))
		_, err := job(t, declared).Collect(t.Context(), nil)
		require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "%q: %v", wrong, err)
	}
	declared.AllowFile = "allowed.txt"
	_, err := job(t, declared).Collect(t.Context(), nil)
	require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err))
	g.Commit(on(2), map[string]string{"allowed.txt": "* testdata/\n"})
	require.Len(t, collect(t, job(t, declared)).Secrets, 1, "the file of the branch")
}

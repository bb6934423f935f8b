package gitrepo_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// on is a day of 2026.
func on(day int) time.Time { return time.Date(2026, time.January, day, 12, 0, 0, 0, time.UTC) }

// snapshot reads a repository by a store of its own.
func snapshot(t *testing.T, declared system.Repository) (*gitrepo.Snapshot, error) {
	t.Helper()
	store := gitrepo.New(t.TempDir())
	t.Cleanup(store.Close)
	declared.Name = "shop"
	return store.Repository(declared).Snapshot(t.Context())
}

func local(t *testing.T, g *world.Git) *gitrepo.Snapshot {
	t.Helper()
	found, err := snapshot(t, system.Repository{Path: g.Dir})
	require.NoError(t, err)
	return found
}

func TestABranchIsReadWithoutItsWorkTree(t *testing.T) {
	g := world.NewGit(t)
	head := g.Commit(on(1), map[string]string{"README.md": "# Shop", "docs/a b \"ü.md": "text", ".env": ""})
	g.Tag(on(3), "v1")
	g.Write("README.md", "changed, and not committed")
	found := local(t, g)
	require.Equal(t, head, found.Head)
	require.Equal(t, on(3), found.Released)
	require.Equal(t, []string{".env", "README.md", "docs/a b \"ü.md"}, found.Paths())
	content, err := found.Read(t.Context(), "README.md")
	require.NoError(t, err)
	require.Equal(t, "# Shop", string(content))
	for name, want := range map[string]bool{
		"README.md": true, "docs": true, ".": true, "doc": false, "docs/a": false, "readme.md": false, "docs/a b \"ü.md": true,
	} {
		require.Equal(t, want, found.Has(name), name)
	}
	_, err = found.Read(t.Context(), "docs")
	require.ErrorIs(t, err, gitrepo.ErrNoFile)
}

func TestAnotherBranchAndABareRepositoryAreRead(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"a.md": "a"})
	g.Run("checkout", "--quiet", "-b", "release/1.0")
	g.Commit(on(2), map[string]string{"b.md": "b"})
	g.Run("checkout", "--quiet", "main")
	bare := filepath.Join(t.TempDir(), "shop.git")
	g.Run("clone", "--quiet", "--bare", g.Dir, bare)
	for _, path := range []string{g.Dir, bare} {
		found, err := snapshot(t, system.Repository{Path: path, Branch: "release/1.0"})
		require.NoError(t, err)
		require.Equal(t, []string{"a.md", "b.md"}, found.Paths())
	}
	_, err := snapshot(t, system.Repository{Path: g.Dir, Branch: "gone"})
	require.EqualError(t, err, "the repository has no branch gone")
	require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err))
}

func TestWhatIsNoRepositoryIsReported(t *testing.T) {
	empty := world.NewGit(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	within := filepath.Join(world.NewGit(t).Dir, "folder") // The one above is not taken for it.
	require.NoError(t, os.Mkdir(within, 0o700))
	for path, want := range map[string]fact.Reason{
		empty.Dir: fact.ReasonNotFound, folder: fact.ReasonNotFound, file: fact.ReasonInvalid, within: fact.ReasonNotFound,
		filepath.Join(folder, "gone"): fact.ReasonNotFound,
	} {
		_, err := snapshot(t, system.Repository{Path: path})
		require.Error(t, err)
		require.Equal(t, want, fact.ReasonOf(err), "%s: %v", path, err)
	}
}

func TestAFileIsAsOldAsTheCommitThatChangedIt(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"README.md": "one", "docs/plan.md": "one", "other.md": "one"})
	g.Run("checkout", "--quiet", "-b", "topic")
	g.Commit(on(2), map[string]string{"docs/plan.md": "two"})
	g.Run("checkout", "--quiet", "main")
	g.Commit(on(3), map[string]string{"other.md": "two"})
	g.Run("merge", "--quiet", "--no-edit", "topic") // now: a merge changes nothing by itself
	formatted := g.Commit(on(5), map[string]string{"README.md": "One", "other.md": "Two"})
	g.Commit(on(6), map[string]string{".git-blame-ignore-revs": "# formatter\n" + formatted + "\n"})
	found := local(t, g)
	for name, want := range map[string]time.Time{"README.md": on(1), "docs/plan.md": on(2), "other.md": on(3)} {
		changed, err := found.Changed(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, want, changed, name)
	}
}

func TestTheEndOfAShallowHistoryDatesNothing(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"README.md": "one", "docs/plan.md": "one"})
	g.Commit(on(2), map[string]string{"other.md": "one"})
	g.Commit(on(3), map[string]string{"README.md": "two"})
	shallow := filepath.Join(t.TempDir(), "shop")
	g.Run("clone", "--quiet", "--depth=2", "file://"+g.Dir, shallow)
	found, err := snapshot(t, system.Repository{Path: shallow})
	require.NoError(t, err)
	changed, err := found.Changed(t.Context(), "README.md")
	require.NoError(t, err)
	require.Equal(t, on(3), changed)
	_, err = found.Changed(t.Context(), "docs/plan.md")
	require.ErrorIs(t, err, gitrepo.ErrShallow)
}

func TestAServerIsCopiedOverHTTPS(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"README.md": "one"})
	ca := world.NewCA(t, world.Spec{})
	const token = "glpat-canary0123456789abcd"
	url := g.ServeHTTPS(t, ca.Issue(t, world.Spec{}), token)
	tokenFile := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(tokenFile, []byte(token+"\n"), 0o600))
	declared := system.Repository{Name: "shop", URL: url, TokenFile: tokenFile, CAFile: ca.WriteRoot(t, t.TempDir(), "ca.pem")}

	folder := t.TempDir()
	store := gitrepo.New(folder)
	first, err := store.Repository(declared).Snapshot(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"README.md"}, first.Paths())

	g.Commit(on(2), map[string]string{"docs/plan.md": "two"})
	second := gitrepo.New(folder) // after a restart
	found, err := second.Repository(declared).Snapshot(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"README.md", "docs/plan.md"}, found.Paths())
	noSecretIn(t, folder, token)

	require.NoError(t, os.WriteFile(tokenFile, []byte("wrong"), 0o600))
	_, err = gitrepo.New(folder).Repository(declared).Snapshot(t.Context())
	require.Equal(t, fact.ReasonDenied, fact.ReasonOf(err), "%v", err)
	declared.CAFile = ""
	_, err = gitrepo.New(folder).Repository(declared).Snapshot(t.Context())
	require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "%v", err)
	require.NotContains(t, err.Error(), "canary")
}

func noSecretIn(t *testing.T, folder, token string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		require.NotContains(t, string(content), token, path)
		return err
	}))
}

func TestAServerIsCopiedOverSSHIfItHasTheKnownKey(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"README.md": "one"})
	server := g.ServeSSH(t)
	declared := system.Repository{URL: server.URL, KeyFile: server.KeyFile, KnownHostsFile: server.KnownHostsFile}
	found, err := snapshot(t, declared)
	require.NoError(t, err)
	require.Equal(t, []string{"README.md"}, found.Paths())

	stranger := g.ServeSSH(t)
	declared.URL = stranger.URL
	_, err = snapshot(t, declared)
	require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "%v", err)
	declared = system.Repository{URL: server.URL, KeyFile: stranger.KeyFile, KnownHostsFile: server.KnownHostsFile}
	_, err = snapshot(t, declared)
	require.Equal(t, fact.ReasonDenied, fact.ReasonOf(err), "%v", err)
}

func TestACopyIsNoLargerThanItMayBe(t *testing.T) {
	g := world.NewGit(t)
	noise := make([]byte, 2<<20)
	for i := range noise {
		noise[i] = byte(i * i >> 7)
	}
	g.Commit(on(1), map[string]string{"large": string(noise)})
	server := g.ServeSSH(t)
	_, err := snapshot(t, system.Repository{
		URL: server.URL, KeyFile: server.KeyFile, KnownHostsFile: server.KnownHostsFile, MaximumSize: 1000,
	})
	require.EqualError(t, err, "the copy of the repository is larger than 1kB: raise maximum_size, if there is room")
	require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(err))
}

func TestAFailureIsThatOfAllWhoAskAtOneTime(t *testing.T) {
	g := world.NewGit(t)
	store := gitrepo.New(t.TempDir())
	repository := store.Repository(system.Repository{Name: "shop", Path: g.Dir + "-gone"})
	_, first := repository.Snapshot(t.Context())
	require.Error(t, first)
	require.NoError(t, os.Rename(g.Dir, g.Dir+"-gone"))
	_, second := repository.Snapshot(t.Context())
	require.Equal(t, first, second, "within seconds it is asked no more")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := store.Repository(system.Repository{Name: "shop", Path: g.Dir}).Snapshot(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

// TestNothingOfAHostileRepositoryTakesEffect: each of these runs a program or reads a file where somebody takes the repository's
// word for it.
func TestNothingOfAHostileRepositoryTakesEffect(t *testing.T) {
	g := world.NewGit(t)
	outside := filepath.Join(t.TempDir(), "outside")
	require.NoError(t, os.WriteFile(outside, []byte("canary"), 0o600))
	run := filepath.Join(t.TempDir(), "ran")
	program := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\ntouch "+run+"\ncat\n"), 0o700))
	g.Write("README.md", "one")
	require.NoError(t, os.Symlink(outside, filepath.Join(g.Dir, "absolute.md")))
	require.NoError(t, os.Symlink("../../../../../../../.."+outside, filepath.Join(g.Dir, "relative.md")))
	require.NoError(t, os.Symlink("loop.md", filepath.Join(g.Dir, "loop.md")))
	require.NoError(t, os.Symlink("README.md", filepath.Join(g.Dir, "link.md")))
	g.Write(".gitattributes", "* filter=evil diff=evil\n")
	g.Write(".gitmodules", "[submodule \"a\"]\n\tpath = a\n\turl = ext::"+program+"\n")
	g.Commit(on(1), nil)
	g.Write("README.md", "two")
	g.Commit(on(2), nil)
	for _, setting := range [][2]string{
		{"core.fsmonitor", program}, {"core.sshCommand", program}, {"core.pager", program}, {"diff.external", program},
		{"diff.evil.command", program}, {"diff.evil.textconv", program}, {"filter.evil.smudge", program}, {"filter.evil.clean", program},
		{"gpg.program", program}, {"log.showSignature", "true"}, {"core.hooksPath", filepath.Dir(program)},
		{"uploadpack.packObjectsHook", program}, {"core.alternateRefsCommand", program}, {"core.gitProxy", program},
		{"remote.origin.url", "ext::" + program}, {"remote.origin.promisor", "true"}, {"remote.origin.uploadpack", program},
		{"extensions.partialClone", "origin"}, {"core.repositoryFormatVersion", "1"}, {"credential.helper", "!" + program},
		{"core.editor", program}, {"sequence.editor", program}, {"alias.log", "!" + program}, {"alias.cat-file", "!" + program},
	} {
		g.Run("config", setting[0], setting[1])
	}
	require.NoError(t, os.WriteFile(filepath.Join(g.Dir, ".git", "info", "attributes"), []byte("* diff=evil\n"), 0o600))
	require.NoError(t, os.RemoveAll(run)) // It may well have taken effect until now.

	found := local(t, g)
	for _, name := range []string{"absolute.md", "relative.md", "loop.md"} {
		_, err := found.Read(t.Context(), name)
		require.ErrorIs(t, err, gitrepo.ErrNoFile, name)
		require.NotContains(t, err.Error(), "canary")
	}
	content, err := found.Read(t.Context(), "link.md")
	require.NoError(t, err)
	require.Equal(t, "two", string(content))
	_, err = found.Changed(t.Context(), "README.md")
	require.NoError(t, err)
	lines := 0
	require.NoError(t, found.History(t.Context(), nil, func(gitrepo.Change) error { lines++; return nil }))
	require.NotZero(t, lines)
	require.NoFileExists(t, run)
}

func TestAnObjectThatIsNotThereIsFetchedFromNowhere(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"README.md": "one"})
	hash := g.Run("rev-parse", "HEAD:README.md")
	require.NoError(t, os.Remove(filepath.Join(g.Dir, ".git", "objects", hash[:2], hash[2:])))
	run := filepath.Join(t.TempDir(), "ran")
	g.Run("config", "remote.origin.url", "ext::touch "+run)
	g.Run("config", "remote.origin.promisor", "true")
	g.Run("config", "core.repositoryFormatVersion", "1")
	g.Run("config", "extensions.partialClone", "origin")
	_, err := local(t, g).Read(t.Context(), "README.md")
	require.Error(t, err)
	require.NoFileExists(t, run)
}

func TestALargeFileIsNotRead(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"README.md": strings.Repeat("x", gitrepo.MaximumFile+1)})
	_, err := local(t, g).Read(t.Context(), "README.md")
	require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(err), "%v", err)
}

package gitrepo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// added are the lines and files of a history, as "path:line text", of which those without a line are files.
func added(t *testing.T, s *gitrepo.Snapshot, without ...string) (lines []string) {
	t.Helper()
	require.NoError(t, s.History(t.Context(), without, func(c gitrepo.Change) error {
		require.Len(t, c.Commit, 40)
		text := string(c.Text)
		if c.Gone {
			text = "gone"
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s:%d %s", c.Path, c.Line, text)))
		return nil
	}))
	return lines
}

func TestEachLineThatWasEverAddedIsGiven(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"a b.txt": "one\n++ b/two\n-- a/three\n@@ -1 +1 @@\n", "\"ü\t.txt": "x", "empty": ""})
	first := g.Run("rev-parse", "HEAD")
	require.ElementsMatch(t, []string{
		"a b.txt:0", "\"ü\t.txt:0", "empty:0", "a b.txt:1 one", "a b.txt:2 ++ b/two", "a b.txt:3 -- a/three", "a b.txt:4 @@ -1 +1 @@", "\"ü\t.txt:1 x",
	}, added(t, local(t, g)))

	g.Run("checkout", "--quiet", "-b", "topic")
	g.Run("rm", "--quiet", "empty")
	g.Commit(on(2), map[string]string{"a b.txt": "zero\none\n++ b/two\n-- a/three\n@@ -1 +1 @@\nfive"})
	g.Run("checkout", "--quiet", "main")
	require.ElementsMatch(t, []string{"a b.txt:0", "empty:0 gone", "a b.txt:1 zero", "a b.txt:6 five"}, added(t, local(t, g), first),
		"of other branches too, and only what is new")
}

func TestWhatAMergeAddsItselfIsGiven(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"a.txt": "one\ntwo\nthree\n"})
	g.Run("checkout", "--quiet", "-b", "topic")
	topic := g.Commit(on(2), map[string]string{"a.txt": "one\ntopic\nthree\n"})
	g.Run("checkout", "--quiet", "main")
	own := g.Commit(on(3), map[string]string{"a.txt": "one\nmain\nthree\n"})
	g.Write("a.txt", "one\nmain\ntopic\nevil\nthree\n")
	g.Run("add", "a.txt")
	tree := g.Run("write-tree")
	g.Run("reset", "--quiet", "--hard", g.Run("commit-tree", tree, "-p", own, "-p", topic, "-m", "merge"))
	require.ElementsMatch(t, []string{"a.txt:0", "a.txt:4 evil"}, added(t, local(t, g), topic, own))
}

func TestWhatIsNotComparedIsGivenAllTheSame(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{".gitattributes": "*.lock -diff\n*.json binary\n", "a.lock": "one\n", "b.json": "two\n"})
	t.Chdir(g.Dir) // as of a pipeline
	require.Subset(t, added(t, local(t, g)), []string{"a.lock:1 one", "b.json:1 two"})
}

func TestALongLineIsGivenInParts(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"a.js": strings.Repeat("x", 200_000) + "\ny\n"})
	length, last := 0, gitrepo.Change{}
	require.NoError(t, local(t, g).History(t.Context(), nil, func(c gitrepo.Change) error {
		if c.Line == 1 {
			length += len(c.Text)
		}
		last = c
		last.Text = []byte(string(c.Text))
		return nil
	}))
	require.Equal(t, 200_000, length)
	require.Equal(t, 2, last.Line)
	require.Equal(t, "y", string(last.Text))
}

func TestAHistoryThatWasRewrittenIsNoticed(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"a.txt": "one"})
	before := local(t, g)
	tips, err := before.Tips(t.Context())
	require.NoError(t, err)
	g.Commit(on(2), map[string]string{"a.txt": "two"})
	lost, err := local(t, g).Lost(t.Context(), tips)
	require.NoError(t, err)
	require.False(t, lost)
	g.Run("commit", "--quiet", "--amend", "--message=Again")
	tips, err = local(t, g).Tips(t.Context())
	require.NoError(t, err)
	g.Run("reset", "--quiet", "--hard", "HEAD~1")
	lost, err = local(t, g).Lost(t.Context(), tips)
	require.NoError(t, err)
	require.True(t, lost)
	lost, err = local(t, g).Lost(t.Context(), []string{strings.Repeat("1", 40)})
	require.NoError(t, err)
	require.True(t, lost, "what is not there at all")
}

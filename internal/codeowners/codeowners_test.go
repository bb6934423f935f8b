package codeowners_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/codeowners"
)

func TestOwnersAreReadAsCodeHostsReadThem(t *testing.T) {
	for _, c := range []struct{ name, file, content, path, want string }{
		{"the last rule that matches counts", "CODEOWNERS", "* @all\n/docs/ @docs\n", "docs/a/b.md", "@docs"},
		{"a later rule without owners takes them away", "CODEOWNERS", "* @all\n/docs/free.md\n", "docs/free.md", ""},
		{"a file without a rule has none", "CODEOWNERS", "/src/ @dev\n", "docs/a.md", ""},
		{"comments and blank lines are none", "CODEOWNERS", "# * @a\n\n*.md @b # of all\n", "docs/a.md", "@b"},
		{"a name matches in any folder", "CODEOWNERS", "README.md @a\n", "x/y/README.md", "@a"},
		{"a name with a slash only there", "CODEOWNERS", "docs/README.md @a\n", "x/docs/README.md", ""},
		{"a folder means all below it, anywhere", "CODEOWNERS", "docs/ @a\n", "x/docs/y/z.md", "@a"},
		{"one that begins at the root only there", "CODEOWNERS", "/docs/ @a\n", "x/docs/z.md", ""},
		{"a folder without a slash too", "CODEOWNERS", "/docs @a\n", "docs/y/z.md", "@a"},
		{"a star stays in its folder", "CODEOWNERS", "docs/* @a\n", "docs/y/z.md", ""},
		{"names with brackets, dots and stars are none", "CODEOWNERS", "/app/(shop)/*.config.* @a\n", "app/(shop)/x.config.ts", "@a"},
		{"and matches there", "CODEOWNERS", "docs/* @a\n", "docs/z.md", "@a"},
		{"two stars match folders, and none", "CODEOWNERS", "docs/**/z.md @a\n", "docs/z.md", "@a"},
		{"many", "CODEOWNERS", "**/runbooks @a\n", "a/b/runbooks/c.md", "@a"},
		{"signs of expressions are none", "CODEOWNERS", "docs/a+b.md @a\n", "docs/aab.md", ""},
		{"a blank in a name", "CODEOWNERS", "docs/roll\\ back.md @a a@example.com\n", "docs/roll back.md", "@a a@example.com"},
		{"lines may end as on Windows", "CODEOWNERS", "* @a\r\n*.md @b\r\n", "a.md", "@b"},
		{"GitLab's sections add up", "CODEOWNERS", "* @a\n[Docs][2] @docs\n*.md\n^[Legal]\n/a.md @law\n", "a.md", "@a @docs @law"},
		{"in a section the last one counts", "CODEOWNERS", "[Docs] @docs\n*.md @x\n/a.md\n", "a.md", "@docs"},
		{"GitLab leaves out", ".gitlab/CODEOWNERS", "* @a\n!*.md\n", "a.md", ""},
		{"Gitea's expressions, all that match", "CODEOWNERS", ".*\\.md @a\ndocs/.* @org/docs\n", "docs/a.md", "@a @org/docs"},
		{"match the whole path", ".gitea/CODEOWNERS", "docs @a\n", "docs/a.md", ""},
		{"and leave out", ".forgejo/CODEOWNERS", ".* @a\n!docs/.* @a\n", "docs/a.md", ""},
		{"an expression that is none matches nothing", ".gitea/CODEOWNERS", "[ @a\n.* @b\n", "a.md", "@b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, strings.Join(codeowners.Read(c.file, c.content).Owners(c.path), " "))
		})
	}
}

func FuzzOwners(f *testing.F) {
	for _, seed := range []string{"* @a", "[x] @a\n/**/b/", "!.*\\.md @b", "\\ # ?", "/"} {
		f.Add(seed, "docs/a.md")
	}
	f.Fuzz(func(t *testing.T, content, name string) {
		for _, file := range codeowners.Files() {
			require.LessOrEqual(t, len(codeowners.Read(file, content).Owners(name)), codeowners.MaximumOwners)
		}
	})
}

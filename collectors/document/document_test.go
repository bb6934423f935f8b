package document_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/collectors/document"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func on(day int) time.Time { return time.Date(2026, time.January, day, 12, 0, 0, 0, time.UTC) }

// jobs are those for one document of a system.
func jobs(t *testing.T, s *system.System, asked fact.DocumentRequest) []collector.Job {
	t.Helper()
	store := gitrepo.New(t.TempDir())
	t.Cleanup(store.Close)
	needs := fact.Needs{}
	needs.Request(asked)
	return document.New(store).Jobs(s, needs)
}

// collect gives the document, or the folder, and why something of it is unavailable.
func collect[F any](t *testing.T, kind *fact.Kind[F], s *system.System, asked fact.DocumentRequest) (F, []fact.Gap, error) {
	t.Helper()
	all := jobs(t, s, asked)
	require.Len(t, all, 1)
	sets, err := all[0].Collect(t.Context(), nil)
	var none F
	if err != nil {
		return none, nil, err
	}
	for _, set := range sets {
		if set.Kind().KindName() == kind.Name {
			require.Equal(t, 1, set.Len())
			return *set.At(0).(*F), set.Gaps(), nil
		}
	}
	t.Fatal("no set of the kind")
	return none, nil, nil
}

// in is a system with a repository.
func in(g *world.Git, declared ...system.Document) *system.System {
	return &system.System{Repositories: []system.Repository{{Name: "shop", Path: g.Dir}}, Documents: declared}
}

func rollback() fact.DocumentRequest {
	return fact.DocumentRequest{Document: "rollback-plan", Names: "rollback-plan\nrollback"}
}

func TestADocumentIsFoundByItsNames(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		want  string
	}{
		{"in the folder of documents", []string{"docs/rollback.md"}, "shop:docs/rollback.md"},
		{"at the root", []string{"ROLLBACK.md", "docs/x.md"}, "shop:ROLLBACK.md"},
		{"an earlier name is better", []string{"docs/rollback.md", "docs/deep/Rollback Plan.md"}, "shop:docs/deep/Rollback Plan.md"},
		{"a whole name is better than a part", []string{"docs/deep/rollback.md", "docs/how-to-rollback.md"}, "shop:docs/deep/rollback.md"},
		{"a part of a name is one", []string{"docs/how_to_rollback.adoc"}, "shop:docs/how_to_rollback.adoc"},
		{"numbers and dates do not matter", []string{"docs/adr/0007-rollback.md"}, "shop:docs/adr/0007-rollback.md"},
		{"the page of a folder is called as the folder", []string{"docs/rollback/README.md"}, "shop:docs/rollback/README.md"},
		{"in the docs of a part of a monorepo", []string{"services/api/docs/rollback.md"}, "shop:services/api/docs/rollback.md"},
		{"code is no document", []string{"docs/rollback.go", "src/rollback.md"}, ""},
		{"a template is none", []string{"docs/templates/rollback.md", "node_modules/x/docs/rollback.md"}, ""},
		{"a part of a word is none", []string{"docs/rollbacks.md", "docs/scrollback.md"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := world.NewGit(t)
			files := map[string]string{"README.md": "# Shop"}
			for _, name := range c.files {
				files[name] = "# Rollback"
			}
			g.Commit(on(1), files)
			found, gaps, err := collect(t, fact.Documents(), in(g), rollback())
			require.NoError(t, err)
			require.Empty(t, gaps)
			require.Equal(t, c.want, found.Place)
			require.Equal(t, "the repository shop", found.Searched)
		})
	}
}

func TestADocumentIsReadFromItsRepository(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{
		"docs/plan.md": "# Plan\n\n[steps](#steps) [gone](#gone) [a](../README.md) [b](missing.md#x) [c](/docs/plan.md) [d](../README.md#shop)\n" +
			"[e](../README.md#nothing) [f](../../issues) [g](https://example.com/gone) [h](mailto:a@example.com) [i](plan%2Emd?raw=1) [j](..)\n" +
			"[k](../README#shop) [l](../README#gone) [m](plan) [n](../README.md#L1-L2) [o](../README.mdx)\n\n" +
			"## Steps\n\nTBD\n\n![shop](shop.png) ![none](none.png) ![badge](https://example.com/badge.svg)\n",
		"README.md": "# Shop\n", "docs/shop.png": "x",
	})
	g.Tag(on(2), "v1")
	g.Commit(on(3), map[string]string{"other.txt": "x"})
	declared := system.Document{Document: "rollback-plan", Repository: "shop", Path: "docs/plan.md"}
	found, gaps, err := collect(t, fact.Documents(), in(g, declared), rollback())
	require.NoError(t, err)
	require.Empty(t, gaps)
	require.Equal(t, on(1), found.Changed)
	require.Equal(t, on(2), found.Released)
	require.Equal(t, "shop:docs/plan.md", found.Place)
	require.Equal(t, []fact.DocumentPoint{{Line: 3, Text: "#gone"}, {Line: 3, Text: "missing.md#x"}, {Line: 3, Text: "../README.md#nothing"}, {Line: 3, Text: "../README#gone"}, {Line: 3, Text: "../README.mdx"}, {Line: 11, Text: "none.png"}}, found.Broken)
	require.Equal(t, []fact.DocumentPoint{{Line: 9, Text: "TBD"}}, found.Placeholders)
	require.Equal(t, 1, found.Diagrams)

	declared.Path = "docs/gone.md"
	found, _, err = collect(t, fact.Documents(), in(g, declared), rollback())
	require.NoError(t, err)
	require.False(t, found.Exists(), "a declared path is the only one")
	require.Equal(t, "docs/gone.md in the repository shop", found.Searched)
}

func TestALinkedReadmeIsRead(t *testing.T) {
	g := world.NewGit(t)
	g.Write("docs/index.md", "# Shop\n\nmany words")
	require.NoError(t, os.Symlink("docs/index.md", filepath.Join(g.Dir, "README.md")))
	g.Commit(on(1), nil)
	found, _, err := collect(t, fact.Documents(), in(g), fact.DocumentRequest{Document: "readme", Names: "readme"})
	require.NoError(t, err)
	require.Equal(t, "shop:README.md", found.Place)
	require.Equal(t, 2, found.Words)
}

func TestAShallowCloneDoesNotDateDocuments(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"docs/rollback.md": "# Rollback"})
	g.Commit(on(2), map[string]string{"x": "x"})
	shallow := filepath.Join(t.TempDir(), "shop")
	g.Run("clone", "--quiet", "--depth=1", "file://"+g.Dir, shallow)
	found, gaps, err := collect(t, fact.Documents(), in(&world.Git{Dir: shallow}), rollback())
	require.NoError(t, err)
	require.True(t, found.Exists())
	require.Equal(t, []string{fact.TopicChange}, found.Lacks())
	require.Len(t, gaps, 1)
	require.Equal(t, fact.TopicChange, gaps[0].Topic, "what needs no date is judged all the same")
	require.Contains(t, gaps[0].Detail, "git fetch --unshallow")
}

func TestAFolderOfThisMachineIsRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "docs", "rollback.md")
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte("# Rollback\n\n[out](../../etc/passwd) [x](x.md)\n"), 0o600))
	require.NoError(t, os.Chtimes(path, on(5), on(5)))
	s := &system.System{Documents: []system.Document{{Path: dir}}}
	found, gaps, err := collect(t, fact.Documents(), s, rollback())
	require.NoError(t, err)
	require.Empty(t, gaps)
	require.Equal(t, on(5), found.Changed)
	require.Equal(t, path, found.Place)
	require.Equal(t, []fact.DocumentPoint{{Line: 3, Text: "x.md"}}, found.Broken)

	require.NoError(t, os.Mkdir(filepath.Join(dir, ".git"), 0o755))
	found, gaps, err = collect(t, fact.Documents(), s, rollback())
	require.NoError(t, err)
	require.Zero(t, found.Changed, "that a file was checked out is no change")
	require.Contains(t, gaps[0].Detail, "declare "+dir+" under repositories")

	_, _, err = collect(t, fact.Documents(), &system.System{Documents: []system.Document{{Path: dir + "-gone"}}}, rollback())
	require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err))
}

func TestWhereOnePlaceCannotBeSearchedNobodyKnowsThatThereIsNone(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"docs/rollback.md": "# Rollback"})
	s := in(g)
	s.Repositories = append(s.Repositories, system.Repository{Name: "other", Path: g.Dir + "-gone"})
	found, _, err := collect(t, fact.Documents(), s, rollback())
	require.NoError(t, err)
	require.True(t, found.Exists())
	_, _, err = collect(t, fact.Documents(), s, fact.DocumentRequest{Document: "scaling", Names: "scaling"})
	require.ErrorContains(t, err, "read the repository other")
}

func TestWithoutAPlaceThereIsNoTarget(t *testing.T) {
	require.Empty(t, jobs(t, &system.System{}, rollback()))
	require.Empty(t, jobs(t, &system.System{Documents: []system.Document{{Document: "readme", Path: "/a"}}}, rollback()))
	require.Len(t, jobs(t, &system.System{Documents: []system.Document{{Document: "rollback-plan", Path: "/a"}}}, rollback()), 1)
}

func TestAFolderOfDocumentsIsCounted(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{
		"docs/Runbooks/disk.md": "one two three", "docs/Runbooks/deep/mail.adoc": "one", "docs/Runbooks/README.md": "index",
		"docs/Runbooks/template.md": "x", "docs/Runbooks/a.sh": "x", "docs/runbooks.md": "x", "vendor/a/runbooks/b.md": "x",
	})
	asked := fact.DocumentRequest{Document: "runbooks", Names: "runbooks", Folder: true}
	found, _, err := collect(t, fact.DocumentFolders(), in(g), asked)
	require.NoError(t, err)
	require.Equal(t, "shop:docs/Runbooks", found.Place)
	require.Equal(t, []fact.FolderDocument{{Path: "docs/Runbooks/deep/mail.adoc", Words: 1}, {Path: "docs/Runbooks/disk.md", Words: 3}}, found.Documents)

	found, _, err = collect(t, fact.DocumentFolders(), in(g, system.Document{Document: "runbooks", Repository: "shop", Path: "docs/gone"}), asked)
	require.NoError(t, err)
	require.Empty(t, found.Place)
}

func TestADocumentOfAnAddress(t *testing.T) {
	answer := func(kind, body string, edits ...func(http.Header)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer canary" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("Content-Type", kind)
			for _, edit := range edits {
				edit(w.Header())
			}
			_, _ = w.Write([]byte(body)) // The client may have had enough.
		}
	}
	dated := func(h http.Header) { h.Set("Last-Modified", on(4).Format(http.TimeFormat)) }
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("canary\n"), 0o600))
	for _, c := range []struct {
		name    string
		answer  http.HandlerFunc
		words   int
		changed time.Time
		reason  fact.Reason
	}{
		{"a text is one", answer("text/plain; charset=utf-8", "# Rollback\n\none two\n", dated), 2, on(4), ""},
		{"a page is one", answer("text/html", "<h1>Rollback</h1><p>one two</p>", dated), 2, on(4), ""},
		{
			"a page of Confluence is one",
			answer("application/json", `{"body":{"storage":{"value":"<h1>Rollback</h1><p>one two</p>"}},"version":{"when":"2026-01-04T12:00:00.000Z"}}`), 2, on(4), "",
		},
		{"one that is not dated is one", answer("text/plain", "one two"), 2, time.Time{}, ""},
		{"a login is none", answer("text/html", `<form><input name="p" type="password"></form>`), 0, time.Time{}, fact.ReasonDenied},
		{"another answer is none", answer("application/json", `{"a":1}`), 0, time.Time{}, fact.ReasonInvalid},
		{"a picture is none", answer("image/png", "x"), 0, time.Time{}, fact.ReasonInvalid},
		{"nothing is none", answer("text/plain", " "), 0, time.Time{}, fact.ReasonInvalid},
		{"a book is none", answer("text/plain", strings.Repeat("a ", 2<<20)), 0, time.Time{}, fact.ReasonUnsupported},
		{"a redirect is none", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, 0, time.Time{}, fact.ReasonInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.answer)
			defer server.Close()
			s := &system.System{Documents: []system.Document{{Document: "rollback-plan", URL: server.URL + "/plan", BearerTokenFile: token}}}
			found, gaps, err := collect(t, fact.Documents(), s, rollback())
			if c.reason != "" {
				require.Equal(t, c.reason, fact.ReasonOf(err), "%v", err)
				require.NotContains(t, err.Error(), "canary")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.words, found.Words)
			require.Equal(t, c.changed, found.Changed)
			require.Equal(t, c.changed.IsZero(), len(gaps) == 1)
		})
	}
	for _, absent := range []http.HandlerFunc{
		http.NotFound, answer("application/json", `{"status":"archived","body":{"storage":{"value":"<p>one two</p>"}},"version":{"when":"2026-01-04T12:00:00.000Z"}}`),
	} {
		server := httptest.NewServer(absent)
		defer server.Close()
		s := &system.System{Documents: []system.Document{{Document: "rollback-plan", URL: server.URL + "/plan", BearerTokenFile: token}}}
		found, _, err := collect(t, fact.Documents(), s, rollback())
		require.NoError(t, err)
		require.False(t, found.Exists())
	}
}

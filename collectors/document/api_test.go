package document_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/collectors/document"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const api = "openapi: 3.0.3\ninfo: {title: Shop, version: '1'}\npaths: {/a: {get: {responses: {200: {description: a}}}}}\n"

// collectAPI gives the facts of all documents that describe APIs, and why one is unavailable.
func collectAPI(t *testing.T, s *system.System) (found []fact.APIDocument, gaps []fact.Gap, failed error) {
	t.Helper()
	store := gitrepo.New(t.TempDir())
	t.Cleanup(store.Close)
	for _, job := range document.NewAPI(store).Jobs(s, fact.Needs{}) {
		sets, err := job.Collect(t.Context(), nil)
		if err != nil {
			failed = err
			continue
		}
		for i := range sets[0].Len() {
			found = append(found, *sets[0].At(i).(*fact.APIDocument))
		}
		gaps = append(gaps, sets[0].Gaps()...)
	}
	return found, gaps, failed
}

func TestADocumentThatDescribesAnAPIIsFoundByItsUsualPaths(t *testing.T) {
	for files, want := range map[[2]string]string{
		{"docs/openapi.yaml", "docs/readme.md"}:        "shop:docs/openapi.yaml",
		{"docs/openapi.yaml", "openapi.json"}:          "shop:docs/openapi.yaml",
		{"openapi.yaml", "docs/openapi.yaml"}:          "shop:openapi.yaml",
		{"api/swagger.json", "test/data/openapi.yaml"}: "shop:api/swagger.json",
		{"vendor/x/openapi.yaml", "api.yaml"}:          "",
	} {
		g := world.NewGit(t)
		g.Commit(on(1), map[string]string{files[0]: api, files[1]: api})
		found, gaps, err := collectAPI(t, in(g))
		require.NoError(t, err)
		require.Empty(t, gaps)
		if want == "" {
			require.Empty(t, found, "there need be none")
			continue
		}
		require.Len(t, found, 1)
		require.Equal(t, &fact.APIDescription{Place: want, Format: "OpenAPI 3.0.3", Title: "Shop", Version: "1", Operations: 1}, found[0].Kept)
	}
}

func TestADeclaredDocumentIsTheOnlyOne(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"openapi.yaml": api, "other.yaml": api})
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(g.Dir, "out.yaml")))
	g.Commit(on(2), nil)
	for path, there := range map[string]bool{"other.yaml": true, "gone.yaml": false, "out.yaml": false} {
		s := in(g)
		s.APIDocuments = []system.APIDocument{{Name: "orders", Repository: "shop", Path: path}}
		found, _, err := collectAPI(t, s)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.True(t, found[0].MustBeKept)
		require.Equal(t, there, found[0].Kept != nil, path)
	}
}

func TestWhatIsServedIsCompared(t *testing.T) {
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("canary"), 0o600))
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"openapi.yaml": api})
	for _, c := range []struct {
		name, kind, body string
		status           int
		unreadable       string
		reason           fact.Reason
		differences      []fact.APIDifferences
	}{
		{name: "the same", kind: "application/json", body: `{"paths":{"/a":{"get":{"responses":{"200":{"description":"a"}}}}},"info":{"title":"Shop","version":"1"},"openapi":"3.0.3"}`},
		{name: "the same as text", kind: "text/html", body: "{openapi: 3.0.3, info: {title: Shop, version: '1'}, paths: {/a: {get: {responses: {200: {description: a}}}}}}"},
		{
			name: "another", kind: "application/yaml", body: "openapi: 3.0.3\ninfo: {title: Shop, version: canary}\npaths: {/b: {}}\n",
			differences: []fact.APIDifferences{{Part: "contract", Count: 3, Pointers: []string{"/info/version", "/paths/~1a", "/paths/~1b"}}},
		},
		{name: "a page", kind: "text/html", body: "<html><div id=swagger-ui>", unreadable: "it is a page of HTML, such as one that shows the document"},
		{name: "a page called JSON", kind: "application/json", body: " <!DOCTYPE html><p>", unreadable: "it is a page of HTML, such as one that shows the document"},
		{name: "an answer of the API", kind: "application/json", body: `{"error":"not found"}`, unreadable: "it has neither the key openapi nor the key swagger"},
		{name: "nothing", status: 404, unreadable: "the server answers 404"},
		{name: "an empty answer", unreadable: "it is empty"},
		{name: "a login", kind: "text/html", body: `<html><input type="password">`, reason: fact.ReasonDenied},
		{name: "a refusal", status: 403, reason: fact.ReasonDenied},
		{name: "a redirect", status: 302, reason: fact.ReasonInvalid},
		{name: "a fault of the server", status: 502, reason: fact.ReasonFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer canary" {
					t.Error("it came without its login")
				}
				w.Header().Set("Content-Type", c.kind)
				if c.status != 0 {
					w.WriteHeader(c.status)
				}
				_, _ = w.Write([]byte(c.body)) // The client may have had enough.
			}))
			defer server.Close()
			s := in(g)
			s.APIDocuments = []system.APIDocument{{Name: "orders", URL: server.URL, BearerTokenFile: token}}
			found, gaps, err := collectAPI(t, s)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Equal(t, "shop:openapi.yaml", found[0].Kept.Place)
			require.Equal(t, c.differences, found[0].Differences)
			if c.reason != "" {
				require.Nil(t, found[0].Served)
				require.Equal(t, []string{fact.TopicServed}, found[0].Lacks())
				require.Len(t, gaps, 1)
				require.Equal(t, c.reason, gaps[0].Reason)
				return
			}
			require.Empty(t, gaps)
			require.Equal(t, c.unreadable, found[0].Served.Unreadable)
		})
	}
}

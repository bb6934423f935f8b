package document_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/collectors/document"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// vocabulary gives the words of the document on the schema of a database.
func vocabulary(t *testing.T, s *system.System) (*fact.DocumentVocabulary, error) {
	t.Helper()
	store := gitrepo.New(t.TempDir())
	t.Cleanup(store.Close)
	needs := fact.Needs{}
	needs.Request(fact.VocabularyRequest{Document: "database-schema", Names: "database-schema\nschema"})
	all := document.NewVocabulary(store).Jobs(s, needs)
	require.Len(t, all, 1)
	sets, err := all[0].Collect(t.Context(), nil)
	if err != nil {
		return nil, err
	}
	return sets[0].At(0).(*fact.DocumentVocabulary), nil
}

func TestTheWordsOfADocumentAreRead(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{
		"docs/schema.md": "# Schema\n\nThe table `orders`.\n", "prisma/schema.prisma": "model Order {\n  @@map(\"customer_orders\")\n}\n",
	})
	found, err := vocabulary(t, in(g))
	require.NoError(t, err)
	require.Equal(t, "shop:docs/schema.md", found.Place)
	require.Equal(t, []string{"Schema", "The", "orders", "schema", "table", "the"}, withoutFigures(found.Words))

	found, err = vocabulary(t, in(g, system.Document{Document: "database-schema", Repository: "shop", Path: "prisma/schema.prisma"}))
	require.NoError(t, err)
	require.Equal(t, "shop:prisma/schema.prisma", found.Place, "a declared file may be called as it likes")
	require.Contains(t, found.Words, "customer_orders")

	found, err = vocabulary(t, in(g, system.Document{Document: "database-schema", Repository: "shop", Path: "docs/gone.md"}))
	require.NoError(t, err)
	require.False(t, found.Exists())
	require.Equal(t, "docs/gone.md in the repository shop", found.Searched)
}

func withoutFigures(words []string) (all []string) {
	for _, word := range words {
		if _, err := strconv.Atoi(word); err != nil {
			all = append(all, word)
		}
	}
	return all
}

func TestTheWordsOfAPageAreRead(t *testing.T) {
	status, page := http.StatusOK, "<h1>Schema</h1><table><tr><td>orders</td></tr></table>"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, page) // The client may have had enough.
	}))
	defer server.Close()
	s := &system.System{Documents: []system.Document{{Document: "database-schema", URL: server.URL + "/schema"}}}
	found, err := vocabulary(t, s)
	require.NoError(t, err)
	require.Contains(t, found.Words, "orders")

	status = http.StatusNotFound
	found, err = vocabulary(t, s)
	require.NoError(t, err)
	require.False(t, found.Exists())

	status = http.StatusForbidden
	_, err = vocabulary(t, s)
	require.Equal(t, fact.ReasonDenied, fact.ReasonOf(err))
}

// TestWordsBeyondWhatIsKeptAreUnavailable: what is not among them might be in the document.
func TestWordsBeyondWhatIsKeptAreUnavailable(t *testing.T) {
	var text strings.Builder
	for i := range 60_000 {
		text.WriteString("w" + strconv.Itoa(i) + "\n")
	}
	g := world.NewGit(t)
	g.Commit(on(1), map[string]string{"docs/schema.md": text.String()})
	_, err := vocabulary(t, in(g))
	require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(err), "%v", err)
}

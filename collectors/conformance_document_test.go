package collectors_test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/collector/conformance"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// aDocument asks for one.
func aDocument() fact.Needs {
	needs := fact.Needs{}
	needs.Request(fact.DocumentRequest{Document: "readme", Names: "readme"})
	return needs
}

// contactsCase is of a description, which cannot fail.
func contactsCase(t *testing.T) conformance.Case {
	t.Helper()
	return conformance.Case{System: &system.System{Contacts: system.Contacts{Channel: "#shop"}}}
}

// localRepositoryCase is of a repository on this machine.
func localRepositoryCase(t *testing.T) conformance.Case {
	t.Helper()
	g := world.NewGit(t)
	g.Commit(time.Now().Add(-time.Hour), map[string]string{"README.md": "# Shop\n\nA shop.\n"})
	object := g.Run("rev-parse", "HEAD^{tree}")
	path := filepath.Join(g.Dir, ".git", "objects", object[:2], object[2:])
	require.NoError(t, os.Chmod(path, 0o600))
	return conformance.Case{
		System: &system.System{Repositories: []system.Repository{{Name: "shop", Path: g.Dir}}},
		Needs:  aDocument(),
		Faults: []conformance.Fault{
			moved("is gone", g.Dir, fact.ReasonNotFound),
			moved("has no HEAD", filepath.Join(g.Dir, ".git", "HEAD")),
			rewritten("has a broken tree", path, strange, false),
			rewritten("has a strange configuration", filepath.Join(g.Dir, ".git", "config"), strange, false),
		},
	}
}

// localLinksCase is of a document without links, so that nothing but the repository is asked.
func localLinksCase(t *testing.T) conformance.Case {
	t.Helper()
	c := localRepositoryCase(t)
	c.Needs = fact.Needs{}
	c.Needs.Request(fact.ExternalLinksRequest{Document: "readme", Names: "readme"})
	return c
}

// localVocabularyCase is of the words of a document.
func localVocabularyCase(t *testing.T) conformance.Case {
	t.Helper()
	c := localRepositoryCase(t)
	c.Needs = fact.Needs{}
	c.Needs.Request(fact.VocabularyRequest{Document: "readme", Names: "readme"})
	return c
}

// servedRepositoryCase is of a repository at a server.
func servedRepositoryCase(t *testing.T) conformance.Case {
	t.Helper()
	const token = "token-of-the-exporter"
	g := world.NewGit(t)
	g.Commit(time.Now().Add(-time.Hour), map[string]string{"README.md": "# Shop\n\nA shop.\n"})
	ca := world.NewCA(t, world.Spec{})
	certificate := ca.Issue(t, world.Spec{})
	served := g.ServeHTTPS(t, certificate, token)
	proxy := world.NewProxy(t, served[len("https://"):len(served)-len("/.git")])
	tokenFile := file(t, token)
	serve := func(handler http.Handler) *httptest.Server {
		server := httptest.NewUnstartedServer(handler)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate.TLS()}, MinVersion: tls.VersionTLS12}
		server.StartTLS()
		return server
	}
	faults := networkFaults(t, proxy, 20)
	for i := range faults {
		faults[i].Reasons = nil // git tells them in words of its own.
	}
	return conformance.Case{
		System: &system.System{Repositories: []system.Repository{{
			Name: "shop", URL: "https://" + proxy.Addr + "/.git", TokenFile: tokenFile, CAFile: ca.WriteRoot(t, t.TempDir(), "ca.pem"),
		}}},
		Needs:   aDocument(),
		Secrets: []string{token},
		Faults: append(faults,
			leads(proxy, "answers with something strange", answering(t, serve, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, strange) // The client may have had enough.
			}), false),
			moved("whose token is gone", tokenFile, fact.ReasonNotFound)),
	}
}

// wikiCase is of a document at an address.
func wikiCase(t *testing.T) conformance.Case {
	t.Helper()
	const token = "token-of-the-exporter"
	changed := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
	proxy := world.NewProxy(t, answering(t, httptest.NewServer, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Last-Modified", changed)
		_, _ = io.WriteString(w, "# Shop\n\nA shop.\n")
	}))
	tokenFile := file(t, token)
	answers := answerFaults(t, proxy, httptest.NewServer)
	for i := range answers {
		answers[i].Unnoticed = true // A text of any kind can be a document, and that there is none is a fact.
	}
	return conformance.Case{
		System: &system.System{Documents: []system.Document{{
			Document: "readme", URL: "http://" + proxy.Addr + "/readme", BearerTokenFile: tokenFile,
		}}},
		Needs:   aDocument(),
		Secrets: []string{token},
		Faults:  append(append(networkFaults(t, proxy, 20), answers...), moved("whose token is gone", tokenFile, fact.ReasonNotFound)),
	}
}

// apiCase is of a document that describes an API, in a repository on this machine and at an address.
func apiCase(t *testing.T) conformance.Case {
	t.Helper()
	const token, document = "token-of-the-exporter", "openapi: 3.0.3\ninfo: {title: Shop, version: '1'}\npaths: {}\n"
	g := world.NewGit(t)
	g.Commit(time.Now().Add(-time.Hour), map[string]string{"openapi.yaml": document})
	proxy := world.NewProxy(t, answering(t, httptest.NewServer, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = io.WriteString(w, document) // The client may have had enough.
	}))
	tokenFile := file(t, token)
	answers := answerFaults(t, proxy, httptest.NewServer)
	for i := range answers {
		answers[i].Unnoticed = true // That something else is served is a fact.
	}
	return conformance.Case{
		System: &system.System{
			Repositories: []system.Repository{{Name: "shop", Path: g.Dir}},
			APIDocuments: []system.APIDocument{{
				Name: "shop", Repository: "shop", URL: "http://" + proxy.Addr + "/openapi.yaml", BearerTokenFile: tokenFile,
			}},
		},
		Secrets: []string{token},
		Faults:  append(append(networkFaults(t, proxy, 20), answers...), moved("whose token is gone", tokenFile, fact.ReasonNotFound)),
	}
}

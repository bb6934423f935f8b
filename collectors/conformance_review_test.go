package collectors_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/readiness-exporter/readiness-exporter/internal/collector/conformance"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// codeHostCase is of a project of GitHub.
func codeHostCase(t *testing.T) conformance.Case {
	t.Helper()
	const (
		token  = "token-of-the-exporter"
		commit = "0123456789abcdef0123456789abcdef01234567"
	)
	proxy := world.NewProxy(t, answering(t, httptest.NewServer, func(w http.ResponseWriter, r *http.Request) {
		answer := ""
		switch {
		case r.Header.Get("Authorization") != "Bearer "+token:
			w.WriteHeader(http.StatusUnauthorized)
			return
		case strings.HasSuffix(r.URL.Path, "/tags"):
			answer = `[]`
		case strings.HasSuffix(r.URL.Path, "/commits"):
			answer = `[{"sha":"` + commit + `","commit":{"committer":{"date":"2026-01-01T00:00:00Z"}},"parents":[]}]`
		case strings.HasSuffix(r.URL.Path, "/pulls"):
			answer = `[{"number":1,"user":{"login":"ann"},"merged_at":"2026-01-01T00:00:00Z","merge_commit_sha":"` + commit + `","base":{"ref":"main"}}]`
		case strings.HasSuffix(r.URL.Path, "/reviews"):
			answer = `[{"user":{"login":"bob"},"state":"APPROVED","commit_id":""}]`
		}
		fmt.Fprint(w, answer)
	}))
	tokenFile := file(t, token)
	return conformance.Case{
		System: &system.System{Reviews: []system.Review{{
			Name: "shop", Host: system.GitHub, URL: "http://" + proxy.Addr, Project: "acme/shop", Branch: "main", TokenFile: tokenFile,
		}}},
		Secrets: []string{token},
		Faults:  append(httpFaults(t, proxy, httptest.NewServer), moved("whose token is gone", tokenFile, fact.ReasonNotFound)),
	}
}

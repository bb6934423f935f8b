package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/web"
)

// sharded serves the shop, and knows of systems that two other shards have, and of one whose shard has no address.
func sharded() web.Options {
	o := options()
	o.Remote = func() []web.Remote {
		return []web.Remote{
			{Name: "blog", Environment: "production", Owner: "writers", Shard: 2, Address: "https://r-2.example.com"},
			{Name: "blog", Environment: "staging", Owner: hostile, Shard: 4, Address: "https://r-4.example.com"},
			{Name: "wiki", Environment: "production", Shard: 0},
		}
	}
	return o
}

// TestSystemsOfOtherShardsAreLinked on the overview, which is shown though there is but one system here, and from their own
// addresses.
func TestSystemsOfOtherShardsAreLinked(t *testing.T) {
	for name, test := range map[string]struct {
		path   string
		status int
		shows  []string
		hides  []string
	}{
		"the overview lists them, with the shop": {"/", http.StatusOK, []string{
			"1 systems ready", "3 systems", `<a href="https://r-2.example.com/systems/blog/production">blog</a>`, "shard 2, writers",
			`<a href="https://r-4.example.com/systems/blog/staging">blog</a>`, "wiki <span class=\"environment\">production</span>, shard 0",
			`<option>writers</option>`,
		}, []string{"<script>alert"}},
		"its filters narrow them": {
			"/?name=WIK&environment=production", http.StatusOK, []string{"1 system<", "wiki"}, []string{"r-2.example.com"},
		},
		"a system's page leads to it": {"/systems/blog/production?status=fail", http.StatusNotFound, []string{
			"This shard does not have the system.",
			`<a href="https://r-2.example.com/systems/blog/production?status=fail">blog in production is on shard 2</a>`,
		}, []string{"r-4.example.com"}},
		"an item's page too": {"/systems/blog/staging/checks/tls.renewal", http.StatusNotFound, []string{
			`<a href="https://r-4.example.com/systems/blog/staging/checks/tls.renewal">`,
		}, nil},
		"a name in two environments leads to both": {"/systems/blog", http.StatusNotFound, []string{
			"https://r-2.example.com/systems/blog", "https://r-4.example.com/systems/blog",
		}, nil},
		"without an address the shard is named": {
			"/systems/wiki/production", http.StatusNotFound, []string{"<li>wiki in production is on shard 0</li>"}, nil,
		},
		"a system that nobody has is not found": {"/systems/x/y", http.StatusNotFound, []string{"There is no system"}, []string{"shard"}},
		"the API says where it is": {"/api/v1/systems/blog/production/checks", http.StatusNotFound, []string{
			`no system \"blog\" in environment \"production\" on this shard: it is on shard 2, https://r-2.example.com"`,
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			answer := ask(t, sharded(), http.MethodGet, test.path)
			require.Equal(t, test.status, answer.Code)
			for _, text := range test.shows {
				require.Contains(t, answer.Body.String(), text)
			}
			for _, text := range test.hides {
				require.NotContains(t, answer.Body.String(), text)
			}
		})
	}
}

func TestAShardWithoutSystemsSaysSo(t *testing.T) {
	o := sharded()
	o.Assessments = func() []*assess.Assessment { return nil }
	require.Contains(t, ask(t, o, http.MethodGet, "/").Body.String(), "No system is on this shard")
	o.Ready = func() bool { return false }
	require.Contains(t, ask(t, o, http.MethodGet, "/").Body.String(), "Nothing has been judged yet")
	require.NotContains(t, ask(t, options(), http.MethodGet, "/").Body.String(), "shard")
}

// TestAPathLeadsToNoOtherSite whatever it looks like: links begin with what the operator said.
func TestAPathLeadsToNoOtherSite(t *testing.T) {
	page := ask(t, sharded(), http.MethodGet, "/systems/blog/production/checks/%22%3E%3Cscript%3E@evil.example").Body.String()
	require.Equal(t, 1, strings.Count(page, `href="https://r-2.example.com/systems/`), page)
	require.NotContains(t, page, "<script>")
}

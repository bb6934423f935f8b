package web_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/web"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

const hostile = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`

func example() *assess.Assessment {
	list := &checklist.Checklist{Name: "small", Title: "Small Checklist", Categories: []checklist.Category{
		{ID: "water", Title: "Water", Sections: []checklist.Section{{ID: "tank", Title: "Tanks", Items: []checklist.Item{
			{ID: "tank.level", Text: "A tank " + hostile, Severity: checklist.Critical, Mode: checklist.Auto, Kind: "tank_level"},
			{ID: "tank.colour", Text: "A blue tank", Severity: checklist.Info, Mode: checklist.Attest},
		}}}},
	}}
	plan := &assess.Plan{
		System: &system.System{Name: "shop", Environment: "production"}, Checklist: list, Categories: list.Categories,
	}
	for entry := range list.Items() {
		plan.Items = append(plan.Items, assess.Item{Entry: entry, Severity: entry.Item.Severity})
	}
	plan.Gates = []assess.Gate{{ID: "go-live", Title: "Go live", Items: []int{1}}}
	waiver := &fact.Waiver{By: hostile, Reason: hostile, Until: now.Add(time.Hour)}
	return &assess.Assessment{
		Plan: plan, At: now,
		Looks: []fact.Look{{
			Collector: "waiver", Target: "file", Kind: fact.Waivers(), SeenAt: now, Facts: []any{fact.Waiver{Check: "a.b", By: "ann"}},
		}},
		Results: []check.Result{
			{Check: "tank.level", Status: check.Waived, Waiver: waiver, Problems: []check.Problem{
				{Subject: hostile, Reason: "empty", Level: check.Fail, Detail: hostile},
			}},
			{Check: "tank.colour", Status: check.NotApplicable, NotApplicable: hostile},
		},
		Gates: []assess.GateResult{{Gate: &plan.Gates[0]}},
	}
}

// options serve one system that is ready to be read.
func options() web.Options {
	return web.Options{
		Metrics:     http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "some_metric 1\n") }),
		Assessments: func() []*assess.Assessment { return []*assess.Assessment{example()} },
		Ready:       func() bool { return true }, Version: "1.2.3",
	}
}

func ask(t *testing.T, options web.Options, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	handler, err := web.Handler(options)
	require.NoError(t, err)
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(method, path, http.NoBody))
	return answer
}

func TestEveryEndpoint(t *testing.T) {
	const (
		plain   = "text/plain; charset=utf-8"
		asJSON  = "application/json"
		missing = http.StatusNotFound
	)
	for _, c := range []struct {
		name, method, path string
		status             int
		contentType        string
		contains           string
	}{
		{"the page", "GET", "/", http.StatusOK, "text/html; charset=utf-8", "Version 1.2.3"},
		{"a system's page", "GET", "/systems/shop/production", http.StatusOK, "text/html; charset=utf-8", "tank.level"},
		{
			"a check's page", "GET", "/systems/shop/production/checks/tank.colour", http.StatusOK, "text/html; charset=utf-8",
			"not_applicable since",
		},
		{"the page of a check that is not there", "GET", "/systems/shop/production/checks/x", missing, asJSON, `{"error":`},
		{"the page of a system that is not there", "GET", "/systems/x/y", missing, asJSON, `{"error":`},
		{"its style", "GET", "/style.css", http.StatusOK, "text/css; charset=utf-8", ".fail"},
		{"metrics", "GET", "/metrics", http.StatusOK, plain, "some_metric 1"},
		{"it is healthy as soon as it answers", "GET", "/-/healthy", http.StatusOK, plain, "healthy"},
		{"it is ready", "GET", "/-/ready", http.StatusOK, plain, "is ready"},
		{"a reload is refused where it is off", "POST", "/-/reload", http.StatusForbidden, plain, "--web.enable-lifecycle"},
		{"a reload is no reading", "GET", "/-/reload", http.StatusMethodNotAllowed, plain, ""},
		{"all systems", "GET", "/api/v1/systems", http.StatusOK, asJSON, `"system":"shop"`},
		{"a system", "GET", "/api/v1/systems/shop/production", http.StatusOK, asJSON, `"check":"tank.level"`},
		{"a check", "GET", "/api/v1/systems/shop/production/checks/tank.colour", http.StatusOK, asJSON, `"status":"not_applicable"`},
		{"facts", "GET", "/api/v1/systems/shop/production/facts", http.StatusOK, asJSON, `"subject":"a.b by ann"`},
		{"a gate", "GET", "/api/v1/systems/shop/production/gates/go-live", http.StatusOK, asJSON, `"gate":"go-live"`},
		{
			"a system that is not there", "GET", "/api/v1/systems/shop/staging", missing, asJSON,
			`{"error":"no system \"shop\" in environment \"staging\""}`,
		},
		{"facts of a system that is not there", "GET", "/api/v1/systems/x/y/facts", missing, asJSON, `{"error":`},
		{"a gate of a system that is not there", "GET", "/api/v1/systems/x/y/gates/go-live", missing, asJSON, `{"error":`},
		{"a check of a system that is not there", "GET", "/api/v1/systems/x/y/checks/tank.level", missing, asJSON, `{"error":`},
		{
			"a check that is not there", "GET", "/api/v1/systems/shop/production/checks/x", missing, asJSON,
			`{"error":"no check \"x\""}`,
		},
		{
			"a gate that is not there", "GET", "/api/v1/systems/shop/production/gates/x", missing, asJSON,
			`{"error":"system shop has no gate \"x\": expected one of go-live"}`,
		},
		{"anything else", "GET", "/nothing", missing, plain, ""},
		{"the API does not write", "POST", "/api/v1/systems", http.StatusMethodNotAllowed, plain, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := ask(t, options(), c.method, c.path)
			content := answer.Body.String()
			require.Equal(t, c.status, answer.Code)
			require.Equal(t, c.contentType, answer.Header().Get("Content-Type"))
			require.Contains(t, content, c.contains)
			require.Contains(t, answer.Header().Get("Content-Security-Policy"), "default-src 'none'")
			require.Equal(t, "nosniff", answer.Header().Get("X-Content-Type-Options"))
			require.Equal(t, "no-referrer", answer.Header().Get("Referrer-Policy"))
			if c.contentType == asJSON {
				require.True(t, json.Valid([]byte(content)))
				require.Equal(t, "no-store", answer.Header().Get("Cache-Control"))
			}
		})
	}
}

func TestItIsNotReadyBeforeTheFirstRound(t *testing.T) {
	o := options()
	o.Ready = func() bool { return false }
	o.Assessments = func() []*assess.Assessment { return nil }
	require.Equal(t, http.StatusServiceUnavailable, ask(t, o, "GET", "/-/ready").Code)
	require.Equal(t, http.StatusOK, ask(t, o, "GET", "/-/healthy").Code)
	require.Equal(t, "[]\n", ask(t, o, "GET", "/api/v1/systems").Body.String())
	page := ask(t, o, "GET", "/").Body.String()
	require.Contains(t, page, "The first round of looks is under way.")
	require.Contains(t, page, "Nothing has been judged yet.")
}

func TestReload(t *testing.T) {
	o := options()
	for _, c := range []struct {
		name    string
		err     error
		status  int
		content string
	}{
		{"a good configuration is loaded", nil, http.StatusOK, "The configuration is loaded.\n"},
		{
			"a bad one changes nothing, and is told", errors.New("config.yml:1:2: unknown key"), http.StatusInternalServerError,
			"The configuration is as it was. The new one is not good:\nconfig.yml:1:2: unknown key\n",
		},
	} {
		for _, method := range []string{"POST", "PUT"} {
			t.Run(c.name+" by "+method, func(t *testing.T) {
				calls := 0
				o.Reload = func() error {
					calls++
					return c.err
				}
				answer := ask(t, o, method, "/-/reload")
				require.Equal(t, c.status, answer.Code)
				require.Equal(t, c.content, answer.Body.String())
				require.Equal(t, 1, calls)
			})
		}
	}
}

func TestTheAPISaysWhatReportsSay(t *testing.T) {
	var got, want report.System
	require.NoError(t, json.Unmarshal(ask(t, options(), "GET", "/api/v1/systems/shop/production").Body.Bytes(), &got))
	expected, err := json.Marshal(report.Of(example()))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(expected, &want))
	require.Equal(t, want, got)
}

func TestThePageIsWhole(t *testing.T) {
	page := ask(t, options(), "GET", "/").Body.String()
	requireBalanced(t, page)
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	counts, links := make(map[string]int), []string(nil)
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		counts[node.Data]++
		for _, attribute := range node.Attr {
			require.False(t, strings.HasPrefix(attribute.Key, "on"), "nothing runs")
			if attribute.Key == "href" {
				links = append(links, attribute.Val)
			}
		}
	}
	require.Zero(t, counts["script"])
	require.Zero(t, counts["img"])
	require.Equal(t, 1, counts["h1"])
	require.Equal(t, 1, counts["main"])
	require.Equal(t, 3, counts["tr"], "a head and a row for each item")
	require.Contains(t, page, html.EscapeString("<script>alert(1)</script>"), "what is hostile is text")
	for _, link := range links {
		require.Equal(t, http.StatusOK, ask(t, options(), "GET", link).Code, link)
	}
}

// requireBalanced fails when an element is closed that is not the one open, or none is.
func requireBalanced(t *testing.T, page string) {
	t.Helper()
	void := map[string]bool{"meta": true, "link": true, "br": true}
	var open []string
	tokens := html.NewTokenizer(strings.NewReader(page))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			require.ErrorIs(t, tokens.Err(), io.EOF)
			require.Empty(t, open)
			return
		case html.StartTagToken:
			if name, _ := tokens.TagName(); !void[string(name)] {
				open = append(open, string(name))
			}
		case html.EndTagToken:
			name, _ := tokens.TagName()
			require.NotEmpty(t, open)
			require.Equal(t, open[len(open)-1], string(name))
			open = open[:len(open)-1]
		case html.TextToken, html.SelfClosingTagToken, html.CommentToken, html.DoctypeToken:
		}
	}
}

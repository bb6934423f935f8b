package web_test

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
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
			{ID: "tank.level", Text: "A tank " + hostile, Severity: checklist.Critical, Mode: checklist.Auto, Clause: checklist.Clause{Kind: "tank_level"}},
			{ID: "tank.colour", Text: "A blue tank", Severity: checklist.Info, Mode: checklist.Attest, Clause: checklist.Clause{Kind: "attestation"}},
		}}}},
	}}
	plan := &assess.Plan{
		System: &system.System{
			Name: "shop", Environment: "production", Description: hostile, Owner: hostile, Origin: system.Origin{File: hostile, Line: 1},
			Contacts: system.Contacts{
				Primary: &system.Contact{Name: hostile, Phone: "+49 30 901820", Email: "ann@shop-team.io", Link: "https://pager.shop-team.io/x"},
				Channel: "#shop-alerts",
			},
		}, Checklist: list, Categories: list.Categories,
	}
	for entry := range list.Items() {
		plan.Items = append(plan.Items, assess.Item{Entry: entry, Severity: entry.Item.Severity})
	}
	plan.Gates = []assess.Gate{{ID: "go-live", Title: "Go live", Items: []int{1}}}
	waiver := &fact.Waiver{By: hostile, Reason: hostile, Until: now.Add(time.Hour)}
	plan.Unsupported = []assess.Item{{Entry: checklist.Entry{
		Category: &list.Categories[0], Section: &list.Categories[0].Sections[0], Item: &checklist.Item{ID: "tank.future", Text: hostile},
	}}}
	runs := []*fact.Run{{
		Collector: "waiver", Target: "file", CollectedAt: now, Interval: time.Minute,
		Sets: []fact.AnySet{fact.Waivers().Set(&fact.Set[fact.Waiver]{Facts: []*fact.Waiver{{Check: "a.b", By: "ann"}}})},
	}}
	return &assess.Assessment{
		Plan: plan, At: now, Runs: runs, View: fact.NewView(runs, now),
		History: assess.History{
			"tank.level":  {{At: now.Add(-time.Hour), Status: check.Unknown}, {At: now, Status: check.Waived}},
			"tank.colour": {{At: now, Status: check.NotApplicable}},
		},
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
		OpenAPI:     []byte(`{"openapi":"3.1.1"}`),
		Metrics:     http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "some_metric 1\n") }),
		Assessments: func() []*assess.Assessment { return []*assess.Assessment{example()} },
		Ready:       func() bool { return true }, Version: "1.2.3",
	}
}

func ask(t *testing.T, options web.Options, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	return askAs(t, options, method, path, nil)
}

// askAs asks from this machine, unless the edit says otherwise.
func askAs(t *testing.T, options web.Options, method, path string, edit func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	handler, err := web.Handler(options)
	require.NoError(t, err)
	request := httptest.NewRequest(method, path, http.NoBody)
	request.RemoteAddr = "127.0.0.1:40000"
	if edit != nil {
		edit(request)
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	return answer
}

func TestEveryEndpoint(t *testing.T) {
	const (
		plain   = "text/plain; charset=utf-8"
		page    = "text/html; charset=utf-8"
		asJSON  = "application/json"
		missing = http.StatusNotFound
	)
	for _, c := range []struct {
		name, method, path string
		status             int
		contentType        string
		contains           string
	}{
		{"the only system", "GET", "/", http.StatusOK, page, "tank.level"},
		{"a system by its name", "GET", "/systems/shop", http.StatusOK, page, "tank.level"},
		{"a system's page", "GET", "/systems/shop/production", http.StatusOK, page, "tank.level"},
		{"a system's page with one status", "GET", "/systems/shop/production?status=waived", http.StatusOK, page, "1 of 2 items"},
		{"a system's page with nothing", "GET", "/systems/shop/production?section=x", http.StatusOK, page, "No item matches"},
		{"a check's page", "GET", "/systems/shop/production/checks/tank.colour", http.StatusOK, page, "not applicable since"},
		{"what was discovered", "GET", "/discovered", http.StatusOK, page, "a.b by ann"},
		{"the page of a check that is not there", "GET", "/systems/shop/production/checks/x", missing, page, "There is no check"},
		{"the page of a system that is not there", "GET", "/systems/x/y", missing, page, "There is no system"},
		{"the page of a name that is not there", "GET", "/systems/x", missing, page, "There is no system"},
		{"the style", "GET", "/style.css", http.StatusOK, "text/css; charset=utf-8", ".fail"},
		{"the script", "GET", "/script.js", http.StatusOK, "text/javascript; charset=utf-8", "renew"},
		{"the icon", "GET", "/icon.svg", http.StatusOK, "image/svg+xml", "<svg"},
		{"the description of the API", "GET", "/api/v1/openapi.json", http.StatusOK, asJSON, "3.1.1"},
		{"metrics", "GET", "/metrics", http.StatusOK, plain, "some_metric 1"},
		{"metrics are only read", "POST", "/metrics", http.StatusMethodNotAllowed, plain, "GET"},
		{"it is healthy as soon as it answers", "GET", "/-/healthy", http.StatusOK, plain, "healthy"},
		{"it is ready", "GET", "/-/ready", http.StatusOK, plain, "is ready"},
		{"a reload is refused where it is off", "POST", "/-/reload", http.StatusForbidden, plain, "--web.enable-lifecycle"},
		{"a reload is no reading", "GET", "/-/reload", http.StatusMethodNotAllowed, plain, ""},
		{"all systems", "GET", "/api/v1/systems", http.StatusOK, asJSON, `"system":"shop"`},
		{"a system", "GET", "/api/v1/systems/shop/production", http.StatusOK, asJSON, `"check":"tank.level"`},
		{"a check", "GET", "/api/v1/systems/shop/production/checks/tank.colour", http.StatusOK, asJSON, `"status":"not_applicable"`},
		{"all problems", "GET", "/api/v1/problems", http.StatusOK, asJSON, `"reason":"empty"`},
		{"problems", "GET", "/api/v1/systems/shop/production/problems", http.StatusOK, asJSON, `"reason":"empty"`},
		{"checks", "GET", "/api/v1/systems/shop/production/checks", http.StatusOK, asJSON, `"check":"tank.level"`},
		{"no check like that", "GET", "/api/v1/systems/shop/production/checks?status=fail", http.StatusOK, asJSON, "[]"},
		{"a check's history", "GET", "/api/v1/systems/shop/production/checks/tank.level", http.StatusOK, asJSON, `"history":[{"at":`},
		{"gates", "GET", "/api/v1/systems/shop/production/gates", http.StatusOK, asJSON, `[{"gate":"go-live"`},
		{"discovered", "GET", "/api/v1/systems/shop/production/discovered", http.StatusOK, asJSON, `"yaml":"systems:`},
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
	require.Contains(t, page, "The first collection is under way")
	require.Contains(t, page, "Nothing has been judged yet")
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

func TestEveryPageIsWhole(t *testing.T) {
	several := options()
	several.Assessments = func() []*assess.Assessment {
		staging := example()
		staging.Plan.System.Environment = "staging"
		return []*assess.Assessment{example(), staging}
	}
	const path = "/systems/shop/production"
	for _, c := range []struct {
		name    string
		options web.Options
		path    string
	}{
		{"the overview", several, "/"},
		{"a system", options(), path},
		{"an item", options(), path + "/checks/tank.level"},
		{"what was discovered", several, "/discovered"},
		{"nothing", options(), "/systems/" + url.PathEscape(hostile)},
		{"a filter with hostile words", several, "/?name=" + url.QueryEscape(hostile)},
		{"a system's filter with hostile words", options(), path + "?status=" + url.QueryEscape(hostile)},
	} {
		t.Run(c.name, func(t *testing.T) {
			page := ask(t, c.options, "GET", c.path).Body.String()
			requireBalanced(t, page)
			root, err := html.Parse(strings.NewReader(page))
			require.NoError(t, err)
			counts, ids := make(map[string]int), make(map[string]int)
			for node := range root.Descendants() {
				if node.Type != html.ElementNode {
					continue
				}
				counts[node.Data]++
				for _, attribute := range node.Attr {
					requireHarmless(t, c.options, node.Data, attribute)
					if attribute.Key == "id" {
						ids[attribute.Val]++
					}
				}
			}
			require.Equal(t, 1, counts["script"], "the page's own")
			require.Zero(t, counts["img"]+counts["style"]+counts["iframe"])
			require.Equal(t, 1, counts["h1"])
			require.Equal(t, 1, counts["main"])
			for id, count := range ids {
				require.Equal(t, 1, count, "id %s", id)
			}
			require.NotContains(t, page, "<script>alert")
			require.NotContains(t, page, "ZgotmplZ", "no address was refused by the template")
		})
	}
}

// requireHarmless fails on an attribute that runs something, loads something from elsewhere, or leads nowhere.
func requireHarmless(t *testing.T, options web.Options, element string, attribute html.Attribute) {
	t.Helper()
	require.False(t, strings.HasPrefix(attribute.Key, "on"), "nothing runs")
	require.NotEqual(t, "style", attribute.Key)
	if attribute.Key != "href" && attribute.Key != "src" {
		return
	}
	parsed, err := url.Parse(attribute.Val)
	require.NoError(t, err)
	switch parsed.Scheme {
	case "":
		if parsed.Path != "" {
			require.Equal(t, http.StatusOK, ask(t, options, "GET", parsed.RequestURI()).Code, attribute.Val)
		}
	case "https", "mailto", "tel":
		require.Equal(t, "a", element, "nothing is loaded from elsewhere")
	default:
		t.Errorf("%s leads to %s", element, attribute.Val)
	}
}

func TestTheFirstGlance(t *testing.T) {
	broken := example()
	broken.Results[0] = check.Result{
		Check: "tank.level", Status: check.Fail, ChangedAt: now.Add(-26 * time.Hour),
		Problems: []check.Problem{{Subject: "north", Reason: "empty", Level: check.Fail, Urgent: true, Detail: "0 %", Remedy: "Fill it: tank fill north."}},
	}
	broken.Gates[0].Blocking = []int{0}
	o := options()
	o.Assessments = func() []*assess.Assessment { return []*assess.Assessment{broken} }
	page := textOf(t, ask(t, o, "GET", "/systems/shop/production").Body.String())
	glance, _, found := strings.Cut(page, "1 of 2 items")
	_ = found
	for _, want := range []string{
		"Urgent", "1 urgent fault, 1 item fails", "1 of 1 judged: 0 ready", "Go live : closed , 1 of 1 checks not ready", "Urgent (1)", "✗ fail north 0 %",
		"Fill it: tank fill north.", "Since 2026-05-31 10:00:00 UTC , for 1 d 2 h",
		"primary", "+49 30 901820", "#shop-alerts",
	} {
		require.Contains(t, glance, want)
	}
}

// textOf is what a reader of a page reads.
func textOf(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(t, err)
	var words []string
	for node := range root.Descendants() {
		if node.Type == html.TextNode {
			words = append(words, strings.Fields(node.Data)...)
		}
	}
	return strings.Join(words, " ")
}

func TestFilters(t *testing.T) {
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"", []string{"tank.level", "tank.colour"}},
		{"?status=waived", []string{"tank.level"}},
		{"?status=not_ready", nil},
		{"?status=not_applicable", []string{"tank.colour"}},
		{"?section=tank", []string{"tank.level", "tank.colour"}},
		{"?section=other", nil},
		{"?severity=info", []string{"tank.colour"}},
		{"?gate=go-live", []string{"tank.colour"}},
		{"?gate=x", nil},
		{"?team=nobody", nil},
		{"?severity=critical&status=waived&section=tank", []string{"tank.level"}},
		{"?severity=info&status=waived", nil},
	} {
		t.Run(c.query, func(t *testing.T) {
			var items []report.Item
			require.NoError(t, json.Unmarshal(ask(t, options(), "GET", "/api/v1/systems/shop/production/checks"+c.query).Body.Bytes(), &items))
			var got []string
			for _, item := range items {
				got = append(got, item.Check)
			}
			require.Equal(t, c.want, got)
			page := ask(t, options(), "GET", "/systems/shop/production"+c.query).Body.String()
			for _, id := range []string{"tank.level", "tank.colour"} {
				require.Equal(t, slices.Contains(c.want, id), strings.Contains(page, `<tr id="`+id+`">`), id)
			}
		})
	}
}

func TestWhatIsKnownIsNotSentAgain(t *testing.T) {
	handler, err := web.Handler(options())
	require.NoError(t, err)
	for _, path := range []string{"/", "/style.css", "/api/v1/systems/shop/production"} {
		request := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		request.RemoteAddr = "127.0.0.1:40000"
		request.Header.Set("Accept-Encoding", "gzip")
		first := httptest.NewRecorder()
		handler.ServeHTTP(first, request)
		require.Equal(t, http.StatusOK, first.Code)
		require.Equal(t, "gzip", first.Header().Get("Content-Encoding"), path)
		require.Contains(t, first.Header().Get("Vary"), "Accept-Encoding")
		reader, err := gzip.NewReader(first.Body)
		require.NoError(t, err)
		unpacked, err := io.ReadAll(reader)
		require.NoError(t, err)
		require.Equal(t, ask(t, options(), "GET", path).Body.String(), string(unpacked))

		request.Header.Set("If-None-Match", first.Header().Get("ETag"))
		second := httptest.NewRecorder()
		handler.ServeHTTP(second, request)
		require.Equal(t, http.StatusNotModified, second.Code, path)
		require.Zero(t, second.Body.Len())
	}
	changed := options()
	changed.Assessments = func() []*assess.Assessment {
		a := example()
		a.At = a.At.Add(time.Second)
		return []*assess.Assessment{a}
	}
	require.NotEqual(t, ask(t, options(), "GET", "/").Header().Get("ETag"), ask(t, changed, "GET", "/").Header().Get("ETag"))
}

func TestTheOverviewShowsWhatToFixFirst(t *testing.T) {
	system := func(name, owner string, status check.Status, severity checklist.Severity) *assess.Assessment {
		a := example()
		a.Plan.System.Name, a.Plan.System.Owner = name, owner
		a.Plan.Items[0].Severity = severity
		a.Results[0].Status, a.Results[0].Waiver, a.Results[0].Problems[0].Level = status, nil, status
		return a
	}
	o := options()
	o.Assessments = func() []*assess.Assessment {
		return []*assess.Assessment{
			system("good", "ann", check.Pass, checklist.Critical), system("unseen", "ann", check.Unknown, checklist.Critical),
			system("minor", "bo", check.Fail, checklist.Info), system("worst", "bo", check.Fail, checklist.Critical),
			system("undeclared", "bo", check.Undeclared, checklist.Critical),
		}
	}
	for query, want := range map[string][]string{
		"":                     {"worst", "minor", "unseen", "undeclared", "good"},
		"?readiness=ready":     {"good"},
		"?readiness=not_ready": {"worst", "minor", "unseen", "undeclared"},
		"?team=ann":            {"unseen", "good"},
		"?name=IN":             {"minor"},
		"?environment=staging": nil,
		"?team=ann&name=good":  {"good"},
		"?environment=production&team=bo&readiness=ready": nil,
	} {
		page := ask(t, o, "GET", "/"+query).Body.String()
		var got []string
		for _, match := range regexp.MustCompile(`<tr id="(\w+)/production">`).FindAllStringSubmatch(page, -1) {
			got = append(got, match[1])
		}
		require.Equal(t, want, got, query)
		require.Contains(t, textOf(t, page), "1 of 5 systems ready")
	}
}

// requireBalanced fails when an element is closed that is not the one open, or none is.
func requireBalanced(t *testing.T, page string) {
	t.Helper()
	void := map[string]bool{"meta": true, "link": true, "br": true, "input": true}
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

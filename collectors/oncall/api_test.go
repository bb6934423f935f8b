package oncall_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const token = "token-of-the-exporter"

// A service stands in for one that pages, as its published description has it, and takes nothing else.
type service struct {
	path    string
	headers map[string]string
	query   url.Values
	answer  func(w http.ResponseWriter, r *http.Request)
}

func (s service) start(t *testing.T) (address, tokenFile string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, http.MethodGet, r.Method)
		assert.Equal(t, s.path, r.URL.EscapedPath())
		query := r.URL.Query()
		if s.query.Get("page") == "" {
			query.Del("page")
		}
		assert.Equal(t, s.query, query)
		for name, value := range s.headers {
			assert.Equal(t, value, r.Header.Get(name), name)
		}
		w.Header().Set("Content-Type", "application/json")
		s.answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, file(t, token+"\n")
}

func says(text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

// pagerDuty is PagerDuty's GET /schedules/{id}: https://developer.pagerduty.com/api-reference, openapiv3.json.
func pagerDuty(answer func(http.ResponseWriter, *http.Request)) service {
	return service{
		path:    "/schedules/PI7DH85",
		headers: map[string]string{"Authorization": "Token token=" + token, "Accept": "application/vnd.pagerduty+json;version=2", "Content-Type": "application/json"},
		query:   url.Values{"since": {"2026-03-01T00:00:00Z"}, "until": {"2026-05-24T00:00:00Z"}, "time_zone": {"UTC"}},
		answer:  answer,
	}
}

func ofPagerDuty(t *testing.T, answer func(http.ResponseWriter, *http.Request)) system.OnCallSchedule {
	t.Helper()
	address, tokenFile := pagerDuty(answer).start(t)
	return system.OnCallSchedule{PagerDuty: &system.PagerDuty{Schedule: "PI7DH85", URL: address + "/", TokenFile: tokenFile}}
}

const pagerDutyAnswer = `{"schedule":{"id":"PI7DH85","type":"schedule","time_zone":"America/New_York","schedule_layers":[],
	"overrides_subschedule":{"name":"Overrides","rendered_schedule_entries":[],"rendered_coverage_percentage":0},
	"final_schedule":{"name":"Final Schedule","rendered_coverage_percentage":37.5,"rendered_schedule_entries":[
		{"start":"2026-03-28T08:00:00-05:00","end":"2026-03-29T08:00:00-05:00","user":{"id":"P1","type":"user_reference","summary":"Ann Lee"}},
		{"start":"2026-03-29T13:00:00Z","end":"2026-03-30T13:00:00Z","user":null},
		{"start":"2026-03-30T13:00:00Z","end":null,"user":{"id":"P2","type":"user_reference","summary":"Bob"}}]}}}`

func TestPagerDutyHasTheFinalSchedule(t *testing.T) {
	declared := ofPagerDuty(t, says(pagerDutyAnswer))
	require.Equal(t, []string{"03-28T13:00/03-29T13:00 Ann Lee", "03-30T13:00/05-24T00:00 Bob"}, found(t, declared, 100, 100))
	s, err := collect(t, declared)
	require.NoError(t, err)
	require.Equal(t, 1, s.Unnamed, "a user that was deleted")
}

const team = "4f8c1f9e-9a3c-4c38-8b56-0c3a6a8ee1a0"

// opsgenie is Opsgenie's GET /v2/schedules/{identifier}/timeline: https://github.com/opsgenie/opsgenie-oas.
func opsgenie(schedule, kind string, answer func(http.ResponseWriter, *http.Request)) service {
	return service{
		path:    "/v2/schedules/" + schedule + "/timeline",
		headers: map[string]string{"Authorization": "GenieKey " + token},
		query:   url.Values{"identifierType": {kind}, "interval": {"12"}, "intervalUnit": {"weeks"}, "date": {"2026-03-01T00:00:00Z"}},
		answer:  answer,
	}
}

func opsgenieAnswer(enabled bool) string {
	return fmt.Sprintf(`{"data":{"_parent":{"id":"%s","name":"Ops team","enabled":%t},"startDate":"2026-03-01T00:00:00Z","endDate":"2026-05-24T00:00:00Z",
		"finalTimeline":{"rotations":[{"id":"a","name":"day","order":1.0,"periods":[
			{"startDate":"2026-03-28T08:00:00Z","endDate":"2026-03-29T08:00:00Z","type":"historical","flattenedRecipients":[{"id":"1","name":"ann@example.com","type":"user"}]},
			{"startDate":"2026-03-29T08:00:00Z","endDate":"2026-03-29T20:00:00Z","type":"default","recipient":{"id":"2","name":"bob@example.com","type":"user"}},
			{"startDate":"2026-03-29T20:00:00Z","endDate":"2026-03-30T08:00:00Z","type":"override","recipient":{"type":"none"}}]},
			{"id":"b","name":"night","order":2.0,"periods":[]},{"id":"c","name":"new","order":3.0}]}},"took":0.1,"requestId":"x"}`, team, enabled)
}

func TestOpsgenieHasTheFinalTimeline(t *testing.T) {
	for schedule, c := range map[string][2]string{"Ops team": {"Ops%20team", "name"}, team: {team, "id"}, "a/b?c": {"a%2Fb%3Fc", "name"}} {
		address, tokenFile := opsgenie(c[0], c[1], says(opsgenieAnswer(true))).start(t)
		declared := system.OnCallSchedule{Opsgenie: &system.Opsgenie{Schedule: schedule, URL: address, TokenFile: tokenFile}}
		require.Equal(t, []string{"03-28T08:00/03-29T08:00 ann", "03-29T08:00/03-29T20:00 bob"}, found(t, declared, 100, 100))
	}
}

func TestAScheduleOfOpsgenieThatIsDisabledNotifiesNobody(t *testing.T) {
	address, tokenFile := opsgenie(team, "id", says(opsgenieAnswer(false))).start(t)
	declared := system.OnCallSchedule{Opsgenie: &system.Opsgenie{Schedule: team, URL: address, TokenFile: tokenFile}}
	s, err := collect(t, declared)
	require.NoError(t, err)
	require.True(t, s.Disabled)
	require.Empty(t, s.Shifts)
	declared.Rotas = []system.Rota{{People: []string{"Ann"}, Start: wall(t, "2026-01-01 00:00"), Length: 7 * 24 * 3600e9}}
	s, err = collect(t, declared)
	require.NoError(t, err)
	require.False(t, s.Disabled, "another source covers")
}

// TestGrafanaOnCallHasThePagesOfFinalShifts gives an address of the next page that leads elsewhere, as one behind a proxy does:
// https://grafana.com/docs/oncall/latest/oncall-api-reference/schedules/.
func TestGrafanaOnCallHasThePagesOfFinalShifts(t *testing.T) {
	var pages []string
	address, tokenFile := service{
		path:    "/oncall/api/v1/schedules/SBM7DV7BKFUYU/final_shifts",
		headers: map[string]string{"Authorization": token, "X-Grafana-Url": "https://shop.grafana.net"},
		query:   url.Values{"start_date": {"2026-03-01"}, "end_date": {"2026-05-24"}},
		answer: func(w http.ResponseWriter, r *http.Request) {
			page := r.URL.Query().Get("page")
			pages = append(pages, page)
			next := `"http://127.0.0.1:1/elsewhere?page=2"`
			if page == "2" {
				next = "null"
			}
			fmt.Fprintf(w, `{"count":2,"next":%s,"previous":null,"results":[{"user_pk":"U%s","user_email":"u%s@example.com","user_username":"u%s",
				"shift_start":"2026-03-2%sT09:00:00Z","shift_end":"2026-03-2%sT17:00:00Z"}],"current_page_number":1,"page_size":50,"total_pages":2}`, next, page, page, page, page, page)
		},
	}.start(t)
	declared := system.OnCallSchedule{Grafana: &system.GrafanaOnCall{
		Schedule: "SBM7DV7BKFUYU", URL: address + "/oncall", TokenFile: tokenFile, GrafanaURL: "https://shop.grafana.net",
	}}
	require.Equal(t, []string{"03-21T09:00/03-21T17:00 u1", "03-22T09:00/03-22T17:00 u2"}, found(t, declared, 100, 100))
	require.Equal(t, []string{"1", "2"}, pages)
}

func TestPagesWithoutEndAreNotRead(t *testing.T) {
	address, tokenFile := service{
		path: "/api/v1/schedules/S/final_shifts", query: url.Values{"start_date": {"2026-03-01"}, "end_date": {"2026-05-24"}},
		answer: says(`{"next":"http://x/","results":[]}`),
	}.start(t)
	_, err := collect(t, system.OnCallSchedule{Grafana: &system.GrafanaOnCall{Schedule: "S", URL: address, TokenFile: tokenFile}})
	require.EqualError(t, err, "get the schedule S of Grafana OnCall: the schedule has more than 100 pages of shifts")
}

func TestAServiceThatIsAskedTooOftenIsGivenTime(t *testing.T) {
	for _, header := range []string{"Retry-After", "ratelimit-reset", "X-RateLimit-Period-In-Sec"} {
		var asked atomic.Int32
		declared := ofPagerDuty(t, func(w http.ResponseWriter, _ *http.Request) {
			if asked.Add(1) < 3 {
				w.Header().Set(header, "0")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			fmt.Fprint(w, pagerDutyAnswer)
		})
		_, err := collect(t, declared)
		require.NoError(t, err, header)
		require.EqualValues(t, 3, asked.Load())
	}
	for wait, times := range map[string]int32{"0": 3, "3600": 1} {
		var asked atomic.Int32
		declared := ofPagerDuty(t, func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.Header().Set("Retry-After", wait)
			w.WriteHeader(http.StatusTooManyRequests)
		})
		_, err := collect(t, declared)
		require.EqualError(t, err, "get the schedule PI7DH85 of PagerDuty: the server answered 429: it is asked too often")
		require.Equal(t, times, asked.Load(), "not longer than there is time")
	}
}

func TestAnAnswerThatIsNoneIsNoSchedule(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing": "", "another object": `{}`, "no final schedule": `{"schedule":{"final_schedule":null}}`,
		"no entries": `{"schedule":{"final_schedule":{"name":"Final Schedule"}}}`, "an entry without a start": `{"schedule":{"final_schedule":{"rendered_schedule_entries":[{}]}}}`,
		"a time that is none": strings.Replace(pagerDutyAnswer, "2026-03-28T08:00:00-05:00", "yesterday", 1), "half of one": pagerDutyAnswer[:len(pagerDutyAnswer)/2],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := collect(t, ofPagerDuty(t, says(answer)))
			require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err))
		})
	}
	_, err := collect(t, ofPagerDuty(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }))
	require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err))
	_, err = collect(t, ofPagerDuty(t, says(strings.Repeat(" ", 9<<20))))
	require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(err))

	declared := ofPagerDuty(t, says(pagerDutyAnswer))
	declared.PagerDuty.TokenFile = file(t, "\n")
	_, err = collect(t, declared)
	require.ErrorContains(t, err, "is empty")
}

// TestWhoIsOnCallIsInNoLabel gives names and nothing that could be told apart by them in metrics.
func TestWhoIsOnCallIsInNoLabel(t *testing.T) {
	s, err := collect(t, ofPagerDuty(t, says(pagerDutyAnswer)))
	require.NoError(t, err)
	kind := fact.OnCallSchedules()
	var samples []string
	kind.Samples(s, func(family int, values []string, value float64) {
		samples = append(samples, fmt.Sprint(kind.Families()[family].Name, values, time.Unix(int64(value), 0).UTC().Format(time.RFC3339)))
	})
	require.Equal(t, []string{"on_call_covered_until_timestamp_seconds[primary]2026-03-29T13:00:00Z"}, samples)
	encoded, err := json.Marshal(s)
	require.NoError(t, err)
	require.True(t, slices.Contains(strings.Split(string(encoded), `"`), "Ann Lee"))
}

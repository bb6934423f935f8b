package collectors_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/readiness-exporter/readiness-exporter/internal/collector/conformance"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// calendarCase is of a calendar in a file, and one at an address that nobody may see.
func calendarCase(t *testing.T) conformance.Case {
	t.Helper()
	const token = "private-0123456789abcdef"
	const calendar = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:Ann\nDTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n"
	proxy := world.NewProxy(t, answering(t, httptest.NewServer, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, calendar) // The client may have had enough.
	}))
	path, urlFile := file(t, calendar), file(t, "http://"+proxy.Addr+"/"+token+"/basic.ics")
	return conformance.Case{
		System: &system.System{OnCall: []system.OnCallSchedule{{
			Name: "primary", Calendars: []system.Calendar{{Path: path}, {URLFile: urlFile}},
		}}},
		Secrets: []string{token},
		Faults: append(httpFaults(t, proxy, httptest.NewServer),
			moved("has no file", path, fact.ReasonNotFound),
			moved("has no file with the address", urlFile, fact.ReasonNotFound),
			rewritten("has a file that is cut", path, calendar[:len(calendar)-10], false),
			rewritten("has a strange file", path, strange, false),
			rewritten("has a strange address", urlFile, strange, false)),
	}
}

// pagerDutyCase is of a service that pages.
func pagerDutyCase(t *testing.T) conformance.Case {
	t.Helper()
	const token = "token-of-the-exporter"
	proxy := world.NewProxy(t, answering(t, httptest.NewServer, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Token token="+token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, `{"schedule":{"final_schedule":{"name":"Final Schedule","rendered_schedule_entries":[`+
			`{"start":"2026-01-01T00:00:00Z","end":null,"user":{"id":"P1","summary":"Ann"}}]}}}`)
	}))
	tokenFile := file(t, token)
	return conformance.Case{
		System: &system.System{OnCall: []system.OnCallSchedule{{
			Name: "primary", PagerDuty: &system.PagerDuty{Schedule: "PI7DH85", URL: "http://" + proxy.Addr, TokenFile: tokenFile},
		}}},
		Secrets: []string{token},
		Faults:  append(httpFaults(t, proxy, httptest.NewServer), moved("whose token is gone", tokenFile, fact.ReasonNotFound)),
	}
}

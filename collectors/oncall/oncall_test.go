package oncall_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/collectors/oncall"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// now is a Sunday on which clocks in Europe are put forward, at ten.
var now = time.Date(2026, time.March, 29, 10, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func collect(t *testing.T, declared system.OnCallSchedule) (*fact.OnCallSchedule, error) {
	t.Helper()
	declared.Name = "primary"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	jobs := oncall.New(func() time.Time { return now }).Jobs(&system.System{OnCall: []system.OnCallSchedule{declared}}, fact.Needs{})
	require.Len(t, jobs, 1)
	sets, err := jobs[0].Collect(ctx, nil)
	if err != nil {
		return nil, err
	}
	require.Len(t, sets, 1)
	require.Equal(t, 1, sets[0].Len())
	return sets[0].At(0).(*fact.OnCallSchedule), nil
}

// found are the shifts that a schedule has from some days before now until some after, as texts.
func found(t *testing.T, declared system.OnCallSchedule, before, after int) (texts []string) {
	t.Helper()
	s, err := collect(t, declared)
	require.NoError(t, err)
	for _, shift := range s.Shifts {
		if shift.Start.Before(now.AddDate(0, 0, after)) && shift.End.After(now.AddDate(0, 0, -before)) {
			texts = append(texts, shift.Start.Format("01-02T15:04")+"/"+shift.End.Format("01-02T15:04")+" "+shift.Person)
		}
	}
	return texts
}

func wall(t *testing.T, text string) system.WallTime {
	t.Helper()
	var w system.WallTime
	require.NoError(t, w.UnmarshalText([]byte(text)))
	return w
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestARotaTakesTurns(t *testing.T) {
	rota := func(edits ...func(*system.Rota)) system.OnCallSchedule {
		r := system.Rota{People: []string{"Ann", "Bob"}, Start: wall(t, "2026-01-05 09:00"), Length: quantity.Duration(7 * day), TimeZone: "Europe/Berlin"}
		for _, edit := range edits {
			edit(&r)
		}
		return system.OnCallSchedule{Rotas: []system.Rota{r}}
	}
	for _, c := range []struct {
		name     string
		declared system.OnCallSchedule
		want     []string
	}{
		{"at the same time of the day, also where clocks have been changed", rota(), []string{"03-23T08:00/03-30T07:00 Bob", "03-30T07:00/04-06T07:00 Ann"}},
		{
			"at half past two, which is skipped", rota(func(r *system.Rota) { r.Start = wall(t, "2026-01-04T02:30") }),
			[]string{"03-22T01:30/03-29T01:30 Bob", "03-29T01:30/04-05T00:30 Ann"},
		},
		{
			"by the hour", rota(func(r *system.Rota) {
				r.Start, r.Length, r.People = wall(t, "2026-03-28 08:00"), quantity.Duration(12*time.Hour), []string{"Ann", "Bob", "Cy"}
			}),
			[]string{"03-28T07:00/03-28T19:00 Ann", "03-28T19:00/03-29T06:00 Bob", "03-29T06:00/03-29T18:00 Cy", "03-29T18:00/03-30T06:00 Ann", "03-30T06:00/03-30T18:00 Bob"},
		},
		{
			"somebody stands in", rota(func(r *system.Rota) {
				r.Overrides = []system.RotaOverride{{Person: "Dee", From: wall(t, "2026-03-29 09:00"), Until: wall(t, "2026-03-30 11:00")}}
			}),
			[]string{"03-23T08:00/03-29T07:00 Bob", "03-29T07:00/03-30T09:00 Dee", "03-30T09:00/04-06T07:00 Ann"},
		},
		{"nobody before it begins", rota(func(r *system.Rota) { r.Start = wall(t, "2026-03-30 09:00") }), []string{"03-30T07:00/04-06T07:00 Ann"}},
		{"one person is always on call", rota(func(r *system.Rota) { r.People = []string{"Ann"} }), []string{"03-01T00:00/05-24T00:00 Ann"}},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, found(t, c.declared, 1, 1)) })
	}
}

func TestSourcesCoverTogether(t *testing.T) {
	calendar := file(t, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:night@example.com\nDTSTART:20260301T200000Z\nDURATION:PT12H\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n")
	other := file(t, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nATTENDEE;CN=Ann:mailto:a@example.com\nDTSTART:20260301T080000\nDURATION:PT12H\nRRULE:FREQ=DAILY\nEND:VEVENT\n"+
		"BEGIN:VEVENT\nUID:2\nSTATUS:TENTATIVE\nSUMMARY:Bob\nDTSTART:20260330T080000\nDURATION:PT12H\nEND:VEVENT\nBEGIN:VEVENT\nUID:3\nDTSTART:20260330T080000\nDURATION:PT12H\nEND:VEVENT\nEND:VCALENDAR\n")
	both := system.OnCallSchedule{Calendars: []system.Calendar{{Path: calendar}, {Path: other}}}
	s, err := collect(t, both)
	require.NoError(t, err)
	require.Equal(t, "night", s.At(now.Add(11 * time.Hour))[0].Person)
	require.Equal(t, "Ann", s.At(now)[0].Person)
	require.Equal(t, []fact.TimeSpan{{Start: s.From, End: s.From.Add(8 * time.Hour)}}, s.Gaps(s.From, s.Until))
	require.Equal(t, s.Until, s.CoveredUntil)
	require.Equal(t, 1, s.Unnamed)
	require.Equal(t, 1, s.Tentative)

	both.Calendars[1].TimeZone = "Asia/Tokyo"
	s, err = collect(t, both)
	require.NoError(t, err)
	require.NotEmpty(t, s.Gaps(now, s.Until), "the day is another one there")

	both.Calendars[1].Path += ".gone"
	_, err = collect(t, both)
	require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err), "what one of them has is not all")
}

func TestACalendarThatIsTooLongIsNotRead(t *testing.T) {
	path := file(t, strings.Repeat("x", 20<<20+1))
	_, err := collect(t, system.OnCallSchedule{Calendars: []system.Calendar{{Path: path}}})
	require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(err))

	crowd := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20260301T080000\nDURATION:PT10M\nRRULE:FREQ=HOURLY\n" + strings.Repeat("ATTENDEE:mailto:%\n", 3) + "END:VEVENT\nEND:VCALENDAR\n"
	for i := range 3 {
		crowd = strings.Replace(crowd, "%", fmt.Sprint(i), 1)
	}
	_, err = collect(t, system.OnCallSchedule{Calendars: []system.Calendar{{Path: file(t, crowd)}}})
	require.EqualError(t, err, "the schedule primary has more than 5000 shifts in 84 days")
}

const ann = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:Ann\nDTSTART:20260329T080000Z\nDURATION:P1D\nEND:VEVENT\nEND:VCALENDAR\n"

// atAddress is a schedule whose calendar is at an address.
func atAddress(t *testing.T, address string) system.OnCallSchedule {
	t.Helper()
	return system.OnCallSchedule{Calendars: []system.Calendar{{URLFile: file(t, address+"\n")}}}
}

func TestAnAddressIsToldToNobody(t *testing.T) {
	const token = "private-0123456789abcdef"
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("somebody else was asked with %v", r.Header)
	}))
	defer elsewhere.Close()
	answers := map[string]http.HandlerFunc{
		"/ok":       func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, ann) },
		"/moved":    func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/new", http.StatusFound) },
		"/away":     func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) },
		"/circle":   func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), http.StatusFound) },
		"/login":    func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html><body>Log in</body></html>") },
		"/denied":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"/gone":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) },
		"/cut":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, ann[:len(ann)-20]) },
		"/garbage":  func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL) },
		"/too-long": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat(ann, 1<<18)) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Get("Referer"))
		if r.URL.Path == "/new" {
			fmt.Fprint(w, ann)
			return
		}
		assert.Equal(t, token, r.URL.Query().Get("token"))
		answers[r.URL.Path](w, r)
	}))
	defer server.Close()
	for path, reason := range map[string]fact.Reason{
		"/ok": "", "/moved": "", "/away": fact.ReasonInvalid, "/circle": fact.ReasonInvalid, "/login": fact.ReasonInvalid, "/denied": fact.ReasonDenied,
		"/gone": fact.ReasonNotFound, "/cut": fact.ReasonInvalid, "/garbage": fact.ReasonInvalid, "/too-long": fact.ReasonUnsupported,
	} {
		t.Run(path, func(t *testing.T) {
			s, err := collect(t, atAddress(t, server.URL+path+"?token="+token))
			if reason == "" {
				require.NoError(t, err)
				require.Equal(t, []fact.OnCallShift{{Person: "Ann", Start: now.Add(-2 * time.Hour), End: now.Add(22 * time.Hour)}}, s.Shifts)
				require.Equal(t, now.Add(22*time.Hour), s.CoveredUntil)
				return
			}
			require.Equal(t, reason, fact.ReasonOf(err), err)
			require.NotContains(t, err.Error(), token)
			require.NotContains(t, err.Error(), server.Listener.Addr().String())
		})
	}
}

func TestWhatIsNoAddressIsNotAskedFor(t *testing.T) {
	for _, address := range []string{"", "/etc/passwd", "file:///etc/passwd", "ftp://ann:canary@example.com/x", "https://", "http://[canary", "canary"} {
		_, err := collect(t, atAddress(t, address))
		require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), address)
		require.NotContains(t, err.Error(), "canary")
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	_, err := collect(t, atAddress(t, gone.URL+"/canary"))
	require.Equal(t, fact.ReasonRefused, fact.ReasonOf(err))
	require.NotContains(t, err.Error(), gone.Listener.Addr().String())
}

package system_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestOnCallSchedule_Validate(t *testing.T) {
	at := func(text string) (w system.WallTime) {
		require.NoError(t, w.UnmarshalText([]byte(text)))
		return w
	}
	week := quantity.Duration(7 * 24 * time.Hour)
	rota := func(edit func(*system.Rota)) system.OnCallSchedule {
		r := system.Rota{People: []string{"Ann Lee"}, Start: at("2026-01-05 09:00"), Length: week, TimeZone: "Europe/Berlin"}
		edit(&r)
		return system.OnCallSchedule{Name: "primary", Rotas: []system.Rota{r}}
	}
	calendar := func(c system.Calendar) system.OnCallSchedule {
		return system.OnCallSchedule{Name: "primary", Calendars: []system.Calendar{c}}
	}
	for _, c := range []struct {
		name     string
		schedule system.OnCallSchedule
		want     []string
	}{
		{"a rota is enough", rota(func(*system.Rota) {}), nil},
		{"so is a calendar", calendar(system.Calendar{URLFile: "/run/calendar", TimeZone: "UTC", BearerTokenFile: "/run/token"}), nil},
		{"or a service", system.OnCallSchedule{Name: "primary", PagerDuty: &system.PagerDuty{Schedule: "P", TokenFile: "/t"}, Opsgenie: &system.Opsgenie{Schedule: "Ops team", TokenFile: "/t"}}, nil},
		{"nothing is not", system.OnCallSchedule{Name: "primary"}, []string{"expected at least one of rotas, calendars, pagerduty, opsgenie and grafana_oncall"}},
		{"a rota without anything", system.OnCallSchedule{Name: "primary", Rotas: []system.Rota{{}}}, []string{
			"people is missing: say who takes turns", "start is missing: say when the turn of the first begins, such as 2006-01-02 15:04", "length is missing: say how long a turn is, such as 7d",
		}},
		{"people have names", rota(func(r *system.Rota) { r.People = []string{"", "TBD"} }), []string{
			"person is missing: say who it is", `person "TBD" is a placeholder: nobody could be reached by it`,
		}},
		{"a turn takes time", rota(func(r *system.Rota) { r.Length = quantity.Duration(time.Minute) }), []string{"length 1m: expected whole minutes, from 1h to 366d"}},
		{"a zone is known", rota(func(r *system.Rota) { r.TimeZone = "Local" }), []string{`time_zone "Local": expected a name of IANA, such as Europe/Berlin`}},
		{"who stands in does so for a time", rota(func(r *system.Rota) {
			r.Overrides = []system.RotaOverride{{Person: "Bob Ray", From: at("2026-01-05 09:00"), Until: at("2026-01-05 09:00")}, {Person: "Bob Ray", From: at("2026-01-05 09:00")}}
		}), []string{"until 2026-01-05 09:00: expected a time after 2026-01-05 09:00", "expected both from and until, such as 2006-01-02 15:04"}},
		{"a calendar is in one place", calendar(system.Calendar{Path: "a.ics", URLFile: "/b", TimeZone: "Mars"}), []string{
			"expected exactly one of path and url_file", `path "a.ics": expected an absolute path`, `time_zone "Mars": expected a name of IANA, such as Europe/Berlin`,
		}},
		{"nobody logs in to a file", calendar(system.Calendar{Path: "/a.ics", CAFile: "/ca"}), []string{"ca_file, bearer_token_file and basic_auth go with url_file"}},
		{"a service has a token and a schedule", system.OnCallSchedule{Name: "primary", Grafana: &system.GrafanaOnCall{GrafanaURL: "shop"}}, []string{
			"schedule is missing: say which schedule", "token_file is missing: say which file holds the token", "url is missing: say where the API is", `grafana_url "shop": expected an address, https://…`,
		}},
		{"its address holds no token", system.OnCallSchedule{Name: "primary", PagerDuty: &system.PagerDuty{Schedule: "P", TokenFile: "/t", URL: "https://api.example.com/?x=y"}}, []string{"url: expected no ? in it"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := system.System{Name: "shop", Environment: "production", OnCall: []system.OnCallSchedule{c.schedule}}
			require.ElementsMatch(t, c.want, messagesOf(&s))
		})
	}
}

func TestWallTime(t *testing.T) {
	for _, text := range []string{"2026-01-05 09:00", "2026-01-05T09:00"} {
		var w system.WallTime
		require.NoError(t, w.UnmarshalText([]byte(text)))
		written, err := w.MarshalText()
		require.NoError(t, err)
		require.Equal(t, "2026-01-05 09:00", string(written))
	}
	for _, text := range []string{"", "2026-01-05", "2026-01-05 09:00:00", "2026-02-30 09:00", "09:00"} {
		require.ErrorContains(t, new(system.WallTime).UnmarshalText([]byte(text)), `" is no time: expected one such as 2006-01-02 15:04`)
	}
}

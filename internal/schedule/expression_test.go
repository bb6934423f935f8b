package schedule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/schedule"
)

func TestExpressionsFireByTheClockOfTheZone(t *testing.T) {
	var tuesdays schedule.Expression
	require.NoError(t, tuesdays.UnmarshalText([]byte("0 22 * * TUE")))
	var berlin schedule.Zone
	require.NoError(t, berlin.UnmarshalText([]byte("Europe/Berlin")))
	monday := time.Date(2026, time.November, 16, 0, 0, 0, 0, time.UTC)
	require.Equal(t, "2026-11-17T22:00:00Z", tuesdays.Next(monday).Format(time.RFC3339))
	require.Equal(t, "2026-11-17T22:00:00+01:00", tuesdays.Next(monday.In(berlin.Location())).Format(time.RFC3339))
	require.Zero(t, schedule.Expression{}.Next(monday))
	require.Equal(t, time.UTC, schedule.Zone{}.Location())

	text, err := tuesdays.MarshalText()
	require.NoError(t, err)
	require.Equal(t, "0 22 * * TUE", string(text))
	text, err = berlin.MarshalText()
	require.NoError(t, err)
	require.Equal(t, "Europe/Berlin", string(text))
}

func TestExpressionsThatCannotBeAreRefused(t *testing.T) {
	for _, c := range []struct{ text, wants string }{
		{"often", "is no cron expression"},
		{"0 0 0 22 * * TUE", "is no cron expression"},
		{"TZ=0 0 22 * * TUE", "is no cron expression"},
		{"@every 1h", "is no time of day"},
		{"0 0 30 2 *", "never fires"},
	} {
		require.ErrorContains(t, new(schedule.Expression).UnmarshalText([]byte(c.text)), c.wants, c.text)
	}
	for _, fires := range []string{"0 0 29 2 *", "@daily"} {
		require.NoError(t, new(schedule.Expression).UnmarshalText([]byte(fires)))
	}
	require.ErrorContains(t, new(schedule.Zone).UnmarshalText([]byte("Berlin")), "is no time zone")
}

package system_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestARetentionIsADurationOrAScheme(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]struct{ longest, assured time.Duration }{
		"30d":                                {30 * day, 30 * day},
		"daily: 7":                           {7 * day, 6 * day * 9 / 10},
		"daily: 7\nweekly: 4\nmonthly: 3":    {93 * day, 31 * day * 9 / 10},
		"hourly: 24\nyearly: 10\nmonthly: 1": {3660 * day, 8 * 366 * day * 9 / 10},
	} {
		var r system.Retention
		require.NoError(t, yaml.Unmarshal([]byte(text), &r), text)
		require.Equal(t, want.longest, r.Longest(), text)
		require.Equal(t, want.assured, r.Assured(), text)
		written, err := yaml.Marshal(r)
		require.NoError(t, err)
		var again system.Retention
		require.NoError(t, yaml.Unmarshal(written, &again), "%s", written)
		require.Equal(t, r, again, "it is read as it was written")
	}
	require.True(t, system.Retention{}.IsZero())
}

func TestDatesAreFoundInNames(t *testing.T) {
	zone := time.FixedZone("here", 3600)
	at := func(hour, minute, second int, zone *time.Location) time.Time {
		return time.Date(2026, 9, 1, hour, minute, second, 0, zone)
	}
	for _, test := range []struct {
		format system.DateFormat
		name   string
		want   system.Span
		found  bool
	}{
		{"%Y-%m-%d", "shop-2026-09-01.dump", system.Span{Start: at(0, 0, 0, zone), Length: 24 * time.Hour}, true},
		{"%Y%m%d", "20260901", system.Span{Start: at(0, 0, 0, zone), Length: 24 * time.Hour}, true},
		{"%Y%m%d", "202609011", system.Span{}, false},
		{"%Y%m%d-%H%M%S", "db_20260901-031500.gz", system.Span{Start: at(3, 15, 0, zone)}, true},
		{"%Y-%m-%dT%H:%M:%S%z", "2026-09-01T03:15:00Z", system.Span{Start: at(3, 15, 0, time.UTC)}, true},
		{"%Y-%m-%dT%H%z", "2026-09-01T05+02:00", system.Span{Start: at(3, 0, 0, time.UTC), Length: time.Hour}, true},
		{"%s", "dump.1788232500", system.Span{Start: time.Unix(1788232500, 0)}, true},
		{"%Y-%m-%d", "2026-02-30", system.Span{}, false},
		{"%Y-%m-%d", "README", system.Span{}, false},
	} {
		dates, err := test.format.Compile()
		require.NoError(t, err)
		span, found := dates.Find(test.name, zone)
		require.Equal(t, test.found, found, test.name)
		if found {
			require.True(t, test.want.Start.Equal(span.Start), "%s: %s", test.name, span.Start)
			require.Equal(t, test.want.Length, span.Length, test.name)
		}
	}
	for _, format := range []system.DateFormat{"%", "%Q", "%Y-%m", "%Y%Y%m%d", "backup"} {
		_, err := format.Compile()
		require.Error(t, err, format)
	}
}

func TestASpanIsAsLateAsItCanBe(t *testing.T) {
	day := system.Span{Start: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Length: 24 * time.Hour}
	require.Equal(t, day.Start.Add(24*time.Hour), day.Latest(day.Start.Add(50*time.Hour)))
	require.Equal(t, day.Start.Add(time.Hour), day.Latest(day.Start.Add(time.Hour)), "what is there was made already")
	require.Equal(t, day.Start, day.Latest(day.Start.Add(-time.Hour)), "or is dated in the future")
	require.Zero(t, day.Distance(day.Start.Add(time.Hour)))
	require.Equal(t, time.Hour, day.Distance(day.Start.Add(-time.Hour)))
	require.Equal(t, time.Hour, day.Distance(day.Start.Add(25*time.Hour)))
}

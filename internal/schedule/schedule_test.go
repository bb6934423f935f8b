package schedule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSchedulesThatCannotWorkAreRefused(t *testing.T) {
	for _, c := range []struct{ name, expression, want string }{
		{"five fields are right", "*/5 * * * *", ""},
		{"a descriptor is right", "@hourly", ""},
		{"an interval is right", "@every 1m30s", ""},
		{"a zone is right", "CRON_TZ=Europe/Berlin 0 3 * * *", ""},
		{"a leap day comes", "0 0 29 2 *", ""},
		{"a date that no year has never fires", "0 0 30 2 *", `schedule "0 0 30 2 *" never fires`},
		{"an interval of nothing is none", "@every 0s", `schedule "@every 0s": expected at least @every 1s`},
		{"a negative interval is none", "@every -1m", `schedule "@every -1m": expected at least @every 1s`},
		{"a zone alone is no schedule", "TZ=0", `schedule "TZ=0": expected a cron expression or @every 1m`},
		{
			"a zone must be known", "CRON_TZ=Nowhere 0 3 * * *",
			`schedule "CRON_TZ=Nowhere 0 3 * * *": expected a cron expression or @every 1m: ` +
				`provided bad location Nowhere: unknown time zone Nowhere`,
		},
		{
			"nothing is no schedule", "",
			`schedule "": expected a cron expression or @every 1m: empty spec string`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.want == "" {
				require.NoError(t, Check(c.expression))
				return
			}
			require.EqualError(t, Check(c.expression), c.want)
		})
	}
}

func TestTheIntervalIsTheLongestGap(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		expression string
		want       time.Duration
	}{
		{"@every 90s", 90 * time.Second},
		{"* * * * *", time.Minute},
		{"*/7 * * * *", 7 * time.Minute},
		{"0 3 * * *", day},
		{"30 2 * * *", day},
		{"CRON_TZ=Europe/Berlin 30 2 * * *", 2*day - time.Hour}, // 02:30 is left out when summer time begins
		{"*/15 9-17 * * 1-5", 2*day + 15*time.Hour + 15*time.Minute},
		{"CRON_TZ=America/New_York */15 9-17 * * 1-5", 2*day + 16*time.Hour + 15*time.Minute}, // when summer time ends
		{"CRON_TZ=America/New_York * * * * *", time.Minute},
		{"0 6 * * 1", 7 * day},
		{"0 0 1 * *", 31 * day},
		{"@yearly", 366 * day},
		{"0 0 29 2 *", 4*365*day + day},
	} {
		t.Run(c.expression, func(t *testing.T) {
			for month := range 12 {
				now := time.Date(2026, time.January+time.Month(month), 14, 12, 34, 56, 789, time.UTC)
				parsed, err := Parse(c.expression, now)
				require.NoError(t, err)
				require.Equal(t, c.want, parsed.Interval, "on %s", now)
			}
		})
	}
}

func TestAnOffsetMovesEveryFiring(t *testing.T) {
	now := time.Date(2026, 1, 1, 10, 7, 0, 0, time.UTC)
	for _, expression := range []string{"*/10 * * * *", "@every 10m"} {
		t.Run(expression, func(t *testing.T) {
			parsed, err := Parse(expression, now)
			require.NoError(t, err)
			moved := parsed.Moved(12 * time.Second)
			first := moved.Next(now)
			require.Equal(t, time.Date(2026, 1, 1, 10, 10, 12, 0, time.UTC), first)
			require.Equal(t, first.Add(10*time.Minute), moved.Next(first))
			require.Equal(t, first, moved.Next(first.Add(-time.Second)), "the unmoved time has passed by then")
		})
	}
}

func FuzzSchedules(f *testing.F) {
	for _, seed := range []string{"* * * * *", "@every 1m", "TZ=0", "CRON_TZ=UTC 1-59/7 0 29 2 *", "@weekly", "*/0 * * * *"} {
		f.Add(seed)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, expression string) {
		parsed, err := Parse(expression, now)
		if err != nil {
			return
		}
		next := parsed.Next(now)
		require.True(t, next.After(now))
		if after := parsed.Next(next); !after.IsZero() {
			require.LessOrEqual(t, after.Sub(next), parsed.Interval)
		}
	})
}

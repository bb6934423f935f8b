package ical

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestWhatRecursSinceLongAgoIsTheSameHoweverItIsCounted counts from the beginning, which a rule with a count makes it do, and from near
// the time that is asked for.
func TestWhatRecursSinceLongAgoIsTheSameHoweverItIsCounted(t *testing.T) {
	same := func(at time.Time) time.Time { return at }
	rapid.Check(t, func(t *rapid.T) {
		part := func(name string, values ...string) string { return rapid.SampledFrom(append(values, "")).Draw(t, name) }
		rule := strings.Join([]string{
			"FREQ=" + rapid.SampledFrom([]string{"HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"}).Draw(t, "freq"),
			";INTERVAL=" + rapid.SampledFrom([]string{"1", "2", "3", "5", "12", "13"}).Draw(t, "interval"),
			part("days", ";BYDAY=MO", ";BYDAY=TU,SA", ";BYDAY=2TH,-1SU"), part("month days", ";BYMONTHDAY=1", ";BYMONTHDAY=31", ";BYMONTHDAY=-1,15"),
			part("months", ";BYMONTH=2", ";BYMONTH=1,6,12"), part("hours", ";BYHOUR=3", ";BYHOUR=2,14"), part("week", ";WKST=SU"),
			part("position", ";BYSETPOS=1", ";BYSETPOS=-1"),
		}, "")
		first := time.Date(rapid.IntRange(2021, 2025).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")),
			rapid.IntRange(1, 31).Draw(t, "day"), rapid.IntRange(0, 23).Draw(t, "hour"), 30, 0, 0, time.UTC)
		from := first.AddDate(0, 0, rapid.IntRange(0, 1000).Draw(t, "later"))
		until := from.AddDate(0, 3, 0)
		near, err := recur(rule, first, from, until, 100_000, same)
		require.NoError(t, err)
		whole, err := recur(rule+";COUNT=100000", first, from, until, 100_000, same)
		require.NoError(t, err)
		require.Equal(t, whole, near, rule)
	})
}

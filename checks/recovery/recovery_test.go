package recovery_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/recovery"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

const day = 24 * time.Hour

// now is when everything is judged.
var now = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

// kept is a month of daily backups, changed by each of edit.
func kept(edit ...func(*fact.Backup)) fact.Backup {
	bytes := int64(1000)
	backup := fact.Backup{
		Name: "database", Place: "directory",
		Copies: 30, Newest: now.Add(-10 * time.Hour), NewestBytes: &bytes, EarlierSizes: 29, MedianBytes: 1000,
		Oldest: now.Add(-30 * day), LongestGap: day, LongestGapEnd: now.Add(-day),
	}
	for _, change := range edit {
		change(&backup)
	}
	return backup
}

func aged(age time.Duration) func(*fact.Backup) {
	return func(b *fact.Backup) { b.Newest = now.Add(-age) }
}

func reaching(age time.Duration) func(*fact.Backup) {
	return func(b *fact.Backup) { b.Oldest = now.Add(-age) }
}

func sized(bytes int64) func(*fact.Backup) {
	return func(b *fact.Backup) { b.NewestBytes = &bytes }
}

func nothing(b *fact.Backup) {
	*b = fact.Backup{Name: b.Name, Place: b.Place, OffSite: b.OffSite, RecoveryPoint: b.RecoveryPoint}
}

func offSite(b *fact.Backup) { b.OffSite = true }

// A finding is what a table expects of a problem.
type finding struct {
	reason string
	level  check.Status
	detail string
}

// judged runs the kind as the engine does, and sees to it that it keeps to its own reasons.
func judged[P any](t *testing.T, kind check.Kind[fact.Backup, P], p P, batch fact.Batch[fact.Backup]) []finding {
	t.Helper()
	facts := make([]any, len(batch.Facts))
	for i, f := range batch.Facts {
		facts[i] = f
	}
	view := fact.NewView([]fact.Look{{
		Kind: fact.Backups(), Interval: time.Hour, SeenAt: now, Facts: facts, Missed: batch.Missed,
	}}, now)
	bound := kind.Bind(&p)
	var found []finding
	for _, problem := range (check.Rule{ID: "x", Bound: &bound}).Judge(view, now).Problems {
		found = append(found, finding{problem.Reason, problem.Level, problem.Detail})
		require.NotEmpty(t, problem.Remedy)
		if len(batch.Facts) > 0 && problem.Reason != "none_off_site" {
			require.NotEmpty(t, problem.Subject)
		}
		known := false
		for _, reason := range kind.Describe().AllReasons() {
			known = known || reason.Name == problem.Reason && reason.Level == problem.Level
		}
		require.True(t, known, "%s is none of the kind's reasons", problem.Reason)
	}
	return found
}

// A verdict is a case of a table about one backup.
type verdict struct {
	name   string
	backup fact.Backup
	want   []finding
}

func one(reason string, level check.Status, detail string) []finding {
	return []finding{{reason, level, detail}}
}

func verdicts[P any](t *testing.T, kind check.Kind[fact.Backup, P], p P, cases []verdict) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, judged(t, kind, p, fact.Batch[fact.Backup]{Facts: []fact.Backup{c.backup}}))
		})
	}
	t.Run("without any backup declared it is undeclared", func(t *testing.T) {
		require.Equal(t, one("nothing_seen", check.Undeclared, "no backup is declared"),
			judged(t, kind, p, fact.Batch[fact.Backup]{}))
	})
	t.Run("a place that cannot be looked at is unknown", func(t *testing.T) {
		missed := []fact.Missed{{Subject: "database", Reason: fact.ReasonDenied, Detail: "wrong password"}}
		require.Equal(t, one("not_seen", check.Unknown, "denied: wrong password"),
			judged(t, kind, p, fact.Batch[fact.Backup]{Missed: missed}))
	})
}

func TestAge(t *testing.T) {
	weekly := func(b *fact.Backup) { b.Schedule, b.LongestGap = 7*day, 7*day }
	gap := func(length time.Duration) func(*fact.Backup) {
		return func(b *fact.Backup) { b.LongestGap = length }
	}
	kind := recovery.Age()
	verdicts(t, kind, kind.Defaults, []verdict{
		{"daily backups pass", kept(), nil},
		{"a backup exactly at the limit is still fresh", kept(aged(26 * time.Hour)), nil},
		{
			"a backup beyond the limit is too old", kept(aged(26*time.Hour + time.Second)),
			one("too_old", check.Fail, "the newest is 1 d 2 h old, of 2026-11-21 09:59 UTC; one is due after 1 d 2 h"),
		},
		{"a declared schedule is the limit, with its slack", kept(weekly, aged(7*day+14*time.Hour)), nil},
		{
			"beyond a declared schedule it is too old", kept(weekly, aged(7*day+14*time.Hour+time.Minute)),
			one("too_old", check.Fail, "the newest is 7 d 14 h old, of 2026-11-14 21:59 UTC; one is due after 7 d 14 h"),
		},
		{"a gap at the limit is none", kept(gap(26 * time.Hour)), nil},
		{
			"a gap beyond the limit warns", kept(gap(49 * time.Hour)),
			one("gap", check.Warn, "none for 2 d 1 h until 2026-11-21 12:00 UTC; one is due after 1 d 2 h"),
		},
		{
			"a gap and a backup that is too old are two problems", kept(gap(49*time.Hour), aged(3*day)),
			[]finding{
				{"too_old", check.Fail, "the newest is 3 d old, of 2026-11-19 12:00 UTC; one is due after 1 d 2 h"},
				{"gap", check.Warn, "none for 2 d 1 h until 2026-11-21 12:00 UTC; one is due after 1 d 2 h"},
			},
		},
		{"an empty place fails", kept(nothing), one("no_backup", check.Fail, "no backup is there")},
		{"a clock that is a little ahead is forgiven", kept(aged(-5 * time.Minute)), nil},
		{
			"a backup of the future fails", kept(aged(-6 * time.Minute)),
			one("in_future", check.Fail, "the newest is dated 2026-11-22 12:06 UTC, 6 min ahead"),
		},
	})
}

func TestRetention(t *testing.T) {
	declared := func(b *fact.Backup) { b.Retention = 7 * day }
	weekly := func(b *fact.Backup) { b.Schedule = 7 * day }
	since := func(age time.Duration) func(*fact.Backup) {
		return func(b *fact.Backup) { b.Since = now.Add(-age) }
	}
	kind := recovery.Retention()
	verdicts(t, kind, kind.Defaults, []verdict{
		{"a month of backups passes", kept(), nil},
		{"an oldest one that is one interval short of it is next to the one just removed", kept(reaching(30*day - 26*time.Hour)), nil},
		{
			"an oldest one that is shorter fails, since it cannot be told from early removal", kept(reaching(28 * day)),
			one("too_short", check.Fail, "the oldest is 28 d old, of 2026-10-25 12:00 UTC; they must reach back 30 d"),
		},
		{"the interval is that of a declared schedule", kept(weekly, reaching(23*day)), nil},
		{"a declared retention is the limit", kept(declared, reaching(7*day)), nil},
		{
			"short of a declared retention fails", kept(declared, reaching(5*day)),
			one("too_short", check.Fail, "the oldest is 5 d old, of 2026-11-17 12:00 UTC; they must reach back 7 d"),
		},
		{"as old as the system is declared to be is enough", kept(since(9*day), reaching(8*day)), nil},
		{
			"younger than the system is declared to be fails", kept(since(9*day), reaching(7*day)),
			one("too_short", check.Fail, "the oldest is 7 d old, of 2026-11-15 12:00 UTC; they must reach back 9 d"),
		},
		{
			"a first backup in the future excuses nothing", kept(since(-day), reaching(7*day)),
			one("too_short", check.Fail, "the oldest is 7 d old, of 2026-11-15 12:00 UTC; they must reach back 30 d"),
		},
		{"twice as long as the retention is no more than kept", kept(reaching(60 * day)), nil},
		{
			"longer than that warns that nothing is removed", kept(reaching(61 * day)),
			one("kept_long", check.Warn, "the oldest is 61 d old, of 2026-09-22 12:00 UTC; they are to be kept 30 d"),
		},
		{"an empty place fails", kept(nothing), one("no_backup", check.Fail, "no backup is there")},
	})
	t.Run("with a ratio of 0 backups may be of any age", func(t *testing.T) {
		p := kind.Defaults
		p.MaximumRatio = 0
		require.Empty(t, judged(t, kind, p, fact.Batch[fact.Backup]{Facts: []fact.Backup{kept(reaching(900 * day))}}))
	})
}

func TestOffSite(t *testing.T) {
	kind := recovery.OffSite()
	verdicts(t, kind, kind.Defaults, []verdict{
		{"an off-site copy at the limit passes", kept(offSite, aged(48*time.Hour)), nil},
		{
			"an off-site copy beyond the limit fails", kept(offSite, aged(49*time.Hour)),
			one("too_old", check.Fail, "the newest is 2 d 1 h old, of 2026-11-20 11:00 UTC; allowed are 2 d"),
		},
		{"no off-site place fails", kept(), one("none_off_site", check.Fail, "none of 1 seen is")},
		{"an empty off-site place fails", kept(offSite, nothing), one("no_backup", check.Fail, "no backup is there")},
		{
			"an off-site copy of the future fails", kept(offSite, aged(-day)),
			one("in_future", check.Fail, "the newest is dated 2026-11-23 12:00 UTC, 1 d ahead"),
		},
	})
	missed := []fact.Missed{{Subject: "bucket", Reason: fact.ReasonTimeout, Detail: "no answer"}}
	for _, c := range []struct {
		name  string
		batch fact.Batch[fact.Backup]
		want  []finding
	}{
		{
			"one fresh off-site copy is enough, whatever the other places hold and show",
			fact.Batch[fact.Backup]{Facts: []fact.Backup{kept(), kept(offSite, aged(9*day)), kept(offSite)}, Missed: missed},
			nil,
		},
		{
			"where a place was missed the fresh copy may lie there",
			fact.Batch[fact.Backup]{Facts: []fact.Backup{kept(), kept(offSite, aged(9*day))}, Missed: missed},
			one("not_seen", check.Unknown, "timeout: no answer"),
		},
		{
			"each off-site place says why it is not enough",
			fact.Batch[fact.Backup]{Facts: []fact.Backup{kept(offSite, nothing), kept(offSite, aged(9*day))}},
			[]finding{
				{"no_backup", check.Fail, "no backup is there"},
				{"too_old", check.Fail, "the newest is 9 d old, of 2026-11-13 12:00 UTC; allowed are 2 d"},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, judged(t, kind, kind.Defaults, c.batch))
		})
	}
}

func TestSize(t *testing.T) {
	unsized := func(b *fact.Backup) { b.NewestBytes = nil }
	after := func(earlier int) func(*fact.Backup) {
		return func(b *fact.Backup) { b.EarlierSizes = earlier }
	}
	kind := recovery.Size()
	verdicts(t, kind, kind.Defaults, []verdict{
		{"one as large as the others passes", kept(), nil},
		{"one of half the size still passes", kept(sized(500)), nil},
		{
			"one of less than half fails", kept(sized(499)),
			one("too_small", check.Fail, "the newest, of 2026-11-22 02:00 UTC, has 499 B; the median of 29 earlier ones is 1.0 kB"),
		},
		{"an empty one fails", kept(sized(0)), one("empty", check.Fail, "the newest, of 2026-11-22 02:00 UTC, has 0 B")},
		{"an empty one fails even as the first", kept(sized(0), after(0)), one("empty", check.Fail, "the newest, of 2026-11-22 02:00 UTC, has 0 B")},
		{"three earlier ones are enough to compare with", kept(after(3)), nil},
		{"two earlier ones are too few", kept(after(2)), one("too_few", check.Warn, "2 of 3 that it takes")},
		{
			"a size that is not known is not judged", kept(unsized),
			one("size_unknown", check.Unknown, "the size of the newest, of 2026-11-22 02:00 UTC, is not known"),
		},
		{"an empty place fails", kept(nothing), one("no_backup", check.Fail, "no backup is there")},
	})
}

func TestPoint(t *testing.T) {
	objective := func(b *fact.Backup) { b.RecoveryPoint = day }
	kind := recovery.Point()
	verdicts(t, kind, kind.Defaults, []verdict{
		{"a newest one as old as the objective passes", kept(objective, aged(day)), nil},
		{
			"an older one fails", kept(objective, aged(day+time.Hour)),
			one("too_old", check.Fail, "the newest is 1 d 1 h old, of 2026-11-21 11:00 UTC; 1 d may be lost"),
		},
		{
			"without an objective it is undeclared", kept(),
			one("no_objective", check.Undeclared, "neither the system nor the backup declares one"),
		},
		{"an empty place fails", kept(objective, nothing), one("no_backup", check.Fail, "no backup is there")},
		{
			"a backup of the future fails", kept(objective, aged(-day)),
			one("in_future", check.Fail, "the newest is dated 2026-11-23 12:00 UTC, 1 d ahead"),
		},
	})
}

func TestParameters_Validate(t *testing.T) {
	type validator interface{ Validate() error }
	hour := quantity.Duration(time.Hour)
	for _, defaults := range []validator{
		recovery.Age().Defaults, recovery.Retention().Defaults, recovery.OffSite().Defaults, recovery.Size().Defaults,
		recovery.RetentionParameters{Minimum: hour}, recovery.SizeParameters{MinimumRatio: 1},
	} {
		require.NoError(t, defaults.Validate())
	}
	for _, c := range []struct {
		parameters validator
		want       string
	}{
		{recovery.AgeParameters{}, "maximum_age: expected more than 0"},
		{recovery.OffSiteParameters{MaximumAge: -hour}, "maximum_age: expected more than 0"},
		{recovery.RetentionParameters{}, "minimum: expected more than 0"},
		{recovery.RetentionParameters{Minimum: hour, MaximumRatio: 1}, "maximum_ratio: expected more than 1, or 0 for any age"},
		{recovery.SizeParameters{MinimumRatio: 1.1}, "minimum_ratio: expected a number from 0 to 1"},
		{recovery.SizeParameters{MinimumRatio: -0.1}, "minimum_ratio: expected a number from 0 to 1"},
	} {
		require.EqualError(t, c.parameters.Validate(), c.want)
	}
}

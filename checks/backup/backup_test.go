package backup_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/backup"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
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

type finding = checktest.Finding

var one = checktest.One

// judged runs the kind as the engine does.
func judged[P any](t *testing.T, kind check.Kind[P], p P, sets ...fact.AnySet) []finding {
	t.Helper()
	result := checktest.Case{Kind: kind, Parameters: &p, Now: now, Sets: sets}.Result(t)
	var found []finding
	for _, problem := range result.Problems {
		found = append(found, finding{Reason: problem.Reason, Level: problem.Level, Detail: problem.Detail})
		require.Equal(t, result.Facts > 0 || problem.Cause != "", problem.Subject != "", "problems with backups name them")
	}
	return found
}

func backups(all ...fact.Backup) fact.AnySet { return checktest.Facts(fact.Backups(), all...) }

// A verdict is a case of a table about one backup.
type verdict struct {
	name   string
	backup fact.Backup
	want   []finding
}

func verdicts[P any](t *testing.T, kind check.Kind[P], p P, cases []verdict) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judged(t, kind, p, backups(c.backup))) })
	}
	t.Run("a declared place of which nothing is known to be kept fails", func(t *testing.T) {
		require.Equal(t, one(kind.WhenEmpty.Name, check.Fail, kind.WhenEmpty.Sentence), judged(t, kind, p, backups()))
	})
	t.Run("a place that cannot be read is unknown", func(t *testing.T) {
		place := fact.Backup{Name: "database", OffSite: true}
		require.Equal(t, checktest.Unavailable(), judged(t, kind, p, checktest.Lacking(fact.Backups(), place)))
	})
}

func TestAge(t *testing.T) {
	weekly := func(b *fact.Backup) { b.Schedule, b.LongestGap = 7*day, 7*day }
	gap := func(length time.Duration) func(*fact.Backup) {
		return func(b *fact.Backup) { b.LongestGap = length }
	}
	kind := backup.Age()
	verdicts(t, kind, kind.Defaults, []verdict{
		{"daily backups pass", kept(), nil},
		{"a backup exactly at the limit is still fresh", kept(aged(26 * time.Hour)), nil},
		{
			"a backup beyond the limit is too old", kept(aged(26*time.Hour + time.Second)),
			one("too_old", check.Fail, "The newest backup is 1 d 2 h old, of 2026-11-21 09:59 UTC (limit 1 d 2 h)."),
		},
		{"a declared schedule is the limit, with its slack", kept(weekly, aged(7*day+14*time.Hour)), nil},
		{
			"beyond a declared schedule it is too old", kept(weekly, aged(7*day+14*time.Hour+time.Minute)),
			one("too_old", check.Fail, "The newest backup is 7 d 14 h old, of 2026-11-14 21:59 UTC (limit 7 d 14 h)."),
		},
		{"a gap at the limit is none", kept(gap(26 * time.Hour)), nil},
		{
			"a gap beyond the limit warns", kept(gap(49 * time.Hour)),
			one("gap", check.Warn, "No backup was made for 2 d 1 h until 2026-11-21 12:00 UTC (limit 1 d 2 h)."),
		},
		{
			"a gap and a backup that is too old are two problems", kept(gap(49*time.Hour), aged(3*day)),
			slices.Concat(
				one("too_old", check.Fail, "The newest backup is 3 d old, of 2026-11-19 12:00 UTC (limit 1 d 2 h)."),
				one("gap", check.Warn, "No backup was made for 2 d 1 h until 2026-11-21 12:00 UTC (limit 1 d 2 h)."),
			),
		},
		{"an empty place fails", kept(nothing), one("no_backup", check.Fail, "No backup is kept there.")},
		{"a clock that is a little ahead is forgiven", kept(aged(-5 * time.Minute)), nil},
		{
			"a backup of the future fails", kept(aged(-6 * time.Minute)),
			one("in_future", check.Fail, "The newest backup is dated 2026-11-22 12:06 UTC, 6 min in the future."),
		},
	})
}

func TestRetention(t *testing.T) {
	declared := func(b *fact.Backup) { b.Retention = 7 * day }
	weekly := func(b *fact.Backup) { b.Schedule = 7 * day }
	since := func(age time.Duration) func(*fact.Backup) {
		return func(b *fact.Backup) { b.Since = now.Add(-age) }
	}
	kind := backup.Retention()
	verdicts(t, kind, kind.Defaults, []verdict{
		{"a month of backups passes", kept(), nil},
		{"an oldest one that is one interval short of it is next to the one just removed", kept(reaching(30*day - 26*time.Hour)), nil},
		{
			"an oldest one that is shorter fails, since it cannot be told from early removal", kept(reaching(28 * day)),
			one("too_short", check.Fail, "The oldest backup is 28 d old, of 2026-10-25 12:00 UTC; backups must reach back 30 d."),
		},
		{"the interval is that of a declared schedule", kept(weekly, reaching(23*day)), nil},
		{"a declared retention is the limit", kept(declared, reaching(7*day)), nil},
		{
			"short of a declared retention fails", kept(declared, reaching(5*day)),
			one("too_short", check.Fail, "The oldest backup is 5 d old, of 2026-11-17 12:00 UTC; backups must reach back 7 d."),
		},
		{"as old as the system is declared to be is enough", kept(since(9*day), reaching(8*day)), nil},
		{
			"younger than the system is declared to be fails", kept(since(9*day), reaching(7*day)),
			one("too_short", check.Fail, "The oldest backup is 7 d old, of 2026-11-15 12:00 UTC; backups must reach back 9 d."),
		},
		{
			"a first backup in the future excuses nothing", kept(since(-day), reaching(7*day)),
			one("too_short", check.Fail, "The oldest backup is 7 d old, of 2026-11-15 12:00 UTC; backups must reach back 30 d."),
		},
		{"twice as long as the retention is no more than kept", kept(reaching(60 * day)), nil},
		{
			"longer than that warns that nothing is removed", kept(reaching(61 * day)),
			one("kept_long", check.Warn, "The oldest backup is 61 d old, of 2026-09-22 12:00 UTC; backups are to be kept for 30 d."),
		},
		{"an empty place fails", kept(nothing), one("no_backup", check.Fail, "No backup is kept there.")},
	})
	t.Run("with a ratio of 0 backups may be of any age", func(t *testing.T) {
		p := kind.Defaults
		p.MaximumRatio = 0
		require.Empty(t, judged(t, kind, p, backups(kept(reaching(900*day)))))
	})
}

func TestOffSite(t *testing.T) {
	kind := backup.OffSite()
	verdicts(t, kind, kind.Defaults, []verdict{
		{"an off-site copy at the limit passes", kept(offSite, aged(48*time.Hour)), nil},
		{
			"an off-site copy beyond the limit fails", kept(offSite, aged(49*time.Hour)),
			one("too_old", check.Fail, "The newest backup is 2 d 1 h old, of 2026-11-20 11:00 UTC (limit 2 d)."),
		},
		{"no off-site place fails", kept(), one("none_off_site", check.Fail, "No place of backups is declared to be off-site.")},
		{"an empty off-site place fails", kept(offSite, nothing), one("no_backup", check.Fail, "No backup is kept there.")},
		{
			"an off-site copy of the future fails", kept(offSite, aged(-day)),
			one("in_future", check.Fail, "The newest backup is dated 2026-11-23 12:00 UTC, 1 d in the future."),
		},
	})
	local, away := fact.Backup{Name: "disk"}, fact.Backup{Name: "bucket", OffSite: true}
	stale := one("too_old", check.Fail, "The newest backup is 9 d old, of 2026-11-13 12:00 UTC (limit 2 d).")
	for _, c := range []struct {
		name string
		set  fact.AnySet
		want []finding
	}{
		{
			"one fresh off-site copy is enough, whatever the other places hold or cannot tell",
			checktest.Lacking(fact.Backups(), away, kept(), kept(offSite, aged(9*day)), kept(offSite)), nil,
		},
		{
			"the fresh copy may lie in an off-site place that cannot be read",
			checktest.Lacking(fact.Backups(), away, kept(), kept(offSite, aged(9*day))), checktest.Unavailable(),
		},
		{
			"a place that cannot be read and of which nothing is known may be off-site",
			checktest.Lacking(fact.Backups(), fact.Backup{}, kept(offSite, aged(9*day))), checktest.Unavailable(),
		},
		{
			"a stale off-site copy is a failure though a local place cannot be read",
			checktest.Lacking(fact.Backups(), local, kept(offSite, aged(9*day))), stale,
		},
		{
			"without an off-site place it fails though a local one cannot be read",
			checktest.Lacking(fact.Backups(), local), one("none_off_site", check.Fail, "No place of backups is declared to be off-site."),
		},
		{
			"each off-site place says why it is not enough",
			backups(kept(offSite, nothing), kept(offSite, aged(9*day))),
			slices.Concat(one("no_backup", check.Fail, "No backup is kept there."), stale),
		},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judged(t, kind, kind.Defaults, c.set)) })
	}
}

func TestSize(t *testing.T) {
	unsized := func(b *fact.Backup) { b.NewestBytes = nil }
	after := func(earlier int) func(*fact.Backup) {
		return func(b *fact.Backup) { b.EarlierSizes = earlier }
	}
	kind := backup.Size()
	verdicts(t, kind, kind.Defaults, []verdict{
		{"one as large as the others passes", kept(), nil},
		{"one of half the size still passes", kept(sized(500)), nil},
		{
			"one of less than half fails", kept(sized(499)),
			one("too_small", check.Fail, "The newest backup, of 2026-11-22 02:00 UTC, has 499 B; the median of 29 earlier ones is 1.0 kB."),
		},
		{"an empty one fails", kept(sized(0)), one("empty", check.Fail, "The newest backup, of 2026-11-22 02:00 UTC, has 0 B.")},
		{"an empty one fails even as the first", kept(sized(0), after(0)), one("empty", check.Fail, "The newest backup, of 2026-11-22 02:00 UTC, has 0 B.")},
		{
			// https://github.com/databacker/mysql-backup/issues/47
			"what gzip makes of nothing is empty, also where all are", kept(sized(20), func(b *fact.Backup) { b.MedianBytes, b.NewestName = 20, "shop.sql.GZ" }),
			one("empty", check.Fail, "The newest backup, of 2026-11-22 02:00 UTC, has 20 B, as a compressed file of nothing has."),
		},
		{"a small one that is not compressed may be all there is", kept(sized(20), func(b *fact.Backup) { b.MedianBytes = 20 }), nil},
		{"the size of restic's is that of data", kept(sized(20), func(b *fact.Backup) { b.MedianBytes, b.Place = 20, "restic" }), nil},
		{"three earlier ones are enough to compare with", kept(after(3)), nil},
		{"two earlier ones are too few", kept(after(2)), one("too_few", check.Warn, "Only 2 of the 3 earlier backups that it takes to compare have a known size.")},
		{
			"a size that is not known is not judged", kept(unsized),
			one("size_unknown", check.Unknown, "The place does not report the size of the newest backup, of 2026-11-22 02:00 UTC."),
		},
		{"an empty place fails", kept(nothing), one("no_backup", check.Fail, "No backup is kept there.")},
	})
}

func TestPoint(t *testing.T) {
	objective := func(b *fact.Backup) { b.RecoveryPoint = day }
	kind := backup.Point()
	verdicts(t, kind, kind.Defaults, []verdict{
		{"a newest one as old as the objective passes", kept(objective, aged(day)), nil},
		{
			"an older one fails", kept(objective, aged(day+time.Hour)),
			one("too_old", check.Fail, "The newest backup is 1 d 1 h old, of 2026-11-21 11:00 UTC; the objective allows to lose 1 d."),
		},
		{
			"without an objective it is undeclared", kept(),
			one("no_objective", check.Undeclared, "Neither the system nor the backup declares a recovery point objective."),
		},
		{"an empty place fails", kept(objective, nothing), one("no_backup", check.Fail, "No backup is kept there.")},
		{
			"a backup of the future fails", kept(objective, aged(-day)),
			one("in_future", check.Fail, "The newest backup is dated 2026-11-23 12:00 UTC, 1 d in the future."),
		},
	})
}

func TestParameters_Validate(t *testing.T) {
	type validator interface{ Validate() error }
	hour := quantity.Duration(time.Hour)
	for _, defaults := range []validator{
		backup.Age().Defaults, backup.Retention().Defaults, backup.OffSite().Defaults,
		backup.RetentionParameters{Minimum: hour},
	} {
		require.NoError(t, defaults.Validate())
	}
	for _, c := range []struct {
		parameters validator
		want       string
	}{
		{backup.AgeParameters{}, "maximum_age: expected more than 0"},
		{backup.OffSiteParameters{MaximumAge: -hour}, "maximum_age: expected more than 0"},
		{backup.RetentionParameters{}, "minimum: expected more than 0"},
		{backup.RetentionParameters{Minimum: hour, MaximumRatio: 1}, "maximum_ratio: expected more than 1, or 0 for any age"},
	} {
		require.EqualError(t, c.parameters.Validate(), c.want)
	}
}

func TestDatesThatDisagreeWarn(t *testing.T) {
	away := func(away time.Duration) fact.Backup {
		return kept(func(b *fact.Backup) {
			b.NewestName, b.DatedBy = "2026-11-22", fact.DatedByName
			b.OtherDate = fact.BackupOtherDate{By: fact.DatedByContent, Away: away}
		})
	}
	verdicts(t, backup.Age(), backup.Age().Defaults, []verdict{
		{"as far apart as two backups", away(26 * time.Hour), nil},
		{
			"farther than two backups", away(9 * day),
			one("dates_disagree", check.Warn,
				"The newest backup, 2026-11-22, is of 2026-11-22 02:00 UTC by its name, and its content is 9 d away from that (limit 1 d 2 h)."),
		},
	})
}

// A scheme assures less than the age of the oldest that it keeps: the first days of a month count as one.
func TestASchemeOfRetentionReachesAsFarBackAsItAssures(t *testing.T) {
	scheme := func(oldest time.Duration) fact.Backup {
		return kept(reaching(oldest), func(b *fact.Backup) { b.Retention, b.RetentionAssured = 93*day, 28*day })
	}
	verdicts(t, backup.Retention(), backup.Retention().Defaults, []verdict{
		{"as far as it assures", scheme(28 * day), nil},
		{"as far as it can", scheme(93 * day), nil},
		{
			"less than it assures", scheme(26 * day),
			one("too_short", check.Fail, "The oldest backup is 26 d old, of 2026-10-27 12:00 UTC; backups must reach back 28 d."),
		},
	})
}

// What was listed only in part never passes, and what fails of it still fails.
func TestAPlaceThatWasListedInPart(t *testing.T) {
	place := fact.Backup{Name: "database", Place: "restic"}
	lacking := func(f fact.Backup) fact.AnySet { return checktest.Lacking(fact.Backups(), place, f) }
	for _, kind := range []check.Any{backup.Age(), backup.Retention(), backup.Size()} {
		result := checktest.Case{Kind: kind, Now: now, Sets: []fact.AnySet{lacking(kept())}}.Result(t)
		require.Equal(t, check.Unknown, result.Status)
	}
	result := checktest.Case{Kind: backup.Age(), Now: now, Sets: []fact.AnySet{lacking(kept(aged(9 * day)))}}.Result(t)
	require.Equal(t, check.Fail, result.Status)
}

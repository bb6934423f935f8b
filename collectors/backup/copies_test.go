package backup

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

var now = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

// ages makes copies of these ages in hours; their sizes are 1, 2, 3, … in the order given.
func ages(t *testing.T, hours ...int) *copies {
	t.Helper()
	kept := &copies{}
	for i, age := range hours {
		require.NoError(t, kept.add(fmt.Sprint("age ", age), now.Add(-time.Duration(age)*time.Hour), int64(i+1)))
	}
	return kept
}

func TestTarget_fact(t *testing.T) {
	size := func(bytes int64) *int64 { return &bytes }
	hours := func(n int) time.Time { return now.Add(-time.Duration(n) * time.Hour) }
	target := func(retention time.Duration) Target {
		return Target{
			Backup: system.Backup{
				Name: "database", Directory: &system.Directory{}, OffSite: true, Since: now,
				Schedule: quantity.Duration(time.Hour), Retention: system.Retention{Within: quantity.Duration(retention)},
			},
			RecoveryPoint: time.Minute,
		}
	}
	declared := func(edit func(*fact.Backup)) fact.Backup {
		backup := fact.Backup{
			Name: "database", Place: "directory", OffSite: true, Since: now, Schedule: time.Hour, RecoveryPoint: time.Minute,
		}
		edit(&backup)
		return backup
	}
	for _, c := range []struct {
		name   string
		target Target
		kept   *copies
		want   fact.Backup
	}{
		{"an empty place is a fact", target(0), &copies{}, declared(func(*fact.Backup) {})},
		{
			"one copy has no gap and nothing to compare with", target(0), ages(t, 5),
			declared(func(b *fact.Backup) {
				b.Copies, b.Newest, b.NewestName, b.Oldest = 1, hours(5), "age 5", hours(5)
				b.NewestBytes, b.TotalBytes = size(1), size(1)
			}),
		},
		{
			"copies count in whatever order they are listed", target(0), ages(t, 50, 2, 26, 74),
			declared(func(b *fact.Backup) {
				b.Copies, b.Newest, b.NewestName, b.Oldest = 4, hours(2), "age 2", hours(74)
				b.NewestBytes, b.TotalBytes, b.EarlierSizes, b.MedianBytes = size(2), size(10), 3, 3
				b.LongestGap, b.LongestGapEnd = 24*time.Hour, hours(50)
			}),
		},
		{
			"a gap that ended before the retention no longer counts", target(48 * time.Hour), ages(t, 200, 48, 24, 2),
			declared(func(b *fact.Backup) {
				b.Retention, b.RetentionAssured = 48*time.Hour, 48*time.Hour
				b.Copies, b.Newest, b.NewestName, b.Oldest = 4, hours(2), "age 2", hours(200)
				b.NewestBytes, b.TotalBytes, b.EarlierSizes, b.MedianBytes = size(4), size(10), 3, 2
				b.LongestGap, b.LongestGapEnd = 24*time.Hour, hours(24)
			}),
		},
		{
			"without a retention the gaps of 30 days count", target(0), ages(t, 2000, 721, 719),
			declared(func(b *fact.Backup) {
				b.Copies, b.Newest, b.NewestName, b.Oldest = 3, hours(719), "age 719", hours(2000)
				b.NewestBytes, b.TotalBytes, b.EarlierSizes, b.MedianBytes = size(3), size(6), 2, 1
				b.LongestGap, b.LongestGapEnd = 2*time.Hour, hours(719)
			}),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, c.target.fact("", c.kept, now))
		})
	}
}

func TestTarget_fact_unknownSizes(t *testing.T) {
	target := Target{Backup: system.Backup{Directory: &system.Directory{}}}
	kept := &copies{}
	for i, bytes := range []int64{10, -5, 30, 7} {
		require.NoError(t, kept.add("", now.Add(time.Duration(i)*time.Hour), bytes))
	}
	backup := target.fact("", kept, now)
	require.Equal(t, int64(7), *backup.NewestBytes)
	require.Nil(t, backup.TotalBytes, "a total without all its parts is none")
	require.Equal(t, 2, backup.EarlierSizes)
	require.Equal(t, int64(20), backup.MedianBytes)

	require.NoError(t, kept.add("", now.Add(24*time.Hour), unknownSize))
	backup = target.fact("", kept, now)
	require.Nil(t, backup.NewestBytes)
	require.Equal(t, 3, backup.EarlierSizes)
	require.Equal(t, int64(10), backup.MedianBytes)
}

func TestTarget_fact_isIndependentOfTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type copied struct {
			name  string
			at    int64
			bytes int64
		}
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) copied {
			return copied{
				name: rapid.StringMatching(`[a-c]{2}`).Draw(t, "name"),
				at:   rapid.Int64Range(0, 8).Draw(t, "at"), bytes: rapid.Int64Range(unknownSize, 5).Draw(t, "bytes"),
			}
		}), 1, 12).Draw(t, "copies")
		// Two copies of the same name and time cannot be told apart, so that there is none.
		slices.SortFunc(all, func(a, b copied) int { return strings.Compare(fmt.Sprint(a.name, a.at), fmt.Sprint(b.name, b.at)) })
		all = slices.CompactFunc(all, func(a, b copied) bool { return a.name == b.name && a.at == b.at })
		summed := func(order []copied) fact.Backup {
			kept := &copies{}
			for _, one := range order {
				require.NoError(t, kept.add(one.name, time.Unix(one.at, 0), one.bytes))
			}
			return Target{Backup: system.Backup{Directory: &system.Directory{}}}.fact("", kept, time.Unix(9, 0))
		}
		want := summed(all)
		require.Equal(t, want, summed(rapid.Permutation(all).Draw(t, "order")))
		require.False(t, want.Oldest.After(want.Newest))
		require.LessOrEqual(t, want.LongestGap, want.Newest.Sub(want.Oldest))
	})
}

func TestCopies_bound(t *testing.T) {
	kept := &copies{all: make([]copied, maximumCopies-1)}
	require.NoError(t, kept.add("last", now, 1))
	err := kept.add("beyond", now, 1)
	require.EqualError(t, err, "more than 100000 backups: each file or object counts as one; narrow them by pattern or prefix")
	require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(err))
}

func TestCounts(t *testing.T) {
	for _, c := range []struct {
		name, pattern string
		want          bool
	}{
		{"db.dump", "", true},
		{"db.dump", "*.dump", true},
		{"db.sql", "*.dump", false},
		{".db.dump.Xy12", "", false},
		{"db.dump.TMP", "", false},
		{"db.dump.part", "*", false},
		{"db.dump.filepart", "", false},
		{"db.dump.in-progress", "", false},
		{"db.sql.gz.in_progress", "", false},
		{"db.dump.sha256", "", false},
		{"SHA256SUMS", "", false},
		{"checksums.txt", "", false},
		{"backup.log", "", false},
		{"transactions.log", "*.log", true},
		{"db.dump.gpg", "", true},
		{"db.dump~", "", false},
		{"lost+found", "", false},
		{"partial", "", true},
	} {
		require.Equal(t, c.want, counts(c.name, c.pattern), "%q by %q", c.name, c.pattern)
	}
}

func TestSnapshot_group(t *testing.T) {
	one := snapshot{Hostname: "db1", Paths: []string{"/srv", "/etc"}}
	require.Equal(t, "db1:/etc,/srv", one.group(nil))
	require.Equal(t, "db1:/etc,/srv", one.group([]string{"paths", "host"}))
	require.Equal(t, "db1", one.group([]string{"host"}))
	require.Equal(t, "/etc,/srv", one.group([]string{"paths"}))

	long := snapshot{Hostname: "db1", Paths: []string{"/" + strings.Repeat("é", 200)}}
	other := snapshot{Hostname: "db1", Paths: []string{long.Paths[0] + "x"}}
	require.LessOrEqual(t, len(long.group(nil)), 212)
	require.NotEqual(t, long.group(nil), other.group(nil), "what is cut off still tells groups apart")
}

func TestGroup_bound(t *testing.T) {
	snapshots := make([]snapshot, maximumGroups+1)
	for i := range snapshots {
		snapshots[i] = snapshot{Time: now, Hostname: fmt.Sprint("pod-", i)}
	}
	groups, err := group(snapshots[:maximumGroups], nil)
	require.NoError(t, err)
	require.Len(t, groups, maximumGroups)
	_, err = group(snapshots, nil)
	require.EqualError(t, err, "more than 100 groups of restic snapshots: narrow them by host, tags or group_by")
	require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(err))
}

// days makes copies of these ages in days.
func days(t *testing.T, all ...int) *copies {
	t.Helper()
	kept := &copies{}
	for _, age := range all {
		require.NoError(t, kept.add(fmt.Sprint("age ", age), now.AddDate(0, 0, -age), 1))
	}
	return kept
}

func TestWhatASchemeOfRetentionRemovedIsNoGap(t *testing.T) {
	scheme := system.Retention{Daily: 7, Weekly: 4, Monthly: 3}
	for name, test := range map[string]struct {
		retention system.Retention
		ages      []int
		gap       int // days
	}{
		"seven days, four weeks, three months, as declared":   {scheme, []int{0, 1, 2, 3, 4, 5, 6, 13, 20, 27, 58, 89}, 0},
		"the same where nothing is declared":                  {system.Retention{}, []int{0, 1, 2, 3, 4, 5, 6, 13, 20, 27, 58, 89}, 1},
		"the weekly ones on another day of the week":          {system.Retention{}, []int{0, 1, 2, 3, 4, 5, 6, 9, 16, 23, 30}, 1},
		"a day that is missing among the daily ones":          {scheme, []int{0, 1, 2, 5, 6, 13, 20, 27, 58, 89}, 3},
		"the same where nothing is declared, and one missing": {system.Retention{}, []int{0, 1, 2, 5, 6, 13, 20, 27, 58}, 3},
		"a week that is missing among the weekly ones":        {scheme, []int{0, 1, 2, 3, 4, 5, 6, 20, 27, 58, 89}, 14},
		"ten days without any, and daily before":              {system.Retention{}, []int{0, 1, 2, 12, 13, 14, 15}, 10},
		"ten days without any, and one before":                {system.Retention{}, []int{0, 1, 2, 12}, 10},
		"weekly ones":                                         {system.Retention{}, []int{0, 7, 14, 21}, 7},
	} {
		t.Run(name, func(t *testing.T) {
			target := Target{Backup: system.Backup{Directory: &system.Directory{}, Retention: test.retention}}
			require.Equal(t, time.Duration(test.gap)*24*time.Hour, target.fact("", days(t, test.ages...), now).LongestGap)
		})
	}
}

func TestWhatAToolSaysBesideItsListIsReported(t *testing.T) {
	require.Empty(t, withoutNoise("Warning: Permanently added 'backup' (ED25519) to the list of known hosts.\n"+
		"Load(<snapshot/a>, 0, 0) returned error, retrying after 1.2s: EOF\noperation successful after 1 retries\n"+
		"subprocess ssh: Authorized users only. All activity is monitored.\nsubprocess ssh: ************\n"))
	require.Equal(t, "could not load snapshot a0297b8c: invalid data returned",
		withoutNoise("repository 1234 opened (version 2)\ncould not load snapshot a0297b8c: invalid data returned\n"))
}

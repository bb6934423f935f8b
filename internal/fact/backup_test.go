package fact_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestBackup_Due(t *testing.T) {
	for _, c := range []struct {
		name           string
		schedule, want time.Duration
	}{
		{"without a schedule it is what is said otherwise", 0, 7 * time.Hour},
		{"a daily one has two hours of slack", 24 * time.Hour, 26 * time.Hour},
		{"a weekly one has fourteen", 168 * time.Hour, 182 * time.Hour},
		{"an hourly one has a quarter of an hour", time.Hour, 75 * time.Minute},
		{"one every ten minutes has as much", 10 * time.Minute, 25 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, (&fact.Backup{Schedule: c.schedule}).Due(7*time.Hour))
		})
	}
}

func TestBackups_samples(t *testing.T) {
	newest, oldest := time.Unix(1_700_000_000, 0), time.Unix(1_600_000_000, 0)
	bytes, total := int64(12), int64(345)
	for _, c := range []struct {
		name   string
		backup fact.Backup
		labels []string
		want   map[string]float64
	}{
		{
			"what is known is exported",
			fact.Backup{
				Name: "database", Place: "restic", Group: "db1:/data", OffSite: true,
				Schedule: 24 * time.Hour, RecoveryPoint: 48 * time.Hour,
				Copies: 4, Newest: newest, NewestBytes: &bytes, Oldest: oldest, TotalBytes: &total, EarlierSizes: 3, MedianBytes: 13,
				LongestGap: time.Minute, LongestGapEnd: newest,
			},
			[]string{"database", "restic", "db1:/data"},
			map[string]float64{
				"backup_last_success_timestamp_seconds": 1.7e9, "backup_oldest_timestamp_seconds": 1.6e9,
				"backup_copies": 4, "backup_last_size_bytes": 12, "backup_kept_bytes": 345, "backup_usual_size_bytes": 13,
				"backup_longest_gap_seconds": 60, "backup_objective_seconds": 26 * 3600, "backup_off_site": 1,
			},
		},
		{
			"what is not known is left out, and no backup at all is zero copies",
			fact.Backup{Name: "database", Place: "s3"},
			[]string{"database", "s3", ""},
			map[string]float64{"backup_copies": 0, "backup_off_site": 0},
		},
		{
			"a recovery point objective that is less than the schedule is the objective",
			fact.Backup{Name: "database", Place: "s3", Schedule: 24 * time.Hour, RecoveryPoint: time.Hour, EarlierSizes: 2},
			[]string{"database", "s3", ""},
			map[string]float64{"backup_copies": 0, "backup_off_site": 0, "backup_objective_seconds": 3600},
		},
		{
			"a recovery point objective without a schedule is the objective",
			fact.Backup{Name: "database", Place: "s3", RecoveryPoint: time.Hour},
			[]string{"database", "s3", ""},
			map[string]float64{"backup_copies": 0, "backup_off_site": 0, "backup_objective_seconds": 3600},
		},
		{
			"without a recovery point objective the schedule is the objective",
			fact.Backup{Name: "database", Place: "s3", Schedule: 24 * time.Hour},
			[]string{"database", "s3", ""},
			map[string]float64{"backup_copies": 0, "backup_off_site": 0, "backup_objective_seconds": 26 * 3600},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind := fact.Backups()
			families := kind.Families()
			got := make(map[string]float64)
			kind.Samples(&c.backup, func(family int, values []string, value float64) {
				require.Equal(t, c.labels, values)
				got[families[family].Name] = value
			})
			require.Equal(t, c.want, got)
		})
	}
	require.Equal(t, "database", fact.Backups().Subject(&fact.Backup{Name: "database"}))
	require.Equal(t, "database db1:/data", fact.Backups().Subject(&fact.Backup{Name: "database", Group: "db1:/data"}))
}

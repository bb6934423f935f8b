package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/collectors/backup"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

func TestMain(m *testing.M) { goleak.VerifyTestMain(world.Around(m, &servers)) }

// canary is part of every secret of these tests, and may be in nothing that a run gives.
const canary = "canary"

// began is when the tests did, to the second.
var began = time.Now().Truncate(time.Second).UTC()

// hour is a whole number of hours before the tests began.
func hour(ago int) time.Time { return began.Add(-time.Duration(ago) * time.Hour) }

// collect collects from one place as the engine does, with restic as the program.
func collect(ctx context.Context, t *testing.T, restic string, place system.Backup) ([]fact.Backup, error) {
	t.Helper()
	place.Name = "database"
	collector := backup.New(backup.Options{Restic: restic})
	targets := collector.Targets(&system.System{Backups: []system.Backup{place}})
	require.Len(t, targets, 1)
	require.Equal(t, "database", collector.Target(targets[0]))
	sets, err := collector.Collect(ctx, targets[0], nil)
	if err != nil {
		require.Empty(t, sets)
		require.NotContains(t, err.Error(), canary)
		return nil, err
	}
	require.Len(t, sets, 1)
	require.Empty(t, sets[0].Gaps())
	facts := factsOf(sets[0])
	for _, f := range facts {
		require.NotContains(t, f.NewestName, canary)
	}
	return facts, nil
}

func factsOf(set fact.AnySet) (facts []fact.Backup) {
	for i := range set.Len() {
		facts = append(facts, *set.At(i).(*fact.Backup))
	}
	return facts
}

// failure is the reason why nothing can be collected from a place.
func failure(t *testing.T, restic string, place system.Backup) (reason fact.Reason, detail string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := collect(ctx, t, restic, place)
	require.Error(t, err)
	return fact.ReasonOf(err), err.Error()
}

// requireTimeout wants a run to end when its time does, and not much later even on a busy machine.
func requireTimeout(t *testing.T, restic string, place system.Backup) {
	t.Helper()
	const limit = 300 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	start := time.Now()
	_, err := collect(ctx, t, restic, place)
	require.Less(t, time.Since(start), 20*limit)
	require.Error(t, err)
	require.Equal(t, fact.ReasonTimeout, fact.ReasonOf(err), err.Error())
}

// file writes a secret, or something else, to a file.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func bytes(n int64) *int64 { return &n }

func TestNew_joinsTheDescription(t *testing.T) {
	collector := backup.New(backup.Options{})
	targets := collector.Targets(&system.System{
		Backups: []system.Backup{
			{Name: "local", Directory: &system.Directory{Path: t.TempDir()}},
			{
				Name: "away", Directory: &system.Directory{Path: t.TempDir()},
				Schedule: quantity.Duration(time.Hour), Retention: system.Retention{Within: quantity.Duration(2 * time.Hour)},
				RecoveryPoint: quantity.Duration(3 * time.Hour), OffSite: true, Since: hour(4),
			},
			{Name: "store", S3: &system.S3{Endpoint: "https://s3.example.com:9000"}},
		},
		Objectives: system.Objectives{RecoveryPoint: quantity.Duration(time.Minute)},
	})
	want := []fact.Backup{
		{Name: "local", Place: "directory", RecoveryPoint: time.Minute},
		{
			Name: "away", Place: "directory", RecoveryPoint: 3 * time.Hour, Schedule: time.Hour, Retention: 2 * time.Hour,
			RetentionAssured: 2 * time.Hour,
			OffSite:          true, Since: hour(4),
		},
	}
	var got []fact.Backup
	for i, target := range targets[:2] {
		known := collector.Known(target)
		require.Len(t, known, 1)
		require.True(t, known[0].Equal(fact.Backups().Missing(want[i])), "what is declared is known before anything is collected")
		sets, err := collector.Collect(t.Context(), target, nil)
		require.NoError(t, err)
		got = append(got, factsOf(sets[0])...)
	}
	require.Equal(t, want, got)
	require.Empty(t, collector.Server(targets[0]))
	require.Equal(t, "s3.example.com:9000", collector.Server(targets[2]))
}

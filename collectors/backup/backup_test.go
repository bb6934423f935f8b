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

// canary is part of every secret of these tests, and may be in nothing that a look gives.
const canary = "canary"

// began is when the tests did, to the second.
var began = time.Now().Truncate(time.Second).UTC()

// hour is a whole number of hours before the tests began.
func hour(ago int) time.Time { return began.Add(-time.Duration(ago) * time.Hour) }

// look looks at one place as the engine does, with restic as the program.
func look(ctx context.Context, t *testing.T, restic string, place system.Backup) (fact.Batch[fact.Backup], error) {
	t.Helper()
	place.Name = "database"
	collector := backup.New(backup.Options{Restic: restic})
	targets := collector.Targets(&system.System{Backups: []system.Backup{place}})
	require.Len(t, targets, 1)
	require.Equal(t, "database", collector.Target(targets[0]))
	batch, err := collector.Look(ctx, targets[0])
	if err != nil {
		require.Empty(t, batch)
		require.NotContains(t, err.Error(), canary)
	}
	for _, f := range batch.Facts {
		require.NotContains(t, f.NewestName, canary)
	}
	return batch, err
}

// missed is the reason why nothing can be seen of a place.
func missed(t *testing.T, restic string, place system.Backup) (reason fact.Reason, detail string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := look(ctx, t, restic, place)
	require.Error(t, err)
	return fact.ReasonOf(err), err.Error()
}

// requireTimeout wants looking at a place to end when its time does, and not much later even on a busy machine.
func requireTimeout(t *testing.T, restic string, place system.Backup) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := look(ctx, t, restic, place)
	require.Less(t, time.Since(start), 5*time.Second)
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
				Schedule: quantity.Duration(time.Hour), Retention: quantity.Duration(2 * time.Hour),
				RecoveryPoint: quantity.Duration(3 * time.Hour), OffSite: true, Since: hour(4),
			},
			{Name: "store", S3: &system.S3{Endpoint: "https://s3.example.com:9000"}},
		},
		Objectives: system.Objectives{RecoveryPoint: quantity.Duration(time.Minute)},
	})
	var got []fact.Backup
	for _, target := range targets[:2] {
		batch, err := collector.Look(t.Context(), target)
		require.NoError(t, err)
		got = append(got, batch.Facts...)
	}
	require.Equal(t, []fact.Backup{
		{Name: "local", Place: "directory", RecoveryPoint: time.Minute},
		{
			Name: "away", Place: "directory", RecoveryPoint: 3 * time.Hour, Schedule: time.Hour, Retention: 2 * time.Hour,
			OffSite: true, Since: hour(4),
		},
	}, got)
	require.Empty(t, collector.Server(targets[0]))
	require.Equal(t, "s3.example.com:9000", collector.Server(targets[2]))
}

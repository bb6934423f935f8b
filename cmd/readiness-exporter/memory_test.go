package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
)

func TestTheMemoryGivesBackWhatItWasGivenAfterARestart(t *testing.T) {
	at := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	path := t.TempDir()
	kept := func() (memory, *record.Directory) {
		store, err := record.OpenDirectory(path, record.Options{Ready: countsAsReady})
		require.NoError(t, err)
		return memory{store}, store
	}
	remembered, store := kept()
	var changed []assess.ChangedItem
	for i, status := range check.Statuses() {
		change := assess.Change{At: at.Add(time.Duration(i) * time.Hour), Status: status}
		changed = append(changed, assess.ChangedItem{Check: "tls.renewal", Change: change})
	}
	remembered.Append("shop/production", changed)
	remembered.Append("blog/production", changed[:1])
	store.Append(record.Change{System: "shop/production", Check: "tls.renewal", Status: "of a later version", At: at})
	want := assess.History(nil).With(changed)
	require.Equal(t, want, remembered.History("shop/production"))
	require.NoError(t, store.Close())

	remembered, store = kept()
	require.Equal(t, want, remembered.History("shop/production"))
	require.Empty(t, remembered.History("other/production"))
	require.NoError(t, store.Close())
}

func TestReadyIsInRecordsWhatItIsElsewhere(t *testing.T) {
	for _, status := range check.Statuses() {
		require.Equal(t, status.Ready(), countsAsReady(status.String()), status)
	}
	require.False(t, countsAsReady("of a later version"))
}

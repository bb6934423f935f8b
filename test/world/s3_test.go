package world_test

import (
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestS3KeepsTheTimeAnObjectIsGiven(t *testing.T) {
	store := servers.S3(t)
	bucket := store.Bucket(t)
	old := time.Date(2020, 2, 29, 12, 0, 0, 0, time.UTC)
	store.Put(t, bucket, "db/full.dump", []byte("rows"), old)
	store.Put(t, bucket, "db/new.dump", []byte("more rows"), time.Time{})

	modified := map[string]time.Time{}
	for object := range store.Client.ListObjectsIter(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		require.NoError(t, object.Err)
		modified[object.Key] = object.LastModified
	}
	require.Len(t, modified, 2)
	require.Equal(t, old, modified["db/full.dump"].UTC())
	require.WithinDuration(t, time.Now(), modified["db/new.dump"], time.Minute)

	object, err := store.Client.GetObject(t.Context(), bucket, "db/full.dump", minio.GetObjectOptions{})
	require.NoError(t, err)
	defer func() { _ = object.Close() }()
	content, err := io.ReadAll(object)
	require.NoError(t, err)
	require.Equal(t, "rows", string(content))
}

func TestS3KeepsItsObjectsWhenItIsKilled(t *testing.T) {
	store := servers.S3(t)
	bucket := store.Bucket(t)
	store.Put(t, bucket, "kept", []byte("rows"), time.Time{})

	store.Kill(t)
	_, err := store.Client.StatObject(t.Context(), bucket, "kept", minio.StatObjectOptions{})
	require.ErrorContains(t, err, "connection refused")

	store.Restart(t)
	_, err = store.Client.StatObject(t.Context(), bucket, "kept", minio.StatObjectOptions{})
	require.NoError(t, err)
}

func TestAPausedS3AnswersNobodyUntilItIsResumed(t *testing.T) {
	store := servers.S3(t)
	bucket := store.Bucket(t)
	store.Pause(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := store.Client.BucketExists(ctx, bucket)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	store.Resume(t)
	exists, err := store.Client.BucketExists(t.Context(), bucket)
	require.NoError(t, err)
	require.True(t, exists)
}

func TestResticHasBackupsOfTheTimeTheyAreGiven(t *testing.T) {
	restic := servers.Restic(t)
	store := servers.S3(t)
	old := time.Date(2024, 12, 31, 23, 30, 0, 0, time.UTC)
	for name, repository := range map[string]*world.Repository{
		"in a folder": restic.Local(t),
		"in a bucket": restic.S3(t, store, store.Bucket(t), "backups"),
	} {
		t.Run(name, func(t *testing.T) {
			id := repository.Snapshot(t, world.Snapshot{Time: old, Host: "db-1", Tags: []string{"nightly"}})
			var listed []struct {
				ID       string
				Time     time.Time
				Hostname string
				Tags     []string
			}
			require.NoError(t, json.Unmarshal(repository.Run(t, "snapshots", "--json"), &listed))
			require.Len(t, listed, 1)
			require.Contains(t, listed[0].ID, id)
			require.Equal(t, old, listed[0].Time.UTC())
			require.Equal(t, "db-1", listed[0].Hostname)
			require.Equal(t, []string{"nightly"}, listed[0].Tags)
		})
	}
}

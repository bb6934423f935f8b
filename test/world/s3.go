package world

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3 is an object store that the tests of the package share, each with a bucket of its own.
type S3 struct {
	*Process
	Endpoint  string // host:port, plain HTTP
	AccessKey string
	SecretKey string
	Region    string
	Client    *minio.Client

	buckets string // the folder with a folder for each bucket
}

// S3 gives the object store, which the first call starts.
func (w *World) S3(tb testing.TB) *S3 {
	tb.Helper()
	s, err := w.s3()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func (w *World) startS3(ctx context.Context) (*S3, error) {
	binary, err := built("versitygw", targetS3)
	if err != nil {
		return nil, err
	}
	dir, err := w.dir.sub("s3")
	if err != nil {
		return nil, err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	s := &S3{
		Endpoint: address, AccessKey: rand.Text(), SecretKey: rand.Text(), Region: "eu-central-1",
		buckets: filepath.Join(dir, "buckets"),
	}
	// Beside the objects, as not every file system has the extended attributes that would be used otherwise.
	metadata := filepath.Join(dir, "metadata")
	for _, folder := range []string{s.buckets, metadata} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			return nil, fmt.Errorf("make a folder for the S3 store: %w", err)
		}
	}
	s.Client, err = minio.New(address, &minio.Options{
		Creds: credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""), Region: s.Region,
		MaxRetries: 1, // A test that breaks the store wants to see it broken.
	})
	if err != nil {
		return nil, fmt.Errorf("make a client of the S3 store: %w", err)
	}
	s.Process = &Process{
		name: "versitygw", logFile: filepath.Join(dir, "log"), quit: syscall.SIGTERM,
		ready: answers("http://" + address + "/health"),
		command: func() *exec.Cmd {
			cmd := exec.CommandContext(w.ctx, binary, "--port", address, "--region", s.Region, "--health", "/health", "--quiet",
				"posix", "--sidecar", metadata, s.buckets)
			// Not among the arguments, where every user of the machine could read it.
			cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY_ID="+s.AccessKey, "ROOT_SECRET_ACCESS_KEY="+s.SecretKey)
			return cmd
		},
	}
	return s, w.start(ctx, s.Process)
}

// Bucket makes an empty bucket for a test, and gives its name.
func (s *S3) Bucket(tb testing.TB) string {
	tb.Helper()
	name := "b" + strings.ToLower(rand.Text())
	if err := s.Client.MakeBucket(tb.Context(), name, minio.MakeBucketOptions{Region: s.Region}); err != nil {
		tb.Fatalf("make S3 bucket %s: %v", name, err)
	}
	return name
}

// Put writes an object as if at the time modified, or now if that is zero.
func (s *S3) Put(tb testing.TB, bucket, key string, body []byte, modified time.Time) {
	tb.Helper()
	_, err := s.Client.PutObject(tb.Context(), bucket, key, bytes.NewReader(body), int64(len(body)), minio.PutObjectOptions{})
	if err != nil {
		tb.Fatalf("put S3 object %s/%s: %v", bucket, key, err)
	}
	if modified.IsZero() {
		return
	}
	if err := os.Chtimes(filepath.Join(s.buckets, bucket, filepath.FromSlash(key)), modified, modified); err != nil {
		tb.Fatalf("date S3 object %s/%s: %v", bucket, key, err)
	}
}

// answers is a readiness test by HTTP: url must answer 200.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return fatalError{err}
		}
		// No idle connection outlives the question: a test may look for what it left running.
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answered %s", url, response.Status)
		}
		return nil
	}
}

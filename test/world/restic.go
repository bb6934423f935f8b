package world

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Restic makes backup repositories.
type Restic struct {
	Path string // the program

	world *World
}

// A Repository is a restic repository, with what it takes to open it.
type Repository struct {
	Location     string // a folder, or s3:http://host:port/bucket/prefix
	PasswordFile string
	Env          []string // credentials of the store; the environment of the process is not in it

	restic *Restic
	cache  string
}

// A Snapshot is one backup to make; each empty field is chosen for you.
type Snapshot struct {
	Time  time.Time // to the second, as restic takes it
	Host  string
	Tags  []string
	Paths []string // files or folders that exist
}

// Restic finds the program.
func (w *World) Restic(tb testing.TB) *Restic {
	tb.Helper()
	path, err := installed("restic", "/usr/bin")
	if err != nil {
		tb.Fatal(err)
	}
	return &Restic{Path: path, world: w}
}

// Local makes an empty repository in a folder that is removed with the test.
func (r *Restic) Local(tb testing.TB) *Repository {
	tb.Helper()
	return r.init(tb, tb.TempDir())
}

// S3 makes an empty repository in a bucket; prefix may be empty.
func (r *Restic) S3(tb testing.TB, store *S3, bucket, prefix string) *Repository {
	tb.Helper()
	return r.init(tb, fmt.Sprintf("s3:http://%s/%s/%s", store.Endpoint, bucket, prefix),
		"AWS_ACCESS_KEY_ID="+store.AccessKey, "AWS_SECRET_ACCESS_KEY="+store.SecretKey, "AWS_DEFAULT_REGION="+store.Region)
}

func (r *Restic) init(tb testing.TB, location string, env ...string) *Repository {
	tb.Helper()
	repository := &Repository{
		Location: location, PasswordFile: filepath.Join(tb.TempDir(), "password"), Env: env,
		restic: r, cache: tb.TempDir(),
	}
	if err := os.WriteFile(repository.PasswordFile, []byte("correct horse battery staple\n"), 0o600); err != nil {
		tb.Fatalf("write the password of a restic repository: %v", err)
	}
	repository.Run(tb, "init")
	return repository
}

// Snapshot makes a backup, and gives its id.
func (r *Repository) Snapshot(tb testing.TB, s Snapshot) string {
	tb.Helper()
	args := []string{"backup", "--json"}
	if !s.Time.IsZero() {
		args = append(args, "--time", s.Time.UTC().Format(time.DateTime))
	}
	if s.Host != "" {
		args = append(args, "--host", s.Host)
	}
	for _, tag := range s.Tags {
		args = append(args, "--tag", tag)
	}
	if len(s.Paths) == 0 {
		path := filepath.Join(tb.TempDir(), "data")
		if err := os.WriteFile(path, []byte("worth keeping\n"), 0o600); err != nil {
			tb.Fatalf("write something to back up: %v", err)
		}
		s.Paths = []string{path}
	}
	lines := strings.Split(strings.TrimSpace(string(r.Run(tb, append(args, s.Paths...)...))), "\n")
	var summary struct {
		SnapshotID string `json:"snapshot_id"`
	}
	last := lines[len(lines)-1]
	if err := json.Unmarshal([]byte(last), &summary); err != nil || summary.SnapshotID == "" {
		tb.Fatalf("read the id of a new restic snapshot from %q: %v", last, err)
	}
	return summary.SnapshotID
}

// Run runs restic on the repository, and gives its output.
func (r *Repository) Run(tb testing.TB, args ...string) []byte {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), r.restic.Path, args...)
	cmd.Env = append(os.Environ(),
		"RESTIC_REPOSITORY="+r.Location, "RESTIC_PASSWORD_FILE="+r.PasswordFile, "RESTIC_CACHE_DIR="+r.cache,
		"TZ=UTC") // restic reads --time as local time.
	cmd.Env = append(cmd.Env, r.Env...)
	output, err := r.restic.world.run(cmd)
	if err != nil {
		tb.Fatal(err)
	}
	return output
}

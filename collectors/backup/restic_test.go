package backup_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/collectors/backup"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// described is the description of a repository in a folder.
func described(repository *world.Repository) *system.Restic {
	return &system.Restic{Repository: repository.Location, PasswordFile: repository.PasswordFile}
}

func TestRestic(t *testing.T) {
	restic := servers.Restic(t)
	repository := restic.Local(t)

	t.Run("an empty repository is a fact", func(t *testing.T) {
		facts, err := collect(t.Context(), t, restic.Path, system.Backup{Restic: described(repository)})
		require.NoError(t, err)
		require.Equal(t, []fact.Backup{{Name: "database", Place: "restic"}}, facts)
	})

	data := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(data, []byte("worth keeping"), 0o600))
	newest := ""
	for _, ago := range []int{72, 48, 24} {
		newest = repository.Snapshot(t, world.Snapshot{Time: hour(ago), Host: "db1", Tags: []string{"daily", "db"}, Paths: []string{data}})
	}
	retired := repository.Snapshot(t, world.Snapshot{Time: hour(500), Host: "db0", Paths: []string{data}})
	db0 := fact.Backup{
		Name: "database", Place: "restic", Group: "db0:" + data, Copies: 1, Newest: hour(500), NewestName: retired[:8], Oldest: hour(500), DatedBy: fact.DatedByTool,
	}
	db1 := fact.Backup{
		Name: "database", Place: "restic", Group: "db1:" + data, Copies: 3, Newest: hour(24), NewestName: newest[:8], Oldest: hour(72), DatedBy: fact.DatedByTool,
		LongestGap: 24 * time.Hour, LongestGapEnd: hour(48),
	}
	byPaths := db1
	byPaths.Group, byPaths.Copies, byPaths.Oldest = data, 4, hour(500)
	byPaths.LongestGap, byPaths.LongestGapEnd = 428*time.Hour, hour(72)
	for _, c := range []struct {
		name string
		edit func(t *testing.T, place *system.Restic)
		want []fact.Backup
	}{
		{"each host with its paths is a backup of its own", func(*testing.T, *system.Restic) {}, []fact.Backup{db0, db1}},
		{"a host narrows them", func(_ *testing.T, place *system.Restic) { place.Host = "db1" }, []fact.Backup{db1}},
		{
			"tags narrow them to those that have all of them",
			func(_ *testing.T, place *system.Restic) { place.Tags = []string{"daily", "db"} }, []fact.Backup{db1},
		},
		{
			"nothing that has the tags is a fact",
			func(_ *testing.T, place *system.Restic) { place.Tags = []string{"daily", "files"} },
			[]fact.Backup{{Name: "database", Place: "restic"}},
		},
		{
			"grouped by paths, it does not matter which host ran",
			func(_ *testing.T, place *system.Restic) { place.GroupBy = []string{"paths"} }, []fact.Backup{byPaths},
		},
		{
			"the repository can stand in a file",
			func(t *testing.T, place *system.Restic) {
				place.RepositoryFile, place.Repository = file(t, place.Repository), ""
				place.Host = "db1"
			},
			[]fact.Backup{db1},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			place := described(repository)
			c.edit(t, place)
			facts, err := collect(t.Context(), t, restic.Path, system.Backup{Restic: place})
			require.NoError(t, err)
			require.Equal(t, c.want, facts)
		})
	}
}

func TestRestic_inS3(t *testing.T) {
	restic, store := servers.Restic(t), servers.S3(t)
	name := store.Bucket(t)
	repository := restic.S3(t, store, name, "restic")
	repository.Snapshot(t, world.Snapshot{Time: hour(5), Host: "db1"})
	place := func(t *testing.T, location string) *system.Restic {
		t.Setenv("AWS_ACCESS_KEY_ID", store.AccessKey)
		return &system.Restic{
			Repository: location, PasswordFile: repository.PasswordFile, Environment: []string{"AWS_ACCESS_KEY_ID"},
			SecretFiles: []string{"AWS_SECRET_ACCESS_KEY=" + file(t, store.SecretKey), "AWS_DEFAULT_REGION=" + file(t, store.Region)},
		}
	}
	t.Run("its credentials come from the environment and from files", func(t *testing.T) {
		facts, err := collect(t.Context(), t, restic.Path, system.Backup{Restic: place(t, repository.Location)})
		require.NoError(t, err)
		require.Len(t, facts, 1)
		require.Equal(t, hour(5), facts[0].Newest)
	})
	t.Run("a wrong secret key is denied", func(t *testing.T) {
		wrong := place(t, repository.Location)
		wrong.SecretFiles[0] = "AWS_SECRET_ACCESS_KEY=" + file(t, canary)
		reason, detail := failure(t, restic.Path, system.Backup{Restic: wrong})
		t.Log(detail)
		require.Equal(t, fact.ReasonDenied, reason, detail)
	})
	t.Run("a bucket without a repository is not found", func(t *testing.T) {
		reason, detail := failure(t, restic.Path, system.Backup{
			Restic: place(t, strings.TrimSuffix(repository.Location, "restic")+"elsewhere"),
		})
		t.Log(detail)
		require.Equal(t, fact.ReasonNotFound, reason, detail)
	})
	t.Run("a variable that is not set is not found", func(t *testing.T) {
		lacking := place(t, repository.Location)
		lacking.Environment = []string{"READINESS_TEST_NOT_SET"}
		reason, _ := failure(t, restic.Path, system.Backup{Restic: lacking})
		require.Equal(t, fact.ReasonNotFound, reason)
	})
	t.Run("a store that never answers is a timeout", func(t *testing.T) {
		proxy := world.NewProxy(t, store.Endpoint)
		proxy.Hang(t)
		behind := strings.Replace(repository.Location, store.Endpoint, proxy.Addr, 1)
		requireTimeout(t, restic.Path, system.Backup{Restic: place(t, behind)})
	})
}

func TestRestic_unavailable(t *testing.T) {
	restic := servers.Restic(t)
	repository := restic.Local(t)
	for _, c := range []struct {
		name    string
		program string
		edit    func(t *testing.T, place *system.Restic)
		reason  fact.Reason
		detail  string
	}{
		{
			"a wrong password is denied", restic.Path,
			func(t *testing.T, place *system.Restic) { place.PasswordFile = file(t, canary) },
			fact.ReasonDenied, "list restic snapshots: exit status 1: Fatal: wrong password or no key found",
		},
		{
			"a repository that is not there is not found", restic.Path,
			func(_ *testing.T, place *system.Restic) { place.Repository = "/nonexistent" },
			fact.ReasonNotFound, "",
		},
		{
			"a password file that is not there is not found", restic.Path,
			func(_ *testing.T, place *system.Restic) { place.PasswordFile = "/nonexistent/password" },
			fact.ReasonNotFound, "",
		},
		{
			"where restic is not installed it is unsupported", "/nonexistent/restic",
			func(*testing.T, *system.Restic) {},
			fact.ReasonUnsupported,
			"list restic snapshots: there is no program /nonexistent/restic here; install restic beside the exporter",
		},
		{
			"a password in the location is not shown", restic.Path,
			func(t *testing.T, place *system.Restic) {
				place.Repository, place.RepositoryFile = "", file(t, "rest:http://user:"+canary+"@127.0.0.1:1/")
			},
			fact.ReasonRefused, "",
		},
		{
			"a location that is no URL is not given to restic, which would show it", restic.Path,
			func(t *testing.T, place *system.Restic) {
				place.Repository, place.RepositoryFile = "", file(t, "rest:http://user:"+canary+"/x@127.0.0.1:1/")
			},
			fact.ReasonInvalid,
			"list restic snapshots: the repository is no valid URL; special characters of a password in it are written %XX",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			place := described(repository)
			c.edit(t, place)
			reason, detail := failure(t, c.program, system.Backup{Restic: place})
			t.Log(detail)
			require.Equal(t, c.reason, reason, detail)
			if c.detail != "" {
				require.Equal(t, c.detail, detail)
			}
		})
	}
}

// script is a program in restic's place.
func script(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "restic")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+strings.Join(lines, "\n")+"\n"), 0o700))
	return path
}

func TestRestic_summary(t *testing.T) {
	program := script(t, `cat <<'END'
[{"time":"2026-11-20T02:00:00.5+01:00","hostname":"db1","paths":["/b","/a"],"short_id":"1","summary":{"total_bytes_processed":10}},
 {"time":"2026-11-21T02:00:00+01:00","hostname":"db1","paths":["/a","/b"],"short_id":"2","summary":{"total_bytes_processed":30}}]
END`)
	facts, err := collect(t.Context(), t, program, system.Backup{Restic: &system.Restic{Repository: "/srv"}})
	require.NoError(t, err)
	require.Len(t, facts, 1)
	got := facts[0]
	got.LongestGap, got.LongestGapEnd = 0, time.Time{}
	require.Equal(t, fact.Backup{
		Name: "database", Place: "restic", Group: "db1:/a,/b", Copies: 2,
		Newest: time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC), NewestName: "2", NewestBytes: bytes(30),
		EarlierSizes: 1, MedianBytes: 10,
		Oldest: time.Date(2026, 11, 20, 1, 0, 0, 500_000_000, time.UTC), DatedBy: fact.DatedByTool,
	}, got, "sizes since restic 0.17, and no total, since snapshots share what they hold")
}

func TestRestic_strangePrograms(t *testing.T) {
	secretFile := file(t, "secret-"+canary)
	for _, c := range []struct {
		name   string
		lines  []string
		reason fact.Reason
	}{
		{"output that is no JSON is invalid", []string{"echo hello"}, fact.ReasonInvalid},
		{"output that is something else is invalid", []string{`echo '{"time": 1}'`}, fact.ReasonInvalid},
		{"no output is invalid", []string{"exit 0"}, fact.ReasonInvalid},
		{"a snapshot without a time is invalid", []string{`echo '[{"short_id": "1"}]'`}, fact.ReasonInvalid},
		{"half of an output is invalid", []string{`echo '[{"time": "2026-11-20T02'`}, fact.ReasonInvalid},
		{"output without end is unsupported", []string{"head -c 40000000 /dev/zero"}, fact.ReasonUnsupported},
		{"exit code 10 means that there is no repository", []string{"exit 10"}, fact.ReasonNotFound},
		{"exit code 12 means that the password is wrong", []string{"exit 12"}, fact.ReasonDenied},
		{"any other end has failed", []string{"echo oops >&2", "exit 3"}, fact.ReasonFailed},
		{
			"what it says of its environment is not shown",
			[]string{`echo "with $SECRET at rest:http://user:$SECRET@host/" >&2`, "exit 1"}, fact.ReasonFailed,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			reason, detail := failure(t, script(t, c.lines...), system.Backup{Restic: &system.Restic{
				Repository: "/srv", PasswordFile: file(t, canary), SecretFiles: []string{"SECRET=" + secretFile},
			}})
			t.Log(detail)
			require.Equal(t, c.reason, reason, detail)
		})
	}
}

func TestRestic_complaintsThatAreTooLongAreNotLetGo(t *testing.T) {
	program := script(t,
		`for i in $(seq 200); do echo "Load(<data/0123456789>, 0, 0) returned error, retrying after 500ms: timeout" >&2; done`,
		`echo "could not load snapshot 01234567" >&2`,
		"echo '[]'")
	reason, detail := failure(t, program, system.Backup{Restic: &system.Restic{Repository: "/srv"}})
	require.Equal(t, fact.ReasonInvalid, reason)
	require.Contains(t, detail, "further complaints were left out")
}

func TestRestic_environment(t *testing.T) {
	t.Setenv("READINESS_TEST_GIVEN", "yes")
	t.Setenv("READINESS_TEST_KEPT", canary)
	noted := filepath.Join(t.TempDir(), "noted")
	program := script(t, `{ env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | sort; echo "$@"; } > `+noted, "echo '[]'")
	_, err := collect(t.Context(), t, program, system.Backup{Restic: &system.Restic{
		Repository: "/srv", PasswordFile: "/password", CAFile: "/ca", Host: "db1", Tags: []string{"a", "b"},
		Environment: []string{"READINESS_TEST_GIVEN"}, SecretFiles: []string{"SECRET=" + file(t, "secret\n")},
	}})
	require.NoError(t, err)
	content, err := os.ReadFile(noted)
	require.NoError(t, err)
	require.Equal(t, []string{
		"PATH=" + os.Getenv("PATH"), "READINESS_TEST_GIVEN=yes", "RESTIC_REPOSITORY=/srv", "SECRET=secret",
		"snapshots --json --no-lock --no-cache --password-file /password --cacert /ca --host db1 --tag a,b",
	}, strings.Split(strings.TrimSpace(string(content)), "\n"))
}

func TestRestic_isKilledWithAllThatItStarted(t *testing.T) {
	child := filepath.Join(t.TempDir(), "child")
	place := system.Backup{Restic: &system.Restic{Repository: "/srv"}}
	requireDead := func(t *testing.T) {
		t.Helper()
		content, err := os.ReadFile(child)
		require.NoError(t, err)
		pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return dead(pid) }, 2*time.Minute, 10*time.Millisecond)
	}
	t.Run("when it does not end in time", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			for ; ctx.Err() == nil; time.Sleep(time.Millisecond) {
				if content, err := os.ReadFile(child); err == nil && len(content) > 0 {
					cancel()
				}
			}
		}()
		_, err := collect(ctx, t, script(t, "sleep 600 &", "echo $! > "+child, "wait"), place)
		require.ErrorContains(t, err, "list restic snapshots: context canceled")
		requireDead(t)
	})
	t.Run("when it ends and what it started holds its output", func(t *testing.T) {
		reason, detail := failure(t, script(t, "sleep 600 &", "echo $! > "+child), place)
		require.Equal(t, fact.ReasonFailed, reason, detail)
		requireDead(t)
	})
}

// dead tells whether a process has ended, though nobody may have asked for its exit code yet.
func dead(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return syscall.Kill(pid, 0) != nil
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z")
}

// restic ends well, and says on standard error what it could not load.
func TestRestic_thatListsAPart(t *testing.T) {
	restic := servers.Restic(t)
	repository := restic.Local(t)
	old := repository.Snapshot(t, world.Snapshot{Time: hour(300), Host: "db0"})
	repository.Snapshot(t, world.Snapshot{Time: hour(5), Host: "db1"})
	damage := func(ids string) {
		paths, err := filepath.Glob(filepath.Join(repository.Location, "snapshots", ids))
		require.NoError(t, err)
		require.NotEmpty(t, paths)
		for _, path := range paths {
			require.NoError(t, os.Chmod(path, 0o600))
			require.NoError(t, os.Truncate(path, 40))
		}
	}
	damage(old[:8] + "*")
	collector := backup.New(backup.Options{Restic: restic.Path})
	target := backup.Target{Backup: system.Backup{Name: "database", OffSite: true, Restic: described(repository)}}
	sets, err := collector.Collect(t.Context(), target, nil)
	require.NoError(t, err)
	require.Equal(t, 1, sets[0].Len())
	gaps := sets[0].Gaps()
	require.Len(t, gaps, 1)
	require.Equal(t, "database", gaps[0].Subject)
	require.Contains(t, gaps[0].Detail, old[:8])

	damage("*")
	_, err = collector.Collect(t.Context(), target, nil)
	require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "without any snapshot that can be loaded, nobody knows whether there is one: %v", err)
}

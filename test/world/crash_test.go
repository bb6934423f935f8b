package world_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// Set in a test process that is about to die.
const doomed = "WORLD_TEST_DOOMED"

// TestDoomed is the process that the tests below let die. By itself it holds trivially.
func TestDoomed(t *testing.T) {
	if os.Getenv(doomed) == "" {
		return
	}
	cluster := servers.Kubernetes(t)
	cluster.AddNodes(t, 1)
	servers.S3(t)
	servers.Postgres(t, world.SelfSigned(t, world.Spec{}))
	servers.Prometheus(t, "")
	fmt.Println(filepath.Dir(filepath.Dir(cluster.Kubeconfig)))
	_, _ = io.Copy(io.Discard, os.Stdin) // Until the other side has seen what runs.
	panic("a test went wrong")
}

func TestNothingOutlivesATestProcess(t *testing.T) {
	for name, die := range map[string]func(*exec.Cmd, io.Closer) error{
		"that panics":    func(_ *exec.Cmd, stdin io.Closer) error { return stdin.Close() },
		"that is killed": func(cmd *exec.Cmd, _ io.Closer) error { return cmd.Process.Kill() },
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestDoomed$")
			cmd.Env = append(os.Environ(), doomed+"=1")
			cmd.Stderr = io.Discard
			stdin, err := cmd.StdinPipe()
			require.NoError(t, err)
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			line, err := bufio.NewReader(stdout).ReadString('\n')
			require.NoError(t, err)
			dir := strings.TrimSpace(line)
			require.DirExists(t, dir)
			// up, its four components, kwok, versitygw, postgres and prometheus, besides what postgres forks.
			require.GreaterOrEqual(t, len(processesIn(t, dir)), 9)

			require.NoError(t, die(cmd, stdin))
			require.Error(t, cmd.Wait())
			require.Eventually(t, func() bool { return len(processesIn(t, dir)) == 0 }, 2*time.Minute, 50*time.Millisecond,
				"still there: %s", strings.Join(processesIn(t, dir), "\n"))

			var next *world.World
			require.Zero(t, world.Around(runner(func() int { return 0 }), &next).Run())
			require.NoDirExists(t, dir, "the next to come sweeps")
		})
	}
}

func TestAWorldThatEndsLeavesNothingBehind(t *testing.T) {
	var (
		w      *world.World
		dir    string
		before []string
	)
	code := world.Around(runner(func() int {
		w.S3(t)
		cluster := w.Kubernetes(t)
		dir = filepath.Dir(filepath.Dir(cluster.Kubeconfig))
		before = processesIn(t, dir)
		return 7
	}), &w).Run()
	require.Equal(t, 7, code, "the result of the tests")
	require.Len(t, before, 6)
	require.Empty(t, processesIn(t, dir))
	require.NoDirExists(t, dir)
}

type runner func() int

func (r runner) Run() int { return r() }

// processesIn gives the command lines of the processes that have to do with dir.
func processesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	var found []string
	for _, entry := range entries {
		// Either may fail, as processes end all the time.
		line, _ := os.ReadFile(filepath.Join(entry, "cmdline"))
		cwd, _ := os.Readlink(filepath.Join(entry, "cwd"))
		if bytes.Contains(line, []byte(dir)) || strings.HasPrefix(cwd, dir) {
			found = append(found, string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
		}
	}
	return found
}

package world

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A ContainerSpec is how a container is started: read-only, without capabilities or new privileges, in the network of the machine.
type ContainerSpec struct {
	RootFS   string // the unpacked image
	User     int
	Args     []string
	Env      []string
	ReadOnly map[string]string // folders of the machine by where they are mounted
	Writable map[string]string
	Ready    string // address that answers 200 once it is ready
}

// Container runs a container of one test's own by runc.
func (w *World) Container(tb testing.TB, spec ContainerSpec) *Process {
	tb.Helper()
	runc, err := installed("runc", "/usr/sbin")
	if err != nil {
		tb.Fatal(err)
	}
	dir, err := w.dir.sub("container")
	if err != nil {
		tb.Fatal(err)
	}
	config, err := json.Marshal(spec.bundle())
	if err != nil {
		tb.Fatalf("describe a container: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600); err != nil {
		tb.Fatalf("describe a container: %v", err)
	}
	state, id := filepath.Join(dir, "state"), "test-"+strings.ToLower(rand.Text()[:8])
	// What runc started outlives it when it is killed.
	tb.Cleanup(func() {
		if output, err := exec.CommandContext(w.ctx, runc, "--root", state, "delete", "--force", id).CombinedOutput(); err != nil {
			tb.Errorf("remove the container: %v: %s", err, output)
		}
	})
	p := &Process{
		name: "container", logFile: filepath.Join(dir, "log"), quit: syscall.SIGTERM, ready: answers(spec.Ready),
		command: func() *exec.Cmd {
			return exec.CommandContext(w.ctx, runc, "--root", state, "run", "--bundle", dir, id)
		},
	}
	w.startFor(tb, p)
	return p
}

// bundle is the configuration of the container, as the runtime specification has it.
func (s ContainerSpec) bundle() map[string]any {
	mounts := []map[string]any{
		{"destination": "/proc", "type": "proc", "source": "proc"},
		{"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": []string{"nosuid", "strictatime", "mode=755", "size=64k"}},
	}
	for _, each := range []struct {
		folders map[string]string
		mode    string
	}{{s.ReadOnly, "ro"}, {s.Writable, "rw"}} {
		for at, folder := range each.folders {
			mounts = append(mounts, map[string]any{
				"destination": at, "type": "bind", "source": folder, "options": []string{"rbind", each.mode, "nosuid", "nodev"},
			})
		}
	}
	return map[string]any{
		"ociVersion": "1.0.2",
		"root":       map[string]any{"path": s.RootFS, "readonly": true},
		"process": map[string]any{
			"user": map[string]any{"uid": s.User, "gid": s.User}, "args": s.Args, "env": s.Env, "cwd": "/",
			"capabilities": map[string]any{}, "noNewPrivileges": true,
		},
		"mounts": mounts,
		"linux": map[string]any{
			"namespaces": []map[string]string{{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}},
		},
	}
}

// Inside is the process id that the first process of a container has on the machine.
func (p *Process) Inside(tb testing.TB) int {
	tb.Helper()
	children := childrenOf(p.PID())
	if len(children) != 1 {
		tb.Fatal(fmt.Errorf("expected one process in the container, found %d", len(children)))
	}
	return children[0]
}

package world

import (
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// StartIn runs a script in namespaces of its own, named as unshare names them ("--net"), which last until the test ends. It gives
// a process there once the script is done.
func StartIn(tb testing.TB, script string, namespaces ...string) int {
	tb.Helper()
	args := slices.Concat(namespaces, []string{"sh", "-ec", script + "\necho ready\nexec cat"})
	command := exec.CommandContext(context.WithoutCancel(tb.Context()), "unshare", args...)
	input, err := command.StdinPipe() // It ends with this process, and not with whichever thread started it.
	if err != nil {
		tb.Fatalf("start a script in namespaces of its own: %v", err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		tb.Fatalf("start a script in namespaces of its own: %v", err)
	}
	var problems strings.Builder
	command.Stderr = &problems
	if err := command.Start(); err != nil {
		tb.Fatalf("start a script in namespaces of its own: %v", err)
	}
	tb.Cleanup(func() {
		_ = input.Close() // Which ends it.
		if err := command.Wait(); err != nil {
			tb.Errorf("end a script in namespaces of its own: %v", err)
		}
	})
	var said strings.Builder
	for buffer := make([]byte, 4096); !strings.HasSuffix(said.String(), "ready\n"); {
		n, err := output.Read(buffer)
		said.Write(buffer[:n])
		if err != nil {
			tb.Fatalf("run a script in namespaces of its own: %v: %s%s", err, &said, &problems)
		}
	}
	return command.Process.Pid
}

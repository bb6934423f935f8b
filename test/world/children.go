package world

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// childrenOf lists the processes that a process has started, as proc(5) does.
func childrenOf(pid int) []int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // The pattern is good.
	var children []int
	for _, list := range lists {
		content, err := os.ReadFile(list)
		if err != nil {
			continue // The thread has ended.
		}
		for _, field := range strings.Fields(string(content)) {
			if child, err := strconv.Atoi(field); err == nil {
				children = append(children, child)
			}
		}
	}
	return children
}

// awaitEnd waits until a process that was killed is gone, or waits for nothing but its parent.
func awaitEnd(tb testing.TB, name string, pid int) {
	tb.Helper()
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(tb.Context()), stopLimit,
		fmt.Errorf("it still runs after %s", stopLimit))
	defer cancel()
	err := poll(ctx, func() error {
		// A process that has ended has no program any more.
		if program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err == nil {
			return fmt.Errorf("process %d still runs %s", pid, program)
		}
		return nil
	})
	if err != nil {
		tb.Fatalf("kill the processes of %s: %v", name, err)
	}
}

package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A Component is one process of a control plane, which a test may stop and kill while the others run. What a test
// broke is fixed at its end; tests that do so must not run in parallel with others of the same control plane.
type Component struct {
	name    string
	dir     string
	cluster *Cluster
}

// Pause stops the component in its tracks: its port still accepts, and nothing answers.
func (c *Component) Pause(tb testing.TB) {
	tb.Helper()
	tb.Cleanup(func() { c.Resume(tb) })
	c.signal(tb, syscall.SIGSTOP)
	awaitStop(tb, c.name, c.PID(tb))
}

// Resume continues after Pause.
func (c *Component) Resume(tb testing.TB) {
	tb.Helper()
	if c.alive(tb) {
		c.signal(tb, syscall.SIGCONT)
	}
}

// Kill ends the component without warning, and returns when it is gone.
func (c *Component) Kill(tb testing.TB) {
	tb.Helper()
	tb.Cleanup(func() { c.Restart(tb) })
	c.signal(tb, syscall.SIGKILL)
	c.cluster.wait(tb, "the end of "+c.name, func(context.Context) error {
		if c.alive(tb) {
			return errors.New("it still runs")
		}
		return nil
	})
}

// Restart starts the component again with the same port and data, if it does not run, and returns when the API server
// is ready.
func (c *Component) Restart(tb testing.TB) {
	tb.Helper()
	if c.alive(tb) {
		return
	}
	c.cluster.wait(tb, "a new "+c.name, func(context.Context) error {
		// Again and again: the control plane may not have noticed yet that the component has ended.
		c.cluster.plane.signal(tb, syscall.SIGHUP)
		if !c.alive(tb) {
			return errors.New("it does not run")
		}
		return nil
	})
	c.cluster.wait(tb, "the API server after the restart of "+c.name, c.cluster.serving)
}

// PID is the process id of the component.
func (c *Component) PID(tb testing.TB) int {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join(c.dir, c.name+".pid"))
	if err != nil {
		tb.Fatalf("find the process of %s: %v", c.name, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		tb.Fatalf("find the process of %s: %v", c.name, err)
	}
	return pid
}

// Log is what the component has written so far.
func (c *Component) Log() string {
	content, err := os.ReadFile(filepath.Join(c.dir, c.name+".log"))
	if err != nil {
		return fmt.Sprintf("read the log of %s: %v", c.name, err)
	}
	return string(content)
}

func (c *Component) signal(tb testing.TB, sig syscall.Signal) {
	tb.Helper()
	if err := syscall.Kill(c.PID(tb), sig); err != nil {
		tb.Fatalf("send %s to %s: %v", sig, c.name, err)
	}
}

func (c *Component) alive(tb testing.TB) bool {
	tb.Helper()
	return syscall.Kill(c.PID(tb), 0) == nil
}

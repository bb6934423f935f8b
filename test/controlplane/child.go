package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
)

// A child is one component, as a process of its own: each installs handlers of signals and shares feature gates with
// nobody, and tests want to stop and kill them one by one.
type child struct {
	dir, name string
	flags     []string

	cmd    *exec.Cmd
	exited chan struct{}
}

func (c *child) file(suffix string) string { return filepath.Join(c.dir, c.name+"."+suffix) }

// start starts the component, until ctx ends.
func (c *child) start(ctx context.Context, s *spawner) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program to start %s: %w", c.name, err)
	}
	log, err := os.OpenFile(c.file("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", c.name, err)
	}
	defer func() { _ = log.Close() }() // The child has its own.
	cmd := exec.CommandContext(ctx, self, append([]string{c.name}, c.flags...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, log, log
	if err := s.start(cmd); err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	exited := make(chan struct{})
	c.cmd, c.exited = cmd, exited
	go func() {
		_ = cmd.Wait() // How it ended is in its log.
		close(exited)
	}()
	return c.writePID()
}

// writePID is atomic: a reader finds the old or the new process, never half a number.
func (c *child) writePID() error {
	temporary := c.file("pid.new")
	if err := os.WriteFile(temporary, []byte(strconv.Itoa(c.cmd.Process.Pid)+"\n"), 0o644); err != nil {
		return fmt.Errorf("write the process id of %s: %w", c.name, err)
	}
	if err := os.Rename(temporary, c.file("pid")); err != nil {
		return fmt.Errorf("write the process id of %s: %w", c.name, err)
	}
	return nil
}

func (c *child) started() bool { return c.exited != nil }

func (c *child) ended() bool {
	select {
	case <-c.exited:
		return true
	default:
		return false
	}
}

func (c *child) kill() {
	if !c.started() {
		return
	}
	_ = c.cmd.Process.Kill() // That it has ended already is no error.
	<-c.exited
}

// A spawner starts children from one thread that never ends: the kernel kills them when the thread that started them
// ends, and only so can they be made to die with this process.
type spawner struct {
	requests chan spawn
}

type spawn struct {
	cmd    *exec.Cmd
	result chan error
}

func newSpawner() *spawner {
	s := &spawner{requests: make(chan spawn)}
	go func() {
		runtime.LockOSThread()
		for request := range s.requests {
			request.result <- request.cmd.Start()
		}
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	request := spawn{cmd, make(chan error, 1)}
	s.requests <- request
	return <-request.result
}

package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	startLimit = 90 * time.Second // A cold machine with two busy cores, and then some.
	stopLimit  = 10 * time.Second
	pollEvery  = 20 * time.Millisecond
)

// A Process is one server, which tests may stop and kill as production does. One that tests share must not be touched
// by a test that runs in parallel with others; everything is fixed at the end of the test that broke it.
type Process struct {
	name     string
	logFile  string
	command  func() *exec.Cmd            // a new one for each start, always with the same address and data
	ready    func(context.Context) error // nil once the server answers
	quit     os.Signal                   // what makes the server end well
	launcher *launcher

	mu  sync.Mutex
	cmd *exec.Cmd
	// exited is closed when cmd has ended, and its result is in waited.
	exited chan struct{}
	waited error
}

// Pause stops the server in its tracks: its port still accepts, and nothing answers.
func (p *Process) Pause(tb testing.TB) {
	tb.Helper()
	tb.Cleanup(func() { p.Resume(tb) })
	p.signal(tb, syscall.SIGSTOP)
	awaitStop(tb, p.name, p.PID())
}

// Resume continues after Pause.
func (p *Process) Resume(tb testing.TB) {
	tb.Helper()
	if p.alive() {
		p.signal(tb, syscall.SIGCONT)
	}
}

// Kill ends the server without warning, with the processes that it started, and returns when all are gone: what PostgreSQL
// leaves behind for a moment would keep it from starting again.
func (p *Process) Kill(tb testing.TB) {
	tb.Helper()
	tb.Cleanup(func() { p.Restart(tb) })
	children := childrenOf(p.PID())
	p.signal(tb, syscall.SIGKILL)
	<-p.exit()
	for _, child := range children {
		_ = syscall.Kill(child, syscall.SIGKILL) // It may have ended by itself.
		awaitEnd(tb, p.name, child)
	}
}

// Restart starts the server again on the same address and data, if it does not run, and returns when it answers.
func (p *Process) Restart(tb testing.TB) {
	tb.Helper()
	if p.alive() {
		return
	}
	// Not the test's context: this also runs in cleanups, after that has ended.
	if err := p.start(context.WithoutCancel(tb.Context())); err != nil {
		tb.Fatal(err)
	}
}

// PID is the process id of the running server.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Pid
}

// Log is what the server has written so far.
func (p *Process) Log() string {
	content, err := os.ReadFile(p.logFile)
	if err != nil {
		return err.Error()
	}
	return string(content)
}

func (p *Process) start(ctx context.Context) error {
	if err := p.launch(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("%s is not ready after %s", p.name, startLimit))
	defer cancel()
	err := poll(ctx, func() error {
		if !p.alive() {
			return fatalError{fmt.Errorf("it has ended: %w", p.waited)}
		}
		return p.ready(ctx)
	})
	if err != nil {
		return fmt.Errorf("start %s: %w\n%s", p.name, err, tail(p.Log()))
	}
	return nil
}

func (p *Process) launch() error {
	log, err := os.OpenFile(p.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open the log of %s: %w", p.name, err)
	}
	defer func() { _ = log.Close() }() // The child has its own.
	cmd := p.command()
	cmd.Stdout, cmd.Stderr = log, log
	if err := p.launcher.start(cmd); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
	}
	exited := make(chan struct{})
	p.mu.Lock()
	p.cmd, p.exited = cmd, exited
	p.mu.Unlock()
	go func() {
		err := cmd.Wait()
		p.mu.Lock()
		p.waited = err
		p.mu.Unlock()
		close(exited)
	}()
	return nil
}

// stop ends the server for good.
func (p *Process) stop() error {
	if !p.alive() {
		return nil
	}
	cmd := p.current()
	// A paused process takes no signal but SIGKILL. That it may end meanwhile is no error.
	_ = cmd.Process.Signal(syscall.SIGCONT)
	_ = cmd.Process.Signal(p.quit)
	select {
	case <-p.exit():
		return nil
	case <-time.After(stopLimit):
	}
	_ = cmd.Process.Kill()
	<-p.exit()
	return fmt.Errorf("stop %s: it had to be killed after %s\n%s", p.name, stopLimit, tail(p.Log()))
}

func (p *Process) signal(tb testing.TB, sig os.Signal) {
	tb.Helper()
	if err := p.current().Process.Signal(sig); err != nil {
		tb.Fatalf("send %s to %s: %v", sig, p.name, err)
	}
}

func (p *Process) current() *exec.Cmd {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd
}

func (p *Process) exit() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exited
}

func (p *Process) alive() bool {
	exited := p.exit()
	if exited == nil {
		return false
	}
	select {
	case <-exited:
		return false
	default:
		return true
	}
}

// awaitStop returns when no thread of the process runs any more: each stops by itself some time after the signal, and
// may answer somebody until then.
func awaitStop(tb testing.TB, name string, pid int) {
	tb.Helper()
	ctx, cancel := context.WithTimeoutCause(tb.Context(), stopLimit, fmt.Errorf("it still runs after %s", stopLimit))
	defer cancel()
	err := poll(ctx, func() error {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		if err != nil {
			return fatalError{fmt.Errorf("list its threads: %w", err)}
		}
		for _, thread := range threads {
			content, err := os.ReadFile(thread)
			if err != nil {
				return fmt.Errorf("list its threads: %w", err)
			}
			// The state follows the name, which is in parentheses and may have any character in it.
			if _, state, _ := strings.Cut(string(content[bytes.LastIndexByte(content, ')'):]), " "); !strings.HasPrefix(state, "T") {
				return fmt.Errorf("%s is in state %.1s", thread, state)
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatalf("pause %s: %v", name, err)
	}
}

// A fatalError ends a poll: trying again cannot help.
type fatalError struct{ error }

func (e fatalError) Unwrap() error { return e.error }

// poll tries until it succeeds, or ctx ends: then the error has both why ctx ended and what was wrong last.
func poll(ctx context.Context, try func() error) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		if fatal, ok := errors.AsType[fatalError](err); ok {
			return fatal.error
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

// tail is the end of a log, enough to see what went wrong.
func tail(log string) string {
	lines := bytes.Split(bytes.TrimSpace([]byte(log)), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-20):], []byte("\n")))
}

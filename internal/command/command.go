// Package command runs the programs that collectors ask: with an environment of their own, bounded in what they print, and killed
// with all that they start when their time ends.
package command

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"syscall"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const (
	maximumOutput    = 32 << 20
	maximumComplaint = 8 << 10
)

// A Command is a program to run.
type Command struct {
	Program     string
	Arguments   []string
	Environment []string // all of it: nothing of the exporter's own is inherited
	Folder      string   // the one to run in; empty: that of the exporter
	Stdin       io.Reader
}

// Run runs a program to its end, and gives its output and the beginning of what it complains of.
func Run(ctx context.Context, c Command) (output []byte, complaint string, err error) {
	printed := &beginning{limit: maximumOutput}
	complaint, err = c.run(ctx, printed)
	if err == nil && printed.more {
		err = fact.Errorf(fact.ReasonUnsupported, "it printed more than %d bytes", maximumOutput)
	}
	return printed.kept.Bytes(), complaint, err
}

// Stream runs a program, and hands on what it prints as it comes. It is killed when read returns before it ends; what read gives
// is given, unless that is only how the program failed.
func Stream(ctx context.Context, c Command, read func(io.Reader) error) (complaint string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	from, to := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := guarded(func() error { return read(from) })
		from.Close()
		cancel()
		done <- err
	}()
	complaint, failed := c.run(ctx, to)
	broken := errors.New("the program ended early")
	if failed != nil {
		to.CloseWithError(broken)
	}
	to.Close()
	if err = <-done; errors.Is(err, broken) {
		err = failed
	}
	return complaint, err
}

// guarded makes a panic of read its error: the engine cannot recover one of another goroutine.
func guarded(read func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fact.Errorf(fact.ReasonPanic, "read the output of a program: panic: %v", cause)
		}
	}()
	return read()
}

func (c Command) run(ctx context.Context, output io.Writer) (string, error) {
	cmd := exec.CommandContext(ctx, c.Program, c.Arguments...)
	cmd.Env, cmd.Dir, cmd.Stdin = c.Environment, c.Folder, c.Stdin
	complaint := &beginning{limit: maximumComplaint}
	cmd.Stdout, cmd.Stderr = output, complaint
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kill := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel = kill
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		// It has ended, and what it has started still holds its output.
		err = errors.Join(err, kill())
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if complaint.more { // In what is left out may be what counts.
		complaint.kept.WriteString("\nfurther complaints were left out")
	}
	return complaint.kept.String(), err
}

// A beginning keeps the first bytes that are written to it, and lets go of the rest.
type beginning struct {
	kept  bytes.Buffer
	limit int
	more  bool
}

func (b *beginning) Write(p []byte) (int, error) {
	room := b.limit - b.kept.Len()
	b.more = b.more || len(p) > room
	b.kept.Write(p[:min(len(p), room)])
	return len(p), nil
}

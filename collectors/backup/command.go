package backup

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"syscall"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const (
	maximumOutput    = 32 << 20
	maximumComplaint = 8 << 10
)

// run runs a program with its own environment, and gives its output and the beginning of what it complains of. The
// program and all that it starts are killed when ctx ends.
func run(ctx context.Context, environment []string, program string, arguments ...string) ([]byte, string, error) {
	cmd := exec.CommandContext(ctx, program, arguments...)
	cmd.Env = environment
	output, complaint := &beginning{limit: maximumOutput}, &beginning{limit: maximumComplaint}
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
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case err == nil && output.more:
		err = fact.Errorf(fact.ReasonUnsupported, "it printed more than %d bytes", maximumOutput)
	}
	if complaint.more { // In what is left out may be what counts.
		complaint.kept.WriteString("\nfurther complaints were left out")
	}
	return output.kept.Bytes(), complaint.kept.String(), err
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

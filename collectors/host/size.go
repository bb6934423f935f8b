package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
)

// A size is what a file system holds: bytes and inodes.
type size struct {
	total, free, available uint64
	inodes, inodesFree     uint64
	broken                 bool // it was shut down after an error: nothing can be read or written any more
}

// sizes asks file systems for their size. A dead network mount never answers, and the asking cannot be stopped: it is
// left behind, and nobody asks again until it has returned.
type sizes struct {
	rootFS  string
	measure func(path string, m mount) (size, error)

	mu      sync.Mutex
	pending map[string]*question // by path
}

// A question to a file system that is not answered yet. Several may wait for its answer.
type question struct {
	answered chan struct{} // closed when size and err are there
	size     size
	err      error
	late     bool // somebody has waited in vain
}

func newSizes(rootFS string) *sizes {
	s := &sizes{rootFS: rootFS, pending: make(map[string]*question)}
	s.measure = s.statfs
	return s
}

// of gives the size of a mounted file system, when it answers in time.
func (s *sizes) of(ctx context.Context, m mount, patience time.Duration) (size, error) {
	path := filepath.Join(s.rootFS, m.point)
	asked, stuck := s.ask(path, m)
	if stuck {
		return size{}, fact.Errorf(fact.ReasonStuck, "ask %s for its size: an earlier call has not returned (%s)", m.point, m.fstype)
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-asked.answered:
		return asked.size, asked.err
	case <-ctx.Done():
		return size{}, fact.Errorf(fact.ReasonTimeout, "ask %s for its size: %w", m.point, context.Cause(ctx))
	case <-timer.C:
		s.mu.Lock()
		asked.late = true
		s.mu.Unlock()
		return size{}, fact.Errorf(fact.ReasonTimeout, "ask %s for its size: no answer within %s (%s)", m.point,
			patience.Round(time.Millisecond), m.fstype)
	}
}

// ask gives the question that is under way, or a new one; stuck when somebody has waited for it in vain.
func (s *sizes) ask(path string, m mount) (asked *question, stuck bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if asked = s.pending[path]; asked != nil {
		return asked, asked.late
	}
	asked = &question{answered: make(chan struct{})}
	s.pending[path] = asked
	go func() {
		asked.size, asked.err = s.measure(path, m)
		s.mu.Lock()
		delete(s.pending, path)
		s.mu.Unlock()
		close(asked.answered)
	}()
	return asked, false
}

// statfs asks the kernel.
func (s *sizes) statfs(path string, m mount) (size, error) {
	var answer unix.Statfs_t
	if err := unix.Statfs(path, &answer); err != nil {
		return size{}, fmt.Errorf("ask %s for its size: %w", m.point, err)
	}
	broken := false
	if answer.Blocks > 0 {
		if err := checkVisible(path, m); isBroken(err) {
			broken = true
		} else if err != nil {
			return size{}, err
		}
		broken = broken || isBroken(list(path))
	}
	block := uint64(answer.Frsize) //nolint:gosec // Not negative.
	return size{
		total: answer.Blocks * block, free: answer.Bfree * block, available: answer.Bavail * block,
		inodes: answer.Files, inodesFree: answer.Ffree, broken: broken,
	}, nil
}

// list begins to list a folder, which file systems refuse that were shut down.
func list(path string) error {
	folder, err := readfile.OpenFolder(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	if _, err = folder.Readdirnames(1); errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// isBroken tells the errors with which file systems answer that gave up. No permission to list is none of them.
func isBroken(err error) bool {
	return errors.Is(err, unix.EIO) || errors.Is(err, unix.ESHUTDOWN) || errors.Is(err, unix.EUCLEAN)
}

// checkVisible gives an error unless a path shows that mount of the machine. In a container or under systemd's protection
// it may not, and the folder beneath would be taken for it. Of types whose files have device numbers of their own, and
// of those that mount another one on demand, it cannot be known.
func checkVisible(path string, m mount) error {
	switch m.fstype {
	case "autofs", "bcachefs", "btrfs", "overlay":
		return nil
	}
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return fmt.Errorf("examine %s: %w", path, err)
	}
	if number := fmt.Sprintf("%d:%d", unix.Major(stat.Dev), unix.Minor(stat.Dev)); number != m.number {
		return fact.Errorf(fact.ReasonUnsupported, "%s does not show what is mounted on %s: in a container, mount the "+
			"machine's root with propagation (HostToContainer, rslave); as a service, without ProtectHome", path, m.point)
	}
	return nil
}

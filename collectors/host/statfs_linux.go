package host

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
)

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

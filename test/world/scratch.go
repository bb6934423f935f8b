package world

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// A scratch is a data folder that no other process takes for abandoned while its maker lives: the kernel gives up the
// lock on it when the process dies, in whatever way, and the next one to come along sweeps the folder.
type scratch struct {
	path string
	lock *os.File
}

func newScratch() (*scratch, error) {
	parent := filepath.Join(os.TempDir(), "readiness-world-"+strconv.Itoa(os.Getuid()))
	// Servers that refuse to run as root, as PostgreSQL does, must be able to pass through.
	if err := os.MkdirAll(parent, 0o711); err != nil {
		return nil, fmt.Errorf("make the folder for test data: %w", err)
	}
	// Held while folders are made and swept, so that nobody sweeps one that is not locked yet.
	all, err := lockFolder(parent, unix.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer func() { _ = all.Close() }()
	if err := sweep(parent); err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(parent, strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for test data: %w", err)
	}
	if err := os.Chmod(path, 0o711); err != nil {
		return nil, fmt.Errorf("open the folder for test data: %w", err)
	}
	lock, err := lockFolder(path, unix.LOCK_EX)
	if err != nil {
		return nil, err
	}
	return &scratch{path: path, lock: lock}, nil
}

// sub makes a new folder in s.
func (s *scratch) sub(name string) (string, error) {
	dir, err := os.MkdirTemp(s.path, name+"-")
	if err != nil {
		return "", fmt.Errorf("make a data folder for %s: %w", name, err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", fmt.Errorf("open the data folder of %s: %w", name, err)
	}
	return dir, nil
}

func (s *scratch) remove() error {
	if err := errors.Join(os.RemoveAll(s.path), s.lock.Close()); err != nil {
		return fmt.Errorf("remove test data: %w", err)
	}
	return nil
}

// sweep removes what dead processes left.
func sweep(parent string) error {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return fmt.Errorf("find abandoned test data: %w", err)
	}
	for _, entry := range entries {
		path := filepath.Join(parent, entry.Name())
		lock, err := lockFolder(path, unix.LOCK_EX|unix.LOCK_NB)
		if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, fs.ErrNotExist) {
			continue // Somebody works in it, or has just tidied up.
		}
		if err != nil {
			return err
		}
		if err := errors.Join(os.RemoveAll(path), lock.Close()); err != nil {
			return fmt.Errorf("sweep abandoned test data: %w", err)
		}
	}
	return nil
}

func lockFolder(path string, how int) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("lock a folder: %w", err)
	}
	for {
		err = unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock folder %s: %w", path, err), f.Close())
	}
	return f, nil
}

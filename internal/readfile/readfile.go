// Package readfile is how files are read whole: only regular ones, up to a bound, and as they were at one moment. Whatever
// stands in a folder that somebody else can write to, reading it neither waits for ever nor takes all memory.
package readfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// The reasons for which a file is not read, beside those of the operating system.
var (
	// ErrNotRegular: it is a folder, a named pipe, a device or a socket.
	ErrNotRegular = errors.New("not a regular file")
	// ErrTooLarge: it has more bytes than whoever reads it takes.
	ErrTooLarge = errors.New("too large")
	// ErrChanging: it was changed whenever it was read.
	ErrChanging = errors.New("changed while it was read")
)

// attempts are how often a file is read that changes while it is read.
const attempts = 3

// Read reads a regular file of at most limit bytes, following links. The error is an *fs.PathError, and names the path.
func Read(path string, limit int64) ([]byte, error) {
	content, err := []byte(nil), ErrChanging
	for range attempts {
		if content, err = read(path, limit); !errors.Is(err, ErrChanging) {
			break
		}
	}
	var known *fs.PathError
	if err != nil && !errors.As(err, &known) {
		err = &fs.PathError{Op: "read", Path: path, Err: err}
	}
	return content, err
}

func read(path string, limit int64) ([]byte, error) {
	// Opening a pipe without a writer would wait for one; devices do odd things when they are opened, so that what is
	// there is asked for first, and again of what was opened.
	before, err := os.Stat(path)
	if err == nil {
		err = regular(before, limit)
	}
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	opened, err := file.Stat()
	if err == nil {
		err = regular(opened, limit)
	}
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, tooLarge(limit)
	}
	after, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if opened.Size() != after.Size() || !opened.ModTime().Equal(after.ModTime()) {
		return nil, ErrChanging
	}
	return content, nil
}

// regular tells why a file is not read.
func regular(info fs.FileInfo, limit int64) error {
	if kind := kindOf(info.Mode()); kind != "" {
		return fmt.Errorf("%w: it is %s", ErrNotRegular, kind)
	}
	if info.Size() > limit {
		return tooLarge(limit)
	}
	return nil
}

func tooLarge(limit int64) error {
	return fmt.Errorf("%w: expected at most %d bytes", ErrTooLarge, limit)
}

// kindOf names what a file is that is not regular; empty where it is.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return ""
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}

// Package readfile is how files are read whole: only regular ones, up to a bound, and as they were at one moment. Whatever
// stands in a folder that somebody else can write to, reading it neither waits for ever nor takes all memory.
package readfile

import (
	"context"
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
	return again(path, func() ([]byte, error) {
		return read(limit, func() (fs.FileInfo, error) { return os.Stat(path) }, func() (fs.File, error) { return open(path) })
	})
}

// ReadIn reads as Read does, from a file system.
func ReadIn(files fs.FS, name string, limit int64) ([]byte, error) {
	return again(name, func() ([]byte, error) {
		return read(limit, func() (fs.FileInfo, error) { return fs.Stat(files, name) }, func() (fs.File, error) { return files.Open(name) })
	})
}

// ReadGiven reads what somebody gives to a command by its name: a regular file, as Read does, or what a shell puts in the
// place of one, such as <(helm template .), as ReadStream does.
func ReadGiven(ctx context.Context, path string, limit int64) ([]byte, error) {
	if path == "" { // What a shell makes of a variable that is not set.
		return nil, errors.New("an empty name: expected the name of a file")
	}
	content, err := Read(path, limit)
	if !errors.Is(err, ErrNotRegular) {
		return content, err
	}
	return await(ctx, path, func() ([]byte, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return readAll(file, limit)
	})
}

// ReadStream reads what comes from somewhere to its end, or until ctx ends, and at most limit bytes of it. The error is an
// *fs.PathError, and has the name.
func ReadStream(ctx context.Context, name string, from io.Reader, limit int64) ([]byte, error) {
	return await(ctx, name, func() ([]byte, error) { return readAll(from, limit) })
}

// await reads until ctx ends: to open and to read a pipe is to wait for whoever writes.
func await(ctx context.Context, name string, read func() ([]byte, error)) ([]byte, error) {
	type outcome struct {
		content []byte
		err     error
	}
	done := make(chan outcome, 1)
	go func() {
		content, err := read()
		done <- outcome{content, err}
	}()
	var end outcome
	select {
	case end = <-done:
	case <-ctx.Done():
		end.err = context.Cause(ctx)
	}
	if named := (*fs.PathError)(nil); end.err != nil && !errors.As(end.err, &named) {
		end.err = &fs.PathError{Op: "read", Path: name, Err: end.err}
	}
	return end.content, end.err
}

// OpenFolder opens a folder to be listed, and nothing else: to open a pipe is to wait for whoever writes to it.
func OpenFolder(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NONBLOCK, 0)
}

// again reads once more while the file changes, and names the path in the error.
func again(path string, once func() ([]byte, error)) ([]byte, error) {
	content, err := []byte(nil), ErrChanging
	for range attempts {
		if content, err = once(); !errors.Is(err, ErrChanging) {
			break
		}
	}
	var known *fs.PathError
	if err != nil && !errors.As(err, &known) {
		err = &fs.PathError{Op: "read", Path: path, Err: err}
	}
	return content, err
}

func open(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) }

func read(limit int64, stat func() (fs.FileInfo, error), open func() (fs.File, error)) ([]byte, error) {
	// Opening a pipe without a writer would wait for one; devices do odd things when they are opened, so that what is
	// there is asked for first, and again of what was opened.
	before, err := stat()
	if err == nil {
		err = regular(before, limit)
	}
	if err != nil {
		return nil, err
	}
	file, err := open()
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
	content, err := readAll(file, limit)
	if err != nil {
		return nil, err
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

// readAll reads a stream to its end, and no more of it than the limit.
func readAll(from io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = tooLarge(limit)
	}
	if err != nil {
		return nil, err
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

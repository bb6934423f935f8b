// Package rootfs reads files of the machine that the exporter runs on: from / outside of containers, else from where the
// machine's root file system is mounted.
package rootfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/prometheus/procfs"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// MaximumFileSize bounds what is read of one file, where nobody says otherwise.
const MaximumFileSize = 1 << 20

// Files are the files of the machine; names have no leading slash.
type Files struct {
	fs.FS
	io.Closer
}

// Stat asks without opening, which would wait for whoever writes to a pipe.
func (f Files) Stat(name string) (fs.FileInfo, error) { return fs.Stat(f.FS, name) }

// ReadLink gives where a symbolic link leads, also out of the machine's root.
func (f Files) ReadLink(name string) (string, error) { return fs.ReadLink(f.FS, name) }

// Lstat asks about a symbolic link and not about where it leads.
func (f Files) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(f.FS, name) }

// Open opens the machine's root. Where that is not our own, a symbolic link that leads out of it is an error: it would show
// a file of the container as one of the machine.
func Open(path string) (Files, error) {
	if path == "/" {
		return Files{FS: os.DirFS("/"), Closer: io.NopCloser(nil)}, nil
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return Files{}, fmt.Errorf("open the machine's root: %w", err)
	}
	return Files{FS: root.FS(), Closer: root}, nil
}

// Read reads a file of the machine, of at most limit bytes.
func Read(files fs.FS, name string, limit int64) ([]byte, error) {
	content, err := readfile.ReadIn(files, name, limit)
	switch {
	case errors.Is(err, readfile.ErrNotRegular), errors.Is(err, readfile.ErrTooLarge):
		err = fact.Errorf(fact.ReasonInvalid, "%w", err)
	case errors.Is(err, fs.ErrPermission):
		err = Denied(err)
	}
	return content, err
}

// Denied says what it takes to read what may not be read.
func Denied(err error) error {
	return fact.Errorf(fact.ReasonDenied, "%w: run the exporter as root, or with the capability CAP_DAC_READ_SEARCH", err)
}

// ReadText reads a text of at most MaximumFileSize, without what has no place in one.
func ReadText(files fs.FS, name string) (string, error) {
	content, err := Read(files, name, MaximumFileSize)
	return strings.ToValidUTF8(string(content), "?"), err
}

// Exists tells whether there is something of that name.
func Exists(files fs.FS, name string) bool {
	_, err := fs.Stat(files, name)
	return err == nil
}

// maximumLine bounds what of a machine's files goes into labels and pages.
const maximumLine = 200

// Line makes a line of a text that is fit for labels and pages.
func Line(text string) string {
	return words.Printable(strings.TrimSpace(text), maximumLine)
}

// Proc is where the kernel describes itself: in the machine's own proc, else in ours, which says the same of all that is not
// of a namespace.
func Proc(path string) string {
	own := filepath.Join(path, "proc")
	if _, err := os.Stat(filepath.Join(own, "meminfo")); err != nil {
		return procfs.DefaultMountPoint
	}
	return own
}

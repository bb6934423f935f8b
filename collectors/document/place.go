package document

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A place has files among which documents are.
type place interface {
	name() string             // in words: "the repository shop"
	label(path string) string // names a file or folder of it
	documentsOnly() bool      // nothing but documents is in it
	// within is a declared path as paths has it.
	within(declared string) string
	paths(ctx context.Context) ([]string, error)
	has(path string) bool // a file or a folder
	read(ctx context.Context, path string) ([]byte, error)
	changed(ctx context.Context, path string) (time.Time, error)
	released() time.Time // when the newest tag was made; zero: there is none
}

// folders are those of this machine to search.
func (t Target) folders() []string {
	switch {
	case t.Declared == nil || t.Declared.Repository != "":
		return t.Folders
	case t.Request.Folder:
		return []string{t.Declared.Path}
	}
	return []string{filepath.Dir(t.Declared.Path)}
}

// places gives those that a target names, or why one cannot be searched.
func (l library) places(ctx context.Context, t Target) iter.Seq2[place, error] {
	return func(yield func(place, error) bool) {
		for _, path := range t.folders() {
			f, err := openFolder(path)
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			more := yield(f, nil)
			f.root.Close()
			if !more {
				return
			}
		}
		for _, declared := range t.Repositories {
			snapshot, err := l.repositories.Repository(declared).Snapshot(ctx)
			if err != nil {
				err = fmt.Errorf("read the repository %s: %w", declared.Name, err)
			}
			if !yield(repository{declared, snapshot}, err) {
				return
			}
		}
	}
}

// A repository is a place in git.
type repository struct {
	declared system.Repository
	*gitrepo.Snapshot
}

func (r repository) name() string                            { return "the repository " + r.declared.Name }
func (r repository) label(path string) string                { return r.declared.Name + ":" + path }
func (r repository) documentsOnly() bool                     { return false }
func (r repository) within(declared string) string           { return declared }
func (r repository) paths(context.Context) ([]string, error) { return r.Paths(), nil }
func (r repository) has(path string) bool                    { return r.Has(path) }
func (r repository) released() time.Time                     { return r.Released }

func (r repository) read(ctx context.Context, path string) ([]byte, error) {
	return r.Read(ctx, path)
}

func (r repository) changed(ctx context.Context, path string) (time.Time, error) {
	return r.Changed(ctx, path)
}

// A folder is a place on this machine. Links lead nowhere out of it.
type folder struct {
	path string
	root *os.Root
}

func openFolder(path string) (folder, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return folder{}, fmt.Errorf("open the folder %s: %w", path, err)
	}
	return folder{path, root}, nil
}

func (f folder) name() string             { return "the folder " + f.path }
func (f folder) label(path string) string { return filepath.Join(f.path, path) }
func (f folder) documentsOnly() bool      { return true }
func (f folder) released() time.Time      { return time.Time{} }

func (f folder) within(declared string) string {
	if declared == f.path {
		return "."
	}
	return filepath.Base(declared)
}

// maximumFiles bounds what a folder may have.
const maximumFiles = 20_000

func (f folder) paths(ctx context.Context) (paths []string, err error) {
	err = fs.WalkDir(f.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case entry.IsDir() && name != "." && strings.HasPrefix(entry.Name(), "."):
			return fs.SkipDir
		case entry.IsDir():
			return nil
		case len(paths) == maximumFiles:
			return fact.Errorf(fact.ReasonUnsupported, "the folder has more than %d files", maximumFiles)
		}
		paths = append(paths, name)
		return nil
	})
	return paths, err
}

func (f folder) has(name string) bool {
	_, err := f.root.Stat(name)
	return err == nil
}

func (f folder) read(_ context.Context, name string) ([]byte, error) {
	return readfile.ReadIn(f.root.FS(), name, gitrepo.MaximumFile)
}

// changed is the time of the last change of the file, unless that is only when it was checked out.
func (f folder) changed(_ context.Context, name string) (time.Time, error) {
	for at := f.path; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, ".git")); err == nil {
			return time.Time{}, fact.Errorf(fact.ReasonUnsupported,
				"%s is in the work tree of a git repository, whose files are dated by their checkout: declare %s under repositories", f.path, at)
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	info, err := f.root.Stat(name)
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime().UTC(), nil
}

// isNoFile tells whether an error says that there is no such file.
func isNoFile(err error) bool {
	return errors.Is(err, gitrepo.ErrNoFile) || errors.Is(err, fs.ErrNotExist)
}

// depth is how many folders a file is in.
func depth(name string) int { return strings.Count(path.Clean(name), "/") }

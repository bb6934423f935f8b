package record

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"
	"time"
)

// A reading is what is found in a directory.
type reading struct {
	*Directory
	loaded   contents
	found    bool // the newest segment
	problems []error
}

// read takes over what is in the directory: the newest segment, since each begins with all that was kept before. What is
// not of this program, or not whole, is reported and left alone.
func (d *Directory) read() error {
	files, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	slices.SortFunc(files, func(a, b os.DirEntry) int { return cmp.Compare(b.Name(), a.Name()) })
	if d.segment != nil {
		_ = d.segment.Close() // of an attempt that failed; nothing was written
	}
	d.segment, d.obsolete = nil, nil
	r := reading{Directory: d, loaded: newContents(d.options.MaximumBytes / evidenceShare)}
	var foreign []string
	for _, file := range files {
		var err error
		name := file.Name()
		switch _, finished, is := segmentNumber(name); {
		case is && !finished:
			err = r.removeUnfinished(name)
		case is && !r.found:
			err = r.readNewest(name)
		case is:
			err = r.readOlder(name)
		case name != lockName && name != "lost+found":
			foreign = append(foreign, name)
		}
		if err != nil {
			return err
		}
	}
	if len(foreign) > 0 {
		r.problem("%s contains %d files that this program did not write, such as %s; they are left unchanged", d.path, len(foreign), foreign[0])
	}
	for _, problem := range r.problems {
		d.options.Report(problem)
	}
	d.loaded = true
	d.load(r.loaded)
	return nil
}

func (r *reading) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(format, args...))
}

// removeUnfinished removes a segment that a crash did not let be finished.
func (r *reading) removeUnfinished(name string) error {
	file, err := os.Lstat(r.in(name))
	switch {
	case r.lock == nil || errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !file.Mode().IsRegular():
		r.problem("%s is left unchanged: %w", r.in(name), errForeign)
		return nil
	}
	return os.Remove(r.in(name))
}

// readNewest reads the newest segment, and has it appended to if it is whole. One that cannot be read now may be later.
func (r *reading) readNewest(name string) error {
	statuses := make(map[string]string) // each once in memory
	found, err := readSegment(r.in(name), func(record line, text []byte) {
		if change := record.Change; change != nil {
			if known, there := statuses[change.Status]; there {
				change.Status = known
			}
			statuses[change.Status] = change.Status
		}
		r.loaded.add(record, text, r.options.Ready)
	})
	switch {
	case isForeign(err):
		r.problem("%s is left unchanged: %w", r.in(name), err)
		return nil
	case err != nil:
		return err
	}
	r.found = true
	switch {
	case found.corrupted > 0:
		r.corrupted(name, found)
		r.renew()
		return nil
	case r.lock == nil:
		r.obsolete = append(r.obsolete, name)
		return nil
	}
	return r.continueWith(name, found)
}

// continueWith has a segment appended to, behind its last whole line.
func (r *reading) continueWith(name string, found scan) error {
	file, err := openRegular(r.in(name), os.O_WRONLY|os.O_APPEND)
	if err != nil {
		return err
	}
	if found.torn > 0 {
		r.problem("%s ended in the middle of a record; its last %d bytes were removed", r.in(name), found.torn)
		if err := file.Truncate(found.whole); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	r.segment, r.name, r.size, r.first = file, name, found.whole, 0
	r.rewritten = time.Now().Add(settleInterval - rewriteAfter)
	return nil
}

// readOlder finds out whether a segment that was replaced can be removed.
func (r *reading) readOlder(name string) error {
	switch found, err := readSegment(r.in(name), func(line, []byte) {}); {
	case isForeign(err):
		r.problem("%s is left unchanged: %w", r.in(name), err)
	case err != nil:
		return err
	case found.corrupted > 0:
		r.corrupted(name, found)
	default:
		r.obsolete = append(r.obsolete, name)
		r.renew()
	}
	return nil
}

func (r *reading) corrupted(name string, found scan) {
	r.problem("%s is left unchanged: %d of its records do not match their checksums; the others were read", r.in(name), found.corrupted)
}

// isForeign tells what cannot be read now from what is no segment, whenever it is read: links, sockets, other files.
func isForeign(err error) bool {
	return errors.Is(err, errForeign) || errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.ENXIO)
}

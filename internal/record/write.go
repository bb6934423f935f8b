package record

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

const lockName = "lock"

// A writer is what only the goroutine that writes uses.
type writer struct {
	lock      *os.File // held; nil while the directory is not
	loaded    bool     // what is in the directory has been taken over
	segment   *os.File // that is appended to; nil: a new one is to be made
	name      string   // of the segment
	size      int64    // of the segment
	first     int64    // its size when it was made
	rewritten time.Time
	obsolete  []string // names of segments, whole and of this program, that a new one replaces
}

// prepare takes the directory for this process, and what is in it.
func (d *Directory) prepare() error {
	if d.lock != nil && !d.inPlace(d.lock, lockName) {
		d.release() // Somebody has replaced the directory.
		d.obsolete = nil
	}
	var err error
	if d.lock == nil {
		err = d.acquire()
	}
	if errors.Is(err, ErrInUse) || d.loaded {
		return err
	}
	return errors.Join(err, d.read())
}

// inPlace tells whether an open file still has its name.
func (d *Directory) inPlace(file *os.File, name string) bool {
	here, err := os.Lstat(d.in(name))
	if err != nil {
		return false
	}
	opened, err := file.Stat()
	return err == nil && os.SameFile(here, opened)
}

// acquire takes the directory for this process.
func (d *Directory) acquire() error {
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return err
	}
	lock, err := os.OpenFile(d.in(lockName), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return err
	}
	for {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return errors.Join(ErrInUse, lock.Close())
	case errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS):
		d.options.Report(fmt.Errorf("the file system of %s has no locks; make sure that no other exporter uses it: %w", d.path, err))
	case err != nil:
		return errors.Join(fmt.Errorf("lock %s: %w", lock.Name(), err), lock.Close())
	}
	d.lock = lock
	return nil
}

// release gives the directory up.
func (d *Directory) release() {
	for _, file := range []*os.File{d.segment, d.lock} {
		if file != nil {
			_ = file.Close() // What was to be kept was synced.
		}
	}
	d.segment, d.lock = nil, nil
}

// outdated tells whether what is kept was last pruned too long ago.
func (d *Directory) outdated() bool {
	return d.segment != nil && time.Since(d.rewritten) >= rewriteAfter
}

// commit writes records to the segment, or all that is kept to a new one. What could not be written stays to be written.
func (d *Directory) commit(batch []line, anew bool) error {
	if err := d.prepare(); err != nil {
		d.renew()
		return err
	}
	var text []byte
	for i := range batch {
		text = appendLine(text, batch[i])
	}
	limit := max(d.options.MaximumBytes/2, 2*d.first)
	if anew || d.segment == nil || d.outdated() || d.size+int64(len(text)) > limit || !d.inPlace(d.segment, d.name) {
		err := d.rewrite()
		if err != nil {
			d.renew()
		}
		return err
	}
	if _, err := d.segment.Write(text); err != nil {
		if d.segment.Truncate(d.size) == nil {
			d.again(batch)
		} else {
			d.renew()
		}
		return err
	}
	if err := d.segment.Sync(); err != nil {
		d.renew() // Nobody knows what is on disk.
		return err
	}
	d.size += int64(len(text))
	return nil
}

// rewrite makes a new segment of all that is kept, beside those that there are, and only then removes those that it
// replaces.
func (d *Directory) rewrite() error {
	number, err := d.lastNumber()
	if err != nil {
		return err
	}
	name := segmentName(number + 1)
	lines, others := d.everything()
	file, err := os.OpenFile(d.in(name+unfinished), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	err = fill(file, lines, others)
	if err == nil {
		err = os.Rename(d.in(name+unfinished), d.in(name))
	}
	if err != nil {
		return errors.Join(err, file.Close(), os.Remove(d.in(name+unfinished)))
	}
	if err := d.syncDirectory(); err != nil {
		return errors.Join(err, file.Close())
	}
	return d.replace(file, name)
}

// replace has a new segment appended to, and removes those that it replaces.
func (d *Directory) replace(file *os.File, name string) error {
	if d.segment != nil {
		_ = d.segment.Close() // The new one has what was in it.
		d.obsolete = append(d.obsolete, d.name)
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	d.segment, d.name, d.size, d.first, d.rewritten = file, name, info.Size(), info.Size(), time.Now()
	var left []string
	for _, old := range d.obsolete {
		if err := os.Remove(d.in(old)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			left = append(left, old)
		}
	}
	d.obsolete = left
	return nil
}

// fill writes a segment, and returns when it is on disk.
func fill(file *os.File, lines []line, others [][]byte) error {
	buffered := bufio.NewWriterSize(file, 1<<16)
	text := appendLine(nil, line{Format: format})
	for i := range lines {
		if _, err := buffered.Write(text); err != nil {
			return err
		}
		text = appendLine(text[:0], lines[i])
	}
	for _, other := range others {
		text = append(append(text, other...), '\n')
	}
	if _, err := buffered.Write(text); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	return file.Sync()
}

// lastNumber is that of the newest segment, whoever made it.
func (d *Directory) lastNumber() (last int, err error) {
	files, err := os.ReadDir(d.path)
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		if number, _, is := segmentNumber(file.Name()); is {
			last = max(last, number)
		}
	}
	return last, nil
}

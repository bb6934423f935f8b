package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	// writeInterval is the least time between two writes: what a crash of the machine costs at most.
	writeInterval = time.Second
	// retryInterval is how long a directory that could not be written is left alone.
	retryInterval = 10 * time.Second
	// closePatience is how long Close waits for a disk that hangs.
	closePatience = 2 * time.Second
	// settleInterval is how long after it was opened nothing of a system is left out for its age, since it may not have
	// been asked for yet.
	settleInterval = time.Hour
	rewriteAfter   = 24 * time.Hour // even if nothing else asks for it, so that what is too old goes
	maximumQueue   = 10_000         // changes that wait to be written; of more, all that is kept is written anew

	defaultMaximumAge         = 400 * 24 * time.Hour
	defaultMaximumBytes int64 = 256 << 20
)

// ErrInUse says that another process has the directory.
var ErrInUse = errors.New("another process uses it")

// Options are what a Directory needs.
type Options struct {
	MaximumAge   time.Duration            // of changes; default 400 days
	MaximumBytes int64                    // of all segments, even while one takes the place of another; default 256 MiB
	Ready        func(status string) bool // tells the statuses that count as ready, which regressions are told by
	Now          func() time.Time         // default time.Now
	// Report is told, once each, what is wrong with the directory, and by nil that it can be written again.
	Report func(error)
}

// A Directory is a store in a directory of this process alone. While that cannot be written, what is appended is kept in
// memory, and written once it can be.
type Directory struct {
	path    string
	options Options
	opened  time.Time
	wake    chan struct{} // holds a token when there is something to write
	hurry   chan struct{} // holds a token when somebody waits for it
	stop    chan struct{}
	stopped chan struct{}

	mu       sync.Mutex
	kept     contents
	queue    []line // to be appended to the segment
	anew     bool   // a new segment is to be made of all that is kept
	trouble  error  // why it could not be written; nil when it could
	known    map[string]bool
	waiters  []chan error
	watchers map[watcher]chan struct{}
	closed   bool

	writer
}

var _ Store = (*Directory)(nil)

// OpenDirectory opens the store in a directory, and makes the directory if there is none. It fails only if another process
// has it; one that cannot be read or written is reported.
func OpenDirectory(path string, options Options) (*Directory, error) {
	if options.MaximumAge <= 0 {
		options.MaximumAge = defaultMaximumAge
	}
	if options.MaximumBytes <= 0 {
		options.MaximumBytes = defaultMaximumBytes
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Ready == nil {
		options.Ready = func(string) bool { return false }
	}
	if options.Report == nil {
		options.Report = func(error) {}
	}
	d := &Directory{
		path: path, options: options, opened: time.Now(),
		wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
		kept: newContents(options.MaximumBytes), known: make(map[string]bool), watchers: make(map[watcher]chan struct{}),
	}
	if err := d.prepare(); errors.Is(err, ErrInUse) {
		return nil, fmt.Errorf("open %s: %w", path, err)
	} else if err != nil {
		d.settle(err)
		d.renew()
	}
	if d.anew {
		signal(d.wake)
	}
	go d.work()
	return d, nil
}

// Changes are those that are kept of one system; of each check, the oldest first.
func (d *Directory) Changes(system string) []Change {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known[system] = true
	return d.kept.changes.of(system)
}

// Append keeps further changes. They are written within a second, as far as the directory can be.
func (d *Directory) Append(changes ...Change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, change := range changes {
		change.At = change.At.UTC().Round(0)
		d.known[change.System] = true
		d.kept.changes.add(change, d.options.Ready)
		d.enqueue(line{Change: &change})
	}
}

// enqueue has a record written, which was added to what is kept. The caller holds d.mu.
func (d *Directory) enqueue(record line) {
	d.queue = append(d.queue, record)
	d.boundQueue()
	signal(d.wake)
}

// boundQueue has all that is kept written anew where the queue has become too long. The caller holds d.mu.
func (d *Directory) boundQueue() {
	if len(d.queue) > maximumQueue {
		d.queue, d.anew = nil, true
	}
}

// Writable tells whether the directory could be written when that was last tried.
func (d *Directory) Writable() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.trouble == nil
}

// Close writes what was appended, and gives the directory up. A disk that hangs is left behind.
func (d *Directory) Close() error {
	d.mu.Lock()
	closed := d.closed
	d.closed = true
	d.mu.Unlock()
	if closed {
		return nil
	}
	ended := make(chan error, 1)
	go func() {
		err := d.sync()
		close(d.stop)
		<-d.stopped
		ended <- err
	}()
	timer := time.NewTimer(closePatience)
	defer timer.Stop()
	var err error
	select {
	case err = <-ended:
	case <-timer.C:
		err = fmt.Errorf("it took longer than %s", closePatience)
	}
	if err != nil {
		return fmt.Errorf("write to %s: %w", d.path, err)
	}
	return nil
}

// sync returns when all that was appended before is on disk, or cannot be written.
func (d *Directory) sync() error {
	written := make(chan error, 1)
	d.mu.Lock()
	d.waiters = append(d.waiters, written)
	d.mu.Unlock()
	signal(d.hurry)
	return <-written
}

// work writes what there is to write, not too often, until it is stopped.
func (d *Directory) work() {
	defer close(d.stopped)
	defer d.release()
	for {
		if d.Writable() {
			d.await(d.wake, rewriteAfter)
		} else {
			d.await(nil, retryInterval)
		}
		if d.write() == nil {
			d.await(nil, writeInterval)
		}
		select {
		case <-d.stop:
			return
		default:
		}
	}
}

// await waits for a token, for somebody who waits, for the end, or for a time.
func (d *Directory) await(token <-chan struct{}, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-token:
	case <-d.hurry:
		signal(d.wake)
	case <-d.stop:
	case <-timer.C:
	}
}

// write writes what there is to write.
func (d *Directory) write() error {
	d.mu.Lock()
	batch, anew, waiters := d.queue, d.anew, d.waiters
	d.queue, d.waiters = nil, nil
	d.mu.Unlock()
	var err error
	if len(batch) > 0 || anew || d.outdated() {
		err = d.commit(batch, anew)
		d.settle(err)
	}
	for _, waiter := range waiters {
		waiter <- err
	}
	return err
}

// settle notes whether the directory could be written, and reports when that changes.
func (d *Directory) settle(err error) {
	d.mu.Lock()
	changed := (err == nil) != (d.trouble == nil)
	d.trouble = err
	d.mu.Unlock()
	switch {
	case !changed:
	case err != nil:
		d.options.Report(fmt.Errorf("changes of status are kept in memory only, because %s cannot be written: %w", d.path, err))
	default:
		d.options.Report(nil)
	}
}

// load takes over what is in the directory, before what has been added until now.
func (d *Directory) load(loaded contents) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, record := range d.kept.lines() {
		if change := record.Change; change != nil {
			entries := loaded.changes[change.System][change.Check]
			if len(entries) > 0 && entries[len(entries)-1].status == change.Status {
				continue // It began before this process did.
			}
		}
		loaded.add(record, nil, d.options.Ready)
		d.anew = true
	}
	d.kept = loaded
	for by := range d.watchers {
		d.tell(by.system)
	}
}

// everything gives all that is kept, without what is too old or too much; what is yet to be written is in it.
func (d *Directory) everything() (lines []line, others [][]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	size := d.options.MaximumBytes/4 - d.kept.evidence.bytes
	for _, other := range d.kept.others {
		size -= int64(len(other) + 1)
	}
	settled := time.Since(d.opened) >= settleInterval
	d.kept.changes.prune(d.options.Now().Add(-d.options.MaximumAge), size, d.options.Ready,
		func(system string) bool { return d.known[system] || !settled })
	d.queue, d.anew = nil, false
	return d.kept.lines(), slices.Clone(d.kept.others)
}

func signal(token chan struct{}) {
	select {
	case token <- struct{}{}:
	default:
	}
}

func (d *Directory) in(name string) string { return filepath.Join(d.path, name) }

// syncDirectory makes names outlive a crash of the machine.
func (d *Directory) syncDirectory() error {
	directory, err := os.Open(d.path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

// evidenceShare is which part of the bytes of a directory evidence may take.
const evidenceShare = 16

// ErrInUse says that another process has the directory.
var ErrInUse = errors.New("another process uses it")

// Options are what a store needs.
type Options struct {
	MaximumAge   time.Duration            // of changes; default 400 days
	MaximumBytes int64                    // of all segments, even while one takes the place of another; default 256 MiB, of objects 14 MiB
	Ready        func(status string) bool // tells the statuses that count as ready, which regressions are told by
	Now          func() time.Time         // default time.Now
	// Report is told, once each, what is wrong with the store, and by nil that it can be written again.
	Report func(error)
}

func (o Options) withDefaults(maximumBytes int64) Options {
	if o.MaximumAge <= 0 {
		o.MaximumAge = defaultMaximumAge
	}
	if o.MaximumBytes <= 0 {
		o.MaximumBytes = maximumBytes
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Ready == nil {
		o.Ready = func(string) bool { return false }
	}
	if o.Report == nil {
		o.Report = func(error) {}
	}
	return o
}

// A Directory is a store in a directory of this process alone. While that cannot be written, what is appended is kept in
// memory, and written once it can be.
type Directory struct {
	ledger
	path string
	writer
}

var (
	_ Store  = (*Directory)(nil)
	_ medium = (*Directory)(nil)
)

// OpenDirectory opens the store in a directory, and makes the directory if there is none. It fails only if another process
// has it; one that cannot be read or written is reported.
func OpenDirectory(path string, options Options) (*Directory, error) {
	options = options.withDefaults(defaultMaximumBytes)
	d := &Directory{path: path, ledger: newLedger(path, options, options.MaximumBytes/evidenceShare)}
	d.medium = d
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

// load takes over what is in the directory, before what has been added until now.
func (d *Directory) load(loaded contents) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.anew = len(d.rebase(loaded, d.kept.lines())) > 0 || d.anew
}

// everything gives all that is kept, without what is too old or too much; what is yet to be written is in it.
func (d *Directory) everything() (lines []line, others [][]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.prune(d.options.MaximumBytes/4 - d.kept.evidence.bytes)
	d.queue, d.anew = nil, false
	return d.kept.lines(), slices.Clone(d.kept.others)
}

func (d *Directory) interval() time.Duration { return rewriteAfter }

func (d *Directory) in(name string) string { return filepath.Join(d.path, name) }

// syncDirectory makes names outlive a crash of the machine.
func (d *Directory) syncDirectory() error {
	directory, err := os.Open(d.path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

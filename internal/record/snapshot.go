package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A Snapshot is what a directory kept when it was read.
type Snapshot struct{ kept history }

// Changes are those that were kept of one system; of each check, the oldest first.
func (s *Snapshot) Changes(system string) []Change { return s.kept.of(system) }

// readAttempts is how often a segment may be replaced by a newer one while it is being looked for.
const readAttempts = 3

// ReadDirectory reads the store in a directory, also while another process has it, and changes nothing there. Ready tells the
// statuses that count as ready.
func ReadDirectory(path string, ready func(status string) bool) (*Snapshot, error) {
	var err error
	for range readAttempts {
		var kept history
		if kept, err = readNewest(path, ready); err == nil {
			return &Snapshot{kept}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return nil, fmt.Errorf("read the record in %s: %w", path, err)
}

// errNoRecord says that nothing was ever kept in a directory.
var errNoRecord = errors.New("there is none: run the exporter with this --storage.path, or name the folder that it uses")

func readNewest(path string, ready func(status string) bool) (history, error) {
	files, err := os.ReadDir(path) // sorted by name, which is in the order in which segments were made
	if err != nil {
		return nil, err
	}
	newest := ""
	for _, file := range files {
		if _, finished, is := segmentNumber(file.Name()); is && finished {
			newest = file.Name()
		}
	}
	if newest == "" {
		return nil, errNoRecord
	}
	kept := make(history)
	_, err = readSegment(filepath.Join(path, newest), func(record line, _ []byte) {
		if record.Change != nil {
			kept.add(*record.Change, ready)
		}
	})
	return kept, err
}

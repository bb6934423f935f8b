package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A Snapshot is what a store kept when it was read.
type Snapshot struct{ kept contents }

// Changes are those that were kept of one system; of each check, the oldest first.
func (s *Snapshot) Changes(system string) []Change { return s.kept.changes.of(system) }

// readAttempts is how often a segment may be replaced by a newer one while it is being looked for.
const readAttempts = 3

// ReadDirectory reads the store in a directory, also while another process has it, and changes nothing there. Ready tells the
// statuses that count as ready.
func ReadDirectory(path string, ready func(status string) bool) (*Snapshot, error) {
	var err error
	for range readAttempts {
		var kept contents
		if kept, err = readNewest(path, ready); err == nil {
			return &Snapshot{kept}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return nil, fmt.Errorf("read the record in %s: %w", path, err)
}

// Evidence is what was kept of a system, as Directory.Evidence gives it.
func (s *Snapshot) Evidence(system string) []fact.Evidence { return s.kept.evidence.facts(system) }

// Attestations are those about a system that nobody took back.
func (s *Snapshot) Attestations(system string) []fact.Attestation {
	return s.kept.signatures.attestations(system)
}

// Waivers are those about a system that nobody took back.
func (s *Snapshot) Waivers(system string) []fact.Waiver { return s.kept.signatures.waivers(system) }

// Watch gives nil: nothing is added any more.
func (s *Snapshot) Watch(string, string) <-chan struct{} { return nil }

// ErrNoRecord says that nothing was ever kept there.
var ErrNoRecord = errors.New("there is none: run the exporter with this --storage.path or --storage.configmaps, or name what it uses")

func readNewest(path string, ready func(status string) bool) (contents, error) {
	files, err := os.ReadDir(path) // sorted by name, which is in the order in which segments were made
	if err != nil {
		return contents{}, err
	}
	newest := ""
	for _, file := range files {
		if _, finished, is := segmentNumber(file.Name()); is && finished {
			newest = file.Name()
		}
	}
	if newest == "" {
		return contents{}, ErrNoRecord
	}
	kept := newContents(0)
	_, err = readSegment(filepath.Join(path, newest), func(record line, text []byte) { kept.add(record, text, ready) })
	return kept, err
}

package evidence

import (
	"context"
	"crypto"
	"os"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/evidence"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/intoto"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// maximumFiles is how many files one result may be in, maximumBytes how long they may be together.
	maximumFiles = 2000
	maximumBytes = 64 << 20
	// longestBy is how many bytes of the names of files are shown.
	longestBy = 200
)

// A reading is what was read of a file.
type reading struct {
	changed time.Time
	size    int64
	result  fact.EvidenceResult
	// revisions are those that an attestation names.
	revisions []string
}

// files reads the reports of one run. Where no file is there the fact has no report.
func (r *reader) files(ctx context.Context, id string, declared system.EvidenceFiles, now map[string]reading) (fact.Evidence, error) {
	found := of(declared)
	paths, err := matching(declared.Paths)
	if err != nil || len(paths) == 0 {
		return found, err
	}
	keys, err := intoto.ReadKeys(declared.AttestationKeys)
	if err != nil {
		return found, err
	}
	var results []fact.EvidenceResult
	var revisions []string // that all attestations are of
	var oldest time.Time
	left := int64(maximumBytes)
	for _, path := range paths {
		if ctx.Err() != nil {
			return found, context.Cause(ctx)
		}
		one, err := r.file(id, path, keys)
		if err != nil {
			return found, err
		}
		if revisions = shared(revisions, one.revisions, len(results) == 0); len(keys) > 0 && len(revisions) == 0 {
			return found, fact.Errorf(fact.ReasonInvalid, "%s is an attestation of another subject than those before it", path)
		}
		if left -= one.size; left < 0 {
			return found, fact.Errorf(fact.ReasonInvalid, "the files of %s have more than %d MiB", words.List(declared.Paths), maximumBytes>>20)
		}
		if len(keys) == 0 {
			now[path] = one // What is signed is verified each time.
		}
		results = append(results, one.result)
		if oldest.IsZero() || one.changed.Before(oldest) {
			oldest = one.changed
		}
	}
	report := fact.EvidenceReport{Revisions: revisions, By: words.Clip(words.List(declared.Paths), longestBy), Result: evidence.Merge(results)}
	// A file that was copied is younger than what it says.
	if report.At = oldest.UTC(); !report.Result.MadeAt.IsZero() && report.Result.MadeAt.Before(oldest) {
		report.At = report.Result.MadeAt
	}
	if declared.RevisionFile != "" {
		revision, err := revisionIn(declared.RevisionFile)
		if err != nil {
			return found, err
		}
		report.Revisions = []string{revision}
	}
	found.Reports = []fact.EvidenceReport{report}
	return found, nil
}

// matching gives the files that patterns name, each once. What cannot be listed may have some.
func matching(patterns []string) (paths []string, err error) {
	for _, pattern := range patterns {
		found := readfile.Match(pattern)
		if len(found.Unlisted) > 0 {
			return nil, found.Unlisted[0].Err
		}
		paths = append(paths, found.Files...)
		if len(paths) > maximumFiles {
			return nil, fact.Errorf(fact.ReasonInvalid, "%s matches more than %d files", pattern, maximumFiles)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// file reads a report, unless it is as it was when it was last read.
func (r *reader) file(id, path string, keys []crypto.PublicKey) (reading, error) {
	info, err := os.Stat(path)
	if err != nil {
		return reading{}, err
	}
	r.mu.Lock()
	before, known := r.read[id][path]
	r.mu.Unlock()
	if known && len(keys) == 0 && before.size == info.Size() && before.changed.Equal(info.ModTime()) {
		return before, nil
	}
	content, err := readfile.Read(path, evidence.MaximumBytes)
	if err != nil {
		return reading{}, err
	}
	if len(keys) > 0 {
		attested, err := intoto.Read(content, keys)
		if err != nil {
			return reading{}, fact.Errorf(fact.ReasonOf(err), "%s: %w", path, err)
		}
		return reading{changed: info.ModTime(), size: info.Size(), result: attested.Result, revisions: attested.Revisions}, nil
	}
	result, err := evidence.Parse(content)
	if err != nil {
		return reading{}, fact.Errorf(fact.ReasonOf(err), "%s: %w", path, err)
	}
	return reading{changed: info.ModTime(), size: info.Size(), result: result}, nil
}

// shared are the revisions of a further attestation that those before it are of too.
func shared(before, further []string, first bool) []string {
	if first {
		return further
	}
	return slices.DeleteFunc(slices.Clone(before), func(revision string) bool { return !slices.Contains(further, revision) })
}

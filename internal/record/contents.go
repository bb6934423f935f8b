package record

import (
	"bytes"
	"context"
	"errors"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// contents are all that is kept.
type contents struct {
	changes    history
	evidence   archive
	signatures signatures
	others     [][]byte // lines of kinds that this version does not know
}

// evidenceShare is which part of the bytes evidence may take.
const evidenceShare = 16

func newContents(maximumBytes int64) contents {
	return contents{changes: make(history), evidence: newArchive(maximumBytes / evidenceShare), signatures: newSignatures()}
}

// add adds a record, the newest.
func (c *contents) add(record line, text []byte, ready func(string) bool) {
	switch {
	case record.Change != nil:
		c.changes.add(*record.Change, ready)
	case record.Evidence != nil:
		c.evidence.add(*record.Evidence, text)
	case record.Signature != nil:
		c.signatures.add(*record.Signature)
	case record.Format == 0:
		c.others = append(c.others, bytes.Clone(text))
	}
}

// lines are all records but those that this version does not know.
func (c *contents) lines() (lines []line) {
	for _, change := range c.changes.all() {
		lines = append(lines, line{Change: &change})
	}
	for _, evidence := range c.evidence.all() {
		lines = append(lines, line{Evidence: &evidence})
	}
	for _, signature := range c.signatures.all {
		lines = append(lines, line{Signature: &signature})
	}
	return lines
}

// Evidence is what is kept of a system, the newest first of each component of each item.
func (d *Directory) Evidence(system string) []fact.Evidence {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept.evidence.facts(system)
}

// Attestations are those about a system that nobody took back.
func (d *Directory) Attestations(system string) []fact.Attestation {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept.signatures.attestations(system)
}

// Waivers are those about a system that nobody took back.
func (d *Directory) Waivers(system string) []fact.Waiver {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept.signatures.waivers(system)
}

// Signatures are all that was signed about a system, and taken back, the oldest first.
func (d *Directory) Signatures(system string) []Signature {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept.signatures.of(system)
}

// InForce are the signatures of a kind about a system that nobody took back.
func (d *Directory) InForce(system, kind string) []Signature {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept.signatures.inForce(system, kind)
}

// KeepEvidence returns once evidence is on disk. What repeats a submission of just before is not kept once more, which known tells.
// With an error it is not known to be on disk: it counts until the process ends, and whoever submits it is to do so again.
func (d *Directory) KeepEvidence(ctx context.Context, e Evidence) (known bool, err error) {
	e.Report.At, e.Report.Result.MadeAt = e.Report.At.UTC().Round(0), e.Report.Result.MadeAt.UTC().Round(0)
	d.mu.Lock()
	if known = d.kept.evidence.knows(e); !known {
		d.kept.evidence.add(e, nil)
		d.enqueue(line{Evidence: &e})
		d.tell(e.System)
	}
	d.mu.Unlock()
	return known, d.written(ctx)
}

// KeepSignature returns once a signature is on disk, as KeepEvidence does; it gives the one that is kept.
func (d *Directory) KeepSignature(ctx context.Context, s Signature) (Signature, error) {
	s.At, s.Until = s.At.UTC().Round(0), s.Until.UTC().Round(0)
	d.mu.Lock()
	if before := d.kept.signatures.repeats(s); before != nil {
		s = *before
	} else {
		d.kept.signatures.add(s)
		d.enqueue(line{Signature: &s})
		d.tell(s.System)
	}
	d.mu.Unlock()
	return s, d.written(ctx)
}

// errClosed says that the store was given up.
var errClosed = errors.New("the exporter is shutting down")

// written returns when all that was added before is on disk, or cannot be written, or when ctx ends.
func (d *Directory) written(ctx context.Context) error {
	written := make(chan error, 1)
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return errClosed
	}
	d.waiters = append(d.waiters, written)
	d.mu.Unlock()
	signal(d.hurry)
	select {
	case err := <-written:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-d.stopped:
		return errClosed
	}
}

// A watcher is somebody who waits for news of a system.
type watcher struct{ system, who string }

// Watch gives a channel that holds a token when evidence of a system, or a signature, was added. It is the same for the same who.
func (d *Directory) Watch(system, who string) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	by := watcher{system, who}
	if d.watchers[by] == nil {
		d.watchers[by] = make(chan struct{}, 1)
	}
	return d.watchers[by]
}

// tell tells whoever watches a system. The caller holds d.mu.
func (d *Directory) tell(system string) {
	for by, token := range d.watchers {
		if by.system == system {
			signal(token)
		}
	}
}

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

// newContents are empty; evidence may take so many bytes, 0: any number.
func newContents(evidenceBytes int64) contents {
	return contents{changes: make(history), evidence: newArchive(evidenceBytes), signatures: newSignatures()}
}

// has tells whether a record is among them, or, of a change, that its check has that status already.
func (c *contents) has(record line) bool {
	switch {
	case record.Change != nil:
		return c.changes.has(*record.Change)
	case record.Evidence != nil:
		return c.evidence.has(*record.Evidence)
	case record.Signature != nil:
		return c.signatures.ids[record.Signature.ID]
	}
	return false
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
func (l *ledger) Evidence(system string) []fact.Evidence {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.evidence.facts(system)
}

// Attestations are those about a system that nobody took back.
func (l *ledger) Attestations(system string) []fact.Attestation {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.signatures.attestations(system)
}

// Waivers are those about a system that nobody took back.
func (l *ledger) Waivers(system string) []fact.Waiver {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.signatures.waivers(system)
}

// Signatures are all that was signed about a system, and taken back, the oldest first.
func (l *ledger) Signatures(system string) []Signature {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.signatures.of(system)
}

// InForce are the signatures of a kind about a system that nobody took back.
func (l *ledger) InForce(system, kind string) []Signature {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.signatures.inForce(system, kind)
}

// KeepEvidence returns once evidence is on disk, or at the API server. What repeats a submission of just before is not kept once more,
// which known tells.
// With an error it is not known to be kept: it counts until the process ends, and whoever submits it is to do so again.
func (l *ledger) KeepEvidence(ctx context.Context, e Evidence) (known bool, err error) {
	e.Report.At, e.Report.Result.MadeAt = e.Report.At.UTC().Round(0), e.Report.Result.MadeAt.UTC().Round(0)
	l.mu.Lock()
	if known = l.kept.evidence.knows(e); !known {
		l.kept.evidence.add(e, nil)
		l.enqueue(line{Evidence: &e})
		l.tell(e.System)
	}
	l.mu.Unlock()
	return known, l.written(ctx)
}

// KeepSignature returns once a signature is kept, as KeepEvidence does; it gives the one that is kept.
func (l *ledger) KeepSignature(ctx context.Context, s Signature) (Signature, error) {
	s.At, s.Until = s.At.UTC().Round(0), s.Until.UTC().Round(0)
	l.mu.Lock()
	if before := l.kept.signatures.repeats(s); before != nil {
		s = *before
	} else {
		l.kept.signatures.add(s)
		l.enqueue(line{Signature: &s})
		l.tell(s.System)
	}
	l.mu.Unlock()
	return s, l.written(ctx)
}

// errClosed says that the store was given up.
var errClosed = errors.New("the exporter is shutting down")

// written returns when all that was added before is kept, or cannot be written, or when ctx ends.
func (l *ledger) written(ctx context.Context) error {
	written := make(chan error, 1)
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return errClosed
	}
	l.waiters = append(l.waiters, written)
	l.mu.Unlock()
	signal(l.hurry)
	select {
	case err := <-written:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-l.stopped:
		return errClosed
	}
}

// A watcher is somebody who waits for news of a system.
type watcher struct{ system, who string }

// Watch gives a channel that holds a token when evidence of a system, or a signature, was added. It is the same for the same who.
func (l *ledger) Watch(system, who string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	by := watcher{system, who}
	if l.watchers[by] == nil {
		l.watchers[by] = make(chan struct{}, 1)
	}
	return l.watchers[by]
}

// tell tells whoever watches a system. The caller holds l.mu.
func (l *ledger) tell(system string) {
	for by, token := range l.watchers {
		if by.system == system {
			signal(token)
		}
	}
}

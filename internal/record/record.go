// Package record keeps what must outlive the process: the changes of status of each system, so that since when something
// is as it is, and whether it is a regression, are the system's and not the process's; and what is reported and signed by API.
package record

import (
	"context"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A Change is a status that one check of one system changed to.
type Change struct {
	System string    `json:"system"`
	Check  string    `json:"check"`
	Status string    `json:"status"`
	At     time.Time `json:"at"`
}

// A Store keeps records. None of its methods but Close and those that keep evidence and signatures waits for the place in which
// they are kept.
type Store interface {
	// Changes are those that are kept of one system; of each check, the oldest first.
	Changes(system string) []Change
	// Append keeps further changes.
	Append(changes ...Change)
	// Evidence, Attestations and Waivers are what is kept of one system and counts; Signatures are all, also those taken back.
	Evidence(system string) []fact.Evidence
	Attestations(system string) []fact.Attestation
	Waivers(system string) []fact.Waiver
	Signatures(system string) []Signature
	InForce(system, kind string) []Signature
	// KeepEvidence and KeepSignature return once it would outlive the process; known: it repeats a submission of just before.
	KeepEvidence(ctx context.Context, e Evidence) (known bool, err error)
	KeepSignature(ctx context.Context, s Signature) (Signature, error)
	// Watch gives a channel that holds a token when evidence or a signature of a system was added.
	Watch(system, who string) <-chan struct{}
	// Writable tells whether what is appended will outlive the process.
	Writable() bool
	// Close keeps what was appended, for as long as that may take at most, and ends the store.
	Close() error
}

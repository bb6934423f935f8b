package main

import (
	"context"
	"errors"
	"io/fs"

	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
)

// A reportedRecord has what was reported and signed by API. It is given to collectors before the storage is open, and has nothing until
// then; what it is of is set before any of them runs.
type reportedRecord struct{ of collectors.Record }

var _ collectors.Record = (*reportedRecord)(nil)

// read reads what the running exporter keeps, if it keeps anything.
func (r *reportedRecord) read(ctx context.Context, storage *storageFlags) error {
	if storage == nil {
		return nil
	}
	snapshot, err := storage.read(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, record.ErrNoRecord):
		return nil
	case err != nil:
		return err
	}
	r.of = snapshot
	return nil
}

// Evidence is what was submitted about a system.
func (r *reportedRecord) Evidence(system string) []fact.Evidence {
	if r.of == nil {
		return nil
	}
	return r.of.Evidence(system)
}

// Attestations are those that were signed about a system.
func (r *reportedRecord) Attestations(system string) []fact.Attestation {
	if r.of == nil {
		return nil
	}
	return r.of.Attestations(system)
}

// Waivers are those that were signed about a system.
func (r *reportedRecord) Waivers(system string) []fact.Waiver {
	if r.of == nil {
		return nil
	}
	return r.of.Waivers(system)
}

// Watch tells of news about a system.
func (r *reportedRecord) Watch(system, who string) <-chan struct{} {
	if r.of == nil {
		return nil
	}
	return r.of.Watch(system, who)
}

package main

import (
	"context"
	"errors"
	"io/fs"
	"sync/atomic"

	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
)

// A reportedRecord has what was reported and signed by API. It is given to collectors before the storage is open, and has nothing until
// then.
type reportedRecord struct {
	of atomic.Pointer[collectors.Record]
}

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
	r.set(snapshot)
	return nil
}

func (r *reportedRecord) set(of collectors.Record) { r.of.Store(&of) }

func (r *reportedRecord) get() collectors.Record {
	if of := r.of.Load(); of != nil {
		return *of
	}
	return nil
}

// Evidence is what was submitted about a system.
func (r *reportedRecord) Evidence(system string) []fact.Evidence {
	if of := r.get(); of != nil {
		return of.Evidence(system)
	}
	return nil
}

// Attestations are those that were signed about a system.
func (r *reportedRecord) Attestations(system string) []fact.Attestation {
	if of := r.get(); of != nil {
		return of.Attestations(system)
	}
	return nil
}

// Waivers are those that were signed about a system.
func (r *reportedRecord) Waivers(system string) []fact.Waiver {
	if of := r.get(); of != nil {
		return of.Waivers(system)
	}
	return nil
}

// Watch tells of news about a system.
func (r *reportedRecord) Watch(system, who string) <-chan struct{} {
	if of := r.get(); of != nil {
		return of.Watch(system, who)
	}
	return nil
}

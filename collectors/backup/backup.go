// Package backup lists what is in the places where backups are kept, with times and sizes: directories, S3 buckets and
// restic repositories. It reads none of the backups.
package backup

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Target is one place, with what the system's description says of it.
type Target struct {
	Backup        system.Backup
	RecoveryPoint time.Duration
}

// Options are what the exporter decides rather than a system's description.
type Options struct {
	Restic string // the program; default: restic, on the PATH
}

// New makes the collector.
func New(options Options) collector.Collector[Target] {
	if options.Restic == "" {
		options.Restic = "restic"
	}
	return collector.Collector[Target]{
		Name:     "backup",
		Summary:  "The backups in directories, S3 buckets and restic repositories.",
		Yields:   []fact.Any{fact.Backups()},
		Schedule: "@every 5m",
		Timeout:  time.Minute,
		Targets:  targets,
		Target:   func(t Target) string { return t.Backup.Name },
		Server:   server,
		Known: func(t Target) []fact.AnySet {
			return []fact.AnySet{fact.Backups().Missing(t.declared(""))}
		},
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
			found, err := list(ctx, t.Backup, options)
			if err != nil {
				return nil, err
			}
			set := &fact.Set[fact.Backup]{}
			now := time.Now()
			for _, group := range slices.Sorted(maps.Keys(found.groups)) {
				set.Add(t.fact(group, found.groups[group], now))
			}
			if found.partial != nil {
				set.Lack(t.declared(""), "", found.partial)
			}
			return []fact.AnySet{fact.Backups().Set(set)}, nil
		},
	}
}

func targets(s *system.System) []Target {
	all := make([]Target, len(s.Backups))
	for i, backup := range s.Backups {
		objective := backup.RecoveryPoint
		if objective == 0 {
			objective = s.Objectives.RecoveryPoint
		}
		all[i] = Target{Backup: backup, RecoveryPoint: objective.Std()}
	}
	return all
}

func server(t Target) string {
	if t.Backup.S3 == nil {
		return ""
	}
	endpoint, err := url.Parse(t.Backup.S3.Endpoint)
	if err != nil {
		return ""
	}
	return endpoint.Host
}

// A listing is what is in a place: the copies by their group, which is empty where the place knows no groups. A place without
// any copy has one group.
type listing struct {
	groups map[string]*copies
	// partial says why not everything could be listed, of whatever group the rest is; nil: everything was.
	partial error
}

// list lists a place. What is had only in part is no error as long as there is a copy.
func list(ctx context.Context, backup system.Backup, options Options) (listing, error) {
	var only *copies
	var err error
	switch {
	case backup.Directory != nil:
		only, err = listDirectory(ctx, *backup.Directory)
	case backup.S3 != nil:
		only, err = listBucket(ctx, *backup.S3)
	case backup.Restic != nil:
		return listSnapshots(ctx, options.Restic, *backup.Restic)
	default:
		err = fmt.Errorf("list backup %s: no place is declared", backup.Name)
	}
	if err != nil {
		return listing{}, err
	}
	partial := only.skipped()
	if partial != nil && len(only.all) == 0 {
		return listing{}, partial
	}
	return listing{groups: map[string]*copies{"": only}, partial: partial}, nil
}

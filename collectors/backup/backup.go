// Package backup looks at the places where backups are kept: directories, S3 buckets and restic repositories. It lists
// what is there, with times and sizes, and reads none of it.
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
func New(options Options) collector.Collector[Target, fact.Backup] {
	if options.Restic == "" {
		options.Restic = "restic"
	}
	return collector.Collector[Target, fact.Backup]{
		Name:     "backup",
		Summary:  "Looks at the directories, S3 buckets and restic repositories where backups are kept.",
		Kind:     fact.Backups(),
		Schedule: "@every 5m",
		Timeout:  time.Minute,
		Targets:  targets,
		Target:   func(t Target) string { return t.Backup.Name },
		Server:   server,
		Look: func(ctx context.Context, t Target) (fact.Batch[fact.Backup], error) {
			groups, err := list(ctx, t.Backup, options)
			if err != nil {
				return fact.Batch[fact.Backup]{}, err
			}
			var batch fact.Batch[fact.Backup]
			now := time.Now()
			for _, group := range slices.Sorted(maps.Keys(groups)) {
				batch.Facts = append(batch.Facts, t.fact(group, groups[group], now))
			}
			return batch, nil
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

// list gives the copies in a place by their group, which is empty where the place knows no groups. A place without any
// copy has one group.
func list(ctx context.Context, backup system.Backup, options Options) (map[string]*copies, error) {
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
		err = fmt.Errorf("look at backup %s: no place is declared", backup.Name)
	}
	if err != nil {
		return nil, err
	}
	return map[string]*copies{"": only}, nil
}

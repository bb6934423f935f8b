package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// recordInterval is how often the record of the running exporter is read again: evidence is submitted while a pipeline waits.
const recordInterval = 5 * time.Second

// runUntilReady collects on the schedules of the configuration until what is asked for is ready or the timeout has passed, and
// reports on standard error what changes meanwhile.
func (c *checkCommand) runUntilReady(ctx context.Context, p *program) (int, error) {
	switch {
	case c.changedSince != "":
		return 0, errors.New("--wait with --changed-since: news is no verdict to wait for, so leave one out")
	case len(c.manifests) > 0:
		return 0, errors.New("--wait with --manifests: files do not become ready by themselves, so leave one out")
	case c.timeout <= 0:
		return 0, fmt.Errorf("--timeout %s: expected more than nothing", c.timeout)
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	logger, s, loaded, err := p.prepare(ctx, &c.storage)
	if err != nil {
		return 0, err
	}
	defer s.close()
	systems, err := c.waitFor(ctx, p, s, logger, loaded.Plans)
	if err != nil {
		return 0, err
	}
	if err := c.write(p, systems); err != nil {
		return 0, err
	}
	return exitStatus(report.Judge(systems)), nil
}

// waitFor runs the engine until what is asked for is ready or ctx ends, and gives the last report on all systems.
func (c *checkCommand) waitFor(
	ctx context.Context, p *program, s *setup, logger log.Logger, plans []*assess.Plan,
) ([]report.System, error) {
	news := make(chan struct{}, 1)
	running := p.engine(s, logger, engine.Options{
		Publish: func([]*assess.Assessment) {
			select {
			case news <- struct{}{}:
			default:
			}
		},
		Observe: func(*system.System, string, engine.Outcome, time.Duration) {},
	})
	if err := running.Apply(plans); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	all.Go(func() { running.Run(ctx) })
	all.Go(func() { s.reported.readAgain(ctx, &c.storage, logger) })

	watch := watchedStatuses{stderr: p.stderr}
	var systems []report.System
	for {
		select {
		case <-ctx.Done():
			if systems == nil {
				return nil, fmt.Errorf("--wait: not everything could be collected once within --timeout %s", c.timeout)
			}
			return systems, nil
		case <-news:
		}
		if !running.Ready() {
			continue
		}
		var err error
		if systems, err = c.systems(running.Assessments(), 0); err != nil {
			return nil, err
		}
		watch.report(systems)
		if report.Judge(systems) == report.Ready {
			return systems, nil
		}
	}
}

// watchedStatuses are those that were reported last, by system and check.
type watchedStatuses struct {
	stderr io.Writer
	last   map[[2]string]check.Status
}

// report writes what is waited for, first, and then each status that changed and how much is left.
func (w *watchedStatuses) report(systems []report.System) {
	now := make(map[[2]string]check.Status)
	var changes, waiting []string
	for _, system := range systems {
		name := system.Name + "/" + system.Environment
		for _, item := range system.Items {
			key := [2]string{name, item.Check}
			now[key] = item.Status
			if !item.Status.Ready() && item.Status != check.NotApplicable && !item.Newer {
				waiting = append(waiting, name+" "+item.Check)
			}
			if before, known := w.last[key]; known && before != item.Status {
				changes = append(changes, fmt.Sprintf("%s %s: %s → %s", name, item.Check, before, item.Status))
			}
		}
	}
	first := w.last == nil
	w.last = now
	if !first && len(changes) == 0 {
		return
	}
	at := time.Now().UTC().Format(time.TimeOnly)
	for _, change := range changes {
		fmt.Fprintf(w.stderr, "%s %s\n", at, change)
	}
	switch {
	case len(waiting) == 0 && !first:
		fmt.Fprintf(w.stderr, "%s all checks are ready\n", at)
	case len(waiting) > 0:
		fmt.Fprintf(w.stderr, "%s waiting for %s: %s\n", at, words.Count(len(waiting), "check"), words.List(waiting))
	}
}

// readAgain reads the record of the running exporter again and again until ctx ends. One that cannot be read leaves what was read before.
func (r *reportedRecord) readAgain(ctx context.Context, storage *storageFlags, logger log.Logger) {
	ticker := time.NewTicker(recordInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := r.read(ctx, storage); err != nil && ctx.Err() == nil {
			level.Error(logger).Log("msg", "the record could not be read again", "err", err)
		}
	}
}

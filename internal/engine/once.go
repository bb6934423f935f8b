package engine

import (
	"context"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
)

// Progress is told how many of the runs of a round have ended.
type Progress func(done, all int)

// Once collects everything that the plans ask for one time, and judges it. It ends early, with what was collected until
// then, when ctx does.
func (e *Engine) Once(ctx context.Context, plans []*assess.Plan, progress Progress) ([]*assess.Assessment, error) {
	states, err := e.plan(plans)
	if err != nil {
		return nil, err
	}
	var jobs []*runningJob
	for _, state := range states {
		jobs = append(jobs, state.jobs...)
	}
	e.runAll(ctx, jobs, progress)
	assessments := make([]*assess.Assessment, len(states))
	for i, state := range states {
		assessments[i] = state.plan.Assess(state.runs(), time.Now(), e.remembered(state.plan.System.ID()).History)
	}
	for _, running := range jobs {
		if running.retire() {
			running.Forget()
		}
	}
	waitFor(e.logging.wait, logPatience)
	return assessments, nil
}

func (e *Engine) runAll(ctx context.Context, jobs []*runningJob, progress Progress) {
	var wait sync.WaitGroup
	var mu sync.Mutex
	done := 0
	progress(0, len(jobs))
	for _, running := range jobs {
		wait.Go(func() {
			if end, ended := e.attempt(ctx, running, prompt); ended {
				e.logChange(running, end.err)
				e.options.Observe(running.state.plan.System, running.collector.Name, end.outcome, end.took)
			}
			mu.Lock()
			defer mu.Unlock()
			done++
			progress(done, len(jobs))
		})
	}
	wait.Wait()
}

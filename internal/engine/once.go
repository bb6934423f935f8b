package engine

import (
	"context"
	"slices"
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
	discovering, jobs := e.discoverOnce(ctx, states)
	e.runAll(ctx, jobs, func(done, all int) { progress(len(discovering)+done, len(discovering)+all) })
	jobs = append(jobs, discovering...)
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

// discoverOnce lays out what there is to collect, once it was discovered. It gives the jobs that did that, and all others.
func (e *Engine) discoverOnce(ctx context.Context, states []*systemState) (discovering, others []*runningJob) {
	for _, state := range states {
		state.layOut()
		for _, running := range state.jobs {
			if len(running.Discovers) > 0 {
				discovering = append(discovering, running)
			}
		}
	}
	e.runAll(ctx, discovering, func(int, int) {})
	for _, running := range discovering {
		running.state.note(running)
	}
	for _, state := range states {
		done := slices.DeleteFunc(state.jobs, func(running *runningJob) bool { return len(running.Discovers) == 0 })
		state.jobs = nil
		state.layOut()
		for i, running := range state.jobs {
			if at := slices.IndexFunc(done, func(each *runningJob) bool { return each.key == running.key }); at >= 0 {
				state.jobs[i] = done[at]
			} else {
				others = append(others, running)
			}
		}
	}
	return discovering, others
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

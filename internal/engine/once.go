package engine

import (
	"context"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
)

// Progress is told how many of the looks of a round have ended.
type Progress func(done, all int)

// Once looks at everything that the plans ask for one time, and judges it. It ends early, with what was seen until
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
	e.lookAll(ctx, jobs, progress)
	assessments := make([]*assess.Assessment, len(states))
	for i, state := range states {
		assessments[i] = state.plan.Assess(state.looks(), time.Now(), nil)
	}
	for _, running := range jobs {
		running.retire()
	}
	return assessments, nil
}

func (e *Engine) lookAll(ctx context.Context, jobs []*runningJob, progress Progress) {
	var wait sync.WaitGroup
	var mu sync.Mutex
	done := 0
	progress(0, len(jobs))
	for _, running := range jobs {
		wait.Go(func() {
			end, ended := e.attempt(ctx, running)
			mu.Lock()
			defer mu.Unlock()
			if ended {
				e.tell(running, end)
			}
			done++
			progress(done, len(jobs))
		})
	}
	wait.Wait()
}

package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestNoEditLosesAFactOfAnythingElse(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 0))
				s := newScene(manyTargets(5)...)
				s.narrows = true
				s.play(t)
				s.wait(time.Second)
				for range 40 {
					before := s.collectedRuns()
					s.apply(t, s.edit(random))
					s.wait(settled)
					for _, run := range s.Assessments()[0].Runs {
						if old := before[s.valueOf(run.Target)]; old != nil {
							require.False(t, run.CollectedAt.Before(old.CollectedAt), "%s keeps its facts", run.Target)
							require.Equal(t, gaugesOf(old), gaugesOf(run))
						}
					}
					require.Equal(t, check.Pass, s.status("level"), "nothing that is new waits for more than %s", settled)
					s.wait(time.Duration(random.Int64N(int64(90 * time.Second))))
				}
			})
		})
	}
}

// edit changes a few things at random: targets, what is asked of them, and how often they are collected.
func (s *scene) edit(random *rand.Rand) func(*system.System) {
	targets := slices.Clone(s.targets["shop"])
	if len(targets) > 1 && random.IntN(3) == 0 {
		at := random.IntN(len(targets))
		targets = slices.Delete(targets, at, at+1)
	}
	if random.IntN(3) == 0 {
		targets[random.IntN(len(targets))].Revision++
	}
	if random.IntN(3) == 0 {
		targets = append(targets, target{Name: fmt.Sprint("new ", random.Uint32())})
	}
	random.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
	s.targets["shop"] = targets
	s.checks = []*check.Bound{leveled()}
	for _, further := range []*check.Bound{trend(), heard(), wants("wish"), wants("another")} {
		if random.IntN(2) == 0 {
			s.checks = append(s.checks, further)
		}
	}
	if random.IntN(3) == 0 {
		return every([]string{"@every 1m", "@every 10m", "*/5 * * * *"}[random.IntN(3)])
	}
	return within(time.Duration(1+random.IntN(10)) * time.Second)
}

// collectedRuns are the newest runs that have collected something, by their targets.
func (s *scene) collectedRuns() map[target]*fact.Run {
	runs := make(map[target]*fact.Run)
	for _, run := range s.Assessments()[0].Runs {
		if !run.CollectedAt.IsZero() {
			runs[s.valueOf(run.Target)] = run
		}
	}
	return runs
}

// valueOf is the target of a name, as it is now; a request's is the name alone.
func (s *scene) valueOf(name string) target {
	for _, each := range s.targets["shop"] {
		if each.Name == name {
			return each
		}
	}
	return target{Name: name}
}

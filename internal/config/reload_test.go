package config_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A tank is collected from each host, its trend only where somebody asks for it; an echo comes with it.
type (
	tank struct {
		Host  string
		Level int
		Trend string
	}
	echo   struct{ Host string }
	answer struct{ Query string }
	// question is a request, and the target that it makes.
	question struct{ Query string }
)

func (question) FactKind() string { return "answer" }

func tanks() *fact.Kind[tank] {
	return &fact.Kind[tank]{Name: "tank", Help: "A tank.", Subject: func(t *tank) string { return t.Host }}
}

func echoes() *fact.Kind[echo] {
	return &fact.Kind[echo]{Name: "echo", Help: "An echo.", Subject: func(e *echo) string { return e.Host }}
}

func answers() *fact.Kind[answer] {
	return &fact.Kind[answer]{Name: "answer", Help: "An answer.", Subject: func(a *answer) string { return a.Query }}
}

// Parameters of the kinds below.
type (
	leveling struct {
		Limit int  `yaml:"limit"`
		Trend bool `yaml:"trend"`
	}
	asking struct {
		Query string `yaml:"query"`
	}
)

func reloadKinds(tb testing.TB) []check.Any {
	tb.Helper()
	high := check.Reason{Name: "high", Level: check.Fail}
	noTrend := check.Reason{Name: "no_trend", Level: check.Fail} // which is wrong: where it is asked for, each tank has one
	none := check.Reason{Name: "none", Level: check.Undeclared}
	level := check.Kind[leveling]{
		Name: "level", Defaults: leveling{Limit: 5}, WhenEmpty: none,
		Over: []check.Quantified[leveling]{
			check.Each(tanks(), func(_ check.Context, t *tank, p leveling) (problems []check.Problem) {
				if p.Trend && t.Trend == "" {
					problems = append(problems, noTrend.Problem("it has none"))
				}
				if t.Level > p.Limit {
					problems = append(problems, high.Problem(fmt.Sprintf("%d of %d", t.Level, p.Limit)))
				}
				return problems
			}).Topics(func(p leveling) []string {
				if p.Trend {
					return []string{"trend"}
				}
				return nil
			}),
		},
	}
	heard := check.Kind[struct{}]{
		Name: "heard", WhenEmpty: none,
		Over: []check.Quantified[struct{}]{
			check.Each(echoes(), func(check.Context, *echo, struct{}) []check.Problem { return nil }),
		},
	}
	query := check.Kind[asking]{
		Name: "query", Defaults: asking{Query: "first"}, WhenEmpty: none,
		Over: []check.Quantified[asking]{
			check.Each(answers(), func(check.Context, *answer, asking) []check.Problem { return nil }).
				Where(func(_ check.Context, a *answer, p asking) bool { return a.Query == p.Query }),
		},
		Requests: func(p asking) []fact.Request { return []fact.Request{question(p)} },
	}
	return append(options(tb).Kinds, level, heard, query)
}

const (
	// collecting is how long a run takes here.
	collecting = time.Second
	// seldom is a schedule that does not fire while these tests run: bubbles begin in January.
	seldom = "0 0 1 7 *"
)

// counts are numbers by name.
type counts struct {
	mu     sync.Mutex
	byName map[string]int
}

func (c *counts) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName == nil {
		c.byName = make(map[string]int)
	}
	c.byName[name]++
}

func (c *counts) all() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.byName)
}

// reloadCollectors count the runs of each system in runs.
func reloadCollectors(runs *counts) []collector.Any {
	return []collector.Any{
		collector.Collector[question]{
			Name: "answer", Yields: []fact.Any{answers()}, Schedule: seldom, Timeout: time.Minute,
			Target: func(q question) string { return q.Query },
			Request: func(_ *system.System, request fact.Request) (question, bool) {
				q, own := request.(question)
				return q, own
			},
			Collect: func(_ context.Context, q question, _ fact.Topics) ([]fact.AnySet, error) {
				time.Sleep(collecting)
				return []fact.AnySet{answers().Set(&fact.Set[answer]{Facts: []*answer{{q.Query}}})}, nil
			},
		},
		collector.Collector[[2]string]{
			Name: "tank", Yields: []fact.Any{tanks(), echoes()}, Schedule: seldom, Timeout: time.Minute, Narrows: true,
			Targets: func(s *system.System) (targets [][2]string) {
				for _, host := range s.Hosts {
					targets = append(targets, [2]string{s.Name, host.Name})
				}
				return targets
			},
			Target: func(t [2]string) string { return t[1] },
			Collect: func(_ context.Context, t [2]string, asked fact.Topics) ([]fact.AnySet, error) {
				runs.add(t[0])
				time.Sleep(collecting)
				full := &tank{Host: t[1], Level: int(t[1][0] - 'a')}
				if asked.Needs("tank", "trend") {
					full.Trend = "rising"
				}
				var sets []fact.AnySet
				if asked.Needs("tank", "") {
					sets = append(sets, tanks().Set(&fact.Set[tank]{Facts: []*tank{full}}))
				}
				if asked.Needs("echo", "") {
					sets = append(sets, echoes().Set(&fact.Set[echo]{Facts: []*echo{{t[1]}}}))
				}
				return sets, nil
			},
		},
	}
}

const tankChecklist = `
name: tanks
title: Tanks
categories:
  - id: tank
    title: Tanks
    sections:
      - id: tank
        title: Tanks
        items:
          - {id: tank.level, text: Not too full, severity: critical, mode: auto, kind: level}
          - {id: tank.trend, text: Not too soon, severity: critical, mode: auto, kind: level}
          - {id: tank.echo, text: Heard, severity: info, mode: auto, any_of: [{kind: heard}, {kind: level, parameters: {limit: 2}}]}
          - {id: tank.query, text: Answered, severity: info, mode: auto, kind: query}
          - {id: tank.all, text: All of it, severity: info, mode: auto, kind: selection, parameters: {checks: [tank.level, tank.echo]}}
`

// A description is what a system's file has, as far as these tests edit it.
type description struct {
	hosts   []string
	tuned   map[string]string // parameters by item
	excused map[string]bool
}

func (d description) write(name string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "  - name: %s\n    environment: test\n    checklist: tanks\n    hosts: [", name)
	for _, host := range d.hosts {
		fmt.Fprintf(&out, "{name: %s}, ", host)
	}
	out.WriteString("]\n    checks:\n")
	for _, id := range slices.Sorted(maps.Keys(d.tuned)) {
		fmt.Fprintf(&out, "      %s: {parameters: %s}\n", id, d.tuned[id])
	}
	out.WriteString("    not_applicable:\n")
	for _, id := range slices.Sorted(maps.Keys(d.excused)) {
		fmt.Fprintf(&out, "      - {check: %s, reason: Not here.}\n", id)
	}
	return out.String()
}

// edited is the description with one thing changed.
func (d description) edited(t *rapid.T) description {
	d = description{slices.Clone(d.hosts), maps.Clone(d.tuned), maps.Clone(d.excused)}
	switch id := rapid.SampledFrom([]string{"tank.level", "tank.trend", "tank.echo", "tank.query"}).Draw(t, "item"); {
	case rapid.Bool().Draw(t, "excuse"):
		if d.excused[id] {
			delete(d.excused, id)
		} else {
			d.excused[id] = true
		}
	case rapid.Bool().Draw(t, "host"):
		host := rapid.SampledFrom([]string{"a", "b", "c", "h"}).Draw(t, "name")
		if at := slices.Index(d.hosts, host); at >= 0 {
			d.hosts = slices.Delete(d.hosts, at, at+1)
		} else {
			d.hosts = append(d.hosts, host)
		}
	case id == "tank.query":
		d.tuned[id] = fmt.Sprintf("{query: %s}", rapid.SampledFrom([]string{"first", "second"}).Draw(t, "query"))
	case id != "tank.echo":
		d.tuned[id] = fmt.Sprintf("{limit: %d, trend: %t}", rapid.IntRange(0, 9).Draw(t, "limit"), rapid.Bool().Draw(t, "trend"))
	}
	return d
}

// untouched tells whether an item is judged on the same targets, in the same way, by another description.
func (d description) untouched(id string, by description) bool {
	return id != "tank.all" && slices.Equal(d.hosts, by.hosts) && d.tuned[id] == by.tuned[id] && d.excused[id] == by.excused[id]
}

// A reloader is an engine that is given one configuration after another.
type reloader struct {
	folder string
	kinds  []check.Any
	engine *engine.Engine
	runs   *counts // by system
}

func newEngine(runs *counts) *engine.Engine {
	return engine.New(engine.Options{
		Logger: log.NewNopLogger(), Collectors: reloadCollectors(runs), MaxRuns: 1, MaxRunsPerServer: 1,
		Publish: func([]*assess.Assessment) {},
		Observe: func(*system.System, string, engine.Outcome, time.Duration) {},
	})
}

func (r *reloader) load(t *rapid.T, systems map[string]description) []*assess.Plan {
	content := "checklist_files: [tanks.yaml]\nsystems:\n"
	for _, name := range slices.Sorted(maps.Keys(systems)) {
		content += systems[name].write(name)
	}
	file := filepath.Join(r.folder, "config.yaml")
	require.NoError(t, write(file, content))
	loaded, err := config.Load(file, config.Options{Kinds: r.kinds})
	require.NoError(t, err, content)
	return loaded.Plans
}

// conclusion is what is concluded of an item, without the times.
type conclusion struct {
	Status   check.Status
	Problems []check.Problem
}

func conclusions(a *assess.Assessment) map[string]conclusion {
	all := make(map[string]conclusion)
	for _, result := range a.Results {
		all[result.Check] = conclusion{result.Status, result.Problems}
	}
	return all
}

// requireNothingLost wants of what is published at once that facts of targets that stay are there, and that items that were not edited are as they were.
func requireNothingLost(t *rapid.T, before, after []*assess.Assessment, was, is map[string]description) {
	for i, a := range after {
		name := a.Plan.System.Name
		for _, run := range a.Runs {
			for _, earlier := range before[i].Runs {
				if earlier.Collector == run.Collector && earlier.Target == run.Target {
					require.False(t, run.CollectedAt.Before(earlier.CollectedAt))
					require.Equal(t, factsOf(earlier), factsOf(run), "%s of %s", run.Target, name)
				}
			}
		}
		earlier := conclusions(before[i])
		for id, now := range conclusions(a) {
			for _, problem := range now.Problems {
				require.NotEqual(t, "no_trend", problem.Reason, "what was not collected is not known to be missing")
			}
			if was[name].untouched(id, is[name]) {
				require.Equal(t, earlier[id], now, "%s of %s", id, name)
			}
		}
	}
}

// factsOf are the facts of a run.
func factsOf(run *fact.Run) (facts []any) {
	for _, set := range run.Sets {
		for i := range set.Len() {
			facts = append(facts, set.At(i))
		}
	}
	return facts
}

func TestReloadsLoseNoFactAndChangeNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := reloader{folder: t.TempDir(), kinds: reloadKinds(t)}
		require.NoError(t, write(filepath.Join(r.folder, "tanks.yaml"), tankChecklist))
		// Without its deadline, which a bubble does not tell.
		rapid.Check(struct{ testing.TB }{t}, func(t *rapid.T) {
			r.runs = &counts{}
			r.engine = newEngine(r.runs)
			systems := map[string]description{"one": {hosts: []string{"a", "h"}}, "two": {hosts: []string{"a", "b"}}}
			for name := range systems {
				systems[name] = description{systems[name].hosts, make(map[string]string), make(map[string]bool)}
			}
			require.NoError(t, r.engine.Apply(r.load(t, systems)))
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan struct{})
			go func() {
				defer close(done)
				r.engine.Run(ctx)
			}()
			defer func() {
				cancel()
				<-done
			}()
			settle()
			for range rapid.IntRange(1, 4).Draw(t, "reloads") {
				systems = r.reload(t, systems)
			}
		})
	})
}

// settle waits until everything has been collected and judged.
func settle() { time.Sleep(30 * collecting) }

// reload edits one system and wants the engine to go on as described.
func (r *reloader) reload(t *rapid.T, systems map[string]description) map[string]description {
	before, runs := r.engine.Assessments(), r.runs.all()
	name := rapid.SampledFrom([]string{"one", "two"}).Draw(t, "system")
	edited := maps.Clone(systems)
	for range rapid.IntRange(1, 2).Draw(t, "edits") {
		edited[name] = edited[name].edited(t)
	}
	plans := r.load(t, edited)
	require.NoError(t, r.engine.Apply(plans))
	time.Sleep(collecting / 2)
	requireNothingLost(t, before, r.engine.Assessments(), systems, edited)
	settle()
	for other := range edited {
		if other != name {
			require.Equal(t, runs[other], r.runs.all()[other], "nothing is collected anew for the system %s", other)
		}
	}
	// Once everything was collected, it is as if it had been so from the beginning.
	fresh, err := newEngine(&counts{}).Once(t.Context(), plans, func(int, int) {})
	require.NoError(t, err)
	for i, a := range r.engine.Assessments() {
		require.Equal(t, conclusions(fresh[i]), conclusions(a), "as after a restart")
	}
	return edited
}

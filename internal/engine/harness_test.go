package engine_test

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A gauge is what the tests look at. Its level is right unless it is negative.
type gauge struct {
	Name  string
	Level float64
}

func gauges() fact.Kind[gauge] {
	return fact.Kind[gauge]{Name: "gauge", Help: "A gauge.", Subject: func(g gauge) string { return g.Name }}
}

func levelCheck() check.Bound {
	low := check.Reason{Name: "low", Level: check.Fail, Sentence: "It is low."}
	kind := check.Kind[gauge, struct{}]{
		Name: "level", Remedy: "Fill it.", Reasons: []check.Reason{low}, About: gauges(), None: check.Undeclared, Nothing: "no gauge",
		Judge: func(g gauge, _ struct{}, _ time.Time) []check.Problem {
			if g.Level < 0 {
				return []check.Problem{low.Problem("negative")}
			}
			return nil
		},
	}
	return kind.Bind(kind.Parameters())
}

// A target is where a gauge is. Another revision is another target of the same name.
type target struct {
	Name, Server string
	Revision     int
}

// A scene is one collector with what it does, an engine that runs it, and what came of it. Its targets are set before
// each Apply.
type scene struct {
	*engine.Engine
	look     func(ctx context.Context, target target) (gauge, error)
	schedule string
	timeout  time.Duration
	targets  map[string][]target // by the name of the system
	started  time.Time
	changes  chan struct{} // tells that every target has changed; nil: none ever tells

	mu         sync.Mutex
	looks      map[string][]time.Duration // when each began, since the start, by target
	underWay   map[string]int
	most       map[string]int // the most under way at one time: in all, by server and by target
	forgotten  []target
	outcomes   map[engine.Outcome]int
	logged     bytes.Buffer
	published  [][]*assess.Assessment
	publishing bool
}

// newScene makes a scene in which every look succeeds at once, every minute.
func newScene(targets ...target) *scene {
	return &scene{
		look:     func(_ context.Context, target target) (gauge, error) { return gauge{Name: target.Name}, nil },
		schedule: "@every 1m", timeout: 5 * time.Second,
		targets: map[string][]target{"shop": targets},
		looks:   make(map[string][]time.Duration), outcomes: make(map[engine.Outcome]int),
		underWay: make(map[string]int), most: make(map[string]int),
	}
}

func (s *scene) collector() collector.Any {
	return collector.Collector[target, gauge]{
		Name: "gauge", Kind: gauges(), Schedule: s.schedule, Timeout: s.timeout,
		Targets: func(described *system.System) []target { return s.targets[described.Name] },
		Target:  func(t target) string { return t.Name },
		Server:  func(t target) string { return t.Server },
		Look: func(ctx context.Context, t target) (fact.Batch[gauge], error) {
			s.enter(t, 1)
			defer s.enter(t, -1)
			g, err := s.look(ctx, t)
			if err != nil {
				return fact.Batch[gauge]{}, err
			}
			return fact.Batch[gauge]{Facts: []gauge{g}}, nil
		},
		Changes: s.changed(),
		Forget: func(t target) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.forgotten = append(s.forgotten, t)
		},
	}
}

func (s *scene) changed() func(target) <-chan struct{} {
	if s.changes == nil {
		return nil
	}
	return func(target) <-chan struct{} { return s.changes }
}

func (s *scene) enter(t target, by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if by > 0 {
		s.looks[t.Name] = append(s.looks[t.Name], time.Since(s.started))
	}
	for _, key := range []string{"all", "server " + t.Server, "target " + t.Name} {
		s.underWay[key] += by
		s.most[key] = max(s.most[key], s.underWay[key])
	}
}

// options are those of a roomy engine that tells the scene everything.
func (s *scene) options() engine.Options {
	return engine.Options{
		Logger:     level.NewFilter(log.NewLogfmtLogger(log.NewSyncWriter(&s.logged)), level.AllowInfo()),
		Collectors: []collector.Any{s.collector()},
		MaxLooks:   100, MaxLooksPerServer: 100,
		Publish: func(assessments []*assess.Assessment) {
			s.mu.Lock()
			if s.publishing {
				panic("published while publishing")
			}
			s.publishing = true
			s.mu.Unlock()
			time.Sleep(time.Millisecond)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.publishing = false
			s.published = append(s.published, assessments)
		},
		Observe: func(_ *system.System, _ string, outcome engine.Outcome, _ time.Duration) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.outcomes[outcome]++
		},
	}
}

// play runs an engine with the given changes to its options until the test ends; it must be called in a bubble.
func (s *scene) play(t *testing.T, changes ...func(*engine.Options)) {
	t.Helper()
	options := s.options()
	for _, change := range changes {
		change(&options)
	}
	s.begin(t, options)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	s.wait(0)
}

// beforeMinute is when a scene starts: schedules of whole minutes fire that long after it, moved by their jitter, and
// then every minute.
const beforeMinute = 30 * time.Second

func (s *scene) begin(t *testing.T, options engine.Options) {
	t.Helper()
	time.Sleep(time.Minute - beforeMinute)
	s.started = time.Now()
	s.Engine = engine.New(options)
	s.apply(t)
}

// apply has the engine look at the scene's targets, with changes to how the systems are described.
func (s *scene) apply(t *testing.T, changes ...func(*system.System)) {
	t.Helper()
	require.NoError(t, s.Apply(s.plans(changes...)))
}

func (s *scene) plans(changes ...func(*system.System)) []*assess.Plan {
	var plans []*assess.Plan
	for _, name := range slices.Sorted(maps.Keys(s.targets)) {
		described := &system.System{Name: name, Environment: "test"}
		for _, change := range changes {
			change(described)
		}
		plans = append(plans, planOf(described))
	}
	return plans
}

func planOf(described *system.System) *assess.Plan {
	list := &checklist.Checklist{Name: "test", Categories: []checklist.Category{{
		ID: "all", Sections: []checklist.Section{{
			ID: "gauge", Items: []checklist.Item{{ID: "gauge.level", Severity: checklist.Critical, Mode: checklist.Auto}},
		}},
	}}}
	plan := &assess.Plan{System: described, Checklist: list, Categories: list.Categories}
	for entry := range list.Items() {
		bound := levelCheck()
		plan.Items = append(plan.Items, assess.Item{
			Entry: entry, Severity: entry.Item.Severity, Rule: check.Rule{ID: entry.Item.ID, Bound: &bound},
		})
	}
	return plan
}

// wait lets time pass, and everything that it brings happen.
func (s *scene) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// until lets time pass until a time since the start.
func (s *scene) until(d time.Duration) { s.wait(d - time.Since(s.started)) }

func (s *scene) looksAt(target string) []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.looks[target])
}

func (s *scene) outcome(outcome engine.Outcome) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outcomes[outcome]
}

// lookOf is what the engine's newest assessments say of a target.
func (s *scene) lookOf(t *testing.T, target string) fact.Look {
	t.Helper()
	for _, assessment := range s.Assessments() {
		for _, look := range assessment.Looks {
			if look.Target == target {
				return look
			}
		}
	}
	require.Fail(t, "nothing is known of "+target)
	return fact.Look{}
}

func (s *scene) result() check.Result { return s.Assessments()[0].Results[0] }

func every(expression string) func(*system.System) {
	return func(described *system.System) {
		described.Collectors = map[string]system.Collection{"gauge": {Schedule: expression}}
	}
}

func within(timeout time.Duration) func(*system.System) {
	return func(described *system.System) {
		described.Collectors = map[string]system.Collection{"gauge": {Timeout: quantity.Duration(timeout)}}
	}
}

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

// A gauge is what the tests collect. Its level is right unless it is negative, and so is its trend, a topic of its own.
type gauge struct {
	Name         string
	Level, Trend float64
}

func gauges() *fact.Kind[gauge] {
	return &fact.Kind[gauge]{Name: "gauge", Help: "A gauge.", Subject: func(g *gauge) string { return g.Name }}
}

// An echo is what a gauge tells beside its level.
type echo struct{ Of string }

func echoes() *fact.Kind[echo] {
	return &fact.Kind[echo]{Name: "echo", Help: "An echo.", Subject: func(e *echo) string { return e.Of }}
}

// A wanted is a request for the gauge of a name.
type wanted struct{ Name string }

func (wanted) FactKind() string { return gauges().Name }

// Of a judgement that wants a gauge, its name is the parameter.
type asks struct{ Wants string }

// bind makes a check that fails where a fact does not hold.
func bind[F any](kind *fact.Kind[F], name, wants string, holds func(*F) bool, topics ...string) *check.Bound {
	wrong := check.Reason{Name: "wrong", Level: check.Fail, Sentence: "It is wrong."}
	judge := func(_ check.Context, f *F, _ asks) []check.Problem {
		if holds(f) {
			return nil
		}
		return []check.Problem{wrong.Problem("negative")}
	}
	declared := check.Kind[asks]{
		Name: name, Remedy: "Fill it.", Reasons: []check.Reason{wrong},
		Over:      []check.Quantified[asks]{check.Each(kind, judge).Topics(func(asks) []string { return topics })},
		WhenEmpty: check.Reason{Name: "none", Level: check.Undeclared, Sentence: "There is none."},
		Requests: func(p asks) []fact.Request {
			if p.Wants == "" {
				return nil
			}
			return []fact.Request{wanted{p.Wants}}
		},
	}
	return declared.Bind(&asks{wants})
}

func leveled() *check.Bound {
	return bind(gauges(), "level", "", func(g *gauge) bool { return g.Level >= 0 })
}

func trend() *check.Bound {
	return bind(gauges(), "trend", "", func(g *gauge) bool { return g.Trend >= 0 }, "trend")
}

func heard() *check.Bound {
	return bind(echoes(), "heard", "", func(e *echo) bool { return e.Of != "" })
}

func wants(name string) *check.Bound {
	return bind(gauges(), "wants", name, func(g *gauge) bool { return g.Level >= 0 })
}

// A target is where a gauge is. Another revision is another target of the same name.
type target struct {
	Name, Server string
	Revision     int
}

// A scene is one collector with what it does, an engine that runs it, and what came of it. Its targets and checks are set
// before each Apply.
type scene struct {
	*engine.Engine
	collect  func(ctx context.Context, target target) (gauge, error)
	schedule string
	timeout  time.Duration
	narrows  bool
	targets  map[string][]target // by the name of the system
	checks   []*check.Bound      // of every system
	started  time.Time
	changes  chan struct{} // tells that every target has changed; nil: none ever tells
	forget   func()        // before a target is forgotten; nil: nothing

	mu         sync.Mutex
	begun      map[string][]time.Duration // when each run began, since the start, by target
	asked      map[string]fact.Topics     // of the newest run
	underWay   map[string]int
	most       map[string]int // the most under way at one time: in all, by server and by target
	forgotten  []target
	outcomes   map[engine.Outcome]int
	logged     bytes.Buffer
	published  [][]*assess.Assessment
	publishing bool
}

// newScene makes a scene in which every run succeeds at once, every minute.
func newScene(targets ...target) *scene {
	return &scene{
		collect:  func(_ context.Context, target target) (gauge, error) { return gauge{Name: target.Name}, nil },
		schedule: "@every 1m", timeout: 5 * time.Second,
		targets: map[string][]target{"shop": targets},
		checks:  []*check.Bound{leveled()},
		begun:   make(map[string][]time.Duration), asked: make(map[string]fact.Topics), outcomes: make(map[engine.Outcome]int),
		underWay: make(map[string]int), most: make(map[string]int),
	}
}

func (s *scene) collector() collector.Any {
	return collector.Collector[target]{
		Name: "gauge", Yields: []fact.Any{gauges(), echoes()}, Schedule: s.schedule, Timeout: s.timeout, Narrows: s.narrows,
		Targets: func(described *system.System) []target { return s.targets[described.Name] },
		Request: func(_ *system.System, request fact.Request) (target, bool) {
			wish, is := request.(wanted)
			return target{Name: wish.Name}, is
		},
		Target: func(t target) string { return t.Name },
		Server: func(t target) string { return t.Server },
		Collect: func(ctx context.Context, t target, asked fact.Topics) ([]fact.AnySet, error) {
			s.enter(t, asked)
			defer s.leave(t)
			g, err := s.collect(ctx, t)
			if err != nil {
				return nil, err
			}
			if !asked.Needs("gauge", "trend") {
				g.Trend = 0
			}
			return []fact.AnySet{
				gauges().Set(&fact.Set[gauge]{Facts: []*gauge{&g}}),
				echoes().Set(&fact.Set[echo]{Facts: []*echo{{Of: g.Name}}}),
			}, nil
		},
		Changes: s.changed(),
		Forget: func(t target) {
			if s.forget != nil {
				s.forget()
			}
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

func (s *scene) enter(t target, asked fact.Topics) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun[t.Name] = append(s.begun[t.Name], time.Since(s.started))
	s.asked[t.Name] = asked
	for _, key := range keysOf(t) {
		s.underWay[key]++
		s.most[key] = max(s.most[key], s.underWay[key])
	}
}

func (s *scene) leave(t target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range keysOf(t) {
		s.underWay[key]--
	}
}

func keysOf(t target) []string { return []string{"all", "server " + t.Server, "target " + t.Name} }

// options are those of a roomy engine that tells the scene everything.
func (s *scene) options() engine.Options {
	return engine.Options{
		Logger:     level.NewFilter(log.NewLogfmtLogger(s), level.AllowInfo()),
		Collectors: []collector.Any{s.collector()},
		MaxRuns:    100, MaxRunsPerServer: 100,
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

// apply has the engine collect from the scene's targets, with changes to how the systems are described.
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
		plans = append(plans, planOf(described, s.checks))
	}
	return plans
}

// planOf makes a plan of one critical item for each check, in their order.
func planOf(described *system.System, checks []*check.Bound) *assess.Plan {
	list := &checklist.Checklist{Name: "test", Categories: []checklist.Category{{ID: "all"}}}
	plan := &assess.Plan{System: described, Checklist: list, Categories: list.Categories}
	for _, bound := range checks {
		item := &checklist.Item{ID: "gauge." + bound.Name, Severity: checklist.Critical}
		plan.Items = append(plan.Items, assess.Item{
			Entry:    checklist.Entry{Category: &list.Categories[0], Section: &checklist.Section{ID: "gauge"}, Item: item},
			Severity: item.Severity, Rule: check.Rule{ID: item.ID, Clause: check.Clause{Bound: bound}},
		})
	}
	plan.Order()
	return plan
}

// wait lets time pass, and everything that it brings happen.
func (s *scene) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// until lets time pass until a time since the start.
func (s *scene) until(d time.Duration) { s.wait(d - time.Since(s.started)) }

// runsAt is when runs at a target began.
func (s *scene) runsAt(target string) []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.begun[target])
}

// mostOf is the most runs that were under way at one time: in all, by server or by target.
func (s *scene) mostOf(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most[key]
}

func (s *scene) allPublished() [][]*assess.Assessment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.published)
}

func (s *scene) allForgotten() []target {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.forgotten)
}

// askedOf is what the newest run at a target was asked for.
func (s *scene) askedOf(target string) fact.Topics {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[target]
}

// log is what has been logged.
func (s *scene) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logged.String()
}

// Write logs.
func (s *scene) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logged.Write(p)
}

func (s *scene) allOutcomes() map[engine.Outcome]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.outcomes)
}

func (s *scene) outcome(outcome engine.Outcome) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outcomes[outcome]
}

// runOf is what the engine's newest assessments have of a target.
func (s *scene) runOf(t *testing.T, target string) *fact.Run {
	t.Helper()
	for _, assessment := range s.Assessments() {
		for _, run := range assessment.Runs {
			if run.Target == target {
				return run
			}
		}
	}
	require.Fail(t, "nothing is known of "+target)
	return nil
}

// gaugesOf are the gauges that a run collected.
func gaugesOf(run *fact.Run) (all []*gauge) {
	for i := range run.Sets[0].Len() {
		all = append(all, run.Sets[0].At(i).(*gauge))
	}
	return all
}

func (s *scene) result() check.Result { return s.Assessments()[0].Results[0] }

// status is that of an item of the first system, by the name of its check.
func (s *scene) status(name string) check.Status {
	for _, result := range s.Assessments()[0].Results {
		if result.Check == "gauge."+name {
			return result.Status
		}
	}
	panic("there is no item gauge." + name)
}

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

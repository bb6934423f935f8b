package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A discovery is a scene whose gauges are those at the endpoints of the system, which are discovered.
type discovery struct {
	*scene
	namespaces []string
	changes    chan struct{}

	mu     sync.Mutex
	served served
}

// A served is what a cluster answers.
type served struct {
	hosts   []string
	lacking error // something of it is unavailable
	failing error
}

// serves has the cluster answer something else from now on.
func (d *discovery) serves(is served) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.served = is
}

func newDiscovery(hosts ...string) *discovery {
	d := &discovery{scene: newScene(), served: served{hosts: hosts}, namespaces: []string{"shop"}, changes: make(chan struct{}, 1)}
	d.checks = []*check.Bound{leveled()}
	return d
}

func (d *discovery) discover() ([]fact.AnySet, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	set := &fact.Set[fact.DiscoveredHost]{}
	for _, host := range d.served.hosts {
		set.Add(fact.DiscoveredHost{
			Cluster: "main", Namespace: "shop", Kind: "Ingress", Name: "web", Host: host, Paths: []string{"/"}, Listeners: []fact.HostListener{{Port: 80}},
		})
	}
	if d.served.lacking != nil {
		set.Lack(fact.DiscoveredHost{}, "main", d.served.lacking)
	}
	return []fact.AnySet{fact.DiscoveredHosts().Set(set)}, d.served.failing
}

func (d *discovery) options(o *engine.Options) {
	asker := d.collector().(collector.Collector[target])
	asker.Targets = func(s *system.System) (all []target) {
		for _, e := range s.Endpoints {
			all = append(all, target{Name: e.URL})
		}
		return all
	}
	o.Collectors = []collector.Any{
		collector.Collector[string]{
			Name: "discovery", Yields: []fact.Any{fact.DiscoveredHosts()}, Discovers: []fact.AnySet{gauges().Set(&fact.Set[gauge]{Unavailable: []fact.Unavailable[gauge]{{}}})}, Schedule: "@every 15s", Timeout: 5 * time.Second,
			Targets: func(s *system.System) (all []string) {
				for _, c := range s.Kubernetes {
					all = append(all, c.Name)
				}
				return all
			},
			Target:  func(name string) string { return name },
			Collect: func(context.Context, string, fact.Topics) ([]fact.AnySet, error) { return d.discover() },
			Changes: func(string) <-chan struct{} { return d.changes },
		}, asker,
	}
}

// start runs an engine until the test ends.
func (d *discovery) start(t *testing.T) {
	t.Helper()
	d.targets = map[string][]target{"shop": nil}
	options := d.scene.options()
	d.options(&options)
	d.started = time.Now()
	d.Engine = engine.New(options)
	d.apply(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	d.wait(time.Second)
}

func (d *discovery) apply(t *testing.T, changes ...func(*system.System)) {
	t.Helper()
	d.scene.apply(t, append([]func(*system.System){func(s *system.System) {
		s.Kubernetes = []system.Cluster{{Name: "main", Namespaces: d.namespaces}}
	}}, changes...)...)
}

// collected are the targets of which there are facts or should be.
func (d *discovery) collected() (all []string) {
	for _, run := range d.Assessments()[0].Runs {
		if run.Collector == "gauge" {
			all = append(all, run.Target)
		}
	}
	slices.Sort(all)
	return all
}

func TestWhatIsDiscoveredIsCollectedWithinAMinuteAndKeepsAllOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiscovery("a.contoso.com")
		d.start(t)
		require.Equal(t, []string{"http://a.contoso.com/"}, d.collected())
		require.Equal(t, check.Pass, d.status("level"), "the first assessment waits for what was discovered")
		first := d.runOf(t, "http://a.contoso.com/").CollectedAt
		begun := d.runsAt("http://a.contoso.com/")

		d.serves(served{hosts: []string{"a.contoso.com", "b.contoso.com"}})
		d.changes <- struct{}{}
		d.wait(3 * time.Second)
		require.Equal(t, []string{"http://a.contoso.com/", "http://b.contoso.com/"}, d.collected())
		require.Equal(t, first, d.runOf(t, "http://a.contoso.com/").CollectedAt, "it keeps its facts")
		require.Equal(t, begun, d.runsAt("http://a.contoso.com/"), "and its rhythm")
		for _, published := range d.allPublished() {
			require.NotEqual(t, check.Unknown, published[0].Results[0].Status, "what nobody has asked yet is no news of the system")
		}
		d.serves(served{hosts: []string{"a.contoso.com", "b.contoso.com", "c.contoso.com"}})
		d.wait(time.Minute)
		require.Len(t, d.collected(), 3, "without a word of a change too")
	})
}

func TestWhatWasDiscoveredOutlivesTheAPIServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiscovery("a.contoso.com")
		d.start(t)
		d.serves(served{failing: errors.New("connection refused")})
		d.wait(time.Hour)
		require.Equal(t, []string{"http://a.contoso.com/"}, d.collected())
		require.Equal(t, check.Pass, d.status("level"))
		d.serves(served{lacking: errors.New("forbidden")})
		d.wait(time.Hour)
		require.Equal(t, []string{"http://a.contoso.com/"}, d.collected(), "what is not complete removes nothing")
		d.serves(served{})
		d.wait(9 * time.Minute)
		require.Equal(t, []string{"http://a.contoso.com/"}, d.collected())
		d.wait(2 * time.Minute)
		require.Empty(t, d.collected())
		require.Equal(t, check.Undeclared, d.status("level"), "it was found that there is none")
		require.Equal(t, []target{{Name: "http://a.contoso.com/"}}, d.allForgotten())
	})
}

func TestNothingIsUndeclaredBeforeItIsKnownThatThereIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiscovery()
		d.serves(served{failing: fact.Errorf(fact.ReasonRefused, "connect to the API server: connection refused")})
		d.start(t)
		result := d.result()
		require.Equal(t, check.Unknown, result.Status)
		require.Equal(t, fact.ReasonRefused, result.Problems[0].Cause)
		require.Equal(t, "what there is to collect could not be discovered: connect to the API server: connection refused", result.Problems[0].Detail)
		d.serves(served{lacking: fact.Errorf(fact.ReasonDenied, "httproutes: forbidden")})
		d.wait(time.Minute)
		result = d.result()
		require.Equal(t, fact.ReasonDenied, result.Problems[0].Cause)
		d.serves(served{})
		d.wait(2 * time.Minute)
		require.Equal(t, check.Undeclared, d.status("level"))
		d.serves(served{failing: errors.New("refused")})
		d.wait(time.Hour)
		require.Equal(t, check.Undeclared, d.status("level"), "that was known once")
	})
}

func TestAHostThatHangsHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiscovery("a.contoso.com")
		d.timeout = 5 * time.Minute
		d.collect = func(ctx context.Context, of target) (gauge, error) {
			if of.Name == "http://hangs.contoso.com/" {
				<-ctx.Done()
				return gauge{}, context.Cause(ctx)
			}
			return gauge{Name: of.Name}, nil
		}
		d.start(t)
		d.serves(served{hosts: []string{"a.contoso.com", "hangs.contoso.com"}})
		d.wait(45 * time.Second)
		require.Equal(t, check.Pass, d.status("level"))
		d.wait(2 * time.Minute)
		require.Equal(t, check.Unknown, d.status("level"), "a host that was never collected is unknown after a minute")
		require.Len(t, d.collected(), 2)
	})
}

func TestAReloadKeepsWhatWasDiscovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiscovery("a.contoso.com", "b.contoso.com")
		d.start(t)
		first := d.runOf(t, "http://a.contoso.com/").CollectedAt
		d.apply(t, func(s *system.System) { s.Owner = "another" })
		d.wait(time.Second)
		require.Equal(t, first, d.runOf(t, "http://a.contoso.com/").CollectedAt)
		require.Equal(t, "another", d.Assessments()[0].Plan.System.Owner)

		d.apply(t, func(s *system.System) { s.Endpoints = []system.Endpoint{{URL: "https://b.contoso.com/health"}} })
		d.wait(time.Second)
		require.Equal(t, []string{"http://a.contoso.com/", "https://b.contoso.com/health"}, d.collected(), "a declaration wins")
		require.Equal(t, first, d.runOf(t, "http://a.contoso.com/").CollectedAt)

		d.namespaces = []string{"other"}
		d.apply(t)
		d.wait(time.Second)
		require.Empty(t, d.collected(), "it is not of a declared namespace any more")

		d.serves(served{})
		d.namespaces = []string{"shop"}
		d.apply(t)
		d.wait(time.Second)
		require.Empty(t, d.collected(), "nor remembered from when it was")
	})
}

func TestOneRoundDiscoversBeforeItJudges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiscovery("a.contoso.com", "b.contoso.com")
		d.targets = map[string][]target{"shop": nil}
		options := d.scene.options()
		d.options(&options)
		var last [2]int
		assessments, err := engine.New(options).Once(t.Context(), d.plans(func(s *system.System) {
			s.Kubernetes = []system.Cluster{{Name: "main", Namespaces: d.namespaces}}
		}), func(done, all int) { last = [2]int{done, all} })
		require.NoError(t, err)
		require.Equal(t, check.Pass, assessments[0].Results[0].Status)
		require.Equal(t, 2, assessments[0].Results[0].Facts)
		require.Equal(t, [2]int{3, 3}, last)
		require.Len(t, d.allForgotten(), 2)
	})
}

func TestWhatDoesNotChangeCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hosts []string
		for i := range 100 {
			hosts = append(hosts, fmt.Sprintf("h%d.contoso.com", i))
		}
		d := newDiscovery(hosts...)
		d.start(t)
		d.wait(10 * time.Second)
		plan := d.Assessments()[0].Plan
		d.wait(10 * time.Minute)
		require.Same(t, plan, d.Assessments()[0].Plan, "no plan is made anew")
	})
}

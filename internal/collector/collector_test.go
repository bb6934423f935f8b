package collector_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// question is a request for waivers, and other is one for something that no collector here yields.
type (
	question struct{ text string }
	other    struct{ text string }
)

func (question) FactKind() string { return "waiver" }
func (other) FactKind() string    { return "host" }

// waivers is a collector of waivers and attestations whose targets are the system's name and "broken".
func waivers() collector.Collector[string] {
	return collector.Collector[string]{
		Name: "waiver", Summary: "Waivers.", Yields: []fact.Any{fact.Waivers(), fact.Attestations()},
		Schedule: "@every 1m", Timeout: time.Second,
		Targets: func(s *system.System) []string { return []string{s.Name, "broken"} },
		Target:  func(target string) string { return "file " + target },
		Collect: func(_ context.Context, target string, _ fact.Topics) ([]fact.AnySet, error) {
			if target == "broken" {
				return nil, errors.New("it is broken")
			}
			return []fact.AnySet{signed("ann")}, nil
		},
	}
}

// signed is a set with one attestation.
func signed(by string) fact.AnySet {
	set := &fact.Set[fact.Attestation]{}
	set.Add(fact.Attestation{Check: "a", By: by})
	return fact.Attestations().Set(set)
}

func shop() *system.System { return &system.System{Name: "shop"} }

func targetsOf(jobs []collector.Job) (names []string) {
	for _, job := range jobs {
		names = append(names, job.Target)
	}
	return names
}

func TestACollectorIsDescribed(t *testing.T) {
	described := waivers().Describe()
	require.Len(t, described.Yields, 2)
	described.Yields = nil
	require.Equal(t, collector.Description{Name: "waiver", Summary: "Waivers.", Schedule: "@every 1m", Timeout: time.Second}, described)
}

func TestEachTargetIsAJob(t *testing.T) {
	jobs := waivers().Jobs(shop(), fact.Needs{})
	require.Equal(t, []string{"file shop", "file broken"}, targetsOf(jobs))
	require.Equal(t, "shop", jobs[0].Value)
	require.Nil(t, jobs[0].Asked, "everything is asked for")
	require.Empty(t, jobs[0].Server, "no server is named, so nothing bounds the runs")
	require.Nil(t, jobs[0].Changes)
	require.Empty(t, jobs[0].Permissions(nil))
	jobs[0].Forget()
}

func TestAJobKnowsItsTarget(t *testing.T) {
	c := waivers()
	changed := make(chan struct{})
	var forgotten []string
	c.Server = func(target string) string { return target + ":5432" }
	c.Changes = func(string) <-chan struct{} { return changed }
	c.Forget = func(target string) { forgotten = append(forgotten, target) }
	c.Permissions = func(target string, asked fact.Topics) []collector.Permission {
		topics, _ := asked.Of("waiver")
		return []collector.Permission{{Cluster: target, Verbs: topics}}
	}
	job := c.Jobs(shop(), fact.Needs{})[1]
	require.Equal(t, "broken:5432", job.Server)
	require.Equal(t, (<-chan struct{})(changed), job.Changes())
	require.Equal(t, []collector.Permission{{Cluster: "broken", Verbs: []string{"get"}}}, job.Permissions(fact.Topics{"waiver": {"get"}}))
	job.Forget()
	require.Equal(t, []string{"broken"}, forgotten)
}

func TestARunGivesASetOfEachKindInTheirOrder(t *testing.T) {
	jobs := waivers().Jobs(shop(), fact.Needs{})
	sets, err := jobs[0].Collect(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, sets, 2)
	require.True(t, sets[0].Equal(fact.Waivers().NoFacts()), "a kind without a set has no facts")
	require.True(t, sets[1].Equal(signed("ann")))

	sets, err = jobs[1].Collect(t.Context(), nil)
	require.EqualError(t, err, "it is broken")
	require.Nil(t, sets)
}

func TestARunIsToldWhatIsAskedOfIt(t *testing.T) {
	c := waivers()
	c.Collect = func(ctx context.Context, target string, asked fact.Topics) ([]fact.AnySet, error) {
		require.Equal(t, "shop", target)
		topics, _ := asked.Of("attestation")
		return []fact.AnySet{signed(topics[0])}, ctx.Err()
	}
	job := c.Jobs(shop(), fact.Needs{})[0]
	sets, err := job.Collect(t.Context(), fact.Topics{"attestation": {"link"}})
	require.NoError(t, err)
	require.True(t, sets[1].Equal(signed("link")))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = job.Collect(ctx, fact.Topics{"attestation": {"link"}})
	require.ErrorIs(t, err, context.Canceled)
}

func TestWhatIsDeclaredIsKnownOfEachKind(t *testing.T) {
	c := waivers()
	nothing := c.Jobs(shop(), fact.Needs{})[0].Declared
	require.Len(t, nothing, 2)
	require.True(t, nothing[0].Equal(fact.Waivers().NoFacts()))
	require.True(t, nothing[1].Equal(fact.Attestations().NoFacts()))

	known := fact.Attestations().Missing(fact.Attestation{Check: "a", By: "ann"})
	c.Known = func(string) []fact.AnySet { return []fact.AnySet{known} }
	declared := c.Jobs(shop(), fact.Needs{})[0].Declared
	require.Len(t, declared, 2)
	require.True(t, declared[0].Equal(fact.Waivers().NoFacts()))
	require.True(t, declared[1].Equal(known))
}

func TestOnlyACollectorThatNarrowsHeedsTheTopics(t *testing.T) {
	link := fact.Topics{"waiver": {"link"}, "host": nil}
	for _, c := range []struct {
		name    string
		narrows bool
		needs   fact.Topics
		jobs    int
		asked   fact.Topics
	}{
		{"one that does not collects everything", false, link, 2, nil},
		{"one that does not runs though nobody needs it", false, fact.Topics{}, 2, nil},
		{"one that does collects what its kinds are asked for", true, link, 2, fact.Topics{"waiver": {"link"}}},
		{"one that does collects everything where nobody says what is needed", true, nil, 2, nil},
		{"one that does is idle while nobody needs its kinds", true, fact.Topics{"host": nil}, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			narrowing := waivers()
			narrowing.Narrows = c.narrows
			jobs := narrowing.Jobs(shop(), fact.Needs{Topics: c.needs})
			require.Len(t, jobs, c.jobs)
			for _, job := range jobs {
				require.Equal(t, c.asked, job.Asked)
			}
		})
	}
}

func TestTopicsAreNoPartOfATarget(t *testing.T) {
	c := waivers()
	c.Narrows = true
	more := c.Jobs(shop(), fact.Needs{Topics: fact.Topics{"waiver": {"a", "b"}}})
	less := c.Jobs(shop(), fact.Needs{Topics: fact.Topics{"waiver": {"a"}}})
	require.Equal(t, more[0].Value, less[0].Value)
	require.Equal(t, more[0].Target, less[0].Target)
}

func TestEachRequestThatTheCollectorKnowsIsATarget(t *testing.T) {
	needs := fact.Needs{Requests: []fact.Request{question{"a"}, other{"b"}, question{"c"}}}
	c := waivers()
	require.Equal(t, []string{"file shop", "file broken"}, targetsOf(c.Jobs(shop(), needs)), "it answers no request")

	c.Request = func(s *system.System, request fact.Request) (string, bool) {
		asked, own := request.(question)
		return s.Name + " " + asked.text, own
	}
	require.Equal(t, []string{"file shop", "file broken", "file shop a", "file shop c"}, targetsOf(c.Jobs(shop(), needs)))

	c.Targets = nil
	require.Equal(t, []string{"file shop a", "file shop c"}, targetsOf(c.Jobs(shop(), needs)))
}

func TestASetThatWasNotPromisedIsADefect(t *testing.T) {
	for name, sets := range map[string][]fact.AnySet{
		"of another kind": {fact.Hosts().NoFacts()}, "of one kind twice": {signed("ann"), signed("bob")},
	} {
		t.Run(name, func(t *testing.T) {
			c := waivers()
			c.Collect = func(context.Context, string, fact.Topics) ([]fact.AnySet, error) { return sets, nil }
			job := c.Jobs(shop(), fact.Needs{})[0]
			require.PanicsWithValue(t, "the collector waiver gave a set of a kind that it does not yield, or two of one kind",
				func() { _, _ = job.Collect(t.Context(), nil) })
		})
	}
}

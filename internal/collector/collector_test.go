package collector_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestACollectorMakesAJobOfEachTarget(t *testing.T) {
	var forgotten []string
	c := collector.Collector[string, fact.Waiver]{
		Name: "waiver", Summary: "Looks at waivers.", Kind: fact.Waivers(), Schedule: "@every 1m", Timeout: time.Second,
		Targets: func(s *system.System) []string { return []string{s.Name, "broken"} },
		Target:  func(target string) string { return "file " + target },
		Look: func(ctx context.Context, target string) (fact.Batch[fact.Waiver], error) {
			if target == "broken" {
				return fact.Batch[fact.Waiver]{}, errors.New("it is broken")
			}
			return fact.Batch[fact.Waiver]{
				Facts: []fact.Waiver{{Check: "a"}, {Check: "b"}}, Missed: []fact.Missed{{Subject: "c"}},
			}, ctx.Err()
		},
	}
	described := c.Describe()
	require.Equal(t, "waiver", described.Kind.KindName())
	described.Kind = nil
	require.Equal(t, collector.Description{
		Name: "waiver", Summary: "Looks at waivers.", Schedule: "@every 1m", Timeout: time.Second,
	}, described)

	jobs := c.Jobs(&system.System{Name: "shop"}, nil)
	require.Len(t, jobs, 2)
	require.Equal(t, "file shop", jobs[0].Target)
	require.Equal(t, "shop", jobs[0].Value)
	require.Empty(t, jobs[0].Server, "no server is named, so nothing bounds the looks")
	jobs[0].Forget()

	facts, missed, err := jobs[0].Look(t.Context())
	require.NoError(t, err)
	require.Equal(t, []any{fact.Waiver{Check: "a"}, fact.Waiver{Check: "b"}}, facts)
	require.Equal(t, []fact.Missed{{Subject: "c"}}, missed)
	_, _, err = jobs[1].Look(t.Context())
	require.EqualError(t, err, "it is broken")

	c.Server = func(target string) string { return target + ":5432" }
	c.Forget = func(target string) { forgotten = append(forgotten, target) }
	jobs = c.Jobs(&system.System{Name: "shop"}, nil)
	require.Equal(t, "shop:5432", jobs[0].Server)
	jobs[1].Forget()
	require.Equal(t, []string{"broken"}, forgotten)

	c.Narrow = func(target string, topics []string) string { return fmt.Sprint(target, topics) }
	require.Empty(t, c.Jobs(&system.System{Name: "shop"}, nil), "nobody needs what it sees")
	jobs = c.Jobs(&system.System{Name: "shop"}, fact.Needs{"waiver": {"a"}})
	require.Equal(t, "shop[a]", jobs[0].Value)
}

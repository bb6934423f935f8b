package shard_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/readiness-exporter/readiness-exporter/internal/shard"
)

// TestOneShardMoreMovesFewSystems and none between the shards that were there.
func TestOneShardMoreMovesFewSystems(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z][a-z0-9-]{0,20}/[a-z]{1,10}`), 0, 200, rapid.ID).Draw(t, "systems")
		count := rapid.IntRange(1, 20).Draw(t, "shards")
		for _, name := range names {
			before, after := shard.Of(name, count), shard.Of(name, count+1)
			require.Less(t, before, count)
			if after != before {
				require.Equal(t, count, after, "%s moved from one old shard to another", name)
			}
		}
	})
}

// TestSystemsAreSpreadEvenly holds the shares of each number of shards, and what moves to one more, against five standard
// deviations of a fair draw.
func TestSystemsAreSpreadEvenly(t *testing.T) {
	const systems = 3000
	for count := 2; count <= 12; count++ {
		shares := make([]int, count)
		moved := 0
		for i := range systems {
			name := fmt.Sprintf("system-%d/production", i) // which differ as little as names do
			shares[shard.Of(name, count)]++
			if shard.Of(name, count) != shard.Of(name, count+1) {
				moved++
			}
		}
		for _, share := range append(shares, moved*(count+1)/count) {
			require.InDelta(t, systems/count, share, 5*math.Sqrt(systems/float64(count)), "%d shards: %v, %d moved to one more", count, shares, moved)
		}
	}
}

// TestSystemsStayWhereTheyAre in every later version: another hash would move them all, and forget what was recorded of them.
func TestSystemsStayWhereTheyAre(t *testing.T) {
	got := make(map[string]int)
	for _, name := range []string{"shop/production", "shop/staging", "blog/production", "wiki/production"} {
		got[name] = shard.Of(name, 5)
	}
	require.Equal(t, map[string]int{"shop/production": 3, "shop/staging": 3, "blog/production": 2, "wiki/production": 0}, got)
}

func TestEachSystemHasOneShard(t *testing.T) {
	for i := range 100 {
		name, having := fmt.Sprint("system-", i, "/production"), 0
		for index := range 7 {
			if (&shard.Shard{Index: index, Count: 7}).Has(name) {
				having++
			}
		}
		require.Equal(t, 1, having, name)
	}
}

func TestOrdinal(t *testing.T) {
	for name, test := range map[string]struct {
		hostname string
		want     int
	}{
		"a pod of a StatefulSet has its number":                 {"readiness-exporter-3", 3},
		"with the domain of its Service too":                    {"readiness-exporter-4.readiness.monitoring.svc", 4},
		"beyond the shards it is another replica of one":        {"readiness-exporter-7", 2},
		"a number within the name of the StatefulSet is no end": {"shop-2-exporter-1", 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := shard.Ordinal(test.hostname, 5)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
	for _, hostname := range []string{"web", "web1", "-1", "readiness-exporter-7d9f-x2x", "web-", "web--", "web-99999999999", ""} {
		_, err := shard.Ordinal(hostname, 5)
		require.ErrorContains(t, err, "ends in no number", hostname)
	}
}

func TestAddresses(t *testing.T) {
	three := &shard.Shard{Index: 1, Count: 3}
	require.Empty(t, three.Address(2))
	for name, addresses := range map[string][]string{
		"one for each":        {"https://r-0.example.com", "https://r-1.example.com/", "https://r-2.example.com"},
		"one with the number": {"https://r-{shard}.example.com/"},
	} {
		t.Run(name, func(t *testing.T) {
			addressed, err := three.Addressed(addresses)
			require.NoError(t, err)
			require.Equal(t, 1, addressed.Index)
			require.Equal(t, "https://r-0.example.com", addressed.Address(0))
			require.Equal(t, "https://r-1.example.com", addressed.Address(1))
			require.Equal(t, "https://r-2.example.com", addressed.Address(2))
		})
	}
	for name, test := range map[string]struct {
		addresses []string
		want      string
	}{
		"too few":                  {[]string{"https://a", "https://b"}, "given 2 times for 3 shards: expected one for each in their order, or one with {shard} in it"},
		"too many":                 {[]string{"https://a", "https://b", "https://c", "https://d"}, "given 4 times for 3 shards"},
		"one for all":              {[]string{"https://a"}, "given 1 times for 3 shards"},
		"no scheme":                {[]string{"r-{shard}.example.com"}, "of shard 0: expected an address such as https://readiness-{shard}.example.com"},
		"a scheme of scripts":      {[]string{"javascript:alert({shard})"}, "expected an address"},
		"with a login in the link": {[]string{"https://me:secret@r-{shard}"}, "expected an address"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := three.Addressed(test.addresses)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

package fact_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestASetHidesItsType(t *testing.T) {
	kind := pumps()
	var typed fact.Set[pump]
	typed.Add(pump{Name: "a"}, pump{Name: "b"})
	typed.Lack(pump{Name: "c"}, "", fact.Errorf(fact.ReasonDenied, "log in: no"))
	typed.Lack(pump{Name: "d"}, "the last pump", fact.Errorf(fact.ReasonTimeout, "late"))
	typed.Unavailable[1].Topic = "speed"
	set := kind.Set(&typed)

	require.Equal(t, 2, set.Len())
	require.Same(t, typed.Facts[1], set.At(1))
	require.Equal(t, []fact.Gap{
		{Subject: "pump c", Reason: fact.ReasonDenied, Detail: "log in: no"},
		{Subject: "the last pump", Reason: fact.ReasonTimeout, Topic: "speed", Detail: "late"},
	}, set.Gaps())
}

func TestFactsThatAreAddedStandAlone(t *testing.T) {
	var set fact.Set[pump]
	all := []pump{{Name: "a"}}
	set.Add(pump{Name: "b"})
	set.Add(all...)
	set.Add(all...)
	require.Len(t, set.Facts, 3)
	require.Equal(t, []string{"b", "a", "a"}, []string{set.Facts[0].Name, set.Facts[1].Name, set.Facts[2].Name})
}

func TestSetsAreComparedByWhatTheyHold(t *testing.T) {
	kind := pumps()
	fast := func() *float64 { speed := 5.0; return &speed }
	of := func(speed *float64, gaps ...fact.Unavailable[pump]) fact.AnySet {
		set := fact.Set[pump]{Unavailable: gaps}
		set.Add(pump{Name: "a", Speed: speed})
		return kind.Set(&set)
	}
	gone := fact.Unavailable[pump]{Subject: "b", Reason: fact.ReasonStuck}
	require.True(t, of(fast(), gone).Equal(of(fast(), gone)))
	require.False(t, of(fast()).Equal(of(nil)))
	require.False(t, of(fast()).Equal(of(fast(), gone)))
	require.False(t, of(fast(), gone).Equal(of(fast(), fact.Unavailable[pump]{Subject: "b", Reason: fact.ReasonPanic})))
	require.False(t, kind.NoFacts().Equal(fact.Waivers().NoFacts()), "of another kind")
}

func TestASetFailsAsAWhole(t *testing.T) {
	kind, failure := pumps(), fact.Failure{Reason: fact.ReasonRefused, Detail: "nothing listens"}
	declared := fact.Set[pump]{Unavailable: []fact.Unavailable[pump]{{Known: pump{Name: "a"}}, {Subject: "second", Topic: "speed"}}}
	declared.Add(pump{Name: "old"})
	require.True(t, kind.Set(&fact.Set[pump]{Unavailable: []fact.Unavailable[pump]{
		{Known: pump{Name: "a"}, Reason: fact.ReasonRefused, Detail: "nothing listens"},
		{Subject: "second", Topic: "speed", Reason: fact.ReasonRefused, Detail: "nothing listens"},
	}}).Equal(kind.Set(&declared).Fail("target", failure)), "what is declared is unavailable, and no fact is left")
	require.Empty(t, declared.Unavailable[0].Reason, "the declaration itself stays as it is")

	require.Equal(t, []fact.Gap{{Subject: "target", Reason: fact.ReasonRefused, Detail: "nothing listens"}},
		kind.NoFacts().Fail("target", failure).Gaps(), "where nothing is declared, the target is unavailable")
}

package assess_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
)

func TestACompositeIsJudgedAfterItsMembersWhereverItStands(t *testing.T) {
	plan := planOf(composite("all", "some", "c"), composite("some", "b"), rule("b"), rule("c"))
	require.Empty(t, plan.Order())
	a := plan.Assess(shown(now, map[string]check.Status{"b": check.Fail, "c": check.Pass}), now, nil)
	for i, want := range []check.Status{check.Fail, check.Fail, check.Fail, check.Pass} {
		require.Equal(t, want, a.Results[i].Status, plan.Items[i].Item.ID)
	}
	require.Equal(t, "it is fail", a.Results[0].Problems[0].Detail)
}

func TestItemsThatJudgeEachOtherInACircleAreNamed(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules []check.Rule
		want  []string
	}{
		{"an item of itself", []check.Rule{rule("a"), composite("b", "b")}, []string{"b", "b"}},
		{"two of each other", []check.Rule{composite("a", "b"), composite("b", "a")}, []string{"a", "b", "a"}},
		{
			"what leads to a circle is not in it",
			[]check.Rule{composite("a", "b"), composite("b", "c"), composite("c", "b")}, []string{"b", "c", "b"},
		},
		{"an item that is not there is no circle", []check.Rule{composite("a", "lost")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, planOf(c.rules...).Order())
		})
	}
}

func TestAPlanOfSomeItemsKeepsTheirGatesAndCategories(t *testing.T) {
	plan := planOf(rule("a"), rule("b"), composite("c", "b"))
	plan.Gates = []assess.Gate{{ID: "first", Items: []int{0}}, {ID: "all", Items: []int{0, 1, 2}}}
	only := plan.Only(func(item *assess.Item) bool { return item.Item.ID != "a" })
	require.Equal(t, []assess.Gate{{ID: "all", Items: []int{0, 1}}}, only.Gates)
	require.Len(t, only.Categories, 1)
	a := only.Assess(shown(now, map[string]check.Status{"b": check.Pass}), now, nil)
	require.Len(t, a.Results, 2)
	require.Equal(t, check.Pass, a.Results[1].Status)
}

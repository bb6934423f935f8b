package metrics_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// values gives the values of a family by one of its labels.
func values(family *dto.MetricFamily, by string) map[string]float64 {
	values := make(map[string]float64)
	for _, metric := range family.GetMetric() {
		values[label(metric, by)] = metric.GetGauge().GetValue()
	}
	return values
}

func TestSeriesVanishWithTheirSubject(t *testing.T) {
	plan := planOf("shop")
	e := exposed(t, assessed(plan, now, found(tank{Name: "a", Level: 1}, tank{Name: "b", Level: 1})))
	require.Contains(t, scrape(t, e, asText, ""), `tank="b"`)
	e.Publish([]*assess.Assessment{assessed(plan, now, found(tank{Name: "a", Level: 1}))})
	text := scrape(t, e, asText, "")
	require.Contains(t, text, `tank="a"`)
	require.NotContains(t, text, `tank="b"`)
}

func TestOnlyDatesStayOfWhatIsUnavailable(t *testing.T) {
	plan, filled := planOf("shop"), now.Add(-time.Hour)
	run := found(tank{Name: "a", Level: 1, FilledAt: filled})
	e := exposed(t, assessed(plan, now, run))
	families := parse(t, scrape(t, e, asText, ""))
	require.Equal(t, map[string]float64{"a": 1}, values(families["readiness_tank_level_ratio"], "tank"))

	later := now.Add(time.Hour)
	e.Publish([]*assess.Assessment{assessed(plan, later, run)})
	families = parse(t, scrape(t, e, asText, ""))
	require.NotContains(t, families, "readiness_tank_level_ratio", "stale numbers are no numbers")
	require.Equal(t, map[string]float64{"a": float64(filled.Unix())}, values(families["readiness_tank_filled_timestamp_seconds"], "tank"))
	require.Equal(t, map[string]float64{"stale": 1}, values(families["readiness_collector_unavailable"], "reason"))

	other := found(tank{Name: "a", Level: 0.5, FilledAt: later})
	other.CollectedAt = later
	e.Publish([]*assess.Assessment{assessed(plan, later, run, other)})
	families = parse(t, scrape(t, e, asText, ""))
	require.Equal(t, map[string]float64{"a": float64(later.Unix())}, values(families["readiness_tank_filled_timestamp_seconds"], "tank"),
		"what is fresh goes first")
	require.NotContains(t, families, "readiness_collector_invalid_series")

	e.Publish([]*assess.Assessment{assessed(plan, later)})
	require.NotContains(t, scrape(t, e, asText, ""), "readiness_tank", "its target is not in the plan any more")
}

func TestDatesStayOfWhatIsUnavailableInAGoodRun(t *testing.T) {
	plan, filled := planOf("shop"), now.Add(-time.Hour)
	run := found(tank{Name: "a", Level: 1, FilledAt: filled}, tank{Name: "b", Level: 1, FilledAt: filled})
	e := exposed(t, assessed(plan, now, run))

	next, part := *run, new(fact.Set[tank])
	part.Add(tank{Name: "b", Level: 1, FilledAt: now})
	part.Lack(tank{Name: "a"}, "", fact.Errorf(fact.ReasonDenied, "no"))
	next.Succeed(nil, []fact.AnySet{tanks().Set(part)}, now)
	e.Publish([]*assess.Assessment{assessed(plan, now, &next)})
	families := parse(t, scrape(t, e, asText, ""))
	require.Equal(t, map[string]float64{"b": 1}, values(families["readiness_tank_level_ratio"], "tank"))
	require.Equal(t, map[string]float64{"a": float64(filled.Unix()), "b": float64(now.Unix())},
		values(families["readiness_tank_filled_timestamp_seconds"], "tank"))

	whole := next
	whole.Succeed(nil, []fact.AnySet{tanks().Set(new(fact.Set[tank]))}, now)
	e.Publish([]*assess.Assessment{assessed(plan, now, &whole)})
	require.NotContains(t, scrape(t, e, asText, ""), `tank="a"`, "it is not there any more")
}

func TestARemovedSystemIsGone(t *testing.T) {
	shop, blog := assessed(planOf("shop"), now), assessed(planOf("blog"), now)
	e := exposed(t, shop, blog)
	require.Contains(t, scrape(t, e, asText, "gzip"), `system="blog"`)
	e.Publish([]*assess.Assessment{shop})
	require.NotContains(t, scrape(t, e, asText, "gzip"), `system="blog"`)
}

func TestOnlySoManyProblemsAreExportedAndAlwaysTheSame(t *testing.T) {
	var there, back []tank
	for i := range metrics.MaxProblems {
		there = append(there, tank{Name: fmt.Sprint("low ", i), Level: 0.2})
	}
	for i := range metrics.MaxProblems + 7 {
		empty := tank{Name: fmt.Sprintf("%03d", i)}
		there, back = append(there, empty), append([]tank{empty}, back...)
	}
	first := scrape(t, exposed(t, assessed(planOf("shop"), now, found(there...))), asText, "")
	families := parse(t, first)
	require.Equal(t, metrics.MaxProblems, strings.Count(first, `readiness_check_problem{check="tank.level"`))
	require.Equal(t, map[string]float64{"empty": 7, "low": 100}, values(families["readiness_check_problems"], "reason"))
	require.NotContains(t, first, `subject="low`, "the gravest come first")
	second := parse(t, scrape(t, exposed(t, assessed(planOf("shop"), now, found(append(back, there[:metrics.MaxProblems]...)...))), asText, ""))
	require.Empty(t, cmp.Diff(families["readiness_check_problem"], second["readiness_check_problem"], protocmp.Transform()))
}

func TestALossIsExportedAsARegression(t *testing.T) {
	plan := planOf("shop")
	first := assessed(plan, now.Add(-48*time.Hour), found(tank{Name: "a", Level: 1}))
	regressed := func(a *assess.Assessment) map[string]float64 {
		return values(parse(t, scrape(t, exposed(t, a), asText, ""))["readiness_check_regressed_timestamp_seconds"], "check")
	}
	require.Empty(t, regressed(first))
	require.NotContains(t, scrape(t, exposed(t, first), asText, ""), "readiness_check_regressed")
	lost := plan.Assess([]*fact.Run{found(tank{Name: "a"})}, now, first.History)
	require.Equal(t, map[string]float64{"tank.level": float64(now.Unix())}, regressed(lost))
	require.Contains(t, scrape(t, exposed(t, lost), asText, ""), `environment="test",page="false",severity="critical",system="shop"`)
	require.Contains(t, scrape(t, exposed(t, lost), asText, ""), `readiness_check_regressed_info{check="tank.level",environment="test",`+
		`remedy="Fill it.",sentence="It is empty.",subject="a",system="shop",title="A \"full\" tank"} 1`)
	plan.Items[0].Page = true
	require.Contains(t, scrape(t, exposed(t, lost), asText, ""), `environment="test",page="true",severity="critical",system="shop"`)
	plan.Items[0].Newer = true
	require.Empty(t, regressed(lost), "what counts nowhere is no regression")
}

func TestACategoryInWhichNothingAppliesHasNoScore(t *testing.T) {
	plan := planOf("shop")
	plan.Items[2].Rule.NotApplicable = "no hose"
	families := parse(t, scrape(t, exposed(t, assessed(plan, now)), asText, ""))
	for _, weight := range []string{"ready", "judged", "applicable"} {
		scores := values(families["readiness_score_"+weight+"_weight"], "category")
		require.Contains(t, scores, "water")
		require.NotContains(t, scores, "fire")
	}
}

func TestAnItemIsListedOnceAsNoSystemTunesIt(t *testing.T) {
	tuned, plain := planOf("blog"), planOf("shop")
	tuned.System.Checks = map[string]system.Override{"tank.level": {Runbook: "https://example.com/ours"}}
	tuned.Items[0].Runbook = "https://example.com/ours"
	text := scrape(t, exposed(t, assessed(tuned, now), assessed(plain, now)), asText, "")
	require.Equal(t, len(plain.Items), strings.Count(text, "\nreadiness_checklist_item_info{"))
	require.NotContains(t, text, "https://example.com/ours")
	require.Contains(t, text, `kind="attestation",mode="attest"`)
}

// TestTheBudgetOfSeries counts the series of an assessment beside those of facts.
func TestTheBudgetOfSeries(t *testing.T) {
	plan := planOf("shop")
	before := assessed(plan, now.Add(-48*time.Hour), found(tank{Name: "a", Level: 1})).History
	runs := append(smallWorld(), found(tank{Name: "other"}))
	runs[2] = runOf("waiver", "file", fact.Waivers().NoFacts())
	a := plan.Assess(runs, now, before)
	counts := a.Counts()
	require.Equal(t, map[check.Status]int{check.Fail: 1, check.Undeclared: 1, check.Unknown: 1, check.NotApplicable: 1}, counts)
	budget := 1 + // system_info
		3*(counts[check.Fail]+counts[check.Unknown]) + // ready, status, last change
		counts[check.Undeclared] + counts[check.NotApplicable] + // status
		len(a.Results[0].Problems) + len(a.Results[2].Problems) +
		2 + // regressed: since when, and why
		3*len(a.Collectors()) + 1 + // and a target that is not up
		3*len(a.Scores) +
		2*len(a.Gates) +
		2 + 1 // objectives: one of them is not judged
	got := 0
	for name, family := range parse(t, scrape(t, exposed(t, a), asText, "")) {
		if label(family.GetMetric()[0], "system") != "" && !strings.HasPrefix(name, "readiness_tank_") {
			got += len(family.GetMetric())
		}
	}
	require.LessOrEqual(t, got, budget)
	require.Greater(t, got, budget-5, "the budget is what there is")
}

func TestAHundredAndTwentyOfTwoHundredItemsAreSoManySeries(t *testing.T) {
	list := &checklist.Checklist{Name: "large", Categories: []checklist.Category{{ID: "all", Sections: []checklist.Section{{ID: "a"}}}}}
	plan := planOf("shop")
	judged := plan.Items[0]
	plan.Checklist, plan.Categories, plan.Items, plan.Gates, plan.Objectives = list, list.Categories, nil, nil, nil
	for i := range 216 {
		item := judged
		item.Entry = checklist.Entry{Category: &list.Categories[0], Section: &list.Categories[0].Sections[0], Item: &checklist.Item{ID: fmt.Sprint("a.", i)}}
		item.Rule.ID = item.Item.ID
		if i >= 120 {
			item.Rule.NotApplicable = "none"
		}
		plan.Items = append(plan.Items, item)
	}
	plan.Order()
	text := scrape(t, exposed(t, assessed(plan, now, found(tank{Name: "full", Level: 1}))), asText, "")
	require.Equal(t, 3*120+96, strings.Count(text, "\nreadiness_check_"))
}

package bench

import (
	"fmt"
	"math/rand/v2"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// manyFleetSystems is how many systems the measured fleet has.
const manyFleetSystems = 500

// How the items of a system of the fleet are, of 216: most of those that are judged pass, 10 % fail with one or two
// problems, 5 % are unknown. The rest is not supported.
const (
	itemsJudged        = 120
	itemsNotApplicable = 10
	itemsUndeclared    = 30
	lostOf             = 24 // of so many items that fail one was ready before: in every other system one is lost
)

// A reading is what the items of the fleet are judged by; it exports nothing.
type reading struct{ Name string }

func readings(name string) *fact.Kind[reading] {
	return &fact.Kind[reading]{Name: name, Help: "A reading.", Subject: func(r *reading) string { return r.Name }}
}

// A fleet is many systems with the built-in checklist, whose results are laid down rather than judged: it measures what
// they cost to export. Each has facts of the common kinds, from six collectors.
type fleet struct {
	collectors []collector.Any
	plans      []*assess.Plan
	runs       [][]*fact.Run // of each plan
	histories  []assess.History
	now        time.Time
}

func newFleet(systems int) (*fleet, error) {
	return newFleetAt(systems, time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC))
}

// newFleetAt makes a fleet as it is at a time.
func newFleetAt(systems int, now time.Time) (*fleet, error) {
	list := new(checklist.Checklist)
	if err := yaml.Unmarshal(checklist.Production(), list); err != nil {
		return nil, err
	}
	f := &fleet{now: now}
	for name, kind := range map[string]fact.Any{
		"host": fact.Hosts(), "filesystem": fact.Filesystems(), "certificate": fact.Certificates(), "kubernetes": fact.Workloads(),
		"backup": fact.Backups(), "reading": readings("reading"),
	} {
		f.collectors = append(f.collectors, collector.Collector[string]{Name: name, Yields: []fact.Any{kind}})
	}
	rules := f.rules()
	random := rand.New(rand.NewPCG(1, 2))
	for i := range systems {
		plan := planOf(list, i, rules)
		history := make(assess.History)
		runs := f.collect(i)
		for _, result := range plan.Assess(runs, f.now, nil).Results {
			changed := f.now.Add(-time.Duration(i+1) * time.Hour) // when the exporter began
			if random.IntN(3) == 0 {
				changed = f.now.Add(-time.Duration(random.IntN(90*86400)) * time.Second)
			}
			history[result.Check] = []assess.Change{{At: changed, Status: result.Status}}
			if result.Status == check.Fail && random.IntN(lostOf) == 0 {
				history[result.Check] = []assess.Change{
					{At: f.now.Add(-60 * 24 * time.Hour), Status: check.Pass}, {At: f.now.Add(-30 * time.Hour), Status: check.Fail},
				}
			}
		}
		f.plans, f.runs, f.histories = append(f.plans, plan), append(f.runs, runs), append(f.histories, history)
	}
	return f, nil
}

// planOf makes the plan of a system by its number.
func planOf(list *checklist.Checklist, number int, rules func(item, system int) check.Rule) *assess.Plan {
	plan := &assess.Plan{
		System: &system.System{
			Name: fmt.Sprintf("system-%03d", number), Environment: "production", Owner: fmt.Sprint("team-", number%20),
		},
		Checklist: list, Categories: list.Categories,
		Objectives: []assess.Objective{{Name: "critical", Ratio: 0.99, Items: []int{0}}},
	}
	at := 0
	for entry := range list.Items() {
		item := assess.Item{
			Entry: entry, Severity: entry.Item.Severity, Owner: plan.System.Owner, Runbook: "https://example.com/" + entry.Item.ID,
		}
		place := at * 89 % 216 // so that what is judged stands all over the list
		if at++; place >= itemsJudged+itemsNotApplicable+itemsUndeclared {
			plan.Unsupported = append(plan.Unsupported, item)
			continue
		}
		item.Rule = rules(place, number)
		item.Rule.ID = entry.Item.ID
		plan.Items = append(plan.Items, item)
	}
	for _, declared := range list.Gates {
		gate := assess.Gate{ID: declared.ID, Title: declared.Title}
		for i := range plan.Items {
			if declared.Selects(plan.Items[i].Entry) {
				gate.Items = append(gate.Items, i)
			}
		}
		plan.Gates = append(plan.Gates, gate)
	}
	plan.Order()
	return plan
}

// rules gives the rule of an item by its number: what is judged comes first.
func (f *fleet) rules() func(number, system int) check.Rule {
	bound := func(kind *fact.Kind[reading], problems ...string) *check.Bound {
		reason := check.Reason{Name: "too_few_replicas", Level: check.Fail, Sentence: "It is not as it should be."}
		each := check.Kind[struct{}]{
			Name: "reading", Remedy: "Fix it.",
			Over: []check.Quantified[struct{}]{check.Each(kind, func(check.Context, *reading, struct{}) (found []check.Problem) {
				for _, subject := range problems {
					found = append(found, reason.On(subject, "it is not"))
				}
				return found
			})},
		}
		return each.Bind(each.Parameters())
	}
	pass, unknown, undeclared := bound(readings("reading")), bound(readings("unavailable")), bound(readings("nowhere"))
	return func(number, system int) check.Rule {
		service := func(i int) string { return fmt.Sprintf("main/shop/Deployment/service-%d", (number+system+i)%8) }
		clause := pass
		number = (number*7+system*13)%itemsJudged + number/itemsJudged*itemsJudged
		switch {
		case number%20 == 3 && number < itemsJudged:
			clause = unknown
		case number%20 == 7 && number < itemsJudged:
			clause = bound(readings("reading"), service(0))
		case number%20 == 11 && number < itemsJudged:
			clause = bound(readings("reading"), service(0), service(3))
		case number >= itemsJudged+itemsNotApplicable:
			clause = undeclared
		case number >= itemsJudged:
			return check.Rule{NotApplicable: "The system has no such thing."}
		}
		return check.Rule{Clause: check.Clause{Bound: clause}}
	}
}

// collect gives what was collected from one system by its number: in every tenth a certificate expires and a file system is
// nearly full.
func (f *fleet) collect(number int) []*fact.Run {
	sound := 0
	if number%10 != 0 {
		sound = 4
	}
	one := new(fact.Set[reading])
	one.Add(reading{Name: "a"})
	lost := new(fact.Set[reading])
	lost.Lack(reading{Name: "main/shop/Deployment/service-9"}, "", fact.Errorf(fact.ReasonTimeout, "no answer within 5s"))
	run := func(collector, target string, sets ...fact.AnySet) *fact.Run {
		return &fact.Run{Collector: collector, Target: target, Interval: time.Hour, Sets: sets, CollectedAt: f.now, TriedAt: f.now}
	}
	return []*fact.Run{
		run("host", "node", fact.Hosts().Set(setOf(hosts(f.now)[:1]))),
		run("host", "node filesystems", fact.Filesystems().Set(setOf(filesystems(f.now)[sound:][:3]))),
		run("certificate", "www", fact.Certificates().Set(setOf(certificates(f.now)[sound:][:4]))),
		run("kubernetes", "main", fact.Workloads().Set(setOf(workloads(f.now)[:8]))),
		run("backup", "s3", fact.Backups().Set(setOf(backups(f.now)[:1]))),
		run("reading", "a", readings("reading").Set(one), readings("unavailable").Set(lost)),
	}
}

func setOf[F any](facts []F) *fact.Set[F] {
	set := new(fact.Set[F])
	set.Add(facts...)
	return set
}

// assess judges every system at a time.
func (f *fleet) assess(now time.Time) []*assess.Assessment {
	assessments := make([]*assess.Assessment, len(f.plans))
	for i, plan := range f.plans {
		assessments[i] = plan.Assess(f.runs[i], now, f.histories[i])
	}
	return assessments
}

// scraped is an exposition of the fleet that is scraped as Prometheus does.
func (f *fleet) scraped() *metrics.Exposition {
	exposition := metrics.NewExposition(f.collectors, metrics.NewSelf().Registry())
	exposition.Publish(f.assess(f.now))
	prometheus := forms()[len(forms())-1]
	prometheus.scrape(exposition)
	return exposition
}

// series counts the series of systems, and those of them that are of facts.
func (f *fleet) series() (all, ofFacts int, err error) {
	exposition := metrics.NewExposition(f.collectors, metrics.NewSelf().Registry())
	exposition.Publish(f.assess(f.now))
	families, err := parsed(exposition)
	if err != nil {
		return 0, 0, err
	}
	known := make(map[string]bool)
	for _, each := range f.collectors {
		for _, kind := range each.Describe().Yields {
			for _, family := range kind.Families() {
				known["readiness_"+family.Name] = true
			}
		}
	}
	for name, family := range families {
		if ofSystems(family) {
			all += len(family.GetMetric())
			if known[name] {
				ofFacts += len(family.GetMetric())
			}
		}
	}
	return all, ofFacts, nil
}

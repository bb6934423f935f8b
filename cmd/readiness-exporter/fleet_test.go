package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/shard"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const (
	fleetSystems = 500
	fleetShards  = 5
	settling     = 3 * time.Minute // at most: busy cores leave out evaluations of rules
)

// A fleet is many systems on several shards, of which the first has two replicas, with a Prometheus that joins them.
type fleet struct {
	config     string
	shards     []*runningExporter
	replica    *runningExporter // of the first shard
	prometheus *world.Prometheus
	systems    [fleetShards]int // of each shard
}

// newFleet describes systems of two items, of which one has expired in every tenth system, and starts all.
func newFleet(t *testing.T) *fleet {
	t.Helper()
	dir := t.TempDir()
	f := &fleet{config: filepath.Join(dir, "readiness.yaml")}
	var described strings.Builder
	described.WriteString("checklist_files: [small.yaml]\nsystems:\n")
	for i := range fleetSystems {
		name := fmt.Sprintf("service-%03d", i)
		f.systems[shard.Of(name+"/production", fleetShards)]++
		until := ""
		if i%10 == 0 {
			until = ", until: 2020-02-01"
		}
		fmt.Fprintf(&described, "  - {name: %s, environment: production, owner: team-%d, checklist: small, attestations: [\n"+
			"      {check: team.trained, by: jane, at: 2020-01-01}, {check: team.rested, by: jane, at: 2020-01-01%s}]}\n", name, i%25, until)
	}
	require.NoError(t, os.WriteFile(f.config, []byte(described.String()), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "small.yaml"), []byte(`
name: small
title: A small list
categories:
  - {id: people, title: People, sections: [{id: team, title: Team, items: [
      {id: team.trained, text: Team trained, severity: critical, mode: attest, kind: attestation, parameters: {maximum_age: 100y}},
      {id: team.rested, text: Team rested, severity: warning, mode: attest, kind: attestation, parameters: {maximum_age: 100y}}]}]}
`), 0o600))
	f.shards = make([]*runningExporter, fleetShards)
	var addresses []string
	for range fleetShards {
		addresses = append(addresses, freeAddress(t))
	}
	for i, addr := range addresses {
		f.shards[i] = f.start(t, i, addr, addresses)
	}
	f.replica = f.start(t, 0, freeAddress(t), addresses)
	targets := append(slices.Clone(addresses), f.replica.addr)
	scraped := fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs: [{job_name: readiness-exporter, honor_labels: true, static_configs: [{targets: ["%s"]}]}]
`, strings.Join(targets, `", "`))
	f.prometheus = servers.Prometheus(t, scraped)
	f.becomes(t, fleetSystems+f.systems[0], "count(readiness_system_info)")
	// Those of facts and objectives, of which these systems have none, would only cost. An hour is a minute, so that a minute's
	// evaluation is one a second, of which a busy machine leaves out some: absence is noticed within ten of them, and not within one.
	var rules []world.File
	for _, name := range []string{"exporter", "regressions", "thresholds"} {
		content, err := os.ReadFile(fmt.Sprintf("../../alerts/%s.rules.yaml", name))
		require.NoError(t, err)
		text := strings.Replace(string(content), "readiness:system_team:info offset 31m", "readiness:system_team:info offset 40m", 1)
		require.Equal(t, name == "exporter", text != string(content))
		rules = append(rules, world.File{Name: name + ".rules.yaml", Content: hurriedBy(t, text, 60)})
	}
	f.prometheus.Reload(t, scraped+`rule_files: ["*.rules.yaml"]`, rules...)
	return f
}

func (f *fleet) start(t *testing.T, index int, addr string, addresses []string) *runningExporter {
	t.Helper()
	arguments := []string{"--config.file", f.config, "--shards", fmt.Sprint(fleetShards), "--shard", fmt.Sprint(index)}
	for _, each := range addresses {
		arguments = append(arguments, "--shard.address", "http://"+each)
	}
	return startExporterOn(t, "http", http.DefaultClient, addr, arguments...)
}

// kill ends a shard as a node that is gone ends it.
func (e *runningExporter) kill() {
	require.NoError(e.t, e.process.Process.Kill())
	_ = e.process.Wait() // It says that it was killed.
}

// of matches the systems of a shard.
func (f *fleet) of(index int) string {
	var names []string
	for i := range fleetSystems {
		if name := fmt.Sprintf("service-%03d", i); shard.Of(name+"/production", fleetShards) == index {
			names = append(names, name)
		}
	}
	return strings.Join(names, "|")
}

// becomes waits until an expression has a value.
func (f *fleet) becomes(t *testing.T, value int, expr string) {
	t.Helper()
	f.prometheus.WaitFor(t, fmt.Sprintf("(%s) == %d", expr, value))
}

// fired names every alert that fired since the beginning.
func (f *fleet) fired(t *testing.T) (names []string) {
	t.Helper()
	for _, each := range f.prometheus.Query(t, `group by (alertname) (last_over_time(ALERTS{alertstate="firing"}[10m]))`) {
		names = append(names, string(each.Metric["alertname"]))
	}
	slices.Sort(names)
	return names
}

// steady wants no alert of a name to have begun twice within a time.
func (f *fleet) steady(t *testing.T, alert, of, within string) {
	t.Helper()
	require.Empty(t, f.prometheus.Query(t, fmt.Sprintf("changes(ALERTS_FOR_STATE{alertname=%q,%s}%s) > 0", alert, of, within)))
}

// TestAShardDiesAndComesBack has one Prometheus scrape 500 systems of five shards, and kills one: the systems of the others keep
// their series and their alerts; those of the dead shard are reported as absent, each once, and nothing else is; all come back. Of a
// shard with two replicas one is enough, and both count once.
func TestAShardDiesAndComesBack(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	const (
		unfinished = fleetSystems / 10
		dead       = 3
		watched    = "count(group by (system) (readiness_system_info))"
		summaries  = `count(ALERTS{alertname="ReadinessSummary",alertstate="firing"})`
		absent     = `ALERTS{alertname="ReadinessSystemAbsent",alertstate="firing"}`
	)
	f.becomes(t, fleetSystems, watched)
	f.becomes(t, fleetSystems, "count(readiness:system_team:info)")
	f.becomes(t, unfinished, summaries)
	f.becomes(t, unfinished, "sum(readiness:not_ready:checks)")
	f.linked(t)

	answered := 0
	for _, samples := range f.shown(t) {
		answered += min(len(samples), 1)
	}
	require.Greater(t, answered, 10, "the dashboards show nothing")
	twice := f.settled(t)
	f.shards[0].kill() // Its replica is there.
	f.becomes(t, fleetSystems, "count(readiness_system_info)")
	require.EventuallyWithT(t, func(c *assert.CollectT) { require.Equal(c, twice, f.shown(t)) }, settling, time.Second,
		"what the dashboards show follows from how many replicas there are")

	f.shards[dead].kill()
	left := fleetSystems - f.systems[dead]
	f.becomes(t, left, "count(readiness_system_info)")
	killed := time.Now()
	f.becomes(t, f.systems[dead], "count("+absent+")")
	require.Len(t, f.prometheus.Query(t, absent[:len(absent)-1]+fmt.Sprintf(`,system=~%q}`, f.of(dead))), f.systems[dead])
	require.Equal(t, []string{"ReadinessHeartbeat", "ReadinessShardAbsent", "ReadinessSummary", "ReadinessSystemAbsent"}, f.fired(t))
	// Of the others nothing was interrupted: every series was there all the time, and each alert began once.
	others := fmt.Sprintf("system!~%q", f.of(dead))
	since := time.Since(killed).Truncate(time.Second) - time.Second
	f.becomes(t, left, fmt.Sprintf("min_over_time(count(group by (system) (readiness_system_info{%s}))[%s:1s])", others, since))
	f.steady(t, "ReadinessSummary", others, "[10m]")

	f.start(t, dead, f.shards[dead].addr, nil)
	f.becomes(t, fleetSystems, watched)
	f.prometheus.WaitFor(t, "absent("+absent+")")
	f.becomes(t, unfinished, summaries)
	f.steady(t, "ReadinessSystemAbsent", `system!=""`, "[10m]")
	require.Equal(t, []string{"ReadinessHeartbeat", "ReadinessShardAbsent", "ReadinessSummary", "ReadinessSystemAbsent"}, f.fired(t))
}

// settled is what the dashboards show once rules that busy cores left out a while ago have caught up: what is shown stays so.
func (f *fleet) settled(t *testing.T) map[string][]string {
	t.Helper()
	last := f.shown(t)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		before := last
		last = f.shown(t)
		require.Equal(c, before, last)
	}, settling, 5*time.Second, "what the dashboards show does not settle")
	return last
}

// shown is what the dashboards of systems show now: every query that follows from the state alone, and not from the time.
func (f *fleet) shown(t *testing.T) map[string][]string {
	t.Helper()
	shown := make(map[string][]string)
	one, _, _ := strings.Cut(f.of(0), "|") // A dashboard of one system says which team has it: of many it would be any.
	systems := map[string]string{"overview": ".*", "system": one, "slo": ".*"}
	for name := range systems {
		content, err := os.ReadFile(fmt.Sprintf("../../dashboards/readiness-%s.json", name))
		require.NoError(t, err)
		var board struct {
			Panels []struct{ Targets []struct{ Expr string } }
		}
		require.NoError(t, json.Unmarshal(content, &board))
		for _, panel := range board.Panels {
			for _, target := range panel.Targets {
				if regexp.MustCompile(`time\(\)|\[|offset`).MatchString(target.Expr) {
					continue
				}
				expr := strings.NewReplacer("$system", systems[name], "$environment", ".*", "$category", ".*", "$objective", ".*").Replace(target.Expr)
				shown[expr] = []string{}
				for _, sample := range f.prometheus.Query(t, expr) {
					shown[expr] = append(shown[expr], fmt.Sprint(sample.Metric, sample.Value))
				}
				slices.Sort(shown[expr])
			}
		}
	}
	return shown
}

// linked wants the page of each shard to lead to every system, and the links to open.
func (f *fleet) linked(t *testing.T) {
	t.Helper()
	link := regexp.MustCompile(`<a href="([^"]*)/systems/(service-\d+)/production">`)
	for i, each := range f.shards {
		found := make(map[string]string)
		for _, match := range link.FindAllStringSubmatch(string(each.get("/")), -1) {
			found[match[2]] = match[1]
		}
		require.Len(t, found, fleetSystems)
		require.Contains(t, string(each.get("/metrics")), fmt.Sprintf("readiness_exporter_info{external_url=%q} 1\n", "http://"+each.addr),
			"links in alerts lead to the shard of the system")
		for name, at := range found {
			of := shard.Of(name+"/production", fleetShards)
			if of == i {
				require.Empty(t, at, name)
			} else {
				require.Equal(t, "http://"+f.shards[of].addr, at, name)
			}
		}
	}
}

package dashboards

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// A grafana asks Prometheus what a dashboard does, with the variables put in as Grafana puts them in.
type grafana struct {
	prometheus *world.Prometheus
	begin      time.Time         // of the time range
	chosen     map[string]string // variables, as they stand in a query
}

// growth is known of a file system after half an hour: no world of a few seconds has it.
const growth = "readiness_filesystem_full_timestamp_seconds"

// reboot is reported only by a machine on which something would set the mark, which this one need not be.
const reboot = "readiness_host_reboot_required"

// elsewhere are the metrics of what this machine need not have: a service manager, a firewall, a package manager with its lists,
// and the registry and the signatures of a domain.
var elsewhere = regexp.MustCompile(`readiness_(ssh_daemon|firewall|fail2ban|updates|systemd|domain_expiration|dns_signature)_`)

func TestEveryQueryHasAnAnswer(t *testing.T) {
	s := openShop(t)
	prometheus := servers.Prometheus(t, s.config, rules(t)...)
	prometheus.WaitFor(t, `readiness_check_status{check="tls.renewal", status="pass"} == 1`)
	prometheus.WaitFor(t, `readiness_workload_nodes == 2`)
	prometheus.WaitFor(t, `readiness_backup_copies == 7`)
	began := time.Now()
	time.Sleep(2 * time.Second) // The time range begins when all is well.
	s.site.Show(s.certificate(t, 5*day))
	prometheus.WaitFor(t, `readiness_check_status{check="tls.renewal", status="fail"} == 1`)
	prometheus.WaitFor(t, `rate(readiness_collector_runs_total[10s]) > 0`)

	t.Run("the score is the exporter's own", func(t *testing.T) { sameScore(t, prometheus, s) })
	for _, board := range load(t) {
		for _, choice := range []string{"All", "each"} {
			t.Run(board.UID+"/"+choice, func(t *testing.T) {
				g := &grafana{prometheus: prometheus, begin: began, chosen: make(map[string]string)}
				g.choose(t, board, choice == "All")
				for _, panel := range board.shown() {
					t.Run(panel.Title, func(t *testing.T) { g.show(t, panel) })
				}
				for _, mark := range board.Annotations.List {
					t.Run(mark.Name, func(t *testing.T) { g.mark(t, mark) })
				}
			})
		}
	}
}

// sameScore wants the score of the dashboards to be the one that the exporter itself reports.
func sameScore(t *testing.T, prometheus *world.Prometheus, s *shop) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.addr+"/api/v1/systems/shop/production", http.NoBody)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	var report struct {
		Score float64 `json:"score_ratio"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&report))
	require.NotZero(t, report.Score)
	g := &grafana{chosen: map[string]string{"system": "shop", "environment": "production", "category": ".*"}}
	for _, board := range load(t) {
		for _, panel := range board.shown() {
			if board.UID == "readiness-system" && panel.Title == "Score" {
				answer := prometheus.Query(t, g.interpolate(panel.Targets[0].Expr))
				require.InDelta(t, report.Score, float64(answer[0].Value), 1e-9)
				return
			}
		}
	}
	require.Fail(t, "no panel shows the score")
}

// ruleFiles are those that are loaded always.
func ruleFiles(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../alerts/*.rules.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

// rules are the recording rules and alerts that the dashboards may read, with their windows of weeks made seconds. Alerts do not wait.
func rules(t *testing.T) (files []world.File) {
	t.Helper()
	interval := regexp.MustCompile(`(?m)^(\s*-?\s*interval:) .*$`)
	window := regexp.MustCompile(`\[\w+:\w+\]`)
	wait := regexp.MustCompile(`(?m)^(\s*(?:keep_firing_)?for:) .*$`)
	for _, path := range ruleFiles(t) {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		content = interval.ReplaceAll(content, []byte("$1 1s"))
		content = window.ReplaceAll(content, []byte("[10s:1s]"))
		content = wait.ReplaceAll(content, []byte("$1 0s"))
		files = append(files, world.File{Name: "rules/" + filepath.Base(path), Content: string(content)})
	}
	return files
}

// choose sets every variable, to All or to each of its values. Those of a query must have some.
func (g *grafana) choose(t *testing.T, board dashboard, all bool) {
	t.Helper()
	for _, each := range board.Templating.List {
		if each.Type != "query" {
			continue
		}
		values := g.values(t, each)
		g.chosen[each.Name] = each.AllValue
		if !each.Multi {
			// Of one at a time the one that has something to show.
			chosen := map[string]string{"system": "shop", "environment": "production"}[each.Name]
			require.Contains(t, values, chosen)
			g.chosen[each.Name] = chosen
			continue
		}
		if !all {
			for i := range values {
				values[i] = strings.ReplaceAll(regexp.QuoteMeta(values[i]), `\`, `\\`)
			}
			g.chosen[each.Name] = "(" + strings.Join(values, "|") + ")"
		}
	}
}

// values are those of a variable whose query is label_values(metric or selector, label).
func (g *grafana) values(t *testing.T, each variable) []string {
	t.Helper()
	var query struct{ Query string }
	require.NoError(t, json.Unmarshal(each.Query, &query))
	parts := regexp.MustCompile(`^label_values\((.+), (\w+)\)$`).FindStringSubmatch(query.Query)
	require.NotNil(t, parts, query.Query)
	found, _, _, err := g.prometheus.API.LabelValues(t.Context(), parts[2], []string{g.interpolate(parts[1])}, g.begin, time.Now())
	require.NoError(t, err)
	require.NotEmpty(t, found, "variable %s", each.Name)
	var values []string
	for _, value := range found {
		values = append(values, string(value))
	}
	return values
}

func (g *grafana) interpolate(expression string) string {
	replace := []string{
		"$__rate_interval", "10s",
		"$__range_s", fmt.Sprint(int(math.Ceil(time.Since(g.begin).Seconds()))),
		"$__range", fmt.Sprintf("%ds", int(math.Ceil(time.Since(g.begin).Seconds()))),
		"$__interval", "1s",
	}
	for name, value := range g.chosen {
		replace = append(replace, "$"+name, value)
	}
	return strings.NewReplacer(replace...).Replace(expression)
}

// mark wants what is marked on graphs to have an answer, with the labels that its text reads.
func (g *grafana) mark(t *testing.T, a annotation) {
	t.Helper()
	query := target{Expr: a.Expr, Range: true}
	if !mayBeEmpty(a.Expr) && !strings.Contains(a.Expr, "rollout") {
		g.ask(t, query)
		return
	}
	// No pods are being replaced.
	_, err := g.evaluate(t, g.interpolate(a.Expr), true)
	require.NoError(t, err)
}

// mayBeEmpty reports whether a query finds nothing in a world of a few seconds, in which all workloads are well and no budget is used up.
func mayBeEmpty(expression string) bool {
	return strings.Contains(expression, growth) && strings.HasPrefix(expression, "1000 * ") || strings.Contains(expression, reboot) || elsewhere.MatchString(expression) ||
		strings.Contains(expression, "ALERTS") && regexp.MustCompile(`Readiness\((Budget|\(Workload|\(Firewall)`).MatchString(expression)
}

// show wants every query of a panel to have an answer, with the labels that the panel reads.
func (g *grafana) show(t *testing.T, p panel) {
	t.Helper()
	labels := make(map[string]bool)
	for _, query := range p.Targets {
		if mayBeEmpty(query.Expr) {
			_, err := g.evaluate(t, g.interpolate(query.Expr), query.Range)
			require.NoError(t, err)
			continue
		}
		answer := g.ask(t, query)
		for _, metric := range answer {
			for name := range metric {
				labels[string(name)] = true
				if p.Type == "table" {
					require.Contains(t, p.columns(), string(name), "the table shows it without a title")
				}
			}
		}
		for _, each := range regexp.MustCompile(`\{\{(\w+)\}\}`).FindAllStringSubmatch(query.LegendFormat, -1) {
			require.Contains(t, labels, each[1], "the legend reads it")
		}
	}
	for field, title := range p.columns() {
		if !strings.HasPrefix(field, "Value") && !sometimesEmpty(field) && len(labels) > 0 {
			require.Contains(t, labels, field, "the column %s is empty", title)
		}
	}
}

// sometimesEmpty reports whether a label is of those that this world leaves empty.
func sometimesEmpty(label string) bool {
	return slices.Contains([]string{"team", "ip", "group", "version"}, label)
}

// ask gives the labels of what a query finds, and waits until it finds something that is a number.
func (g *grafana) ask(t *testing.T, query target) (found []model.Metric) {
	t.Helper()
	var err error
	var expression string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		expression = g.interpolate(query.Expr)
		require.NotRegexp(t, `\$[^1]`, expression, "a variable that the dashboard does not have")
		if found, err = g.evaluate(t, expression, query.Range); len(found) > 0 {
			return found
		}
	}
	require.NoError(t, err, expression)
	require.NotEmpty(t, found, "no data for %s", expression)
	return nil
}

func (g *grafana) evaluate(t *testing.T, expression string, overTime bool) (found []model.Metric, err error) {
	t.Helper()
	var value model.Value
	if overTime {
		value, _, _, err = g.prometheus.API.QueryRange(t.Context(), expression,
			promv1.Range{Start: g.begin, End: time.Now(), Step: time.Second})
	} else {
		value, _, _, err = g.prometheus.API.Query(t.Context(), expression, time.Now())
	}
	switch value := value.(type) {
	case model.Vector:
		for _, each := range value {
			if !math.IsNaN(float64(each.Value)) {
				found = append(found, each.Metric)
			}
		}
	case model.Matrix:
		for _, each := range value {
			if slices.ContainsFunc(each.Values, func(s model.SamplePair) bool { return !math.IsNaN(float64(s.Value)) }) {
				found = append(found, each.Metric)
			}
		}
	}
	return found, err
}

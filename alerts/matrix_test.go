package alerts_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An event is what happens at minute 58 to the exporters that watch one cluster, or to what they are told.
type event struct {
	away     int    // for how many minutes they are
	replicas int    // how many of them; 0: all
	replaced bool   // by others, of which the first scrape has nothing but items that are unknown
	items    int    // how many more the others have, none of which is ready
	young    bool   // there was no exporter before
	team     string // that has the system from then on
	promises bool   // are taken out of the description
}

// events are the rows of the table in README.md.
func events() map[string]event {
	return map[string]event{
		"nothing":                                {},
		"an exporter restarts":                   {away: 2, replicas: 1, replaced: true},
		"an exporter is away for 7 minutes":      {away: 7, replicas: 1},
		"all are away for 7 minutes":             {away: 7},
		"all are away for an hour":               {away: 60},
		"the first exporter starts":              {young: true},
		"an upgrade adds 50 items":               {away: 2, replaced: true, items: 50},
		"a reload gives it to another team":      {team: "web-team"},
		"a reload takes its objective out of it": {promises: true},
	}
}

const (
	eventAt    = 58
	matrixEnds = 130
	// restartAt is when the second of two Prometheus servers is away for some minutes.
	restartAt, restarted = 66, 74
)

// A fleet is who watches, and how many clusters.
type fleet struct{ clusters, exporters, servers int }

// fleets leave out what two servers could not show: they multiply the series as two exporters do.
func fleets() []fleet {
	return []fleet{{1, 1, 1}, {1, 2, 1}, {2, 1, 1}, {2, 2, 1}, {1, 1, 2}, {2, 2, 2}}
}

// TestTheMatrixIsThatOfTheReadme has promtool evaluate what the rules say of one system name in one cluster or two, of which
// the first is bad and the second good, watched by one exporter or two, scraped by one Prometheus or two whose series a ruler
// reads together, whatever happens to those: what fires is what the table of README.md says. All of it is evaluated at one
// time: a label of the targets tells the cases apart, which the rules do not know.
func TestTheMatrixIsThatOfTheReadme(t *testing.T) {
	minutes, rows := matrixOf(t)
	require.ElementsMatch(t, keys(events()), keys(rows))
	var file, series, tests strings.Builder
	file.WriteString("rule_files:\n")
	folder, err := filepath.Abs(".")
	require.NoError(t, err)
	for _, name := range []string{"thresholds", "exporter", "facts-certificates", "facts-backups", "regressions", "slo"} {
		fmt.Fprintf(&file, "  - %s.rules.yaml\n", filepath.Join(folder, name))
	}
	file.WriteString("group_eval_order: [readiness-thresholds, readiness-systems]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n")
	for _, name := range keys(rows) {
		for _, watch := range fleets() {
			watch := watching{watch, fmt.Sprintf("%s; %d clusters, %d exporters, %d Prometheus", name, watch.clusters, watch.exporters, watch.servers)}
			for cluster := range watch.clusters {
				series.WriteString(watch.seriesOf(events()[name], cluster == 0))
			}
			row := rows[name]
			if happened := events()[name]; happened.replicas > 0 && !happened.replaced && watch.exporters == 1 {
				row = rows["all are away for 7 minutes"]
			}
			for i, minute := range minutes {
				fmt.Fprintf(&tests, "      - expr: 'count by (cluster, alertname) (ALERTS{alertstate=\"firing\",run=%q})'\n"+
					"        eval_time: %dm\n        exp_samples:\n", watch.run, minute)
				tests.WriteString(expected(t, row[i], watch.clusters))
			}
		}
	}
	file.WriteString(series.String() + "    promql_expr_test:\n" + tests.String())
	path := filepath.Join(t.TempDir(), "matrix.yaml")
	require.NoError(t, os.WriteFile(path, []byte(file.String()), 0o600))
	output, err := exec.CommandContext(t.Context(), filepath.Join("..", ".cache", "bin", "promtool"), "test", "rules", path).CombinedOutput()
	require.NoError(t, err, "%s", output)
}

// expected are the samples of a cell: a letter for each alert of the bad cluster, a small one for each of the good.
func expected(t *testing.T, cell string, clusters int) string {
	t.Helper()
	names := map[string]string{
		"C": "ReadinessCertificateExpired", "B": "ReadinessBackupMissing", "L": "ReadinessCheckLost", "S": "ReadinessSummary",
		"A": "ReadinessSystemAbsent", "O": "ReadinessBudgetBurningFast",
	}
	counts := make(map[string]int)
	for _, letter := range strings.Fields(cell) {
		require.Contains(t, names, strings.ToUpper(letter))
		cluster := "bad"
		if strings.ToUpper(letter) != letter {
			cluster = "good"
		}
		if cluster == "bad" || clusters == 2 {
			counts[fmt.Sprintf("{cluster=%q,alertname=%q}", cluster, names[strings.ToUpper(letter)])]++
		}
	}
	var samples strings.Builder
	for _, labels := range keys(counts) {
		fmt.Fprintf(&samples, "          - {labels: '%s', value: %d}\n", labels, counts[labels])
	}
	return samples.String()
}

// matrixOf is the table of README.md: the minutes of its head, and of each row what fires at these.
func matrixOf(t *testing.T) (minutes []int, rows map[string][]string) {
	t.Helper()
	rows = make(map[string][]string)
	_, table, found := strings.Cut(string(read(t, "README.md")), "\n| at minute 58 ")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	lines := strings.Split(table, "\n")
	for _, cell := range regexp.MustCompile(`\d+`).FindAllString(lines[0], -1) {
		minute, err := strconv.Atoi(cell)
		require.NoError(t, err)
		minutes = append(minutes, minute)
	}
	for _, line := range lines[2:] {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		require.Len(t, cells, len(minutes)+1, line)
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		rows[cells[0]] = cells[1:]
	}
	return minutes, rows
}

// A sampled is a series of an exporter, of the same value while it is there.
type sampled struct {
	labels      string
	value       float64
	fact        bool // which an exporter that has just started does not have
	from, until int  // minutes; 0: always
}

// sampledOf are those of an exporter that watches one cluster. In a bad one a certificate has expired, a backup is missing, an
// objective is not met and an item was lost at minute 0.
func sampledOf(happens event, bad bool) []sampled {
	const item = `check="networking.services",category="kubernetes",severity="critical"`
	well, status := 1.0, "pass"
	if bad {
		well, status = 0, "fail"
	}
	all := []sampled{
		{labels: `readiness_certificate_not_after_timestamp_seconds{name="shop:443"`, value: well * 1e8, fact: true},
		{labels: `readiness_certificate_not_before_timestamp_seconds{name="shop:443"`, value: -1e7, fact: true},
		{labels: `readiness_backup_copies{backup="database",place="s3"`, value: 3 * well, fact: true},
		{labels: `readiness_check_status{status="` + status + `",` + item, value: 1, fact: true},
		{labels: `readiness_score_ready_weight{category="kubernetes"`, value: 10 * well},
		{labels: `readiness_score_judged_weight{category="kubernetes"`, value: 10},
		{labels: `readiness_score_applicable_weight{category="kubernetes"`, value: 10},
		{labels: `readiness_gate_ready{gate="production"`, value: well},
	}
	promised := []sampled{
		{labels: `readiness_objective_met{objective="critical"`, value: well},
		{labels: `readiness_objective_ratio{objective="critical"`, value: 0.95},
	}
	ofTeam := func(team string, from, until int) {
		all = append(all, sampled{labels: `readiness_system_info{checklist="production",team="` + team + `"`, value: 1, from: from, until: until},
			sampled{labels: `readiness_check_ready{team="` + team + `",` + item, value: well, from: from, until: until})
		if bad && !happens.young {
			all = append(all, sampled{
				labels: `readiness_check_regressed_timestamp_seconds{page="true",team="` + team + `",` + item, from: from, until: until,
			})
		}
	}
	if happens.team != "" {
		ofTeam("shop-team", 0, eventAt)
		ofTeam(happens.team, eventAt, 0)
	} else {
		ofTeam("shop-team", 0, 0)
	}
	if happens.promises {
		promised[0].until, promised[1].until = eventAt, eventAt
	}
	all = append(all, promised...)
	for i := range happens.items {
		added := fmt.Sprintf(`check="new.%d",category="new",severity="critical"`, i)
		all = append(all, sampled{labels: `readiness_check_ready{team="shop-team",` + added, from: eventAt})
	}
	return all
}

// A watching is a fleet in one case of the matrix, whose targets have its label.
type watching struct {
	fleet
	run string
}

// seriesOf are those of the exporters of one cluster, as one Prometheus or two have them.
func (watch watching) seriesOf(happens event, bad bool) string {
	cluster := "good"
	if bad {
		cluster = "bad"
	}
	var text strings.Builder
	write := func(labels, exporter string, value float64, there func(minute int) bool) {
		for server := range watch.servers {
			fmt.Fprintf(&text, "      - {series: '%s,system=\"shop\",environment=\"production\",cluster=%q,instance=%q,prometheus_replica=\"%d\",run=%q}', values: '%s'}\n",
				labels, cluster, exporter, server, watch.run, valuesOf(value, func(minute int) bool {
					return there(minute) && (server == 0 || minute < restartAt || minute >= restarted)
				}))
		}
	}
	for exporter := range watch.exporters {
		hit := happens.away > 0 && (happens.replicas == 0 || exporter < happens.replicas)
		back, name := eventAt+happens.away, fmt.Sprint("exporter-", exporter)
		for _, each := range sampledOf(happens, bad) {
			valid := func(minute int) bool { return minute >= each.from && (each.until == 0 || minute < each.until) }
			born := eventAt
			if each.fact {
				born++
			}
			if !hit || each.from < eventAt {
				write(each.labels, name, each.value, func(minute int) bool {
					return valid(minute) && (!hit || minute < eventAt || minute >= back && !happens.replaced) && (!happens.young || minute >= born)
				})
			}
			if hit && happens.replaced {
				write(each.labels, name+"-new", each.value, func(minute int) bool {
					return valid(minute) && (minute > back || minute == back && !each.fact)
				})
			}
		}
		if hit && happens.replaced || happens.young {
			write(`readiness_check_status{status="unknown",check="networking.services",category="kubernetes",severity="critical"`, name+"-new", 1,
				func(minute int) bool { return minute == back })
		}
	}
	return text.String()
}

// valuesOf writes a series as promtool reads it: it ends with a mark, as when a scrape does not have it any more.
func valuesOf(value float64, there func(minute int) bool) string {
	values := make([]string, 0, matrixEnds+1)
	for minute := range matrixEnds + 1 {
		switch {
		case there(minute):
			values = append(values, strconv.FormatFloat(value, 'f', -1, 64))
		case minute > 0 && there(minute-1):
			values = append(values, "stale")
		default:
			values = append(values, "_")
		}
	}
	return strings.Join(values, " ")
}

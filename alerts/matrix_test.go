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

// An outage is what happens at minute 58 to the exporters that watch one cluster.
type outage struct {
	away     int  // how many minutes
	replicas int  // how many of them; 0: all
	replaced bool // by others, of which the first scrape has nothing but items that are unknown
}

// outages are the rows of the table in README.md.
func outages() map[string]outage {
	return map[string]outage{
		"nothing":                           {},
		"an exporter restarts":              {away: 2, replicas: 1, replaced: true},
		"an exporter is away for 7 minutes": {away: 7, replicas: 1},
		"all are away for 7 minutes":        {away: 7},
		"all are away for an hour":          {away: 60},
	}
}

const (
	outageAt   = 58
	matrixEnds = 130
)

// TestTheMatrixIsThatOfTheReadme has promtool evaluate what the rules say of one system name in one cluster or two, of which
// the first is bad and the second good, watched by one exporter or two, whatever happens to those: what fires in the bad one is
// what the table of README.md says, and of the good one only that it is not watched.
func TestTheMatrixIsThatOfTheReadme(t *testing.T) {
	letters := map[string]string{
		"C": "ReadinessCertificateExpired", "B": "ReadinessBackupMissing", "L": "ReadinessCheckLost", "S": "ReadinessSummary",
		"A": "ReadinessSystemAbsent",
	}
	minutes, rows := matrixOf(t)
	require.ElementsMatch(t, keys(outages()), keys(rows))
	var file strings.Builder
	file.WriteString("rule_files:\n")
	folder, err := filepath.Abs(".")
	require.NoError(t, err)
	for _, name := range []string{"thresholds", "exporter", "facts-certificates", "facts-backups", "regressions"} {
		fmt.Fprintf(&file, "  - %s.rules.yaml\n", filepath.Join(folder, name))
	}
	file.WriteString("group_eval_order: [readiness-thresholds, readiness-systems]\nevaluation_interval: 1m\ntests:\n")
	for _, name := range keys(rows) {
		for _, clusters := range []int{1, 2} {
			for _, replicas := range []int{1, 2} {
				fmt.Fprintf(&file, "  - name: %s, %d clusters, %d exporters\n    interval: 1m\n    input_series:\n", name, clusters, replicas)
				for cluster := range clusters {
					file.WriteString(seriesOf(outages()[name], cluster == 0, replicas))
				}
				file.WriteString("    promql_expr_test:\n")
				row := rows[name]
				if happened := outages()[name]; happened.replicas > 0 && !happened.replaced && replicas == 1 {
					row = rows["all are away for 7 minutes"]
				}
				for i, minute := range minutes {
					fmt.Fprintf(&file, "      - expr: 'count by (cluster, alertname) (ALERTS{alertstate=\"firing\",cluster!=\"\"})'\n"+
						"        eval_time: %dm\n        exp_samples:\n", minute)
					for _, letter := range strings.Fields(row[i]) {
						require.Contains(t, letters, letter)
						fmt.Fprintf(&file, "          - {labels: '{cluster=\"bad\",alertname=%q}', value: 1}\n", letters[letter])
						if letter == "A" && clusters == 2 {
							fmt.Fprintf(&file, "          - {labels: '{cluster=\"good\",alertname=%q}', value: 1}\n", letters[letter])
						}
					}
				}
			}
		}
	}
	path := filepath.Join(t.TempDir(), "matrix.yaml")
	require.NoError(t, os.WriteFile(path, []byte(file.String()), 0o600))
	output, err := exec.CommandContext(t.Context(), filepath.Join("..", ".cache", "bin", "promtool"), "test", "rules", path).CombinedOutput()
	require.NoError(t, err, "%s", output)
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

// seriesOf are those of the exporters of one cluster. In a bad one a certificate has expired, a backup is missing and an item was
// lost at minute 0.
func seriesOf(happens outage, bad bool, replicas int) string {
	type series struct {
		labels string
		value  float64
		fact   bool // which an exporter that has just started does not have
	}
	const item = `check="networking.services",category="kubernetes",severity="critical"`
	all := []series{
		{`readiness_system_info{team="shop-team",checklist="production"`, 1, false},
		{`readiness_certificate_not_after_timestamp_seconds{name="shop:443"`, 1e8, true},
		{`readiness_certificate_not_before_timestamp_seconds{name="shop:443"`, -1e7, true},
		{`readiness_backup_copies{backup="database",place="s3"`, 3, true},
		{`readiness_check_ready{team="shop-team",` + item, 1, false},
		{`readiness_check_status{status="pass",` + item, 1, true},
	}
	cluster := "good"
	if bad {
		cluster = "bad"
		all[1].value, all[3].value, all[4].value = 0, 0, 0
		all[5].labels = `readiness_check_status{status="fail",` + item
		all = append(all, series{`readiness_check_regressed_timestamp_seconds{page="true",team="shop-team",` + item, 0, false})
	}
	var text strings.Builder
	write := func(labels string, replica string, value float64, there func(minute int) bool) {
		values := make([]string, 0, matrixEnds)
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
		fmt.Fprintf(&text, "      - {series: '%s,system=\"shop\",environment=\"production\",cluster=%q,instance=%q}', values: '%s'}\n",
			labels, cluster, replica, strings.Join(values, " "))
	}
	for replica := range replicas {
		hit := happens.away > 0 && (happens.replicas == 0 || replica < happens.replicas)
		back := outageAt + happens.away
		for _, each := range all {
			name := fmt.Sprint("exporter-", replica)
			write(each.labels, name, each.value, func(minute int) bool {
				return !hit || minute < outageAt || minute >= back && !happens.replaced
			})
			if hit && happens.replaced {
				write(each.labels, name+"-new", each.value, func(minute int) bool {
					return minute > back || minute == back && !each.fact
				})
			}
		}
		if hit && happens.replaced {
			write(`readiness_check_status{status="unknown",`+item, fmt.Sprint("exporter-", replica, "-new"), 1, func(minute int) bool {
				return minute == back
			})
		}
	}
	return text.String()
}

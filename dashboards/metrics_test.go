package dashboards

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	selectors = regexp.MustCompile(`([a-z_:0-9]+)\{([^}]*)\}`)
	matchers  = regexp.MustCompile(`(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
)

// TestNoQueryKnowsWhoseItIs lets queries name only values from the exporter's closed sets: all others are the user's.
func TestNoQueryKnowsWhoseItIs(t *testing.T) {
	ofSystems := families(t, "`system`, `environment`")
	closed := map[string]bool{"status": true, "severity": true, "alertname": true, "alertstate": true, "tls_version": true}
	eachTarget(t, func(t *testing.T, _ panel, query target) {
		for _, selector := range selectors.FindAllStringSubmatch(query.Expr, -1) {
			for _, matcher := range matchers.FindAllStringSubmatch(selector[2], -1) {
				// What has no such label is of everything.
				if label, value := matcher[1], strings.TrimSuffix(matcher[3], "|"); !closed[label] && value != "" {
					require.Equal(t, "$"+label, value, "%s of %s", label, selector[1])
				}
			}
			if slices.Contains(ofSystems, selector[1]) || strings.Contains(selector[1], ":") {
				require.Contains(t, selector[2], `system=~"$system", environment=~"$environment"`, selector[1])
			}
		}
	})
}

// TestEveryMetricIsDocumented holds for those too that no short test can bring about.
func TestEveryMetricIsDocumented(t *testing.T) {
	histogram := regexp.MustCompile(`_(bucket|sum|count)$`)
	documented := families(t, "")
	eachTarget(t, func(t *testing.T, _ panel, query target) {
		for _, name := range regexp.MustCompile(`\breadiness_\w+`).FindAllString(query.Expr, -1) {
			require.Contains(t, documented, histogram.ReplaceAllString(name, ""))
		}
	})
}

// families are the metrics of the reference whose labels begin with these.
func families(t *testing.T, labels string) (names []string) {
	t.Helper()
	reference, err := os.ReadFile("../docs/reference/metrics.md")
	require.NoError(t, err)
	rows := regexp.MustCompile("(?m)^\\| `(readiness_\\w+)` \\| \\w+ \\| " + labels)
	for _, row := range rows.FindAllStringSubmatch(string(reference), -1) {
		names = append(names, row[1])
	}
	require.NotEmpty(t, names)
	return names
}

// TestFiltersHoldEverywhere wants every query of a dashboard to choose by each of its variables that is a label of what it reads.
func TestFiltersHoldEverywhere(t *testing.T) {
	reference, err := os.ReadFile("../docs/reference/metrics.md")
	require.NoError(t, err)
	labels := make(map[string]string)
	for _, row := range regexp.MustCompile("(?m)^\\| `(readiness_\\w+)` \\| \\w+ \\| ([^|]*) \\|").FindAllStringSubmatch(string(reference), -1) {
		labels[row[1]] = row[2]
	}
	for _, board := range load(t) {
		for _, variable := range board.Templating.List {
			if variable.Type != "query" {
				continue
			}
			filtered := false
			for _, p := range board.shown() {
				for _, query := range p.Targets {
					for _, selector := range selectors.FindAllStringSubmatch(query.Expr, -1) {
						has := strings.Contains(labels[selector[1]], "`"+variable.Name+"`")
						by := strings.Contains(selector[2], fmt.Sprintf(`%s=~"$%[1]s"`, variable.Name))
						// What is joined to a series that is chosen need not be chosen itself.
						require.True(t, by || !has || joined(query.Expr, selector[0]), "%s of %s: %s is not chosen by %s", p.Title, board.UID, selector[0], variable.Name)
						filtered = filtered || by
					}
				}
			}
			require.True(t, filtered, "%s of %s chooses nothing", variable.Name, board.UID)
		}
	}
}

// joined reports whether an expression reads a selector only beside another, by its labels.
func joined(expression, selector string) bool {
	before, _, _ := strings.Cut(expression, selector)
	return strings.Contains(before, "* on (") || strings.Contains(before, "and on (") || strings.Contains(expression, "group_left")
}

// TestManySystemsAreReadOnce keeps dashboards of many systems from reading every check of each over time, or often.
func TestManySystemsAreReadOnce(t *testing.T) {
	perCheck := regexp.MustCompile(`readiness_check_(?:ready|status|problem|problems|last_change_timestamp_seconds)\{`)
	for _, board := range load(t) {
		require.Equal(t, "1m", board.Refresh, board.UID)
		if board.UID == "readiness-system" {
			continue
		}
		for _, p := range board.shown() {
			for _, query := range p.Targets {
				require.False(t, query.Range && perCheck.MatchString(query.Expr), "%s of %s: record it", p.Title, board.UID)
			}
			if p.Type == "stat" {
				require.NotRegexp(t, perCheck, p.Targets[0].Expr, "%s of %s: record it", p.Title, board.UID)
			}
		}
	}
}

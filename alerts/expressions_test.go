package alerts_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// alertLabels are those that an alert carries to whoever routes it.
func (r *reader) alertLabels(t *testing.T, alert rule) []string {
	t.Helper()
	return union(r.labelsOf(t, alert.Expr), append(keys(alert.Labels), "alertname"))
}

// TestExpressionsNameWhatIsThere wants every metric, every label and every closed value of every rule to be one that the
// exporter has, and every alert to have a team.
func TestExpressionsNameWhatIsThere(t *testing.T) {
	r := newReader(t)
	for _, each := range allRules(t) {
		labels := r.labelsOf(t, each.Expr)
		if each.Alert != "" && each.Labels["team"] == "" {
			require.Contains(t, labels, "team", each)
		}
		r.parse(t, each.Expr).each(func(n *node) { valuesExist(t, n) })
	}
}

// valuesExist checks the matchers of a series whose values are of a closed set.
func valuesExist(t *testing.T, n *node) {
	t.Helper()
	closed := map[string][]string{
		"severity": {"critical", "warning", "info"},
		"status":   texts(check.Statuses()),
		"outcome":  texts(engine.Outcomes()),
		"level":    {"fail", "unknown", "warn"},
	}
	switch n.Name {
	case "readiness_check_problem":
		for _, kind := range checks.All() {
			for _, reason := range kind.Describe().AllReasons() {
				closed["reason"] = append(closed["reason"], reason.Name)
			}
		}
	case "readiness_collector_unavailable":
		closed["reason"] = texts(fact.Reasons())
	}
	for _, matcher := range n.Matchers {
		if values := closed[matcher.Name]; values != nil && matcher.Value != "" {
			require.Subset(t, values, strings.Split(matcher.Value, "|"), "%s{%s}", n.Name, matcher.Name)
		}
	}
}

func texts[T any](values []T) (all []string) {
	for _, value := range values {
		all = append(all, fmt.Sprint(value))
	}
	return all
}

// TestAnnotationsReadWhatIsThere wants the labels that a text reads, and the queries that it asks, to have an answer.
func TestAnnotationsReadWhatIsThere(t *testing.T) {
	r := newReader(t)
	label := regexp.MustCompile(`\$labels\.(\w+)`)
	query := regexp.MustCompile("printf `([^`]+)`([^|]+)\\| query")
	verb := regexp.MustCompile(`%(?:\[(\d+)])?q`)
	ofCluster := regexp.MustCompile(`,?cluster=%(\[\d+])?q|cluster, `) // which only the target has
	for _, alert := range alertRules(t) {
		labels := r.alertLabels(t, alert)
		for name, text := range alert.Annotations {
			for _, read := range label.FindAllStringSubmatch(text, -1) {
				require.Contains(t, append(labels, clusterLabel), read[1], "%s: %s", alert, name)
			}
			for _, asked := range query.FindAllStringSubmatch(text, -1) {
				verbs := len(verb.FindAllString(asked[1], -1))
				for _, each := range verb.FindAllStringSubmatch(asked[1], -1) {
					if each[1] != "" {
						verbs, _ = strconv.Atoi(each[1]) // of the last
					}
				}
				require.Equal(t, verbs, strings.Count(asked[2], "$labels."), "%s: %s", alert, name)
				r.labelsOf(t, verb.ReplaceAllString(ofCluster.ReplaceAllString(asked[1], ""), `"x"`))
			}
		}
	}
}

// TestNumbersStandInOnePlace wants whatever one may want to change to be a threshold, each of which is used.
func TestNumbersStandInOnePlace(t *testing.T) {
	r := newReader(t)
	meant := map[string]string{
		"readiness:objective_known:ratio_30d":   "the minutes of its window",
		"readiness:objective_burn:ratio_5m":     "the minutes of its window",
		"readiness:objective_burn:ratio_30m":    "the minutes of its window",
		"readiness:objective_burn:ratio_1h":     "the minutes of its window",
		"readiness:objective_burn:ratio_6h":     "the minutes of its window",
		"readiness:objective_burn:ratio_3d":     "the minutes of its window",
		"readiness:objective_budget_left:ratio": "the minutes of its window",
		"ReadinessBudgetBurningFast (warning)":  "the burn rate of its windows",
		"ReadinessBudgetBurning (warning)":      "the burn rate of its windows",
		"ReadinessScrapeSlow (warning)":         "a median",
		"ReadinessThresholdsMissing (warning)":  "how many there are",
	}
	var thresholds, used []string
	for _, each := range allRules(t) {
		if each.file == thresholdsFile {
			thresholds = append(thresholds, each.Record)
			continue
		}
		r.parse(t, each.Expr).each(func(n *node) {
			if n.Type == "numberLiteral" && n.Val != "0" && n.Val != "1" && meant[each.String()] == "" {
				t.Errorf("%s: %s belongs into %s", each, n.Val, thresholdsFile)
			}
			if strings.HasPrefix(n.Name, thresholdPrefix) {
				used = append(used, n.Name)
			}
		})
	}
	slices.Sort(used)
	require.ElementsMatch(t, thresholds, slices.Compact(used), "each is used, and each that is used is there")

	missing := one(t, alertRules(t), "ReadinessThresholdsMissing")
	require.True(t, strings.HasSuffix(missing.Expr, "< "+strconv.Itoa(len(thresholds))), missing.Expr)
}

func one(t *testing.T, rules []rule, name string) rule {
	t.Helper()
	at := slices.IndexFunc(rules, func(r rule) bool { return r.Alert == name || r.Record == name })
	require.GreaterOrEqual(t, at, 0, name)
	return rules[at]
}

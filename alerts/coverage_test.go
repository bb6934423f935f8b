package alerts_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A ruleTest is a file of promtool.
type ruleTest struct {
	RuleFiles          []string `yaml:"rule_files"`
	GroupEvalOrder     []string `yaml:"group_eval_order"`
	EvaluationInterval string   `yaml:"evaluation_interval"`
	Tests              []testCase
}

type testCase struct {
	Name, Interval string
	InputSeries    []struct{ Series, Values string } `yaml:"input_series"`
	Expressions    []struct {
		Expr     string
		EvalTime string `yaml:"eval_time"`
		Samples  []struct {
			Labels string
			Value  float64
		} `yaml:"exp_samples"`
	} `yaml:"promql_expr_test"`
	Alerts []struct {
		Name     string `yaml:"alertname"`
		EvalTime string `yaml:"eval_time"`
		Expected []struct {
			Labels      map[string]string `yaml:"exp_labels"`
			Annotations map[string]string `yaml:"exp_annotations"`
		} `yaml:"exp_alerts"`
	} `yaml:"alert_rule_test"`
}

func allTestCases(t *testing.T) (cases []testCase) {
	t.Helper()
	paths, err := filepath.Glob("tests/*.yaml")
	require.NoError(t, err)
	for _, path := range paths {
		var file ruleTest
		readYAML(t, path, &file)
		cases = append(cases, file.Tests...)
	}
	return cases
}

// A proof is what the tests of promtool show of one alert.
type proof struct {
	Fires   bool
	Waits   bool // until it has held for long enough
	Spares  bool // whoever has just less of the fault
	Gap     bool // a failed scrape changes nothing
	Restart bool // nor does an exporter that is replaced by another
	Texts   bool // what it says is compared, and what it is routed by
}

// TestEveryAlertIsProven reads what the tests of promtool expect; make test-rules runs them. In most of them the system
// "fires" has the fault, "limit" just less of it, "gap" a scrape that failed, "restart" an exporter that was replaced; what
// is about the exporter itself has no system, and what is about absence must not take the last two for it.
func TestEveryAlertIsProven(t *testing.T) {
	cases := allTestCases(t)
	for _, alert := range alertRules(t) {
		t.Run(alert.String(), func(t *testing.T) {
			want := proof{Fires: true, Waits: true, Spares: true, Gap: true, Restart: true, Texts: true}
			switch alert.Alert {
			case "ReadinessHeartbeat": // always fires
				want = proof{Fires: true, Texts: true}
			case "ReadinessThresholdsMissing": // reads nothing that is scraped
				want.Gap, want.Restart = false, false
			case "ReadinessReloadFailed": // a restart takes a configuration that can be loaded
				want.Restart = false
			}
			var got proof
			for _, each := range cases {
				got.add(alert, each)
			}
			require.Equal(t, want, got)
		})
	}
}

func (p *proof) add(alert rule, test testCase) {
	query := `ALERTS{alertname="` + alert.Alert + `",severity="` + alert.Labels["severity"] + `",alertstate="firing"}`
	fires := !strings.HasSuffix(alert.Alert, "Absent")
	for _, each := range test.Expressions {
		if !strings.Contains(each.Expr, query) {
			continue
		}
		firing := make(map[string]bool)
		for _, sample := range each.Samples {
			firing[systemOf(sample.Labels)] = true
		}
		p.Fires = p.Fires || len(firing) > 0
		p.Waits = p.Waits || len(firing) == 0
		for system := range test.systems() {
			switch system {
			case "", "gap", "restart":
				p.Gap = p.Gap || firing[system] == fires && test.has(system, scrapeFails)
				p.Restart = p.Restart || firing[system] == fires && test.has(system, ends) && test.has(system, begins)
			case "limit", "below":
				p.Spares = p.Spares || len(firing) > 0 && !firing[system]
			}
		}
	}
	p.Spares = p.Spares || test.neverFires(query)
	for _, each := range test.Alerts {
		for _, expected := range each.Expected {
			p.Texts = p.Texts || each.Name == alert.Alert && expected.Labels["severity"] == alert.Labels["severity"] &&
				expected.Labels["team"] != "" && slices.Equal(keys(expected.Annotations), keys(alert.Annotations))
		}
	}
}

// neverFires reports whether a test is about an alert, and wants it to stay away throughout.
func (c testCase) neverFires(query string) bool {
	about := false
	for _, each := range c.Expressions {
		if strings.Contains(each.Expr, query) {
			if len(each.Samples) > 0 {
				return false
			}
			about = true
		}
	}
	return about
}

// The forms that the values of a series take.
const (
	scrapeFails = `\S+ (_|stale) [^_s]` // a gap between values
	begins      = `^_`                  // after others: the one that replaces another
	ends        = `(_|stale)$`          // before others: the one that is replaced
)

// has reports whether a series of a system has values of a form.
func (c testCase) has(system, form string) bool {
	for _, each := range c.InputSeries {
		if systemOf(each.Series) == system && regexp.MustCompile(form).MatchString(each.Values) {
			return true
		}
	}
	return false
}

// systems are those of the series; of what is about the exporter itself it is "".
func (c testCase) systems() map[string]bool {
	found := make(map[string]bool)
	for _, each := range c.InputSeries {
		found[systemOf(each.Series)] = true
	}
	return found
}

func systemOf(series string) string {
	found := regexp.MustCompile(`[{,]system="([^"]*)"`).FindStringSubmatch(series)
	if found == nil {
		return ""
	}
	return found[1]
}

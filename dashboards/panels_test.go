package dashboards

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// TestExtremesOverTimeAreChosenOnce keeps a graph of the ten highest to ten lines: chosen anew at each step they are many more.
func TestExtremesOverTimeAreChosenOnce(t *testing.T) {
	extremes := regexp.MustCompile(`(?:top|bottom)k\(`)
	found := 0
	eachTarget(t, func(t *testing.T, _ panel, query target) {
		if query.Range && extremes.MatchString(query.Expr) {
			found++
			require.Regexp(t, `and on \([\w, ]+\) (top|bottom)k\(\d+, last_over_time\(.* @ end\(\)\)\)$`, query.Expr)
		}
	})
	require.NotZero(t, found)
}

// named are the colours that a panel gives to series by their names.
func (p panel) named() map[string]string {
	colours := make(map[string]string)
	for _, override := range p.FieldConfig.Overrides {
		for _, each := range override.Properties {
			if each.ID == "color" {
				colours[override.Matcher.Options] = string(each.Value)
			}
		}
	}
	return colours
}

// TestColoursMeanWhatTheyShow wants the states of a timeline to be drawn, and series that are called by a name from a closed set to
// have the colour of their name, the same in every panel and another for each in one. A gradient never becomes red.
func TestColoursMeanWhatTheyShow(t *testing.T) {
	all := make(map[string]string)
	eachPanel(t, func(t *testing.T, p panel) {
		mode := p.FieldConfig.Defaults.Color.Mode
		if p.Type == "state-timeline" || p.Type == "timeseries" {
			require.Equal(t, "palette-classic", mode, "Grafana ignores mappings beside thresholds, and draws each series in one colour")
		} else {
			require.Equal(t, "thresholds", mode, "a continuous palette means nothing")
		}
		require.NotEqual(t, "gradient", p.Options.DisplayMode)
		for _, override := range p.FieldConfig.Overrides {
			for _, each := range override.Properties {
				require.NotContains(t, string(each.Value), "gradient")
			}
		}
		seen := make(map[string]string)
		for name, colour := range p.named() {
			require.True(t, all[name] == "" || all[name] == colour, "%s has two colours", name)
			all[name] = colour
			if name != "not_applicable" { // It is left out of everything, and has a sign of its own.
				require.Empty(t, seen[colour], "%s and %s are of one colour", name, seen[colour])
				seen[colour] = name
			}
		}
		for _, query := range p.Targets {
			closed := regexp.MustCompile(`^\{\{(status|level|outcome|reason|fault)\}\}$`).MatchString(query.LegendFormat)
			require.False(t, closed && len(seen) == 0, "its series have the colours of a palette")
		}
	})
	for _, names := range [][]string{texts(check.Statuses()), texts(fact.Reasons()), texts(engine.Outcomes()), texts(fact.CertificateFaults())} {
		for _, name := range names {
			require.Contains(t, all, name)
		}
	}
}

// TestEveryStateHasAColour holds for mappings: what a value is shown as has a text with a sign or a name, and what is a state a colour.
func TestEveryStateHasAColour(t *testing.T) {
	signs := map[string]string{"✓": "#009E73", "!": "#E69F00", "✗": "#D55E00", "?": "#CC79A7", "…": "#757575", "~": "#56B4E9", "–": "#757575"}
	eachPanel(t, func(t *testing.T, p panel) {
		mappings := p.FieldConfig.Defaults.Mappings
		for _, c := range columns(t, p) {
			mappings = append(mappings, c.mappings...)
		}
		for _, each := range mappings {
			for value, shown := range each.texts(t) {
				require.NotEmpty(t, shown.Text, value)
				sign, _, _ := strings.Cut(shown.Text, " ")
				require.Equal(t, signs[sign], shown.Color, "%q is the sign of another colour, or has none", shown.Text)
			}
		}
	})
}

func TestEveryStatusAndSeverityIsMapped(t *testing.T) {
	severities := texts(checklist.Severities())
	eachPanel(t, func(t *testing.T, p panel) {
		for _, c := range columns(t, p) {
			var values []string
			for _, each := range c.mappings {
				for value := range each.texts(t) {
					values = append(values, value)
				}
			}
			switch c.field {
			case "level":
				require.Subset(t, values, texts([]check.Status{check.Fail, check.Unknown, check.Warn, check.Undeclared}))
			case "severity":
				require.Subset(t, values, severities)
			case "fault":
				require.Subset(t, values, texts(fact.CertificateFaults()))
			}
		}
	})
}

// TestReasonsAreSentences holds what the dashboard of a system says of each reason, and how to fix it, to the code.
func TestReasonsAreSentences(t *testing.T) {
	said, fixed := mapped(t, "readiness-system", "wrong"), mapped(t, "readiness-system", "fix")
	kinds := 0
	for _, kind := range checks.All() {
		kinds++
		description := kind.Describe()
		for _, reason := range description.AllReasons() {
			if reason.Level == check.Undeclared {
				continue
			}
			key := reason.Name
			if _, ambiguous := said[description.Name+"/"+key]; ambiguous {
				key = description.Name + "/" + key
			}
			require.Equal(t, reason.Sentence, said[key], "%s: make dashboards", key)
			require.Equal(t, cmp.Or(reason.Remedy, description.Remedy), fixed[key], "%s: make dashboards", key)
		}
	}
	require.NotZero(t, kinds)
}

// mapped are the texts of the mapping of a column, by value.
func mapped(t *testing.T, uid, field string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, board := range load(t) {
		for _, p := range board.shown() {
			for _, c := range columns(t, p) {
				for _, each := range c.mappings {
					for value, shown := range each.texts(t) {
						if board.UID == uid && c.field == field {
							all[value] = shown.Text
						}
					}
				}
			}
		}
	}
	require.NotEmpty(t, all)
	return all
}

// TestGraphsHaveWhatExplainsThem wants the same marks on every dashboard: Grafana draws them on all of its graphs.
func TestGraphsHaveWhatExplainsThem(t *testing.T) {
	for _, board := range load(t) {
		var names []string
		for _, each := range board.Annotations.List {
			names = append(names, each.Name)
			require.True(t, each.Enable)
			require.Equal(t, datasource{"prometheus", "${datasource}"}, each.Datasource)
			require.NotEmpty(t, each.TitleFormat)
			require.NotEmpty(t, each.TextFormat)
			require.Equal(t, strings.HasPrefix(each.Expr, "1000 * "), each.UseValueForTime, "Grafana reads milliseconds")
		}
		require.Equal(t, []string{"Alerts", "Rollouts", "Reloads", "Versions"}, names, board.UID)
	}
}

// TestEveryAlertIsOnItsDashboard wants an alert on the dashboard that its annotation names, with what it is about.
func TestEveryAlertIsOnItsDashboard(t *testing.T) {
	type firing struct {
		names *regexp.Regexp
		about string // the query
	}
	shown := make(map[string]firing)
	for _, board := range load(t) {
		for _, p := range board.shown() {
			if p.Title == "Alerts that fire" {
				names := regexp.MustCompile(`alertname=~"([^"]+)"`).FindStringSubmatch(p.Targets[0].Expr)
				shown[board.UID] = firing{regexp.MustCompile("^(?:" + names[1] + ")$"), p.Targets[0].Expr}
			}
		}
	}
	alerts := 0
	for _, file := range ruleFiles(t) {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, text := range strings.Split(string(content), "- alert: ")[1:] {
			name, _, _ := strings.Cut(text, "\n")
			uid := regexp.MustCompile(`dashboard: '?/d/([\w-]+)`).FindStringSubmatch(text)[1]
			if name == "ReadinessHeartbeat" || name == "ReadinessSummary" {
				continue // They always fire.
			}
			alerts++
			require.Contains(t, shown, uid)
			require.Regexp(t, shown[uid].names, name, "it is not on %s", uid)
			about := regexp.MustCompile(`\$labels\.\w+`).FindAllString(text, -1)
			about = slices.DeleteFunc(about, func(label string) bool {
				return slices.Contains([]string{"$labels.system", "$labels.environment", "$labels.cluster", "$labels.team", "$labels.by", "$labels.category"}, label)
			})
			require.True(t, len(about) == 0 || slices.ContainsFunc(about, func(label string) bool {
				return strings.Contains(shown[uid].about, `"`+strings.TrimPrefix(label, "$labels.")+`"`)
			}), "%s tells nothing of %v", name, about)
		}
	}
	require.NotZero(t, alerts)
}

func texts[T any](values []T) (all []string) {
	for _, value := range values {
		all = append(all, fmt.Sprint(value))
	}
	return all
}

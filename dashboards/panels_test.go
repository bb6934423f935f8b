package dashboards

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/engine"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// TestExtremesOverTimeAreChosenOnce keeps a graph of the 20 highest to 20 lines: chosen anew at each step they are many more.
func TestExtremesOverTimeAreChosenOnce(t *testing.T) {
	extremes := regexp.MustCompile(`(top|bottom)k\(`)
	found := 0
	eachTarget(t, func(t *testing.T, _ panel, query target) {
		if query.Range && extremes.MatchString(query.Expr) {
			found++
			require.Contains(t, query.Expr, "@ end()")
		}
	})
	require.NotZero(t, found)
}

// TestColoursMeanWhatTheyShow wants the states of a timeline to be drawn, and series that are called by a status, a reason or
// the like to have the colour of their name. A gradient never becomes red.
func TestColoursMeanWhatTheyShow(t *testing.T) {
	colours := make(map[string]string)
	eachPanel(t, func(t *testing.T, p panel) {
		if p.Type == "state-timeline" {
			require.Equal(t, "palette-classic", p.FieldConfig.Defaults.Color.Mode, "Grafana ignores mappings beside thresholds")
		}
		named := false
		for _, override := range p.FieldConfig.Overrides {
			for _, each := range override.Properties {
				require.NotContains(t, string(each.Value), "gradient-gauge")
				if each.ID == "color" {
					named = true
					before, known := colours[override.Matcher.Options]
					require.True(t, !known || before == string(each.Value), override.Matcher.Options)
					colours[override.Matcher.Options] = string(each.Value)
				}
			}
		}
		for _, query := range p.Targets {
			if regexp.MustCompile(`\{\{(status|level|outcome|reason)\}\}`).MatchString(query.LegendFormat) {
				require.True(t, named, "its series have the colours of a palette")
			}
		}
	})
	for _, names := range [][]string{texts(check.Statuses()), texts(fact.Reasons()), texts(engine.Outcomes())} {
		for _, name := range names {
			require.Contains(t, colours, name)
		}
	}
}

func texts[T any](values []T) (all []string) {
	for _, value := range values {
		all = append(all, fmt.Sprint(value))
	}
	return all
}

// TestTitlesOfNumbersFit takes a panel of four columns in a window of 1280 pixels.
func TestTitlesOfNumbersFit(t *testing.T) {
	eachPanel(t, func(t *testing.T, p panel) {
		if p.Type == "stat" && p.GridPos.W <= 6 {
			require.LessOrEqual(t, len(p.Title), 18)
		}
	})
}

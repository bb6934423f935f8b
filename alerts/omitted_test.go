package alerts_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
)

// TestTheGuideSaysWhichAlertsReadWhichFacts holds the table in the guide against the rules: whoever leaves out the gauges of a kind
// of fact has to know which alerts have nothing to read then.
func TestTheGuideSaysWhichAlertsReadWhichFacts(t *testing.T) {
	all, closeAll := collectors.All(collectors.Options{})
	t.Cleanup(closeAll)
	families, err := metrics.Families(all)
	require.NoError(t, err)
	kinds := make(map[string]string)
	for _, family := range families {
		if family.Source != metrics.SourceSystem && family.Source != metrics.SourceSelf {
			kinds[family.Name] = family.Source
		}
	}
	r, want := newReader(t), make(map[string][]string)
	for _, alert := range alertRules(t) {
		for _, series := range r.reads(t, alert.Expr, nil) {
			if kind := kinds[series]; kind != "" && !slices.Contains(want[kind], alert.Alert) {
				want[kind] = append(want[kind], alert.Alert)
			}
		}
	}
	require.Contains(t, want["certificate"], "ReadinessCertificateExpired")

	_, table, found := strings.Cut(string(read(t, "../docs/guide/size.md")), "\n| `--metrics.facts` ")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	got := make(map[string][]string)
	for _, row := range strings.Split(table, "\n")[2:] {
		kind, alerts, _ := strings.Cut(row[1:], "|")
		got[strings.Trim(kind, " `")] = regexp.MustCompile("Readiness[A-Za-z]+").FindAllString(alerts, -1)
	}
	require.ElementsMatch(t, keys(want), keys(got))
	for kind := range want {
		require.ElementsMatch(t, want[kind], got[kind], kind)
	}
}

// reads gives the series that an expression reads, with those that the rules read that it reads.
func (r *reader) reads(t *testing.T, expression string, found []string) []string {
	t.Helper()
	r.parse(t, expression).each(func(n *node) {
		if n.Name == "" || slices.Contains(found, n.Name) {
			return
		}
		found = append(found, n.Name)
		if recorded, is := r.rules[n.Name]; is {
			found = r.reads(t, recorded.Expr, found)
		}
	})
	return found
}

package alerts_test

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

const (
	exampleFile = "alertmanager.example.yaml"
	// clusterLabel is what the example takes for the label that tells clusters apart.
	clusterLabel = "cluster"
)

// An example is what of the shipped configuration the tests read or replace; the rest stays as it is.
type example struct {
	Global    map[string]any
	Route     map[string]any
	Times     []map[string]any `yaml:"time_intervals"`
	Inhibits  []inhibition     `yaml:"inhibit_rules"`
	Receivers []map[string]any
}

type inhibition struct {
	Sources []string `yaml:"source_matchers"`
	Targets []string `yaml:"target_matchers"`
	Equal   []string `yaml:",omitempty"`
}

func readExample(t *testing.T) (e example) {
	t.Helper()
	readYAML(t, exampleFile, &e)
	return e
}

// written is the example for an Alertmanager that does not let a test wait.
func (e example) written(t *testing.T) string {
	t.Helper()
	content, err := yaml.Dump(e)
	require.NoError(t, err)
	return regexp.MustCompile(`(group_wait|group_interval): .*`).ReplaceAllString(string(content), "$1: 200ms")
}

func amtool(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "../.cache/bin/amtool", arguments...).CombinedOutput()
	require.NoError(t, err, "amtool (build it with: make tools-monitoring): %s", output)
	return strings.TrimSpace(string(output))
}

func TestTheExampleIsValid(t *testing.T) {
	require.Contains(t, amtool(t, "check-config", exampleFile), "SUCCESS")
}

// TestAlertsAreRoutedByWhatTheyAre asks amtool where each sort of alert goes.
func TestAlertsAreRoutedByWhatTheyAre(t *testing.T) {
	for _, each := range []struct{ name, severity, team, receiver string }{
		{"ReadinessCheckLost", "critical", "none", "pager"},
		{"ReadinessCheckLost", "critical", "platform-team", "pager"},
		{"ReadinessCheckLost", "critical", "shop-team", "shop-pager"},
		{"ReadinessCheckLost", "warning", "none", "tickets"},
		{"ReadinessCheckLost", "warning", "shop-team", "shop-tickets"},
		{"ReadinessWaiverExpired", "info", "none", "nobody"},
		{"ReadinessWaiverExpired", "info", "shop-team", "nobody"},
		{"ReadinessSummary", "info", "none", "summary"},
		{"ReadinessSummary", "info", "shop-team", "summary"},
		{"ReadinessReloadFailed", "warning", "monitoring", "tickets"},
		{"ReadinessHeartbeat", "info", "monitoring", "heartbeat"},
		{"KubePodCrashLooping", "warning", "none", "others"},
		{"NodeDown", "critical", "shop-team", "others"},
	} {
		t.Run(each.name+" "+each.severity+" "+each.team, func(t *testing.T) {
			require.Equal(t, each.receiver, amtool(t, "config", "routes", "test", "--config.file="+exampleFile,
				"alertname="+each.name, "severity="+each.severity, "team="+each.team, "system=shop", "environment=production"))
		})
	}
}

// TestEveryAlertGoesWhereItsSeveritySays finds no alert that pages nobody though it is critical, or somebody though it is not.
func TestEveryAlertGoesWhereItsSeveritySays(t *testing.T) {
	receivers := map[string]string{"critical": "pager", "warning": "tickets", "info": "nobody"}
	for _, alert := range alertRules(t) {
		want := receivers[alert.Labels["severity"]]
		switch alert.Alert {
		case "ReadinessHeartbeat":
			want = "heartbeat"
		case "ReadinessSummary":
			want = "summary"
		}
		require.Equal(t, want, amtool(t, "config", "routes", "test", "--config.file="+exampleFile,
			"alertname="+alert.Alert, "severity="+alert.Labels["severity"], "team=none"), alert)
	}
}

// A matcher is one of an inhibition, of alertname="Name" and the like.
type matcher struct {
	label   string
	pattern *regexp.Regexp
	values  []string // that the pattern names
}

func matchers(t *testing.T, texts []string) (all []matcher) {
	t.Helper()
	for _, text := range texts {
		parts := regexp.MustCompile(`^(\w+)(=~?)"([^"]+)"$`).FindStringSubmatch(text)
		require.NotNil(t, parts, text)
		all = append(all, matcher{
			label: parts[1], pattern: regexp.MustCompile("^(?:" + parts[3] + ")$"), values: spelled(parts[3]),
		})
	}
	return all
}

// spelled are the values that a pattern of alternatives, one level deep, stands for.
func spelled(pattern string) (values []string) {
	if before, rest, found := strings.Cut(pattern, "("); found {
		inner, after, _ := strings.Cut(rest, ")")
		pattern = ""
		for _, each := range strings.Split(inner, "|") {
			pattern += "|" + before + each + after
		}
		// What stands outside of the brackets belongs to the alternatives at their ends.
		return slices.DeleteFunc(strings.Split(pattern, "|"), func(s string) bool { return s == "" })
	}
	return strings.Split(pattern, "|")
}

// matching are the alerts that matchers select, by their fixed labels.
func matching(t *testing.T, all []rule, texts []string) (found []rule) {
	t.Helper()
	for _, alert := range all {
		fits := true
		for _, each := range matchers(t, texts) {
			switch each.label {
			case "alertname":
				fits = fits && each.pattern.MatchString(alert.Alert)
			case "severity":
				fits = fits && each.pattern.MatchString(alert.Labels["severity"])
			}
		}
		if fits {
			found = append(found, alert)
		}
	}
	return found
}

// TestInhibitionsNameWhatIsThere wants each to select alerts, items that exist, and labels that both sides have: Alertmanager
// takes a label that both lack for equal, and would mute too much. Each keeps clusters apart.
func TestInhibitionsNameWhatIsThere(t *testing.T) {
	r := newReader(t)
	items := strings.Fields(string(read(t, "../checklist/testdata/ids.txt")))
	for _, each := range readExample(t).Inhibits {
		for _, side := range [][]string{each.Sources, each.Targets} {
			alerts := matching(t, alertRules(t), side)
			require.NotEmpty(t, alerts, side)
			for _, alert := range alerts {
				require.Equal(t, clusterLabel, each.Equal[0], side)
				require.Subset(t, r.alertLabels(t, alert), each.Equal[1:], alert)
			}
			for _, one := range matchers(t, side) {
				for _, alert := range alerts {
					require.Contains(t, r.alertLabels(t, alert), one.label, alert)
				}
				if one.label == "check" {
					require.Subset(t, items, one.values)
				}
			}
		}
	}
}

// TestWhatMutesAnItemComesFirstAndGoesLast keeps the two from paging one after the other: groups of rules are evaluated at
// different seconds of a minute.
func TestWhatMutesAnItemComesFirstAndGoesLast(t *testing.T) {
	waits := func(alert rule) time.Duration {
		if alert.Alert == "ReadinessCheckLost" {
			return time.Hour // by its threshold
		}
		return alert.wait(t)
	}
	for _, each := range readExample(t).Inhibits {
		for _, target := range matching(t, alertRules(t), each.Targets) {
			if target.Labels["severity"] != "critical" || !strings.HasPrefix(target.Alert, "ReadinessCheck") {
				continue
			}
			for _, source := range matching(t, alertRules(t), each.Sources) {
				require.LessOrEqual(t, waits(source)+2*time.Minute, waits(target), "%s mutes %s", source, target)
				require.GreaterOrEqual(t, source.keeps(t), target.keeps(t)+2*time.Minute, "%s mutes %s", source, target)
			}
		}
	}
}

// TestTheReadmeListsWhatMutesWhat holds its table against the example: a line an inhibition, with the alerts of both sides.
func TestTheReadmeListsWhatMutesWhat(t *testing.T) {
	lines := regexp.MustCompile("(?m)^\\| (`Readiness.*) \\| (`Readiness.*) \\| (.*)\\| (.+) \\|$").FindAllStringSubmatch(string(read(t, "README.md")), -1)
	inhibitions := readExample(t).Inhibits
	require.Len(t, lines, len(inhibitions))
	for i, each := range inhibitions {
		for side, texts := range map[string][]string{lines[i][1]: each.Sources, lines[i][2]: each.Targets} {
			names := make(map[string]bool)
			for _, alert := range matching(t, alertRules(t), texts) {
				names["`"+alert.Alert+"`"] = true
			}
			require.ElementsMatch(t, keys(names), regexp.MustCompile("`Readiness\\w+`").FindAllString(side, -1), "line %d", i+1)
		}
	}
}

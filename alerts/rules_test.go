package alerts_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
)

const (
	thresholdPrefix = "readiness:threshold:"
	thresholdsFile  = "thresholds.rules.yaml"
	runbookPrefix   = "https://github.com/readiness-exporter/readiness-exporter/blob/main/alerts/runbooks/"
)

// A rule is one of a rule file.
type rule struct {
	Record, Alert string
	Expr          string
	For           string
	KeepFiringFor string `yaml:"keep_firing_for"`
	Labels        map[string]string
	Annotations   map[string]string

	file string
}

// String names a rule in messages: one alert may have several, by severity.
func (r rule) String() string {
	if r.Alert != "" {
		return r.Alert + " (" + r.Labels["severity"] + ")"
	}
	return r.Record
}

func (r rule) wait(t *testing.T) time.Duration { return durationOf(t, r.For) }

func (r rule) keeps(t *testing.T) time.Duration { return durationOf(t, r.KeepFiringFor) }

func durationOf(t *testing.T, text string) time.Duration {
	t.Helper()
	if text == "" {
		return 0
	}
	duration, err := model.ParseDuration(text)
	require.NoError(t, err)
	return time.Duration(duration)
}

// ruleFiles are those that are loaded by default, and then those that somebody may load beside them.
func ruleFiles(t *testing.T) []string {
	t.Helper()
	shipped, err := filepath.Glob("*.rules.yaml")
	require.NoError(t, err)
	optional, err := filepath.Glob("optional/*.rules.yaml")
	require.NoError(t, err)
	return append(shipped, optional...)
}

// allRules reads every rule file, strictly.
func allRules(t *testing.T) (rules []rule) {
	t.Helper()
	for _, path := range ruleFiles(t) {
		var file struct {
			Groups []struct {
				Name, Interval string
				Rules          []rule
			}
		}
		readYAML(t, path, &file)
		for _, group := range file.Groups {
			for _, each := range group.Rules {
				each.file = path
				rules = append(rules, each)
			}
		}
	}
	require.NotEmpty(t, rules)
	return rules
}

func alertRules(t *testing.T) []rule {
	t.Helper()
	return slices.DeleteFunc(allRules(t), func(r rule) bool { return r.Alert == "" })
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	require.NoError(t, yaml.Load(read(t, path), into, yaml.WithV4Defaults(), yaml.WithKnownFields()), path)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return content
}

// TestEveryAlertSaysWhatSomebodyNeeds wants what notifications are made of, and what they are routed by.
func TestEveryAlertSaysWhatSomebodyNeeds(t *testing.T) {
	for _, alert := range alertRules(t) {
		t.Run(alert.String(), func(t *testing.T) {
			annotations := []string{"summary", "description", "runbook_url", "dashboard"}
			if strings.Contains(alert.Annotations["summary"], "$labels.system") && alert.Alert != "ReadinessSystemAbsent" {
				annotations = append(annotations, "page_url")
				require.Equal(t, strings.Contains(alert.Annotations["summary"], "$labels.check"),
					strings.HasSuffix(alert.Annotations["page_url"], "/checks/{{ $labels.check }}{{ end }}"), "of the item where it is about one")
			}
			require.ElementsMatch(t, annotations, keys(alert.Annotations))
			for name, text := range alert.Annotations {
				require.NotEmpty(t, strings.TrimSpace(text), name)
			}
			require.NotContains(t, alert.Annotations["summary"], "\n")
			require.Contains(t, []string{"critical", "warning", "info"}, alert.Labels["severity"])

			require.Equal(t, runbookPrefix+alert.Alert+".md", alert.Annotations["runbook_url"])
			require.FileExists(t, filepath.Join("runbooks", alert.Alert+".md"))

			dashboard := regexp.MustCompile(`^/d/([\w-]+)(\?.*)?$`).FindStringSubmatch(alert.Annotations["dashboard"])
			require.NotNil(t, dashboard, "a path of Grafana")
			require.FileExists(t, filepath.Join("..", "dashboards", dashboard[1]+".json"))
			if strings.Contains(alert.Annotations["summary"], "$labels.system") {
				require.Equal(t, "?var-system={{ $labels.system }}&var-environment={{ $labels.environment }}", dashboard[2])
			}
		})
	}
}

// TestNamesFollowTheConventions keeps names in the form of Prometheus' own conventions.
func TestNamesFollowTheConventions(t *testing.T) {
	for _, each := range allRules(t) {
		if each.Record != "" {
			require.Regexp(t, `^readiness:[a-z0-9_]+:[a-z0-9_]+$`, each.Record, "level:metric:operations")
			require.Empty(t, each.Labels, each)
			require.Equal(t, each.file == thresholdsFile, strings.HasPrefix(each.Record, thresholdPrefix), each)
			continue
		}
		require.Regexp(t, `^Readiness[A-Z]\w+$`, each.Alert)
		require.NotEqual(t, thresholdsFile, each.file, each)
	}
}

func keys[V any](of map[string]V) (names []string) {
	for name := range of {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

package alerts_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRunbooksSayWhatSomebodyNeeds wants one runbook an alert, each with the same headings, commands to find the cause with,
// the thresholds behind it, and a silence that names its alert, expires and asks for a reason.
func TestRunbooksSayWhatSomebodyNeeds(t *testing.T) {
	r := newReader(t)
	labels := make(map[string][]string)
	thresholds := make(map[string][]string)
	for _, alert := range alertRules(t) {
		labels[alert.Alert] = r.alertLabels(t, alert)
		thresholds[alert.Alert] = append(thresholds[alert.Alert], r.thresholdsOf(t, alert.Expr)...)
	}
	paths, err := filepath.Glob("runbooks/*.md")
	require.NoError(t, err)
	require.Len(t, paths, len(labels), "one an alert, and no other")
	for alert := range labels {
		t.Run(alert, func(t *testing.T) {
			content, err := os.ReadFile(filepath.Join("runbooks", alert+".md"))
			require.NoError(t, err)
			text := string(content)
			require.Equal(t, []string{"# " + alert, "## Meaning", "## Impact", "## Diagnosis", "## Mitigation", "## Silencing"},
				regexp.MustCompile(`(?m)^#+ .*$`).FindAllString(text, -1))
			for heading, section := range sections(text) {
				require.NotEmpty(t, strings.TrimSpace(section), heading)
			}
			require.Regexp(t, "(?s)```(sh|promql)\n.+\n```", sections(text)["Diagnosis"], "commands to find the cause with")
			for _, threshold := range thresholds[alert] {
				require.Contains(t, sections(text)["Meaning"], "`"+threshold+"`")
			}
			for _, selector := range regexp.MustCompile(`readiness[_:][a-z_:]+[a-z](\{[^}]*\})?`).FindAllString(text, -1) {
				if !strings.HasPrefix(selector+":", thresholdPrefix) {
					r.labelsOf(t, strings.Replace(selector, "_seconds_bucket", "_seconds", 1))
				}
			}
			silencesHonestly(t, alert, labels[alert], sections(text)["Silencing"])
		})
	}
}

// sections are the texts below the headings of the second level.
func sections(text string) map[string]string {
	found := make(map[string]string)
	for _, section := range strings.Split(text, "\n## ")[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		found[heading] = body
	}
	return found
}

// silencesHonestly wants a silence of the very subject, which expires and has a reason; or a waiver, which has both; or none.
func silencesHonestly(t *testing.T, alert string, labels []string, section string) {
	t.Helper()
	commands := regexp.MustCompile(`amtool silence add ((?:.|\\\n)+)`).FindAllString(strings.ReplaceAll(section, "\\\n", ""), -1)
	if len(commands) == 0 {
		require.Regexp(t, `(?m)^waivers:|^Do not|^Never`, section)
		return
	}
	for _, command := range commands {
		require.Contains(t, command, "alertname="+alert+" ")
		require.Regexp(t, `--duration=\d+[hd]\b`, command)
		require.Contains(t, command, "--comment='")
		for _, matcher := range regexp.MustCompile(` (\w+)=`).FindAllStringSubmatch(command, -1) {
			require.Contains(t, labels, matcher[1], command)
		}
	}
}

// thresholdsOf are those that an expression compares with, itself or by the rules that it reads.
func (r *reader) thresholdsOf(t *testing.T, expression string) (found []string) {
	t.Helper()
	r.parse(t, expression).each(func(n *node) {
		if strings.HasPrefix(n.Name, thresholdPrefix) {
			found = append(found, n.Name)
		} else if recording, recorded := r.rules[n.Name]; recorded && recording.Expr != expression {
			found = append(found, r.thresholdsOf(t, recording.Expr)...)
		}
	})
	return found
}

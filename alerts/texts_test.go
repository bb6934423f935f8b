package alerts_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// longest is what all alerts are made of here: a series with every label that a text reads, each as long as it can be.
const longest = "longest"

// anyway has each alert of a rule file fire for every series of longest.
func anyway(t *testing.T, path string) string {
	t.Helper()
	var file struct{ Groups []map[string]any }
	require.NoError(t, yaml.Load(read(t, path), &file))
	for _, group := range file.Groups {
		group["interval"] = "1s"
		var alerts []any
		for _, each := range group["rules"].([]any) {
			if rule := each.(map[string]any); rule["alert"] != nil {
				rule["expr"] = longest
				delete(rule, "for")
				delete(rule, "keep_firing_for")
				alerts = append(alerts, rule)
			}
		}
		group["rules"] = alerts
	}
	content, err := yaml.Dump(map[string]any{"groups": file.Groups})
	require.NoError(t, err)
	return string(content)
}

// long is a name of so many characters, some of which take several bytes.
func long(length int) string { return "é" + strings.Repeat("n", length-2) + "é" }

// longestSeries are those of a system whose names are as long as Kubernetes and DNS allow, and what texts ask for beside.
func longestSeries(t *testing.T) string {
	t.Helper()
	labels := map[string]string{
		"host": long(253), "name": long(253) + ":65535", "server_name": long(253), "target": long(1000), "mountpoint": long(255), "group": long(253),
		"by": long(253), "place": long(253), "ip": long(39), "address": long(39), "port": "65535", "collector": long(30), "kind": "StatefulSet",
		"fault": "unknown_authority",
	}
	for _, alert := range alertRules(t) {
		for _, text := range alert.Annotations {
			for _, name := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(text, -1) {
				if labels[name[1]] == "" {
					labels[name[1]] = long(63)
				}
			}
		}
	}
	delete(labels, clusterLabel) // It is the target's.
	system := fmt.Sprintf("system=%q,environment=%q", labels["system"], labels["environment"])
	check := fmt.Sprintf("check=%q", labels["check"])
	info := map[string]string{
		"readiness_exporter_info":        fmt.Sprintf("external_url=%q", "https://"+long(60)),
		"readiness_system_info":          system,
		"readiness_checklist_item_info":  check + fmt.Sprintf(",title=%q", long(200)),
		"readiness_check_problem":        system + "," + check + fmt.Sprintf(`,level="unknown",reason="not_collected",subject=%q`, long(1000)),
		"readiness_check_regressed_info": system + "," + check + fmt.Sprintf(",title=%q,subject=%q,sentence=%q,remedy=%q", long(200), long(1000), long(140), long(350)),
	}
	var text strings.Builder
	for name, labels := range info {
		fmt.Fprintf(&text, "%s{%s} 1\n", name, labels)
	}
	var all []string
	for _, name := range keys(labels) {
		all = append(all, fmt.Sprintf("%s=%q", name, labels[name]))
	}
	for _, value := range []string{"0", "31535999"} { // which is 364d 23h 59m 59s, or in the last minute of a year
		fmt.Fprintf(&text, "%s{%s,value=%q} %s\n", longest, strings.Join(all, ","), value, value)
	}
	return text.String()
}

// TestTextsAreShort has a real Prometheus write every text with the longest names that there can be.
func TestTextsAreShort(t *testing.T) {
	series := longestSeries(t)
	exporter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		fmt.Fprint(w, series)
	}))
	t.Cleanup(exporter.Close)
	var rules []world.File
	for _, path := range ruleFiles(t) {
		rules = append(rules, world.File{Name: path, Content: anyway(t, path)})
	}
	prometheus := servers.Prometheus(t, fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s}
rule_files: ["*.rules.yaml", "optional/*.rules.yaml"]
scrape_configs: [{job_name: longest, static_configs: [{targets: [%q], labels: {%s: %s}}]}]
`, strings.TrimPrefix(exporter.URL, "http://"), clusterLabel, long(63)), rules...)

	var firing []promv1.Alert
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		answer, err := prometheus.API.Alerts(t.Context())
		require.NoError(c, err)
		require.Len(c, answer.Alerts, 2*len(alertRules(t)))
		firing = answer.Alerts
	}, 2*time.Minute, 100*time.Millisecond)
	for _, alert := range firing {
		for _, name := range []string{"summary", "description"} {
			text := string(alert.Annotations[model.LabelName(name)])
			require.Less(t, utf8.RuneCountInString(text), 300, "%s: %s", alert.Labels["alertname"], text)
			for _, never := range []string{"<error", "%!", "<no value>", "unknown_authority", "not_collected", ". .", "  "} {
				require.NotContains(t, text, never, alert.Labels["alertname"])
			}
		}
		if link, found := alert.Annotations["page_url"]; found {
			require.True(t, strings.HasPrefix(string(link), "https://"), link)
		}
	}
}

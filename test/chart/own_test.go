package chart_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// chosen are the items that a rendering may fail since its user has not turned on, or has turned off, what they ask for, each with
// the reason why the chart leaves that to its user.
func chosen() map[string]string {
	return map[string]string{
		"availability.replicas":          "one replica is the default: a second one doubles what is asked of everything, and a restart loses no alert",
		"availability.disruption-budget": "it follows from the replicas",
		"availability.anti-affinity":     "it follows from the replicas",
		"availability.rolling-update":    "a volume is written by one pod only, so that the old one ends first",
		"resources.cpu":                  "a CPU limit only slows it down while others leave the CPU idle; its request is what it needs",
		"networking.policies":            "who may scrape is not known before its user says so",
		"metrics.service-monitor":        "Prometheus Operator is not everywhere",
		"financial.tags":                 "teams and cost centers are its user's",
		"deployment.script":              "what deploys it is its user's",
	}
}

// TestTheChartPassesTheChecksOfTheProject judges every rendering as check --manifests judges those of its users. With what they ask
// for turned on, it passes them all.
func TestTheChartPassesTheChecksOfTheProject(t *testing.T) {
	for _, profile := range profiles(t) {
		t.Run(filepath.Base(profile), func(t *testing.T) {
			manifests := filepath.Join(t.TempDir(), "rendered.yaml")
			require.NoError(t, os.WriteFile(manifests, []byte(render(t, profile)), 0o600))
			var out, wrong bytes.Buffer
			command := exec.CommandContext(t.Context(), exporterBinary(t), "--config.file=testdata/own.yaml", "check",
				"--manifests", manifests, "--namespace", own, "--output=json")
			command.Stdout, command.Stderr = &out, &wrong
			_ = command.Run() // Its status says what the report does.
			var systems []struct {
				Items []struct {
					Check, Status string
					Problems      []json.RawMessage
				}
			}
			require.NoError(t, json.Unmarshal(out.Bytes(), &systems), wrong.String())
			passed := 0
			for _, item := range systems[0].Items {
				if item.Status == "pass" {
					passed++
				}
				if item.Status != "fail" && item.Status != "warn" {
					continue
				}
				require.NotEqual(t, "available.yaml", filepath.Base(profile), "%s: %s", item.Check, item.Problems)
				require.Contains(t, chosen(), item.Check, "%s", item.Problems)
			}
			require.GreaterOrEqual(t, passed, 4)
		})
	}
}

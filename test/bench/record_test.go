package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
)

// Of each of so many systems and items so many reports are kept: 10,000 in all, which is what a record holds at most.
const (
	recordSystems = 100
	recordReports = 20
)

// BenchmarkRecord starts the exporter on an empty record and on a full one: how long until it is ready, what it holds, and how long a
// scrape takes.
func BenchmarkRecord(b *testing.B) {
	binary, config := builtExporter(b), filepath.Join(b.TempDir(), "readiness.yaml")
	var described strings.Builder
	described.WriteString("systems:\n")
	for i := range recordSystems {
		fmt.Fprintf(&described, "  - {name: %s, environment: production}\n", recordSystem(i))
	}
	require.NoError(b, os.WriteFile(config, []byte(described.String()), 0o600))
	for name, items := range map[string][]string{
		"empty": nil,
		"full":  {"quality.unit-tests", "quality.e2e-tests", "quality.lint", "performance.load-test", "failure.node"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				folder := filepath.Join(b.TempDir(), "data")
				fillRecord(b, folder, items)
				address, begun := freeAddress(b), time.Now()
				exporter := started(b, binary, "--config.file="+config, "--web.listen-address="+address, "--storage.path="+folder)
				require.Eventually(b, func() bool { return get(b.Context(), address, "/-/ready") != "" }, time.Minute, 10*time.Millisecond)
				b.ReportMetric(time.Since(begun).Seconds(), "s-to-ready")
				scrapedForAWhile(b, address)
				begun = time.Now()
				metrics := get(b.Context(), address, "/metrics")
				b.ReportMetric(time.Since(begun).Seconds(), "s-scrape")
				require.Equal(b, recordSystems*len(items), strings.Count(metrics, "\nreadiness_evidence_reported_timestamp_seconds{"))
				b.ReportMetric(float64(len(metrics))/1e6, "MB")
				b.ReportMetric(float64(resident(b, exporter))/(1<<20), "MiB-resident")
				exporter.stop()
			}
		})
	}
}

func recordSystem(i int) string { return fmt.Sprintf("service-%03d", i) }

// fillRecord keeps reports of items as pipelines submit them, of which every tenth failed.
func fillRecord(b *testing.B, folder string, items []string) {
	b.Helper()
	store, err := record.OpenDirectory(folder, record.Options{Ready: func(status string) bool { return status == "pass" }})
	require.NoError(b, err)
	for i := range recordSystems {
		for _, item := range items {
			for each := range recordReports {
				id := fmt.Sprintf("%s-%s-%d", recordSystem(i), item, each)
				report := fact.EvidenceReport{
					At: time.Now().Add(-time.Duration(each) * time.Hour), By: "ci", Revisions: []string{fmt.Sprintf("%040x", each)},
					Link: "https://ci.example.com/" + id, Result: fact.EvidenceResult{Format: "junit", Passed: 420, Skipped: 3},
				}
				if each%10 == 0 {
					report.Result.Failed, report.Result.Faults = 2, []string{"checkout pays by card", "checkout pays by invoice"}
				}
				_, err := store.KeepEvidence(b.Context(), record.Evidence{
					ID: id, System: recordSystem(i) + "/production", Check: item, Report: report,
				})
				require.NoError(b, err)
			}
		}
	}
	require.NoError(b, store.Close())
}

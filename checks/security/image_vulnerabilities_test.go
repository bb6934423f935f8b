package security_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/security"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestImageVulnerabilities(t *testing.T) {
	now := time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	scanned := func(age time.Duration, fixable map[string]int) *fact.Vulnerabilities {
		return &fact.Vulnerabilities{At: now.Add(-age), Counts: map[string]int{"critical": 5, "high": 7}, Fixable: fixable}
	}
	kind := security.ImageVulnerabilities()
	judge := func(p security.ImageVulnerabilitiesParameters, report *fact.Vulnerabilities) []check.Problem {
		return kind.Judge(fact.Workload{Containers: []fact.Container{{Image: "shop/api:1", Reports: report}}}, p, now)
	}
	cases := []struct {
		name   string
		report *fact.Vulnerabilities
		reason string
		detail string
	}{
		{"a week old, and no fix for what is critical", scanned(7*day, map[string]int{"high": 7}), "", ""},
		{"older than a week", scanned(8*day, nil), "report_too_old", "shop/api:1: 8 d old"},
		{"something critical can be mended", scanned(day, map[string]int{"critical": 2, "high": 7}), "vulnerable",
			"shop/api:1: 2 critical with a fix"},
		{"no report", nil, "not_scanned", "shop/api:1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			problems := judge(kind.Defaults, c.report)
			if c.reason == "" {
				require.Empty(t, problems)
				return
			}
			require.Len(t, problems, 1)
			require.Equal(t, []string{c.reason, c.detail}, []string{problems[0].Reason, problems[0].Detail})
			require.Equal(t, check.Fail, problems[0].Level)
		})
	}
	strict := security.ImageVulnerabilitiesParameters{MaximumReportAge: kind.Defaults.MaximumReportAge, Severities: []string{"critical", "high"}}
	require.Equal(t, "shop/api:1: 5 critical, 7 high", judge(strict, scanned(day, nil))[0].Detail, "whether or not there is a fix")
	require.Error(t, security.ImageVulnerabilitiesParameters{}.Validate())
}

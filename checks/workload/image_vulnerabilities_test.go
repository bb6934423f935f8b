package workload_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/workload"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestImageVulnerabilities(t *testing.T) {
	now := time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	scanned := func(age time.Duration, fixable map[string]int) *fact.Vulnerabilities {
		return &fact.Vulnerabilities{At: now.Add(-age), Counts: map[string]int{"critical": 5, "high": 7}, Fixable: fixable}
	}
	kind := workload.ImageVulnerabilities()
	judge := func(p workload.ImageVulnerabilitiesParameters, report *fact.Vulnerabilities) []checktest.Finding {
		w := fact.Workload{Name: "api", Containers: []fact.Container{{Image: "shop/api:1", Reports: report}}}
		return checktest.Case{Kind: kind, Parameters: &p, Now: now, Sets: []fact.AnySet{checktest.Facts(fact.Workloads(), w)}}.Judge(t)
	}
	for _, c := range []struct {
		name   string
		report *fact.Vulnerabilities
		want   []checktest.Finding
	}{
		{"a report that is a week old, without a fix for what is critical, passes", scanned(7*day, map[string]int{"high": 7}), nil},
		{
			"a report older than a week is too old", scanned(8*day, nil),
			checktest.One("report_too_old", check.Fail, "The image shop/api:1 was last scanned 8 d ago (limit 7 d)."),
		},
		{
			"something critical that can be fixed fails", scanned(day, map[string]int{"critical": 2, "high": 7}),
			checktest.One("vulnerable", check.Fail, "The image shop/api:1 has 2 critical vulnerabilities that can be fixed."),
		},
		{"an image without a report fails", nil, checktest.One("not_scanned", check.Fail, "The image shop/api:1 has no report.")},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judge(kind.Defaults, c.report)) })
	}
	strict := workload.ImageVulnerabilitiesParameters{MaximumReportAge: kind.Defaults.MaximumReportAge, Severities: []workload.VulnerabilitySeverity{"critical", "high"}}
	require.Equal(t,
		checktest.One("vulnerable", check.Fail, "The image shop/api:1 has 5 critical vulnerabilities and 7 high vulnerabilities."),
		judge(strict, scanned(day, nil)), "whether or not there is a fix")
	require.Error(t, workload.ImageVulnerabilitiesParameters{}.Validate())
}

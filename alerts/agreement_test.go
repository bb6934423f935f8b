package alerts_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// sameAs gives of each alert on facts the reasons of kinds of check that say the same.
func sameAs() map[string][]string {
	return map[string][]string{
		"ReadinessCertificateExpired":      {"certificate_renewal expired"},
		"ReadinessCertificateExpiringSoon": {"certificate_renewal expires_very_soon"},
		"ReadinessCertificateExpiring":     {"certificate_renewal expires_very_soon", "certificate_renewal expires_soon"},
		"ReadinessCertificateChainExpiring": {
			"certificate_renewal chain_expired", "certificate_renewal chain_expires_very_soon",
		},
		"ReadinessCertificateNotVerified": {
			"certificate_issuer staging_issuer", "certificate_issuer self_signed", "certificate_issuer untrusted_issuer",
			"certificate_issuer incomplete_chain", "certificate_issuer weak_certificate", "certificate_issuer unverifiable",
			"certificate_name wrong_name", "certificate_renewal not_yet_valid", "certificate_renewal chain_expired",
		},

		"ReadinessBackupTooOld":   {"backup_age too_old", "recovery_point too_old"},
		"ReadinessBackupMissing":  {"backup_age no_backup", "recovery_point no_backup", "backup_size no_backup"},
		"ReadinessBackupShrunken": {"backup_size empty", "backup_size too_small"},

		"ReadinessFilesystemFull":         {"disk_space low_space", "storage_capacity overused"},
		"ReadinessFilesystemFullSoon":     {"disk_space filling", "storage_capacity fills_soon"},
		"ReadinessFilesystemInodesUsedUp": {"disk_space low_inodes"},
		"ReadinessFilesystemReadOnly":     {"disk_space read_only", "storage_capacity read_only"},
		"ReadinessFilesystemNotMounted":   {"disk_space not_mounted", "storage_capacity not_mounted"},
		"ReadinessRebootRequired":         nil, // security_updates reboot_required finds it at once, the alert after a week
		"ReadinessSecurityUpdatesPending": nil, // security_updates counts each update by itself
		"ReadinessUnitFailed":             nil, // no item is about it
		"ReadinessFirewallOff":            {"host_firewall accepts_by_default"},
		"ReadinessSSHPasswordLogin":       {"ssh_daemon_configuration method_offered", "ssh_authentication method_offered"},
		"ReadinessPortExposed":            {"reachable_ports port_open"},
		"ReadinessHostSupportEnds":        {"operating_system end_of_life", "operating_system end_of_life_soon"},

		"ReadinessEndpointDown": {
			"domain_access unreachable", "domain_access wrong_status", "domain_access wrong_content",
			"endpoint_responses unreachable", "endpoint_responses wrong_status", "endpoint_responses wrong_content",
		},

		"ReadinessDatabaseDown": databaseReasons(),

		"ReadinessRedirectLost":   {"https_redirect plain_content", "encryption_in_transit plain_content"},
		"ReadinessMetricsExposed": {"private_metrics_endpoint exposed"},

		"ReadinessDNSAnswersDiffer": {"dns_propagation answers_differ"},
		"ReadinessDNSSignatureExpiring": {
			"dns_records signature_expires_soon", "dns_records signature_expires_very_soon", "dns_records dnssec_invalid",
		},
		"ReadinessDomainExpiring": {"domain_registration expires_soon", "domain_registration expired"},

		"ReadinessOnCallGap":       {"on_call_schedule nobody_on_call", "on_call_schedule on_call_gap"},
		"ReadinessSecretCommitted": {"committed_secrets secret_committed"},

		"ReadinessDefaultLoginAccepted": {"default_credentials default_accepted", "default_credentials open"},

		"ReadinessWorkloadDown":            {"workload_replicas unavailable"},
		"ReadinessWorkloadReplicasMissing": {"workload_replicas unavailable"},
		"ReadinessWorkloadTooFewReplicas": {
			"workload_replicas too_few_desired", "workload_replicas may_shrink", "workload_replicas scaled_to_zero",
		},
		"ReadinessWorkloadOnOneNode": {"workload_spread too_few_nodes"},
	}
}

// databaseReasons are those that a database cannot be used, each with its kind.
func databaseReasons() (all []string) {
	for _, cause := range fact.DatabaseCauses() {
		all = append(all, "database_connection "+string(cause))
	}
	return all
}

// TestAlertsAndItemsAgree judges each world by the production checklist, exports its facts, and has promtool evaluate the
// rules on them, both with their default limits: an alert fires if and only if an item finds the same, and one that pages if
// and only if a problem is urgent.
func TestAlertsAndItemsAgree(t *testing.T) {
	var worlds []factWorld
	var assessments []*assess.Assessment
	for _, family := range []struct {
		after  time.Duration // longer than what has to hold for some time first
		worlds func(now time.Time) []factWorld
	}{
		{2 * time.Hour, certificateWorlds},
		{time.Hour, backupWorlds},
		{7 * time.Hour, hostWorlds},
		{time.Hour, domainWorlds},
		{time.Hour, endpointWorlds},
		{time.Hour, teamWorlds},
		{time.Hour, workloadWorlds},
	} {
		now := time.Unix(0, 0).UTC().Add(family.after) // promtool begins in 1970
		some := family.worlds(now)
		assessed := assessWorlds(t, some, now)
		requireFiring(t, exported(t, assessed), now, some)
		worlds, assessments = append(worlds, some...), append(assessments, assessed...)
	}

	fired, spared, found := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	for i, each := range worlds {
		t.Run(each.name, func(t *testing.T) {
			pages := slices.ContainsFunc(each.fires, func(name string) bool { return strings.HasSuffix(name, " (critical)") })
			require.Equal(t, pages, isUrgent(assessments[i]), "an alert pages, and a problem is urgent: %v", each.fires)
			reasons := reasonsOf(assessments[i])
			said := make(map[string]bool) // reasons that an alert which fires is about
			for alert, same := range sameAs() {
				fires := slices.ContainsFunc(each.fires, func(name string) bool { return strings.HasPrefix(name, alert+" ") })
				fired[alert], spared[alert] = fired[alert] || fires, spared[alert] || !fires
				for _, reason := range same {
					said[reason] = said[reason] || fires
				}
				require.True(t, !fires || slices.ContainsFunc(same, func(reason string) bool { return reasons[reason] }),
					"%s fires, and the items only find %v", alert, keys(reasons))
			}
			for reason := range reasons {
				found[reason] = true
				says, about := said[reason]
				require.True(t, says || !about || each.spared, "an item finds %s, and no alert fires", reason)
			}
		})
	}
	for alert, same := range sameAs() {
		require.True(t, same == nil || fired[alert] && spared[alert], "no world shows %s", alert)
		for _, reason := range same {
			require.True(t, found[reason], "no world shows %s", reason)
		}
	}
}

func TestEveryAlertOnFactsIsHeldAgainstItems(t *testing.T) {
	var onFacts []string
	for _, alert := range alertRules(t) {
		if strings.HasPrefix(alert.file, "facts-") || strings.HasPrefix(alert.Alert, "ReadinessWorkload") {
			onFacts = append(onFacts, alert.Alert)
		}
	}
	slices.Sort(onFacts)
	require.Equal(t, slices.Compact(onFacts), keys(sameAs()))
}

// assessWorlds judges every world with the items of the production checklist, and with a kind that it has no item of.
func assessWorlds(t *testing.T, worlds []factWorld, now time.Time) (assessments []*assess.Assessment) {
	t.Helper()
	all, closeAll := collectors.All(collectors.Options{})
	t.Cleanup(closeAll)
	var systems []*system.System
	for _, each := range worlds {
		systems = append(systems, &system.System{
			Name: each.name, Environment: "production", VantagePoints: each.vantagePoints, Checks: each.checks,
		})
	}
	loaded, err := config.For(systems, config.Options{Kinds: checks.All(), Collectors: all, Now: now})
	require.NoError(t, err)
	for i, plan := range loaded.Plans {
		require.Equal(t, worlds[i].name, plan.System.Name)
		addItem(t, plan, "certificate_name")
		run := &fact.Run{
			Collector: all[0].Describe().Name, Target: "world", Interval: time.Minute, Sets: worlds[i].facts, CollectedAt: now, TriedAt: now,
		}
		for _, set := range worlds[i].facts {
			run.Declared = append(run.Declared, set.Kind().NoFacts())
		}
		assessments = append(assessments, plan.Assess([]*fact.Run{run}, now, nil))
	}
	return assessments
}

func addItem(t *testing.T, plan *assess.Plan, name string) {
	t.Helper()
	all := checks.All()
	kind := all[slices.IndexFunc(all, func(k check.Any) bool { return k.Describe().Name == name })]
	item := plan.Items[0]
	item.Rule = check.Rule{ID: name, Clause: check.Clause{Bound: kind.Bind(kind.Parameters())}}
	plan.Items = append(plan.Items, item)
	require.Nil(t, plan.Order())
}

// isUrgent tells whether any problem is.
func isUrgent(a *assess.Assessment) bool {
	return slices.ContainsFunc(a.Results, func(result check.Result) bool {
		return slices.ContainsFunc(result.Problems, func(problem check.Problem) bool { return problem.Urgent })
	})
}

// reasonsOf are the reasons that the items of an assessment find, with the kind of check: "disk_space filling".
func reasonsOf(a *assess.Assessment) map[string]bool {
	reasons := make(map[string]bool)
	for i := range a.Results {
		for bound := range a.Plan.Items[i].Rule.Clause.Bounds() {
			for _, problem := range a.Results[i].Problems {
				if slices.ContainsFunc(bound.Reasons, func(r check.Reason) bool { return r.Name == problem.Reason }) {
					reasons[bound.Name+" "+problem.Reason] = true
				}
			}
		}
	}
	return reasons
}

// exported are the series of facts of assessments, as they are scraped.
func exported(t *testing.T, assessments []*assess.Assessment) (series []string) {
	t.Helper()
	all, closeAll := collectors.All(collectors.Options{})
	t.Cleanup(closeAll)
	e := metrics.NewExposition(all, prometheus.NewRegistry())
	e.Publish(assessments)
	answer := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
	request.Header.Set("Accept", "text/plain")
	e.ServeHTTP(answer, request)
	require.Equal(t, http.StatusOK, answer.Code)
	for line := range strings.Lines(answer.Body.String()) {
		if strings.HasPrefix(line, "readiness_") && !strings.HasPrefix(line, "readiness_check") {
			series = append(series, strings.TrimSpace(line))
		}
	}
	return series
}

// requireFiring has promtool evaluate all rules, and compares the alerts on facts that fire of each system at a time.
func requireFiring(t *testing.T, series []string, at time.Time, worlds []factWorld) {
	t.Helper()
	folder, err := filepath.Abs(".")
	require.NoError(t, err)
	var test strings.Builder
	test.WriteString("rule_files:\n")
	for _, name := range ruleFiles(t) {
		fmt.Fprintf(&test, "  - %s\n", filepath.Join(folder, name))
	}
	test.WriteString("evaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n")
	minutes := int(at.Sub(time.Unix(0, 0)).Minutes())
	for _, each := range series {
		space := strings.LastIndexByte(each, ' ')
		fmt.Fprintf(&test, "      - {series: '%s', values: '%sx%d'}\n", each[:space], decimal(t, each[space+1:]), minutes)
	}
	fmt.Fprintf(&test, "    promql_expr_test:\n      - expr: 'sum by (system, alertname, severity) (ALERTS{alertstate=\"firing\",alertname=~%q})'\n"+
		"        eval_time: %dm\n        exp_samples:\n", strings.Join(keys(sameAs()), "|"), minutes)
	for _, each := range worlds {
		for _, alert := range each.fires {
			title, severity, _ := strings.Cut(strings.TrimSuffix(alert, ")"), " (")
			fmt.Fprintf(&test, "          - {labels: '{alertname=%q,severity=%q,system=%q}', value: 1}\n", title, severity, each.name)
		}
	}
	file := filepath.Join(t.TempDir(), "agreement.yaml")
	require.NoError(t, os.WriteFile(file, []byte(test.String()), 0o600))
	output, err := exec.CommandContext(t.Context(), filepath.Join("..", ".cache", "bin", "promtool"), "test", "rules", file).CombinedOutput()
	if err != nil {
		got := make(map[string][]string)
		_, shown, _ := strings.Cut(string(output), "got: ")
		for _, found := range regexp.MustCompile(`alertname="(\w+)", severity="(\w+)", system="([^"]+)"`).FindAllStringSubmatch(shown, -1) {
			got[found[3]] = append(got[found[3]], found[1]+" ("+found[2]+")")
		}
		for _, each := range worlds {
			assert.ElementsMatch(t, each.fires, got[each.name], each.name)
		}
	}
	require.NoError(t, err, "%s", output)
}

// decimal is a number of a scrape without an exponent, which the values of promtool do not have.
func decimal(t *testing.T, number string) string {
	t.Helper()
	value, err := strconv.ParseFloat(number, 64)
	require.NoError(t, err)
	return strconv.FormatFloat(value, 'f', -1, 64)
}

package importer_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/internal/importer"
)

// An outcome is what became of a line.
type outcome struct {
	item *checklist.Item
	line importer.Line
}

// imported makes a checklist of lines that stand in one list.
func imported(t *testing.T, lines ...string) map[string]outcome {
	t.Helper()
	made, err := importList(t, []byte("# List\n\n## Section\n\n- [ ] "+strings.Join(lines, "\n- [ ] ")+"\n"), importer.Options{})
	require.NoError(t, err)
	outcomes := make(map[string]outcome)
	for _, line := range made.Lines {
		if item := find(made.Checklist, line.ID); item != nil {
			outcomes[strings.TrimPrefix(line.Text, "- [ ] ")] = outcome{item, line}
		}
	}
	require.Len(t, outcomes, len(lines))
	return outcomes
}

// requireNoMatch imports lines of which none is about a known item.
func requireNoMatch(t *testing.T, lines ...string) {
	t.Helper()
	for line, got := range imported(t, lines...) {
		require.Empty(t, got.line.Known, "%s: %s", line, got.line.Note)
	}
}

// parametersOf writes the parameters of an item's first clause.
func parametersOf(item *checklist.Item) []string {
	written := []string{}
	content := item.Main().Parameters.Content
	for i := 0; i < len(content); i += 2 {
		values := []string{content[i+1].Value}
		for _, each := range content[i+1].Content {
			values = append(values, each.Value)
		}
		written = append(written, content[i].Value+": "+strings.Join(values, " "))
	}
	return written
}

func TestNumbersOfALineAreTakenOver(t *testing.T) {
	cases := []struct{ line, known, parameters string }{
		{"Storage capacity adequate (500GB+ for DB)", "resources.storage", "minimum_size: 500GB"},
		{"Storage capacity adequate (2 TiB or more for the database)", "resources.storage", "minimum_size: 2TiB"},
		{"Database credentials are strong (32+ characters)", "configuration.database-credentials", "minimum_length: 32"},
		{"Database credentials are strong (more than 31 chars)", "configuration.database-credentials", "minimum_length: 32"},
		{"Only necessary ports open (22, 8443)", "access.open-ports", "allowed:  22 8443"},
		{"Only necessary ports open (ports 80 and 443)", "access.open-ports", "allowed:  80 443"},
		{"Firewall rules configured (port 443)", "server.firewall-ports", "open:  443"},
		{"At least 3 replicas", "availability.replicas", "minimum: 3"},
		{"Minimum three replicas in production", "availability.replicas", "minimum: 3"},
		{"More than 1 replica", "availability.replicas", "minimum: 2"},
		{"Replicas >= 4", "availability.replicas", "minimum: 4"},
		{"Multiple replicas", "availability.replicas", "minimum: 2"},
		{"Minimum 16 GB RAM, 8 CPU cores", "server.capacity", "minimum_memory: 16GB, minimum_cores: 8"},
		{"Disk space: at least 100 GB", "server.disk", "minimum_size: 100GB"},
		{"Image size optimized (<200MB)", "image.size", "maximum_size: 200MB"},
		{"Response times acceptable (<300ms p99)", "performance.latency", "quantile: 0.99, maximum: 300ms"},
		{"CPU usage reasonable (<60%)", "performance.cpu", "maximum_used_ratio: 0.6"},
		{"Backup retention policy (90 days)", "backup.retention", "minimum: 90d"},
		{"Backups are kept for 14 days", "backup.retention", "minimum: 14d"},
		{"Daily backups", "backup.frequency", "maximum_age: 1d2h"},
		{"Weekly database backups", "backup.frequency", "maximum_age: 7d14h"},
		{"Backups every 6 hours", "backup.frequency", "maximum_age: 6h30m"},
		{"Secrets are rotated every 90 days", "secrets.rotation", "maximum_age: 97d12h"},
		{"Restores are tested monthly", "recovery.tested", "maximum_age: 32d12h"},
		{"Pods spread across 3 nodes", "availability.anti-affinity", "minimum_nodes: 3"},
		{"At least 5 dashboards created", "dashboards.exists", "minimum: 5"},
	}
	var lines []string
	for _, c := range cases {
		lines = append(lines, c.line)
	}
	for line, got := range imported(t, lines...) {
		c := cases[slices.Index(lines, line)]
		require.Equal(t, c.known, got.line.Known, "%s: %s", line, got.line.Note)
		require.Subset(t, parametersOf(got.item), strings.Split(c.parameters, ", "), line)
	}
}

func TestALineWhoseNumbersHaveNoPlaceMatchesNothing(t *testing.T) {
	requireNoMatch(t,
		"Ubuntu Server 24.04 installed",
		"Helm 2 installed",
		"Image size optimized (>500MB)",
		"Backup retention policy (at most 30 days)",
		"At most 2 replicas",
		"Fewer than 3 replicas",
		"Storage capacity adequate (less than 10GB for DB)",
		"CPU usage reasonable (>70%)",
		"Database credentials are strong (maximum 20 characters)",
		"Only necessary ports open (22, 70000)",
		"Network policies defined for 3 namespaces",
		"Log retention policy set (90 days)",
		"Response times acceptable (<500ms and <300ms)",
		"RBAC configured for 5 teams",
		"0 replicas",
		"Certificates renew automatically 30 days before expiry",
		"Database credentials are strong (thirty-two characters)",
		"Backup retention policy (a dozen days)",
		"Backups at most every 6 hours",
	)
}

func TestALineThatSaysTheOppositeMatchesNothing(t *testing.T) {
	requireNoMatch(t,
		"Memory requests set, no limits",
		"CPU requests set without limits",
		"CPU requests defined",
		"SSH password authentication enabled",
		"SSH password authentication allowed",
		"SSH key-based authentication disabled",
		"Grafana admin password is still the default",
		"Grafana admin password is the default",
		"Grafana admin password unchanged",
		"Grafana admin password changed to the default",
		"Default passwords used",
		"Firewall disabled",
		"Firewall: disabled",
		"Firewall turned off",
		"No firewall",
		"No backups",
		"No backups: no backup strategy for persistent data",
		"Backups are not stored off-site",
		"Backups never leave the site",
		"Backups are manual",
		"Database backups taken manually",
		"Some backups are automated",
		"Backups failing",
		"Certificate auto-renewal does not work",
		"Certificates renewed by hand",
		"`.env` file committed to Git",
		"Secrets in git",
		"Sensitive data is logged",
		"Database exposed publicly",
		"Database is public",
		"SSL redirect disabled",
		"No network policies",
		"Network policies are missing",
		"Network policies defined except in staging",
		"Consider network policies",
		"Pod disruption budgets removed",
		"Only one replica",
		"Single replica: only one replica in production",
		"Readiness probes disabled",
		"Without probes",
		"RBAC disabled",
		"Avoid the horizontal pod autoscaler",
		"Vertical pod autoscaler configured",
		"Cluster autoscaler configured",
		"Data unencrypted at rest",
		"Restores are untested",
		"Consider disabling CPU limits unless required",
		"Database backup taken after deployment",
		"Alerts firing",
		"Errors in logs",
		"Rollback plan: none",
		"Vulnerability scanning skipped",
		"Use backups instead of replicas",
		"HTTPS redirects to HTTP",
		"HTTPS → HTTP redirect",
		"Autoscaling: N/A",
		"Autoscaling (not applicable)",
	)
}

func TestALineAboutSomethingElseMatchesNothing(t *testing.T) {
	requireNoMatch(t,
		"Consul backups scheduled",
		"Docker network isolated",
		"Monitoring",
		"Critical alerts reach the phone",
		"Application monitoring",
		"Retention policies",
		"Secrets",
		"Services",
		"Labels and annotations",
		"Backups are automated and dashboards are tested",
		"Minimum 32GB storage",
		"Metrics endpoint secured",
		"Certificates installed",
		"Disk space",
		"Memory available",
		"Test coverage above 70%",
		"Log rotation configured",
		"Password rotation is not enforced by the provider",
		"Access keys",
		"DNS cache",
		"Database schema",
		"Escalation procedure: ____________",
		"Load balancer health checks",
		"All containers running",
		"Startup probe",
		"Image signing",
		"Unused indexes dropped",
		"Backups: "+strings.Repeat("backups ", 200)+"end",
		"Backups of the office laptops automated",
		"Client certificates of the app store renewed",
		"CI secrets in the build log rotated",
		"Sales dashboards created",
		"Check for security updates",
		"Look for vulnerability scans",
		"Add to environment variables",
		"Environment files created (.env.example)",
		"Configure database connection",
		"Install dependencies",
		"Document incident and response",
		"Documentation updated",
	)
}

// The lines are our own, in the way in which people write them. What is surer than medium is always right.
func TestSynonymsAreKnown(t *testing.T) {
	cases := []struct {
		line       string
		known      string
		confidence importer.Confidence
	}{
		{"Readiness probes", "availability.health-checks", importer.High},
		{"Liveness and readiness probes are configured for all containers", "availability.health-checks", importer.High},
		{"Health probes defined", "availability.health-checks", importer.High},
		{"PodDisruptionBudget", "availability.disruption-budget", importer.High},
		{"PodDisruptionBudgets set for critical services", "availability.disruption-budget", importer.High},
		{"PDBs in place", "availability.disruption-budget", importer.High},
		{"Multiple replicas", "availability.replicas", importer.Medium},
		{"HPA", "resource-cost.autoscaling", importer.High},
		{"HPA enabled", "resource-cost.autoscaling", importer.High},
		{"Autoscaling is configured", "resource-cost.autoscaling", importer.High},
		{"Horizontal Pod Autoscaler (HPA) configured", "resource-cost.autoscaling", importer.High},
		{"Network isolation", "networking.policies", importer.High},
		{"NetworkPolicies in place", "networking.policies", importer.High},
		{"RBAC", "secrets.rbac", importer.High},
		{"RBAC enabled with least privilege", "secrets.rbac", importer.High},
		{"Daily backups", "backup.frequency", importer.High},
		{"Nightly database backups", "backup.frequency", importer.High},
		{"Automated backups", "backup.automated", importer.High},
		{"Off-site backups", "backup.off-site", importer.High},
		{"Offsite backup copies", "backup.off-site", importer.High},
		{"TLS certificates renew automatically", "tls.renewal", importer.High},
		{"Automatic certificate renewal", "tls.renewal", importer.High},
		{"Certificate renewal", "tls.renewal", importer.High},
		{"Container image scanning", "security.scanning", importer.High},
		{"Vulnerability scanning", "security.scanning", importer.High},
		{"Vulnerability scans: report reviewed by the team", "security.scanning", importer.Medium},
		{"Secret rotation", "secrets.rotation", importer.High},
		{"Credentials are rotated regularly", "secrets.rotation", importer.High},
		{"**Anti-affinity**: pods run on different nodes", "availability.anti-affinity", importer.Medium},
		{"HTTP redirects to HTTPS", "tls.redirect", importer.High},
		{"TLS enabled", "tls.ingress", importer.High},
		{"No secrets in the repository", "secrets.not-in-git", importer.High},
		{"Secrets never committed to git", "secrets.not-in-git", importer.High},
		{"Disable SSH password authentication", "access.ssh-no-passwords", importer.High},
		{"Structured logging", "logging.structured", importer.High},
		{"Centralised logging", "logging.aggregation", importer.High},
		{"Resource requests and limits set for all containers", "resources.cpu+resources.memory", importer.High},
		{"Data encrypted at rest and in transit", "data-protection.at-rest+data-protection.in-transit", importer.High},
		{"Backups configured", "backup.automated", importer.Medium},
		{"Backups and tested restore", "recovery.tested", importer.Medium},
		{"Centralized logging", "logging.aggregation", importer.High},
		{"Rolling updates", "availability.rolling-update", importer.High},
		{"On-call rotation", "alerting.on-call", importer.High},
		{"Restore procedure tested", "recovery.tested", importer.High},
		{"Disaster recovery plan", "recovery.plan", importer.High},
		{"Load testing", "performance.load-test", importer.High},
		{"Security patches applied", "security.patches", importer.Exact},
		{"[Network policies](https://example.com/np) defined", "networking.policies", importer.Exact},
		{"Set memory limits/requests for all containers", "resources.memory", importer.High},
		{"Runbooks", "operational-docs.runbooks", importer.High},
		{"Optional: Privacy policy", "legal.privacy", importer.High},
		{"Privacy policy updated", "legal.privacy", importer.High},
		{"Alert rules (if using Prometheus)", "alerting.rules", importer.High},
		{"Configure Fail2Ban rules", "access.fail2ban", importer.High},
		{"HTTP to HTTPS redirect functioning", "tls.redirect", importer.High},
		{"Database connection works", "functional.database", importer.High},
	}
	var lines []string
	for _, c := range cases {
		lines = append(lines, c.line)
	}
	for line, got := range imported(t, lines...) {
		c := cases[slices.Index(lines, line)]
		require.Equal(t, c.known, got.line.Known, "%s: %s", line, got.line.Note)
		require.Equal(t, c.confidence, got.line.Confidence, line)
	}
}

func TestSeverityIsSaidOnPurpose(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       checklist.Severity
	}{
		{"a word within a sentence says nothing", "Consider disabling CPU limits unless required", checklist.Warning},
		{"nor does one of a number", "Coverage above 70%, more than the required number is no goal", checklist.Warning},
		{"nor does one of what is done", "Never deploy on a critical Friday, it must rest", checklist.Warning},
		{"a label in front is meant", "Must: the cake is baked", checklist.Critical},
		{"so is one in bold", "**Critical:** the cake is baked", checklist.Critical},
		{"so is one in brackets", "[P0] the cake is baked", checklist.Critical},
		{"so is one at the end", "The cake is baked (mandatory)", checklist.Critical},
		{"what is optional is information", "The cake is iced (optional)", checklist.Info},
		{"what is nice to have is information", "Nice to have: candles", checklist.Info},
		{"a known item has its own", "PodDisruptionBudget", checklist.Warning},
		{"unless the line says another", "PodDisruptionBudget (critical)", checklist.Critical},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, imported(t, c.line)[c.line].item.Severity)
		})
	}
}

func TestMarksOfMarkdownAreNoText(t *testing.T) {
	wanted := map[string]string{
		"**Readiness probes** configured":                      "Readiness probes configured",
		"*Bold* and __strong__ and ~~gone~~":                   "Bold and strong and gone",
		"`.env` is not in [Git](https://example.com/x_y)":      ".env is not in Git",
		"See <https://example.com> &amp; \\*that\\*":           "See https://example.com & *that*",
		"<b>Alerts</b> reach a<br>person":                      "Alerts reach a person",
		"a_b_c stays, 2 * 3 too":                               "a_b_c stays, 2 * 3 too",
		"<details><summary>Audit</summary>long text</details>": "Audit",
	}
	for line, got := range imported(t, slices.Collect(maps.Keys(wanted))...) {
		require.Equal(t, wanted[line], got.item.Text)
	}
}

func TestBoxesWhereverTheyStand(t *testing.T) {
	type taken struct {
		Line   int
		Text   string
		Ticked bool
	}
	for _, c := range []struct {
		name, source string
		want         []taken
	}{
		{
			"a table without a header", "|  |  |\n|---|---|\n| &#9744; | Firewall rules configured |\n| ☑ | Audit device enabled |\n",
			[]taken{{3, "Firewall rules configured", false}, {4, "Audit device enabled", true}},
		},
		{
			"a header that is a row", "| [ ] | One |\n|---|---|\n| [x] | Two |\n",
			[]taken{{1, "One", false}, {3, "Two", true}},
		},
		{
			"several columns, of which one is the item", "| # | Area | Check | Owner | Done |\n|---|---|---|---|---|\n| 1 | Network | **Policies** defined | ops | ✅ |\n| 2 | Disk | Space | | ☐ |\n",
			[]taken{{3, "Policies defined", true}, {4, "Space", false}},
		},
		{
			"a box for each environment", "| Item | Dev | Prod |\n|---|---|---|\n| Alerts | [x] | [ ] |\n| none here | | |\n",
			[]taken{{3, "Alerts", true}},
		},
		{
			"the box and the text in one cell", "| Left | Right |\n|---|---|\n| ☐ One | - |\n| [x] Two<br>[x] Three | - |\n",
			[]taken{{3, "One", false}, {4, "Two", true}, {4, "Three", true}},
		},
		{
			"the box after the text, and boxes of HTML", "| Item |\n|---|\n| One ☑ |\n| <input type=\"checkbox\"> Two |\n",
			[]taken{{3, "One", true}, {4, "Two", false}},
		},
		{
			"answers to choose from", "| Question | Answer |\n|---|---|\n| Are backups tested? | [ ] Yes [ ] No |\n| Is it signed? | [x] Done |\n",
			[]taken{{3, "Are backups tested?", false}, {4, "Is it signed?", true}},
		},
		{
			"short names of characters", "| Check name | Level C | Level B |\n|---|---|---|\n| [PDB](x.md) | :white_check_mark: | |\n",
			[]taken{{3, "PDB", true}},
		},
		{
			"quotations, and tables in them", "> - [ ] Quoted\n>\n> | a | b |\n> |---|---|\n> | [ ] | Cell |\n",
			[]taken{{1, "Quoted", false}, {5, "Cell", false}},
		},
		{
			"characters in lists and paragraphs", "- ☐ One\n- ✅ Two\n* [] Three\n\n☐ Four\n☑ Five\n",
			[]taken{{1, "One", false}, {2, "Two", true}, {3, "Three", false}, {5, "Four", false}, {6, "Five", true}},
		},
		{
			"HTML as wikis export it", "<ul>\n<li><input type=\"checkbox\"/> One</li>\n<li><input checked type=checkbox> <b>Two</b></li>\n<li>none</li>\n</ul>\n\n" +
				"<table>\n<tr><td>&#9744;</td><td>Three &amp; more</td></tr>\n</table>\n\n<!--\n- [ ] hidden\n-->\n",
			[]taken{{2, "One", false}, {3, "Two", true}, {8, "Three & more", false}},
		},
		{
			"AsciiDoc, whose depth is a row of bullets", "* [ ] One\n** [x] Two\n*** [*] Three\n. [ ] Four\n",
			[]taken{{1, "One", false}, {2, "Two", true}, {3, "Three", true}, {4, "Four", false}},
		},
		{
			"ticks with blanks, and boxes that are neither open nor ticked", "- [ x ] One\n- [X ] Two\n- [-] Three\n- [~] Four\n- □ Five\n",
			[]taken{{1, "One", true}, {2, "Two", true}, {3, "Three", false}, {4, "Four", false}, {5, "Five", false}},
		},
		{
			"line ends of Windows and a byte order mark", "\ufeff- [ ] One\r\n  - [x] Two\r\n",
			[]taken{{1, "One", false}, {2, "Two", true}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			made, err := importList(t, []byte(c.source), importer.Options{})
			require.NoError(t, err)
			texts := make(map[string]string)
			for entry := range made.Checklist.Items() {
				texts[entry.Item.ID] = entry.Item.Text
			}
			var got []taken
			for _, of := range made.Lines {
				for _, line := range of.Each() {
					if line.Became == importer.BecameCheck || line.Became == importer.BecameAttestation {
						got = append(got, taken{line.Number, texts[line.ID], strings.Contains(line.Note, "ticked")})
					}
				}
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestABoxThatIsNotTakenIsTold(t *testing.T) {
	made, err := importList(t, []byte("- [ ] One\n\ntext with [ ] a box\n\n| a |\n|---|\n| mid [ ] text |\n\n    - [ ] code\n\n: [x] term\n- none\n\xff\n"), importer.Options{})
	require.NoError(t, err)
	told := make(map[int]bool)
	for _, line := range made.Lines {
		told[line.Number] = line.Boxed
		if line.Number == 13 {
			require.Contains(t, line.Note, "bytes that are not UTF-8 are left out")
		}
	}
	require.Equal(t, map[int]bool{1: false, 3: true, 5: false, 6: false, 7: true, 9: true, 11: true, 12: false, 13: false}, told)
}

func TestRowsWithoutABoxAreTakenWhereThatIsWanted(t *testing.T) {
	source := []byte("1. [Security](#security)\n\n| Name | Level |\n|---|---|\n| Network policies | Critical 🔴 |\n| A cake | Nice to have |\n")
	_, err := importList(t, source, importer.Options{})
	require.EqualError(t, err,
		`found no item: expected lines such as "- [ ] Backups are restored"; --bullets takes what has no box too: 2 rows of tables`)
	made, err := importList(t, source, importer.Options{Bullets: true})
	require.NoError(t, err)
	var got []string
	for entry := range made.Checklist.Items() {
		got = append(got, entry.Item.Text+" "+string(entry.Item.Severity))
	}
	require.Equal(t, []string{"Network policies critical", "A cake info"}, got)
}

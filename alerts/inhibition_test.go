package alerts_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// An alertmanager is a real one with the shipped routes and inhibitions, whose receivers post to a webhook.
type alertmanager struct {
	*world.Alertmanager
	webhook *world.Webhook
}

func startAlertmanager(t *testing.T) *alertmanager {
	t.Helper()
	a := &alertmanager{webhook: world.NewWebhook(t)}
	config := readExample(t)
	config.Global = nil
	for i, each := range config.Receivers {
		config.Receivers[i] = map[string]any{
			"name": each["name"], "webhook_configs": []any{map[string]any{"url": fmt.Sprint(a.webhook.URL, "/", each["name"])}},
		}
	}
	a.Alertmanager = servers.Alertmanager(t, config.written(t))
	return a
}

// push has alerts fire, and waits until they are there.
func (a *alertmanager) push(t *testing.T, alerts ...model.LabelSet) {
	t.Helper()
	a.post(t, time.Now().Add(time.Hour), alerts)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		there := a.muted(t)
		for _, labels := range alerts {
			require.Contains(c, there, labels.Fingerprint())
		}
	}, 2*time.Minute, 50*time.Millisecond)
}

// resolve ends alerts.
func (a *alertmanager) resolve(t *testing.T, alerts ...model.LabelSet) {
	t.Helper()
	a.post(t, time.Now(), alerts)
}

func (a *alertmanager) post(t *testing.T, end time.Time, alerts []model.LabelSet) {
	t.Helper()
	var body []map[string]any
	for _, labels := range alerts {
		annotations := map[string]string{
			"summary": "the summary", "description": "the description", "runbook_url": "https://runbooks.example.com/one",
			"dashboard": "/d/one?a=b",
		}
		if labels["system"] != "b" { // whose exporter has no address
			annotations["page_url"] = "https://readiness.example.com/systems/one"
		}
		body = append(body, map[string]any{"labels": labels, "startsAt": end.Add(-2 * time.Hour), "endsAt": end, "annotations": annotations})
	}
	content, err := json.Marshal(body)
	require.NoError(t, err)
	response, err := http.Post(a.URL+"/api/v2/alerts", "application/json", bytes.NewReader(content))
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
}

// muted reports of each alert whether something mutes it.
func (a *alertmanager) muted(t *testing.T) map[model.Fingerprint]bool {
	t.Helper()
	response, err := http.Get(a.URL + "/api/v2/alerts")
	require.NoError(t, err)
	defer response.Body.Close()
	var alerts []struct {
		Labels model.LabelSet
		Status struct{ InhibitedBy []string }
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&alerts))
	found := make(map[model.Fingerprint]bool)
	for _, alert := range alerts {
		found[alert.Labels.Fingerprint()] = len(alert.Status.InhibitedBy) > 0
	}
	return found
}

// delivered are the alerts that were posted, with the receivers of each.
func (a *alertmanager) delivered(t *testing.T) map[model.Fingerprint]map[string]bool {
	t.Helper()
	found := make(map[model.Fingerprint]map[string]bool)
	for _, receiver := range []string{"nobody", "summary", "heartbeat", "tickets", "shop-tickets", "pager", "shop-pager"} {
		for _, notification := range a.webhook.Notifications(t, "/"+receiver) {
			for _, alert := range notification.Alerts {
				print := alert.Labels.Fingerprint()
				if found[print] == nil {
					found[print] = make(map[string]bool)
				}
				found[print][receiver] = true
			}
		}
	}
	return found
}

// alert has the labels of an alert of a system, in pairs of a name and a value. A label of no value is none.
func alert(name, severity string, pairs ...string) model.LabelSet {
	labels := model.LabelSet{
		"alertname": model.LabelValue("Readiness" + name), "severity": model.LabelValue(severity),
		"system": "shop", "environment": "production", "team": "none",
	}
	for pair := range slices.Chunk(pairs, 2) {
		if pair[1] != "" {
			labels[model.LabelName(pair[0])] = model.LabelValue(pair[1])
		}
	}
	return labels
}

func failing(check, severity string) model.LabelSet {
	return alert("CheckFailing", severity, "check", check, "category", "c")
}

func lost(check, severity string) model.LabelSet {
	return alert("CheckLost", severity, "check", check, "category", "c", "page", "true")
}

// with is a copy of labels with another value of one.
func with(labels model.LabelSet, name, value string) model.LabelSet {
	labels = maps.Clone(labels)
	labels[model.LabelName(name)] = model.LabelValue(value)
	return labels
}

// An inhibitionCase is what one line of the example mutes.
type inhibitionCase struct {
	name           string // that is true
	source, target model.LabelSet
	other          model.LabelSet // is not muted, though it resembles the target; none: only that of another system is not
}

func inhibitionCases() []inhibitionCase {
	return slices.Concat(casesOfFacts(), casesOfItems(), casesOfConsequences())
}

func casesOfFacts() []inhibitionCase {
	certificate := []string{"source", "address", "name", "shop.example.com:443", "server_name", "", "ip", "192.0.2.1"}
	filesystem := []string{"host", "web", "mountpoint", "/", "purpose", "root"}
	workload := []string{"kubernetes_cluster", "main", "kubernetes_namespace", "shop", "kind", "Deployment", "name", "api"}
	waiver := []string{"check", "server.capacity", "by", "jane"}
	return []inhibitionCase{
		{
			"a certificate that has expired need not expire soon",
			alert("CertificateExpired", "critical", certificate...), alert("CertificateExpiringSoon", "critical", certificate...),
			with(alert("CertificateExpiringSoon", "critical", certificate...), "ip", "192.0.2.2"),
		},
		{
			"a certificate that expires in two days expires in a week",
			alert("CertificateExpiringSoon", "critical", certificate...), alert("CertificateExpiringSoon", "warning", certificate...),
			with(alert("CertificateExpiring", "warning", certificate...), "server_name", "www.example.com"),
		},
		{
			"a certificate that expires in a week expires in three",
			alert("CertificateExpiringSoon", "warning", certificate...), alert("CertificateExpiring", "warning", certificate...),
			with(alert("CertificateExpiring", "warning", certificate...), "server_name", "www.example.com"),
		},
		{
			"a chain that expires in two days expires in a week",
			alert("CertificateChainExpiring", "critical", certificate...), alert("CertificateChainExpiring", "warning", certificate...),
			with(alert("CertificateChainExpiring", "warning", certificate...), "name", "api.example.com:443"),
		},
		{
			"a chain that has expired does not verify",
			alert("CertificateChainExpiring", "critical", certificate...),
			alert("CertificateNotVerified", "critical", append(certificate, "fault", "expired")...),
			with(alert("CertificateNotVerified", "critical", certificate...), "name", "api.example.com:443"),
		},
		{
			"a file system that is full need not be full soon",
			alert("FilesystemFull", "critical", filesystem...), alert("FilesystemFullSoon", "critical", filesystem...),
			with(alert("FilesystemFullSoon", "critical", filesystem...), "mountpoint", "/var"),
		},
		{
			"a file system that is full is nearly full",
			alert("FilesystemFull", "critical", filesystem...), alert("FilesystemFull", "warning", filesystem...),
			with(alert("FilesystemFull", "warning", filesystem...), "mountpoint", "/var"),
		},
		{
			"a file system that can hold no file can hold few",
			alert("FilesystemInodesUsedUp", "critical", filesystem...), alert("FilesystemInodesUsedUp", "warning", filesystem...),
			with(alert("FilesystemInodesUsedUp", "warning", filesystem...), "host", "db"),
		},
		{
			"a file system that is full in hours is full in days",
			alert("FilesystemFullSoon", "critical", filesystem...), alert("FilesystemFullSoon", "warning", filesystem...),
			with(alert("FilesystemFullSoon", "warning", filesystem...), "host", "db"),
		},
		{
			"a signature that expires in a day expires in a week",
			alert("DNSSignatureExpiring", "critical", "domain", "shop.example.com"), alert("DNSSignatureExpiring", "warning", "domain", "shop.example.com"),
			alert("DNSSignatureExpiring", "warning", "domain", "api.example.com"),
		},
		{
			"a domain that expires in a day expires in a month",
			alert("DomainExpiring", "critical", "domain", "example.com"), alert("DomainExpiring", "warning", "domain", "example.com"),
			alert("DomainExpiring", "warning", "domain", "example.org"),
		},
		{
			"a workload that is down lacks pods",
			alert("WorkloadDown", "critical", workload...), alert("WorkloadReplicasMissing", "warning", workload...),
			with(alert("WorkloadReplicasMissing", "warning", workload...), "name", "web"),
		},
		{
			"a waiver that has expired need not expire soon",
			alert("WaiverExpired", "info", waiver...), alert("WaiverExpiring", "warning", waiver...),
			with(alert("WaiverExpiring", "warning", waiver...), "by", "joe"),
		},
	}
}

func casesOfItems() []inhibitionCase {
	certificate := []string{"source", "address", "name", "shop.example.com:443"}
	filesystem := []string{"host", "web", "mountpoint", "/", "purpose", "root"}
	workload := []string{"kubernetes_cluster", "main", "kubernetes_namespace", "shop", "kind", "Deployment", "name", "api"}
	backup := []string{"backup", "database", "place", "s3"}
	return []inhibitionCase{
		{
			"an item that pages needs no ticket", lost("networking.services", "critical"), lost("networking.services", "warning"),
			lost("tls.ingress", "warning"),
		},
		{
			"an item that pages since it fails does not page since it is lost",
			failing("networking.services", "critical"), lost("networking.services", "critical"), lost("software.ingress-controller", "critical"),
		},
		{
			"an item that fails needs no second ticket since it is lost",
			failing("backup.retention", "warning"), lost("backup.retention", "warning"), lost("backup.retention", "critical"),
		},
		{
			"a certificate that expires in two days fails its item",
			alert("CertificateExpiringSoon", "critical", certificate...), failing("tls.renewal", "critical"),
			failing("tls.production-issuer", "critical"),
		},
		{
			"a certificate that does not verify fails its item",
			alert("CertificateNotVerified", "critical", certificate...), lost("tls.production-issuer", "warning"), lost("tls.renewal", "warning"),
		},
		{
			"a backup that is too old fails its items",
			alert("BackupTooOld", "critical", backup...), lost("backup.frequency", "critical"), lost("backup.integrity", "warning"),
		},
		{
			"a signature that expires in a day fails its item",
			alert("DNSSignatureExpiring", "critical", "domain", "shop.example.com"), lost("domain.records", "critical"), lost("domain.propagation", "critical"),
		},
		{
			"a domain that expires in a day fails its item",
			alert("DomainExpiring", "critical", "domain", "example.com"), lost("domain.registered", "critical"), lost("domain.records", "critical"),
		},
		{
			"an endpoint that is down fails its items",
			alert("EndpointDown", "critical", "url", "https://shop.example.com/", "purpose", "front"), lost("functional.domain", "critical"),
			lost("functional.health", "critical"),
		},
		{
			"a database that does not answer fails its item",
			alert("DatabaseDown", "critical", "database", "main"), lost("functional.database", "critical"), lost("functional.health", "critical"),
		},
		{
			"a workload that is down leaves its Service without endpoints",
			alert("WorkloadDown", "critical", workload...), lost("networking.services", "critical"), failing("availability.health-checks", "critical"),
		},
		{
			"a file system that is read-only fails its item",
			alert("FilesystemReadOnly", "critical", filesystem...), failing("resources.storage", "critical"), failing("tls.renewal", "critical"),
		},
		{
			"a certificate that expires in a week needs no second ticket for its item",
			alert("CertificateExpiringSoon", "warning", certificate...), lost("tls.renewal", "warning"), failing("tls.renewal", "critical"),
		},
		{
			"a backup that is missing needs no second ticket for its items, and its loss still pages",
			alert("BackupMissing", "warning", backup...), lost("backup.retention", "warning"), lost("backup.frequency", "critical"),
		},
		{
			"a backup that has shrunk needs no second ticket for its item",
			alert("BackupShrunken", "warning", backup...), lost("backup.integrity", "warning"), lost("backup.frequency", "warning"),
		},
		{
			"a workload of one pod needs no second ticket for its item",
			alert("WorkloadTooFewReplicas", "warning", workload...), failing("availability.replicas", "info"),
			failing("availability.anti-affinity", "warning"),
		},
		{
			"a workload on one node needs no second ticket for its item",
			alert("WorkloadOnOneNode", "warning", workload...), lost("availability.anti-affinity", "warning"), lost("availability.replicas", "warning"),
		},
		{
			"a file system that is nearly full needs no second ticket for its item",
			alert("FilesystemFull", "warning", filesystem...), lost("server.disk", "warning"), failing("server.disk", "critical"),
		},
		{
			"an operating system without updates needs no second ticket for its item",
			alert("HostSupportEnds", "warning", "host", "web"), lost("server.os", "warning"), lost("server.capacity", "warning"),
		},
		{
			"answers that differ need no second ticket for their item",
			alert("DNSAnswersDiffer", "warning", "domain", "shop.example.com"), lost("domain.propagation", "warning"), failing("domain.propagation", "critical"),
		},
		{
			"a signature that expires in a week needs no second ticket for its item",
			alert("DNSSignatureExpiring", "warning", "domain", "shop.example.com"), lost("domain.records", "warning"), failing("domain.records", "critical"),
		},
		{
			"a domain that expires in a month needs no second ticket for its item",
			alert("DomainExpiring", "warning", "domain", "example.com"), failing("domain.registered", "warning"), failing("domain.registered", "critical"),
		},
	}
}

func casesOfConsequences() []inhibitionCase {
	return []inhibitionCase{
		{
			"an item that pages closes gates, and burns the budget",
			lost("networking.services", "critical"), alert("GateClosed", "warning", "gate", "production"),
			alert("ScoreFalling", "warning", "category", "other"),
		},
		{
			"an item that pages lowers the score of its category",
			failing("tls.renewal", "critical"), alert("ScoreFalling", "warning", "category", "c"), alert("ScoreFalling", "warning", "category", "other"),
		},
		{
			"a budget that burns fast burns",
			alert("BudgetBurningFast", "warning", "objective", "critical"), alert("BudgetBurning", "warning", "objective", "critical"),
			alert("BudgetBurning", "warning", "objective", "backups"),
		},
		{
			"a budget that burns burns slowly too",
			alert("BudgetBurning", "warning", "objective", "critical"), alert("BudgetBurningSlowly", "warning", "objective", "critical"),
			alert("BudgetBurningSlowly", "warning", "objective", "backups"),
		},
		{
			"a collector that cannot collect has only old facts",
			alert("CollectorDown", "warning", "collector", "certificate", "target", "shop.example.com:443"),
			alert("FactsStale", "warning", "collector", "certificate"), alert("FactsStale", "warning", "collector", "backup"),
		},
		{
			"what cannot be collected cannot be judged",
			alert("CollectorDown", "warning", "collector", "certificate", "target", "shop.example.com:443"),
			alert("CheckUnknown", "warning", "check", "tls.renewal"), failing("tls.renewal", "critical"),
		},
		{
			"without an exporter there are no systems",
			model.LabelSet{"alertname": "ReadinessExporterAbsent", "severity": "warning", "team": "monitoring"},
			alert("SystemAbsent", "warning"), nil,
		},
	}
}

// TestInhibitionsMuteWhatTheySay pushes alerts to a real Alertmanager: of each inhibition the source, a target, which must
// not be delivered, and what resembles the target, of this system and of others, which must.
func TestInhibitionsMuteWhatTheySay(t *testing.T) {
	cases := inhibitionCases()
	require.Len(t, cases, len(readExample(t).Inhibits), "one for each, in the same order")
	a := startAlertmanager(t)
	for i, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			rule := readExample(t).Inhibits[i]
			require.True(t, selects(t, rule.Sources, each.source) && selects(t, rule.Targets, each.target), "it is about another line")
			// Of a system of its own, so that no case mutes what is of another.
			own := func(labels model.LabelSet) model.LabelSet {
				if labels["system"] == "" {
					return labels
				}
				return with(labels, "system", fmt.Sprint("shop-", i))
			}
			source, target := own(each.source), own(each.target)
			spared := []model.LabelSet{with(target, clusterLabel, "other")}
			if slices.Contains(rule.Equal, "system") {
				spared = append(spared, with(target, "system", fmt.Sprint("blog-", i)), with(target, "environment", "staging"))
			}
			if each.other != nil {
				spared = append(spared, own(each.other))
			}
			a.push(t, source)
			a.push(t, append(spared, target)...)
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				require.True(c, a.muted(t)[target.Fingerprint()], "%v mutes %v", source, target)
				delivered := a.delivered(t)
				for _, labels := range append(spared, source) {
					require.Contains(c, delivered, labels.Fingerprint(), labels)
				}
			}, 2*time.Minute, 50*time.Millisecond)
			require.NotContains(t, a.delivered(t), target.Fingerprint(), target)
		})
	}
}

func selects(t *testing.T, texts []string, labels model.LabelSet) bool {
	t.Helper()
	for _, each := range matchers(t, texts) {
		if !each.pattern.MatchString(string(labels[model.LabelName(each.label)])) {
			return false
		}
	}
	return true
}

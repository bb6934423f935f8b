package collectors_test

import (
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/collector/conformance"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

func TestMain(m *testing.M) { goleak.VerifyTestMain(world.Around(m, &servers)) }

// A subject is a collector with one server that it collects from.
type subject struct {
	collector string // its name
	server    string
	make      func(t *testing.T) conformance.Case // without New: as in the list
}

func subjects() []subject {
	return []subject{
		{"host", "a root file system", hostCase},
		{"dns", "a name server", nameServerCase},
		{"cluster_dns", "a name server", clusterDNSCase},
		{"domain", "a registry", registryCase},
		{"endpoint", "a web server", endpointCase},
		{"endpoint_login", "a web server", endpointLoginCase},
		{"metrics_exposure", "a web server", metricsExposureCase},
		{"database", "a database", databaseConnectionCase},
		{"database_schema", "a database", databaseSchemaCase},
		{"default_login", "a Grafana", grafanaLoginCase},
		{"default_login", "a database", databaseLoginCase},
		{"default_login", "an SSH server", sshLoginCase},
		{"default_login", "a web server", webLoginCase},
		{"tls_offer", "a web server", tlsOfferCase},
		{"ssh_daemon", "a root file system", sshDaemonCase},
		{"ssh_server", "an SSH server", sshServerCase},
		{"port_probe", "a host", portProbeCase},
		{"listening_sockets", "a root file system", listeningCase},
		{"host_addresses", "a root file system", addressesCase},
		{"firewall", "a root file system", firewallCase},
		{"fail2ban", "a root file system", fail2banCase},
		{"systemd", "a system bus", systemdCase},
		{"updates", "a root file system", updatesCase},
		{"updates", "a root file system of dnf", updatesOfDNFCase},
		{"environment_file", "a root file system", environmentFileCase},
		{"certificate", "a TLS server", tlsCase},
		{"certificate", "a mail server", smtpCase},
		{"certificate", "a database", postgresCase},
		{"certificate", "a folder", certificateFolderCase},
		{"backup", "an S3 store", s3Case},
		{"backup", "a restic repository", resticCase},
		{"backup", "a directory", directoryCase},
		{"prometheus", "a Prometheus", prometheusCase},
		{"alert_rules", "a Prometheus", rulesCase},
		{"runbook_pages", "a Prometheus", runbooksCase},
		{"alert_history", "a Prometheus", historyCase},
		{"evidence", "a folder", evidenceCase},
		{"attestation", "a description", attestationCase},
		{"contact", "a description", contactsCase},
		{"on_call", "calendars", calendarCase},
		{"on_call", "PagerDuty", pagerDutyCase},
		{"review", "a host of code", codeHostCase},
		{"repository", "a repository on this machine", localRepositoryCase},
		{"repository", "a repository at a server", servedRepositoryCase},
		{"document", "a repository on this machine", localRepositoryCase},
		{"document", "a repository at a server", servedRepositoryCase},
		{"document", "a wiki", wikiCase},
		{"document_vocabulary", "a repository on this machine", localVocabularyCase},
		{"api_document", "a repository and an address", apiCase},
		{"external_links", "a repository on this machine", localLinksCase},
		{"kubernetes", "a control plane", kubernetesCase},
		{"kubernetes_configuration", "a control plane", kubernetesCase},
		{"kubernetes_staging", "a control plane", kubernetesCase},
		{"kubernetes_object", "a control plane", kubernetesCase},
		{"kubernetes_certificate", "a control plane", kubernetesCase},
		{"kubernetes_drill", "a control plane", drillCase},
		{"discovery", "a control plane", kubernetesCase},
		{"image_discovery", "a control plane", kubernetesCase},
		{"image", "a registry of images", imageCase},
		{"vantage", "another exporter", vantageCase},
	}
}

func TestEveryCollectorConforms(t *testing.T) {
	all := subjects()
	tested := make(map[string]bool)
	for _, s := range all {
		tested[s.collector] = true
		t.Run(s.collector+" of "+s.server, func(t *testing.T) {
			c := s.make(t)
			if c.New == nil {
				c.New = named(s.collector, collectors.Options{})
			}
			t.Parallel() // Once all servers are there; most of the rest waits.
			conformance.Test(t, c)
		})
	}
	existing, closeAll := collectors.All(collectors.Options{})
	defer closeAll()
	for _, each := range existing {
		require.True(t, tested[each.Describe().Name], "the collector %s has no case", each.Describe().Name)
	}
}

// named makes the collector of the list that has a name.
func named(name string, options collectors.Options) func(t *testing.T) collector.Any {
	return func(t *testing.T) collector.Any {
		t.Helper()
		all, closeAll := collectors.All(options)
		t.Cleanup(closeAll)
		for _, each := range all {
			if each.Describe().Name == name {
				return each
			}
		}
		require.Fail(t, "no collector of the list is named "+name)
		return nil
	}
}

// networkFaults are those that any server behind a proxy can have. Within answer bytes it has begun to answer, and not ended.
func networkFaults(t *testing.T, proxy *world.Proxy, answer int) []conformance.Fault {
	t.Helper()
	stranger := noise(t)
	pass := func(t *testing.T) {
		proxy.Pass(t)
		proxy.Cut()
	}
	return []conformance.Fault{
		{Name: "hangs", Break: proxyHang(proxy), Fix: pass, Hangs: true, Reasons: []fact.Reason{fact.ReasonTimeout}},
		{
			Name: "refuses", Fix: pass, Reasons: []fact.Reason{fact.ReasonRefused},
			Break: func(*testing.T) {
				proxy.Refuse()
				proxy.Cut()
			},
		},
		{
			Name: "cuts its answers", Break: func(t *testing.T) { proxy.CutAfter(t, answer) }, Fix: pass,
			Reasons: []fact.Reason{fact.ReasonUnreachable, fact.ReasonInvalid},
		},
		{
			Name: "sends garbage", Break: func(t *testing.T) { proxy.Lead(t, stranger) }, Fix: pass,
			Reasons: []fact.Reason{fact.ReasonInvalid, fact.ReasonUnreachable},
		},
	}
}

func proxyHang(proxy *world.Proxy) func(t *testing.T) {
	return func(t *testing.T) { proxy.Hang(t) }
}

// noise answers every client with the same random bytes.
func noise(t *testing.T) string {
	t.Helper()
	content := make([]byte, 64<<10)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(content) // It never fails.
	return world.Listen(t, func(conn net.Conn) {
		_, _ = conn.Write(content) // The client may have had enough.
	})
}

// file writes a file of a test's own, and gives its path.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	write(t, path, content)
	return path
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

// rewritten is the fault of a file that holds something else.
func rewritten(name, path, content string, unnoticed bool) conformance.Fault {
	var before []byte
	return conformance.Fault{
		Name: name, Unnoticed: unnoticed,
		Break: func(t *testing.T) {
			var err error
			before, err = os.ReadFile(path)
			require.NoError(t, err)
			write(t, path, content)
		},
		Fix: func(t *testing.T) { write(t, path, string(before)) },
	}
}

// moved is the fault of a file or folder that is not there.
func moved(name, path string, reasons ...fact.Reason) conformance.Fault {
	// Under a hidden name nobody takes it for another one of its folder.
	hidden := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	return conformance.Fault{
		Name: name, Reasons: reasons,
		Break: func(t *testing.T) { require.NoError(t, os.Rename(path, hidden)) },
		Fix:   func(t *testing.T) { require.NoError(t, os.Rename(hidden, path)) },
	}
}

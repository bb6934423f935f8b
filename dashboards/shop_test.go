package dashboards

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
	appsv1 "k8s.io/api/apps/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const day = 24 * time.Hour

var servers *world.World

func TestMain(m *testing.M) { world.Main(m, &servers) }

// A shop is a production system of which some is well and some is broken: something to show in every panel.
type shop struct {
	ca     *world.CA
	site   *world.TLSServer
	addr   string // of the exporter
	config string // of a Prometheus that scrapes it
}

func openShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{ca: world.NewCA(t, world.Spec{CommonName: "Shop Root"})}
	s.site = world.NewTLSServer(t, s.certificate(t, 90*day))
	elsewhere := freeAddress(t)
	config := s.describe(t, deploy(t), backUp(t), mountDisk(t), s.reached(t), elsewhere)
	serve(t, config, elsewhere, "--vantage.name", "frankfurt")
	s.addr = freeAddress(t)
	serve(t, config, s.addr)
	s.config = fmt.Sprintf(`
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: ["rules/*.yaml"]
scrape_configs:
  - job_name: readiness-exporter
    scrape_native_histograms: true
    static_configs: [{targets: [%q, %q]}]
`, s.addr, elsewhere)
	return s
}

func (s *shop) certificate(t *testing.T, remaining time.Duration) *world.Certificate {
	t.Helper()
	now := time.Now()
	return s.ca.Issue(t, world.Spec{CommonName: "localhost", NotBefore: now.Add(remaining - 90*day), NotAfter: now.Add(remaining)})
}

// backUp keeps backups of the last week in a folder, without yesterday's.
func backUp(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for age := 2; age < 9; age++ {
		made := time.Now().Add(-time.Duration(age) * day)
		path := filepath.Join(dir, made.UTC().Format(time.DateOnly)+".dump")
		require.NoError(t, os.WriteFile(path, bytes.Repeat([]byte("backup"), 100), 0o600))
		require.NoError(t, os.Chtimes(path, made, made))
	}
	return dir
}

type cluster struct{ kubeconfig, namespace string }

// deploy puts the healthy workload of the Kubernetes collector's tests on two nodes.
func deploy(t *testing.T) cluster {
	t.Helper()
	kubernetes := servers.Kubernetes(t)
	kubernetes.AddNodes(t, 2)
	namespace := kubernetes.Namespace(t)
	manifests, err := os.Open("../collectors/kubernetes/testdata/healthy.yaml")
	require.NoError(t, err)
	defer manifests.Close()
	decoder := yaml.NewYAMLOrJSONDecoder(manifests, 4096)
	var deployment appsv1.Deployment
	require.NoError(t, decoder.Decode(&deployment))
	var budget policyv1.PodDisruptionBudget
	require.NoError(t, decoder.Decode(&budget))
	_, err = kubernetes.Client.AppsV1().Deployments(namespace).Create(t.Context(), &deployment, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = kubernetes.Client.PolicyV1().PodDisruptionBudgets(namespace).Create(t.Context(), &budget, metav1.CreateOptions{})
	require.NoError(t, err)
	kubernetes.WaitAvailable(t, namespace, "api")
	return cluster{kubernetes.Kubeconfig, namespace}
}

// mountDisk mounts a small file system of the test's own, nearly full.
func mountDisk(t *testing.T) string {
	t.Helper()
	point := t.TempDir()
	require.NoError(t, unix.Mount("shop-data", point, "tmpfs", 0, "size=16m"), "tests mount file systems: run them as root")
	t.Cleanup(func() { require.NoError(t, unix.Unmount(point, unix.MNT_DETACH)) })
	require.NoError(t, os.WriteFile(filepath.Join(point, "fill"), make([]byte, 15<<20), 0o600))
	return point
}

// reached describes what users and strangers reach of the shop: its site, and a name that its name server has.
func (s *shop) reached(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "metrics"), []byte("requests_total 7\n"), 0o600))
	front := httptest.NewUnstartedServer(http.FileServer(http.Dir(folder)))
	front.TLS = &tls.Config{Certificates: []tls.Certificate{s.certificate(t, 90*day).TLS()}, MinVersion: tls.VersionTLS12}
	front.StartTLS()
	t.Cleanup(front.Close)
	names := servers.NameServer(t, world.NameServerSpec{Zones: []world.Zone{{Name: "shop.test.", Text: `
@   60 SOA ns hostmaster 7 3600 600 86400 60
@   60 NS  ns
ns  60 A   127.0.0.1
www 60 A   127.0.0.1
`}}})
	return fmt.Sprintf(`
    endpoints:
      - {url: "%s/", ca_file: *root}
      - {url: "%[1]s/absent", ca_file: *root} # which answers 404
      - {url: "%[1]s/metrics", ca_file: *root, purpose: metrics} # which anybody can read
    domains:
      - {name: www.shop.test, resolvers: [%[2]q], name_servers: [%[2]q]}
`, front.URL, names.Addr)
}

// describe writes the description of the shop, with a vantage point, and of a second system that cannot be reached.
func (s *shop) describe(t *testing.T, cluster cluster, backups, disk, reached, elsewhere string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "readiness.yaml")
	now := time.Now()
	token := filepath.Join(dir, "token")
	require.NoError(t, os.WriteFile(token, []byte("token-of-the-shop"), 0o600))
	content := fmt.Sprintf(`
systems:
  - name: shop
    environment: production
    owner: team-shop
    hosts:
      - name: web-1
        filesystems: [{mount: %q, purpose: data}]
      - {name: edge-1, remote: true, addresses: [127.0.0.1], ssh: {port: %d}, ports: {also: [%[2]d]}}
    discovery: {images: false}
    vantage_points: [{name: frankfurt, url: "http://%[11]s", bearer_token_file: %[12]q}]
    kubernetes:
      - {name: main, kubeconfig: %[3]q, namespaces: [%q]}
    certificates:
      - {address: &site %q, server_name: localhost, ca_file: &root %q}
      - {address: *site, server_name: shop.example.com, ca_file: *root} # it is not valid for this name
%s
    backups:
      - {name: database, directory: {path: %q}}
    objectives: {recovery_point: 26h, readiness: 0.9, categories: {security: 0.99, backup-recovery: 0.95}}
    attestations:
      - {check: team.trained, by: alex, at: %s, until: %s, link: "https://wiki.example.com/training"}
    waivers:
      - {check: server.capacity, by: alex, reason: The larger server is ordered., until: %[10]s}
    not_applicable:
      - {check: legal.cookies, reason: no cookies are set}
  - name: depot
    environment: staging
    certificates:
      - {address: "127.0.0.1:1", server_name: localhost}
collectors:
  certificate: {schedule: "@every 1s", timeout: 1s}
  endpoint: {schedule: "@every 1s", timeout: 1s}
  vantage: {schedule: "@every 1s", timeout: 1s}
tokens: [{name: main, sha256: ["%[13]x"], systems: ["*/*"], may: [facts]}]
`, disk, servers.SSHD(t).Port, cluster.kubeconfig, cluster.namespace, s.site.Addr, s.ca.WriteRoot(t, dir, "ca.pem"), reached, backups,
		now.Add(-day).Format(time.DateOnly), now.Add(30*day).Format(time.DateOnly), elsewhere, token, sha256.Sum256([]byte("token-of-the-shop")))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// freeAddress is one of this machine at which nothing listens yet.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// serve runs the exporter at an address until the test ends.
func serve(t *testing.T, config, addr string, flags ...string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "readiness-exporter")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "../cmd/readiness-exporter").CombinedOutput()
	require.NoError(t, err, "%s", output)
	var log bytes.Buffer
	process := exec.Command(binary, append(flags, "--config.file", config, "--web.listen-address", addr, "--storage.path", t.TempDir())...)
	process.Stdout, process.Stderr = &log, &log
	process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, process.Start())
	t.Cleanup(func() {
		require.NoError(t, process.Process.Signal(syscall.SIGTERM))
		require.NoError(t, process.Wait(), "%s", &log)
	})
	require.Eventually(t, func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/-/ready", http.NoBody)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		return response.Body.Close() == nil && response.StatusCode == http.StatusOK
	}, time.Minute, 50*time.Millisecond, "the exporter does not become ready")
}

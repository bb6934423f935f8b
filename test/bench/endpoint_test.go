package bench

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	testworld "github.com/readiness-exporter/readiness-exporter/test/world"
)

// How many endpoints are asked, at how many servers, and how often.
const (
	manyEndpoints   = 1000
	endpointServers = 20
	endpointEvery   = 10 * time.Second
	endpointRounds  = 6
	// scrapesAtOnce is how many probes a Prometheus has under way: it spreads its targets over the interval.
	scrapesAtOnce = 8
)

// BenchmarkEndpoints runs the exporter itself with 1,000 endpoints of HTTPS, each of which is asked every 10 s for its status,
// certificate and durations, and scraped as often: the work of a processor in a round, what is held, and how many series there are.
// Where BLACKBOX_EXPORTER names a binary of it, that is measured beside it with the same endpoints.
func BenchmarkEndpoints(b *testing.B) {
	binary := builtExporter(b)
	ca := testworld.NewCA(b, testworld.Spec{})
	urls := askedEndpoints(b, ca)
	dir := b.TempDir()
	root := ca.WriteRoot(b, dir, "ca.pem")
	for b.Loop() {
		address := freeAddress(b)
		exporter := started(b, binary, "--config.file="+endpointsDescribed(b, dir, root, urls), "--web.listen-address="+address, "--storage.path="+b.TempDir())
		require.Eventually(b, func() bool {
			return strings.Count(get(b.Context(), address, "/metrics"), "\nreadiness_endpoint_up{") == manyEndpoints
		}, 5*time.Minute, time.Second)
		time.Sleep(2 * endpointEvery) // What is asked once an hour is asked at once, too.
		measureRounds(b, exporter, "", func() int { return strings.Count(get(b.Context(), address, "/metrics"), "\nreadiness_") })
		exporter.stop()
		if other := os.Getenv("BLACKBOX_EXPORTER"); other != "" {
			measureBlackbox(b, other, dir, root, urls)
		}
	}
}

// measureRounds reports what a process does in a round, each of which begins with what is given, and is told how many series that gives.
func measureRounds(b *testing.B, p process, of string, round func() int) {
	b.Helper()
	before, series := processorTime(b, p), 0
	for range endpointRounds {
		begun := time.Now()
		series = round()
		time.Sleep(endpointEvery - time.Since(begun))
	}
	b.ReportMetric((processorTime(b, p)-before)/endpointRounds, of+"cpu-s/round")
	b.ReportMetric(float64(resident(b, p))/(1<<20), of+"MiB-resident")
	b.ReportMetric(float64(series), of+"series")
}

// measureBlackbox asks it for each endpoint, as a Prometheus does.
func measureBlackbox(b *testing.B, binary, dir, root string, urls []string) {
	b.Helper()
	config := filepath.Join(dir, "blackbox.yml")
	require.NoError(b, os.WriteFile(config, fmt.Appendf(nil,
		"modules: {https: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4, tls_config: {ca_file: %s}}}}\n", root), 0o600))
	address := freeAddress(b)
	other := started(b, binary, "--config.file="+config, "--web.listen-address="+address)
	defer other.stop()
	require.Eventually(b, func() bool {
		connection, err := new(net.Dialer).DialContext(b.Context(), "tcp", address)
		return err == nil && connection.Close() == nil
	}, time.Minute, 100*time.Millisecond)
	probe := func(target string) string {
		return get(b.Context(), address, "/probe?module=https&target="+url.QueryEscape(target))
	}
	require.Contains(b, probe(urls[0]), "\nprobe_success 1\n")
	measureRounds(b, other, "blackbox-", func() int {
		var work errgroup.Group
		work.SetLimit(scrapesAtOnce)
		for _, each := range urls {
			work.Go(func() error {
				probe(each)
				return nil
			})
		}
		require.NoError(b, work.Wait())
		return strings.Count(probe(urls[0]), "\nprobe_") * len(urls)
	})
}

// askedEndpoints are of servers that have an address each.
func askedEndpoints(b *testing.B, ca *testworld.CA) (urls []string) {
	b.Helper()
	var addresses []net.IP
	for i := range endpointServers {
		addresses = append(addresses, net.IPv4(127, 0, 2, byte(1+i)))
	}
	certificate := ca.Issue(b, testworld.Spec{CommonName: "endpoints", IPs: addresses}).TLS()
	for i := range manyEndpoints {
		if i < endpointServers {
			listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp4", net.JoinHostPort(addresses[i].String(), "0"))
			require.NoError(b, err)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ready\n")) }))
			require.NoError(b, server.Listener.Close())
			server.Listener, server.TLS = listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
			server.Config.ErrorLog = log.New(io.Discard, "", 0) // Versions of TLS that it does not speak are tried, too.
			server.StartTLS()
			b.Cleanup(server.Close)
			urls = append(urls, server.URL+"/")
			continue
		}
		urls = append(urls, fmt.Sprintf("%s%d", urls[i%endpointServers], i))
	}
	return urls
}

// endpointsDescribed writes the configuration that asks for them.
func endpointsDescribed(b *testing.B, dir, root string, urls []string) (path string) {
	b.Helper()
	content := new(strings.Builder)
	fmt.Fprintf(content, "systems:\n- name: shop\n  environment: production\n  collectors: {endpoint: {schedule: '@every %s', timeout: 5s}}\n  endpoints:\n", endpointEvery)
	for _, each := range urls {
		fmt.Fprintf(content, "  - {url: '%s', ca_file: %s}\n", each, root)
	}
	path = filepath.Join(dir, "readiness.yaml")
	require.NoError(b, os.WriteFile(path, []byte(content.String()), 0o600))
	return path
}

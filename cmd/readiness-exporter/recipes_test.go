package main

import (
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	exporterweb "github.com/prometheus/exporter-toolkit/web"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// paths are every sort that the exporter answers.
func paths() []string {
	return []string{
		"/", "/systems/shop/production", "/discovered", "/metrics", "/api/v1/systems", "/api/v1/systems/shop/production/facts",
		"/-/healthy", "/-/ready", "/-/reload", "/style.css", "/debug/pprof/", "/nothing",
	}
}

// recipe writes one of the web configurations of the guide to a folder that has the files it names, with those who issued them:
// the one that servers and the one that clients have.
func recipe(t *testing.T, name string) (file string, servers, clients *world.CA) {
	t.Helper()
	document, err := os.ReadFile(guide + "/security.md")
	require.NoError(t, err)
	folder := t.TempDir()
	for _, each := range blocksOf(t, string(document)) {
		if each.is != "web" || each.name != name {
			continue
		}
		servers, clients = world.NewCA(t, world.Spec{}), world.NewCA(t, world.Spec{})
		certificate, key := servers.Issue(t, world.Spec{}).Write(t, folder, "server")
		require.NoError(t, os.Rename(certificate, filepath.Join(folder, "server.crt")))
		require.NoError(t, os.Rename(key, filepath.Join(folder, "server.key")))
		require.NoError(t, os.Rename(clients.WriteRoot(t, folder, "root.pem"), filepath.Join(folder, "clients.crt")))
		content := regexp.MustCompile(`\$2a\S+`).ReplaceAllLiteralString(each.content, bcryptOf(t, "ready"))
		file = filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		return file, servers, clients
	}
	require.Fail(t, "the guide has no such recipe", name)
	return "", nil, nil
}

// status is what the exporter answers to a request, with the body.
func (e *runningExporter) status(client *http.Client, path string, edit func(*http.Request)) int {
	e.t.Helper()
	request, err := http.NewRequestWithContext(e.t.Context(), http.MethodGet, e.scheme+"://"+e.addr+path, http.NoBody)
	require.NoError(e.t, err)
	if edit != nil {
		edit(request)
	}
	response, err := client.Do(request)
	require.NoError(e.t, err, path)
	require.NoError(e.t, response.Body.Close())
	return response.StatusCode
}

func trusting(ca *world.CA, certificates ...tls.Certificate) *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: ca.Pool(), Certificates: certificates}, DisableKeepAlives: true,
	}}
}

// TestBasicAuthenticationAsTheGuideHasIt wants nothing at all to be answered without the password: what the pages and the API show is
// behind the same login as the metrics.
func TestBasicAuthenticationAsTheGuideHasIt(t *testing.T) {
	file, issuer, _ := recipe(t, "basic-auth.yaml")
	client := trusting(issuer)
	e := startExporterAt(t, "https", client, "--config.file", writeFile(t, "readiness.yaml", describe("shop")), "--web.config.file", file,
		"--web.expose-details", "--web.enable-lifecycle", "--web.enable-pprof")
	for _, path := range paths() {
		require.Equal(t, http.StatusUnauthorized, e.status(client, path, nil), path)
		require.Equal(t, http.StatusUnauthorized, e.status(client, path, func(r *http.Request) { r.SetBasicAuth("prometheus", "wrong") }), path)
	}
	login := func(r *http.Request) {
		r.SetBasicAuth("prometheus", "ready")
		r.Header.Set("X-Forwarded-For", "192.0.2.1") // as from another machine
	}
	for _, path := range []string{"/", "/metrics", "/discovered", "/api/v1/systems"} {
		require.Equal(t, http.StatusOK, e.status(client, path, login), path)
	}
}

// TestMutualTLSAsTheGuideHasIt wants who has no certificate of the authority to get no answer.
func TestMutualTLSAsTheGuideHasIt(t *testing.T) {
	file, issuer, clients := recipe(t, "mutual-tls.yaml")
	with := func(ca *world.CA) *http.Client {
		certificate, key := ca.Issue(t, world.Spec{}).Write(t, t.TempDir(), "client")
		pair, err := tls.LoadX509KeyPair(certificate, key)
		require.NoError(t, err)
		return trusting(issuer, pair)
	}
	known := with(clients)
	e := startExporterAt(t, "https", known, "--config.file", writeFile(t, "readiness.yaml", describe("shop")), "--web.config.file", file)
	for _, path := range []string{"/", "/metrics", "/-/healthy"} {
		require.Equal(t, http.StatusOK, e.status(known, path, nil), path)
	}
	for name, client := range map[string]*http.Client{"without a certificate": trusting(issuer), "with one of another authority": with(issuer)} {
		for _, path := range paths() {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+e.addr+path, http.NoBody)
			require.NoError(t, err)
			_, err = client.Do(request) //nolint:bodyclose // There is none.
			require.ErrorContains(t, err, "remote error: tls: ", "%s %s", name, path)
		}
	}
}

// TestDetailsWithoutALoginAreWarnedOf where other machines reach the exporter, and nowhere else.
func TestDetailsWithoutALoginAreWarnedOf(t *testing.T) {
	for name, test := range map[string]struct {
		addresses []string
		config    string
		socket    bool
		want      bool
	}{
		"on this machine only":       {addresses: []string{"localhost:10216", "[::1]:10216"}},
		"on every network":           {addresses: []string{":10216"}, want: true},
		"on one of several":          {addresses: []string{"localhost:10216", "192.0.2.1:10216"}, want: true},
		"with a web configuration":   {addresses: []string{":10216"}, config: "web.yaml"},
		"on what systemd has opened": {addresses: []string{":10216"}, socket: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := &serveCommand{web: &exporterweb.FlagConfig{
				WebListenAddresses: &test.addresses, WebConfigFile: &test.config, WebSystemdSocket: &test.socket,
			}}
			require.Equal(t, test.want, c.reachable())
		})
	}
	e := startExporter(t, "--config.file", writeFile(t, "readiness.yaml", describe("shop")), "--web.expose-details")
	require.NotContains(t, e.log.String(), "asks for a login")
}

// TestNothingListensWiderThanItIsTold holds the default address.
func TestNothingListensWiderThanItIsTold(t *testing.T) {
	help, err := os.ReadFile("../../docs/reference/cli.md")
	require.NoError(t, err)
	require.Contains(t, string(help), "--web.listen-address=localhost:10216")
}

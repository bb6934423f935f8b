package blackbox_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/blackbox"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const modules = `
modules:
  http_2xx: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4, fail_if_not_ssl: true}}
  api:
    prober: http
    http:
      method: POST
      valid_status_codes: [200, 204, 99]
      headers: {Host: shop.example.com, X-Api-Key: Zm9vYmFyYmF6cXV4MTIz, Accept-Language: en}
      fail_if_body_not_matches_regexp: ['"ok"', '"ready"', '.*']
      fail_if_header_not_matches:
        - {header: Content-Type, regexp: json}
        - {header: X-Cache, regexp: HIT, allow_missing: true}
      fail_if_body_json_not_matches_cel: body.status == "ok"
      body: '{}'
      tls_config: {ca_file: /etc/ssl/ca.pem, cert_file: /etc/ssl/own.pem, key_file: /etc/ssl/own.key, insecure_skip_verify: true, min_version: TLS12}
      basic_auth: {username: probe, password_file: /etc/secrets/password}
  inline: {prober: http, http: {basic_auth: {username: probe, password: canary}, authorization: {credentials: canary}}}
  ssh: {prober: tcp, tcp: {query_response: []}}
  names: {prober: dns}
  ping: {prober: icmp}
`

const scrapes = `
scrape_configs:
  - job_name: node
    static_configs: [{targets: ['localhost:9100']}]
  - job_name: sites
    metrics_path: /probe
    params: {module: [http_2xx]}
    file_sd_configs: [{files: [sites.yml]}]
    static_configs: [{targets: ['https://shop.example.com', 'blog.example.com/posts', 'https://a:canary@shop.example.com/']}]
    relabel_configs: [{source_labels: [__address__], target_label: __param_target}]
  - job_name: api
    metrics_path: /probe
    params: {module: [api]}
    static_configs: [{targets: ['https://shop.example.com/api', 'https://shop.example.com']}]
  - job_name: inline
    params: {module: [inline]}
    static_configs: [{targets: ['https://shop.example.com/inline']}]
  - job_name: ssh
    params: {module: [ssh]}
    static_configs: [{targets: ['shop.example.com:22']}]
  - job_name: lost
    params: {module: [gone]}
`

func TestAConfigurationIsTakenOver(t *testing.T) {
	made, err := blackbox.Make([]byte(modules), []byte(scrapes))
	require.NoError(t, err)
	require.Equal(t, []system.Endpoint{
		{URL: "https://shop.example.com/", Purpose: "front"},
		{URL: "http://blog.example.com/posts", Purpose: "api"},
		{
			URL: "https://shop.example.com/api", Purpose: "api", Method: "POST", CAFile: "/etc/ssl/ca.pem",
			Expect: system.EndpointExpectation{
				Status: []int{200, 204}, Headers: map[string]string{"Content-Type": "json"}, Body: `"ok"`, JSON: `body.status == "ok"`,
			},
			BasicAuth:         &system.BasicAuth{Username: "probe", PasswordFile: "/etc/secrets/password"},
			ClientCertificate: &system.ClientCertificate{CertFile: "/etc/ssl/own.pem", KeyFile: "/etc/ssl/own.key"},
			RequestHeaders:    map[string]string{"Accept-Language": "en", "Host": "shop.example.com"},
		},
		{URL: "https://shop.example.com/inline", Purpose: "api"},
	}, made.Endpoints)
	require.Equal(t, []string{
		"module api: body is not taken over: there is nothing like it",
		`module api: fail_if_body_not_matches_regexp is not taken over: "\"ready\"", since an endpoint expects one of them`,
		`module api: fail_if_body_not_matches_regexp is not taken over: ".*", since an endpoint expects one of them`,
		"module api: fail_if_header_not_matches is not taken over: X-Cache with allow_missing, since a header that is expected must be there",
		"module api: headers.X-Api-Key is not taken over: it looks like a credential: put it in a file, and name that in bearer_token_file or basic_auth",
		"module api: tls_config.insecure_skip_verify is not taken over: certificates are verified: name the authority that signed it in ca_file",
		"module api: tls_config.min_version is not taken over: which versions a server accepts is collected, and judged by data-protection.in-transit",
		"module api: valid_status_codes is not taken over: 99 is no code that ends an answer",
		"module http_2xx: fail_if_not_ssl is not taken over: the URL says whether it is https",
		"module http_2xx: preferred_ip_protocol is not taken over: every version of IP that the name has addresses of is asked",
		"module http_2xx: timeout is not taken over: a collection takes 20s at most, or what collectors.endpoint.timeout says",
		"module inline: authorization is not taken over: only type Bearer with credentials_file is",
		"module inline: basic_auth is not taken over: put the password in a file, and name that in basic_auth.password_file",
		"module names: the prober dns is not taken over",
		"module ping: the prober icmp is not taken over",
		"module ssh: the prober tcp is not taken over",
		"job sites: targets of file_sd_configs are not known here: declare their URLs",
		"job sites: a target is no URL, or has a login in it: declare it with bearer_token_file or basic_auth",
		"job api: https://shop.example.com/ is there already, as another module has it",
		"job lost: there is no module gone",
	}, made.Notes)

	written, err := made.YAML("shop", "production")
	require.NoError(t, err)
	require.NotContains(t, string(written), "canary")
	file := filepath.Join(t.TempDir(), "config.yml")
	require.NoError(t, os.WriteFile(file, written, 0o600))
	all, closeAll := collectors.All(collectors.Options{})
	defer closeAll()
	loaded, err := config.Load(file, config.Options{Kinds: checks.All(), Collectors: all})
	require.NoError(t, err, "%s", written)
	require.Equal(t, made.Endpoints, loaded.Plans[0].System.Endpoints)
}

func TestWhatIsNoConfigurationIsSaid(t *testing.T) {
	for text, want := range map[string]string{"modules: {}": "it has no modules", "modules: 7": "read the configuration of blackbox_exporter"} {
		_, err := blackbox.Make([]byte(text), nil)
		require.ErrorContains(t, err, want)
	}
	_, err := blackbox.Make([]byte(modules), []byte("scrape_configs: 7"))
	require.ErrorContains(t, err, "read the configuration of Prometheus")
}

func FuzzMake(f *testing.F) {
	f.Add([]byte(modules), []byte(scrapes))
	f.Fuzz(func(t *testing.T, exporter, prometheus []byte) {
		if made, err := blackbox.Make(exporter, prometheus); err == nil {
			_, err := made.YAML("shop", "production")
			require.NoError(t, err)
		}
	})
}

package blackbox_test

import (
	"fmt"
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
  inline: {prober: http, http: {basic_auth: {username: probe, password: canary}, authorization: {credentials: canary}, proxy_url: 'http://a:canary@proxy:3128'}}
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
		"module inline: proxy_url is not taken over: expected a proxy of HTTP, without credentials",
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

// What relabel_configs make of a target is what blackbox_exporter is asked, and not what stands under targets.
func TestTargetsAreRelabeled(t *testing.T) {
	const modules = "modules: {http_2xx: {prober: http}, api: {prober: http, http: {valid_status_codes: [204]}}, ping: {prober: icmp}, bad: {}}"
	const target = "{source_labels: [__address__], target_label: __param_target}"
	for name, test := range map[string]struct {
		job  string
		want []string // URLs, with what they expect
		note string
	}{
		"a scheme and a path that are added": {
			`static_configs: [{targets: [shop.example.com]}], relabel_configs: [
				{source_labels: [__address__], regex: '(.*)', target_label: __param_target, replacement: 'https://${1}/health'}]`,
			[]string{"https://shop.example.com/health []"}, "",
		},
		"a module within the target": {
			`static_configs: [{targets: ['shop.example.com;api', 'shop.example.com/x;ping']}], relabel_configs: [
				{source_labels: [__address__], regex: '(.*);(.*)', target_label: __param_module, replacement: $2},
				{source_labels: [__address__], regex: '(.*);(.*)', target_label: __param_target, replacement: $1}]`,
			[]string{"http://shop.example.com/ [204]"}, "module ping: the prober icmp is not taken over",
		},
		"a module by a label": {
			`static_configs: [{targets: [a.example.com], labels: {__param_module: api}}, {targets: [b.example.com]}], relabel_configs: [` + target + `]`,
			[]string{"http://a.example.com/ [204]", "http://b.example.com/ []"}, "",
		},
		"a target among the parameters": {
			`params: {module: [api], target: ['https://shop.example.com']}, static_configs: [{targets: ['blackbox:9115']}]`,
			[]string{"https://shop.example.com/ [204]"}, "",
		},
		"targets that are dropped": {
			`static_configs: [{targets: [a.example.com, b.example.com]}], relabel_configs: [` + target + `,
				{source_labels: [__address__], regex: b.*, action: drop}]`,
			[]string{"http://a.example.com/ []"}, "job sites: relabel_configs drop a target, which is not taken over",
		},
		"targets that are kept": {
			`static_configs: [{targets: [a.example.com], labels: {team: x}}, {targets: [b.example.com]}], relabel_configs: [` + target + `,
				{source_labels: [team], regex: x, action: keep}]`,
			[]string{"http://a.example.com/ []"}, "job sites: relabel_configs drop a target, which is not taken over",
		},
		"what is shared by a hash": {
			`static_configs: [{targets: [a.example.com]}], relabel_configs: [` + target + `,
				{source_labels: [__address__], modulus: 2, target_label: __tmp, action: hashmod}]`,
			nil, `job sites: its targets are not taken over: relabel_configs: the action "hashmod" is not known here: declare their URLs`,
		},
		"a label of another name, and small letters": {
			`static_configs: [{targets: [A.example.com], labels: {meta_team: x}}], relabel_configs: [{regex: meta_(.*), action: labelmap},
				{source_labels: [__address__], target_label: __param_target, action: lowercase}, {regex: meta_.*, action: labeldrop}]`,
			[]string{"http://a.example.com/ []"}, "",
		},
		"a name that is not in ASCII": {
			`static_configs: [{targets: ['https://bücher.example:8443']}], relabel_configs: [` + target + `]`,
			[]string{"https://xn--bcher-kva.example:8443/ []"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			made, err := blackbox.Make([]byte(modules), []byte("scrape_configs: [{job_name: sites, metrics_path: /probe, "+test.job+"}]"))
			require.NoError(t, err)
			var got []string
			for _, each := range made.Endpoints {
				got = append(got, fmt.Sprint(each.URL, " ", each.Expect.Status))
			}
			require.Equal(t, test.want, got)
			require.Subset(t, append(made.Notes, ""), []string{test.note})
			require.Contains(t, made.Notes, "module bad: it has no prober, and is not taken over")
		})
	}
}

func TestFurtherFilesAreNotRead(t *testing.T) {
	made, err := blackbox.Make([]byte(modules), []byte("scrape_config_files: ['jobs/*.yml']"))
	require.NoError(t, err)
	require.Contains(t, made.Notes, "scrape_config_files: jobs/*.yml is not read: import it by itself")
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

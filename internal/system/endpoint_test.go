package system_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestEndpoint_Validate(t *testing.T) {
	const address = "https://shop.example.com/health?full=1"
	expect := func(e system.EndpointExpectation) system.Endpoint { return system.Endpoint{URL: address, Expect: e} }
	for _, c := range []struct {
		name     string
		endpoint system.Endpoint
		want     []string
	}{
		{"a URL is enough", system.Endpoint{URL: address}, nil},
		{"so is one of an address", system.Endpoint{URL: "http://[2001:db8::1]:8080/"}, nil},
		{"every purpose can be declared", system.Endpoint{URL: address, Purpose: "privacy-policy"}, nil},
		{"other ones cannot", system.Endpoint{URL: address, Purpose: "page"}, []string{
			`purpose "page": expected one of front, api, health, metrics, ingress, protected, other, terms-of-service, privacy-policy, cookie-policy, acceptable-use-policy`,
		}},
		{"a URL is of the web", system.Endpoint{URL: "ftp://shop.example.com"}, []string{"url: expected one such as https://shop.example.com/"}},
		{"there must be one", system.Endpoint{}, []string{"url: expected one such as https://shop.example.com/"}},
		{"a login does not stand in it", system.Endpoint{URL: "https://a:canary@shop.example.com/"}, []string{
			"url: credentials do not belong in it; use bearer_token_file or basic_auth",
		}},
		{"nor does a token", system.Endpoint{URL: "https://shop.example.com/?api_key=Zm9vYmFyYmF6cXV4MTIz"}, []string{
			"url: a parameter looks like a credential, and the URL is shown: use bearer_token_file or basic_auth",
		}},
		{"a parameter that cannot be read may be one", system.Endpoint{URL: "https://shop.example.com/?a=%zz"}, []string{
			"url: a parameter looks like a credential, and the URL is shown: use bearer_token_file or basic_auth",
		}},
		{"a fragment is never sent", system.Endpoint{URL: "https://shop.example.com/#a"}, []string{"url: expected no # in it"}},
		{"expectations are right", expect(system.EndpointExpectation{
			Status: []int{200, 503}, Headers: map[string]string{"Content-Type": "^application/json"}, Body: `"ok"`,
		}), nil},
		{"a status ends an answer, once", expect(system.EndpointExpectation{Status: []int{100, 2000, 200, 200}}), []string{
			"status 100: expected a code that ends an answer, such as 200", "status 2000: expected a code that ends an answer, such as 200",
			"status 200 stands twice",
		}},
		{"what is expected is something", expect(system.EndpointExpectation{
			Headers: map[string]string{"X-A": "", "X-B": "a*", "X C": "(", "X-D": "d"}, Body: ".*",
		}), []string{
			`headers: "X C" is no name of a header`, "X C: expected a regular expression (RE2): error parsing regexp: missing closing ): `(`",
			`X-A "": it matches nothing at all too, and so says nothing`, `X-B "a*": it matches nothing at all too, and so says nothing`,
			`body ".*": it matches nothing at all too, and so says nothing`,
		}},
		{"JSON is judged by an expression", expect(system.EndpointExpectation{JSON: `body.status == "ok"`}), nil},
		{"by one that can be read", expect(system.EndpointExpectation{JSON: "1 + 1"}), []string{
			"json: expected an expression in CEL over body: it gives int, and not yes or no",
		}},
		{"a certificate of ours has a key", system.Endpoint{URL: address, ClientCertificate: &system.ClientCertificate{CertFile: "a.pem"}}, []string{
			"client_certificate: expected cert_file and key_file", `cert_file "a.pem": expected an absolute path`,
		}},
		{"what is protected needs a login for tests", system.Endpoint{URL: address, Purpose: "protected"}, []string{
			`purpose "protected": expected bearer_token_file or basic_auth with a credential for tests`,
		}},
		{"a request changes nothing, and its headers hold no secret", system.Endpoint{URL: address, Method: "DELETE", RequestHeaders: map[string]string{
			"authorization": "x", "X Y": "1", "X-Tenant": "7",
		}, ProxyURL: "http://a:b@proxy.example.com", HTTP3: true}, []string{
			"method \"DELETE\": expected one of GET, HEAD, POST", `request_headers: "X Y" is no header, or its value is none`,
			"request_headers: authorization looks like a credential, and is shown: use bearer_token_file or basic_auth",
			"http3: expected an address that begins with https:// and no proxy_url",
			"proxy_url: expected one such as http://proxy.example.com:3128, without credentials",
		}},
		{"HEAD has no body", system.Endpoint{URL: address, Method: "HEAD", Expect: system.EndpointExpectation{Body: "ok"}}, []string{
			"method HEAD: its answer has no body to expect anything of",
		}},
		{"one login is enough", system.Endpoint{URL: address, BearerTokenFile: "/a", BasicAuth: &system.BasicAuth{Username: "a", PasswordFile: "/b"}},
			[]string{"expected either bearer_token_file or basic_auth, not both"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := system.System{Name: "shop", Environment: "production", Endpoints: []system.Endpoint{c.endpoint}}
			var got []string
			for _, found := range mistakesOf(&s) {
				got = append(got, found.Message)
			}
			require.Equal(t, c.want, got)
		})
	}
	twice := system.Endpoint{URL: address}
	s := system.System{Name: "shop", Environment: "production", Endpoints: []system.Endpoint{twice, twice}}
	require.Equal(t, mistake.List{
		{Path: []any{"endpoints", 1}, Message: `url "` + address + `" stands twice: entry 1 has it already`},
	}, mistakesOf(&s))
}

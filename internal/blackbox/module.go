package blackbox

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"

	"golang.org/x/net/http/httpguts"

	"github.com/readiness-exporter/readiness-exporter/internal/jsonrule"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A section is what is read of a part of a module.
type section struct {
	*Import
	module string
	into   *system.Endpoint
}

// lost notes a key that is not taken over.
func (s section) lost(key, why string) {
	s.note("module %s: %s is not taken over: %s", s.module, key, why)
}

// module makes an endpoint without a URL of a module; nil where it probes something else than the web.
func (i *Import) module(name string, declared settings) *system.Endpoint {
	switch prober := text(declared["prober"]); prober {
	case "http":
	case "":
		i.note("module %s: it has no prober, and is not taken over", name)
		return nil
	default:
		i.note("module %s: the prober %s is not taken over", name, prober)
		return nil
	}
	endpoint := &system.Endpoint{}
	s := section{i, name, endpoint}
	for _, key := range slices.Sorted(maps.Keys(declared)) {
		switch key {
		case "prober":
		case "http":
			s.http(mapOf(declared[key]))
		case "timeout":
			s.lost(key, "a collection takes 20s at most, or what collectors.endpoint.timeout says")
		default:
			s.lost(key, "there is nothing like it")
		}
	}
	return endpoint
}

// http reads the section of HTTP.
func (s section) http(declared settings) {
	for _, key := range slices.Sorted(maps.Keys(declared)) {
		value := declared[key]
		switch key {
		case "valid_status_codes":
			s.status(value)
		case "method":
			s.method(text(value))
		case "headers":
			s.headers(mapOf(value))
		case "fail_if_body_not_matches_regexp":
			s.body(list(value))
		case "fail_if_header_not_matches":
			s.expectedHeaders(list(value))
		case "fail_if_body_json_not_matches_cel":
			s.json(text(value))
		case "tls_config":
			s.tls(mapOf(value))
		case "basic_auth":
			s.basicAuth(mapOf(value))
		case "bearer_token_file":
			s.into.BearerTokenFile = s.file(key, value)
		case "authorization":
			s.authorization(mapOf(value))
		case "proxy_url":
			s.proxy(text(value))
		case "preferred_ip_protocol", "ip_protocol_fallback":
			s.lost(key, "every version of IP that the name has addresses of is asked")
		case "follow_redirects", "no_follow_redirects":
			s.lost(key, "redirects are followed, up to one whose status is in expect.status")
		case "fail_if_ssl", "fail_if_not_ssl":
			s.lost(key, "the URL says whether it is https")
		default:
			s.lost(key, "there is nothing like it")
		}
	}
}

func (s section) proxy(address string) {
	proxy, err := url.Parse(address)
	if err != nil || proxy.Scheme != "http" && proxy.Scheme != "https" || proxy.Host == "" || proxy.User != nil {
		s.lost("proxy_url", "expected a proxy of HTTP, without credentials")
		return
	}
	s.into.ProxyURL = address
}

func (s section) status(value any) {
	for _, each := range list(value) {
		if code, is := each.(int); is && http.StatusText(code) != "" && code >= 200 && !slices.Contains(s.into.Expect.Status, code) {
			s.into.Expect.Status = append(s.into.Expect.Status, code)
			continue
		}
		s.lost("valid_status_codes", fmt.Sprintf("%v is no code that ends an answer", each))
	}
}

func (s section) method(name string) {
	switch name {
	case http.MethodGet:
	case http.MethodHead, http.MethodPost:
		s.into.Method = name
	default:
		s.lost("method", name+" may change something; GET, HEAD and POST are sent")
	}
}

func (s section) headers(declared settings) {
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		value := text(declared[name])
		switch credential := slices.Contains([]string{"Authorization", "Cookie", "Proxy-Authorization"}, http.CanonicalHeaderKey(name)); {
		case credential || secret.Holds(name, value):
			s.lost("headers."+name, "it looks like a credential: put it in a file, and name that in bearer_token_file or basic_auth")
		case !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value):
			s.lost("headers", "one of them is no header")
		default:
			put(&s.into.RequestHeaders, name, value)
		}
	}
}

// body takes the first of several expressions: each must match, and one is all that can be expected.
func (s section) body(patterns []any) {
	for _, each := range patterns {
		switch pattern := text(each); {
		case s.into.Expect.Body != "":
			s.lost("fail_if_body_not_matches_regexp", fmt.Sprintf("%q, since an endpoint expects one of them", pattern))
		case s.asks("fail_if_body_not_matches_regexp", pattern):
			s.into.Expect.Body = pattern
		}
	}
}

func (s section) expectedHeaders(all []any) {
	for _, each := range all {
		declared := mapOf(each)
		name, pattern := text(declared["header"]), text(declared["regexp"])
		switch {
		case declared["allow_missing"] == true:
			s.lost("fail_if_header_not_matches", fmt.Sprintf("%s with allow_missing, since a header that is expected must be there", name))
		case s.into.Expect.Headers[name] != "":
			s.lost("fail_if_header_not_matches", fmt.Sprintf("%q of %s, since an endpoint expects one of them", pattern, name))
		case httpguts.ValidHeaderFieldName(name) && s.asks("fail_if_header_not_matches", pattern):
			put(&s.into.Expect.Headers, name, pattern)
		}
	}
}

// asks tells whether an expression asks for anything, and can be read.
func (s section) asks(key, pattern string) bool {
	compiled, err := regexp.Compile(pattern)
	if err != nil || compiled.MatchString("") || len(pattern) > system.LongestPattern {
		s.lost(key, fmt.Sprintf("%q is no regular expression, matches nothing at all too, or is too long", pattern))
		return false
	}
	return true
}

func (s section) json(rule string) {
	if _, err := jsonrule.Compile(rule); err != nil {
		s.lost("fail_if_body_json_not_matches_cel", err.Error())
		return
	}
	s.into.Expect.JSON = rule
}

func (s section) tls(declared settings) {
	for _, key := range slices.Sorted(maps.Keys(declared)) {
		switch value := declared[key]; key {
		case "ca_file":
			s.into.CAFile = s.file("tls_config."+key, value)
		case "cert_file", "key_file":
		case "insecure_skip_verify":
			if value == true {
				s.lost("tls_config."+key, "certificates are verified: name the authority that signed it in ca_file")
			}
		case "min_version", "max_version":
			s.lost("tls_config."+key, "which versions a server accepts is collected, and judged by data-protection.in-transit")
		default:
			s.lost("tls_config."+key, "there is nothing like it")
		}
	}
	if declared["cert_file"] != nil || declared["key_file"] != nil {
		certificate, key := s.file("tls_config.cert_file", declared["cert_file"]), s.file("tls_config.key_file", declared["key_file"])
		if certificate != "" && key != "" {
			s.into.ClientCertificate = &system.ClientCertificate{CertFile: certificate, KeyFile: key}
		}
	}
}

func (s section) basicAuth(declared settings) {
	name, file := text(declared["username"]), ""
	if declared["password_file"] != nil {
		file = s.file("basic_auth.password_file", declared["password_file"])
	}
	switch {
	case declared["password"] != nil:
		s.lost("basic_auth", "put the password in a file, and name that in basic_auth.password_file")
	case name != "" && file != "":
		s.into.BasicAuth = &system.BasicAuth{Username: name, PasswordFile: file}
	default:
		s.lost("basic_auth", "expected username and password_file")
	}
}

func (s section) authorization(declared settings) {
	if kind := text(declared["type"]); kind != "" && kind != "Bearer" || declared["credentials_file"] == nil {
		s.lost("authorization", "only type Bearer with credentials_file is")
		return
	}
	s.into.BearerTokenFile = s.file("authorization.credentials_file", declared["credentials_file"])
}

// file is a path, which must be absolute.
func (s section) file(key string, value any) string {
	path := text(value)
	if !filepath.IsAbs(path) {
		s.lost(key, "expected an absolute path")
		return ""
	}
	return path
}

func put(into *map[string]string, key, value string) {
	if *into == nil {
		*into = make(map[string]string)
	}
	(*into)[key] = value
}

func text(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

func mapOf(value any) settings {
	switch value := value.(type) {
	case settings:
		return value
	case map[string]any:
		return value
	default:
		return nil
	}
}

func list(value any) []any {
	all, _ := value.([]any)
	return all
}

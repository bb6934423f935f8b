package system

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/jsonrule"
	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
)

// An Endpoint is an address of the web that the system answers at. It is asked with GET as a browser asks: over each version of IP
// that its name has addresses of, and following redirects.
type Endpoint struct {
	URL string `yaml:"url"` // https://shop.example.com/
	// Purpose says what it is for, and so which items judge it; default: front.
	Purpose string `yaml:"purpose,omitempty"`
	// Expect is what it must answer, beside what its purpose wants.
	Expect EndpointExpectation `yaml:"expect,omitempty"`
	// CAFile is a PEM file of the authorities that may sign for it; default: the public ones.
	CAFile          string     `yaml:"ca_file,omitempty"`
	BearerTokenFile string     `yaml:"bearer_token_file,omitempty"` // a file that holds the token to log in with
	BasicAuth       *BasicAuth `yaml:"basic_auth,omitempty"`        // a name and a password to log in with
	// ClientCertificate is shown to the server of the URL, and to no other, where it asks for one.
	ClientCertificate *ClientCertificate `yaml:"client_certificate,omitempty"`
	// Method is GET, HEAD or POST, which has no body here; default: GET.
	Method string `yaml:"method,omitempty"`
	// RequestHeaders are sent to the server of the URL. They are shown, and so hold no secret.
	RequestHeaders map[string]string `yaml:"request_headers,omitempty"`
	// ProxyURL is a proxy of HTTP to ask through, such as http://proxy.example.com:3128; default: as the environment says.
	ProxyURL string `yaml:"proxy_url,omitempty"`
	// HTTP3: it must answer over HTTP/3 too, at the same port.
	HTTP3 bool `yaml:"http3,omitempty"`
	// LocalOnly: it is not collected from vantage points, since it cannot be reached from there.
	LocalOnly bool `yaml:"local_only,omitempty"`
	// Found is where it was discovered; nil: it is declared.
	Found *Found `yaml:"-"`
}

// A ClientCertificate is what the exporter shows of itself in a handshake.
type ClientCertificate struct {
	CertFile string `yaml:"cert_file"` // a PEM file of the certificate, and of those that signed it
	KeyFile  string `yaml:"key_file"`  // a PEM file of its private key
}

// An EndpointExpectation is what an endpoint must answer.
type EndpointExpectation struct {
	// Status has the codes of which one must be answered in the end; default, by purpose: 200 of health and of published pages,
	// less than 400 of front, 200 to 299 of all others.
	Status []int `yaml:"status,omitempty"`
	// Headers are regular expressions (RE2) by the names of headers, of which one value must match.
	Headers map[string]string `yaml:"headers,omitempty"`
	Body    string            `yaml:"body,omitempty"` // a regular expression (RE2) that the body must match
	// JSON is an expression in CEL that must hold of the body, which is body in it: body.status == "ok".
	JSON string `yaml:"json,omitempty"`
}

// DeclaredPurpose is the purpose, or the default where none is declared.
func (e Endpoint) DeclaredPurpose() string {
	if e.Purpose == "" {
		return fact.EndpointFront
	}
	return e.Purpose
}

func (e Endpoint) identity() (string, string) { return "url", e.URL }

func (e Endpoint) validate(list *mistake.List, path []any) {
	validateURL(list, path, e.URL, "https://shop.example.com/")
	if e.Purpose != "" {
		checkOneOf(list, mistake.At(path, "purpose"), "purpose", e.Purpose, fact.EndpointPurposes())
	}
	e.Expect.validate(list, mistake.At(path, "expect"))
	checkFile(list, path, "ca_file", e.CAFile)
	validateLogin(list, path, e.BearerTokenFile, e.BasicAuth)
	e.validateRequest(list, path)
	if e.Purpose == fact.EndpointProtected && e.BearerTokenFile == "" && e.BasicAuth == nil {
		list.Add(mistake.At(path, "purpose"), "purpose %q: expected bearer_token_file or basic_auth with a credential for tests", e.Purpose)
	}
}

// validateRequest notes what is wrong with how it is asked.
func (e Endpoint) validateRequest(list *mistake.List, path []any) {
	if own := e.ClientCertificate; own != nil {
		at := mistake.At(path, "client_certificate")
		if own.CertFile == "" || own.KeyFile == "" {
			list.Add(at, "client_certificate: expected cert_file and key_file")
		}
		checkFile(list, at, "cert_file", own.CertFile)
		checkFile(list, at, "key_file", own.KeyFile)
	}
	if e.Method != "" {
		checkOneOf(list, mistake.At(path, "method"), "method", e.Method, []string{http.MethodGet, http.MethodHead, http.MethodPost})
	}
	if e.Method == http.MethodHead && (e.Expect.Body != "" || e.Expect.JSON != "") {
		list.Add(mistake.At(path, "method"), "method HEAD: its answer has no body to expect anything of")
	}
	for _, name := range slices.Sorted(maps.Keys(e.RequestHeaders)) {
		at, value := mistake.At(path, "request_headers", name), e.RequestHeaders[name]
		switch {
		case !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value):
			list.Add(at, "request_headers: %q is no header, or its value is none", name)
		case secret.Holds(name, value) || slices.Contains(credentialHeaders(), http.CanonicalHeaderKey(name)):
			list.Add(at, "request_headers: %s looks like a credential, and is shown: use bearer_token_file or basic_auth", name)
		}
	}
	if e.HTTP3 && (!strings.HasPrefix(strings.ToLower(e.URL), "https:") || e.ProxyURL != "") {
		list.Add(mistake.At(path, "http3"), "http3: expected an address that begins with https:// and no proxy_url")
	}
	if e.ProxyURL != "" {
		proxy, err := url.Parse(e.ProxyURL)
		if err != nil || !isWebAddress(proxy) || proxy.User != nil {
			list.Add(mistake.At(path, "proxy_url"), "proxy_url: expected one such as http://proxy.example.com:3128, without credentials")
		}
	}
}

// credentialHeaders are what logins are sent in.
func credentialHeaders() []string { return []string{"Authorization", "Cookie", "Proxy-Authorization"} }

func (e EndpointExpectation) validate(list *mistake.List, path []any) {
	for i, status := range e.Status {
		at := mistake.At(path, "status", i)
		if http.StatusText(status) == "" || status < 200 {
			list.Add(at, "status %d: expected a code that ends an answer, such as 200", status)
		} else if slices.Contains(e.Status[:i], status) {
			list.Add(at, "status %d stands twice", status)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		at := mistake.At(path, "headers", name)
		if !httpguts.ValidHeaderFieldName(name) {
			list.Add(at, "headers: %q is no name of a header", name)
		}
		checkExpression(list, at, name, e.Headers[name])
	}
	if e.Body != "" {
		checkExpression(list, mistake.At(path, "body"), "body", e.Body)
	}
	if e.JSON != "" {
		if _, err := jsonrule.Compile(e.JSON); err != nil {
			list.Add(mistake.At(path, "json"), "json: expected an expression in CEL over body: %v", err)
		}
	}
}

// LongestPattern is how long a regular expression may be, in bytes.
const LongestPattern = 1000

// checkExpression notes a text that is no regular expression, or none that asks for anything.
func checkExpression(list *mistake.List, path []any, what, pattern string) {
	compiled, err := regexp.Compile(pattern)
	switch {
	case len(pattern) > LongestPattern:
		list.Add(path, "%s: expected a regular expression of %d bytes at most", what, LongestPattern)
	case err != nil:
		list.Add(path, "%s: expected a regular expression (RE2): %v", what, err)
	case pattern == "" || compiled.MatchString(""):
		list.Add(path, "%s %q: it matches nothing at all too, and so says nothing", what, pattern)
	}
}

package system

import (
	"maps"
	"net/http"
	"regexp"
	"slices"

	"golang.org/x/net/http/httpguts"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
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
	// Found is where it was discovered; nil: it is declared.
	Found *Found `yaml:"-"`
}

// An EndpointExpectation is what an endpoint must answer.
type EndpointExpectation struct {
	// Status has the codes of which one must be answered in the end; default, by purpose: 200 of health and of published pages,
	// less than 400 of front, 200 to 299 of all others.
	Status []int `yaml:"status,omitempty"`
	// Headers are regular expressions (RE2) by the names of headers, of which one value must match.
	Headers map[string]string `yaml:"headers,omitempty"`
	Body    string            `yaml:"body,omitempty"` // a regular expression (RE2) that the body must match
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
}

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
}

// longestPattern is how long a regular expression may be, in bytes.
const longestPattern = 1000

// checkExpression notes a text that is no regular expression, or none that asks for anything.
func checkExpression(list *mistake.List, path []any, what, pattern string) {
	compiled, err := regexp.Compile(pattern)
	switch {
	case len(pattern) > longestPattern:
		list.Add(path, "%s: expected a regular expression of %d bytes at most", what, longestPattern)
	case err != nil:
		list.Add(path, "%s: expected a regular expression (RE2): %v", what, err)
	case pattern == "" || compiled.MatchString(""):
		list.Add(path, "%s %q: it matches nothing at all too, and so says nothing", what, pattern)
	}
}

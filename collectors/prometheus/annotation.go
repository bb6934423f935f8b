package prometheus

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/linkcheck"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// annotation reads where an annotation leads to. Prometheus gives it as it stands in the rule.
func (r reader) annotation(name, value string) fact.RuleAnnotation {
	value = strings.TrimSpace(value)
	read := fact.RuleAnnotation{Name: words.Printable(name, longestText), Text: shown(value)}
	if strings.Contains(value, "{{") {
		read.Template = true
		return read
	}
	address, fault := pageOf(value)
	if read.Fault = fault; fault == "" {
		read.Page = pageKey(address)
		r.addresses[read.Page] = address.String()
	}
	return read
}

// shown is an annotation as it is reported: a name and password, and what stands behind ? in a URL, may be secrets.
func shown(value string) string {
	if scheme, rest, is := strings.Cut(value, "://"); is {
		host, path, _ := strings.Cut(rest, "/")
		if at := strings.LastIndex(host, "@"); at >= 0 {
			value = scheme + "://" + host[at+1:] + "/" + path
		}
		value, _, _ = strings.Cut(value, "?")
	}
	return words.Printable(value, longestText)
}

// longestAddress is how long a URL may be, in bytes; browsers take no more.
const longestAddress = 2000

// pageOf gives the URL of a page, without the part of it; or why a text is none, as the rest of a sentence.
func pageOf(text string) (address *url.URL, fault string) {
	address, err := url.Parse(text)
	switch {
	case text == "":
		return nil, "it is empty"
	case strings.ContainsAny(text, " \t\r\n"), len(text) > longestAddress:
		return nil, "it is a text and no URL"
	case err != nil:
		return nil, "it cannot be read as a URL"
	case address.Scheme != "http" && address.Scheme != "https", address.Hostname() == "":
		return nil, "it does not begin with https:// and the name of a host"
	case address.User != nil:
		return nil, "it has a name or password in it"
	case linkcheck.IsExample(address.Hostname()):
		return nil, "its host is one for examples, or of whoever reads it"
	}
	address.Fragment, address.RawFragment = "", "" // What is within a page is not asked.
	return address, ""
}

// pageKey tells a page from others, without what could be a secret in its URL.
func pageKey(address *url.URL) string {
	sum := sha256.Sum256([]byte(address.String()))
	return hex.EncodeToString(sum[:8])
}

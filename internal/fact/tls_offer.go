package fact

import (
	"iter"
	"maps"
	"slices"
)

// A TLSOffer is which versions of TLS and which broken cipher suites a server accepts, by handshakes that were begun for each.
type TLSOffer struct {
	Standpoint
	Address    string `json:"address"`     // host:port
	ServerName string `json:"server_name"` // that was asked for
	// Over has one for each version of IP that its name has addresses of and this machine can use.
	Over []TLSOfferOver `json:"over"`
}

// A TLSOfferOver is what is accepted over one version of IP.
type TLSOfferOver struct {
	IPVersion IPVersion `json:"ip_version"`
	// Failure says why nothing is known; nil: the rest is.
	Failure *Failure `json:"failure,omitempty"`
	// Versions are those that are accepted, oldest first; never empty without a failure.
	Versions []TLSVersion `json:"versions,omitempty"`
	// BrokenCiphers are suites that protect too little, by their names at IANA without the prefix TLS_, the server's first choice
	// first. Of many, not all are sought.
	BrokenCiphers []string `json:"broken_ciphers,omitempty"`
}

// A TLSVersion is a version of the protocol: "1.2".
type TLSVersion string

// The versions, of which versions() has the order.
const (
	SSL30 TLSVersion = "ssl-3.0"
	TLS10 TLSVersion = "1.0"
	TLS11 TLSVersion = "1.1"
	TLS12 TLSVersion = "1.2"
	TLS13 TLSVersion = "1.3"
)

// TLSVersions lists the versions, oldest first.
func TLSVersions() []TLSVersion { return []TLSVersion{SSL30, TLS10, TLS11, TLS12, TLS13} }

// Before tells whether a version is older than another.
func (v TLSVersion) Before(other TLSVersion) bool {
	return slices.Index(TLSVersions(), v) < slices.Index(TLSVersions(), other)
}

// String names a version as people do.
func (v TLSVersion) String() string {
	if v == SSL30 {
		return "SSL 3.0"
	}
	return "TLS " + string(v)
}

// TLSOffers describes the facts of what servers accept.
func TLSOffers() *Kind[TLSOffer] {
	return &Kind[TLSOffer]{
		Name:    "tls_offer",
		Help:    "Which versions of TLS and which broken cipher suites a server of HTTPS accepts.",
		Subject: func(o *TLSOffer) string { return o.Address + o.From() },
		Labels: []Label[TLSOffer]{
			{Name: "address", Value: func(o *TLSOffer) string { return o.Address }},
			{Name: LabelVantage, Value: func(o *TLSOffer) string { return o.Vantage }},
		},
		Gauges: []Gauge[TLSOffer]{{
			Name: "tls_version_accepted",
			Help: "Always 1, for each version of TLS that the server accepts over some version of IP: ssl-3.0, 1.0, 1.1, 1.2, 1.3.",
			By:   "tls_version", Values: func(o *TLSOffer) iter.Seq2[string, float64] { return o.versions },
		}},
	}
}

func (o *TLSOffer) versions(yield func(string, float64) bool) {
	accepted := make(map[string]bool)
	for _, over := range o.Over {
		for _, version := range over.Versions {
			accepted[string(version)] = true
		}
	}
	for _, version := range slices.Sorted(maps.Keys(accepted)) {
		if !yield(version, 1) {
			return
		}
	}
}

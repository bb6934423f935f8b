package fact

import (
	"iter"
	"net"
	"slices"
	"strconv"
	"time"
)

// A Certificate is a chain of X.509 certificates as it was seen in one place, and whether it verifies there.
type Certificate struct {
	Standpoint
	CertificatePlace
	// Chain is everything that was served or stored there: the leaf, which the fact is about, and then the others in
	// the order in which they were found. Never empty.
	Chain []ChainCertificate `json:"chain"`
	// Path is how the leaf is verified: from the leaf up to the trusted authority, which is often not in Chain, or as far
	// as Chain leads where no trusted authority is found. Of several paths it is the one that lasts longest, so that an
	// expired cross-signed certificate which nobody needs does no harm. Never empty.
	Path  []ChainCertificate `json:"path"`
	Names []string           `json:"names"` // the DNS names and IP addresses that the leaf is valid for
	// Authority: it is the certificate of an authority, which nobody else vouches for, and not one that a server shows.
	Authority bool `json:"authority"`
	// Trust says which authorities vouch for it, whatever its dates and names.
	Trust CertificateTrust `json:"trust"`
	// TrustUnknown says why it is not known whether an authority vouches for it; empty: it is known.
	TrustUnknown string `json:"trust_unknown,omitempty"`
	// UnreadAuthorities says of each declared authority that could not be read why.
	UnreadAuthorities []string `json:"unread_authorities,omitempty"`

	Staging bool `json:"staging"` // signed by a staging issuer of Let's Encrypt, which no client trusts
	// Faults are why it did not verify when it was seen, each kind once; none: it did.
	Faults []CertificateFinding `json:"faults"`
	// Manager is what renews it, as far as that is known.
	Manager *CertificateManager `json:"manager,omitempty"`
}

// TopicTrust is that of who vouches for a certificate; its dates and names are known without it.
const TopicTrust = "trust"

// Lacks gives the topics of what could not be collected.
func (c *Certificate) Lacks() []string {
	if c.TrustUnknown != "" {
		return []string{TopicTrust}
	}
	return nil
}

// A CertificateManager is the Certificate of cert-manager by which one is renewed.
type CertificateManager struct {
	Name    string    `json:"name"` // shop/Certificate/tls
	Ready   bool      `json:"ready"`
	Trouble string    `json:"trouble"`           // why it is not, in cert-manager's word: Failed, IncorrectIssuer
	RenewAt time.Time `json:"renew_at,omitzero"` // when it is to be renewed next; zero where that is not known
}

// A CertificateFinding is one fault of a certificate.
type CertificateFinding struct {
	Fault  CertificateFault `json:"fault"`
	Detail string           `json:"detail"` // in words
}

// A CertificatePlace says where a certificate was seen.
type CertificatePlace struct {
	Source CertificateSource `json:"source"`
	Name   string            `json:"name"` // "shop.example.com:443", "/etc/ssl/shop.pem", "shop/Secret/tls"
	// ServerName is the DNS name or IP address that it must be valid for; empty where none is known.
	ServerName string `json:"server_name"`
	// IP is the address behind Name that served it, as long as the addresses of Name do not all serve the same; else
	// empty, so that the addresses behind a name can change without changing the identity of what they serve.
	IP string `json:"ip"`
}

// A CertificateSource is the kind of place where a certificate is seen.
type CertificateSource string

// The sources of certificates.
const (
	CertificateAtAddress CertificateSource = "address" // served by a server
	CertificateInFile    CertificateSource = "file"
	CertificateInSecret  CertificateSource = "secret" // of a Kubernetes cluster
)

// A CertificateTrust says which authorities vouch for a certificate.
type CertificateTrust string

// The levels of trust. A certificate that a declared authority vouches for is still public where the public ones do so
// too.
const (
	TrustNone     CertificateTrust = "none"
	TrustPublic   CertificateTrust = "public"   // one that every client trusts
	TrustDeclared CertificateTrust = "declared" // only one that the system description names
)

// A CertificateFault is one reason, from a closed set, why a certificate does not verify.
type CertificateFault string

// The faults. CertificateFaults lists them all.
const (
	FaultExpired          CertificateFault = "expired"           // it, or a certificate that its verification needs
	FaultNotYetValid      CertificateFault = "not_yet_valid"     // it, or a certificate that its verification needs
	FaultNameMismatch     CertificateFault = "name_mismatch"     // not valid for the server name
	FaultSelfSigned       CertificateFault = "self_signed"       // signed by nobody else, and not trusted itself
	FaultIncompleteChain  CertificateFault = "incomplete_chain"  // its issuer's certificate is missing
	FaultUnknownAuthority CertificateFault = "unknown_authority" // its chain ends in an authority that is not trusted
	FaultWeak             CertificateFault = "weak"              // a key too short, or a signature that can be forged
	FaultOther            CertificateFault = "other"             // not meant for servers, outside its issuer's bounds, …
)

// CertificateFaults lists every fault.
func CertificateFaults() []CertificateFault {
	return []CertificateFault{
		FaultExpired, FaultNotYetValid, FaultNameMismatch, FaultSelfSigned, FaultIncompleteChain, FaultUnknownAuthority,
		FaultWeak, FaultOther,
	}
}

// A ChainCertificate is one certificate of a chain.
type ChainCertificate struct {
	Subject      string    `json:"subject"`       // common name, or the whole subject where it has none; "" where it has none either
	Issuer       string    `json:"issuer"`        // the same of its issuer
	SerialNumber string    `json:"serial_number"` // in hexadecimal
	Fingerprint  string    `json:"fingerprint"`   // SHA-256 of the certificate, in hexadecimal
	NotBefore    time.Time `json:"not_before,omitzero"`
	NotAfter     time.Time `json:"not_after,omitzero"`
	KeyAlgorithm string    `json:"key_algorithm"` // rsa, ecdsa, ed25519, …
	KeyBits      int       `json:"key_bits"`      // zero where it is not known
	IsCA         bool      `json:"is_ca"`
}

// Subject names the place: what problems with the certificate are found on.
func (p CertificatePlace) Subject() string {
	subject := p.Name
	if host, _, err := net.SplitHostPort(p.Name); p.Source == CertificateAtAddress && err == nil && host != p.ServerName {
		subject += " (" + p.ServerName + ")"
	}
	if p.IP != "" {
		subject += " at " + p.IP
	}
	return subject
}

// Subject names the place, and from where it was seen.
func (c *Certificate) Subject() string { return c.CertificatePlace.Subject() + c.From() }

// Leaf is the certificate itself, without those that vouch for it; the zero value where nothing was found.
func (c *Certificate) Leaf() ChainCertificate {
	if len(c.Chain) == 0 {
		return ChainCertificate{}
	}
	return c.Chain[0]
}

// Has tells whether it had a fault when it was seen.
func (c *Certificate) Has(fault CertificateFault) bool {
	return slices.ContainsFunc(c.Faults, func(found CertificateFinding) bool { return found.Fault == fault })
}

// exportedFaults are the first two faults in the order of all, or the first one where the chain takes a series more: more of
// them would be more series than one certificate is worth.
func (c *Certificate) exportedFaults(yield func(string, float64) bool) {
	exported := 0
	if _, short := c.chainNotBefore(); short {
		exported++
	}
	for _, fault := range CertificateFaults() {
		if !c.Has(fault) {
			continue
		}
		if exported++; exported > 2 || !yield(string(fault), 1) {
			return
		}
	}
}

// chainNotAfter is when the first of those expires that vouch for the certificate; false where none does.
func (c *Certificate) chainNotAfter() (float64, bool) {
	if len(c.Path) < 2 {
		return 0, false
	}
	return Timestamp(FirstToEnd(c.Path[1:]).NotAfter)
}

// chainNotBefore is when that one became valid, as long as it does not live so long that it hardly matters.
func (c *Certificate) chainNotBefore() (float64, bool) {
	if len(c.Path) < 2 {
		return 0, false
	}
	first := FirstToEnd(c.Path[1:])
	start, known := Timestamp(first.NotBefore)
	return start, known && first.NotAfter.Sub(first.NotBefore) < 365*24*time.Hour
}

// FirstToEnd is the certificate among several that ends first: of Path, it says how long the leaf can be verified. Of
// none it is the zero value.
func FirstToEnd(chain []ChainCertificate) ChainCertificate {
	if len(chain) == 0 {
		return ChainCertificate{}
	}
	return slices.MinFunc(chain, func(a, b ChainCertificate) int { return a.NotAfter.Compare(b.NotAfter) })
}

// Certificates describes the facts of certificates.
func Certificates() *Kind[Certificate] {
	return &Kind[Certificate]{
		Name:    "certificate",
		Help:    "A chain of certificates as it is served or stored in one place, and whether it verifies there.",
		Subject: func(c *Certificate) string { return c.Subject() },
		Labels: []Label[Certificate]{
			{Name: "source", Value: func(c *Certificate) string { return string(c.Source) }},
			{Name: "name", Value: func(c *Certificate) string { return c.Name }},
			{Name: "server_name", Value: func(c *Certificate) string { return c.ServerName }},
			{Name: "ip", Value: func(c *Certificate) string { return c.IP }},
			{Name: LabelVantage, Value: func(c *Certificate) string { return c.Vantage }},
		},
		Gauges: certificateGauges(),
	}
}

func certificateGauges() []Gauge[Certificate] {
	return []Gauge[Certificate]{
		{
			Name:  "certificate_not_before_timestamp_seconds",
			Help:  "When the certificate becomes valid.",
			Value: func(c *Certificate) (float64, bool) { return Timestamp(c.Leaf().NotBefore) },
		},
		{
			Name:  "certificate_not_after_timestamp_seconds",
			Help:  "When the certificate expires.",
			Value: func(c *Certificate) (float64, bool) { return Timestamp(c.Leaf().NotAfter) },
		},
		{
			Name:  "certificate_chain_not_after_timestamp_seconds",
			Help:  "When the first of the other certificates expires that verification needs, the authority included.",
			Value: (*Certificate).chainNotAfter,
		},
		{
			Name:  "certificate_chain_not_before_timestamp_seconds",
			Help:  "When that one of the other certificates became valid; only where it lives for less than a year.",
			Value: (*Certificate).chainNotBefore,
		},
		{
			Name: "certificate_verified",
			Help: "Whether the certificate verified when it was last collected, 1 or 0; of an authority, whether it is in date and strong.",
			Value: func(c *Certificate) (float64, bool) {
				return Bool(len(c.Faults) == 0 && !c.Staging), len(c.Faults) > 0 || c.TrustUnknown == ""
			},
		},
		{
			Name:   "certificate_fault",
			Help:   "Why the certificate did not verify when it was last collected: 1 for each fault that it has, of several the first two.",
			By:     "fault",
			Values: func(c *Certificate) iter.Seq2[string, float64] { return c.exportedFaults },
		},
		{
			Name: "certificate_info",
			Help: "What the certificate is, always 1.",
			Labels: []Label[Certificate]{
				{Name: "subject", Value: func(c *Certificate) string { return c.Leaf().Subject }},
				{Name: "issuer", Value: func(c *Certificate) string { return c.Leaf().Issuer }},
				{Name: "serial_number", Value: func(c *Certificate) string { return c.Leaf().SerialNumber }},
				{Name: "key_algorithm", Value: func(c *Certificate) string { return c.Leaf().KeyAlgorithm }},
				{Name: "key_bits", Value: func(c *Certificate) string { return strconv.Itoa(c.Leaf().KeyBits) }},
				{Name: "trust", Value: func(c *Certificate) string { return string(c.Trust) }},
			},
			Value: func(*Certificate) (float64, bool) { return 1, true },
		},
	}
}

package pki

import (
	"crypto/x509"
	"net"
	"strings"

	"golang.org/x/net/idna"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// ASCIIName is a host name as DNS, TLS and certificates write it: bücher.example is xn--bcher-kva.example. What is no
// such name, such as an IP address, stays as it is.
func ASCIIName(name string) string {
	ascii, err := idna.Lookup.ToASCII(name)
	if err != nil {
		return name
	}
	return ascii
}

// isAuthority tells the certificates of authorities in files and Secrets from those of servers. That it may sign others
// decides nothing: openssl req -x509 lets every self-signed certificate do so. What a server shows, and what is for the
// name of a host, is a server's, unless its key may do nothing but sign certificates.
func isAuthority(place fact.CertificatePlace, c *x509.Certificate, withKey bool) bool {
	const ofServers = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement
	switch {
	case place.Source == fact.CertificateAtAddress || !c.IsCA:
		return false
	case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return false
	case c.KeyUsage != 0 && c.KeyUsage&ofServers == 0:
		return true
	case namesHost(c):
		return false
	default:
		// Authorities keep their key elsewhere, and are made with a key usage where they do not.
		return !withKey || c.KeyUsage != 0
	}
}

// namesHost tells whether a certificate is for a name or address that a server can have. Kubernetes' own authorities are
// for a name as well, of one word.
func namesHost(c *x509.Certificate) bool {
	names := c.DNSNames
	if len(names) == 0 && len(c.IPAddresses) == 0 {
		names = []string{c.Subject.CommonName}
	}
	for _, name := range names {
		if isHostName(name) {
			return true
		}
	}
	return len(c.IPAddresses) > 0
}

func isHostName(name string) bool {
	name = strings.TrimSuffix(strings.TrimPrefix(name, "*."), ".")
	if name == "localhost" || net.ParseIP(name) != nil {
		return true
	}
	_, err := idna.Lookup.ToASCII(name)
	return err == nil && strings.Contains(name, ".") && !strings.ContainsAny(name, " /@:")
}

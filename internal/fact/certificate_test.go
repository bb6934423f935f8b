package fact_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func certificate() fact.Certificate {
	at := time.Unix(1000, 0)
	leaf := fact.ChainCertificate{
		Subject: "shop.example.com", Issuer: "R11", SerialNumber: "ff", NotBefore: at, NotAfter: at.Add(9 * time.Second),
		KeyAlgorithm: "ecdsa", KeyBits: 256,
	}
	return fact.Certificate{
		CertificatePlace: fact.CertificatePlace{
			Source: fact.CertificateAtAddress, Name: "shop.example.com:443", ServerName: "shop.example.com",
		},
		Chain:  []fact.ChainCertificate{leaf, {NotAfter: at.Add(2 * time.Second)}, {NotAfter: at.Add(7 * time.Second)}},
		Path:   []fact.ChainCertificate{leaf, {NotAfter: at.Add(7 * time.Second)}, {NotAfter: at.Add(8 * time.Second)}},
		Trust:  fact.TrustPublic,
		Faults: []fact.CertificateFinding{{Fault: fact.FaultNameMismatch}},
	}
}

func samples(c fact.Certificate) string {
	kind := fact.Certificates()
	families := kind.Families()
	var lines []string
	kind.Samples(&c, func(family int, values []string, value float64) {
		var labels []string
		for i, label := range families[family].Labels {
			if label != fact.LabelVantage || values[i] != "" { // It is left out where it is empty.
				labels = append(labels, fmt.Sprintf("%s=%q", label, values[i]))
			}
		}
		lines = append(lines, fmt.Sprintf("%s{%s} %.0f", families[family].Name, strings.Join(labels, ","), value))
	})
	return strings.Join(lines, "\n")
}

func TestWhatIsExportedOfACertificate(t *testing.T) {
	where := `source="address",name="shop.example.com:443",server_name="shop.example.com",ip=""`
	expected := func(lines string) string { return strings.ReplaceAll(strings.TrimSpace(lines), "WHERE", where) }
	require.Equal(t, expected(`
certificate_not_before_timestamp_seconds{WHERE} 1000
certificate_not_after_timestamp_seconds{WHERE} 1009
certificate_chain_not_after_timestamp_seconds{WHERE} 1007
certificate_verified{WHERE} 0
certificate_fault{WHERE,fault="name_mismatch"} 1
certificate_info{WHERE,subject="shop.example.com",issuer="R11",serial_number="ff",key_algorithm="ecdsa",key_bits="256",trust="public"} 1
`), samples(certificate()))

	faulty := certificate()
	faulty.Faults = nil
	for _, fault := range fact.CertificateFaults() {
		faulty.Faults = append(faulty.Faults, fact.CertificateFinding{Fault: fault})
	}
	require.Equal(t, 7, strings.Count(samples(faulty), "\n")+1, "seven series are what a certificate is worth")
	alone := faulty
	alone.Path = faulty.Path[:1]
	require.NotContains(t, samples(alone), "chain", "nobody vouches for it")
	short := faulty
	short.Path = slices.Clone(faulty.Path)
	for i := range short.Path {
		short.Path[i].NotBefore = short.Path[i].NotAfter.Add(-24 * time.Hour)
	}
	require.Contains(t, samples(short), "certificate_chain_not_before_timestamp_seconds{"+where+"}")
	require.Equal(t, 7, strings.Count(samples(short), "\n")+1)
	require.Contains(t, samples(faulty), `fault="expired"} 1`)

	verified := certificate()
	verified.Faults = nil
	require.Contains(t, samples(verified), "certificate_verified{"+where+"} 1")
	require.NotContains(t, samples(verified), "certificate_fault")
}

// 9999-12-31 is how a certificate says that it never ends (RFC 5280), and lies beyond what nanoseconds in 64 bits reach.
func TestACertificateWithoutEndIsExportedAsSuch(t *testing.T) {
	c := certificate()
	c.Chain[0].NotAfter = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	require.Contains(t, samples(c), `ip=""} 253402300799`)
}

func TestThePlaceOfACertificateIsNamed(t *testing.T) {
	for want, place := range map[string]fact.CertificatePlace{
		"shop.example.com:443": {
			Source: fact.CertificateAtAddress, Name: "shop.example.com:443", ServerName: "shop.example.com",
		},
		"[::1]:443":                           {Source: fact.CertificateAtAddress, Name: "[::1]:443", ServerName: "::1"},
		"192.0.2.1:443 (shop.example.com)":    {Source: fact.CertificateAtAddress, Name: "192.0.2.1:443", ServerName: "shop.example.com"},
		"shop.example.com:443 at 192.0.2.1":   {Source: fact.CertificateAtAddress, Name: "shop.example.com:443", ServerName: "shop.example.com", IP: "192.0.2.1"},
		"lb:443 (shop.example.com) at 2001::": {Source: fact.CertificateAtAddress, Name: "lb:443", ServerName: "shop.example.com", IP: "2001::"},
		"/etc/ssl/shop.pem":                   {Source: fact.CertificateInFile, Name: "/etc/ssl/shop.pem"},
		"shop/Secret/tls":                     {Source: fact.CertificateInSecret, Name: "shop/Secret/tls", ServerName: "shop.example.com"},
	} {
		t.Run(want, func(t *testing.T) {
			require.Equal(t, want, fact.Certificates().Subject(&fact.Certificate{CertificatePlace: place}))
		})
	}
}

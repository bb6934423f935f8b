package pki_test

import (
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const day = 24 * time.Hour

// seen is what the tests compare of a fact.
type seen struct {
	trust   fact.CertificateTrust
	faults  []fact.CertificateFault
	path    []string // subjects
	staging bool
}

func summary(c fact.Certificate) seen {
	s := seen{trust: c.Trust, staging: c.Staging}
	for _, found := range c.Faults {
		s.faults = append(s.faults, found.Fault)
	}
	for _, certificate := range c.Path {
		s.path = append(s.path, certificate.Subject)
	}
	return s
}

func served(name string) fact.CertificatePlace {
	return fact.CertificatePlace{Source: fact.CertificateAtAddress, Name: name + ":443", ServerName: name}
}

// chainOf is what a server sends, with others after.
func chainOf(c *world.Certificate, others ...*x509.Certificate) []*x509.Certificate {
	chain := append([]*x509.Certificate{c.X509}, c.Chain...)
	return append(chain, others...)
}

func faults(faults ...fact.CertificateFault) []fact.CertificateFault { return faults }

func TestWhatIsWrong(t *testing.T) {
	now := time.Now()
	root := world.NewCA(t, world.Spec{CommonName: "root"})
	issuer := root.Intermediate(t, world.Spec{CommonName: "issuer"})
	own := world.NewCA(t, world.Spec{CommonName: "own root"})
	shop := world.Spec{CommonName: "shop", DNSNames: []string{"shop.example.com"}}
	with := func(edit func(*world.Spec)) world.Spec {
		spec := shop
		edit(&spec)
		return spec
	}
	fetchable := with(func(s *world.Spec) {
		s.Edit = func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://example.com/issuer"} }
	})
	expired := with(func(s *world.Spec) { s.NotAfter = now.Add(-day) })
	endedIssuer := root.Intermediate(t, world.Spec{CommonName: "ended", NotAfter: now.Add(-day)})
	staging := world.NewCA(t, world.Spec{CommonName: "(STAGING) Pretend Pear X1"})
	ipOnly := world.Spec{CommonName: "ip", IPs: []net.IP{net.ParseIP("192.0.2.1")}}
	wildcard := world.Spec{CommonName: "any", DNSNames: []string{"*.example.com"}}
	selfSigned := world.SelfSigned(t, shop)
	selfPool := x509.NewCertPool()
	selfPool.AddCert(selfSigned.X509)
	trusted := []string{"shop", "issuer", "root"}

	for name, test := range map[string]struct {
		place    fact.CertificatePlace
		chain    []*x509.Certificate
		declared *x509.CertPool
		want     seen
	}{
		"a whole chain verifies": {
			chain: chainOf(issuer.Issue(t, shop)), want: seen{trust: fact.TrustPublic, path: trusted},
		},
		"an RSA key verifies": {
			chain: chainOf(issuer.Issue(t, with(func(s *world.Spec) { s.Key = world.RSA2048 }))),
			want:  seen{trust: fact.TrustPublic, path: trusted},
		},
		"an Ed25519 key verifies": {
			chain: chainOf(issuer.Issue(t, with(func(s *world.Spec) { s.Key = world.Ed25519 }))),
			want:  seen{trust: fact.TrustPublic, path: trusted},
		},
		"an expired leaf is still trusted": {
			chain: chainOf(issuer.Issue(t, expired)),
			want:  seen{trust: fact.TrustPublic, faults: faults(fact.FaultExpired), path: trusted},
		},
		"a leaf of tomorrow is trusted, and not yet valid": {
			chain: chainOf(issuer.Issue(t, with(func(s *world.Spec) { s.NotBefore = now.Add(day) }))),
			want:  seen{trust: fact.TrustPublic, faults: faults(fact.FaultNotYetValid), path: trusted},
		},
		"an expired intermediate that is needed is a fault": {
			chain: chainOf(endedIssuer.Issue(t, with(func(s *world.Spec) { s.NotBefore = now.Add(-2 * day) }))),
			want: seen{
				trust: fact.TrustPublic, faults: faults(fact.FaultExpired), path: []string{"shop", "ended", "root"},
			},
		},
		"a wildcard covers one label": {
			chain: chainOf(issuer.Issue(t, wildcard)),
			want:  seen{trust: fact.TrustPublic, path: []string{"any", "issuer", "root"}},
		},
		"a wildcard does not cover two labels": {
			place: served("a.shop.example.com"), chain: chainOf(issuer.Issue(t, wildcard)),
			want: seen{
				trust: fact.TrustPublic, faults: faults(fact.FaultNameMismatch), path: []string{"any", "issuer", "root"},
			},
		},
		"another name is a fault": {
			place: served("other.example.com"), chain: chainOf(issuer.Issue(t, shop)),
			want: seen{trust: fact.TrustPublic, faults: faults(fact.FaultNameMismatch), path: trusted},
		},
		"an IP address is found among the IP addresses": {
			place: served("192.0.2.1"), chain: chainOf(issuer.Issue(t, ipOnly)),
			want: seen{trust: fact.TrustPublic, path: []string{"ip", "issuer", "root"}},
		},
		"another IP address is a fault": {
			place: served("192.0.2.2"), chain: chainOf(issuer.Issue(t, ipOnly)),
			want: seen{
				trust: fact.TrustPublic, faults: faults(fact.FaultNameMismatch), path: []string{"ip", "issuer", "root"},
			},
		},
		"without a name to be valid for, any name will do": {
			place: fact.CertificatePlace{Source: fact.CertificateInFile, Name: "/x.pem"},
			chain: chainOf(issuer.Issue(t, ipOnly)),
			want:  seen{trust: fact.TrustPublic, path: []string{"ip", "issuer", "root"}},
		},
		"a self-signed one differs from one of an unknown authority": {
			chain: chainOf(selfSigned),
			want:  seen{trust: fact.TrustNone, faults: faults(fact.FaultSelfSigned), path: []string{"shop"}},
		},
		"a self-signed one that is declared verifies": {
			chain: chainOf(selfSigned), declared: selfPool,
			want: seen{trust: fact.TrustDeclared, path: []string{"shop"}},
		},
		"an authority that nobody declared is unknown": {
			chain: chainOf(own.Issue(t, shop)),
			want:  seen{trust: fact.TrustNone, faults: faults(fact.FaultUnknownAuthority), path: []string{"shop"}},
		},
		"serving the root does not make it known": {
			chain: chainOf(own.Issue(t, shop), own.X509),
			want: seen{
				trust: fact.TrustNone, faults: faults(fact.FaultUnknownAuthority), path: []string{"shop", "own root"},
			},
		},
		"a declared authority vouches": {
			chain: chainOf(own.Issue(t, shop)), declared: own.Pool(),
			want: seen{trust: fact.TrustDeclared, path: []string{"shop", "own root"}},
		},
		"a declared authority that is public as well stays public": {
			chain: chainOf(issuer.Issue(t, shop)), declared: root.Pool(),
			want: seen{trust: fact.TrustPublic, path: trusted},
		},
		"a public authority does not do where another is declared": {
			chain: chainOf(issuer.Issue(t, shop)), declared: own.Pool(),
			want: seen{
				trust: fact.TrustNone, faults: faults(fact.FaultUnknownAuthority), path: []string{"shop", "issuer"},
			},
		},
		"a missing intermediate that can be fetched makes the chain incomplete": {
			chain: []*x509.Certificate{issuer.Issue(t, fetchable).X509},
			want:  seen{trust: fact.TrustNone, faults: faults(fact.FaultIncompleteChain), path: []string{"shop"}},
		},
		"an intermediate left out before the root makes the chain incomplete": {
			chain: []*x509.Certificate{issuer.Issue(t, shop).X509, root.X509},
			want:  seen{trust: fact.TrustNone, faults: faults(fact.FaultIncompleteChain), path: []string{"shop"}},
		},
		"a staging issuer is recognized": {
			chain: chainOf(staging.Issue(t, shop)),
			want: seen{
				trust: fact.TrustNone, faults: faults(fact.FaultUnknownAuthority), path: []string{"shop"}, staging: true,
			},
		},
		"a short RSA key is weak": {
			chain: chainOf(issuer.Issue(t, with(func(s *world.Spec) { s.Key = world.RSA1024 }))),
			want:  seen{trust: fact.TrustPublic, faults: faults(fact.FaultWeak), path: trusted},
		},
		"a certificate for clients only is not for servers": {
			chain: chainOf(issuer.Issue(t, with(func(s *world.Spec) {
				s.Edit = func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
			}))),
			want: seen{trust: fact.TrustNone, faults: faults(fact.FaultOther), path: []string{"shop", "issuer"}},
		},
		"all faults are found at once": {
			place: served("other.example.com"), chain: chainOf(own.Issue(t, expired)),
			want: seen{
				trust:  fact.TrustNone,
				faults: faults(fact.FaultUnknownAuthority, fact.FaultExpired, fact.FaultNameMismatch),
				path:   []string{"shop"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if test.place == (fact.CertificatePlace{}) {
				test.place = served("shop.example.com")
			}
			described := pki.Describe(test.place, test.chain,
				pki.Expectation{Public: root.Pool(), Declared: test.declared, Now: now})
			require.Equal(t, test.want, summary(described))
		})
	}
}

// An old root that nobody trusts any more has signed the new one, too: what happened when DST Root CA X3 ended.
func TestAnExpiredCrossSignedCertificateThatNobodyNeedsDoesNoHarm(t *testing.T) {
	now := time.Now()
	old := world.NewCA(t, world.Spec{CommonName: "old root", NotAfter: now.Add(-day)})
	root := world.NewCA(t, world.Spec{CommonName: "root"})
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: root.X509.Subject, NotBefore: now.Add(-9 * day), NotAfter: now.Add(-day),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, SubjectKeyId: root.X509.SubjectKeyId,
	}, old.X509, root.Key.Public(), old.Key)
	require.NoError(t, err)
	crossSigned, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	leaf := root.Issue(t, world.Spec{CommonName: "shop", DNSNames: []string{"shop.example.com"}})
	roots := root.Pool()
	roots.AddCert(old.X509)

	described := pki.Describe(served("shop.example.com"), chainOf(leaf, crossSigned), pki.Expectation{Public: roots, Now: now})

	require.Equal(t, seen{trust: fact.TrustPublic, path: []string{"shop", "root"}}, summary(described))
	require.Equal(t, leaf.X509.NotAfter, fact.FirstToEnd(described.Path).NotAfter)
	require.Equal(t, crossSigned.NotAfter, fact.FirstToEnd(described.Chain).NotAfter)
}

// A clock that is not that of this machine has no place in a sentence.
func TestAnIssuerThatIsNeverValidTogetherWithTheLeafIsNamed(t *testing.T) {
	now := time.Now()
	root := world.NewCA(t, world.Spec{CommonName: "root"})
	ended := root.Intermediate(t, world.Spec{CommonName: "issuer", NotBefore: now.Add(-300 * day), NotAfter: now.Add(-100 * day)})
	leaf := ended.Issue(t, world.Spec{CommonName: "shop", DNSNames: []string{"shop.example.com"}, NotBefore: now.Add(-30 * day)})
	described := pki.Describe(served("shop.example.com"), chainOf(leaf), pki.Expectation{Public: root.Pool(), Now: now})
	require.Equal(t, faults(fact.FaultOther, fact.FaultExpired), summary(described).faults)
	require.Equal(t, "it is at no time valid together with \"issuer\", which is from "+words.Moment(ended.X509.NotBefore)+" to "+
		words.Moment(ended.X509.NotAfter), described.Faults[0].Detail)
}

func TestASignatureThatCanBeForgedIsWeakRatherThanUnknown(t *testing.T) {
	root := world.NewCA(t, world.Spec{CommonName: "root", Key: world.RSA2048})
	leaf := root.Issue(t, world.Spec{CommonName: "shop", DNSNames: []string{"shop.example.com"}, Edit: func(c *x509.Certificate) {
		c.SignatureAlgorithm = x509.SHA1WithRSA
	}})
	described := pki.Describe(served("shop.example.com"), chainOf(leaf), pki.Expectation{Public: root.Pool(), Now: time.Now()})
	require.Equal(t, []fact.CertificateFinding{
		{Fault: fact.FaultWeak, Detail: `"shop" has a signature of the broken kind SHA1-RSA`},
	}, described.Faults)
}

func TestTheFactOfAFileIsAbout(t *testing.T) {
	now := time.Now()
	root := world.NewCA(t, world.Spec{CommonName: "root"})
	issuer := root.Intermediate(t, world.Spec{CommonName: "issuer"})
	soon := issuer.Issue(t, world.Spec{CommonName: "soon", NotAfter: now.Add(day)})
	later := issuer.Issue(t, world.Spec{CommonName: "later", NotAfter: now.Add(9 * day)})
	for name, test := range map[string]struct {
		source fact.CertificateSource
		chain  []*x509.Certificate
		want   string
	}{
		"the leaf, whatever the order":         {fact.CertificateInFile, []*x509.Certificate{root.X509, issuer.X509, later.X509}, "later"},
		"the first to end of several":          {fact.CertificateInSecret, []*x509.Certificate{later.X509, soon.X509, issuer.X509}, "soon"},
		"the authority where there is only it": {fact.CertificateInFile, []*x509.Certificate{root.X509}, "root"},
		"the first one where a server sends it": {
			fact.CertificateAtAddress, []*x509.Certificate{later.X509, soon.X509, issuer.X509}, "later",
		},
	} {
		t.Run(name, func(t *testing.T) {
			described := pki.Describe(fact.CertificatePlace{Source: test.source, Name: "x"}, test.chain,
				pki.Expectation{Public: root.Pool(), Now: now})
			require.Equal(t, test.want, described.Leaf().Subject)
			require.Len(t, described.Chain, len(test.chain))
			require.Empty(t, described.Faults)
		})
	}
}

func TestEverythingOfACertificateIsDescribed(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	certificate := world.SelfSigned(t, world.Spec{
		CommonName: strings.Repeat("é", 200), DNSNames: []string{"a.test"}, IPs: []net.IP{net.ParseIP("::1")},
		NotBefore: at, NotAfter: at.Add(day), Edit: func(c *x509.Certificate) { c.SerialNumber = big.NewInt(255) },
	})
	described := pki.Describe(served("a.test"), chainOf(certificate), pki.Expectation{Public: x509.NewCertPool(), Now: at})
	fingerprint := described.Chain[0].Fingerprint
	require.Len(t, fingerprint, 64)
	name := strings.Repeat("é", 64) + "…"
	leaf := fact.ChainCertificate{
		Subject: name, Issuer: name, SerialNumber: "ff", Fingerprint: fingerprint, NotBefore: at, NotAfter: at.Add(day),
		KeyAlgorithm: "ecdsa", KeyBits: 256,
	}
	require.Equal(t, fact.Certificate{
		CertificatePlace: served("a.test"),
		Chain:            []fact.ChainCertificate{leaf},
		Path:             []fact.ChainCertificate{leaf},
		Names:            []string{"a.test", "::1"},
		Trust:            fact.TrustNone,
		Faults:           []fact.CertificateFinding{{Fault: fact.FaultSelfSigned, Detail: `"` + name + `" is signed by itself`}},
	}, described)
}

func TestAMachineThatTrustsNobodyIsToldFromACertificateThatNobodyTrusts(t *testing.T) {
	if os.Getenv("SSL_CERT_FILE") == os.DevNull {
		_, err := pki.PublicRoots()
		require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(err))
		require.ErrorContains(t, err, "install ca-certificates")
		return
	}
	// The authorities are read once in the life of a process.
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	again.Env = append(os.Environ(), "SSL_CERT_FILE="+os.DevNull, "SSL_CERT_DIR="+t.TempDir())
	output, err := again.CombinedOutput()
	require.NoError(t, err, string(output))
}

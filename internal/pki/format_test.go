package pki_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const password = "example"

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// pkcs7 is a message with nothing but certificates.
func pkcs7(t *testing.T, certificates ...[]byte) []byte {
	t.Helper()
	var b cryptobyte.Builder
	isContent := asn1.Tag(0).ContextSpecific().Constructed()
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier([]int{1, 2, 840, 113549, 1, 7, 2})
		b.AddASN1(isContent, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(1)
				b.AddASN1(asn1.SET, func(*cryptobyte.Builder) {})
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier([]int{1, 2, 840, 113549, 1, 7, 1}) })
				b.AddASN1(isContent, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(certificates, nil)) })
				b.AddASN1(asn1.SET, func(*cryptobyte.Builder) {})
			})
		})
	})
	der, err := b.Bytes()
	require.NoError(t, err)
	return der
}

// jks is a key store of Java with one key and one trusted certificate.
func jks(t *testing.T, chain [][]byte, trusted []byte) []byte {
	t.Helper()
	var b cryptobyte.Builder
	text := func(text string) { b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes([]byte(text)) }) }
	long := func(content []byte) { b.AddUint32(uint32(len(content))); b.AddBytes(content) } //nolint:gosec // It is short.
	b.AddUint32(0xfeedfeed)
	b.AddUint32(2)
	b.AddUint32(2)
	b.AddUint32(1)
	text("shop")
	b.AddUint64(0)
	long([]byte("the key"))
	b.AddUint32(uint32(len(chain))) //nolint:gosec // It is short.
	for _, der := range chain {
		text("X.509")
		long(der)
	}
	b.AddUint32(2)
	text("ca")
	b.AddUint64(0)
	text("X.509")
	long(trusted)
	body := b.BytesOrPanic()
	var sealed bytes.Buffer
	require.NoError(t, binary.Write(&sealed, binary.BigEndian, utf16.Encode([]rune(password))))
	sealed.WriteString("Mighty Aphrodite")
	sealed.Write(body)
	sum := sha1.Sum(sealed.Bytes())
	return append(body, sum[:]...)
}

func TestCertificatesAreReadInWhateverFormat(t *testing.T) {
	ca := world.NewCA(t, world.Spec{CommonName: "root"})
	leaf := ca.Issue(t, world.Spec{CommonName: "leaf"})
	root, der := ca.X509.Raw, leaf.X509.Raw
	key, _ := pem.Decode(leaf.KeyPEM())
	private, err := x509.ParsePKCS8PrivateKey(key.Bytes)
	require.NoError(t, err)
	store, err := pkcs12.Modern.Encode(private, leaf.X509, []*x509.Certificate{ca.X509}, password)
	require.NoError(t, err)
	old, err := pkcs12.LegacyRC2.Encode(private, leaf.X509, nil, password)
	require.NoError(t, err)
	trusted, err := pkcs12.Passwordless.EncodeTrustStore([]*x509.Certificate{ca.X509}, "")
	require.NoError(t, err)
	java := jks(t, [][]byte{der, root}, root)
	odd := block("CERTIFICATE", []byte("brainpool"))
	for name, test := range map[string]struct {
		data     []byte
		password string
		want     []string // subjects
		unread   int
		err      string
		reason   fact.Reason
	}{
		"DER":                                       {data: der, want: []string{"leaf"}},
		"PEM after a mark of byte order":            {data: append([]byte("\ufeff"), leaf.PEM()...), want: []string{"leaf"}},
		"what OpenSSL trusts, with its remarks":     {data: block("TRUSTED CERTIFICATE", append(bytes.Clone(der), 0x30, 0)), want: []string{"leaf"}},
		"the old name of a block":                   {data: block("X509 CERTIFICATE", der), want: []string{"leaf"}},
		"PKCS#7 in PEM":                             {data: block("PKCS7", pkcs7(t, der, root)), want: []string{"leaf", "root"}},
		"CMS in PEM":                                {data: block("CMS", pkcs7(t, der)), want: []string{"leaf"}},
		"PKCS#7 in DER":                             {data: pkcs7(t, der, root), want: []string{"leaf", "root"}},
		"PKCS#7 that is cut off":                    {data: block("PKCS7", pkcs7(t, der)[:100]), unread: 1},
		"PKCS#12":                                   {data: store, password: password, want: []string{"leaf", "root"}},
		"PKCS#12 as it was in 1999":                 {data: old, password: password, want: []string{"leaf"}},
		"PKCS#12 without its password":              {data: store, err: "password_file", reason: fact.ReasonDenied},
		"PKCS#12 with another password":             {data: store, password: "other", err: "password", reason: fact.ReasonDenied},
		"a trust store without a password":          {data: trusted, want: []string{"root"}},
		"a key store of Java":                       {data: java, want: []string{"leaf", "root", "root"}},
		"a key store of Java with its password":     {data: java, password: password, want: []string{"leaf", "root", "root"}},
		"a key store of Java with another password": {data: java, password: "other", err: "password", reason: fact.ReasonDenied},
		"a key store of Java that is cut off":       {data: java[:len(java)-60], want: []string{"leaf", "root"}, unread: 1},
		"one odd block among others":                {data: bytes.Join([][]byte{leaf.PEM(), odd, ca.RootPEM()}, nil), want: []string{"leaf", "root"}, unread: 1},
		"a block that is cut off after another":     {data: append(leaf.PEM(), ca.RootPEM()[:80]...), want: []string{"leaf"}, unread: 1},
		"a key in DER":                              {data: key.Bytes, err: "holds no certificate", reason: fact.ReasonInvalid},
		"a text":                                    {data: []byte("hello"), err: "is no PEM", reason: fact.ReasonInvalid},
		"an empty file":                             {err: "is no PEM", reason: fact.ReasonInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			contents, err := pki.Parse(test.data, test.password)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				require.Equal(t, test.reason, fact.ReasonOf(err))
				return
			}
			require.NoError(t, err)
			var subjects []string
			for _, c := range contents.Certificates {
				subjects = append(subjects, c.Subject.CommonName)
			}
			require.Equal(t, test.want, subjects)
			require.Len(t, contents.Unread, test.unread)
		})
	}
	pool, err := pki.ParsePool(append(bytes.Clone(odd), ca.RootPEM()...))
	require.NoError(t, err)
	require.True(t, pool.Equal(ca.Pool()), "the odd authority does not keep the other from being used")
	_, err = pki.ParsePool(odd)
	require.Error(t, err)
}

// A password that is stretched for hours would keep the exporter busy for as long.
func TestAPasswordThatIsStretchedTooFarIsRefused(t *testing.T) {
	ca := world.NewCA(t, world.Spec{CommonName: "root"})
	for _, encoder := range []*pkcs12.Encoder{pkcs12.LegacyDES, pkcs12.Modern2023} {
		store, err := encoder.WithIterations(0x010203).EncodeTrustStore([]*x509.Certificate{ca.X509}, password)
		require.NoError(t, err)
		long := bytes.ReplaceAll(store, []byte{2, 3, 1, 2, 3}, []byte{2, 3, 0x7f, 0xff, 0xff})
		require.NotEqual(t, store, long)
		_, err = pki.Parse(long, password)
		require.ErrorContains(t, err, "iterations")
		contents, err := pki.Parse(store, password)
		require.NoError(t, err)
		require.Len(t, contents.Certificates, 1)
	}
}

// To verify with an RSA key of a million bits takes minutes; nobody's client takes one.
func TestKeysThatNoClientTakesAreRefusedBeforeTheyAreUsed(t *testing.T) {
	ca := world.NewCA(t, world.Spec{CommonName: "root"})
	signer, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	huge := new(big.Int).Lsh(big.NewInt(1), 1_000_000)
	huge.Add(huge, big.NewInt(1))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "huge"}, NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &rsa.PublicKey{N: huge, E: 65537}, signer)
	require.NoError(t, err)
	_, err = pki.ParsePEM(block("CERTIFICATE", der))
	require.ErrorContains(t, err, "an RSA key of 1000001 bits")
	contents, err := pki.Parse(append(block("CERTIFICATE", der), ca.RootPEM()...), "")
	require.NoError(t, err)
	require.Len(t, contents.Certificates, 1)
	require.Len(t, contents.Unread, 1)
}

func TestWhatACertificateIsForDecidesWhetherItIsAnAuthority(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	const server = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	for name, test := range map[string]struct {
		common    string
		names     []string
		usage     x509.KeyUsage
		withKey   bool
		authority bool
	}{
		"openssl req -x509 with a name of a host":             {common: "shop.example.com", names: []string{"shop.example.com"}},
		"openssl req -x509 with a common name only":           {common: "shop.example.com"},
		"openssl req -x509 for localhost":                     {common: "localhost"},
		"openssl req -x509 beside its key":                    {common: "shop", withKey: true},
		"openssl req -x509 of an authority":                   {common: "Example Root", authority: true},
		"an authority of Kubernetes, with a name of its own":  {common: "kubernetes", names: []string{"kubernetes"}, usage: server | x509.KeyUsageCertSign, authority: true},
		"an authority that may only sign, named as a host is": {common: "ca.example.com", usage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, authority: true},
		"an authority beside its key":                         {common: "mitmproxy", usage: x509.KeyUsageCertSign, withKey: true, authority: true},
		"a server that may not sign in spite of its flag":     {common: "shop", usage: server},
	} {
		t.Run(name, func(t *testing.T) {
			template := &x509.Certificate{
				SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: test.common}, DNSNames: test.names, KeyUsage: test.usage,
				NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
			}
			der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
			require.NoError(t, err)
			c, err := x509.ParseCertificate(der)
			require.NoError(t, err)
			expectation := pki.Expectation{Public: x509.NewCertPool(), Now: time.Now(), WithKey: test.withKey}
			described := pki.Describe(fact.CertificatePlace{Source: fact.CertificateInFile}, []*x509.Certificate{c}, expectation)
			require.Equal(t, test.authority, described.Authority)
			require.Equal(t, test.authority, len(described.Faults) == 0, "nobody vouches for an authority, and somebody must for a server")
		})
	}
}

func TestNamesInOtherScriptsAreVerifiedAsTheyAreServed(t *testing.T) {
	ca := world.NewCA(t, world.Spec{CommonName: "root"})
	leaf := ca.Issue(t, world.Spec{CommonName: "leaf", DNSNames: []string{"xn--bcher-kva.example"}})
	expectation := pki.Expectation{Public: ca.Pool(), Now: time.Now()}
	place := fact.CertificatePlace{Source: fact.CertificateAtAddress, Name: "bücher.example:443", ServerName: "Bücher.example"}
	require.Empty(t, pki.Describe(place, []*x509.Certificate{leaf.X509}, expectation).Faults)
	require.Equal(t, "192.0.2.1", pki.ASCIIName("192.0.2.1"))
}

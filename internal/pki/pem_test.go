package pki_test

import (
	"bytes"
	"crypto/x509"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestParsePEM(t *testing.T) {
	ca := world.NewCA(t, world.Spec{CommonName: "root"})
	leaf := ca.Intermediate(t, world.Spec{CommonName: "issuer"}).Issue(t, world.Spec{CommonName: "leaf"})
	chain, key := leaf.PEM(), leaf.KeyPEM()
	for name, test := range map[string]struct {
		data []byte
		want []string // subjects
		err  string
	}{
		"a chain is read in its order":              {data: chain, want: []string{"leaf", "issuer"}},
		"keys and remarks are passed over":          {data: bytes.Join([][]byte{[]byte("# shop\n"), key, chain}, nil), want: []string{"leaf", "issuer"}},
		"a key alone holds no certificate":          {data: key, err: "holds no certificate"},
		"an empty file is no PEM":                   {err: "is no PEM"},
		"DER is no PEM":                             {data: leaf.X509.Raw, err: "is no PEM"},
		"a chain that is cut off is an error":       {data: chain[:len(chain)-40], err: "has 2 certificates of which 1 are cut off or malformed"},
		"base64 that is broken is an error":         {data: bytes.Replace(chain, []byte("MII"), []byte("!!!"), 1), err: "has 2 certificates of which 1 are cut off or malformed"},
		"a block of something else is an error":     {data: bytes.ReplaceAll(key, []byte("PRIVATE KEY"), []byte("CERTIFICATE")), err: "read certificate 1: x509: "},
		"more certificates than anybody needs fail": {data: bytes.Repeat(ca.RootPEM(), pki.MaxCertificates+1), err: "holds more than 1000 certificates"},
		"more bytes than anybody needs fail":        {data: make([]byte, pki.MaxPEM+1), err: "is larger than 4194304 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			certificates, err := pki.ParsePEM(test.data)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err))
				require.Nil(t, certificates)
				return
			}
			require.NoError(t, err)
			var subjects []string
			for _, c := range certificates {
				subjects = append(subjects, c.Subject.CommonName)
			}
			require.Equal(t, test.want, subjects)
		})
	}
	_, err := pki.ParsePEM(key)
	require.ErrorIs(t, err, pki.ErrNoCertificate)
	_, err = pki.ParsePool(key)
	require.ErrorIs(t, err, pki.ErrNoCertificate)
	pool, err := pki.ParsePool(ca.RootPEM())
	require.NoError(t, err)
	require.True(t, pool.Equal(ca.Pool()))
}

// Whatever stands in a file, what is made of it can be exported.
func FuzzDescribe(f *testing.F) {
	ca := world.NewCA(f, world.Spec{CommonName: "root"})
	leaf := ca.Intermediate(f, world.Spec{CommonName: "issuer"}).Issue(f, world.Spec{CommonName: "leaf"})
	f.Add(leaf.PEM(), "localhost")
	f.Add(ca.RootPEM(), "")
	f.Add(append(leaf.KeyPEM(), leaf.PEM()...), "127.0.0.1")
	now := time.Now()
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		chain, err := pki.ParsePEM(data)
		if err != nil {
			return
		}
		for _, source := range []fact.CertificateSource{fact.CertificateAtAddress, fact.CertificateInFile} {
			described := pki.Describe(fact.CertificatePlace{Source: source, Name: "x", ServerName: name},
				chain, pki.Expectation{Public: x509.NewCertPool(), Declared: ca.Pool(), Now: now})
			require.Equal(t, described.Chain[0], described.Path[0])
			require.Len(t, described.Chain, len(chain))
			require.False(t, described.Trust == fact.TrustNone && len(described.Faults) == 0, "untrusted without a reason")
			for _, c := range described.Chain {
				require.True(t, utf8.ValidString(c.Subject+c.Issuer+c.SerialNumber))
			}
		}
	})
}

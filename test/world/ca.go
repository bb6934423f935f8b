package world

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A KeyType is a kind of private key; the zero value is ECDSA on P-256.
type KeyType int

// The kinds of key that certificates are made with.
const (
	ECDSA KeyType = iota
	RSA2048
	RSA1024 // too short by any rule of today
	Ed25519
)

// A Spec says what is special about a certificate. The zero value is one for localhost and 127.0.0.1, valid from an
// hour ago for 90 days.
type Spec struct {
	CommonName string
	DNSNames   []string // with IPs: localhost and 127.0.0.1 unless one of both is given
	IPs        []net.IP
	NotBefore  time.Time
	NotAfter   time.Time
	Key        KeyType
	// Edit changes the template before it is signed, for whatever else a test needs.
	Edit func(*x509.Certificate)
}

// A Certificate has its key, and the intermediate certificates that a server sends along.
type Certificate struct {
	X509  *x509.Certificate
	Key   crypto.Signer
	Chain []*x509.Certificate // from the issuer upwards, without the root
}

// A CA signs certificates.
type CA struct {
	Certificate
	root *x509.Certificate
}

// NewCA makes a root. Without dates in its spec it is valid for ten years either way, so that what it signs can be
// judged at a time of the test's own.
func NewCA(tb testing.TB, spec Spec) *CA {
	tb.Helper()
	if spec.CommonName == "" {
		spec.CommonName = "Root of " + tb.Name()
	}
	certificate := sign(tb, spec.authority(), spec.Key, nil)
	return &CA{Certificate: *certificate, root: certificate.X509}
}

// Intermediate makes a CA that ca has signed.
func (ca *CA) Intermediate(tb testing.TB, spec Spec) *CA {
	tb.Helper()
	if spec.CommonName == "" {
		spec.CommonName = "Intermediate of " + tb.Name()
	}
	return &CA{Certificate: *sign(tb, spec.authority(), spec.Key, ca), root: ca.root}
}

// Issue makes a certificate for a server or a client.
func (ca *CA) Issue(tb testing.TB, spec Spec) *Certificate {
	tb.Helper()
	return sign(tb, spec.leaf(), spec.Key, ca)
}

// SelfSigned makes a certificate for a server that nobody vouches for.
func SelfSigned(tb testing.TB, spec Spec) *Certificate {
	tb.Helper()
	return sign(tb, spec.leaf(), spec.Key, nil)
}

// Pool has the root alone, as a client trusts it.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.root)
	return pool
}

// RootPEM is the root, as a client's file of trusted certificates has it.
func (ca *CA) RootPEM() []byte { return certificatePEM(ca.root) }

// WriteRoot writes the root to dir/name, and gives that path.
func (ca *CA) WriteRoot(tb testing.TB, dir, name string) string {
	tb.Helper()
	return writePEM(tb, filepath.Join(dir, name), ca.RootPEM(), 0o644)
}

// PEM is the certificate and its chain, in the order in which a server sends them.
func (c *Certificate) PEM() []byte {
	content := certificatePEM(c.X509)
	for _, issuer := range c.Chain {
		content = append(content, certificatePEM(issuer)...)
	}
	return content
}

// KeyPEM is the private key as PKCS #8.
func (c *Certificate) KeyPEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(c.Key)
	if err != nil {
		panic(fmt.Sprintf("encode a key made here: %v", err)) // Each KeyType has an encoding.
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// Write writes dir/name.crt and dir/name.key, and gives both paths.
func (c *Certificate) Write(tb testing.TB, dir, name string) (certFile, keyFile string) {
	tb.Helper()
	return writePEM(tb, filepath.Join(dir, name+".crt"), c.PEM(), 0o644),
		writePEM(tb, filepath.Join(dir, name+".key"), c.KeyPEM(), 0o600)
}

// TLS is the certificate as Go's TLS wants it.
func (c *Certificate) TLS() tls.Certificate {
	chain := [][]byte{c.X509.Raw}
	for _, issuer := range c.Chain {
		chain = append(chain, issuer.Raw)
	}
	return tls.Certificate{Certificate: chain, PrivateKey: c.Key, Leaf: c.X509}
}

// authority is the template of a CA after s.
func (s Spec) authority() *x509.Certificate {
	if s.NotBefore.IsZero() && s.NotAfter.IsZero() {
		s.NotBefore, s.NotAfter = time.Now().AddDate(-10, 0, 0), time.Now().AddDate(10, 0, 0)
	}
	template := s.template(10 * 365 * 24 * time.Hour)
	template.DNSNames, template.IPAddresses = s.DNSNames, s.IPs
	template.IsCA = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	return s.edited(template)
}

// leaf is the template of a server's or client's certificate after s.
func (s Spec) leaf() *x509.Certificate {
	if len(s.DNSNames)+len(s.IPs) == 0 {
		s.DNSNames, s.IPs = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	template := s.template(90 * 24 * time.Hour)
	template.DNSNames, template.IPAddresses = s.DNSNames, s.IPs
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	return s.edited(template)
}

func (s Spec) template(life time.Duration) *x509.Certificate {
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: s.CommonName}, BasicConstraintsValid: true,
		NotBefore: s.NotBefore, NotAfter: s.NotAfter,
	}
	switch {
	case s.NotBefore.IsZero() && s.NotAfter.IsZero():
		template.NotBefore = time.Now().Add(-time.Hour)
		template.NotAfter = template.NotBefore.Add(life)
	case s.NotBefore.IsZero():
		template.NotBefore = s.NotAfter.Add(-life)
	case s.NotAfter.IsZero():
		template.NotAfter = s.NotBefore.Add(life)
	}
	return template
}

func (s Spec) edited(template *x509.Certificate) *x509.Certificate {
	if s.Edit != nil {
		s.Edit(template)
	}
	return template
}

// serial is random: two certificates of one issuer with the same number count as one.
func serial() *big.Int {
	var number [16]byte
	_, _ = rand.Read(number[:]) // It never fails.
	number[0] = number[0]&0x7f | 0x40
	return new(big.Int).SetBytes(number[:])
}

// sign makes a certificate, by itself where issuer is nil.
func sign(tb testing.TB, template *x509.Certificate, key KeyType, issuer *CA) *Certificate {
	tb.Helper()
	certificate, err := signed(template, key, issuer)
	if err != nil {
		tb.Fatalf("make the certificate %q: %v", template.Subject.CommonName, err)
	}
	return certificate
}

func signed(template *x509.Certificate, kind KeyType, issuer *CA) (*Certificate, error) {
	key, err := newKey(kind)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	parent, signer := template, key
	var chain []*x509.Certificate
	if issuer != nil {
		parent, signer = issuer.X509, issuer.Key
		if issuer.X509 != issuer.root {
			chain = append([]*x509.Certificate{issuer.X509}, issuer.Chain...)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read back what was signed: %w", err)
	}
	return &Certificate{X509: parsed, Key: key, Chain: chain}, nil
}

func newKey(kind KeyType) (crypto.Signer, error) {
	switch kind {
	case ECDSA:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case RSA1024:
		return rsa.GenerateKey(rand.Reader, 1024)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	default:
		return nil, fmt.Errorf("no key type %d", kind)
	}
}

func certificatePEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func writePEM(tb testing.TB, path string, content []byte, mode os.FileMode) string {
	tb.Helper()
	if err := os.WriteFile(path, content, mode); err != nil {
		tb.Fatalf("write a certificate or key: %v", err)
	}
	return path
}

package pki

import (
	"bytes"
	"crypto/x509"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// Authorities are whom the certificates of a collector's targets may be signed by: the public authorities, and those in files. A file
// is read each time, since authorities are replaced as certificates are, and parsed only where its content is another: a thousand
// targets often share one bundle.
type Authorities struct {
	public func() (*x509.CertPool, error)
	mu     sync.Mutex
	files  map[string]authorityFile // by path
}

// An authorityFile is what a file held when it was parsed.
type authorityFile struct {
	content []byte
	pool    *x509.CertPool
	unread  []error // of each authority that could not be read, why
	err     error
}

// NewAuthorities takes the public authorities from a function such as PublicRoots.
func NewAuthorities(public func() (*x509.CertPool, error)) *Authorities {
	return &Authorities{public: public, files: make(map[string]authorityFile)}
}

// Expect gives what a certificate has to live up to now, where its authorities are those of a file, or public ones where it names
// none. Where they cannot be read, certificates are still known by their dates.
func (a *Authorities) Expect(caFile string, now time.Time) Expectation {
	authorities, err := a.public()
	expectation := Expectation{Public: authorities, Now: now}
	if err != nil {
		expectation.Public, expectation.Unread = x509.NewCertPool(), []error{err}
	}
	if caFile != "" {
		expectation.declare(a.read(caFile))
	}
	return expectation
}

// Pool gives the authorities in a file to verify connections by. One that cannot be read does not keep the others from being used.
func (a *Authorities) Pool(caFile string) (*x509.CertPool, error) {
	return a.read(caFile).usable()
}

func (a *Authorities) read(path string) authorityFile {
	content, err := ReadFile(path)
	if err != nil {
		return authorityFile{err: err}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	file, parsed := a.files[path]
	if !parsed || !bytes.Equal(file.content, content) {
		file = parseAuthorityFile(content)
		a.files[path] = file
	}
	return file
}

// PublicRoots gives the authorities that every client trusts, as they are installed on this machine.
func PublicRoots() (*x509.CertPool, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fact.Errorf(fact.ReasonUnsupported, "read the authorities this machine trusts: %w", err)
	}
	if roots.Equal(x509.NewCertPool()) {
		return nil, fact.Errorf(fact.ReasonUnsupported,
			"this machine trusts no authority: install ca-certificates, or name a bundle in SSL_CERT_FILE")
	}
	return roots, nil
}

// ReadPool reads the authorities in a file to verify connections by, for who reads it once.
func ReadPool(caFile string) (*x509.CertPool, error) {
	content, err := ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	return ParsePool(content)
}

// ParsePool reads the certificates of authorities in PEM. One that cannot be read does not keep the others from being used.
func ParsePool(data []byte) (*x509.CertPool, error) { return parseAuthorityFile(data).usable() }

// parseAuthorityFile reads the certificates of authorities in PEM or another format without a password.
func parseAuthorityFile(content []byte) authorityFile {
	file := authorityFile{content: content}
	contents, err := Parse(content, "")
	if err != nil {
		file.err = err
		return file
	}
	file.pool, file.unread = x509.NewCertPool(), contents.Unread
	for _, c := range contents.Certificates {
		file.pool.AddCert(c)
	}
	return file
}

// usable are the authorities where one at least could be read.
func (f authorityFile) usable() (*x509.CertPool, error) {
	switch {
	case f.err != nil:
		return nil, f.err
	case f.pool.Equal(x509.NewCertPool()):
		return nil, f.unread[0]
	}
	return f.pool, nil
}

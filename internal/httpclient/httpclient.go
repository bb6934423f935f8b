// Package httpclient is how collectors ask servers over HTTP: whom they trust, how they log in, and errors that tell no secret.
package httpclient

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// NewTransport trusts the authorities in a PEM file, or the public ones where none is named. The file is read anew for each
// transport: authorities are replaced as certificates are.
func NewTransport(caFile string) (*http.Transport, error) { return trusting(caFile, pki.ReadPool) }

// Trusting is NewTransport for who asks so often that the file is parsed only when it changes.
func Trusting(authorities *pki.Authorities, caFile string) (*http.Transport, error) {
	return trusting(caFile, authorities.Pool)
}

func trusting(caFile string, pool func(string) (*x509.CertPool, error)) (*http.Transport, error) {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
	}
	if caFile == "" {
		return transport, nil
	}
	var err error
	if transport.TLSClientConfig.RootCAs, err = pool(caFile); err != nil {
		return nil, fmt.Errorf("read ca_file %s: %w", caFile, err)
	}
	return transport, nil
}

// ShowCertificate has a transport show a certificate of its own to servers that ask for one; nil: none. The files are read anew
// for each transport.
func ShowCertificate(transport *http.Transport, own *system.ClientCertificate) error {
	if own == nil {
		return nil
	}
	chain, err := pki.ReadFile(own.CertFile)
	if err != nil {
		return fmt.Errorf("read cert_file %s: %w", own.CertFile, err)
	}
	key, err := pki.ReadFile(own.KeyFile)
	if err != nil {
		return fmt.Errorf("read key_file %s: %w", own.KeyFile, err)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return fact.Errorf(fact.ReasonInvalid, "read the client certificate %s with the key %s: %w", own.CertFile, own.KeyFile, err)
	}
	transport.TLSClientConfig.Certificates = []tls.Certificate{pair}
	return nil
}

// Error gives an error without the request that it repeats. What is none of the network is the server's: it does not speak
// HTTP, or shows a certificate that does not verify.
func Error(ctx context.Context, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case fact.ReasonOf(err) == fact.ReasonFailed:
		return fact.Errorf(fact.ReasonInvalid, "%s", words.Excerpt(err.Error()))
	default:
		return err
	}
}

// A Login is how the exporter says who it is. The zero value says nothing.
type Login struct {
	username string
	secret   secret.Value
	basic    bool
}

// ReadLogin reads a login by a token or by a name and a password, as far as they are declared. The files are read anew for
// each run: secrets are replaced as certificates are.
func ReadLogin(bearerTokenFile string, basic *system.BasicAuth) (Login, error) {
	switch {
	case bearerTokenFile != "":
		token, err := readSecret(bearerTokenFile)
		return Login{secret: token}, err
	case basic != nil:
		password, err := readSecret(basic.PasswordFile)
		return Login{username: basic.Username, secret: password, basic: true}, err
	default:
		return Login{}, nil
	}
}

func readSecret(file string) (secret.Value, error) {
	value, err := secret.Read(file, "")
	if err == nil && value.Empty() {
		err = fact.Errorf(fact.ReasonInvalid, "read secret: %s is empty", file)
	}
	return value, err
}

// Add adds the login to a request.
func (l Login) Add(request *http.Request) {
	switch {
	case l.basic:
		request.SetBasicAuth(l.username, l.secret.Reveal())
	case !l.secret.Empty():
		request.Header.Set("Authorization", "Bearer "+l.secret.Reveal())
	}
}

// Wrong is a login of the same sort that nobody has: its name is the exporter's own, so that no account of a person is locked.
func (l Login) Wrong() Login {
	return Login{username: "readiness-exporter-wrong-login", secret: secret.New(rand.Text()), basic: l.basic}
}

// Redact takes the login's secret out of what a server answered.
func (l Login) Redact(text string) string { return secret.Redact(text, l.secret) }

package prometheus

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// maximumAnswer is some ten thousand series; an expression that gives more is meant for a screen, not for a check.
const maximumAnswer = 4 << 20

// evaluate asks the server for the value of the expression at its own time.
func evaluate(ctx context.Context, t Target) (*answer, error) {
	transport, err := newTransport(t.Server.CAFile)
	if err != nil {
		return nil, err
	}
	defer transport.CloseIdleConnections()
	login, err := readLogin(t.Server)
	if err != nil {
		return nil, err
	}
	form := url.Values{"query": {t.Expression}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost,
		strings.TrimSuffix(t.Server.URL, "/")+"/api/v1/query", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	login.add(request)
	client := http.Client{
		Transport: transport,
		// A login is for the declared server alone.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, transportError(ctx, err)
	}
	defer response.Body.Close() // All that was wanted has been read.
	body, err := io.ReadAll(io.LimitReader(response.Body, maximumAnswer+1))
	switch {
	case err != nil:
		return nil, transportError(ctx, err)
	case len(body) > maximumAnswer:
		return nil, fact.Errorf(fact.ReasonUnsupported,
			"the answer is longer than %d bytes: aggregate the expression, or narrow it", maximumAnswer)
	}
	return login.read(response, body)
}

// read makes sense of what the server answered.
func (l login) read(response *http.Response, body []byte) (*answer, error) {
	if response.StatusCode >= 300 && response.StatusCode < 400 {
		return nil, fact.Errorf(fact.ReasonInvalid, "the server redirects elsewhere (%s): declare the URL that it redirects to",
			response.Status[:3])
	}
	var read answer
	err := json.Unmarshal(bytes.TrimSpace(body), &read)
	said := words.Excerpt(secret.Redact(read.Error, l.secrets...))
	switch {
	case response.StatusCode == http.StatusUnauthorized, response.StatusCode == http.StatusForbidden:
		return nil, fact.Errorf(fact.ReasonDenied, "the server answered %d", response.StatusCode)
	case err == nil && read.Status == "error":
		return nil, fact.Errorf(reasonOf(read.ErrorType), "the server answered %d: %s", response.StatusCode, said)
	case response.StatusCode == http.StatusNotFound:
		return nil, fact.Errorf(fact.ReasonNotFound, "the server answered 404: it has no API of Prometheus at this URL")
	case response.StatusCode != http.StatusOK:
		return nil, fact.Errorf(fact.ReasonFailed, "the server answered %d", response.StatusCode)
	case err != nil || read.Status != "success":
		return nil, fact.Errorf(fact.ReasonInvalid, "the answer is not one of the API of Prometheus")
	}
	for i, warning := range read.Warnings {
		read.Warnings[i] = secret.Redact(warning, l.secrets...)
	}
	return &read, nil
}

// reasonOf reads the reason from the API's own type of error.
func reasonOf(errorType string) fact.Reason {
	switch errorType {
	case "bad_data":
		return fact.ReasonInvalid
	case "timeout", "canceled":
		return fact.ReasonTimeout
	case "unavailable":
		return fact.ReasonUnreachable
	case "not_found":
		return fact.ReasonNotFound
	default:
		return fact.ReasonFailed
	}
}

// transportError gives an error without the request that it repeats. What is none of the network is the server's: it does
// not speak HTTP, or shows a certificate that does not verify.
func transportError(ctx context.Context, err error) error {
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

func newTransport(caFile string) (*http.Transport, error) {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
	}
	if caFile == "" {
		return transport, nil
	}
	content, err := pki.ReadFile(caFile)
	if err == nil {
		transport.TLSClientConfig.RootCAs, err = pki.ParsePool(content)
	}
	if err != nil {
		return nil, fmt.Errorf("read ca_file %s: %w", caFile, err)
	}
	return transport, nil
}

// A login is how the exporter says who it is.
type login struct {
	add     func(*http.Request)
	secrets []secret.Value
}

// readLogin reads the secrets anew for each run: they are replaced as certificates are.
func readLogin(server system.Prometheus) (login, error) {
	switch {
	case server.BearerTokenFile != "":
		token, err := readSecret(server.BearerTokenFile)
		return login{
			func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token.Reveal()) }, []secret.Value{token},
		}, err
	case server.BasicAuth != nil:
		password, err := readSecret(server.BasicAuth.PasswordFile)
		return login{
			func(r *http.Request) { r.SetBasicAuth(server.BasicAuth.Username, password.Reveal()) }, []secret.Value{password},
		}, err
	default:
		return login{add: func(*http.Request) {}}, nil
	}
}

func readSecret(file string) (secret.Value, error) {
	value, err := secret.Read(file, "")
	if err == nil && value.Empty() {
		err = fact.Errorf(fact.ReasonInvalid, "read secret: %s is empty", file)
	}
	return value, err
}

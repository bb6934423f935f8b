package prometheus

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// A client asks one server, with its login.
type client struct {
	server    system.Prometheus
	login     httpclient.Login
	transport *http.Transport
}

func newClient(server system.Prometheus) (*client, error) {
	transport, err := httpclient.NewTransport(server.CAFile)
	if err != nil {
		return nil, err
	}
	login, err := httpclient.ReadLogin(server.BearerTokenFile, server.BasicAuth)
	if err != nil {
		return nil, err
	}
	return &client{server, login, transport}, nil
}

func (c *client) close() { c.transport.CloseIdleConnections() }

// A question is a request to the API.
type question struct {
	method, path string
	form         url.Values
	longest      int    // how many bytes an answer may have
	shorten      string // what to do where it has more, as the end of a sentence
}

// ask asks a question. At is when it was answered, by the server's clock where it reports that.
func (c *client) ask(ctx context.Context, q question) (answered *answer, at time.Time, err error) {
	request, err := c.request(ctx, q)
	if err != nil {
		return nil, at, err
	}
	client := http.Client{
		Transport: c.transport,
		// A login is for the declared server alone.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, at, httpclient.Error(ctx, err)
	}
	defer response.Body.Close() // All that was wanted has been read.
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(q.longest)+1))
	switch {
	case err != nil:
		return nil, at, httpclient.Error(ctx, err)
	case len(body) > q.longest:
		return nil, at, fact.Errorf(fact.ReasonUnsupported, "the answer is longer than %d bytes: %s", q.longest, q.shorten)
	}
	if at, err = http.ParseTime(response.Header.Get("Date")); err != nil {
		at = time.Now()
	}
	answered, err = read(c.login, response, body)
	return answered, at, err
}

func (c *client) request(ctx context.Context, q question) (*http.Request, error) {
	address, content := strings.TrimSuffix(c.server.URL, "/")+q.path, io.Reader(nil)
	if q.method == http.MethodPost {
		content = strings.NewReader(q.form.Encode())
	} else {
		address += "?" + q.form.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, q.method, address, content)
	if err != nil {
		return nil, err
	}
	if q.method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.server.Tenant != "" {
		request.Header.Set("X-Scope-OrgID", c.server.Tenant)
	}
	c.login.Add(request)
	return request, nil
}

// read makes sense of what the server answered.
func read(login httpclient.Login, response *http.Response, body []byte) (*answer, error) {
	if response.StatusCode >= 300 && response.StatusCode < 400 {
		return nil, fact.Errorf(fact.ReasonInvalid, "the server redirects elsewhere (%s): declare the URL that it redirects to",
			response.Status[:3])
	}
	var answered answer
	err := json.Unmarshal(bytes.TrimSpace(body), &answered)
	said := words.Excerpt(login.Redact(answered.Error))
	switch {
	case response.StatusCode == http.StatusUnauthorized, response.StatusCode == http.StatusForbidden:
		return nil, fact.Errorf(fact.ReasonDenied, "the server answered %d", response.StatusCode)
	case err == nil && answered.Status == "error":
		return nil, fact.Errorf(reasonOf(answered.ErrorType), "the server answered %d: %s", response.StatusCode, said)
	case response.StatusCode == http.StatusNotFound:
		return nil, fact.Errorf(fact.ReasonNotFound, "the server answered 404: it has no API of Prometheus at this URL")
	case response.StatusCode != http.StatusOK:
		return nil, fact.Errorf(fact.ReasonFailed, "the server answered %d", response.StatusCode)
	case err != nil || answered.Status != "success":
		return nil, fact.Errorf(fact.ReasonInvalid, "the answer is not one of the API of Prometheus")
	}
	for i, warning := range answered.Warnings {
		answered.Warnings[i] = login.Redact(warning)
	}
	return &answered, nil
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

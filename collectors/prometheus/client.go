package prometheus

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// maximumAnswer is some ten thousand series; an expression that gives more is meant for a screen, not for a check.
const maximumAnswer = 4 << 20

// evaluate asks the server for the value of the expression at its own time.
func evaluate(ctx context.Context, t Target) (*answer, error) {
	transport, err := httpclient.NewTransport(t.Server.CAFile)
	if err != nil {
		return nil, err
	}
	defer transport.CloseIdleConnections()
	login, err := httpclient.ReadLogin(t.Server.BearerTokenFile, t.Server.BasicAuth)
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
	login.Add(request)
	client := http.Client{
		Transport: transport,
		// A login is for the declared server alone.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, httpclient.Error(ctx, err)
	}
	defer response.Body.Close() // All that was wanted has been read.
	body, err := io.ReadAll(io.LimitReader(response.Body, maximumAnswer+1))
	switch {
	case err != nil:
		return nil, httpclient.Error(ctx, err)
	case len(body) > maximumAnswer:
		return nil, fact.Errorf(fact.ReasonUnsupported,
			"the answer is longer than %d bytes: aggregate the expression, or narrow it", maximumAnswer)
	}
	return read(login, response, body)
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

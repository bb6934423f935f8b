package document

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/linkcheck"
	"github.com/readiness-exporter/readiness-exporter/internal/prose"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// acceptedTexts are the media types of documents for people.
const acceptedTexts = "text/markdown, text/html;q=0.9, text/plain;q=0.9, application/json;q=0.8, */*;q=0.1"

// maximumPage is how long an answer may be, in bytes.
const maximumPage = 2 << 20

// fetched reads a document at an address of the web.
func fetched(ctx context.Context, t Target) (document fact.Document, undated, err error) {
	page, changed, err := fetch(ctx, *t.Declared)
	if err != nil {
		return document, nil, err
	}
	if page == nil {
		return fact.Document{Document: t.Request.Document, Searched: t.Declared.URL}, nil, nil
	}
	text := prose.Read(page.format, page.content)
	document = described(t.Request.Document, text)
	document.Place, document.Searched, document.Changed = t.Declared.URL, t.Declared.URL, changed
	document.Diagrams += len(text.Images)
	if changed.IsZero() {
		undated = fact.Errorf(fact.ReasonUnsupported, "%s does not report when the document changed", t.Declared.URL)
	}
	return document, undated, nil
}

// A written is a text in a language of documents.
type written struct {
	format  prose.Format
	content []byte
}

// fetch gives what is at an address of the web, and when it changed; nil: there is no such page.
func fetch(ctx context.Context, declared system.Document) (page *written, changed time.Time, err error) {
	response, body, err := get(ctx, declared, acceptedTexts) //nolint:bodyclose // It is read and closed there.
	switch {
	case err == nil && absent(response):
		return nil, changed, nil
	case err == nil:
		page, changed, err = understood(response, declared.URL, body)
	}
	if err != nil {
		return nil, changed, fmt.Errorf("get %s: %w", declared.URL, err)
	}
	return page, changed, nil
}

// absent tells whether an answer says that there is no such page.
func absent(response *http.Response) bool {
	return response.StatusCode == http.StatusNotFound || response.StatusCode == http.StatusGone
}

// get asks for what is declared at an address of the web.
func get(ctx context.Context, declared system.Document, accepted string) (*http.Response, []byte, error) {
	transport, err := httpclient.NewTransport(declared.CAFile)
	if err != nil {
		return nil, nil, err
	}
	defer transport.CloseIdleConnections()
	login, err := httpclient.ReadLogin(declared.BearerTokenFile, declared.BasicAuth)
	if err != nil {
		return nil, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, declared.URL, nil)
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Accept", accepted)
	login.Add(request)
	client := http.Client{
		Transport: transport,
		// A login is for the declared server alone.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, nil, httpclient.Error(ctx, err)
	}
	defer response.Body.Close() // All that was wanted has been read.
	body, err := io.ReadAll(io.LimitReader(response.Body, maximumPage+1))
	switch {
	case err != nil:
		return nil, nil, httpclient.Error(ctx, err)
	case len(body) > maximumPage:
		return nil, nil, fact.Errorf(fact.ReasonUnsupported, "the answer is longer than %d bytes", maximumPage)
	}
	return response, body, nil
}

// answered tells why an answer is not the one that was asked for; nil: it is.
func answered(response *http.Response) error {
	switch code := response.StatusCode; {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fact.Errorf(fact.ReasonDenied, "the server answered %d", code)
	case code >= 300 && code < 400:
		return fact.Errorf(fact.ReasonInvalid, "the server redirects elsewhere (%d): declare the URL that it redirects to", code)
	case code != http.StatusOK:
		return fact.Errorf(fact.ReasonFailed, "the server answered %d", code)
	}
	return nil
}

// understood takes the text out of an answer: a page, a text, or a page of Confluence as its API gives it.
func understood(response *http.Response, address string, body []byte) (page *written, changed time.Time, err error) {
	if err := answered(response); err != nil {
		return nil, changed, err
	}
	changed, err = http.ParseTime(response.Header.Get("Last-Modified"))
	if err != nil {
		changed = time.Time{}
	}
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")) // One that cannot be read is none that is understood.
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return nil, changed, fact.Errorf(fact.ReasonInvalid, "the answer is empty")
	case media == "application/json":
		return confluence(body)
	case (media == "text/html" || media == "application/xhtml+xml") && linkcheck.AsksForPassword(body):
		return nil, changed, fact.Errorf(fact.ReasonDenied, "the answer is a page that asks for a password")
	case media == "text/html", media == "application/xhtml+xml":
		return &written{prose.HTML, body}, changed, nil
	case strings.HasPrefix(media, "text/"):
		return &written{textFormat(address), body}, changed, nil
	default:
		return nil, changed, fact.Errorf(fact.ReasonInvalid, "the answer is neither a text nor a page")
	}
}

// textFormat is that of a text by its address, or Markdown, which every text is.
func textFormat(address string) prose.Format {
	if parsed, err := url.Parse(address); err == nil {
		if format, known := prose.FormatOf(parsed.Path); known && format != prose.Plain && format != prose.HTML {
			return format
		}
	}
	return prose.Markdown
}

// confluence takes the text out of a page as the REST API gives it with body.storage and version: of version 1 and 2 of the API.
func confluence(body []byte) (*written, time.Time, error) {
	var page struct {
		Status string `json:"status"`
		Body   struct {
			Storage struct {
				Value string `json:"value"`
			} `json:"storage"`
		} `json:"body"`
		Version struct {
			When      time.Time `json:"when"`
			CreatedAt time.Time `json:"createdAt"`
		} `json:"version"`
	}
	err := json.Unmarshal(body, &page)
	if err == nil && (page.Status == "archived" || page.Status == "trashed" || page.Status == "draft") {
		return nil, time.Time{}, nil // Its readers do not find it.
	}
	if err == nil && page.Body.Storage.Value == "" {
		err = errors.New("there is no body.storage.value")
	}
	if err != nil {
		return nil, time.Time{}, fact.Errorf(fact.ReasonInvalid, "the answer is no page of Confluence with body.storage expanded")
	}
	changed := page.Version.When
	if changed.IsZero() {
		changed = page.Version.CreatedAt
	}
	return &written{prose.HTML, []byte(page.Body.Storage.Value)}, changed.UTC(), nil
}

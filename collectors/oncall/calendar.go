package oncall

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/ical"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// maximumCalendar is how long a calendar may be, in bytes.
const maximumCalendar = 20 << 20

// events are the shifts that the events of a calendar are.
func events(ctx context.Context, c system.Calendar, within fact.TimeSpan) (found roster, err error) {
	options := ical.Options{From: within.Start, Until: within.End}
	if c.TimeZone != "" {
		if options.Zone, err = time.LoadLocation(c.TimeZone); err != nil {
			return found, fact.Errorf(fact.ReasonInvalid, "read the time zone %s: %w", c.TimeZone, err)
		}
	}
	where := "at the address in " + c.URLFile
	var content []byte
	if c.Path != "" {
		where = c.Path
		if content, err = readfile.Read(c.Path, maximumCalendar); errors.Is(err, readfile.ErrTooLarge) {
			err = fact.Errorf(fact.ReasonUnsupported, "it is longer than %d bytes", maximumCalendar)
		}
	} else {
		content, err = fetch(ctx, c)
	}
	if err != nil {
		return found, fmt.Errorf("read the calendar %s: %w", where, err)
	}
	read, err := ical.Read(ctx, content, options)
	switch {
	case ctx.Err() != nil:
		return found, context.Cause(ctx)
	case err != nil:
		return found, fact.Errorf(fact.ReasonInvalid, "read the calendar %s: %w", where, err)
	}
	for _, event := range read {
		switch {
		case event.Tentative:
			found.tentative++
		case len(event.Names) == 0:
			found.unnamed++
		}
		if event.Tentative {
			continue
		}
		for _, name := range event.Names {
			found.add(name, event.Start, event.End)
		}
	}
	return found, nil
}

// fetch gets the calendar at an address that is nobody's business: whatever fails, no error has any of it.
func fetch(ctx context.Context, c system.Calendar) ([]byte, error) {
	address, err := secret.Read(c.URLFile, "")
	if err != nil {
		return nil, err
	}
	content, err := get(ctx, c, strings.TrimSpace(address.Reveal()))
	if err != nil {
		return nil, fact.Errorf(fact.ReasonOf(err), "%s", secret.Redact(err.Error(), address.Pieces()...))
	}
	return content, nil
}

// mostRedirects is how often an address may lead to another.
const mostRedirects = 5

func get(ctx context.Context, c system.Calendar, address string) ([]byte, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "the file holds no address")
	}
	if parsed.Scheme == "webcal" || parsed.Scheme == "webcals" { // as calendars are offered to programs that show them
		parsed.Scheme = "https"
	}
	if parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Hostname() == "" {
		return nil, fact.Errorf(fact.ReasonInvalid, "the file holds no address that begins with https://")
	}
	transport, err := httpclient.NewTransport(c.CAFile)
	if err != nil {
		return nil, err
	}
	defer transport.CloseIdleConnections()
	login, err := httpclient.ReadLogin(c.BearerTokenFile, c.BasicAuth)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, parsed.String(), nil)
	if err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "the file holds no address")
	}
	request.Header.Set("Accept", "text/calendar")
	login.Add(request)
	client := http.Client{Transport: transport, CheckRedirect: redirect}
	response, err := client.Do(request)
	if err != nil {
		return nil, httpclient.Error(ctx, err)
	}
	defer response.Body.Close() // All that was wanted has been read.
	if err := answered(response); err != nil {
		return nil, err
	}
	return body(ctx, response, maximumCalendar)
}

// redirect follows where an address leads. The address itself is not told there, and nothing is sent in the clear that was not before.
func redirect(next *http.Request, before []*http.Request) error {
	next.Header.Del("Referer")
	first := before[0].URL
	switch {
	case len(before) > mostRedirects:
		return fact.Errorf(fact.ReasonInvalid, "the server redirects more than %d times", mostRedirects)
	case next.URL.Scheme != "https" && (first.Scheme == "https" || next.URL.Host != first.Host):
		return fact.Errorf(fact.ReasonInvalid, "the server redirects to an address that is not https://")
	default:
		return nil
	}
}

// answered is the error that the status of an answer is.
func answered(response *http.Response) error {
	switch code := response.StatusCode; code {
	case http.StatusOK:
		return nil
	case http.StatusUnauthorized, http.StatusForbidden:
		return fact.Errorf(fact.ReasonDenied, "the server answered %d: the token or the address may have been replaced", code)
	case http.StatusNotFound, http.StatusGone:
		return fact.Errorf(fact.ReasonNotFound, "the server answered %d: it has no such schedule or calendar", code)
	case http.StatusTooManyRequests:
		return fact.Errorf(fact.ReasonDenied, "the server answered %d: it is asked too often", code)
	default:
		return fact.Errorf(fact.ReasonFailed, "the server answered %d", code)
	}
}

func body(ctx context.Context, response *http.Response, most int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	switch {
	case err != nil:
		return nil, httpclient.Error(ctx, err)
	case int64(len(content)) > most:
		return nil, fact.Errorf(fact.ReasonUnsupported, "the answer is longer than %d bytes", most)
	default:
		return content, nil
	}
}

package review

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// maximumAnswer is how long one answer may be, in bytes.
	maximumAnswer = 16 << 20
	// maximumKept is how long an answer may be that is kept, to ask only whether it has changed.
	maximumKept = 1 << 20
	// mostRedirects is how often a project may have been renamed.
	mostRedirects = 3
	// shortestPause and longestPause bound how long a host is left alone that was asked too often.
	shortestPause = time.Minute
	longestPause  = 2 * time.Hour
)

// A client asks a host. What it answers is kept, and asked for again only where it has changed.
type client struct {
	target    system.Review
	token     secret.Value
	transport *http.Transport
	http      *http.Client
	now       time.Time
	before    map[string]answer
	used      map[string]answer
}

// An answer is one of a host.
type answer struct {
	etag    string
	content []byte
	more    bool // there is a next page
}

// newClient makes a client. The files with the token and the authorities are read anew, since they are replaced.
func newClient(t system.Review, before map[string]answer, now time.Time) (*client, error) {
	token, err := secret.Read(t.TokenFile, "")
	if err == nil && strings.TrimSpace(token.Reveal()) == "" {
		err = fact.Errorf(fact.ReasonInvalid, "the file %s is empty", t.TokenFile)
	}
	if err != nil {
		return nil, err
	}
	transport, err := httpclient.NewTransport(t.CAFile)
	if err != nil {
		return nil, err
	}
	c := &client{
		target: t, token: secret.New(strings.TrimSpace(token.Reveal())), transport: transport, now: now,
		before: before, used: make(map[string]answer),
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: sameServer}
	return c, nil
}

func (c *client) close() { c.transport.CloseIdleConnections() }

// sameServer follows a project that was renamed, and takes the token to no other server.
func sameServer(next *http.Request, before []*http.Request) error {
	if len(before) > mostRedirects || next.URL.Scheme != before[0].URL.Scheme || next.URL.Host != before[0].URL.Host {
		return http.ErrUseLastResponse
	}
	return nil
}

// A limitError says that a host wants to be left alone.
type limitError struct{ until time.Time }

func (e *limitError) Error() string {
	return "the API is asked too often (rate limit); it is asked again after " + words.Moment(e.until)
}

// Unwrap gives the reason.
func (e *limitError) Unwrap() error { return fact.Errorf(fact.ReasonDenied, "rate limit") }

// errNone says that there is no such thing.
var errNone = errors.New("the server answered 404")

// get reads an answer, and tells whether there is a next page.
func (c *client) get(ctx context.Context, path string, query url.Values, into any) (more bool, err error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	found, err := c.ask(ctx, path)
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(found.content, into); err != nil {
		return false, fact.Errorf(fact.ReasonInvalid, "the answer cannot be read as JSON of the API")
	}
	if len(found.content) <= maximumKept && found.etag != "" {
		c.used[path] = found
	}
	return found.more, nil
}

// must is get of what has to be there.
func (c *client) must(ctx context.Context, path string, query url.Values, into any) (bool, error) {
	more, err := c.get(ctx, path, query, into)
	if errors.Is(err, errNone) {
		return false, fact.Errorf(fact.ReasonNotFound,
			"the server answered 404: there is no such project or branch, or the token may not read it: it takes %s", permission(c.target.Host))
	}
	return more, err
}

func (c *client) ask(ctx context.Context, path string) (found answer, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.target.URL+path, nil)
	if err != nil {
		return found, fact.Errorf(fact.ReasonInvalid, "the URL of the API cannot be used")
	}
	c.sign(request)
	before, known := c.before[path]
	if known {
		request.Header.Set("If-None-Match", before.etag)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return found, httpclient.Error(ctx, err)
	}
	defer response.Body.Close() // All that was wanted has been read.
	if known && response.StatusCode == http.StatusNotModified {
		return before, nil
	}
	if response.StatusCode != http.StatusOK {
		return found, c.refused(response)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maximumAnswer+1))
	switch {
	case err != nil:
		return found, httpclient.Error(ctx, err)
	case len(content) > maximumAnswer:
		return found, fact.Errorf(fact.ReasonUnsupported, "the answer is longer than %d bytes", maximumAnswer)
	}
	next := strings.Contains(strings.Join(response.Header.Values("Link"), ","), `rel="next"`)
	return answer{etag: response.Header.Get("ETag"), content: content, more: next}, nil
}

// sign adds the token, and what else an API wants.
func (c *client) sign(request *http.Request) {
	request.Header.Set("Accept", "application/json")
	scheme := "Bearer "
	switch c.target.Host {
	case system.GitHub:
		request.Header.Set("Accept", "application/vnd.github+json")
		request.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	case system.Gitea:
		scheme = "token "
	}
	if c.target.Username != "" {
		request.SetBasicAuth(c.target.Username, c.token.Reveal())
		return
	}
	request.Header.Set("Authorization", scheme+c.token.Reveal())
}

// refused is the error of an answer that is none of what was asked for.
func (c *client) refused(response *http.Response) error {
	code, header := response.StatusCode, response.Header
	exhausted := header.Get("X-RateLimit-Remaining") == "0" || header.Get("Retry-After") != ""
	switch {
	case code == http.StatusTooManyRequests, code == http.StatusForbidden && exhausted:
		return &limitError{until: c.now.Add(min(max(c.pause(header), shortestPause), longestPause))}
	case code == http.StatusForbidden && strings.Contains(strings.ToLower(excerpt(response.Body)), "rate limit"):
		return &limitError{until: c.now.Add(shortestPause)} // A secondary limit of GitHub need not say until when.
	case code == http.StatusUnauthorized:
		return fact.Errorf(fact.ReasonDenied, "the server answered 401: the token is wrong, or has expired")
	case code == http.StatusForbidden:
		return fact.Errorf(fact.ReasonDenied, "the server answered 403: the token lacks a permission: it takes %s", permission(c.target.Host))
	case code == http.StatusNotFound:
		return errNone
	case code/100 == 3:
		return fact.Errorf(fact.ReasonInvalid,
			"the server answered %d: the project has moved to another server, which the token is not given to", code)
	default:
		return fact.Errorf(fact.ReasonFailed, "the server answered %d", code)
	}
}

func excerpt(body io.Reader) string {
	content, _ := io.ReadAll(io.LimitReader(body, 4<<10)) // What was read before it broke is enough.
	return string(content)
}

// pause is how long a host wants to be left alone: in seconds, or until a moment (of GitHub, X-RateLimit-Reset; of GitLab,
// RateLimit-Reset).
func (c *client) pause(header http.Header) time.Duration {
	if after := header.Get("Retry-After"); after != "" {
		if seconds, err := strconv.ParseUint(after, 10, 31); err == nil {
			return time.Duration(seconds) * time.Second
		}
		if moment, err := http.ParseTime(after); err == nil {
			return moment.Sub(c.now)
		}
	}
	for _, name := range []string{"X-RateLimit-Reset", "RateLimit-Reset"} {
		if moment, err := strconv.ParseInt(header.Get(name), 10, 63); err == nil {
			return time.Unix(moment, 0).Sub(c.now)
		}
	}
	return shortestPause
}

// permission is what a token must have.
func permission(host string) string {
	switch host {
	case system.GitHub:
		return "Contents: read and Pull requests: read of a fine-grained token, or the scope repo of a classic one"
	case system.GitLab:
		return "the scope read_api, and the role Reporter or above"
	case system.Gitea:
		return "the scope read:repository"
	case system.BitbucketDataCenter:
		return "the permission Repository read"
	default:
		return "the scopes read:repository and read:pullrequest"
	}
}

// paged reads all pages of a list, up to a number of them.
func paged[T any](ctx context.Context, c *client, path string, query url.Values, size string, most int) (all []T, err error) {
	for page := 1; page <= most; page++ {
		one := url.Values{"page": {strconv.Itoa(page)}, size: {strconv.Itoa(pageSize)}}
		for key, values := range query {
			one[key] = values
		}
		var items []T
		more, err := c.must(ctx, path, one, &items)
		if err != nil {
			return nil, err
		}
		if all = append(all, items...); !more {
			return all, nil
		}
	}
	return all, nil
}

// pathOf joins parts of a path, each escaped.
func pathOf(format string, parts ...string) string {
	escaped := make([]any, len(parts))
	for i, part := range parts {
		escaped[i] = url.PathEscape(part)
	}
	return fmt.Sprintf(format, escaped...)
}

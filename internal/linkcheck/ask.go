package linkcheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// longestAnswer is how long a server may take for one link.
	longestAnswer = 15 * time.Second
	// mostHops is how many redirects a link may lead through.
	mostHops = 10
	// beginning is how many bytes of a page are read.
	beginning = 64 << 10
	// tooMany is the status of a server that wants to be asked less often.
	tooMany = http.StatusTooManyRequests
	// linkedIn is the status by which LinkedIn wants a login.
	linkedIn = 999
)

// An asker asks links, one after the other.
type asker struct {
	options   Options
	transport *http.Transport
	client    http.Client
	last      map[string]time.Time // when a server was last asked
}

func newAsker(options Options) *asker {
	connect := options.Connect
	if connect == nil {
		connect = Public
	}
	// A proxy would resolve names by itself, and reach what this machine does not.
	transport := &http.Transport{DialContext: connect, ForceAttemptHTTP2: true, TLSHandshakeTimeout: longestAnswer}
	return &asker{
		options: options, transport: transport, last: make(map[string]time.Time),
		client: http.Client{Transport: transport, Timeout: longestAnswer, CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > mostHops {
				return errHops
			}
			return nil
		}},
	}
}

// errHops is the error of a link that leads from one to the next without an end.
var errHops = fmt.Errorf("it leads through more than %d redirects", mostHops)

func (a *asker) close() { a.transport.CloseIdleConnections() }

// ask asks a link by HEAD and, where that is answered with an error, by GET: not every server knows HEAD.
func (a *asker) ask(ctx context.Context, link string, state *State, now time.Time) {
	var status int
	var login bool
	err := errNotAsked
	if !a.options.Pages {
		status, login, err = a.request(ctx, http.MethodHead, link)
	}
	if !reach.Refused(err) && (err != nil || status >= http.StatusBadRequest) {
		status, login, err = a.request(ctx, http.MethodGet, link)
	}
	if ctx.Err() != nil {
		return
	}
	was := *state
	*state = State{At: now, Alive: was.Alive, Status: status, Login: login}
	switch {
	case reach.Refused(err):
		state.Beyond = true
		return
	case err != nil:
		state.Detail, state.Silent = words.Excerpt(httpclient.Error(ctx, err).Error()), !errors.Is(err, errHops)
	case isDead(status):
		state.Detail = fmt.Sprintf("the server answers %d", status)
	default:
		if status < http.StatusMultipleChoices && !login {
			state.Alive = now
		}
		return
	}
	if state.Since, state.Times = was.Since, was.Times+1; was.Since.IsZero() {
		state.Since = now
	}
}

// errNotAsked is that of a request that was not made.
var errNotAsked = errors.New("it was not asked")

// isDead tells whether a status says that there is nothing. That a page is for some alone, or asked too often, does not (401, 403, 429,
// and LinkedIn's 999).
func isDead(status int) bool {
	return status == http.StatusNotFound || status == http.StatusGone || status >= 500 && status < 600
}

// request asks once. Between two requests to a server is a pause.
func (a *asker) request(ctx context.Context, method, link string) (status int, login bool, err error) {
	request, err := http.NewRequestWithContext(ctx, method, link, nil)
	if err != nil {
		return 0, false, err
	}
	request.Header.Set("User-Agent", "readiness-exporter ("+a.options.About+")")
	request.Header.Set("Accept", "*/*")
	select {
	case <-ctx.Done():
		return 0, false, context.Cause(ctx)
	case <-time.After(time.Until(a.last[request.URL.Host].Add(a.options.Pause))):
	}
	response, err := a.client.Do(request)
	a.last[request.URL.Host] = time.Now()
	if err != nil {
		return 0, false, err
	}
	defer response.Body.Close() // All that was wanted has been read.
	status = response.StatusCode
	login = status == http.StatusUnauthorized || status == http.StatusForbidden || status == linkedIn ||
		ledToLogin(request.URL, response.Request.URL)
	if !login && a.options.Pages && status < http.StatusMultipleChoices {
		page, err := io.ReadAll(io.LimitReader(response.Body, beginning))
		if err != nil {
			return 0, false, err
		}
		login = AsksForPassword(page)
	}
	return status, login, nil
}

// askingForPassword is a page that stands in for one that is shown after a login.
var askingForPassword = regexp.MustCompile(`(?i)<input[^>]+type\s*=\s*["']?password`)

// AsksForPassword tells whether a page has a field for a password: it stands in for one that is shown after a login.
func AsksForPassword(page []byte) bool { return askingForPassword.Match(page) }

// ledToLogin tells whether redirects led from a page to one at which people log in.
func ledToLogin(from, to *url.URL) bool {
	if from.Host == to.Host && from.Path == to.Path {
		return false
	}
	host := from.Hostname() != to.Hostname() && isLogin(strings.Split(to.Hostname(), ".")[0])
	return host || slices.ContainsFunc(strings.FieldsFunc(to.Path, func(r rune) bool { return r == '/' || r == '.' }), isLogin)
}

// isLogin tells words by which addresses of logins are called.
func isLogin(word string) bool {
	word = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' {
			return -1
		}
		return r
	}, strings.ToLower(word))
	return slices.Contains([]string{
		"login", "signin", "sso", "saml", "saml2", "oauth", "oauth2", "oidc", "openidconnect", "auth", "authorize", "accounts", "idp",
		"adfs", "authwall",
	}, word)
}

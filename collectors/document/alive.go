package document

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/prose"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// longestAnswer is how long a server may take for one link.
	longestAnswer = 15 * time.Second
	// mostHops is how many redirects a link may lead through.
	mostHops = 10
)

// Connect makes a connection.
type Connect func(ctx context.Context, network, address string) (net.Conn, error)

// external gives the links of a text to other servers, each once, without those that are only examples.
func external(text *prose.Text) (points []prose.Point) {
	seen := make(map[string]bool)
	for _, point := range slices.Concat(text.Links, text.Images) {
		address, err := url.Parse(point.Text)
		if err != nil || address.Scheme != "https" && address.Scheme != "http" || address.User != nil || isExample(address.Hostname()) {
			continue
		}
		address.Fragment = "" // What is within a page is not asked.
		if point.Text = address.String(); !seen[point.Text] && len(points) < maximumExternal {
			seen[point.Text] = true
			points = append(points, point)
		}
	}
	return points
}

// isExample tells names that lead nowhere for everybody, or to whoever reads them (RFC 2606, RFC 6761, RFC 6762).
func isExample(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if _, err := netip.ParseAddr(host); err == nil {
		return false // The dialer tells which addresses are asked.
	}
	labels := strings.Split(host, ".")
	last := labels[len(labels)-1]
	reserved := []string{"example", "test", "invalid", "localhost", "local", "internal", "lan", "home", "corp", "arpa"}
	if len(labels) < 2 || slices.Contains(reserved, last) {
		return true
	}
	return labels[len(labels)-2] == "example" && slices.Contains([]string{"com", "net", "org"}, last)
}

// shown is a link as it is reported: what stands behind ? in it may be a secret.
func shown(link string) string {
	before, _, _ := strings.Cut(link, "?")
	return words.Printable(before, 200)
}

// An asker asks links, one after the other.
type asker struct {
	transport *http.Transport
	client    http.Client
	pause     time.Duration
	last      map[string]time.Time // when a server was last asked
}

func newAsker(options LinkOptions) *asker {
	connect := options.Connect
	if connect == nil {
		connect = reach.Fence{Ports: []int{80, 443}}.Dialer().DialContext
	}
	// A proxy would resolve names by itself, and reach what this machine does not.
	transport := &http.Transport{DialContext: connect, ForceAttemptHTTP2: true, TLSHandshakeTimeout: longestAnswer}
	return &asker{
		transport: transport, pause: options.Pause, last: make(map[string]time.Time),
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
func (a *asker) ask(ctx context.Context, link string, known *asked, now time.Time) {
	status, err := a.request(ctx, http.MethodHead, link)
	if !reach.Refused(err) && (err != nil || status >= http.StatusBadRequest) {
		status, err = a.request(ctx, http.MethodGet, link)
	}
	if ctx.Err() != nil {
		return
	}
	*known = asked{at: now, since: known.since, times: known.times}
	switch {
	case reach.Refused(err):
		*known = asked{at: now, beyond: true}
		return
	case err != nil:
		known.detail, known.silent = words.Excerpt(httpclient.Error(ctx, err).Error()), !errors.Is(err, errHops)
	case isDead(status):
		known.detail = fmt.Sprintf("the server answers %d", status)
	default:
		*known = asked{at: now}
		return
	}
	if known.times++; known.since.IsZero() {
		known.since = now
	}
}

// isDead tells whether a status says that there is nothing. That a page is for some alone, or asked too often, does not (401, 403, 429,
// and LinkedIn's 999).
func isDead(status int) bool {
	return status == http.StatusNotFound || status == http.StatusGone || status >= 500 && status < 600
}

// request asks once, and reads nothing but the status. Between two requests to a server is a pause.
func (a *asker) request(ctx context.Context, method, link string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, method, link, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("User-Agent", "readiness-exporter (links of documents)")
	request.Header.Set("Accept", "*/*")
	select {
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-time.After(time.Until(a.last[request.URL.Host].Add(a.pause))):
	}
	response, err := a.client.Do(request)
	a.last[request.URL.Host] = time.Now()
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

package endpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// maximumSteps is how many redirects are followed, as curl does; browsers follow 20.
	maximumSteps = 10
	// maximumHeader bounds the headers of an answer, in bytes.
	maximumHeader = 256 << 10
	// maximumPage and maximumExposition bound what is read of a body, in bytes.
	maximumPage, maximumExposition = 1 << 20, 32 << 20
)

// A walk follows redirects from one address over one version of IP.
type walk struct {
	*client
	transport *http.Transport // for the declared server
	elsewhere *http.Transport // for others; nil: as that, or not used yet
	jar       http.CookieJar
	at        *url.URL
	method    string
}

func (c *client) newWalk(ctx context.Context, made *attempt, address url.URL) (*walk, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	version := made.answer.IPVersion
	w := &walk{client: c, transport: c.transport.Clone(), jar: jar, at: &address, method: cmp.Or(c.target.Method, http.MethodGet)}
	if c.stranger {
		made.estrange(w.transport.TLSClientConfig)
	}
	w.transport.DialContext = func(ctx context.Context, network, at string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(at)
		own := err == nil && strings.EqualFold(host, pki.ASCIIName(c.address.Hostname()))
		if own && (version == fact.IPv4 || version == fact.IPv6) {
			network += string(version)
		}
		// Where a proxy is, the environment says.
		declared := version == fact.IPProxy || own && port == portOf(&address)
		conn, err := c.dial(ctx, network, at, declared)
		if err == nil && own {
			made.shown.connected(conn.RemoteAddr())
		}
		return conn, err
	}
	return w, ctx.Err()
}

// dial connects. What is not declared, and only redirected to, may be anywhere but on this machine and its own network segment,
// where services listen that trust whoever is near.
func dial(ctx context.Context, network, address string, declared bool) (net.Conn, error) {
	dialer := net.Dialer{}
	if !declared {
		dialer.Control = func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || reach.Near(at.Addr()) {
				return fact.Errorf(fact.ReasonDenied, "it redirects to %s, which is not asked: declare that address as an endpoint", address)
			}
			return nil
		}
	}
	return dialer.DialContext(ctx, network, address)
}

// run asks, and follows redirects until there is an answer that is none, or one that is expected.
func (w *walk) run(ctx context.Context, made *attempt) error {
	for range maximumSteps {
		next, err := w.step(ctx, made)
		if next == nil || err != nil {
			return err
		}
		w.at = next
		if w.method == http.MethodPost {
			w.method = http.MethodGet // as browsers go on, and so that nothing is sent twice
		}
	}
	return fact.Errorf(fact.ReasonInvalid, "it redirects more than %d times, to %s in the end", maximumSteps, w.shown(w.at))
}

// step asks once. It gives where to ask next, or nil when this was the last answer.
func (w *walk) step(ctx context.Context, made *attempt) (next *url.URL, err error) {
	response, err := w.request(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		_ = response.Body.Close() // All that was wanted has been read.
		made.took.stop(phaseTransfer)
	}()
	w.jar.SetCookies(w.at, response.Cookies())
	step := fact.EndpointStep{URL: w.shown(w.at), Status: response.StatusCode}
	if next = location(response); next != nil {
		step.RedirectsTo = w.shown(next)
	}
	made.answer.Steps = append(made.answer.Steps, step)
	if next != nil && w.target.Found == nil && !slices.Contains(w.target.Expect.Status, response.StatusCode) {
		return next, nil
	}
	made.answer.HTTPVersion = strings.TrimPrefix(response.Proto, "HTTP/")
	made.answer.StrictTransportSecurity = strictTransportSecurity(response.Header.Get("Strict-Transport-Security"))
	if w.target.Found != nil {
		return nil, nil // Nothing is kept of what it says.
	}
	return nil, w.read(ctx, response, &made.answer)
}

func (w *walk) request(ctx context.Context) (*http.Response, error) {
	request, own, err := w.newRequest(ctx)
	switch {
	case err != nil:
		return nil, err
	case own:
		return w.transport.RoundTrip(request)
	default:
		return w.foreign().RoundTrip(request)
	}
}

// newRequest makes the next request; own: it is for the declared server, and has what logs in there.
func (w *walk) newRequest(ctx context.Context) (request *http.Request, own bool, err error) {
	request, err = http.NewRequestWithContext(ctx, w.method, w.at.String(), http.NoBody)
	if err != nil {
		return nil, false, err
	}
	request.Header.Set("User-Agent", "readiness-exporter")
	request.Header.Set("Accept", "*/*")
	if w.target.DeclaredPurpose() == fact.EndpointMetrics {
		request.Header.Set("Accept", "text/plain;version=0.0.4")
	}
	for _, cookie := range w.jar.Cookies(w.at) {
		request.AddCookie(cookie)
	}
	if w.at.Scheme != w.address.Scheme || w.at.Host != w.address.Host {
		return request, false, nil
	}
	for name, value := range w.target.RequestHeaders {
		request.Header.Set(name, value)
		if strings.EqualFold(name, "Host") {
			request.Host = value
		}
	}
	w.login.Add(request)
	return request, true, nil
}

// foreign is for other servers than the declared one, which get neither a login nor a certificate of ours.
func (w *walk) foreign() *http.Transport {
	if w.target.ClientCertificate == nil {
		return w.transport
	}
	if w.elsewhere == nil {
		w.elsewhere = w.transport.Clone()
		w.elsewhere.TLSClientConfig.Certificates = nil
	}
	return w.elsewhere
}

// close ends what is kept open.
func (w *walk) close() {
	w.transport.CloseIdleConnections()
	if w.elsewhere != nil {
		w.elsewhere.CloseIdleConnections()
	}
}

// location is where an answer redirects to, or nil.
func location(response *http.Response) *url.URL {
	switch response.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}
	next, err := response.Location()
	if err != nil || next.Scheme != "http" && next.Scheme != "https" || next.Hostname() == "" {
		return nil
	}
	return next
}

// read reads what the last answer says, as far as somebody asks for it.
func (w *walk) read(ctx context.Context, response *http.Response, answer *fact.EndpointAnswer) error {
	limit := w.maximumBody()
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if int64(len(body)) > limit {
		body, answer.Cut = body[:limit], w.readsBody()
	}
	answer.Unmet = w.unmet(ctx, response.Header, body, answer.Cut)
	switch {
	case answer.Cut || response.StatusCode != http.StatusOK:
	case w.target.DeclaredPurpose() == fact.EndpointMetrics:
		answer.Exposition = w.exposition(response.Header.Get("Content-Type"), body)
	case w.isPage():
		answer.Page = page(response.Header.Get("Content-Type"), body)
	}
	return nil
}

// maximumBody is how many bytes of a body are read.
func (c *client) maximumBody() int64 {
	if c.target.DeclaredPurpose() == fact.EndpointMetrics {
		return maximumExposition
	}
	return maximumPage
}

// readsBody tells whether anything is judged by the body.
func (c *client) readsBody() bool {
	return c.expected.body != nil || c.expected.json != nil || c.isPage() || c.target.DeclaredPurpose() == fact.EndpointMetrics
}

// strictTransportSecurity reads max-age of the header (RFC 6797, 6.1.1); zero where there is none that can be read.
func strictTransportSecurity(header string) time.Duration {
	for directive := range strings.SplitSeq(header, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "max-age") {
			continue
		}
		seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 32)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return 0
		}
		return time.Duration(seconds) * time.Second
	}
	return 0
}

// shown is an address without what may be a secret in it.
func (w *walk) shown(address *url.URL) string {
	public := url.URL{Scheme: address.Scheme, Host: address.Host, Path: address.Path}
	if name := address.Hostname(); !strings.Contains(name, ":") {
		public.Host = strings.Replace(address.Host, name, pki.ASCIIName(name), 1)
	}
	return words.Excerpt(w.login.Redact(public.String()))
}

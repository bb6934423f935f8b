package image

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/httpclient"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// A door is how one run asks a registry. What it leads to, a token server or a store of layers, is asked as a host that nobody has
// declared, unless it is declared with the registry: without a proxy, and only at public addresses.
type door struct {
	host     string // as images name it
	ref      name.Reference
	puller   *remote.Puller
	plain    bool
	declared map[string]bool // host:port
	known    *http.Transport // for those
	strange  *http.Transport // for all others
	note     func(*http.Response)

	mu   sync.Mutex
	sent map[string]bool // logins that the registry was sent: they are for nobody that it redirects to
}

// open makes the door to the registry of a target. What it is logged in with is read anew.
func (r *reader) open(t Target, ref name.Reference) (*door, error) {
	if until := r.waits.until(t); r.now().Before(until) {
		return nil, fact.Errorf(fact.ReasonDenied, "%s limits how often it is asked, and is asked again after %s",
			t.Registry.Host, words.Moment(until))
	}
	d := &door{host: t.Registry.Host, ref: ref, plain: t.Registry.PlainHTTP, declared: make(map[string]bool), sent: make(map[string]bool)}
	registry := ref.Context().RegistryStr() // index.docker.io for docker.io
	port := securePort
	if d.plain {
		port = "80"
	}
	if t.Declared {
		d.declared[hostPort(registry, port)] = true
		for _, host := range append(t.Registry.LeadsTo, ofDockerHub(registry)...) {
			d.declared[hostPort(host, port)] = true
		}
	}
	known, err := httpclient.NewTransport(t.Registry.CAFile)
	if err != nil {
		return nil, err
	}
	strange, err := httpclient.NewTransport("")
	if err != nil {
		return nil, err
	}
	strange.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil } // It would reach what this machine does not.
	strange.DialContext = r.fenced(reach.Fence{Ports: portsOf(registry)})
	d.known, d.strange = known, strange
	for _, each := range []*http.Transport{known, strange} {
		each.MaxResponseHeaderBytes, each.ResponseHeaderTimeout, each.TLSHandshakeTimeout = 64<<10, time.Minute, time.Minute
	}
	d.note = func(response *http.Response) { r.waits.note(t, response, r.now()) }
	login, err := readLogin(t.Registry.DockerConfigFile, t.Registry.Host, ref.Context().RepositoryStr())
	if err != nil {
		return nil, err
	}
	d.puller, err = remote.NewPuller(remote.WithTransport(d), remote.WithAuth(login), remote.WithUserAgent("readiness-exporter"),
		remote.WithRetryBackoff(remote.Backoff{Duration: time.Millisecond, Steps: 1}), remote.WithRetryStatusCodes())
	if err != nil {
		return nil, fact.Errorf(fact.ReasonFailed, "prepare to ask %s", d.host)
	}
	return d, nil
}

// ofDockerHub are the hosts that Docker Hub leads to.
func ofDockerHub(registry string) []string {
	if registry != name.DefaultRegistry {
		return nil
	}
	return []string{"auth.docker.io", "production.cloudflare.docker.com", "production.cloudfront.docker.com"}
}

const securePort = "443"

// portsOf are those at which what nobody has declared may be asked.
func portsOf(registry string) []int {
	ports := []int{443}
	if _, port, err := net.SplitHostPort(registry); err == nil {
		if number, err := strconv.Atoi(port); err == nil {
			ports = append(ports, number)
		}
	}
	return ports
}

func hostPort(host, port string) string {
	host = strings.ToLower(host)
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

func (d *door) close() {
	d.known.CloseIdleConnections()
	d.strange.CloseIdleConnections()
}

// maximumAnswer is how long an answer may be that is no layer: registries take no longer manifest.
const maximumAnswer = 4 << 20

// RoundTrip asks for one thing. Its errors, and those of reading what it answers, are told from what others think of the answer.
func (d *door) RoundTrip(request *http.Request) (*http.Response, error) {
	port := securePort
	if request.URL.Scheme == "http" {
		port = "80"
	}
	at := hostPort(request.URL.Host, port)
	declared := d.declared[at]
	plain := request.URL.Scheme == "http"
	switch {
	case plain && (!declared || !d.plain):
		return nil, &failure{fact.Errorf(fact.ReasonDenied, "%s is not asked without TLS", request.URL.Host)}
	case !plain && declared && d.plain:
		return nil, errors.New("it is declared to speak no TLS") // It is asked without at once.
	}
	through := d.strange
	if declared {
		through = d.known
	}
	ofRegistry := strings.EqualFold(request.URL.Host, d.ref.Context().RegistryStr())
	request, err := d.redirected(request, ofRegistry)
	if err != nil {
		return nil, &failure{err}
	}
	response, err := through.RoundTrip(request)
	if err != nil {
		return nil, &failure{err}
	}
	d.note(response)
	body := &body{ReadCloser: response.Body, left: maximumAnswer}
	blob := strings.Contains(request.URL.Path, "/blobs/") || !ofRegistry && request.Header.Get("Accept") == ""
	if response.StatusCode == http.StatusOK && blob {
		body.left = -1 // A layer, which has bounds of its own.
	}
	response.Body = body
	return response, nil
}

// maximumRedirects is how often a request may be redirected.
const maximumRedirects = 5

// redirected gives a request without the login of the registry where another host is asked in its place: stores of layers refuse one, and
// need not know it. (net/http keeps it where only the port is another.)
func (d *door) redirected(request *http.Request, ofRegistry bool) (*http.Request, error) {
	redirects := 0
	for each := request; each.Response != nil && each.Response.Request != nil; each = each.Response.Request {
		redirects++
	}
	login := request.Header.Get("Authorization")
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case redirects > maximumRedirects:
		return nil, fact.Errorf(fact.ReasonInvalid, "it redirects more than %d times", maximumRedirects)
	case login == "":
	case ofRegistry:
		d.sent[login] = true
	case redirects > 0 && d.sent[login]:
		request = request.Clone(request.Context())
		request.Header.Del("Authorization")
	}
	return request, nil
}

// A failure is an error of a connection, and not one that is made of what a server has sent.
type failure struct{ error }

// Unwrap gives the error beneath.
func (f *failure) Unwrap() error { return f.error }

// A body is bounded.
type body struct {
	io.ReadCloser
	left int64 // below 0: without a bound
}

// Read gives an error where there is more than may be.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left >= 0 {
		if b.left -= int64(n); b.left < 0 {
			b.left = 0
			return 0, &failure{fact.Errorf(fact.ReasonInvalid, "the answer is longer than %s", quantity.BytesInWords(maximumAnswer))}
		}
	}
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = &failure{err}
	}
	return n, err
}

// explain gives an error that holds nothing of what a server has sent.
func (d *door) explain(ctx context.Context, doing string, err error) error {
	var own *failure
	var answered *transport.Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &answered):
		return d.status(doing, answered)
	case errors.As(err, &own):
		return explained(doing, httpclient.Error(ctx, own.error))
	default:
		return fact.Errorf(fact.ReasonInvalid, "%s: %s does not answer as a registry does", doing, d.host)
	}
}

func explained(doing string, err error) error {
	return fact.Errorf(fact.ReasonOf(err), "%s: %s", doing, words.Excerpt(err.Error()))
}

func (d *door) status(doing string, answered *transport.Error) error {
	host := d.host
	if answered.Request != nil && !strings.EqualFold(answered.Request.URL.Host, d.ref.Context().RegistryStr()) {
		host = answered.Request.URL.Host + ", to which it leads,"
	}
	code := answered.StatusCode
	switch {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fact.Errorf(fact.ReasonDenied, "%s: %s answers %d: the image needs a login (docker_config_file), or does not exist, "+
			"which many registries do not tell apart", doing, host, code)
	case code == http.StatusTooManyRequests:
		return fact.Errorf(fact.ReasonDenied, "%s: %s answers 429: it limits how often it is asked", doing, host)
	case code >= http.StatusInternalServerError:
		return fact.Errorf(fact.ReasonFailed, "%s: %s answers %d", doing, host, code)
	default:
		return fact.Errorf(fact.ReasonInvalid, "%s: %s answers %d, as no registry does", doing, host, code)
	}
}

// absent is the error of what a registry says that it does not hold.
type absent struct{ error }

func isAbsent(err error) bool {
	var gone *absent
	return errors.As(err, &gone)
}

// deniesHolding tells whether a registry has answered that it does not hold what was asked for. A page that is not found is no such
// answer: it can be that of any server.
func deniesHolding(err error) bool {
	var answered *transport.Error
	if !errors.As(err, &answered) || answered.StatusCode != http.StatusNotFound {
		return false
	}
	return slices.ContainsFunc(answered.Errors, func(each transport.Diagnostic) bool {
		return slices.Contains([]transport.ErrorCode{
			transport.ManifestUnknownErrorCode, transport.NameUnknownErrorCode, transport.BlobUnknownErrorCode,
			transport.ManifestBlobUnknownErrorCode, "NOT_FOUND",
		}, each.Code)
	})
}

// longestWait is for how long at most a registry that asks to be left alone is.
const longestWait = time.Hour

// waits are until when registries are to be left alone.
type waits struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (w *waits) until(t Target) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at[t.Registry.Host+" "+t.Registry.DockerConfigFile]
}

// note remembers that a registry asks to wait (RFC 9110, 10.2.3).
func (w *waits) note(t Target, response *http.Response, now time.Time) {
	if response.StatusCode != http.StatusTooManyRequests && response.StatusCode != http.StatusServiceUnavailable {
		return
	}
	wait := time.Duration(0)
	header := strings.TrimSpace(response.Header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	}
	if wait <= 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.at == nil {
		w.at = make(map[string]time.Time)
	}
	w.at[t.Registry.Host+" "+t.Registry.DockerConfigFile] = now.Add(min(wait, longestWait)).Truncate(time.Second)
}

package endpoint

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// A site is shop.test: real servers of HTTP and HTTPS on this machine behind its name.
type site struct {
	*prober
	signer *world.CA
	ca     string // its file
	routes map[string]string
	// addresses are those of the name.
	addresses []string
	noIPv6    bool
}

// newSite answers over HTTPS and over plain HTTP.
func newSite(t *testing.T, secure, plain http.HandlerFunc) *site {
	t.Helper()
	ca := world.NewCA(t, world.Spec{})
	s := &site{signer: ca, ca: ca.WriteRoot(t, t.TempDir(), "ca.pem"), addresses: []string{"192.0.2.1"}, routes: make(map[string]string)}
	s.serve(t, "shop.test:443", ca.Issue(t, world.Spec{DNSNames: []string{"shop.test"}}), secure)
	s.serve(t, "shop.test:80", nil, plain)
	s.prober = &prober{
		known: new(acquaintances),
		lookup: func(_ context.Context, _, host string) (found []netip.Addr, err error) {
			if host != "shop.test" {
				return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
			}
			for _, address := range s.addresses {
				found = append(found, netip.MustParseAddr(address))
			}
			return found, nil
		},
		dial: func(ctx context.Context, network, address string, declared bool) (net.Conn, error) {
			to, known := s.routes[network+" "+address]
			if !known {
				to, known = s.routes[address]
			}
			switch {
			case network == "tcp6" && s.noIPv6:
				return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
			case !known:
				return dial(ctx, network, address, declared)
			}
			return new(net.Dialer).DialContext(ctx, network[:len("tcp")], to) // "tcp" or "udp"
		},
		proxy:       func(*http.Request) (*url.URL, error) { return nil, nil },
		authorities: pki.NewAuthorities(func() (*x509.CertPool, error) { return x509.NewCertPool(), nil }),
		now:         time.Now,
	}
	return s
}

// serve has a server answer at an address; nil: nothing listens there.
func (s *site) serve(t *testing.T, address string, certificate *world.Certificate, handler http.HandlerFunc) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	t.Cleanup(server.Close)
	server.Config.ErrorLog = nil
	if certificate != nil {
		server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate.TLS()}, MinVersion: tls.VersionTLS12}
		server.EnableHTTP2 = true
		server.StartTLS()
	} else {
		server.Start()
	}
	s.routes[address] = server.Listener.Addr().String()
	if handler == nil {
		server.Close()
	}
}

// collect gives the fact of an endpoint, and the certificate that it showed.
func (s *site) collect(t *testing.T, declared system.Endpoint) (*fact.Endpoint, fact.AnySet) {
	t.Helper()
	declared.CAFile = s.ca
	jobs := s.prober.collector().Jobs(&system.System{Endpoints: []system.Endpoint{declared}}, fact.Needs{})
	require.Len(t, jobs, 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sets, err := jobs[0].Collect(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, 1, sets[0].Len())
	return sets[0].At(0).(*fact.Endpoint), sets[1]
}

const front = "https://shop.test/"

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // The client may have had enough.
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusMovedPermanently) }
}

func TestAnEndpointIsAskedAsABrowserAsks(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Strict-Transport-Security", `includeSubDomains; max-age="31536000"`)
		answer(http.StatusOK, "welcome")(w, nil)
	}, redirect(front+"?token=secret"))
	got, certificates := s.collect(t, system.Endpoint{URL: front})
	require.Equal(t, &fact.Endpoint{
		EndpointPlace: fact.EndpointPlace{URL: front, Purpose: "front"},
		Answers: []fact.EndpointAnswer{{
			IPVersion: fact.IPv4, Steps: []fact.EndpointStep{{URL: front, Status: 200}}, HTTPVersion: "2.0",
			StrictTransportSecurity: 365 * 24 * time.Hour,
		}},
		Plain: &fact.EndpointAnswer{
			Steps: []fact.EndpointStep{
				{URL: "http://shop.test/", Status: 301, RedirectsTo: front}, {URL: front, Status: 200},
			},
			HTTPVersion: "2.0", StrictTransportSecurity: 365 * 24 * time.Hour,
		},
	}, got)
	require.True(t, got.Up())
	shown := certificates.At(0).(*fact.Certificate)
	require.Equal(t, "shop.test:443", shown.Name)
	require.Equal(t, fact.TrustDeclared, shown.Trust)
	require.Empty(t, shown.Faults)
}

func TestASiteThatCannotBeReachedIsAFactOfIt(t *testing.T) {
	ca := world.NewCA(t, world.Spec{})
	expired := world.Spec{DNSNames: []string{"shop.test"}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-time.Hour)}
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, s *site)
		reason fact.Reason
		detail string
		faults []fact.CertificateFault // of the certificate that is shown all the same
	}{
		{"nothing listens", func(t *testing.T, s *site) { s.serve(t, "shop.test:443", nil, nil) }, fact.ReasonRefused, "connection refused", nil},
		{
			"its certificate has expired", func(t *testing.T, s *site) {
				s.ca = ca.WriteRoot(t, t.TempDir(), "ca.pem")
				s.serve(t, "shop.test:443", ca.Issue(t, expired), answer(http.StatusOK, ""))
			}, fact.ReasonInvalid, "certificate has expired", []fact.CertificateFault{fact.FaultExpired},
		},
		{
			"its certificate is for another name", func(t *testing.T, s *site) {
				s.ca = ca.WriteRoot(t, t.TempDir(), "ca.pem")
				s.serve(t, "shop.test:443", ca.Issue(t, world.Spec{DNSNames: []string{"other.test"}}), answer(http.StatusOK, ""))
			}, fact.ReasonInvalid, "valid for other.test", []fact.CertificateFault{fact.FaultNameMismatch},
		},
		{
			"it does not speak TLS", func(t *testing.T, s *site) { s.serve(t, "shop.test:443", nil, answer(http.StatusOK, "")) },
			fact.ReasonInvalid, "does not look like a TLS handshake", nil,
		},
		{
			"it breaks off", func(_ *testing.T, s *site) {
				s.serve(t, "shop.test:443", ca.Issue(t, world.Spec{DNSNames: []string{"shop.test"}}), func(http.ResponseWriter, *http.Request) {
					panic(http.ErrAbortHandler)
				})
				s.ca = ca.WriteRoot(t, t.TempDir(), "ca.pem")
			}, fact.ReasonInvalid, "stream error", []fact.CertificateFault{},
		},
		{"its name has no address", func(_ *testing.T, s *site) { s.addresses = nil }, fact.ReasonUnresolved, "it has no address", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, answer(http.StatusOK, ""), answer(http.StatusOK, ""))
			c.damage(t, s)
			got, certificates := s.collect(t, system.Endpoint{URL: front})
			require.False(t, got.Up())
			require.Len(t, got.Answers, 1)
			failure := got.Answers[0].Failure
			require.NotNil(t, failure)
			require.Equal(t, c.reason, failure.Reason)
			require.Contains(t, failure.Detail, c.detail)
			if c.faults == nil {
				require.Zero(t, certificates.Len())
				require.Len(t, certificates.Gaps(), 1, "what it would show is not known")
				return
			}
			shown := certificates.At(0).(*fact.Certificate)
			require.Len(t, shown.Faults, len(c.faults))
			for _, fault := range c.faults {
				require.True(t, shown.Has(fault), "%v", shown.Faults)
			}
		})
	}
}

func TestASiteThatHangsIsToldInTime(t *testing.T) {
	s := newSite(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, redirect(front))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	sets, err := s.prober.collect(ctx, Target{Endpoint: system.Endpoint{URL: front, CAFile: s.ca}})
	require.NoError(t, err)
	require.Equal(t, fact.ReasonTimeout, sets[0].At(0).(*fact.Endpoint).Answers[0].Failure.Reason)
	require.Contains(t, sets[0].At(0).(*fact.Endpoint).Answers[0].Failure.Detail, "no answer within")
}

func TestWhereThisMachineCannotAskNothingIsSaidOfTheSite(t *testing.T) {
	s := newSite(t, answer(http.StatusOK, ""), redirect(front))
	s.addresses = []string{"2001:db8::1"}
	s.noIPv6 = true
	target := Target{Endpoint: system.Endpoint{URL: front, CAFile: s.ca}}
	_, err := s.collector().Collect(t.Context(), target, nil)
	require.Equal(t, fact.ReasonUnreachable, fact.ReasonOf(err), "no route")

	s.lookup = func(context.Context, string, string) ([]netip.Addr, error) {
		return nil, &net.DNSError{Err: "server misbehaving", IsTemporary: true}
	}
	_, err = s.collector().Collect(t.Context(), target, nil)
	require.Equal(t, fact.ReasonUnreachable, fact.ReasonOf(err), "the resolver does not answer")

	target.BearerTokenFile = filepath.Join(t.TempDir(), "none")
	_, err = s.collector().Collect(t.Context(), target, nil)
	require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err), "the token cannot be read")
}

func TestBothVersionsOfIPAreAsked(t *testing.T) {
	s := newSite(t, answer(http.StatusOK, ""), redirect(front))
	s.addresses = []string{"2001:db8::1", "192.0.2.1", "192.0.2.2"}
	ca := world.NewCA(t, world.Spec{})
	s.serve(t, "tcp6 shop.test:443", ca.Issue(t, world.Spec{DNSNames: []string{"shop.test"}}), answer(http.StatusOK, ""))
	got, certificates := s.collect(t, system.Endpoint{URL: front})
	require.Len(t, got.Answers, 2)
	require.Equal(t, fact.IPv4, got.Answers[0].IPVersion)
	require.Nil(t, got.Answers[0].Failure)
	require.Equal(t, fact.IPv6, got.Answers[1].IPVersion)
	require.Equal(t, fact.ReasonInvalid, got.Answers[1].Failure.Reason, "another authority signed what it shows over IPv6")
	require.False(t, got.Up())
	require.Equal(t, 2, certificates.Len(), "each version of IP shows another certificate")

	s.noIPv6 = true
	got, certificates = s.collect(t, system.Endpoint{URL: front})
	require.Len(t, got.Answers, 1)
	require.Equal(t, []fact.IPVersion{fact.IPv6}, got.NotTried)
	require.Equal(t, 1, certificates.Len())
}

// A server often has a redirect at port 80 of IPv4 alone, and shows what it comes with over IPv6.
func TestPlainHTTPIsAskedOverBothVersionsOfIP(t *testing.T) {
	for name, c := range map[string]struct {
		six  http.HandlerFunc
		over fact.IPVersion
		last int
	}{
		"a redirect over both":           {redirect(front), "", 200},
		"a page over IPv6 alone":         {answer(http.StatusOK, "welcome"), fact.IPv6, 200},
		"nothing at port 80 over IPv6":   {nil, "", 200},
		"an error of its own over IPv6":  {answer(http.StatusNotFound, ""), fact.IPv6, 404},
		"a redirect to itself over IPv6": {redirect("http://shop.test/"), fact.IPv6, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, answer(http.StatusOK, ""), redirect(front))
			s.addresses = []string{"2001:db8::1", "192.0.2.1"}
			s.serve(t, "tcp6 shop.test:80", nil, c.six)
			got, _ := s.collect(t, system.Endpoint{URL: front})
			require.Equal(t, c.over, got.Plain.IPVersion)
			require.Equal(t, c.last, got.Plain.Status())
			_, inClear := got.Plain.InClear()
			require.Equal(t, c.over != "", inClear)
		})
	}
}

func TestNamesInOtherScriptsAreShownAsServersNameThem(t *testing.T) {
	s := newSite(t, answer(http.StatusOK, ""), nil)
	s.serve(t, "xn--bcher-kva.test:80", nil, redirect("https://xn--bcher-kva.test/"))
	s.serve(t, "xn--bcher-kva.test:443", s.signer.Issue(t, world.Spec{DNSNames: []string{"xn--bcher-kva.test"}}), answer(http.StatusOK, ""))
	s.lookup = func(context.Context, string, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
	}
	got, _ := s.collect(t, system.Endpoint{URL: "https://bücher.test/"})
	require.Equal(t, []fact.EndpointStep{
		{URL: "http://xn--bcher-kva.test/", Status: 301, RedirectsTo: "https://xn--bcher-kva.test/"}, {URL: "https://xn--bcher-kva.test/", Status: 200},
	}, got.Plain.Steps)
}

func TestRedirectsAreFollowed(t *testing.T) {
	steps := func(e *fact.Endpoint) (all []string) {
		for _, step := range e.Answers[0].Steps {
			all = append(all, fmt.Sprint(step.Status, " ", step.URL))
		}
		return all
	}
	visited := func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("visited"); err == nil {
			answer(http.StatusOK, "")(w, r)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "visited", Value: "yes"})
		http.Redirect(w, r, "/", http.StatusFound)
	}
	s := newSite(t, visited, nil)
	got, _ := s.collect(t, system.Endpoint{URL: front})
	require.Equal(t, []string{"302 " + front, "200 " + front}, steps(got), "a site that asks for cookies gets them")
	require.True(t, got.Up())

	s = newSite(t, redirect("/?again"), nil)
	got, _ = s.collect(t, system.Endpoint{URL: front})
	require.Len(t, got.Answers[0].Steps, maximumSteps)
	require.Equal(t, "it redirects more than 10 times, to https://shop.test/ in the end", got.Answers[0].Failure.Detail)

	got, _ = s.collect(t, system.Endpoint{URL: front, Expect: system.EndpointExpectation{Status: []int{301}}})
	require.Equal(t, []string{"301 " + front}, steps(got), "a redirect that is expected is the end")
	require.True(t, got.Up())

	for _, strange := range []string{"javascript:alert(1)", "", "http://", "\x00"} {
		s = newSite(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Location"] = []string{strange}
			w.WriteHeader(http.StatusFound)
		}, nil)
		got, _ = s.collect(t, system.Endpoint{URL: front})
		require.Len(t, got.Answers[0].Steps, min(1, len(got.Answers[0].Steps)), strange)
	}
}

func TestARedirectReachesNothingNearby(t *testing.T) {
	nearby := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a service of this machine was asked") }))
	t.Cleanup(nearby.Close)
	_, port, err := net.SplitHostPort(nearby.Listener.Addr().String())
	require.NoError(t, err)
	for _, to := range []string{nearby.URL, "http://localhost:" + port, "http://0.0.0.0:" + port, "http://[::ffff:127.0.0.1]:" + port, "http://169.254.169.254/latest/meta-data/"} {
		got, _ := newSite(t, redirect(to), nil).collect(t, system.Endpoint{URL: front})
		require.NotNil(t, got.Answers[0].Failure, to)
		require.Contains(t, got.Answers[0].Failure.Detail, "which is not asked", to)
	}
}

func TestALoginIsForTheDeclaredServerAlone(t *testing.T) {
	const token = "canary-token"
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(token+"\n"), 0o600))
	plain := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the token was sent in the clear")
		}
		answer(http.StatusOK, "")(w, r)
	}
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && r.Header.Get("Authorization") == "Bearer "+token {
			http.Redirect(w, r, "http://shop.test/"+token, http.StatusFound)
			return
		}
		answer(http.StatusUnauthorized, "")(w, r)
	}, plain)
	got, _ := s.collect(t, system.Endpoint{URL: front, BearerTokenFile: file})
	require.Equal(t, 200, got.Answers[0].Status())
	require.NotContains(t, fmt.Sprintf("%+v", got.Answers[0]), token, "a server that repeats it is not repeated")
	got, _ = s.collect(t, system.Endpoint{URL: front})
	require.Equal(t, 401, got.Answers[0].Status())
}

func TestExpectationsAreCompared(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("X-Versions", "1")
		w.Header().Add("X-Versions", "2")
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		_, _ = io.WriteString(packed, `{"status":"ok"}`)
		_ = packed.Close()
	}, nil)
	got, _ := s.collect(t, system.Endpoint{URL: front, Purpose: "api", Expect: system.EndpointExpectation{
		Headers: map[string]string{"x-versions": "^2$", "X-None": "a", "Content-Type": "json"}, Body: `"status":\s*"ok"`,
	}})
	require.Equal(t, []fact.EndpointExpectation{{Header: "Content-Type", Pattern: "json"}, {Header: "X-None", Pattern: "a"}}, got.Answers[0].Unmet)
	require.False(t, got.Up())
	got, _ = s.collect(t, system.Endpoint{URL: front, Purpose: "api", Expect: system.EndpointExpectation{Body: "failed"}})
	require.Equal(t, []fact.EndpointExpectation{{Pattern: "failed"}}, got.Answers[0].Unmet)
}

func TestAnEndlessBodyIsCut(t *testing.T) {
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		for line := strings.Repeat("x", 1<<16); r.Context().Err() == nil; {
			if _, err := io.WriteString(w, line); err != nil {
				return
			}
		}
	}, nil)
	got, _ := s.collect(t, system.Endpoint{URL: front})
	require.True(t, got.Up(), "nobody asks what is in it")
	require.Empty(t, got.Lacks())
	got, _ = s.collect(t, system.Endpoint{URL: front, Expect: system.EndpointExpectation{Body: "end"}})
	require.Equal(t, []string{fact.TopicBody}, got.Lacks())
}

func TestPagesAndMetricsAreRead(t *testing.T) {
	const openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8"
	for _, c := range []struct {
		name, purpose, contentType, body string
		page                             *fact.EndpointPage
		exposition                       *fact.EndpointExposition
	}{
		{
			"a page has the text that people see", "privacy-policy", "text/html; charset=utf-8",
			"<!doctype html><title>Privacy</title><style>p{}</style><p>We  keep\n nothing.<template><p>x</template><noscript>y</noscript>&copy;", &fact.EndpointPage{Characters: 17}, nil,
		},
		{"scripts may add to it", "privacy-policy", "text/html", "<div id=app></div><script>var text = 'long'</script>", &fact.EndpointPage{Scripted: true}, nil},
		{"plain text is a page", "terms-of-service", "text/plain", "ab  c\n\nd é", &fact.EndpointPage{Characters: 8}, nil},
		{"a PDF is no text", "terms-of-service", "application/pdf", "%PDF", nil, nil},
		{"what says nothing of its kind is no text", "terms-of-service", ";", "abc", nil, nil},
		{"other endpoints are not read", "front", "text/html", "abc", nil, nil},
		{"metrics are counted by families", "metrics", "text/plain", "# TYPE a counter\na 1\na{b=\"c\"} 2\nb 1\n", nil, &fact.EndpointExposition{Families: 2}},
		{"a page is no metrics", "metrics", "text/html", "<html>\n", nil, &fact.EndpointExposition{Fault: `text format parsing error in line 1: invalid metric name`}},
		{"no metric is none", "metrics", "text/plain", "\n", nil, &fact.EndpointExposition{}},
		{
			"a sentence that begins as metrics do is none", "metrics", "text/plain", "Error 404 not found\n", nil,
			&fact.EndpointExposition{Fault: `text format parsing error in line 1: expected integer as timestamp, got "not"`},
		},
		{
			"metrics are some up to what cannot be read", "metrics", "text/plain; version=0.0.4", "a 1\nb 2\nb{ 3\n", nil,
			&fact.EndpointExposition{Families: 2, Typed: true, Fault: `text format parsing error in line 3: invalid label name for metric "b"`},
		},
		{
			"so are those of another format", "metrics", "text/plain; version=0.0.4", "# TYPE a stateset\na{a=\"b\"} 1\n# EOF\n", nil,
			&fact.EndpointExposition{Typed: true, Fault: `text format parsing error in line 1: unknown metric type "stateset"`},
		},
		{
			"OpenMetrics are read as such", "metrics", openMetrics,
			"# TYPE a stateset\na{a=\"b\"} 1\n# TYPE build info\nbuild_info{v=\"1 # } {\\\"\"} 1\n# TYPE b counter\n# UNIT b seconds\n" +
				"b_total 2 1520879607.789 # {trace_id=\"x\"} 1.0 1520879607.7\n# TYPE c unknown\nc NaN\n# TYPE d histogram\n" +
				"d_bucket{le=\"+Inf\"} 1 # {} 0.5\nd_count 1\nd_sum 0.5\nd_created 1520879607.1\n# EOF\n",
			nil, &fact.EndpointExposition{Families: 6, Typed: true},
		},
		{
			"OpenMetrics that are cut off are not whole", "metrics", openMetrics, "# TYPE a gauge\na 1\nb 2\n", nil,
			&fact.EndpointExposition{Families: 2, Typed: true, Fault: "it does not end with # EOF, as OpenMetrics does"},
		},
		{
			"nor are those with more behind their end", "metrics", openMetrics, "a 1\n# EOF\nb 1\n", nil,
			&fact.EndpointExposition{Families: 1, Typed: true, Fault: "it does not end with # EOF, as OpenMetrics does"},
		},
		{
			"OpenMetrics are some up to what cannot be read", "metrics", openMetrics, "# TYPE a info\na_info 1\nb x 1.5\n# EOF\n", nil,
			&fact.EndpointExposition{Families: 1, Typed: true, Fault: `text format parsing error in line 3: expected float as value, got "x"`},
		},
		{
			"of OpenMetrics, no metric is none", "metrics", openMetrics, "# EOF\n", nil, &fact.EndpointExposition{Typed: true},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", c.contentType)
				answer(http.StatusOK, c.body)(w, r)
			}, nil)
			got, _ := s.collect(t, system.Endpoint{URL: front, Purpose: c.purpose})
			require.Equal(t, c.page, got.Answers[0].Page)
			require.Equal(t, c.exposition, got.Answers[0].Exposition)
		})
	}
}

func TestTheCertificateOfAnAddressIsCollectedOnce(t *testing.T) {
	all := targets(&system.System{
		Certificates: []system.Certificate{{Address: "declared.test:443"}, {Path: "/etc/ssl/a.pem"}},
		Endpoints: []system.Endpoint{
			{URL: "https://shop.test/"}, {URL: "https://shop.test/api"}, {URL: "https://shop.test:8443/"}, {URL: "http://shop.test/"},
			{URL: "https://declared.test/"},
		},
	})
	var collected []string
	for _, target := range all {
		if target.Certificate {
			collected = append(collected, place(target).Subject())
		}
	}
	require.Equal(t, []string{"shop.test:443", "shop.test:8443"}, collected)
}

func TestAPeriodWithoutPlainHTTPIsRead(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"": 0, "max-age=60": time.Minute, "MAX-AGE = 60 ;preload": time.Minute, "max-age=-1": 0, "max-age=x": 0, "preload": 0,
		"max-age=99999999999": 4294967295 * time.Second,
	} {
		require.Equal(t, want, strictTransportSecurity(header), header)
	}
}

package endpoint

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// ofIngress is an endpoint that was discovered.
func ofIngress(address string, tune ...func(*system.Found)) system.Endpoint {
	f := &system.Found{Source: "Ingress shop/web in main", Certificate: strings.HasPrefix(address, "https:")}
	for _, each := range tune {
		each(f)
	}
	return system.Endpoint{URL: address, Purpose: fact.EndpointIngress, Found: f}
}

func plainToo(f *system.Found) { f.Plain = true }

// open makes a site one behind whose fence its own servers are.
func (s *site) open(t *testing.T) *site {
	t.Helper()
	s.known = new(acquaintances)
	s.proxy = func(*http.Request) (*url.URL, error) { return nil, fmt.Errorf("a proxy was asked for") }
	s.fenced = func(f reach.Fence) func(context.Context, string, string) (net.Conn, error) {
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(address)
			require.NoError(t, err)
			require.Contains(t, fmt.Sprint(f.Ports), port)
			return s.dial(ctx, network, address, true)
		}
	}
	return s
}

func targetOf(t *testing.T, endpoint system.Endpoint) Target {
	t.Helper()
	all := targets(&system.System{Name: "shop", Endpoints: []system.Endpoint{endpoint}})
	require.Len(t, all, 1)
	return all[0]
}

func (s *site) run(t *testing.T, target Target) (*fact.Endpoint, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sets, err := s.prober.collect(ctx, target)
	if err != nil {
		return nil, err
	}
	require.Equal(t, 1, sets[0].Len())
	return sets[0].At(0).(*fact.Endpoint), nil
}

func TestADiscoveredHostIsAskedOnceAndNothingIsKeptOfItsBody(t *testing.T) {
	asked, read := new(atomic.Int32), new(atomic.Int64)
	s := newSite(t, nil, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		assert.Empty(t, r.Header.Get("Authorization"))
		assert.Empty(t, r.Cookies())
		assert.Equal(t, http.MethodGet, r.Method)
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("Location", "http://169.254.169.254/latest/meta-data/")
		w.WriteHeader(http.StatusFound)
		for range 1 << 16 { // Far more than the network holds.
			n, err := io.WriteString(w, strings.Repeat("x", 1<<10))
			read.Add(int64(n))
			if err != nil {
				return
			}
		}
	}).open(t)
	answered, err := s.run(t, targetOf(t, ofIngress("http://shop.test/")))
	require.NoError(t, err)
	require.Equal(t, []fact.EndpointAnswer{{IPVersion: fact.IPv4, Steps: []fact.EndpointStep{{
		URL: "http://shop.test/", Status: http.StatusFound, RedirectsTo: "http://169.254.169.254/latest/meta-data/",
	}}, HTTPVersion: "1.1"}}, answered.Answers)
	require.Nil(t, answered.Plain)
	require.True(t, answered.Up(), "a redirect is an answer")
	require.EqualValues(t, 1, asked.Load())
	require.Less(t, read.Load(), int64(1<<26), "the body is not read")
}

func TestPlainHTTPIsAskedOnlyWhereThereIsAListenerForIt(t *testing.T) {
	plain := new(atomic.Int32)
	s := newSite(t, answer(http.StatusNotFound, ""), func(w http.ResponseWriter, r *http.Request) {
		plain.Add(1)
		redirect("https://shop.test/")(w, r)
	}).open(t)
	without, err := s.run(t, targetOf(t, ofIngress(front)))
	require.NoError(t, err)
	require.Nil(t, without.Plain)
	require.False(t, without.AtHTTPS(), "so that nothing is thought of its redirect")
	require.Zero(t, plain.Load())
	with, err := s.run(t, targetOf(t, ofIngress(front, plainToo)))
	require.NoError(t, err)
	require.Equal(t, "https://shop.test/", with.Plain.Steps[0].RedirectsTo)
	require.True(t, with.AtHTTPS())
}

func TestADiscoveredHostThatWasNeverReachedIsUnknown(t *testing.T) {
	s := newSite(t, nil, nil).open(t)
	target := targetOf(t, ofIngress("http://shop.test/"))
	_, err := s.run(t, target)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)

	s.addresses = nil
	_, err = s.run(t, target)
	require.Equal(t, fact.ReasonUnresolved, fact.ReasonOf(err))

	s.addresses = []string{"192.0.2.1"}
	s.serve(t, "192.0.2.1:80", nil, answer(http.StatusServiceUnavailable, ""))
	s.serve(t, "shop.test:80", nil, answer(http.StatusServiceUnavailable, ""))
	answered, err := s.run(t, target)
	require.NoError(t, err)
	require.False(t, answered.Up())

	s.serve(t, "shop.test:80", nil, nil)
	answered, err = s.run(t, target)
	require.NoError(t, err, "once it was reached, that it is not any more is news of it")
	require.Equal(t, fact.ReasonRefused, answered.Answers[0].Failure.Reason)

	s.known.forget(target)
	_, err = s.run(t, target)
	require.Error(t, err)
}

func TestACertificateThatDoesNotVerifyIsOneOfAHostThatWasReached(t *testing.T) {
	s := newSite(t, answer(http.StatusOK, ""), nil).open(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sets, err := s.prober.collect(ctx, targetOf(t, ofIngress(front)))
	require.NoError(t, err)
	require.NotNil(t, sets[0].At(0).(*fact.Endpoint).Answers[0].Failure)
	require.Equal(t, 1, sets[1].Len())
	require.NotEmpty(t, sets[1].At(0).(*fact.Certificate).Faults)
}

func TestWhatIsBeyondTheLimitIsNotContacted(t *testing.T) {
	s := newSite(t, nil, nil)
	s.prober = &prober{} // It can do nothing.
	_, err := s.run(t, targetOf(t, ofIngress(front, func(f *system.Found) { f.Beyond = 30 })))
	require.ErrorContains(t, err, "30 more were discovered than the 200 that are collected")
}

func TestThatADiscoveredHostIsUnavailableIsNoFailureOfTheCollector(t *testing.T) {
	s := newSite(t, nil, nil).open(t)
	jobs := s.prober.collector().Jobs(&system.System{Endpoints: []system.Endpoint{ofIngress(front), {URL: "https://gone.test/"}}}, fact.Needs{})
	sets, err := jobs[0].Collect(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, front, sets[0].Gaps()[0].Subject)
	require.Equal(t, fact.ReasonRefused, sets[0].Gaps()[0].Reason)
	require.Equal(t, "shop.test:443", sets[1].Gaps()[0].Subject)
	require.Zero(t, sets[0].Len())
}

func TestATargetStaysTheSameWhereverItWasFound(t *testing.T) {
	one := targets(&system.System{Endpoints: []system.Endpoint{ofIngress(front)}})
	other := targets(&system.System{Endpoints: []system.Endpoint{ofIngress(front, func(f *system.Found) { f.Source = "Ingress shop/other in main" })}})
	require.Equal(t, one, other)
}

// TestAHostOfAnAttackerReachesNothing asks by names that a real name server gives whatever addresses for, on a machine with a server that
// must not be reached.
func TestAHostOfAnAttackerReachesNothing(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") }))
	t.Cleanup(server.Close)
	server.Config.ConnState = func(net.Conn, http.ConnState) { t.Error("the server was connected to") }
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	leads := map[string]string{ // of names
		"machine": "127.0.0.1", "machine6": "::1", "mapped": "::ffff:127.0.0.1", "any": "0.0.0.0", "any6": "::", "metadata": "169.254.169.254",
		"metadata6": "fd00:ec2::254", "nat64": "64:ff9b::127.0.0.1", "6to4": "2002:7f00:1::", "private": "10.0.0.8", "home": "192.168.1.1",
		"shared": "100.100.100.200", "segment": "fe80::1", "many": "224.0.0.1",
	}
	public := []netip.Addr{netip.MustParseAddr("8.8.8.8")}
	var turns atomic.Int32
	names := world.NewNames(t, func(name string) []netip.Addr {
		label, _, _ := strings.Cut(name, ".")
		switch label {
		case "rebinding":
			if turns.Add(1) <= 2 { // Of both versions of IP: the answer to whoever checks it before.
				return public
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}
		case "mixed":
			return []netip.Addr{netip.MustParseAddr("::1"), netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("169.254.169.254")}
		default:
			return []netip.Addr{netip.MustParseAddr(leads[label])}
		}
	})
	p := prober{
		lookup: names.Resolver().LookupNetIP, known: new(acquaintances), now: time.Now,
		proxy:       func(*http.Request) (*url.URL, error) { return url.Parse(server.URL) },
		authorities: pki.NewAuthorities(func() (*x509.CertPool, error) { return x509.NewCertPool(), nil }),
		dial: func(context.Context, string, string, bool) (net.Conn, error) {
			return nil, fmt.Errorf("it was connected past the fence: %w", os.ErrInvalid)
		},
		fenced: func(f reach.Fence) func(context.Context, string, string) (net.Conn, error) {
			dialer := f.Dialer()
			dialer.Resolver = names.Resolver()
			return dialer.DialContext
		},
	}
	for _, name := range append(slices.Sorted(maps.Keys(leads)), "rebinding", "mixed") {
		for _, scheme := range []string{"http", "https"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				turns.Store(0)
				address := scheme + "://" + name + ".attacker.example:" + port + "/"
				target := targetOf(t, ofIngress(address, plainToo, func(f *system.Found) {
					// Nor does a status help that says so itself.
					f.Addresses = []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1"), netip.MustParseAddr("169.254.169.254")}
				}))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_, err := p.collect(ctx, target)
				require.Error(t, err, "it is unknown, and no fault of the system")
				if name == "mapped" || name == "any6" { // Of which resolvers make nothing that could be connected to.
					require.Equal(t, fact.ReasonUnresolved, fact.ReasonOf(err), "%v", err)
					return
				}
				require.Equal(t, fact.ReasonDenied, fact.ReasonOf(err), "%v", err)
				require.True(t, reach.Refused(err))
			})
		}
	}
	require.NotZero(t, names.Asked())
}

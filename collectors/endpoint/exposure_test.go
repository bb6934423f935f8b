package endpoint

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const exposition = "# TYPE a counter\na 1\n"

// typed answers 200 with a Content-Type.
func typed(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		answer(http.StatusOK, body)(w, r)
	}
}

// expose gives how metrics are shown to a stranger.
func (s *site) expose(t *testing.T, within time.Duration) (*fact.MetricsExposure, error) {
	t.Helper()
	described := &system.System{Endpoints: []system.Endpoint{{URL: front + "metrics", Purpose: "metrics", BearerTokenFile: "/none", CAFile: "/none"}}}
	jobs := s.prober.exposures().Jobs(described.From("frankfurt"), fact.Needs{})
	require.Len(t, jobs, 1)
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	sets, err := jobs[0].Collect(ctx, nil)
	if err != nil {
		return nil, err
	}
	return sets[0].At(0).(*fact.MetricsExposure), nil
}

func TestMetricsAreShownToStrangersOrNot(t *testing.T) {
	sso := redirect("https://login.example.com/?next=metrics")
	for name, c := range map[string]struct {
		secure, plain http.HandlerFunc
		over          fact.Admission // HTTPS
		inClear       fact.Admission
	}{
		"as text":                      {typed("text/plain; version=0.0.4", exposition), redirect(front), fact.AdmissionGranted, fact.AdmissionGranted},
		"as text of no version":        {answer(200, exposition), sso, fact.AdmissionGranted, fact.AdmissionRefused},
		"as OpenMetrics":               {typed("application/openmetrics-text; version=1.0.0", "# TYPE a info\na_info{b=\"c\"} 1\n# EOF\n"), sso, fact.AdmissionGranted, fact.AdmissionRefused},
		"as protobuf":                  {typed("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited", "\x05\x0a\x03abc"), sso, fact.AdmissionGranted, fact.AdmissionRefused},
		"packed, whatever is accepted": {packed, sso, fact.AdmissionGranted, fact.AdmissionRefused},
		"after a redirect":             {redirect("https://shop.test:8443/"), redirect(front), fact.AdmissionGranted, fact.AdmissionGranted},
		"over plain HTTP alone":        {answer(403, ""), answer(200, exposition), fact.AdmissionRefused, fact.AdmissionGranted},
		"as a page, as at any path":    {typed("text/html", "<html>a 1\n</html>"), redirect(front), fact.AdmissionRefused, fact.AdmissionRefused},
		"as JSON":                      {typed("application/json", `{"status":"UP"}`), redirect(front), fact.AdmissionRefused, fact.AdmissionRefused},
		"not at all":                   {answer(200, ""), answer(404, exposition), fact.AdmissionRefused, fact.AdmissionRefused},
		"after a login":                {answer(401, ""), redirect(front), fact.AdmissionRefused, fact.AdmissionRefused},
		"after a login elsewhere":      {sso, redirect(front), fact.AdmissionRefused, fact.AdmissionRefused},
		"after a login that is broken": {redirect("https://login.example.com:8443/"), redirect(front), fact.AdmissionRefused, fact.AdmissionRefused},
		"with errors":                  {answer(502, ""), answer(429, ""), fact.AdmissionUnclear, fact.AdmissionUnclear},
		"at no port":                   {nil, nil, fact.AdmissionRefused, fact.AdmissionRefused},
		"to nobody who is answered":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, sso, fact.AdmissionUnclear, fact.AdmissionRefused},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, c.secure, c.plain)
			s.serve(t, "shop.test:8443", world.SelfSigned(t, world.Spec{DNSNames: []string{"other.test"}}), answer(200, exposition))
			login := world.SelfSigned(t, world.Spec{DNSNames: []string{"login.example.com"}})
			s.serve(t, "login.example.com:443", login, typed("text/html", "<html>"))
			s.serve(t, "login.example.com:8443", login, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
			got, err := s.expose(t, time.Minute)
			require.NoError(t, err, "neither a login nor an authority is read")
			require.Len(t, got.Answers, 2)
			require.Equal(t, c.over, got.Answers[0].Admission(), "%+v", got.Answers[0])
			require.Equal(t, c.inClear, got.Answers[1].Admission(), "%+v", got.Answers[1])
			require.Equal(t, []bool{false, true}, []bool{got.Answers[0].Plain, got.Answers[1].Plain})
			require.Equal(t, c.over == fact.AdmissionGranted || c.inClear == fact.AdmissionGranted, got.Shown())
		})
	}
}

// silent is the network behind a firewall that drops what comes.
func silent(ctx context.Context, network, _ string, _ bool) (net.Conn, error) {
	<-ctx.Done()
	return nil, &net.OpError{Op: "dial", Net: network, Err: os.ErrDeadlineExceeded}
}

func packed(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	into := gzip.NewWriter(w)
	_, _ = io.WriteString(into, exposition)
	_ = into.Close()
}

// A server that wants a certificate of whoever asks refuses who has none, in the handshake or after it.
func TestAClientCertificateThatIsWantedRefusesStrangers(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		s := newSite(t, nil, nil)
		own := world.SelfSigned(t, world.Spec{DNSNames: []string{"shop.test"}}).TLS()
		server := httptest.NewUnstartedServer(answer(http.StatusOK, exposition))
		t.Cleanup(server.Close)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAnyClientCert, MinVersion: version, MaxVersion: version}
		server.StartTLS()
		s.routes["shop.test:443"] = server.Listener.Addr().String()
		got, err := s.expose(t, time.Minute)
		require.NoError(t, err)
		require.Equal(t, fact.AdmissionRefused, got.Answers[0].Admission(), "%+v", got.Answers[0])
		require.True(t, got.Answers[0].CertificateWanted)
	}
}

// What does not come back in time was dropped, or is slow; a name without an address shows nothing to anybody.
func TestWhatDoesNotAnswerAStranger(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	slow := newSite(t, hang, hang)
	got, err := slow.expose(t, time.Second)
	require.NoError(t, err)
	require.Equal(t, fact.AdmissionUnclear, got.Answers[0].Admission())
	require.True(t, got.Answers[0].Connected)
	require.False(t, got.Answers[0].Dropped(), "somebody is there")

	dropped := newSite(t, hang, hang)
	dropped.dial = silent
	got, err = dropped.expose(t, time.Second)
	require.NoError(t, err)
	require.True(t, got.Answers[0].Dropped(), "%+v", got.Answers[0])

	nameless := newSite(t, hang, hang)
	nameless.addresses = nil
	got, err = nameless.expose(t, time.Minute)
	require.NoError(t, err)
	require.Equal(t, fact.AdmissionRefused, got.Answers[0].Admission())

	both := newSite(t, answer(http.StatusOK, ""), redirect(front))
	both.addresses, both.noIPv6 = []string{"192.0.2.1", "2001:db8::1"}, true
	got, err = both.expose(t, time.Minute)
	require.NoError(t, err)
	require.Equal(t, []fact.IPVersion{fact.IPv6}, got.NotTried)

	both.addresses = both.addresses[1:]
	_, err = both.expose(t, time.Minute)
	require.Equal(t, fact.ReasonUnreachable, fact.ReasonOf(err), "the machine that asks has no route at all")
}

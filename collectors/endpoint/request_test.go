package endpoint

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestJSONIsExpected(t *testing.T) {
	s := newSite(t, answer(http.StatusOK, `{"status":"ok","queue":7}`), nil)
	unmet := func(rule string) []fact.EndpointExpectation {
		got, _ := s.collect(t, system.Endpoint{URL: front, Purpose: "health", Expect: system.EndpointExpectation{JSON: rule}})
		return got.Answers[0].Unmet
	}
	require.Empty(t, unmet(`body.status == "ok" && body.queue < 10`))
	require.Equal(t, []fact.EndpointExpectation{{JSON: `body.queue < 5`}}, unmet(`body.queue < 5`))
	require.Equal(t, []fact.EndpointExpectation{{JSON: `body.state == "ok"`, Fault: "no such key: state"}}, unmet(`body.state == "ok"`))
}

func TestACertificateOfOursIsForTheDeclaredServerAlone(t *testing.T) {
	ours := world.NewCA(t, world.Spec{})
	certFile, keyFile := ours.Issue(t, world.Spec{CommonName: "exporter"}).Write(t, t.TempDir(), "client")
	asked := make(map[string]int)
	handle := func(w http.ResponseWriter, r *http.Request) {
		asked[r.Host] = len(r.TLS.PeerCertificates)
		if r.Host == "shop.test" {
			http.Redirect(w, r, "https://shop.test:8443/", http.StatusFound)
		}
	}
	s := newSite(t, handle, nil)
	ca := world.NewCA(t, world.Spec{})
	s.ca = ca.WriteRoot(t, t.TempDir(), "ca.pem")
	for _, address := range []string{"shop.test:443", "shop.test:8443"} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(handle))
		server.TLS = &tls.Config{
			Certificates: []tls.Certificate{ca.Issue(t, world.Spec{DNSNames: []string{"shop.test"}}).TLS()}, MinVersion: tls.VersionTLS12, ClientAuth: tls.RequestClientCert,
		}
		server.StartTLS()
		t.Cleanup(server.Close)
		s.routes[address] = server.Listener.Addr().String()
	}
	got, _ := s.collect(t, system.Endpoint{URL: front, ClientCertificate: &system.ClientCertificate{CertFile: certFile, KeyFile: keyFile}})
	require.Equal(t, 200, got.Answers[0].Status(), "%+v", got.Answers[0].Failure)
	require.Equal(t, map[string]int{"shop.test": 1, "shop.test:8443": 0}, asked)

	_, err := s.collector().Collect(t.Context(), Target{Endpoint: system.Endpoint{
		URL: front, ClientCertificate: &system.ClientCertificate{CertFile: certFile, KeyFile: certFile},
	}}, nil)
	require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err))
}

func TestAnEndpointIsAskedAsDeclared(t *testing.T) {
	var got []string
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+r.URL.Path+" "+r.Header.Get("X-Tenant")+" "+r.Host)
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/next", http.StatusSeeOther)
		}
	}, nil)
	_, _ = s.collect(t, system.Endpoint{URL: front, Purpose: "api", Method: "POST", RequestHeaders: map[string]string{"x-tenant": "7", "host": "other.test"}})
	require.Equal(t, []string{"POST / 7 other.test", "GET /next 7 other.test"}, got)

	proxied := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(http.StatusOK, r.URL.String())(w, r) }))
	t.Cleanup(proxied.Close)
	found, _ := s.prober.collect(t.Context(), Target{Endpoint: system.Endpoint{
		URL: "http://shop.test/", ProxyURL: proxied.URL, Expect: system.EndpointExpectation{Body: "^http://shop.test/$"},
	}})
	require.Equal(t, fact.IPProxy, found[0].At(0).(*fact.Endpoint).Answers[0].IPVersion)
	require.True(t, found[0].At(0).(*fact.Endpoint).Up())
}

func TestAWrongLoginIsNobodys(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("canary"), 0o600))
	var logins []string
	s := newSite(t, func(w http.ResponseWriter, r *http.Request) {
		name, password, _ := r.BasicAuth()
		logins = append(logins, name)
		if password != "canary" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}, nil)
	target := Target{Endpoint: system.Endpoint{URL: front, CAFile: s.ca, Purpose: "protected", BasicAuth: &system.BasicAuth{Username: "tester", PasswordFile: file}}}
	login, err := s.tryLogins(t.Context(), target)
	require.NoError(t, err)
	require.Equal(t, []string{"tester", "", "readiness-exporter-wrong-login"}, logins, "each once")
	require.Equal(t, []int{200, 401, 401}, []int{login.With.Status(), login.Without.Status(), login.Wrong.Status()})
	require.NotContains(t, fmt.Sprintf("%+v", login), "canary")
}

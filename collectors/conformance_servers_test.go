package collectors_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/collector/conformance"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// strangeCertificate is one whose maker has put whatever he liked into it.
func strangeCertificate(t *testing.T) *world.Certificate {
	t.Helper()
	return world.SelfSigned(t, world.Spec{
		DNSNames: []string{"*", "a..b"}, NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		Edit: func(c *x509.Certificate) {
			c.Subject = pkix.Name{CommonName: strings.ToValidUTF8(strange, "é") + strings.Repeat("x", 10_000)}
		},
	})
}

// certificateCase is that of a server that shows certificates, at an address.
func certificateCase(t *testing.T, ca *world.CA, address, protocol string) (conformance.Case, *world.Proxy) {
	t.Helper()
	proxy := world.NewProxy(t, address)
	return conformance.Case{
		System: &system.System{Certificates: []system.Certificate{
			{Address: proxy.Addr, StartTLS: protocol, CAFile: ca.WriteRoot(t, t.TempDir(), "ca.pem")},
		}},
		Faults: networkFaults(t, proxy, 1),
	}, proxy
}

// leads is the fault of a server in whose place another answers.
func leads(proxy *world.Proxy, name, address string, unnoticed bool, reasons ...fact.Reason) conformance.Fault {
	return conformance.Fault{
		Name: name, Unnoticed: unnoticed, Reasons: reasons,
		Break: func(t *testing.T) { proxy.Lead(t, address) },
		Fix: func(t *testing.T) {
			proxy.Pass(t)
			proxy.Cut()
		},
	}
}

func tlsCase(t *testing.T) conformance.Case {
	t.Helper()
	ca := world.NewCA(t, world.Spec{})
	c, proxy := certificateCase(t, ca, world.NewTLSServer(t, ca.Issue(t, world.Spec{})).Addr, "")
	c.Faults = append(c.Faults,
		leads(proxy, "shows a strange certificate", world.NewTLSServer(t, strangeCertificate(t)).Addr, true))
	return c
}

func smtpCase(t *testing.T) conformance.Case {
	t.Helper()
	ca := world.NewCA(t, world.Spec{})
	c, _ := certificateCase(t, ca, world.NewSMTPServer(t, ca.Issue(t, world.Spec{})).Addr, "smtp")
	return c
}

func postgresCase(t *testing.T) conformance.Case {
	t.Helper()
	ca := world.NewCA(t, world.Spec{})
	c, _ := certificateCase(t, ca, servers.Postgres(t, ca.Issue(t, world.Spec{})).Addr, "postgres")
	return c
}

// httpFaults are those of a server behind a proxy that speaks HTTP, started by serve.
func httpFaults(t *testing.T, proxy *world.Proxy, serve func(http.Handler) *httptest.Server) []conformance.Fault {
	t.Helper()
	return append(networkFaults(t, proxy, 20), answerFaults(t, proxy, serve)...)
}

// answerFaults are those in what it answers. Nobody may follow its redirect elsewhere.
func answerFaults(t *testing.T, proxy *world.Proxy, serve func(http.Handler) *httptest.Server) (faults []conformance.Fault) {
	t.Helper()
	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a stranger was asked for %s", r.URL.Path)
	}))
	t.Cleanup(stranger.Close)
	add := func(name string, handler http.HandlerFunc, reasons ...fact.Reason) {
		faults = append(faults, leads(proxy, name, answering(t, serve, handler), false, reasons...))
	}
	says := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body) // The client may have had enough.
		}
	}
	add("answers with a page", says(http.StatusOK, "<html><body>Welcome</body></html>"), fact.ReasonInvalid)
	add("answers with something strange", says(http.StatusOK, strange), fact.ReasonInvalid)
	add("answers with nothing", says(http.StatusOK, ""), fact.ReasonInvalid)
	add("is not itself", says(http.StatusNotFound, strange))
	add("is out of order", says(http.StatusInternalServerError, strange))
	add("sends away", says(http.StatusForbidden, strange), fact.ReasonDenied)
	add("redirects", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, stranger.URL+"/elsewhere", http.StatusTemporaryRedirect)
	})
	add("repeats what it is sent", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusBadRequest)
		text, err := json.Marshal(fmt.Sprint(r.Header, string(body)))
		if err == nil {
			fmt.Fprintf(w, `{"status":"error","errorType":"bad_data","error":%s}`, text)
		}
	})
	return faults
}

// answering is a server of HTTP, which gives its address.
func answering(t *testing.T, serve func(http.Handler) *httptest.Server, handler http.HandlerFunc) string {
	t.Helper()
	server := serve(handler)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func endpointLoginCase(t *testing.T) conformance.Case {
	t.Helper()
	c := endpointCase(t)
	c.System.Endpoints[0].Purpose = fact.EndpointProtected
	return c
}

// metricsExposureCase is of a server that is asked for the metrics of an application behind it, without its credential.
func metricsExposureCase(t *testing.T) conformance.Case {
	t.Helper()
	c := endpointCase(t)
	described := *c.System
	described.Endpoints = append(described.Endpoints, system.Endpoint{URL: "http://127.0.0.1:9090/metrics", Purpose: fact.EndpointMetrics})
	c.System = described.From("frankfurt")
	c.Faults = slices.DeleteFunc(c.Faults, func(f conformance.Fault) bool { return f.Name == "whose token is gone" })
	for i := range c.Faults {
		c.Faults[i].Unnoticed = true // What comes of it is the fact.
	}
	return c
}

func endpointCase(t *testing.T) conformance.Case {
	t.Helper()
	ca := world.NewCA(t, world.Spec{})
	certificate := ca.Issue(t, world.Spec{}).TLS()
	serve := func(handler http.Handler) *httptest.Server {
		server := httptest.NewUnstartedServer(handler)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		server.StartTLS()
		return server
	}
	const token = "token-of-the-exporter"
	tokenFile := file(t, token)
	proxy := world.NewProxy(t, answering(t, serve, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	answers := answerFaults(t, proxy, serve)
	for i := range answers {
		answers[i].Unnoticed = true // What is answered is the fact.
	}
	return conformance.Case{
		System: &system.System{Endpoints: []system.Endpoint{{
			URL: "https://" + proxy.Addr + "/", CAFile: ca.WriteRoot(t, t.TempDir(), "ca.pem"), BearerTokenFile: tokenFile,
		}}},
		Secrets: []string{token},
		Faults: slices.Concat(networkFaults(t, proxy, 20), answers,
			[]conformance.Fault{moved("whose token is gone", tokenFile, fact.ReasonNotFound)}),
	}
}

func tlsOfferCase(t *testing.T) conformance.Case {
	t.Helper()
	proxy := world.NewProxy(t, world.NewTLSServer(t, world.NewCA(t, world.Spec{}).Issue(t, world.Spec{})).Addr)
	faults := networkFaults(t, proxy, 20)
	return conformance.Case{
		System: &system.System{Endpoints: []system.Endpoint{{URL: "https://" + proxy.Addr + "/"}, {URL: "https://" + proxy.Addr + "/api"}}},
		Faults: faults,
	}
}

func sshServerCase(t *testing.T) conformance.Case {
	t.Helper()
	server := servers.SSHD(t)
	proxy := world.NewProxy(t, server.Addr)
	at := netip.MustParseAddrPort(proxy.Addr)
	return conformance.Case{
		System: &system.System{Hosts: []system.Host{{
			Name: "web-1", Addresses: []string{at.Addr().String()},
			SSH: &system.SSH{Port: int(at.Port()), HostKeys: []string{server.HostKey}},
		}}},
		Faults: append(networkFaults(t, proxy, 20),
			leads(proxy, "is another one", servers.SSHD(t).Addr, true),
			leads(proxy, "has strange names", world.Listen(t, func(conn net.Conn) {
				_, _ = io.WriteString(conn, strange+"\r\nSSH-2.0-"+strange+"\r\n\x00\x00\x00\x20\x04\x14"+strings.Repeat("\x00", 40))
			}), false)),
	}
}

// portProbeCase has no faults: whatever a host does to a connection is what is collected.
func portProbeCase(t *testing.T) conformance.Case {
	t.Helper()
	return conformance.Case{System: &system.System{Hosts: []system.Host{{
		Name: "web-1", Addresses: []string{"127.0.0.1", "::1"}, Ports: &system.Ports{},
	}}}}
}

func s3Case(t *testing.T) conformance.Case {
	t.Helper()
	store := servers.S3(t)
	bucket := store.Bucket(t)
	store.Put(t, bucket, "1.dump", []byte("worth keeping"), time.Time{})
	store.Put(t, bucket, "2.dump", []byte("worth keeping too"), time.Time{})
	proxy := world.NewProxy(t, store.Endpoint)
	keyFile := file(t, store.SecretKey)
	strangeNames := answering(t, httptest.NewServer, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>&#10;&#13;`+
			strings.Repeat("x", 2000)+`{{</Key><LastModified>0001-01-01T00:00:01Z</LastModified><Size>-9</Size></Contents></ListBucketResult>`)
	})
	return conformance.Case{
		System: &system.System{Backups: []system.Backup{{Name: "database", S3: &system.S3{
			Endpoint: "http://" + proxy.Addr, Region: store.Region, Bucket: bucket, PathStyle: true,
			AccessKeyFile: file(t, store.AccessKey), SecretKeyFile: keyFile,
		}}}},
		Secrets: []string{store.SecretKey, store.AccessKey},
		Faults: append(httpFaults(t, proxy, httptest.NewServer),
			leads(proxy, "holds strange objects", strangeNames, true),
			rewritten("does not know the key", keyFile, "another secret key", false),
			rewritten("is given no key", keyFile, "", false),
			moved("whose key is gone", keyFile, fact.ReasonNotFound)),
	}
}

func resticCase(t *testing.T) conformance.Case {
	t.Helper()
	store := servers.S3(t)
	bucket := store.Bucket(t)
	repository := servers.Restic(t).S3(t, store, bucket, "restic")
	repository.Snapshot(t, world.Snapshot{Host: "db1"})
	proxy := world.NewProxy(t, store.Endpoint)
	const password = "correct horse battery staple"
	return conformance.Case{
		System: &system.System{Backups: []system.Backup{{Name: "database", Restic: &system.Restic{
			Repository:   strings.Replace(repository.Location, store.Endpoint, proxy.Addr, 1),
			PasswordFile: repository.PasswordFile,
			SecretFiles: []string{
				"AWS_ACCESS_KEY_ID=" + file(t, store.AccessKey), "AWS_SECRET_ACCESS_KEY=" + file(t, store.SecretKey),
				"AWS_DEFAULT_REGION=" + file(t, store.Region),
			},
		}}}},
		Secrets: []string{store.SecretKey, store.AccessKey, password},
		Faults: append(networkFaults(t, proxy, 20),
			rewritten("does not know the password", repository.PasswordFile, "another password", false),
			moved("whose password is gone", repository.PasswordFile, fact.ReasonNotFound)),
	}
}

func prometheusCase(t *testing.T) conformance.Case {
	t.Helper()
	real := servers.Prometheus(t, "global: {scrape_interval: 1h}")
	proxy := world.NewProxy(t, real.Addr)
	const token = "token-of-the-exporter"
	tokenFile := file(t, token)
	strangeSeries, err := json.Marshal(map[string]string{strange: strange, "long": strings.Repeat("x", 100_000)})
	require.NoError(t, err)
	strangeVector := answering(t, httptest.NewServer, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":%s,"value":[0,"+Inf"]},{"value":[0,"-0"]}]}}`,
			strangeSeries)
	})
	expressions := fact.Needs{}
	expressions.Request(
		fact.Query{Prometheus: "main", Expression: `label_replace(vector(1), "job", "shop", "", "")`},
		fact.Query{Prometheus: "main", Expression: "vector(0) == 1"},
	)
	return conformance.Case{
		System: &system.System{Prometheus: []system.Prometheus{
			{Name: "main", URL: "http://" + proxy.Addr, BearerTokenFile: tokenFile},
		}},
		Needs:   expressions,
		Secrets: []string{token},
		Faults: append(httpFaults(t, proxy, httptest.NewServer),
			leads(proxy, "returns strange series", strangeVector, true),
			moved("whose token is gone", tokenFile, fact.ReasonNotFound)),
	}
}

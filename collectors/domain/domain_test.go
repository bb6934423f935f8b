package domain

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A registry is a server of RDAP, after RFC 7480 and RFC 9082, beside the list that leads to it, after RFC 9224.
type registry struct {
	*httptest.Server
	objects map[string]string // by domains
	lists   int               // that were fetched
	answer  http.HandlerFunc  // in place of its own; nil: none
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	r := &registry{objects: map[string]string{"example.com": object("example.com", "2030-01-02T03:04:05+02:00")}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		domain, about := strings.CutPrefix(request.URL.Path, "/v1/domain/")
		switch {
		case request.Method != http.MethodGet, request.URL.RawQuery != "", !strings.Contains(request.Header.Get("Accept"), "application/rdap+json"):
			t.Errorf("unexpected request %s %s, Accept %q", request.Method, request.URL, request.Header.Get("Accept"))
		case request.URL.Path == "/dns.json":
			r.lists++
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"version": "1.0", "publication": "2026-01-01T00:00:00Z", "services": [
				[["net", "test"], ["https://192.0.2.1/"]], [["COM"], [%q]], [["co.uk"], []], []]}`, r.URL+"/v1")
		case !about:
			t.Errorf("unexpected path %s", request.URL.Path)
		case r.answer != nil:
			r.answer(w, request)
		case r.objects[domain] == "":
			w.Header().Set("Content-Type", "application/rdap+json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"errorCode": 404, "title": "Not found"}`)
		default:
			w.Header().Set("Content-Type", "application/rdap+json; charset=utf-8")
			_, _ = io.WriteString(w, r.objects[domain])
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// object is what a registry answers for a domain.
func object(domain, expires string) string {
	return fmt.Sprintf(`{"rdapConformance": ["rdap_level_0"], "objectClassName": "domain", "ldhName": %q,
		"status": ["client transfer prohibited", "Active"],
		"events": [{"eventAction": "registration", "eventDate": "2001-01-01T00:00:00Z"}, {"eventAction": "registrar expiration", "eventDate": "2020-01-01T00:00:00Z"},
			{"eventAction": "expiration", "eventDate": %q}],
		"nameservers": [{"objectClassName": "nameserver", "ldhName": "NS2.example.net."}, {"objectClassName": "nameserver", "ldhName": "ns1.example.net"}],
		"entities": [{"roles": ["registrar"], "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Example Registrar"]]]}]}`,
		strings.ToUpper(domain), expires)
}

func newProber() *prober {
	return &prober{
		now: time.Now, proxy: func(*http.Request) (*url.URL, error) { return nil, nil }, lists: make(map[string]*list),
		root: "127.0.0.1:1", port: whoisPort, referrals: make(map[string]referral),
	}
}

func TestADomainIsAskedForWhereTheListLeads(t *testing.T) {
	r := newRegistry(t)
	p := newProber()
	target := Target{Domain: "example.com", List: r.URL + "/dns.json"}
	for range 2 {
		found, err := p.collect(t.Context(), target)
		require.NoError(t, err)
		require.Equal(t, &fact.Registration{
			Domain: "example.com", Registered: true, ExpiresAt: time.Date(2030, 1, 2, 1, 4, 5, 0, time.UTC),
			Statuses: []string{"active", "client transfer prohibited"}, Registrar: "Example Registrar", NameServers: []string{"ns1.example.net", "ns2.example.net"},
		}, found)
	}
	require.Equal(t, 1, r.lists, "the list is kept")

	p.now = func() time.Time { return time.Now().Add(2 * listLife) }
	_, err := p.collect(t.Context(), target)
	require.NoError(t, err)
	require.Equal(t, 2, r.lists, "for a day")

	found, err := p.collect(t.Context(), Target{Domain: "free.com", List: r.URL + "/dns.json"})
	require.NoError(t, err)
	require.Equal(t, &fact.Registration{Domain: "free.com"}, found)

	for _, domain := range []string{"example.de", "example.co.uk", "com.example"} {
		_, err = p.collect(t.Context(), Target{Domain: domain, List: r.URL + "/dns.json"})
		require.ErrorContains(t, err, "WHOIS", domain)
	}
	r.objects["example.de"] = object("example.de", "2030-01-01T00:00:00Z")
	_, err = p.collect(t.Context(), Target{Domain: "example.de", Server: r.URL + "/v1/", List: listOfIANA})
	require.NoError(t, err, "a server that is declared needs no list")
}

func TestAListThatCannotBeHadAnewStaysGood(t *testing.T) {
	r := newRegistry(t)
	p := newProber()
	target := Target{Domain: "example.com", Server: "", List: r.URL + "/dns.json"}
	_, err := p.collect(t.Context(), target)
	require.NoError(t, err)
	r.Close()
	p.now = func() time.Time { return time.Now().Add(2 * listLife) }
	_, err = p.list(t.Context(), http.DefaultClient, target.List)
	require.NoError(t, err)
	_, err = newProber().collect(t.Context(), target)
	require.Equal(t, fact.ReasonRefused, fact.ReasonOf(err), "%v", err)
}

func TestAnswersOfRegistries(t *testing.T) {
	says := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body) // The client may have had enough.
		}
	}
	const rdap = "application/rdap+json"
	with := func(change string) string {
		var read map[string]any
		require.NoError(t, json.Unmarshal([]byte(object("example.com", "2030-01-01T00:00:00Z")), &read))
		require.NoError(t, json.Unmarshal([]byte(change), &read))
		written, err := json.Marshal(read)
		require.NoError(t, err)
		return string(written)
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		reason fact.Reason // empty: there is an answer
		check  func(t *testing.T, found *fact.Registration)
	}{
		"one that does not publish when it expires": {says(200, rdap, with(`{"events": [{"eventAction": "registration", "eventDate": "2001-01-01T00:00:00Z"}]}`)), "",
			func(t *testing.T, found *fact.Registration) {
				require.True(t, found.Registered && found.ExpiresAt.IsZero())
			}},
		"one that deletes it": {says(200, rdap, with(`{"status": ["redemption period", "pending delete"]}`)), "",
			func(t *testing.T, found *fact.Registration) { require.True(t, found.Has("redemption period")) }},
		"one whose list of contacts is odd": {says(200, rdap, with(`{"entities": [{"roles": ["registrar"], "vcardArray": ["vcard", [["fn", 1, 2, ["x"]], "fn", []]]}]}`)), "",
			func(t *testing.T, found *fact.Registration) { require.Empty(t, found.Registrar) }},
		"one whose dates have no zone": {says(200, rdap, with(`{"events": [{"eventAction": "expiration", "eventDate": "2027-03-04T05:06:07"}]}`)), "",
			func(t *testing.T, found *fact.Registration) {
				require.Equal(t, time.Date(2027, time.March, 4, 5, 6, 7, 0, time.UTC), found.ExpiresAt)
			}},
		"one that has the statuses of EPP": {says(200, rdap, with(`{"status": ["clientTransferProhibited", "serverHold", "ok", "Client Renew Prohibited"]}`)), "",
			func(t *testing.T, found *fact.Registration) {
				require.Equal(t, []string{"active", "client renew prohibited", "client transfer prohibited", "server hold"}, found.Statuses)
			}},
		"one that answers too often":           {says(429, rdap, `{"errorCode": 429}`), fact.ReasonDenied, nil},
		"one that asks for a login":            {says(401, rdap, ``), fact.ReasonDenied, nil},
		"one that is out of order":             {says(503, "text/html", `<html>`), fact.ReasonFailed, nil},
		"a page that is not found":             {says(404, "text/html", `<html>not here</html>`), fact.ReasonInvalid, nil},
		"a page":                               {says(200, "text/html", `<html>`), fact.ReasonInvalid, nil},
		"a date that is none":                  {says(200, rdap, with(`{"events": [{"eventAction": "expiration", "eventDate": "soon"}]}`)), fact.ReasonInvalid, nil},
		"an answer about another domain":       {says(200, rdap, with(`{"ldhName": "example.org"}`)), fact.ReasonInvalid, nil},
		"an answer about an address":           {says(200, rdap, with(`{"objectClassName": "ip network"}`)), fact.ReasonInvalid, nil},
		"an answer without end":                {says(200, rdap, `{"ldhName": "`+strings.Repeat("x", maximumAnswer)), fact.ReasonInvalid, nil},
		"an answer that is deeper than anyone": {says(200, rdap, strings.Repeat("[", 1<<20)), fact.ReasonInvalid, nil},
		"one that redirects without end": {func(w http.ResponseWriter, request *http.Request) {
			http.Redirect(w, request, request.URL.Path, http.StatusFound)
		}, fact.ReasonInvalid, nil},
		"one that redirects to this machine": {func(w http.ResponseWriter, request *http.Request) {
			http.Redirect(w, request, "http://127.0.0.2:1/secret", http.StatusFound)
		}, fact.ReasonDenied, nil},
		"one that redirects to where clouds keep secrets": {func(w http.ResponseWriter, request *http.Request) {
			http.Redirect(w, request, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		}, fact.ReasonDenied, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRegistry(t)
			r.answer = c.answer
			found, err := newProber().collect(t.Context(), Target{Domain: "example.com", List: r.URL + "/dns.json"})
			if c.reason != "" {
				require.Equal(t, c.reason, fact.ReasonOf(err), "%v", err)
				return
			}
			require.NoError(t, err)
			c.check(t, found)
		})
	}
}

func TestTheRegisteredDomainOfAName(t *testing.T) {
	for name, want := range map[string]string{
		"example.com": "example.com", "www.shop.example.com": "example.com", "shop.example.co.uk": "example.co.uk", "xn--bcher-kva.example.de": "example.de",
		"shop.github.io": "github.io", "a.b.s3.amazonaws.com": "amazonaws.com", "com": "", "co.uk": "", "shop.internal": "", "shop.test": "",
	} {
		domain, can := registered(name)
		require.Equal(t, want, domain, name)
		require.Equal(t, want != "", can, name)
	}
}

func TestEachDomainIsAskedForOnce(t *testing.T) {
	require.Equal(t, []Target{
		{Domain: "example.com", List: listOfIANA, Server: "https://rdap.example.net"}, {Domain: "example.de", List: "https://mirror.example.net/dns.json"},
	}, targets(&system.System{Domains: []system.Domain{
		{Name: "shop.example.com"}, {Name: "api.Example.com", RDAP: "https://rdap.example.net"}, {Name: "example.com", RDAP: "https://other.example.net"},
		{Name: "example.de", RDAPBootstrap: "https://mirror.example.net/dns.json"}, {Name: "shop.internal"},
	}}))
}

// FuzzAnswer reads whatever a registry answers.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(object("example.com", "2030-01-01T00:00:00Z")))
	f.Add([]byte(`{"services": [[["com"], ["https://example.net/"]], []]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var found domainObject
		if json.Unmarshal(body, &found) == nil {
			if registration, err := found.describe("example.com"); err == nil {
				require.LessOrEqual(t, len(registration.Statuses), mostValues)
			}
		}
		var servers list
		if json.Unmarshal(body, &servers) == nil {
			servers.server("example.com")
		}
	})
}

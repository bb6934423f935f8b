package domain

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// serveWHOIS serves answers by the questions that are asked, after RFC 3912, and counts them. What is not expected fails the test.
func serveWHOIS(t *testing.T, answers map[string]string) (server string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	return world.Listen(t, func(connection net.Conn) {
		question, err := bufio.NewReader(connection).ReadString('\n')
		answer, expected := answers[strings.TrimSuffix(question, "\r\n")]
		if err != nil || !strings.HasSuffix(question, "\r\n") || !expected {
			t.Errorf("unexpected question %q: %v", question, err)
		}
		asked.Add(1)
		_, _ = io.WriteString(connection, strings.ReplaceAll(answer, "\n", "\r\n"))
	}), asked
}

func TestWhatRegistriesAnswerToWHOIS(t *testing.T) {
	day := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	for name, c := range map[string]struct {
		domain, text string
		want         fact.Registration // Domain is set
		reason       fact.Reason       // empty: there is an answer
	}{
		"a generic domain, with what its registrar has and terms of use that speak of its expiry": {"example.tv", `   Domain Name: EXAMPLE.TV
   Registrar WHOIS Server: whois.registrar.example
   Registry Expiry Date: 2027-03-02T09:08:07Z
   Registrar Registration Expiration Date: 2026-01-01T00:00:00Z
   Registrar: Example Registrar, Inc.
   Domain Status: clientTransferProhibited https://icann.org/epp#clientTransferProhibited
   Domain Status: redemptionPeriod https://icann.org/epp#redemptionPeriod
   Name Server: NS1.EXAMPLE.NET
   Name Server: ns2.example.net.
>>> Last update of whois database: 2026-11-26T10:00:00Z <<<

NOTICE: The
expiration date: displayed in this record is the date the registrar's sponsorship expires. Access may be blocked.
`, fact.Registration{
			Registered: true, ExpiresAt: time.Date(2027, 3, 2, 9, 8, 7, 0, time.UTC), Registrar: "Example Registrar, Inc.",
			Statuses: []string{"client transfer prohibited", "redemption period"}, NameServers: []string{"ns1.example.net", "ns2.example.net"},
		}, ""},
		"values below what they are called": {"example.co.uk", `
    Domain name:
        example.co.uk

    Registrar:
        Example Ltd [Tag = EXAMPLE]

    Relevant dates:
        Registered on: 01-Aug-1996
        Expiry date:  31-Jul-2031
        Last updated:  01-Jul-2026

    Registration status:
        Registered until expiry date.

    Name servers:
        ns1.example.net           192.0.2.1  2001:db8::1
        ns2.example.net
`, fact.Registration{
			Registered: true, ExpiresAt: day(2031, 7, 31), Registrar: "Example Ltd [Tag = EXAMPLE]",
			Statuses: []string{"registered until expiry date."}, NameServers: []string{"ns1.example.net", "ns2.example.net"},
		}, ""},
		"a state that has the expiry": {"example.co.jp", `[ JPRS database provides information on network administration. ]
Domain Information:
a. [Domain Name]                EXAMPLE.CO.JP
g. [Organization]               Example K.K.
p. [Name Server]                ns1.example.net
[State]                         Connected (2026/12/31)
[Registered Date]               2001/01/01
`, fact.Registration{Registered: true, ExpiresAt: day(2026, 12, 31), Statuses: []string{"connected"}, NameServers: []string{"ns1.example.net"}}, ""},
		"a date without dashes": {"example.com.br", `% Copyright (c) Nic.br
domain:      example.com.br
nserver:     ns1.example.net
created:     20141210 #13644956
expires:     20271210
status:      published
`, fact.Registration{Registered: true, ExpiresAt: day(2027, 12, 10), Statuses: []string{"published"}, NameServers: []string{"ns1.example.net"}}, ""},
		"what is paid for": {"example.ru", `% By submitting a query you agree to abide by the terms: too many queries are blocked.
domain:        EXAMPLE.RU
nserver:       ns1.example.net.
state:         REGISTERED, DELEGATED, VERIFIED
registrar:     EXAMPLE-RU
paid-till:     2027-05-26T21:00:00Z
free-date:     2027-06-27
`, fact.Registration{
			Registered: true, ExpiresAt: time.Date(2027, 5, 26, 21, 0, 0, 0, time.UTC), Registrar: "EXAMPLE-RU",
			Statuses: []string{"delegated", "registered", "verified"}, NameServers: []string{"ns1.example.net"},
		}, ""},
		"spaces within what it is called": {"example.md", "Domain   name:  example.md\nDomain  state:  OK, Delegated\nExpires    on:  2027-12-16\n",
			fact.Registration{Registered: true, ExpiresAt: day(2027, 12, 16), Statuses: []string{"active", "delegated"}}, ""},
		"dots behind what it is called": {"example.fi", "domain.............: example.fi\nstatus.............: Registered\nexpires............: 4.7.2027 17:03:02\n",
			fact.Registration{Registered: true, ExpiresAt: time.Date(2027, 7, 4, 17, 3, 2, 0, time.UTC), Statuses: []string{"registered"}}, ""},
		"stars before it": {"example.com.tr", "** Domain Name: example.com.tr\nDomain Status: Active\n** Domain Servers:\nns1.example.net\n\nExpires on..............: 2027-Nov-24.\n",
			fact.Registration{Registered: true, ExpiresAt: day(2027, 11, 24), Statuses: []string{"active"}, NameServers: []string{"ns1.example.net"}}, ""},
		"a heading with a name below it": {"example.ee", "Domain:\nname:       example.ee\nstatus:     ok (paid and in zone)\nexpire:     2027-03-21\n",
			fact.Registration{Registered: true, ExpiresAt: day(2027, 3, 21), Statuses: []string{"active"}}, ""},
		"a day that comes before its month": {"example.im", "Domain Name:\texample.im\nExpiry Date: 30/06/2027 00:59:53\nName Server:ns1.example.net.\n",
			fact.Registration{Registered: true, ExpiresAt: time.Date(2027, 6, 30, 0, 59, 53, 0, time.UTC), NameServers: []string{"ns1.example.net"}}, ""},
		"dots and spaces in a date": {"example.co.kr", "Domain Name                 : example.co.kr\nExpiration Date             : 2027. 01. 02.\n",
			fact.Registration{Registered: true, ExpiresAt: day(2027, 1, 2)}, ""},
		"a zone of hours": {"example.ua", "domain:           example.ua\nexpires:          2027-11-24 12:00:00+02\n",
			fact.Registration{Registered: true, ExpiresAt: time.Date(2027, 11, 24, 10, 0, 0, 0, time.UTC)}, ""},
		"a day of the week": {"example.us", "Domain Name: EXAMPLE.US\nDomain Expiration Date: Thu Dec 16 23:59:59 GMT 2027\n",
			fact.Registration{Registered: true, ExpiresAt: time.Date(2027, 12, 16, 23, 59, 59, 0, time.UTC)}, ""},
		"several dates, of which the earliest counts": {"example.pl", "DOMAIN NAME:           example.pl\nrenewal date:          2028.11.24 10:00:00\nexpiration date: 2027.11.24 10:00:00\n",
			fact.Registration{Registered: true, ExpiresAt: time.Date(2027, 11, 24, 10, 0, 0, 0, time.UTC)}, ""},
		"one that publishes no expiry": {"example.bg", "DOMAIN NAME: example.bg (example.bg)\nregistration status: busy, active\n\nNAME SERVER INFORMATION:\nns1.example.net \nns2.example.net 192.0.2.1 2001:db8::1 \n\nDNSSEC: active\n",
			fact.Registration{Registered: true, Statuses: []string{"active", "busy"}, NameServers: []string{"ns1.example.net", "ns2.example.net"}}, ""},
		"one that defines none":     {"example.lv", "Domain: example.lv\nStatus: active\nExpires: not defined\n", fact.Registration{Registered: true, Statuses: []string{"active"}}, ""},
		"an internationalized name": {"xn--bcher-kva.de", "Domain: bücher.de\nStatus: connect\n", fact.Registration{Registered: true, Statuses: []string{"connect"}}, ""},

		"a lock in words of its own": {"example.com.tr", "** Domain Name: example.com.tr\nDomain Status: Active\nTransfer Status: The domain is LOCKED to transfer.\n",
			fact.Registration{Registered: true, Statuses: []string{"active", "client transfer prohibited"}}, ""},
		"no lock in words of its own": {"example.com.tr", "** Domain Name: example.com.tr\nTransfer Status: The domain is UNLOCKED to transfer.\n",
			fact.Registration{Registered: true, Statuses: []string{"the domain is unlocked to transfer."}}, ""},
		"a lock among other states": {"example.co.il", "domain:       example.co.il\nstatus:       Transfer Locked\n",
			fact.Registration{Registered: true, Statuses: []string{"client transfer prohibited"}}, ""},
		"statuses of EPP by another name": {"example.sk", "Domain:     example.sk\nEPP Status: clientTransferProhibited\n",
			fact.Registration{Registered: true, Statuses: []string{"client transfer prohibited"}}, ""},
		"one that was taken out of the DNS": {"example.ru", "domain: EXAMPLE.RU\nstate: REGISTERED, NOT DELEGATED, VERIFIED\n",
			fact.Registration{Registered: true, Statuses: []string{"inactive", "registered", "verified"}}, ""},
		"one that is kept for whoever had it": {"example.nl", "Domain name: example.nl\nStatus:      in quarantine\n",
			fact.Registration{Registered: true, Statuses: []string{"redemption period"}}, ""},

		"a status of one that is free":         {"example.de", "Domain: example.de\nStatus: free\n", fact.Registration{}, ""},
		"a line of one that is free":           {"example.com", "No match for \"EXAMPLE.COM\".\n>>> Last update of whois database: 2026-11-26T10:00:00Z <<<\n", fact.Registration{}, ""},
		"a comment of one that is free":        {"example.ru", "% TCI Whois Service.\n\nNo entries found for the selected source(s).\n", fact.Registration{}, ""},
		"terms of use that speak of not found": {"example.com", "By using this service you agree that records which are not found here may be found elsewhere, as the terms have it.\n", fact.Registration{}, fact.ReasonInvalid},

		"one that was asked too often":         {"example.com.br", "% Query rate limit exceeded. Reduced information.\n", fact.Registration{}, fact.ReasonDenied},
		"one that was asked too often, kindly": {"example.com", "Domain: example.com\nRate limit exceeded. Try again after: 24h0m0s\n", fact.Registration{}, fact.ReasonDenied},
		"one that lets nobody ask":             {"example.es", "Access denied: your IP address is not authorised.\n", fact.Registration{}, fact.ReasonDenied},
		"a date that is none":                  {"example.com", "Domain Name: example.com\nExpiry Date: soon\n", fact.Registration{}, fact.ReasonInvalid},
		"a date of long ago":                   {"example.com", "Domain Name: example.com\nExpiry Date: 0201-12-10\n", fact.Registration{}, fact.ReasonInvalid},
		"another domain":                       {"example.com", "Domain Name: example.com.evil.net\nExpiry Date: 2030-01-01\n", fact.Registration{}, fact.ReasonInvalid},
		"the top-level domain":                 {"example.kz", "domain:       KZ\nstatus: ACTIVE\nnserver: ns.nic.kz\n", fact.Registration{}, fact.ReasonInvalid},
		"nothing but its name":                 {"example.com", "Domain Name: example.com\n", fact.Registration{}, fact.ReasonInvalid},
		"a page":                               {"example.com", "HTTP/1.1 400 Bad Request\n\n<html></html>\n", fact.Registration{}, fact.ReasonInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			server, _ := serveWHOIS(t, map[string]string{question("", c.domain): c.text})
			found, err := newProber().collect(t.Context(), Target{Domain: c.domain, WHOIS: server})
			if c.reason != "" {
				require.Equal(t, c.reason, fact.ReasonOf(err), "%v", err)
				return
			}
			require.NoError(t, err)
			c.want.Domain = c.domain
			require.Equal(t, &c.want, found)
		})
	}
}

func TestADomainWithoutRDAPIsAskedForWhereIANARefersTo(t *testing.T) {
	list := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"services": [[["com"], ["https://192.0.2.1/"]]]}`)
	}))
	t.Cleanup(list.Close)
	about := func(topLevel, refer string) string {
		return "% IANA WHOIS server\n\nrefer:        " + refer + "\n\ndomain:       " + topLevel + "\n\nwhois:        " + refer + "\n"
	}
	root, asked := serveWHOIS(t, map[string]string{
		"md": about("MD", "127.0.0.1"), "de": "domain: DE\nstatus: ACTIVE\n", "kz": about("UZ", "whois.example.net"), "pl": about("PL", "[::1]"),
	})
	p := newProber()
	p.root = root
	collect := func(domain string) error {
		_, err := p.collect(t.Context(), Target{Domain: domain, List: list.URL})
		return err
	}

	// A server that nobody declared is not asked where it is near.
	for range 2 {
		require.Equal(t, fact.ReasonDenied, fact.ReasonOf(collect("example.md")), "%v", collect("example.md"))
	}
	require.EqualValues(t, 1, asked.Load(), "where IANA refers to is kept")
	require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(collect("example.de")))
	require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(collect("example.kz")))
	require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(collect("example.pl")))

	p.now = func() time.Time { return time.Now().Add(2 * listLife) }
	p.root = "127.0.0.1:1"
	require.Equal(t, fact.ReasonDenied, fact.ReasonOf(collect("example.md")), "what is kept is better than nothing")
	require.Equal(t, fact.ReasonRefused, fact.ReasonOf(collect("example.eu")))
}

func TestServersOfWHOISThatMisbehave(t *testing.T) {
	for name, c := range map[string]struct {
		handle func(net.Conn)
		limit  time.Duration
		reason fact.Reason
	}{
		"nothing at all": {func(connection net.Conn) { _, _ = bufio.NewReader(connection).ReadString('\n') }, time.Minute, fact.ReasonInvalid},
		"an answer too long": {func(connection net.Conn) {
			_, _ = bufio.NewReader(connection).ReadString('\n')
			_, _ = io.WriteString(connection, strings.Repeat("x", longestReply+1))
		}, time.Minute, fact.ReasonInvalid},
		"one that never ends": {func(connection net.Conn) { _, _ = io.Copy(io.Discard, connection) }, 100 * time.Millisecond, fact.ReasonTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), c.limit)
			defer cancel()
			_, err := newProber().collect(ctx, Target{Domain: "example.com", WHOIS: world.Listen(t, c.handle)})
			require.Equal(t, c.reason, fact.ReasonOf(err), "%v", err)
		})
	}
}

func TestWhatIsAskedOfServersOfWHOIS(t *testing.T) {
	for _, c := range []struct{ server, domain, want string }{
		{"whois.denic.de:43", "example.de", "-T dn,ace example.de"}, {"whois.jprs.jp:43", "example.co.jp", "example.co.jp/e"},
		{"whois.jprs.jp:43", "example.jp", "example.jp/e"}, {"whois.nic.uk:43", "example.co.uk", "example.co.uk"},
	} {
		require.Equal(t, c.want, question(c.server, c.domain))
	}
	require.Equal(t, []Target{{Domain: "example.md", List: listOfIANA, WHOIS: "whois.nic.md:43"}, {Domain: "example.kz", List: listOfIANA, WHOIS: "[::1]:4343"}},
		targets(&system.System{Domains: []system.Domain{{Name: "example.md", WHOIS: "whois.nic.md"}, {Name: "example.kz", WHOIS: "[::1]:4343"}}}))
}

// FuzzReply reads whatever a server of WHOIS answers.
func FuzzReply(f *testing.F) {
	f.Add("Domain Name: EXAMPLE.COM\nRegistry Expiry Date: 2027-03-02T09:08:07Z\nStatus: Connected (2026/12/31)\n")
	f.Add("a. [Domain Name] EXAMPLE.COM\n** Domain Servers:\nns1.example.net\n>>> end")
	f.Fuzz(func(t *testing.T, text string) {
		if found, err := readAnswer("example.com", text); err == nil && found.Registered {
			require.LessOrEqual(t, len(found.NameServers), mostValues)
			require.Contains(t, strings.ToLower(text), "example.com")
		}
	})
}

package endpoint_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/endpoint"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const (
	address = "https://shop.example.com/"
	inClear = "http://shop.example.com/"
)

// found is what a problem says.
type found struct{ reason, detail string }

// answered is an endpoint of a purpose that answered 200 over IPv4, as edited.
func answered(purpose string, edit func(*fact.Endpoint)) fact.Endpoint {
	e := fact.Endpoint{
		EndpointPlace: fact.EndpointPlace{URL: address, Purpose: purpose},
		Answers:       []fact.EndpointAnswer{{IPVersion: fact.IPv4, Steps: []fact.EndpointStep{{URL: address, Status: 200}}}},
		Plain:         &fact.EndpointAnswer{Steps: []fact.EndpointStep{{URL: inClear, Status: 308, RedirectsTo: address}}},
	}
	if edit != nil {
		edit(&e)
	}
	return e
}

func judge[P any](t *testing.T, kind check.Kind[P], e fact.Endpoint, tune func(*P)) (all []found) {
	t.Helper()
	parameters := kind.Defaults
	if tune != nil {
		tune(&parameters)
	}
	for _, each := range (checktest.Case{
		Kind: kind, Parameters: &parameters, Now: checktest.Now(), Sets: []fact.AnySet{checktest.Facts(fact.Endpoints(), e)},
	}).Judge(t) {
		all = append(all, found{each.Reason, each.Detail})
	}
	return all
}

func status(code int) func(*fact.Endpoint) {
	return func(e *fact.Endpoint) { e.Answers[0].Steps[0].Status = code }
}

func TestAnswers(t *testing.T) {
	refused := &fact.Failure{Reason: fact.ReasonRefused, Detail: "connection refused"}
	second := func(e *fact.Endpoint, a fact.EndpointAnswer) {
		a.IPVersion = fact.IPv6
		e.Answers = append(e.Answers, a)
	}
	const wrong = "wrong_status"
	for name, c := range map[string]struct {
		kind    check.Kind[endpoint.AnswersParameters]
		purpose string
		edit    func(*fact.Endpoint)
		want    []found
	}{
		"200 is right":                          {endpoint.DomainAccess(), "front", nil, nil},
		"a redirect that leads nowhere will do": {endpoint.DomainAccess(), "front", status(399), nil},
		"an error will not":                     {endpoint.DomainAccess(), "front", status(400), []found{{wrong, "Over IPv4 the answer is 400 (Bad Request), and less than 400 is expected."}}},
		"an odd code has no words":              {endpoint.DomainAccess(), "front", status(599), []found{{wrong, "Over IPv4 the answer is 599, and less than 400 is expected."}}},
		"where redirects led is told": {endpoint.DomainAccess(), "front", func(e *fact.Endpoint) {
			e.Answers[0].Steps = []fact.EndpointStep{{URL: address, Status: 302}, {URL: address + "down", Status: 503}}
		}, []found{{wrong, "Over IPv4 the answer is 503 (Service Unavailable) at https://shop.example.com/down after 1 redirect, and less than 400 is expected."}}},
		"the declared status decides": {endpoint.DomainAccess(), "front", func(e *fact.Endpoint) {
			e.ExpectedStatus = []int{401, 403}
		}, []found{{wrong, "Over IPv4 the answer is 200 (OK), and 401 and 403 is expected."}}},
		"what cannot be reached fails": {endpoint.DomainAccess(), "front", func(e *fact.Endpoint) {
			e.Answers[0] = fact.EndpointAnswer{IPVersion: fact.IPv4, Failure: refused}
		}, []found{{"unreachable", "Over IPv4 there is no answer: connection refused."}}},
		"a name without an address fails": {endpoint.DomainAccess(), "front", func(e *fact.Endpoint) {
			e.Answers[0] = fact.EndpointAnswer{Failure: &fact.Failure{Reason: fact.ReasonUnresolved, Detail: "no such host"}}
		}, []found{{"unreachable", "At its name there is no answer: no such host."}}},
		"one version of IP that fails is enough": {endpoint.DomainAccess(), "front", func(e *fact.Endpoint) {
			second(e, fact.EndpointAnswer{Failure: refused})
		}, []found{{"unreachable", "Over IPv6 there is no answer: connection refused."}}},
		"the same over both is told once": {endpoint.DomainAccess(), "front", func(e *fact.Endpoint) {
			status(500)(e)
			second(e, fact.EndpointAnswer{Steps: []fact.EndpointStep{{URL: address, Status: 502}}})
		}, []found{{wrong, "Over IPv4 the answer is 500 (Internal Server Error), and less than 400 is expected."}}},
		"an answer over HTTP/3 as over TCP is right": {endpoint.DomainAccess(), "front", func(e *fact.Endpoint) {
			e.HTTP3 = []fact.HTTP3Answer{{IPVersion: fact.IPv4, Status: 200}}
		}, nil},
		"none over HTTP/3 fails where it is declared": {endpoint.DomainAccess(), "front", func(e *fact.Endpoint) {
			e.HTTP3 = []fact.HTTP3Answer{{IPVersion: fact.IPv4, Failure: refused}}
		}, []found{{"no_http3", "Over HTTP/3 and IPv4 there is no answer: connection refused."}}},
		"another status over HTTP/3 fails": {endpoint.DomainAccess(), "front", func(e *fact.Endpoint) {
			e.HTTP3 = []fact.HTTP3Answer{{IPVersion: fact.IPv4, Status: 404}}
		}, []found{{"other_http3_status", "Over HTTP/3 and IPv4 the answer is 404 (Not Found), and over TCP it is 200 (OK)."}}},
		"none over TCP is told alone": {endpoint.DomainAccess(), "front", func(e *fact.Endpoint) {
			e.Answers[0] = fact.EndpointAnswer{IPVersion: fact.IPv4, Failure: refused}
			e.HTTP3 = []fact.HTTP3Answer{{IPVersion: fact.IPv4, Failure: refused}}
		}, []found{{"unreachable", "Over IPv4 there is no answer: connection refused."}}},
		"a version of IP that was not tried is told": {endpoint.DomainAccess(), "front", func(e *fact.Endpoint) {
			e.NotTried = []fact.IPVersion{fact.IPv6}
		}, []found{{"not_tried", "The endpoint has addresses of IPv6 too, and this machine has no route for them."}}},
		"an API answers 2xx":  {endpoint.Responses(), "api", status(299), nil},
		"and nothing else":    {endpoint.Responses(), "api", status(302), []found{{wrong, "Over IPv4 the answer is 302 (Found), and 200 to 299 is expected."}}},
		"a header must match": {endpoint.Responses(), "api", unmet("Content-Type", "json"), []found{{"wrong_content", `Over IPv4 the header Content-Type of the answer does not match "json".`}}},
		"the body must match": {endpoint.Responses(), "api", unmet("", "ok"), []found{{"wrong_content", `Over IPv4 the body of the answer does not match "ok".`}}},
		"health is 200":       {endpoint.Health(), "health", nil, nil},
		"and not 204":         {endpoint.Health(), "health", status(204), []found{{wrong, "Over IPv4 the answer is 204 (No Content), and 200 is expected."}}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, judge(t, c.kind, answered(c.purpose, c.edit), nil)) })
	}
}

func unmet(header, pattern string) func(*fact.Endpoint) {
	return func(e *fact.Endpoint) {
		e.Answers[0].Unmet = []fact.EndpointExpectation{{Header: header, Pattern: pattern}}
	}
}

func TestRedirect(t *testing.T) {
	steps := func(all ...fact.EndpointStep) func(*fact.Endpoint) {
		return func(e *fact.Endpoint) { e.Plain.Steps = all }
	}
	strict := func(p *endpoint.RedirectParameters) { p.StrictTransportSecurity = true }
	for name, c := range map[string]struct {
		edit func(*fact.Endpoint)
		tune func(*endpoint.RedirectParameters)
		want []found
	}{
		"308 to HTTPS is right": {},
		"so is 301":             {edit: steps(fact.EndpointStep{URL: inClear, Status: 301, RedirectsTo: address})},
		"302 is asked for each time": {
			edit: steps(fact.EndpointStep{URL: inClear, Status: 302, RedirectsTo: address}),
			want: []found{{"temporary", "Plain HTTP at http://shop.example.com/ redirects with 302 (Found)."}},
		},
		"content is no redirect": {
			edit: steps(fact.EndpointStep{URL: inClear, Status: 200}),
			want: []found{{"plain_content", "Over plain HTTP http://shop.example.com/ answers 200 (OK)."}},
		},
		"nor is an error": {
			edit: steps(fact.EndpointStep{URL: inClear, Status: 404}),
			want: []found{{"plain_content", "Over plain HTTP http://shop.example.com/ answers 404 (Not Found)."}},
		},
		"nor a redirect to plain HTTP": {
			edit: steps(fact.EndpointStep{URL: inClear, Status: 301, RedirectsTo: inClear + "a"}, fact.EndpointStep{URL: inClear + "a", Status: 200}),
			want: []found{{"plain_content", "Over plain HTTP http://shop.example.com/a answers 200 (OK)."}},
		},
		"back from HTTPS to plain HTTP is none": {
			edit: steps(fact.EndpointStep{URL: inClear, Status: 301, RedirectsTo: address}, fact.EndpointStep{URL: address, Status: 302, RedirectsTo: inClear}),
			want: []found{{"plain_content", "Over plain HTTP https://shop.example.com/ answers 302 (Found)."}},
		},
		"HTTPS in the end is a detour": {
			edit: steps(fact.EndpointStep{URL: inClear, Status: 301, RedirectsTo: inClear + "a"}, fact.EndpointStep{URL: inClear + "a", Status: 301, RedirectsTo: address}),
			want: []found{{"detour", "Plain HTTP at http://shop.example.com/ redirects to http://shop.example.com/a first."}},
		},
		"another host learns nothing": {
			edit: steps(fact.EndpointStep{URL: inClear, Status: 301, RedirectsTo: "https://www.shop.example.com/"}),
			want: []found{{"other_host", "Plain HTTP at http://shop.example.com/ redirects to https://www.shop.example.com/."}},
		},
		"content over one version of IP is none": {
			edit: func(e *fact.Endpoint) {
				e.Plain = &fact.EndpointAnswer{IPVersion: fact.IPv6, Steps: []fact.EndpointStep{{URL: inClear, Status: 200}}}
			},
			want: []found{{"plain_content", "Over plain HTTP and IPv6 http://shop.example.com/ answers 200 (OK)."}},
		},
		"nor does a dot at its end":            {edit: steps(fact.EndpointStep{URL: "http://shop.example.com./", Status: 301, RedirectsTo: address})},
		"the case of the host does not matter": {edit: steps(fact.EndpointStep{URL: inClear, Status: 301, RedirectsTo: "https://SHOP.example.com:443/"})},
		"a closed port is told": {
			edit: func(e *fact.Endpoint) {
				e.Plain = &fact.EndpointAnswer{Failure: &fact.Failure{Reason: fact.ReasonRefused, Detail: "connection refused"}}
			},
			want: []found{{"no_answer", "Port 80 does not answer: connection refused."}},
		},
		"where the site itself is away nothing is known": {
			edit: func(e *fact.Endpoint) {
				e.Answers[0].Failure = &fact.Failure{Reason: fact.ReasonTimeout, Detail: "no answer"}
			},
			want: []found{{"not_reached", "The endpoint does not answer over HTTPS, and so nothing is said of its redirect."}},
		},
		"nor where the name has no address": {
			edit: func(e *fact.Endpoint) { e.Plain = nil },
			want: []found{{"not_reached", "The endpoint does not answer over HTTPS, and so nothing is said of its redirect."}},
		},
		"strict transport security is asked for": {
			tune: strict,
			want: []found{{"no_strict_transport_security", "The answer has no header Strict-Transport-Security with a max-age above 0."}},
		},
		"and found": {tune: strict, edit: func(e *fact.Endpoint) { e.Answers[0].StrictTransportSecurity = time.Hour }},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, judge(t, endpoint.Redirect(), answered("front", c.edit), c.tune))
		})
	}
	for _, other := range []string{"http://shop.example.com/", "https://shop.example.com:8443/"} {
		e := answered("front", func(e *fact.Endpoint) { e.URL = other })
		result := checktest.Case{Kind: endpoint.Redirect(), Now: checktest.Now(), Sets: []fact.AnySet{checktest.Facts(fact.Endpoints(), e)}}.Result(t)
		require.Equal(t, check.Undeclared, result.Status, other)
	}
}

func TestPublishedPage(t *testing.T) {
	read := func(page *fact.EndpointPage) func(*fact.Endpoint) {
		return func(e *fact.Endpoint) { e.Answers[0].Page = page }
	}
	for name, c := range map[string]struct {
		edit func(*fact.Endpoint)
		want []found
	}{
		"enough text is a page": {edit: read(&fact.EndpointPage{Characters: 1000})},
		"a stub is none": {
			edit: read(&fact.EndpointPage{Characters: 999}),
			want: []found{{"too_short", "The page has 999 characters; at least 1000 are expected."}},
		},
		"what scripts make is not known": {
			edit: read(&fact.EndpointPage{Characters: 10, Scripted: true}),
			want: []found{{"scripted", "The page has 10 characters without its scripts; at least 1000 are expected."}},
		},
		"enough text is a page whatever scripts add": {edit: read(&fact.EndpointPage{Characters: 1000, Scripted: true})},
		"a PDF is not read":                          {want: []found{{"not_text", "The answer is neither HTML nor plain text."}}},
		"an error page is no page":                   {edit: status(404), want: []found{{"wrong_status", "Over IPv4 the answer is 404 (Not Found), and 200 is expected."}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, judge(t, endpoint.PublishedPage(), answered("privacy-policy", c.edit), nil))
		})
	}
}

func TestMetrics(t *testing.T) {
	read := func(e *fact.EndpointExposition) func(*fact.Endpoint) {
		return func(of *fact.Endpoint) { of.Answers[0].Exposition = e }
	}
	for name, c := range map[string]struct {
		edit func(*fact.Endpoint)
		want []found
	}{
		"metrics are right": {edit: read(&fact.EndpointExposition{Families: 1})},
		"none are none":     {edit: read(&fact.EndpointExposition{}), want: []found{{"no_metric", "The answer has no metric."}}},
		"a page is none": {
			edit: read(&fact.EndpointExposition{Fault: "invalid metric name"}),
			want: []found{{"invalid_exposition", "The answer cannot be read: invalid metric name."}},
		},
		"a login page is none": {edit: status(401), want: []found{{"wrong_status", "Over IPv4 the answer is 401 (Unauthorized), and 200 is expected."}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, judge(t, endpoint.Metrics(), answered("metrics", c.edit), nil))
		})
	}
}

func TestTransit(t *testing.T) {
	both := func(v4, v6 fact.TLSOfferOver) fact.AnySet {
		v4.IPVersion, v6.IPVersion = fact.IPv4, fact.IPv6
		return checktest.Facts(fact.TLSOffers(), fact.TLSOffer{Address: "shop.example.com:443", Over: []fact.TLSOfferOver{v4, v6}})
	}
	modern := fact.TLSOfferOver{Versions: []fact.TLSVersion{fact.TLS12, fact.TLS13}}
	old := fact.TLSOfferOver{Versions: []fact.TLSVersion{fact.SSL30, fact.TLS10, fact.TLS12}}
	away := fact.TLSOfferOver{Failure: &fact.Failure{Reason: fact.ReasonRefused, Detail: "connection refused"}}
	inClearAlone := answered("front", func(e *fact.Endpoint) {
		e.URL, e.Plain, e.Answers[0].Steps = inClear, nil, []fact.EndpointStep{{URL: inClear, Status: 200}}
	})
	for name, c := range map[string]struct {
		sets []fact.AnySet
		tune func(*endpoint.TransitParameters)
		want []found
	}{
		"new versions alone are right": {sets: []fact.AnySet{both(modern, modern), checktest.Facts(fact.Endpoints(), answered("front", nil))}},
		"an old one over one version of IP is enough": {
			sets: []fact.AnySet{both(modern, old)},
			want: []found{{"old_tls_version", "Over IPv6 the server accepts SSL 3.0 and TLS 1.0; at least TLS 1.2 is expected."}},
		},
		"the same over both is told once": {
			sets: []fact.AnySet{both(old, old)},
			want: []found{{"old_tls_version", "Over IPv4 the server accepts SSL 3.0 and TLS 1.0; at least TLS 1.2 is expected."}},
		},
		"the limit can be higher": {
			sets: []fact.AnySet{both(modern, modern)},
			tune: func(p *endpoint.TransitParameters) { p.MinimumTLSVersion = "1.3" },
			want: []found{{"old_tls_version", "Over IPv4 the server accepts TLS 1.2; at least TLS 1.3 is expected."}},
		},
		"broken ciphers are named": {
			sets: []fact.AnySet{both(modern, fact.TLSOfferOver{Versions: modern.Versions, BrokenCiphers: []string{"RSA_WITH_RC4_128_SHA"}})},
			want: []found{{"broken_cipher", "Over IPv6 the server accepts cipher suite RSA_WITH_RC4_128_SHA."}},
		},
		"what is away over one version of IP is not known": {
			sets: []fact.AnySet{both(modern, away)},
			want: []found{{"not_reached", "Over IPv6 nothing is known: connection refused."}},
		},
		"content in the clear fails": {
			sets: []fact.AnySet{checktest.Facts(fact.Endpoints(), inClearAlone)},
			want: []found{{"plain_content", "Over plain HTTP http://shop.example.com/ answers 200 (OK)."}},
		},
		"so does it beside HTTPS": {
			sets: []fact.AnySet{checktest.Facts(fact.Endpoints(), answered("front", func(e *fact.Endpoint) {
				e.Plain.Steps = []fact.EndpointStep{{URL: inClear, Status: 404}}
			}))},
			want: []found{{"plain_content", "Over plain HTTP http://shop.example.com/ answers 404 (Not Found)."}},
		},
		"a port that is closed shows nothing": {sets: []fact.AnySet{checktest.Facts(fact.Endpoints(), answered("front", func(e *fact.Endpoint) {
			e.Plain = &fact.EndpointAnswer{Failure: away.Failure}
		}))}},
		"what does not answer is not known": {
			sets: []fact.AnySet{checktest.Facts(fact.Endpoints(), answered("front", func(e *fact.Endpoint) { e.Plain = nil }))},
			want: []found{{"not_reached", "The endpoint does not answer, and so nothing is known of plain HTTP."}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			kind := endpoint.Transit()
			parameters := kind.Defaults
			if c.tune != nil {
				c.tune(&parameters)
			}
			var got []found
			for _, each := range (checktest.Case{Kind: kind, Parameters: &parameters, Now: checktest.Now(), Sets: c.sets}).Judge(t) {
				got = append(got, found{each.Reason, each.Detail})
			}
			require.Equal(t, c.want, got)
		})
	}
	internal := answered("health", func(e *fact.Endpoint) { e.URL, e.Answers[0].Steps[0].URL = inClear, inClear })
	result := checktest.Case{Kind: endpoint.Transit(), Now: checktest.Now(), Sets: []fact.AnySet{checktest.Facts(fact.Endpoints(), internal)}}.Result(t)
	require.Equal(t, check.Undeclared, result.Status, "what is for those who run the system is none of it")
}

package fact

import (
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"
)

// An Endpoint is an address of the web, and how it answered as a browser asks it.
type Endpoint struct {
	Standpoint
	EndpointPlace
	// ExpectedStatus has the codes that the description declares; none: its purpose decides.
	ExpectedStatus []int `json:"expected_status,omitempty"`
	// Answers has one for each version of IP that its name has addresses of and this machine can use; one where a proxy is
	// between, or the name has no address.
	Answers []EndpointAnswer `json:"answers"`
	// NotTried are the versions of IP that its name has addresses of and this machine cannot use.
	NotTried []IPVersion `json:"not_tried,omitempty"`
	// Plain is how the same address answered over plain HTTP, at port 80; nil where it is not at port 443. Of the answers over several
	// versions of IP it is one at which something is served, where there is one, and has that version where others have not.
	Plain *EndpointAnswer `json:"plain,omitempty"`
	// HTTP3 has an answer over HTTP/3 beside each of Answers; none where it is not declared.
	HTTP3 []HTTP3Answer `json:"http3,omitempty"`
}

// An HTTP3Answer is how an endpoint answered over HTTP/3 (RFC 9114), over one version of IP.
type HTTP3Answer struct {
	IPVersion IPVersion `json:"ip_version"`
	Failure   *Failure  `json:"failure,omitempty"` // why there is no answer; nil: there is one
	Status    int       `json:"status,omitempty"`  // before any redirect
}

// An EndpointPlace says which endpoint it is.
type EndpointPlace struct {
	URL     string `json:"url"`
	Purpose string `json:"purpose"` // one of EndpointPurposes
	// PlainUnasked: plain HTTP of the same host is not asked, since it is not known to be served.
	PlainUnasked bool `json:"plain_unasked,omitempty"`
}

// AtHTTPS tells whether it is at the port of HTTPS, so that plain HTTP of the same host should lead to it, and is asked.
func (p EndpointPlace) AtHTTPS() bool {
	address, err := url.Parse(p.URL)
	return err == nil && !p.PlainUnasked && address.Scheme == "https" && (address.Port() == "" || address.Port() == "443")
}

// The purposes of endpoints.
const (
	EndpointFront   = "front"   // what users open
	EndpointAPI     = "api"     // what programs of users ask
	EndpointHealth  = "health"  // what tells whether it is alive or ready
	EndpointMetrics = "metrics" // what Prometheus scrapes
	EndpointIngress = "ingress" // what an Ingress or HTTPRoute leads to something, of which no more is known
	// EndpointProtected is what answers only to those who log in.
	EndpointProtected = "protected"
	EndpointOther     = "other" // judged by no item but those on every endpoint
)

// PublishedPages are the purposes of pages with a text that must be public.
func PublishedPages() []string {
	return []string{"terms-of-service", "privacy-policy", "cookie-policy", "acceptable-use-policy"}
}

// EndpointPurposes lists every purpose.
func EndpointPurposes() []string {
	return append([]string{
		EndpointFront, EndpointAPI, EndpointHealth, EndpointMetrics, EndpointIngress, EndpointProtected, EndpointOther,
	}, PublishedPages()...)
}

// An IPVersion is one of the two, or none where a proxy is between.
type IPVersion string

// The versions of IP.
const (
	IPv4    IPVersion = "4"
	IPv6    IPVersion = "6"
	IPProxy IPVersion = "proxy"
)

// An EndpointAnswer is how an endpoint answered over one version of IP.
type EndpointAnswer struct {
	IPVersion IPVersion `json:"ip_version"`
	// Failure says why there is no answer in the end; nil: there is one.
	Failure *Failure `json:"failure,omitempty"`
	// Steps are the answers that were given, redirects first.
	Steps []EndpointStep `json:"steps"`
	// HTTPVersion is that of the last answer, which HTTPS agrees on by ALPN: "1.1", "2.0".
	HTTPVersion string `json:"http_version,omitempty"`
	// Unmet are the declared expectations of headers and body that the last answer does not meet.
	Unmet []EndpointExpectation `json:"unmet,omitempty"`
	// Page is what is to read, where the purpose asks for it and the answer is text.
	Page *EndpointPage `json:"page,omitempty"`
	// Exposition is what an endpoint of metrics exposes.
	Exposition *EndpointExposition `json:"exposition,omitempty"`
	// Cut: the body is longer than is read, and nothing is said of what follows.
	Cut bool `json:"cut,omitempty"`
	// StrictTransportSecurity is for how long browsers are told to use TLS only; zero: they are not.
	StrictTransportSecurity time.Duration `json:"strict_transport_security"`
}

// An EndpointStep is one answer.
type EndpointStep struct {
	URL    string `json:"url"` // without parameters, which may be secrets
	Status int    `json:"status"`
	// RedirectsTo is where the answer leads, whether that answers or not; empty: nowhere.
	RedirectsTo string `json:"redirects_to,omitempty"`
}

// An EndpointExpectation is what part of an answer does not meet: a regular expression, or one in CEL that does not hold of the body.
type EndpointExpectation struct {
	Header  string `json:"header,omitempty"` // the name of the header; empty: the body
	Pattern string `json:"pattern,omitempty"`
	JSON    string `json:"json,omitempty"`
	// Fault says why it cannot be told whether JSON holds: the body is none, or lacks what is asked for.
	Fault string `json:"fault,omitempty"`
}

// An EndpointPage is what people can read of a page.
type EndpointPage struct {
	Characters int  `json:"characters"` // without markup, scripts and repeated blanks
	Scripted   bool `json:"scripted"`   // scripts may add more
}

// An EndpointExposition is what a scrape gives.
type EndpointExposition struct {
	Families int    `json:"families"`        // of the lines before that which cannot be read
	Fault    string `json:"fault,omitempty"` // why it cannot be read
	// Typed: it has a Content-Type that only expositions have, whether it can be read or not.
	Typed bool `json:"typed,omitempty"`
}

// TopicBody is what is in the body of an answer.
const TopicBody = "body"

// Lacks gives the topics of what could not be collected: the body where only its beginning was read.
func (e *Endpoint) Lacks() []string {
	if slices.ContainsFunc(e.Answers, func(a EndpointAnswer) bool { return a.Cut }) {
		return []string{TopicBody}
	}
	return nil
}

// Status is the code of the last answer; zero: there is none.
func (a *EndpointAnswer) Status() int {
	if a.Failure != nil || len(a.Steps) == 0 {
		return 0
	}
	return a.Steps[len(a.Steps)-1].Status
}

// InClear gives the step at which something is answered over plain HTTP that is no redirect to HTTPS.
func (a *EndpointAnswer) InClear() (EndpointStep, bool) {
	if len(a.Steps) == 0 {
		return EndpointStep{}, false
	}
	secure := func(address string) bool { return strings.HasPrefix(address, "https:") }
	end := a.Steps[len(a.Steps)-1]
	return end, end.RedirectsTo == "" && !secure(end.URL) || end.RedirectsTo != "" && !secure(end.RedirectsTo)
}

// Expects tells whether a code is one that the endpoint is to answer.
func (e *Endpoint) Expects(status int) bool {
	switch {
	case len(e.ExpectedStatus) > 0:
		return slices.Contains(e.ExpectedStatus, status)
	case e.Purpose == EndpointFront:
		return status >= 200 && status < 400
	case e.Purpose == EndpointIngress:
		return status >= 200 && status < 500
	case e.Purpose == EndpointAPI, e.Purpose == EndpointProtected, e.Purpose == EndpointOther:
		return status >= 200 && status < 300
	default:
		return status == 200
	}
}

// Up tells whether it answered as expected over every version of IP.
func (e *Endpoint) Up() bool {
	return len(e.Answers) > 0 && !slices.ContainsFunc(e.Answers, func(a EndpointAnswer) bool {
		return !e.Expects(a.Status()) || len(a.Unmet) > 0
	})
}

// Endpoints describes the facts of endpoints.
func Endpoints() *Kind[Endpoint] {
	return &Kind[Endpoint]{
		Name:    "endpoint",
		Help:    "An address of the web, and how it answered over each version of IP.",
		Subject: func(e *Endpoint) string { return e.URL + e.From() },
		Labels: []Label[Endpoint]{
			{Name: "url", Value: func(e *Endpoint) string { return e.URL }},
			{Name: "purpose", Value: func(e *Endpoint) string { return e.Purpose }},
			{Name: LabelVantage, Value: func(e *Endpoint) string { return e.Vantage }},
		},
		Gauges: []Gauge[Endpoint]{
			{
				Name: "endpoint_up", Help: "Whether the endpoint answered as expected over every version of IP, 1 or 0.",
				Value: func(e *Endpoint) (float64, bool) { return Bool(e.Up()), true },
			},
			{
				Name: "endpoint_status_code", Help: "The HTTP status code of the last answer, after redirects; there is none without an answer.",
				By: "ip_version", Values: func(e *Endpoint) iter.Seq2[string, float64] { return e.statuses },
			},
			{
				Name: "endpoint_http3_up", Help: "Whether the endpoint answered over HTTP/3, 1 or 0; only where that is declared.",
				By: "ip_version", Values: func(e *Endpoint) iter.Seq2[string, float64] { return e.overHTTP3 },
			},
			{
				Name:  "endpoint_plain_content",
				Help:  "1 where plain HTTP at port 80 is answered, and not with a redirect to HTTPS; absent elsewhere.",
				Value: (*Endpoint).plainContent,
			},
		},
	}
}

func (e *Endpoint) plainContent() (float64, bool) {
	if e.Plain == nil {
		return 0, false
	}
	_, inClear := e.Plain.InClear()
	return 1, inClear
}

func (e *Endpoint) overHTTP3(yield func(string, float64) bool) {
	for _, answer := range e.HTTP3 {
		if !yield(string(answer.IPVersion), Bool(answer.Failure == nil)) {
			return
		}
	}
}

func (e *Endpoint) statuses(yield func(string, float64) bool) {
	for i := range e.Answers {
		if status := e.Answers[i].Status(); status > 0 && !yield(string(e.Answers[i].IPVersion), float64(status)) {
			return
		}
	}
}

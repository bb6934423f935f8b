package endpoint

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// RedirectParameters say what is asked for beside the redirect.
type RedirectParameters struct {
	// StrictTransportSecurity: browsers must be told to use TLS only, too (RFC 6797).
	StrictTransportSecurity bool `yaml:"strict_transport_security"`
}

type redirectReasons struct{ plainContent, noAnswer, detour, temporary, elsewhere, noHSTS, notReached check.Reason }

func redirectReasonsOf() redirectReasons {
	return redirectReasons{
		plainContent: check.Reason{
			Name: "plain_content", Level: check.Fail, Sentence: "Plain HTTP is answered, and not with a redirect to HTTPS.",
		},
		noAnswer: check.Reason{
			Name: "no_answer", Level: check.Fail, Sentence: "Plain HTTP is not answered, so that whoever types the name may find nothing.",
			Remedy: "Open port 80 and redirect from it, or list the item under not_applicable where no link or habit leads there.",
		},
		detour: check.Reason{
			Name: "detour", Level: check.Warn, Sentence: "The redirect leads to plain HTTP first, and only then to HTTPS.",
			Remedy: "Redirect to https:// of the same host at once.",
		},
		temporary: check.Reason{
			Name: "temporary", Level: check.Warn, Sentence: "The redirect is temporary, so that browsers ask over plain HTTP each time.",
			Remedy: "Answer 301 or 308.",
		},
		elsewhere: check.Reason{
			Name: "other_host", Level: check.Warn, Sentence: "The redirect leads to another host at once, and browsers learn nothing of this one.",
			Remedy: "Redirect to https:// of the same host first, and from there to the other.",
		},
		noHSTS: check.Reason{
			Name: "no_strict_transport_security", Level: check.Fail, Sentence: "Browsers are not told to use TLS only.",
			Remedy: "Send Strict-Transport-Security: max-age=31536000 over HTTPS.",
		},
		notReached: check.Reason{
			Name: "not_reached", Level: check.Unknown, Sentence: "The endpoint cannot be reached, so that its redirect is not known.",
			Remedy: "Fix what keeps the endpoint from being reached; functional.domain says more.",
		},
	}
}

func (r redirectReasons) list() []check.Reason {
	return []check.Reason{r.plainContent, r.noAnswer, r.detour, r.temporary, r.elsewhere, r.noHSTS, r.notReached}
}

// Redirect judges whether plain HTTP leads to HTTPS.
func Redirect() check.Kind[RedirectParameters] {
	reasons := redirectReasonsOf()
	return check.Kind[RedirectParameters]{
		Name:    "https_redirect",
		Summary: "Port 80 of every endpoint at port 443 redirects to HTTPS of the same host, for good.",
		Remedy: "Redirect on the server: return 301 https://$host$request_uri in nginx; " +
			"in Kubernetes as the Ingress controller or the Gateway's filter RequestRedirect does it.",
		Reasons: reasons.list(),
		Over: []check.Quantified[RedirectParameters]{
			check.Each(fact.Endpoints(), reasons.judge).Needs().
				Where(func(_ check.Context, e *fact.Endpoint, _ RedirectParameters) bool { return e.AtHTTPS() }).
				Known(func(e *fact.Endpoint, _ RedirectParameters) bool { return e.AtHTTPS() }),
		},
		WhenEmpty: none(fact.EndpointFront),
	}
}

func (r redirectReasons) judge(_ check.Context, e *fact.Endpoint, p RedirectParameters) (problems []check.Problem) {
	if e.Plain == nil || !reached(e) {
		return []check.Problem{r.notReached.Problem("The endpoint does not answer over HTTPS, and so nothing is said of its redirect.")}
	}
	problems = r.plain(e)
	for i := range e.Answers {
		if a := &e.Answers[i]; p.StrictTransportSecurity && a.Failure == nil && a.StrictTransportSecurity <= 0 {
			return append(problems, r.noHSTS.Problem("The answer has no header Strict-Transport-Security with a max-age above 0."))
		}
	}
	return problems
}

func reached(e *fact.Endpoint) bool {
	for i := range e.Answers {
		if e.Answers[i].Failure == nil {
			return true
		}
	}
	return false
}

// plain judges the answers over plain HTTP: the first says what clients learn, the others where it ends.
func (r redirectReasons) plain(e *fact.Endpoint) []check.Problem {
	steps := e.Plain.Steps
	if len(steps) == 0 {
		return []check.Problem{r.noAnswer.Problem("Port 80 does not answer" + because(e.Plain.Failure) + ".")}
	}
	if end, inClear := e.Plain.InClear(); inClear {
		return []check.Problem{r.plainContent.Problem(servedInClear(e.Plain, end))}
	}
	switch first := steps[0]; {
	case !secure(first.RedirectsTo):
		return []check.Problem{r.detour.Problem(fmt.Sprintf("Plain HTTP at %s redirects to %s first.", first.URL, first.RedirectsTo))}
	case hostOf(first.RedirectsTo) != hostOf(first.URL):
		return []check.Problem{r.elsewhere.Problem(fmt.Sprintf("Plain HTTP at %s redirects to %s.", first.URL, first.RedirectsTo))}
	case first.Status != http.StatusMovedPermanently && first.Status != http.StatusPermanentRedirect:
		return []check.Problem{r.temporary.Problem(fmt.Sprintf("Plain HTTP at %s redirects with %s.", first.URL, code(first.Status)))}
	default:
		return nil
	}
}

// servedInClear says what is answered over plain HTTP, and over which version of IP where it is not so over each.
func servedInClear(a *fact.EndpointAnswer, end fact.EndpointStep) string {
	by := "plain HTTP"
	if a.IPVersion == fact.IPv4 || a.IPVersion == fact.IPv6 {
		by += " and " + inWords(a.IPVersion)
	}
	return fmt.Sprintf("Over %s %s answers %s.", by, end.URL, code(end.Status))
}

func because(failure *fact.Failure) string {
	if failure == nil {
		return ""
	}
	return ": " + failure.Detail
}

func secure(address string) bool { return strings.HasPrefix(address, "https:") }

func hostOf(text string) string {
	address, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(address.Hostname()), ".")
}

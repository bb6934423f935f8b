// Package endpoint judges how addresses of the web answer.
package endpoint

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// about narrows to the endpoints of a purpose.
func about[P any](over *check.Over[*fact.Endpoint, P], purpose func(P) string) *check.Over[*fact.Endpoint, P] {
	return over.Where(func(_ check.Context, e *fact.Endpoint, p P) bool { return e.Purpose == purpose(p) }).
		Known(func(e *fact.Endpoint, p P) bool { return e.Purpose == purpose(p) })
}

// none is the reason that no endpoint of a purpose is declared.
func none(purpose string) check.Reason {
	return check.Reason{
		Name: "no_endpoint", Level: check.Undeclared, Sentence: "No endpoint with the purpose of the item is declared.",
		Remedy: "Add its URL with purpose: " + purpose + " under endpoints in the system description, or list the item under " +
			"not_applicable with a reason.",
	}
}

// answerReasons are for an endpoint that does not answer as expected.
type answerReasons struct{ unreachable, wrongStatus, wrongContent, noHTTP3, otherHTTP3, notTried check.Reason }

// answerReasonsOf gives them; urgent: users are hit.
func answerReasonsOf(urgent bool) answerReasons {
	return answerReasons{
		unreachable: check.Reason{
			Name: "unreachable", Level: check.Fail, Urgent: urgent, Sentence: "The endpoint cannot be reached.",
			Remedy: "Ask it from the machine of the exporter (curl -v URL), and fix what that shows: DNS record, firewall, server, certificate.",
		},
		wrongStatus: check.Reason{
			Name: "wrong_status", Level: check.Fail, Urgent: urgent,
			Sentence: "The endpoint answers with another status than expected.",
			Remedy:   "Read the logs of what answers, or of the proxy before it; correct expect.status in the system description where it is wrong.",
		},
		wrongContent: check.Reason{
			Name: "wrong_content", Level: check.Fail, Urgent: urgent,
			Sentence: "A header or the body of the answer is not as expected.",
			Remedy:   "Compare the answer with what is expected: curl -i URL. Fix what answers, or expect in the system description.",
		},
		noHTTP3: check.Reason{
			Name: "no_http3", Level: check.Fail, Sentence: "The endpoint is to answer over HTTP/3, and does not.",
			Remedy: "Let UDP pass at the port of the endpoint, and have the server speak HTTP/3 with the same certificate; or remove http3 in " +
				"the system description. Check it with: curl --http3-only -v URL.",
		},
		otherHTTP3: check.Reason{
			Name: "other_http3_status", Level: check.Fail, Sentence: "Over HTTP/3 the endpoint answers with another status than over TCP.",
			Remedy: "Compare both (curl --http3-only -i URL, curl -i URL), and give the server the same configuration for both.",
		},
		notTried: check.Reason{
			Name: "not_tried", Level: check.Warn,
			Sentence: "The endpoint has addresses of a version of IP that the machine that asks cannot use.",
			Remedy:   "Run the exporter where both versions of IP work, or remove the addresses that nobody is to use from the DNS.",
		},
	}
}

func (r answerReasons) list() []check.Reason {
	return []check.Reason{r.unreachable, r.wrongStatus, r.wrongContent, r.noHTTP3, r.otherHTTP3, r.notTried}
}

// judge gives what is wrong with the answers: the same over both versions of IP is one problem.
func (r answerReasons) judge(e *fact.Endpoint) (problems []check.Problem) {
	if len(e.Answers) == 0 {
		return []check.Problem{r.unreachable.Problem("There is no answer.")}
	}
	for i := range e.Answers {
		found := r.answer(e, &e.Answers[i])
		if i > 0 && slices.EqualFunc(found, problems, func(a, b check.Problem) bool { return a.Reason == b.Reason }) {
			continue
		}
		problems = append(problems, found...)
	}
	problems = append(problems, r.overHTTP3(e)...)
	for _, version := range e.NotTried {
		problems = append(problems, r.notTried.Problem(fmt.Sprintf(
			"The endpoint has addresses of %s too, and %s has no route for them.", inWords(version), e.Here())))
	}
	return problems
}

// overHTTP3 gives what is wrong over HTTP/3, where there is an answer over TCP.
func (r answerReasons) overHTTP3(e *fact.Endpoint) (problems []check.Problem) {
	for _, answer := range e.HTTP3 {
		at := slices.IndexFunc(e.Answers, func(a fact.EndpointAnswer) bool { return a.IPVersion == answer.IPVersion })
		if at < 0 || len(e.Answers[at].Steps) == 0 {
			continue
		}
		switch first := e.Answers[at].Steps[0]; {
		case answer.Failure != nil:
			detail := fmt.Sprintf("Over HTTP/3 and %s there is no answer: %s.", inWords(answer.IPVersion), answer.Failure.Detail)
			problems = append(problems, r.noHTTP3.Problem(detail))
		case answer.Status != first.Status:
			problems = append(problems, r.otherHTTP3.Problem(fmt.Sprintf("Over HTTP/3 and %s the answer is %s, and over TCP it is %s.",
				inWords(answer.IPVersion), code(answer.Status), code(first.Status))))
		}
	}
	return problems
}

// over begins a sentence on an answer. A name without an address was asked over nothing.
func over(a *fact.EndpointAnswer) string {
	if a.IPVersion == "" {
		return "At its name "
	}
	return "Over " + inWords(a.IPVersion) + " "
}

func inWords(version fact.IPVersion) string {
	if version == fact.IPProxy {
		return "a proxy"
	}
	return "IPv" + string(version)
}

// answer gives what is wrong with one answer.
func (r answerReasons) answer(e *fact.Endpoint, a *fact.EndpointAnswer) (problems []check.Problem) {
	switch status := a.Status(); {
	case a.Failure != nil:
		return []check.Problem{r.unreachable.Problem(over(a) + "there is no answer: " + a.Failure.Detail + ".")}
	case !e.Expects(status):
		detail := fmt.Sprintf("%sthe answer is %s%s, and %s is expected.", over(a), code(status), after(a), expected(e))
		return []check.Problem{r.wrongStatus.Problem(detail)}
	}
	for _, unmet := range a.Unmet {
		what := "the body"
		if unmet.Header != "" {
			what = "the header " + unmet.Header
		}
		detail := fmt.Sprintf("%s%s of the answer does not match %q.", over(a), what, unmet.Pattern)
		if unmet.JSON != "" {
			detail = fmt.Sprintf("%sthis does not hold of the body of the answer: %s", over(a), unmet.JSON)
			if unmet.Fault != "" {
				detail += " (" + unmet.Fault + ")"
			}
			detail += "."
		}
		problems = append(problems, r.wrongContent.Problem(detail))
	}
	return problems
}

func code(status int) string {
	if text := http.StatusText(status); text != "" {
		return strconv.Itoa(status) + " (" + text + ")"
	}
	return strconv.Itoa(status)
}

// after says where redirects led.
func after(a *fact.EndpointAnswer) string {
	if len(a.Steps) < 2 {
		return ""
	}
	return " at " + a.Steps[len(a.Steps)-1].URL + " after " + words.Count(len(a.Steps)-1, "redirect")
}

func expected(e *fact.Endpoint) string {
	switch {
	case len(e.ExpectedStatus) > 0:
		codes := make([]string, len(e.ExpectedStatus))
		for i, status := range e.ExpectedStatus {
			codes[i] = strconv.Itoa(status)
		}
		return words.List(codes)
	case e.Expects(http.StatusNotFound):
		return "less than 500"
	case e.Expects(http.StatusFound):
		return "less than 400"
	case e.Expects(http.StatusNoContent):
		return "200 to 299"
	default:
		return "200"
	}
}

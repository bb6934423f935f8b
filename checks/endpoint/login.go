package endpoint

import (
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// AuthenticationParameters are none.
type AuthenticationParameters struct{}

// Authentication judges whether endpoints that want a login refuse who has none.
func Authentication() check.Kind[AuthenticationParameters] {
	open := check.Reason{
		Name: "open", Level: check.Fail, Sentence: "The endpoint answers without a login.",
		Remedy: "Require a login for its path in the application or the proxy before it; check with: curl -i URL.",
	}
	wrongAccepted := check.Reason{
		Name: "wrong_login_accepted", Level: check.Fail, Sentence: "The endpoint answers with a wrong login.",
		Remedy: "Have the login verified, and not only its presence; check with: curl -i -H 'Authorization: Bearer wrong' URL.",
	}
	refused := check.Reason{
		Name: "login_refused", Level: check.Fail, Sentence: "The endpoint refuses the login that is declared for tests.",
		Remedy: "Renew the credential in bearer_token_file or basic_auth of the endpoint, or fix what verifies it.",
	}
	unclear := check.Reason{
		Name: "unclear_answer", Level: check.Unknown, Sentence: "The endpoint answers with an error, which neither admits nor refuses.",
		Remedy: "Read the logs of what answers, and have it answer 401 or 403 to whoever is not admitted.",
	}
	return check.Kind[AuthenticationParameters]{
		Name:    "endpoint_authentication",
		Summary: "Every endpoint that wants a login refuses none and a wrong one, and takes the one for tests.",
		Remedy:  "Ask the endpoint without and with a login (curl -i URL), and fix what answers it.",
		Reasons: []check.Reason{open, wrongAccepted, refused, unclear},
		Over: []check.Quantified[AuthenticationParameters]{
			check.Each(fact.EndpointLogins(), func(_ check.Context, l *fact.EndpointLogin, _ AuthenticationParameters) (problems []check.Problem) {
				for _, each := range []struct {
					answer *fact.EndpointAnswer
					login  string
					want   fact.Admission
					reason check.Reason
				}{
					{&l.Without, "Without a login", fact.AdmissionRefused, open},
					{&l.Wrong, "With a wrong login", fact.AdmissionRefused, wrongAccepted},
					{&l.With, "With the login for tests", fact.AdmissionGranted, refused},
				} {
					switch l.Admission(each.answer) {
					case each.want:
					case fact.AdmissionUnclear:
						problems = append(problems, unclear.Problem(each.login+" "+outcome(each.answer)+"."))
					default:
						problems = append(problems, each.reason.Problem(each.login+" "+outcome(each.answer)+"."))
					}
				}
				return problems
			}),
		},
		WhenEmpty: none(fact.EndpointProtected),
	}
}

// outcome says how an answer ended.
func outcome(a *fact.EndpointAnswer) string {
	switch {
	case len(a.Steps) == 0:
		return "there is no answer" + because(a.Failure)
	default:
		return "the answer is " + code(a.Steps[len(a.Steps)-1].Status) + after(a)
	}
}

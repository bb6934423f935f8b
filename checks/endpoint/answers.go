package endpoint

import (
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// AnswersParameters are none: the description of an endpoint says what it must answer.
type AnswersParameters struct{}

// DomainAccess judges whether users reach the application.
func DomainAccess() check.Kind[AnswersParameters] {
	return answers(fact.EndpointFront, "domain_access",
		"Every address that users open answers with a status below 400, over IPv4 and IPv6, with a certificate that verifies.")
}

// Responses judges whether the API answers as expected.
func Responses() check.Kind[AnswersParameters] {
	return answers(fact.EndpointAPI, "endpoint_responses",
		"Every endpoint of the API answers with the status, headers and body that are expected.")
}

// Health judges whether health checks answer.
func Health() check.Kind[AnswersParameters] {
	return answers(fact.EndpointHealth, "health_endpoints", "Every health endpoint answers 200.")
}

func answers(purpose, name, summary string) check.Kind[AnswersParameters] {
	reasons := answerReasonsOf(purpose != fact.EndpointHealth)
	return check.Kind[AnswersParameters]{
		Name:    name,
		Summary: summary,
		Remedy:  "Ask the endpoint (curl -v URL), and fix what answers it.",
		Reasons: reasons.list(),
		Over: []check.Quantified[AnswersParameters]{about(
			check.Each(fact.Endpoints(), func(_ check.Context, e *fact.Endpoint, _ AnswersParameters) []check.Problem { return reasons.judge(e) }),
			func(AnswersParameters) string { return purpose },
		)},
		WhenEmpty: none(purpose),
	}
}

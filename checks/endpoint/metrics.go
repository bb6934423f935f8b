package endpoint

import (
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// MetricsParameters are none.
type MetricsParameters struct{}

// Metrics judges whether endpoints of metrics can be scraped.
func Metrics() check.Kind[MetricsParameters] {
	reasons := scrapeReasonsOf()
	return check.Kind[MetricsParameters]{
		Name:      "metrics_endpoint",
		Summary:   "Every metrics endpoint answers with metrics in the text format of Prometheus.",
		Remedy:    "Ask the endpoint (curl -s URL | promtool check metrics), and fix what answers it.",
		Reasons:   reasons.list(),
		Over:      []check.Quantified[MetricsParameters]{scraped[MetricsParameters](reasons)},
		WhenEmpty: none(fact.EndpointMetrics),
	}
}

// scrapeReasons are for endpoints of metrics, beside those of answers.
type scrapeReasons struct {
	answerReasons
	invalid, empty check.Reason
}

func scrapeReasonsOf() scrapeReasons {
	return scrapeReasons{
		answerReasons: answerReasonsOf(false),
		invalid: check.Reason{
			Name: "invalid_exposition", Level: check.Fail, Sentence: "The answer is not in the text format of Prometheus.",
			Remedy: "Check it as Prometheus reads it: curl -s URL | promtool check metrics.",
		},
		empty: check.Reason{
			Name: "no_metric", Level: check.Fail, Sentence: "The answer has no metric.",
			Remedy: "Register the application's metrics with the handler that answers, or declare the address where they are.",
		},
	}
}

func (r scrapeReasons) list() []check.Reason {
	return append(r.answerReasons.list(), r.invalid, r.empty)
}

// scraped judges every endpoint of metrics, which the exporter alone asks for them: from vantage points they are no endpoints.
func scraped[P any](reasons scrapeReasons) *check.Over[*fact.Endpoint, P] {
	return about(
		check.Each(fact.Endpoints(), func(_ check.Context, e *fact.Endpoint, _ P) []check.Problem { return reasons.judge(e) }),
		func(P) string { return fact.EndpointMetrics },
	)
}

// judge gives what is wrong with the answers. Over each version of IP it is one exposition; one that is cut is unavailable.
func (r scrapeReasons) judge(e *fact.Endpoint) []check.Problem {
	problems := r.answerReasons.judge(e)
	if check.Worst(problems) == check.Fail {
		return problems
	}
	switch read := e.Answers[0].Exposition; {
	case read == nil:
	case read.Fault != "":
		problems = append(problems, r.invalid.Problem("The answer cannot be read: "+read.Fault+"."))
	case read.Families == 0:
		problems = append(problems, r.empty.Problem("The answer has no metric."))
	}
	return problems
}

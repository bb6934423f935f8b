package endpoint

import (
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// MetricsParameters are none.
type MetricsParameters struct{}

// Metrics judges whether endpoints of metrics can be scraped.
func Metrics() check.Kind[MetricsParameters] {
	reasons := answerReasonsOf(false)
	invalid := check.Reason{
		Name: "invalid_exposition", Level: check.Fail, Sentence: "The answer is not in the text format of Prometheus.",
		Remedy: "Check it as Prometheus reads it: curl -s URL | promtool check metrics.",
	}
	empty := check.Reason{
		Name: "no_metric", Level: check.Fail, Sentence: "The answer has no metric.",
		Remedy: "Register the application's metrics with the handler that answers, or declare the address where they are.",
	}
	return check.Kind[MetricsParameters]{
		Name:    "metrics_endpoint",
		Summary: "Every metrics endpoint answers with metrics in the text format of Prometheus.",
		Remedy:  "Ask the endpoint (curl -s URL | promtool check metrics), and fix what answers it.",
		Reasons: append(reasons.list(), invalid, empty),
		Over: []check.Quantified[MetricsParameters]{about(
			check.Each(fact.Endpoints(), func(_ check.Context, e *fact.Endpoint, _ MetricsParameters) []check.Problem {
				problems := reasons.judge(e)
				if check.Worst(problems) == check.Fail {
					return problems
				}
				// Over each version of IP it is one exposition. One that is cut is unavailable.
				switch read := e.Answers[0].Exposition; {
				case read == nil:
				case read.Fault != "":
					problems = append(problems, invalid.Problem("The answer cannot be read: "+read.Fault+"."))
				case read.Families == 0:
					problems = append(problems, empty.Problem("The answer has no metric."))
				}
				return problems
			}),
			func(MetricsParameters) string { return fact.EndpointMetrics },
		)},
		WhenEmpty: none(fact.EndpointMetrics),
	}
}

package endpoint

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// PrivateMetricsParameters are none.
type PrivateMetricsParameters struct{}

// privateReasons are for metrics that are to be shown to nobody outside, beside those of endpoints of metrics.
type privateReasons struct {
	scrapeReasons
	exposed, unclear, unasked, nothing check.Reason
}

// PrivateMetrics judges whether endpoints of metrics can be scraped, and show nothing outside.
func PrivateMetrics() check.Kind[PrivateMetricsParameters] {
	reasons := privateReasons{
		scrapeReasons: scrapeReasonsOf(),
		exposed: check.Reason{
			Name: "exposed", Level: check.Fail, Sentence: "Metrics are shown outside to whoever asks.",
			Remedy: "Have them answered at a port that is not reached from outside, or refuse the path where requests come in (nginx: location = " +
				"/metrics { return 404; }) or require a login for it; check with curl -i URL from outside.",
		},
		unclear: check.Reason{
			Name: "unclear_answer", Level: check.Unknown, Sentence: "The answer outside neither shows metrics nor refuses them.",
			Remedy: "Ask it on the machine of the vantage point: curl -v URL. Have it refused (401, 403, 404), and run a vantage point where " +
				"every version of IP works that the name has addresses of.",
		},
		unasked: check.Reason{
			Name: "not_asked", Level: check.Undeclared, Sentence: "The endpoint has no address that could be asked from vantage points.",
			Remedy: "Add an address of the application that is reached from outside under endpoints in the system description: the path of the " +
				"metrics is asked at its server.",
		},
		nothing: none(fact.EndpointMetrics),
	}
	return check.Kind[PrivateMetricsParameters]{
		Name:    "private_metrics_endpoint",
		Summary: "Every metrics endpoint answers with metrics here, and shows none to vantage points that send no credential.",
		Remedy:  "Ask the endpoint here (curl -s URL | promtool check metrics) and outside (curl -i URL), and fix what answers.",
		Reasons: append(reasons.list(), reasons.exposed, reasons.unclear, reasons.unasked),
		Over: []check.Quantified[PrivateMetricsParameters]{
			scraped[PrivateMetricsParameters](reasons.scrapeReasons),
			check.PerGroup(fact.MetricsExposures(), func(e *fact.MetricsExposure) string { return e.Vantage }, nil, reasons.judgeFrom),
			check.Each(fact.VantagePoints(), reasons.judgePoint),
		},
		WhenEmpty: reasons.nothing,
		Declared:  func(s *system.System, _ PrivateMetricsParameters) bool { return len(s.VantagePoints) > 0 },
		Declare: "Run a second exporter outside with the same file and --vantage.name, and name it under vantage_points in the system " +
			"description; or list the item under not_applicable with a reason.",
	}
}

// judgeFrom judges all that was asked from one vantage point. That nothing comes back says something of an address only where something
// else comes back over the same version of IP.
func (r privateReasons) judgeFrom(
	_ check.Context, _ string, all []*fact.MetricsExposure, _ PrivateMetricsParameters,
) (problems []check.Problem) {
	reached := make(map[fact.IPVersion]bool)
	for _, e := range all {
		for i := range e.Answers {
			reached[e.Answers[i].IPVersion] = reached[e.Answers[i].IPVersion] || len(e.Answers[i].Steps) > 0
		}
	}
	for _, e := range all {
		problems = append(problems, r.judgeExposure(e, reached)...)
	}
	return problems
}

// judgeExposure gives what is wrong with one address: that metrics are shown, or else all that is not clear.
func (r privateReasons) judgeExposure(e *fact.MetricsExposure, reached map[fact.IPVersion]bool) (problems []check.Problem) {
	subject := fact.MetricsExposures().Subject(e)
	var shown []string
	for i := range e.Answers {
		switch a := &e.Answers[i]; a.Admission() {
		case fact.AdmissionGranted:
			shown = append(shown, way(a))
		case fact.AdmissionUnclear:
			if a.Dropped() && reached[a.IPVersion] {
				continue
			}
			problems = append(problems, r.unclear.On(subject, unclear(e, a)))
		default:
		}
	}
	if len(shown) > 0 {
		return []check.Problem{r.exposed.On(subject, fmt.Sprintf("Metrics are shown to whoever asks, over %s.", words.List(shown)))}
	}
	for _, version := range e.NotTried {
		detail := fmt.Sprintf("The address was not asked over %s, for which %s has no route.", inWords(version), e.Here())
		problems = append(problems, r.unclear.On(subject, detail))
	}
	return problems
}

// unclear says what neither shows metrics nor refuses them.
func unclear(e *fact.MetricsExposure, a *fact.MetricsAnswer) string {
	switch {
	case a.Dropped():
		return fmt.Sprintf("Over %s there is no answer%s. Nor does anything else answer %s over it: it may be that it reaches nothing.",
			way(a), because(a.Failure), e.Here())
	case a.Failure != nil:
		return fmt.Sprintf("Over %s a connection was made, and there is no answer%s.", way(a), because(a.Failure))
	case a.Cut:
		return fmt.Sprintf("Over %s the answer is %s, and longer than is read.", way(a), code(a.Status()))
	default:
		return fmt.Sprintf("Over %s the answer is %s.", way(a), code(a.Status())+after(&a.EndpointAnswer))
	}
}

// way names that of an answer.
func way(a *fact.MetricsAnswer) string {
	switch {
	case a.Plain:
		return "plain HTTP"
	case a.IPVersion == "":
		return "any version of IP"
	default:
		return inWords(a.IPVersion)
	}
}

// judgePoint judges what there is to ask from a vantage point: of what is not asked, nothing would be found wrong.
func (r privateReasons) judgePoint(c check.Context, v *fact.VantagePoint, _ PrivateMetricsParameters) (problems []check.Problem) {
	about := func(e system.Endpoint) bool { return e.DeclaredPurpose() == fact.EndpointMetrics }
	if !slices.ContainsFunc(c.System.Endpoints, about) {
		return []check.Problem{r.nothing.On(v.Name, r.nothing.Sentence)}
	}
	for _, e := range c.System.Endpoints {
		if about(e) && len(c.System.MetricsOutside(e)) == 0 {
			problems = append(problems, r.unasked.On(e.URL+fact.Standpoint{Vantage: v.Name}.From(), r.unasked.Sentence))
		}
	}
	return problems
}

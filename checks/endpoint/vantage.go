package endpoint

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// VantagePointAccessParameters are none.
type VantagePointAccessParameters struct{}

// vantageReasons are for vantage points, beside those of answers.
type vantageReasons struct {
	answerReasons
	clock, nothing check.Reason
}

// VantagePointAccess judges whether users reach the application from everywhere.
func VantagePointAccess() check.Kind[VantagePointAccessParameters] {
	reasons := vantageReasons{
		answerReasons: answerReasonsOf(true),
		clock: check.Reason{
			Name: "clock_differs", Level: check.Warn, Sentence: "The clock of a vantage point differs from that of the exporter.",
			Remedy: "Have both machines keep their time by NTP: chronyc tracking, timedatectl. Certificates are verified by the clock of the " +
				"vantage point.",
		},
		nothing: check.Reason{
			Name: "no_endpoint", Level: check.Undeclared,
			Sentence: "No endpoint that users open is declared to be requested from the vantage point.",
			Remedy:   "Add its URL with purpose: front under endpoints in the system description, without local_only and without a credential.",
		},
	}
	isAbout := func(e *fact.Endpoint) bool { return e.Vantage != "" && e.Purpose == fact.EndpointFront }
	return check.Kind[VantagePointAccessParameters]{
		Name:    "vantage_point_access",
		Summary: "Every address that users open answers as expected from every declared vantage point.",
		Remedy:  "Ask the endpoint on the machine of the vantage point (curl -v URL), and fix what answers it, or what is between.",
		Reasons: append(reasons.list(), reasons.clock),
		Over: []check.Quantified[VantagePointAccessParameters]{
			check.Each(fact.Endpoints(), func(_ check.Context, e *fact.Endpoint, _ VantagePointAccessParameters) []check.Problem {
				return reasons.judge(e)
			}).Where(func(_ check.Context, e *fact.Endpoint, _ VantagePointAccessParameters) bool { return isAbout(e) }).
				Known(func(e *fact.Endpoint, _ VantagePointAccessParameters) bool { return isAbout(e) }),
			check.Each(fact.VantagePoints(), reasons.judgePoint),
		},
		WhenEmpty: reasons.nothing,
		Declared:  func(s *system.System, _ VantagePointAccessParameters) bool { return len(s.VantagePoints) > 0 },
		Declare: "Run a second exporter elsewhere with the same file and --vantage.name, and name it under vantage_points in the system " +
			"description; or list the item under not_applicable with a reason.",
	}
}

// judgePoint judges what is known of a vantage point itself: with no endpoint to request from there, nothing would be found wrong.
func (r vantageReasons) judgePoint(c check.Context, v *fact.VantagePoint, _ VantagePointAccessParameters) (problems []check.Problem) {
	isFront := func(e system.Endpoint) bool { return e.DeclaredPurpose() == fact.EndpointFront }
	if !slices.ContainsFunc(c.System.From(v.Name).Endpoints, isFront) {
		problems = append(problems, r.nothing.Problem("No endpoint with the purpose front is requested from "+v.Name+"."))
	}
	if v.Ahead == 0 {
		return problems
	}
	direction := "ahead of"
	if v.Ahead < 0 {
		direction = "behind"
	}
	return append(problems, r.clock.Problem(fmt.Sprintf("The clock of the vantage point %s is %s %s that of the exporter.",
		v.Name, quantity.InWords(v.Ahead.Abs()), direction)))
}

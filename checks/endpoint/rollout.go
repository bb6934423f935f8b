package endpoint

import (
	"fmt"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// RolloutAccessParameters are none.
type RolloutAccessParameters struct{}

// rolloutReasons are for what users open after a rollout, beside those of answers.
type rolloutReasons struct {
	answerReasons
	notEnded, askedBefore, noWorkload check.Reason
}

// RolloutAccess judges whether users have reached the application since its last rollout ended.
func RolloutAccess() check.Kind[RolloutAccessParameters] {
	reasons := rolloutReasons{
		answerReasons: answerReasonsOf(true),
		notEnded: check.Reason{
			Name: "rollout_not_ended", Level: check.Unknown, Sentence: "The newest rollout of a workload has not ended.",
			Remedy: "Wait for it: kubectl rollout status KIND/NAME -n NAMESPACE. Where it is stuck, go back by kubectl rollout undo.",
		},
		askedBefore: check.Reason{
			Name: "asked_before", Level: check.Unknown, Sentence: "The endpoint has not been requested since the newest rollout ended.",
			Remedy: "Wait for its next request, at the schedule of the collector endpoint; from a vantage point it takes a few of them.",
		},
		noWorkload: check.Reason{
			Name: "no_workload", Level: check.Undeclared, Absence: true, Sentence: "The clusters have no workload of the system that is rolled out.",
			Remedy: "Correct namespaces and the selector under kubernetes in the system description, or list the item under not_applicable " +
				"with a reason.",
		},
	}
	isFront := func(e *fact.Endpoint, _ RolloutAccessParameters) bool { return e.Purpose == fact.EndpointFront }
	topics := []string{fact.TopicPods, fact.TopicRollout}
	return check.Kind[RolloutAccessParameters]{
		Name:    "rollout_access",
		Summary: "Since the newest rollout of all workloads ended, every address that users open has answered as expected, from everywhere.",
		Remedy:  "Ask the endpoint (curl -v URL), and fix what answers it; go back by kubectl rollout undo.",
		Reasons: append(reasons.list(), reasons.notEnded, reasons.askedBefore),
		Over: []check.Quantified[RolloutAccessParameters]{
			check.AllOf(fact.Workloads(), reasons.judgeWorkloads).Needs(topics...),
			check.AllOf(fact.Endpoints(), reasons.judgeSince).
				Where(func(_ check.Context, e *fact.Endpoint, p RolloutAccessParameters) bool { return isFront(e, p) }).Known(isFront),
		},
		// What is unavailable of workloads is reported where they are judged, and that of vantage points with their endpoints.
		With:      []check.Input{check.Reading(fact.Workloads(), topics...).Optional(), check.Reading(fact.VantagePoints()).Optional()},
		WhenEmpty: reasons.noWorkload,
		Declared: func(s *system.System, _ RolloutAccessParameters) bool {
			front := func(e system.Endpoint) bool { return e.DeclaredPurpose() == fact.EndpointFront }
			return len(s.Kubernetes) > 0 && slices.ContainsFunc(s.Endpoints, front)
		},
		Declare: "Name the cluster under kubernetes in the system description, and add the URL that users open with purpose: front under " +
			"endpoints; or list the item under not_applicable with a reason.",
	}
}

// judgeWorkloads wants every rollout to have ended.
func (r rolloutReasons) judgeWorkloads(_ check.Context, all []*fact.Workload, _ RolloutAccessParameters) (problems []check.Problem) {
	some := false
	for _, w := range all {
		if w.Replicas.Desired == 0 {
			continue
		}
		some = true
		if !w.RolloutEnded() {
			problems = append(problems, r.notEnded.On(fact.Workloads().Subject(w), "The newest rollout of the workload has not ended."))
		}
	}
	if !some {
		return []check.Problem{r.noWorkload.Problem(r.noWorkload.Sentence)}
	}
	return problems
}

// judgeSince judges what was answered since the last of the rollouts ended. While one has not, nothing has been answered since.
func (r rolloutReasons) judgeSince(c check.Context, all []*fact.Endpoint, _ RolloutAccessParameters) (problems []check.Problem) {
	ended := lastEnd(check.Read(c, fact.Workloads()))
	if ended.IsZero() {
		return nil
	}
	collected := check.CollectedAt(c, fact.Endpoints())
	age := make(map[string]time.Duration)
	for _, v := range check.Read(c, fact.VantagePoints()) {
		age[v.Name] = max(age[v.Name], v.EndpointAge) // the oldest, where two runs tell of one
	}
	for _, e := range all {
		subject, at := fact.Endpoints().Subject(e), collected[e]
		bound, known := age[e.Vantage]
		if at.Add(-bound).Before(ended) || e.Vantage != "" && !known {
			detail := fmt.Sprintf("The newest rollout ended at %s, and the endpoint is not known to have been requested since.",
				ended.Format(time.RFC3339))
			problems = append(problems, r.askedBefore.On(subject, detail))
			continue
		}
		for _, problem := range r.judge(e) {
			problem.Subject = subject
			problems = append(problems, problem)
		}
	}
	return problems
}

// lastEnd is when the last rollout ended, to the second that follows; zero where one has not, or there is none.
func lastEnd(workloads []*fact.Workload) (last time.Time) {
	for _, w := range workloads {
		switch {
		case w.Replicas.Desired == 0:
		case !w.RolloutEnded():
			return time.Time{}
		case w.Rollout.EndedAt.After(last):
			last = w.Rollout.EndedAt
		}
	}
	if last.IsZero() {
		return last
	}
	return last.Add(time.Second) // Kubernetes notes whole seconds, and leaves out the rest.
}

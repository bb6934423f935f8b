package fact

import (
	"iter"
	"time"
)

// A PolicyResult is what a policy engine or a scanner has reported of one policy in one namespace: Kyverno, Trivy, Falco and
// others do so by PolicyReports.
type PolicyResult struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"` // empty for what is in none
	Source    string `json:"source"`    // who reports it: kyverno
	Policy    string `json:"policy"`
	Severity  string `json:"severity"` // the gravest of its failures: critical, high, medium, low, info; empty where none is told
	Pass      int    `json:"pass"`
	Fail      int    `json:"fail"`
	Warn      int    `json:"warn"`
	Error     int    `json:"error"`
	Skip      int    `json:"skip"`
	// Failing are the first things that it fails on, as Kind/name: rule.
	Failing    []string  `json:"failing"`
	ReportedAt time.Time `json:"reported_at,omitzero"` // the newest result; zero where none is dated
}

// Subject names the policy in its namespace.
func (r *PolicyResult) Subject() string {
	if r.Namespace == "" {
		return r.Cluster + "/" + r.Source + "/" + r.Policy
	}
	return r.Cluster + "/" + r.Namespace + "/" + r.Source + "/" + r.Policy
}

// PolicyResults describes the facts of policy results.
func PolicyResults() *Kind[PolicyResult] {
	return &Kind[PolicyResult]{
		Name:    "policy_result",
		Help:    "What a policy engine or a scanner has reported of one policy in one namespace, by PolicyReports or OpenReports.",
		Subject: (*PolicyResult).Subject,
		Labels: []Label[PolicyResult]{
			{Name: "kubernetes_cluster", Value: func(r *PolicyResult) string { return r.Cluster }},
			{Name: "kubernetes_namespace", Value: func(r *PolicyResult) string { return r.Namespace }},
			{Name: "source", Value: func(r *PolicyResult) string { return r.Source }},
			{Name: "policy", Value: func(r *PolicyResult) string { return r.Policy }},
		},
		Gauges: []Gauge[PolicyResult]{{
			Name:   "policy_results",
			Help:   "How many results of a policy there are, by result; what there is none of is left out.",
			By:     "result",
			Values: func(r *PolicyResult) iter.Seq2[string, float64] { return r.results },
		}},
	}
}

func (r *PolicyResult) results(yield func(string, float64) bool) {
	for _, each := range []struct {
		name   string
		number int
	}{{"pass", r.Pass}, {"fail", r.Fail}, {"warn", r.Warn}, {"error", r.Error}, {"skip", r.Skip}} {
		if each.number > 0 && !yield(each.name, float64(each.number)) {
			return
		}
	}
}

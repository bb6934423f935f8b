package fact

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Query asks a Prometheus to evaluate an expression now.
type Query struct {
	Prometheus string // the declared name of the server
	Expression string
}

// FactKind is the kind of fact that answers it.
func (Query) FactKind() string { return "query_result" }

// Request identifies the expression where its text does not belong: in labels and names.
func (q Query) Request() string {
	sum := sha256.Sum256([]byte(q.Expression))
	return hex.EncodeToString(sum[:4])
}

// Name names the query: "main 3f9a02c1".
func (q Query) Name() string { return q.Prometheus + " " + q.Request() }

// A QueryResult is what an expression came to: its series, in the order of their labels.
type QueryResult struct {
	Prometheus string        `json:"prometheus"`
	Expression string        `json:"expression"`
	Samples    []QuerySample `json:"samples"`
}

// A QuerySample is the value of one series.
type QuerySample struct {
	Labels map[string]string `json:"labels"`
	Value  Number            `json:"value"` // of a native histogram: how many observations it has
}

// A Number is any floating-point number, NaN and the infinities included, which JSON has as texts.
type Number float64

// MarshalJSON writes what is no number in JSON as Prometheus does: "NaN", "+Inf", "-Inf".
func (n Number) MarshalJSON() ([]byte, error) {
	if f := float64(n); math.IsNaN(f) || math.IsInf(f, 0) {
		return json.Marshal(n.String())
	}
	return json.Marshal(float64(n))
}

func (n Number) String() string { return strconv.FormatFloat(float64(n), 'g', -1, 64) }

// Query is the query that it answers.
func (r *QueryResult) Query() Query { return Query{Prometheus: r.Prometheus, Expression: r.Expression} }

// Series names the series as PromQL does: up{instance="db:9100",job="node"}; empty where it has no labels.
func (s *QuerySample) Series() string {
	var labels []string
	for _, name := range slices.Sorted(maps.Keys(s.Labels)) {
		if name != "__name__" {
			labels = append(labels, fmt.Sprintf("%s=%q", name, s.Labels[name]))
		}
	}
	if len(labels) == 0 {
		return s.Labels["__name__"]
	}
	return s.Labels["__name__"] + "{" + strings.Join(labels, ",") + "}"
}

// QueryResults describes the facts of queries.
func QueryResults() *Kind[QueryResult] {
	return &Kind[QueryResult]{
		Name:    "query_result",
		Help:    "What a PromQL expression of an item came to.",
		Subject: func(r *QueryResult) string { return r.Query().Name() },
		Labels: []Label[QueryResult]{
			{Name: "prometheus", Value: func(r *QueryResult) string { return r.Prometheus }},
			{Name: "request", Value: func(r *QueryResult) string { return r.Query().Request() }},
		},
		Gauges: []Gauge[QueryResult]{{
			Name:  "query_result_samples",
			Help:  "How many series the expression returns.",
			Value: func(r *QueryResult) (float64, bool) { return float64(len(r.Samples)), true },
		}},
	}
}

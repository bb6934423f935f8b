package alerts_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// A node is one of the tree that Prometheus makes of an expression.
type node struct {
	Type     string
	Name     string // of a series
	Matchers []struct{ Name, Type, Value string }
	Func     struct{ Name string }
	Args     []*node
	Op       string
	Expr     *node
	LHS, RHS *node
	Param    *node
	Grouping []string
	Without  bool
	Matching *struct {
		Card            string
		On              bool
		Labels, Include []string
	}
	Val string // of a literal
}

// A reader knows every series that an expression may name, and the labels that each has.
type reader struct {
	prometheus *world.Prometheus
	rules      map[string]rule     // that record, by name
	labels     map[string][]string // of a series, by name
	trees      map[string]*node    // of an expression
}

// newReader knows the exporter's own reference, what Prometheus says of a scrape, and the recording rules of these files.
func newReader(t *testing.T) *reader {
	t.Helper()
	r := &reader{
		prometheus: servers.Prometheus(t, "global: {}"),
		rules:      make(map[string]rule),
		labels: map[string][]string{
			"scrape_duration_seconds": {"job", "instance"},
			"ALERTS":                  {"alertname", "alertstate", "severity", "system", "environment"},
		},
		trees: make(map[string]*node),
	}
	all, closeAll := collectors.All(collectors.Options{})
	t.Cleanup(closeAll)
	families, err := metrics.Families(all)
	require.NoError(t, err)
	for _, family := range families {
		names := []string{family.Name}
		if family.Type == "histogram" {
			names = append(names, family.Name+"_sum", family.Name+"_count") // where it is scraped as plain text
		}
		for _, name := range names {
			r.labels[name] = append(slices.Clone(family.Labels), "job", "instance")
		}
	}
	for _, each := range allRules(t) {
		if each.Record != "" {
			r.rules[each.Record] = each
		}
	}
	return r
}

// parse has Prometheus read an expression.
func (r *reader) parse(t *testing.T, expression string) *node {
	t.Helper()
	if tree := r.trees[expression]; tree != nil {
		return tree
	}
	response, err := http.Get(r.prometheus.URL + "/api/v1/parse_query?query=" + url.QueryEscape(expression))
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", expression, body)
	var answer struct{ Data *node }
	require.NoError(t, json.Unmarshal(body, &answer))
	r.trees[expression] = answer.Data
	return answer.Data
}

// labelsOf gives the labels that what an expression finds can have, and wants every label that it names to be there.
func (r *reader) labelsOf(t *testing.T, expression string) []string {
	t.Helper()
	found, err := r.walk(t, r.parse(t, expression))
	require.NoError(t, err, expression)
	return found
}

func (r *reader) walk(t *testing.T, n *node) ([]string, error) {
	t.Helper()
	switch n.Type {
	case "numberLiteral", "stringLiteral":
		return nil, nil
	case "vectorSelector", "matrixSelector":
		return r.ofSeries(t, n)
	case "parenExpr", "unaryExpr", "subquery":
		return r.walk(t, n.Expr)
	case "call":
		return r.ofCall(t, n)
	case "aggregation":
		return r.ofAggregation(t, n)
	case "binaryExpr":
		return r.ofPair(t, n)
	default:
		return nil, fmt.Errorf("a %s is new to this test", n.Type)
	}
}

func (r *reader) ofSeries(t *testing.T, n *node) (labels []string, err error) {
	t.Helper()
	if n.Name == "" { // several, by a pattern of their names
		return []string{"__name__"}, nil
	}
	labels, known := r.labels[n.Name]
	if !known {
		recording, recorded := r.rules[n.Name]
		if !recorded {
			return nil, fmt.Errorf("there is no metric and no rule %s", n.Name)
		}
		r.labels[n.Name] = nil // where it reads what it recorded before
		labels = r.labelsOf(t, recording.Expr)
		r.labels[n.Name] = labels
	}
	for _, matcher := range n.Matchers {
		if matcher.Name != "__name__" && !slices.Contains(labels, matcher.Name) {
			return nil, fmt.Errorf("%s has no label %s", n.Name, matcher.Name)
		}
	}
	return labels, nil
}

func (r *reader) ofCall(t *testing.T, n *node) (labels []string, err error) {
	t.Helper()
	for _, argument := range n.Args {
		found, err := r.walk(t, argument)
		if err != nil {
			return nil, err
		}
		labels = append(labels, found...)
	}
	switch n.Func.Name {
	case "scalar", "time", "vector":
		return nil, nil
	case "absent_over_time":
		labels = nil
		for _, matcher := range n.Args[0].Matchers {
			if matcher.Type == "=" && matcher.Name != "__name__" {
				labels = append(labels, matcher.Name)
			}
		}
	case "label_replace":
		labels = append(labels, n.Args[1].Val)
	}
	return labels, nil
}

func (r *reader) ofAggregation(t *testing.T, n *node) ([]string, error) {
	t.Helper()
	labels, err := r.walk(t, n.Expr)
	if err != nil {
		return nil, err
	}
	if n.Without {
		if n.Op == "topk" {
			return labels, nil
		}
		return without(labels, n.Grouping), nil
	}
	if !subset(n.Grouping, labels) {
		return nil, fmt.Errorf("%s by %v: there is only %v", n.Op, n.Grouping, labels)
	}
	if n.Op == "topk" {
		return labels, nil
	}
	return n.Grouping, nil
}

// ofPair knows how Prometheus matches the series of two sides, and wants them to be able to match.
func (r *reader) ofPair(t *testing.T, n *node) ([]string, error) {
	t.Helper()
	left, err := r.walk(t, n.LHS)
	if err != nil {
		return nil, err
	}
	right, err := r.walk(t, n.RHS)
	if err != nil {
		return nil, err
	}
	switch {
	case n.Matching == nil: // one of them is a number
		return append(left, right...), nil
	case n.Op == "or":
		return union(left, right), nil
	case n.Matching.On && (!subset(n.Matching.Labels, left) || !subset(n.Matching.Labels, right)):
		return nil, fmt.Errorf("%s on %v: there is only %v and %v", n.Op, n.Matching.Labels, left, right)
	}
	matched := n.Matching.Labels
	if !n.Matching.On {
		matched = without(left, n.Matching.Labels)
		if other := without(right, n.Matching.Labels); !subset(matched, other) || !subset(other, matched) {
			return nil, fmt.Errorf("%s ignoring %v: %v never match %v", n.Op, n.Matching.Labels, left, right)
		}
	}
	switch n.Matching.Card {
	case "one-to-one":
		return matched, nil
	case "many-to-one":
		if !subset(n.Matching.Include, right) {
			return nil, fmt.Errorf("group_left %v: there is only %v", n.Matching.Include, right)
		}
		return union(left, n.Matching.Include), nil
	case "many-to-many":
		return left, nil
	default:
		return nil, fmt.Errorf("%s is new to this test", n.Matching.Card)
	}
}

// each calls visit for a node and all beneath it.
func (n *node) each(visit func(*node)) {
	if n == nil {
		return
	}
	visit(n)
	for _, child := range append(slices.Clone(n.Args), n.Expr, n.LHS, n.RHS, n.Param) {
		child.each(visit)
	}
}

func subset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(one string) bool { return !slices.Contains(all, one) })
}

func union(one, other []string) []string {
	return append(slices.Clone(one), without(other, one)...)
}

func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(one string) bool { return slices.Contains(some, one) })
}

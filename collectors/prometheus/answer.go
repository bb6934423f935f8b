package prometheus

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// An answer is what the API says of anything.
type answer struct {
	Status    string          `json:"status"`
	ErrorType string          `json:"errorType"`
	Error     string          `json:"error"`
	Warnings  []string        `json:"warnings"`
	Data      json.RawMessage `json:"data"`
}

// A series is one of a vector: it has a value or, as a native histogram, a count of observations.
type series struct {
	Metric    map[string]string `json:"metric"`
	Value     *point            `json:"value"`
	Histogram *histogram        `json:"histogram"`
}

// A point is a time, and the value as a text.
type point struct{ value float64 }

func (p *point) UnmarshalJSON(text []byte) error {
	var at float64
	var value string
	if err := unmarshalPair(text, &at, &value); err != nil {
		return err
	}
	number, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return fact.Errorf(fact.ReasonInvalid, "the value of a series is no number")
	}
	p.value = number
	return nil
}

// A histogram is a time, and the distribution, of which only the count matters here.
type histogram struct{ count float64 }

func (h *histogram) UnmarshalJSON(text []byte) error {
	var at float64
	var distribution struct {
		Count float64 `json:"count,string"`
	}
	if err := unmarshalPair(text, &at, &distribution); err != nil {
		return err
	}
	h.count = distribution.Count
	return nil
}

// unmarshalPair reads a list of exactly two.
func unmarshalPair(text []byte, first, second any) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(text, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return fact.Errorf(fact.ReasonInvalid, "a value of a series has %d parts, not a time and a value", len(pair))
	}
	if err := json.Unmarshal(pair[0], first); err != nil {
		return err
	}
	return json.Unmarshal(pair[1], second)
}

// samples gives the series of the answer, in the order of their labels, which the server's is not.
func (a *answer) samples() ([]fact.QuerySample, error) {
	var data struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
	}
	if err := json.Unmarshal(a.Data, &data); err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "it is no result of a query")
	}
	switch data.ResultType {
	case "vector":
	case "scalar", "string", "matrix":
		return nil, fact.Errorf(fact.ReasonInvalid,
			"the expression gives a %s: make it one that gives series at one time, as up == 0 does", data.ResultType)
	default:
		return nil, fact.Errorf(fact.ReasonInvalid, "it is no result of a query")
	}
	var vector []series
	if err := json.Unmarshal(data.Result, &vector); err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "it is no vector: %s", words.Excerpt(err.Error()))
	}
	var samples []fact.QuerySample
	for _, each := range vector {
		sample := fact.QuerySample{Labels: each.Metric}
		switch {
		case each.Value != nil:
			sample.Value = fact.Number(each.Value.value)
		case each.Histogram != nil:
			sample.Value = fact.Number(each.Histogram.count)
		default:
			return nil, fact.Errorf(fact.ReasonInvalid, "a series has no value")
		}
		samples = append(samples, sample)
	}
	slices.SortFunc(samples, func(a, b fact.QuerySample) int { return strings.Compare(a.Series(), b.Series()) })
	return samples, nil
}

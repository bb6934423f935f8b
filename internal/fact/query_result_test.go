package fact_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestAQueryIsNamedWithoutItsText(t *testing.T) {
	query := fact.Query{Prometheus: "main", Expression: `up{password="canary"} == 0`}
	require.Regexp(t, `^main [0-9a-f]{8}$`, query.Name())
	require.NotEqual(t, query.Request(), fact.Query{Prometheus: "main", Expression: "up == 0"}.Request())
	result := fact.QueryResult{Prometheus: "main", Expression: query.Expression}
	require.Equal(t, query.Name(), fact.QueryResults().SubjectOf(&result))
	fact.QueryResults().Samples(&result, func(_ int, values []string, _ float64) {
		require.Equal(t, []string{"main", query.Request()}, values)
	})
}

func TestASeriesIsNamedAsInPromQL(t *testing.T) {
	for want, labels := range map[string]map[string]string{
		"":                                nil,
		"up":                              {"__name__": "up"},
		`up{instance="a:1",job="no\"de"}`: {"__name__": "up", "job": `no"de`, "instance": "a:1"},
		`{job="node"}`:                    {"job": "node"},
	} {
		require.Equal(t, want, (&fact.QuerySample{Labels: labels}).Series())
	}
}

func TestEveryValueOfASampleCanBeWritten(t *testing.T) {
	for want, value := range map[string]float64{
		"0.5": 0.5, `"NaN"`: math.NaN(), `"+Inf"`: math.Inf(1), `"-Inf"`: math.Inf(-1),
	} {
		text, err := json.Marshal(fact.QuerySample{Value: fact.Number(value)})
		require.NoError(t, err)
		require.Equal(t, `{"labels":null,"value":`+want+`}`, string(text))
	}
}

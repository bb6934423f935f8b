package checks_test

import (
	"github.com/readiness-exporter/readiness-exporter/checks/query"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func queryWorlds() map[string]world {
	const wrong, required = "up == 0", "up"
	returns := func(expression string, values ...float64) fact.QueryResult {
		r := fact.QueryResult{Prometheus: "main", Expression: expression}
		for _, value := range values {
			r.Samples = append(r.Samples, fact.QuerySample{Labels: map[string]string{"__name__": "up"}, Value: fact.Number(value)})
		}
		return r
	}
	return map[string]world{
		"promql": {
			tune: func(parameters any) {
				p := parameters.(*query.PromQLParameters)
				p.Prometheus, p.Expression, p.Require = "main", wrong, required
			},
			declared: &system.System{Prometheus: []system.Prometheus{{Name: "main"}}},
			good:     []fact.AnySet{facts(fact.QueryResults(), returns(wrong), returns(required, 1))},
			bad:      []fact.AnySet{facts(fact.QueryResults(), returns(wrong, 0), returns(required, 0))},
		},
	}
}

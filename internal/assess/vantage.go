package assess

import (
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// From is the plan of what is judged from a vantage point: those items alone for which nothing is read but these kinds of fact, so that
// none is judged by half of what it is about. Gates and objectives are of all items, and so are none of a vantage point.
func (p *Plan) From(vantage string, kinds []fact.Any) *Plan {
	collected := func(name string) bool {
		return slices.ContainsFunc(kinds, func(kind fact.Any) bool { return kind.KindName() == name })
	}
	from := p.Only(func(item *Item) bool {
		some := false
		for bound := range item.Rule.Clause.Bounds() {
			for _, name := range slices.Concat(bound.FactKinds, bound.Inputs) {
				if some = collected(name); !some {
					return false
				}
			}
		}
		return some
	})
	from.System, from.Gates = p.System.From(vantage), nil
	return from
}

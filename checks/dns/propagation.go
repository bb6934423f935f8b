package dns

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// PropagationParameters say what is compared.
type PropagationParameters struct {
	// CompareSerials: all name servers must have the same version of the zone. Switch it off where several providers serve the zone, each
	// of which counts by itself.
	CompareSerials bool `yaml:"compare_serials"`
}

type propagationReasons struct {
	differ, serials, failing, resolver, notDelegated check.Reason
	notFound, notReached, nothing                    check.Reason
}

func propagationReasonsOf() propagationReasons {
	const open = "Let the machine of the exporter ask resolvers and name servers, over UDP and TCP at port 53, " +
		"or declare resolvers that it may ask."
	return propagationReasons{
		differ: check.Reason{
			Name: "answers_differ", Level: check.Fail, Sentence: "Two servers answer differently, so that some users are led elsewhere.",
			Remedy: "After a change, wait until the old answer has run out (its TTL). Then fix the server that has the old zone, or whose " +
				"answer is not yours. Where answers are meant to depend on who asks, set varies: true for the name.",
		},
		serials: check.Reason{
			Name: "serials_differ", Level: check.Fail, Sentence: "The name servers have different versions of the zone.",
			Remedy: "See why the zone is not transferred (rndc zonestatus ZONE; firewall, TSIG key, serial that was not raised). Where several " +
				"providers serve the zone, switch compare_serials off.",
		},
		failing: check.Reason{
			Name: "name_server_fails", Level: check.Fail,
			Sentence: "A name server does not answer for the zone, while another does: lookups that ask it are slow, or fail.",
			Remedy:   "Fix the name server, or take it out of the delegation at the registrar.",
		},
		resolver: check.Reason{
			Name: "resolver_fails", Level: check.Fail, Sentence: "A resolver cannot resolve the name: users who ask it do not reach the system.",
			Remedy: "Ask it why (dig NAME @RESOLVER): often the signatures of the zone do not hold, or a name server does not answer.",
		},
		notDelegated: check.Reason{
			Name: "not_delegated", Level: check.Fail,
			Sentence: "No zone below a public suffix has the name: its domain is not delegated to name servers.",
			Remedy:   "Register the domain, or set its name servers at the registrar.",
		},
		notFound: check.Reason{
			Name: "name_servers_unknown", Level: check.Unknown, Sentence: "The name servers of the zone could not be found.", Remedy: open,
		},
		notReached: check.Reason{
			Name: "not_reached", Level: check.Unknown, Sentence: "Servers that were to be compared could not be reached.", Remedy: open,
		},
		nothing: check.Reason{
			Name: "nothing_compared", Level: check.Unknown,
			Sentence: "There is one server only whose answer is known, and nothing to compare it with.",
			Remedy:   open,
		},
	}
}

func (r propagationReasons) list() []check.Reason {
	return []check.Reason{r.differ, r.serials, r.failing, r.resolver, r.notDelegated, r.notFound, r.notReached, r.nothing}
}

// Propagation judges whether a name is answered alike everywhere.
func Propagation() check.Kind[PropagationParameters] {
	reasons := propagationReasonsOf()
	return check.Kind[PropagationParameters]{
		Name: "dns_propagation",
		Summary: "Every name server of the zone and every resolver gives the same answer for each declared name, " +
			"from the same version of the zone.",
		Remedy:   "Compare what servers answer: dig NAME @SERVER.",
		Reasons:  reasons.list(),
		Defaults: PropagationParameters{CompareSerials: true},
		Over: []check.Quantified[PropagationParameters]{
			check.Each(fact.DomainNames(), func(_ check.Context, d *fact.DomainName, p PropagationParameters) []check.Problem {
				problems := reasons.compare(d, p)
				problems = append(problems, reasons.nameServers(d)...)
				problems = append(problems, reasons.resolvers(d)...)
				if len(problems) == 0 && len(d.Known()) < 2 {
					problems = append(problems, reasons.nothing.Problem("One server only was asked for the name."))
				}
				return problems
			}),
		},
		WhenEmpty: none("the names that users open"),
	}
}

func (r propagationReasons) compare(d *fact.DomainName, p PropagationParameters) (problems []check.Problem) {
	if one, other := d.Differ(); one != nil {
		problems = append(problems, r.differ.Problem(fmt.Sprintf("The server %s answers %s, and %s answers %s.",
			one.Server, inWords(one), other.Server, inWords(other))))
	}
	if p.CompareSerials && d.SerialsDiffer() {
		var versions []string
		for i := range d.NameServers {
			if answer := &d.NameServers[i]; answer.Failure == nil {
				versions = append(versions, fmt.Sprintf("%d at %s", answer.Serial, answer.Server))
			}
		}
		problems = append(problems, r.serials.Problem(fmt.Sprintf("The zone %s has the versions %s.", d.Zone, words.List(versions))))
	}
	return problems
}

// nameServers judges those that do not answer. Where none of them does, this machine may be what cannot ask.
func (r propagationReasons) nameServers(d *fact.DomainName) (problems []check.Problem) {
	switch {
	case d.Unfound != nil:
		return []check.Problem{r.notFound.Problem("The name servers could not be found: " + d.Unfound.Detail + ".")}
	case len(d.NameServers) == 0:
		return []check.Problem{r.notDelegated.Problem("No zone of its own has the name.")}
	}
	reached := false
	for i := range d.NameServers {
		reached = reached || d.NameServers[i].Answered()
	}
	for i := range d.NameServers {
		answer := &d.NameServers[i]
		switch {
		case answer.Failure == nil:
		case reached:
			problems = append(problems, r.failing.Problem("The name server "+answer.Server+" does not answer: "+answer.Failure.Detail+"."))
		default:
			return []check.Problem{r.notReached.Problem("No name server could be reached: " + answer.Failure.Detail + ".")}
		}
	}
	return problems
}

// resolvers judges those that do not answer. One that refuses answers others.
func (r propagationReasons) resolvers(d *fact.DomainName) (problems []check.Problem) {
	for i := range d.Resolvers {
		answer := &d.Resolvers[i]
		switch {
		case answer.Failure == nil:
		case answer.Failure.Reason == fact.ReasonFailed:
			problems = append(problems, r.resolver.Problem("The resolver "+answer.Server+" cannot resolve the name: "+answer.Failure.Detail+"."))
		default:
			problems = append(problems, r.notReached.Problem("The resolver "+answer.Server+" could not be asked: "+answer.Failure.Detail+"."))
		}
	}
	return problems
}

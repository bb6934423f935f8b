// Package dns judges what name servers and resolvers answer for the names of a system.
package dns

import (
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// none is the reason that no name is declared; which says which is meant.
func none(which string) check.Reason {
	return check.Reason{
		Name: "no_domain", Level: check.Undeclared, Sentence: "No domain that the item is about is declared.",
		Remedy: "Add " + which + " under domains in the system description, or list the item under not_applicable with a reason.",
	}
}

// addressReasons are for a name that leads to no address.
type addressReasons struct{ notResolved, noName, noAddress, dangling check.Reason }

func addressReasonsOf() addressReasons {
	return addressReasons{
		notResolved: check.Reason{
			Name: "not_resolved", Level: check.Fail, Sentence: "Every server that was asked for the name answers with an error.",
			Remedy: "Ask a name server itself: dig NAME @SERVER. Fix the zone there, or the delegation at the registrar.",
		},
		noName: check.Reason{
			Name: "no_name", Level: check.Fail, Sentence: "The name does not exist in the DNS.",
			Remedy: "Add an A record, and an AAAA record where there is IPv6, to the zone; " +
				"correct the name in the system description where it is wrong.",
		},
		noAddress: check.Reason{
			Name: "no_address", Level: check.Fail, Sentence: "The name exists in the DNS, and has no address.",
			Remedy: "Add an A record, and an AAAA record where there is IPv6, to the zone.",
		},
		dangling: check.Reason{
			Name: "dangling_alias", Level: check.Fail, Sentence: "The name is an alias (CNAME) of one that has no address.",
			Remedy: "Remove the alias, or lead it to a name that exists: whoever registers the name that it leads to gets the visitors.",
		},
	}
}

func (r addressReasons) list() []check.Reason {
	return []check.Reason{r.notResolved, r.noName, r.noAddress, r.dangling}
}

// judge wants a name to have an address.
func (r addressReasons) judge(d *fact.DomainName) []check.Problem {
	resolved := d.Resolved()
	switch {
	case resolved == nil:
		return []check.Problem{r.notResolved.Problem("No server gives an answer that can be used: " + firstFailure(d) + ".")}
	case len(resolved.Addresses) > 0:
		return nil
	case len(resolved.Aliases) > 0:
		end := "has no address"
		if resolved.Unknown {
			end = "does not exist"
		}
		return []check.Problem{r.dangling.Problem(
			"The name is an alias of " + resolved.Aliases[len(resolved.Aliases)-1] + ", which " + end + ".")}
	case resolved.Unknown:
		return []check.Problem{r.noName.Problem("The name does not exist: " + resolved.Server + " does not know it.")}
	default:
		return []check.Problem{r.noAddress.Problem("The name exists, and has neither an A nor an AAAA record.")}
	}
}

// firstFailure is why the first server gives no answer of use; the name servers' say more.
func firstFailure(d *fact.DomainName) string {
	for _, answers := range [][]fact.DNSAnswer{d.NameServers, d.Resolvers} {
		for i := range answers {
			if answers[i].Failure != nil && answers[i].Answered() {
				return answers[i].Failure.Detail
			}
		}
	}
	if d.Own != nil && d.Own.Failure != nil {
		return d.Own.Failure.Detail
	}
	return "there is none"
}

// inWords is what a server answers.
func inWords(a *fact.DNSAnswer) string {
	alias := ""
	if len(a.Aliases) > 0 {
		alias = "the alias " + a.Aliases[len(a.Aliases)-1] + " with "
	}
	switch {
	case a.Unknown:
		return alias + "no such name"
	case len(a.Addresses) == 0:
		return alias + "no address"
	default:
		return alias + words.List(a.Addresses)
	}
}

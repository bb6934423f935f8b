package dns

import (
	"context"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// mostCAA is how many values of CAA records are kept of one domain.
const mostCAA = 64

// authorities finds what the name and the domains above it say of who may issue certificates (RFC 8659, 3), as far as they are
// somebody's own. Where a resolver does not answer, a name server of the zone is asked, as an authority does that gets an error.
func (r *run) authorities(ctx context.Context, found *fact.DomainName, servers []nameServer) {
	for name := r.name; strings.Count(name, ".") > 1 && !isSuffix(name); name = parentOf(name) {
		answer, err := r.guide(ctx, name, dns.TypeCAA)
		for i := 0; err != nil && i < len(servers) && dns.IsSubDomain(r.zone, name); i++ {
			if servers[i].address.IsValid() {
				answer, err = r.dial.ask(ctx, servers[i].address, question{name: name, kind: dns.TypeCAA})
			}
			if err == nil {
				err = refusal(answer)
			}
		}
		if err != nil {
			found.CAAFailure = fact.FailureOf(err)
			return
		}
		if set := caaOf(text(name), answer); set != nil {
			found.CAA = append(found.CAA, *set)
		}
	}
}

// caaOf reads the CAA records of an answer, at the end of aliases where there are any; nil: it has none.
func caaOf(domain string, answer *dns.Msg) *fact.CAASet {
	set := &fact.CAASet{Domain: domain}
	records := 0
	for _, record := range answer.Answer {
		caa, is := record.(*dns.CAA)
		if !is || records >= mostCAA {
			continue
		}
		records++
		issuer, _, _ := strings.Cut(caa.Value, ";") // What follows are parameters of the authority.
		switch issuer = text(strings.TrimSpace(issuer)); strings.ToLower(caa.Tag) {
		case "issue":
			set.HasIssue = true
			set.Issue = append(set.Issue, issuer)
		case "issuewild":
			set.IssueWild = append(set.IssueWild, issuer)
		case "iodef", "contactemail", "contactphone", "issuemail", "issuevmc":
		default:
			if caa.Flag&128 != 0 {
				set.Critical = append(set.Critical, text(caa.Tag))
			}
		}
	}
	if records == 0 {
		return nil
	}
	for _, values := range [][]string{set.Issue, set.IssueWild, set.Critical} {
		slices.Sort(values) // Servers rotate them.
	}
	return set
}

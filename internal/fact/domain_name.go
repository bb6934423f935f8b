package fact

import (
	"slices"
	"strings"
	"time"
)

// A DomainName is a name of the system as its name servers and resolvers answer for it.
type DomainName struct {
	Standpoint
	DomainNamePlace
	// Zone is where the name is, example.com; empty where no zone below a public suffix has it, or it is not known.
	Zone string `json:"zone,omitempty"`
	// NameServers are the answers of each address of the zone's name servers; Unfound says why those are not known.
	NameServers []DNSAnswer `json:"name_servers,omitempty"`
	Unfound     *Failure    `json:"unfound,omitempty"`
	// Delegation are the names of those name servers, sorted, where they were found.
	Delegation []string `json:"delegation,omitempty"`
	// Resolvers are the answers of those that users ask.
	Resolvers []DNSAnswer `json:"resolvers,omitempty"`
	// Own is the answer of this machine's resolver, where that was asked.
	Own *DNSAnswer `json:"own,omitempty"`
	// CAA has what is said of who may issue certificates, nearest to the name first; CAAFailure why that is not known.
	CAA        []CAASet `json:"caa,omitempty"`
	CAAFailure *Failure `json:"caa_failure,omitempty"`
	// DNSSEC is nil where the parent of the zone does not say that it is signed; DNSSECFailure says why that is not known.
	DNSSEC        *DNSSEC  `json:"dnssec,omitempty"`
	DNSSECFailure *Failure `json:"dnssec_failure,omitempty"`
}

// A DomainNamePlace says which name it is.
type DomainNamePlace struct {
	Domain   string   `json:"domain"`             // as the DNS has it: shop.example.com
	Declared string   `json:"declared,omitempty"` // as it is written, where that is otherwise: bücher.example
	Expected []string `json:"expected,omitempty"` // the addresses that are declared, sorted
	Varies   bool     `json:"varies,omitempty"`   // answers depend on who asks
}

// A DNSAnswer is what one server answers for a name.
type DNSAnswer struct {
	// Server is an address; of a name server, after its name: "ns1.example.net (192.0.2.53)".
	Server string `json:"server"`
	// Failure says why there is no answer of use; nil: there is one.
	Failure *Failure `json:"failure,omitempty"`
	// Unknown: there is no such name, as the server has it.
	Unknown bool `json:"unknown,omitempty"`
	// Aliases are the names that it leads to by CNAME, one after the other.
	Aliases []string `json:"aliases,omitempty"`
	// Addresses are those at the end, sorted: IPv4 first.
	Addresses []string `json:"addresses,omitempty"`
	// Serial is that of the zone; only name servers give it.
	Serial int64 `json:"serial,omitempty"`
}

// A CAASet is what a domain says of who may issue certificates for it and what is below it (RFC 8659).
type CAASet struct {
	Domain    string   `json:"domain"`
	Issue     []string `json:"issue"`                // authorities, by their domains; "" forbids all that are not named
	IssueWild []string `json:"issue_wild,omitempty"` // the same for wildcards; none: as Issue
	HasIssue  bool     `json:"has_issue"`            // there is a property issue
	// Critical are properties that an authority must refuse to issue by, unless it knows them.
	Critical []string `json:"critical,omitempty"`
}

// A DNSSEC is how a zone whose parent has a DS record for it is signed.
type DNSSEC struct {
	// Faults are why a validating resolver refuses the answers, in words, each once.
	Faults []string `json:"faults,omitempty"`
	// Inception and Expiration are of the signature that expires first, among those that answers for the name need.
	Inception  time.Time `json:"inception,omitzero"`
	Expiration time.Time `json:"expiration,omitzero"`
}

// Host is the first label of the name: api of api.example.com.
func (d DomainNamePlace) Host() string {
	host, _, _ := strings.Cut(d.Domain, ".")
	return host
}

// Known are the answers of use, the name servers' first. That of this machine's resolver counts only where there is no other: within
// its own network a name may lead elsewhere.
func (d *DomainName) Known() (all []*DNSAnswer) {
	for _, answers := range [][]DNSAnswer{d.NameServers, d.Resolvers} {
		for i := range answers {
			if answers[i].Failure == nil {
				all = append(all, &answers[i])
			}
		}
	}
	if len(all) == 0 && d.Own != nil && d.Own.Failure == nil {
		all = append(all, d.Own)
	}
	return all
}

// Answered tells whether the server said anything of use, be it that it cannot answer.
func (a *DNSAnswer) Answered() bool {
	return a.Failure == nil || slices.Contains([]Reason{ReasonFailed, ReasonDenied, ReasonNotFound}, a.Failure.Reason)
}

// Resolved is the answer that names addresses, or the first of use where none does; nil: there is none at all. Name servers answer
// what is in their own zone only, so that of an alias a resolver may know the end.
func (d *DomainName) Resolved() *DNSAnswer {
	known := d.Known()
	for _, answer := range known {
		if len(answer.Addresses) > 0 {
			return answer
		}
	}
	if len(known) == 0 {
		return nil
	}
	return known[len(known)-1]
}

// Differ gives two answers that do not agree, a name server's first; nil: all do.
func (d *DomainName) Differ() (one, other *DNSAnswer) {
	if d.Varies {
		return nil, nil
	}
	known := d.Known()
	for i, answer := range known {
		for _, earlier := range known[:i] {
			if !earlier.agrees(answer) {
				return earlier, answer
			}
		}
	}
	return nil, nil
}

// agrees tells whether two answers are the same, as far as both know where an alias leads.
func (a *DNSAnswer) agrees(b *DNSAnswer) bool {
	if a.open() || b.open() {
		shared := min(len(a.Aliases), len(b.Aliases))
		return shared > 0 && slices.Equal(a.Aliases[:shared], b.Aliases[:shared])
	}
	return a.Unknown == b.Unknown && slices.Equal(a.Aliases, b.Aliases) && slices.Equal(a.Addresses, b.Addresses)
}

// open tells whether it is an alias whose end the server does not know, as a name server does not where it leads out of its zone.
func (a *DNSAnswer) open() bool { return len(a.Aliases) > 0 && len(a.Addresses) == 0 && !a.Unknown }

// SerialsDiffer tells whether name servers have different versions of the zone.
func (d *DomainName) SerialsDiffer() bool {
	var first *DNSAnswer
	for i := range d.NameServers {
		answer := &d.NameServers[i]
		switch {
		case answer.Failure != nil:
		case first == nil:
			first = answer
		case first.Serial != answer.Serial:
			return true
		}
	}
	return false
}

// agree tells whether all that answered give the same; it is not known without two of them.
func (d *DomainName) agree() (value float64, known bool) {
	one, _ := d.Differ()
	return Bool(one == nil), len(d.Known()) > 1 && !d.Varies
}

// DomainNames describes the facts of names.
func DomainNames() *Kind[DomainName] {
	return &Kind[DomainName]{
		Name:    "domain_name",
		Help:    "A name of the system, and what name servers and resolvers answer for it.",
		Subject: func(d *DomainName) string { return d.Domain + d.From() },
		Labels: []Label[DomainName]{
			{Name: "domain", Value: func(d *DomainName) string { return d.Domain }},
			{Name: LabelVantage, Value: func(d *DomainName) string { return d.Vantage }},
		},
		Gauges: []Gauge[DomainName]{
			{
				Name: "dns_answers_agree", Help: "Whether all name servers and resolvers that answer give the same for the name, 1 or 0.",
				Value: (*DomainName).agree,
			},
			{
				Name: "dns_signature_inception_timestamp_seconds",
				Help: "Since when the signature counts that expires first of those that answers for the name need; only where the zone is signed.",
				Value: func(d *DomainName) (float64, bool) {
					if d.DNSSEC == nil {
						return 0, false
					}
					return Timestamp(d.DNSSEC.Inception)
				},
			},
			{
				Name: "dns_signature_expiration_timestamp_seconds",
				Help: "When that signature expires: from then on validating resolvers refuse the name.",
				Value: func(d *DomainName) (float64, bool) {
					if d.DNSSEC == nil {
						return 0, false
					}
					return Timestamp(d.DNSSEC.Expiration)
				},
			},
		},
	}
}

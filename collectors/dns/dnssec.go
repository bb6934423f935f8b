package dns

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// signatures judges nothing: it verifies what name servers answered as a validating resolver does (RFC 4035, 5), from the DS records of
// the parent on. Those are taken as a resolver gives them: the parents are not verified, nor are proofs that something does not exist.
func (r *run) signatures(ctx context.Context, found *fact.DomainName, servers []nameServer, replies []*reply) {
	if r.zone == "" || len(servers) == 0 {
		return
	}
	err := collector.Guard("verify the signatures of "+shown(r.zone), func() (err error) {
		found.DNSSEC, err = r.verified(ctx, servers, replies)
		return err
	})
	if err != nil {
		found.DNSSECFailure = fact.FailureOf(err)
	}
}

// verified is nil where the zone is not signed.
func (r *run) verified(ctx context.Context, servers []nameServer, replies []*reply) (*fact.DNSSEC, error) {
	delegation, err := r.guide(ctx, r.zone, dns.TypeDS)
	if err != nil {
		return nil, err
	}
	anchors := recordsOf[*dns.DS](delegation.Answer, r.zone)
	if len(anchors) == 0 {
		return nil, nil
	}
	usable := slices.DeleteFunc(slices.Clone(anchors), func(ds *dns.DS) bool { return !isSupported(ds) })
	if len(usable) == 0 {
		return nil, fact.Errorf(fact.ReasonUnsupported, "the zone %s is signed by algorithms that are not supported here", shown(r.zone))
	}
	answer, err := r.keys(ctx, servers)
	if err != nil {
		return nil, err
	}
	v := &validation{zone: r.zone, now: r.now(), found: &fact.DNSSEC{}}
	v.trust(usable, answer)
	for _, each := range replies {
		for _, message := range each.messages {
			v.check(r.name, message.Answer, " at "+each.answer.Server)
		}
	}
	slices.Sort(v.found.Faults)
	v.found.Faults = slices.Compact(v.found.Faults)
	return v.found, nil
}

// keys asks the name servers for the keys of the zone until one answers.
func (r *run) keys(ctx context.Context, servers []nameServer) (answer *dns.Msg, err error) {
	err = fact.Errorf(fact.ReasonUnresolved, "none of the name servers of %s has an address", shown(r.zone))
	for _, server := range servers {
		if !server.address.IsValid() {
			continue
		}
		if answer, err = r.dial.ask(ctx, server.address, question{name: r.zone, kind: dns.TypeDNSKEY}); err == nil {
			if err = refusal(answer); err == nil {
				return answer, nil
			}
		}
	}
	return nil, err
}

// isSupported tells whether the key behind a DS record can be verified here.
func isSupported(ds *dns.DS) bool {
	return slices.Contains([]uint8{
		dns.RSASHA1, dns.RSASHA1NSEC3SHA1, dns.RSASHA256, dns.RSASHA512, dns.ECDSAP256SHA256, dns.ECDSAP384SHA384, dns.ED25519,
	}, ds.Algorithm) && slices.Contains([]uint8{dns.SHA1, dns.SHA256, dns.SHA384}, ds.DigestType)
}

// A validation verifies the answers of one zone.
type validation struct {
	zone  string
	now   time.Time
	keys  []*dns.DNSKEY // that are trusted
	found *fact.DNSSEC
}

func (v *validation) fault(format string, args ...any) {
	v.found.Faults = append(v.found.Faults, words.Printable(fmt.Sprintf(format, args...), 2*longestText))
}

const (
	// mostKeys bounds how many keys of a zone are known.
	mostKeys = 16
	// mostTries bounds how often a signature of one record set is verified: many keys of one tag would cost a lot (KeyTrap).
	mostTries = 16
)

// trust takes the keys of the zone, if a key that its parent names has signed them. One of several is enough, as while keys are
// replaced.
func (v *validation) trust(anchors []*dns.DS, answer *dns.Msg) {
	keys := recordsOf[*dns.DNSKEY](answer.Answer, v.zone)
	keys = slices.DeleteFunc(keys, func(k *dns.DNSKEY) bool { return k.Flags&dns.ZONE == 0 || k.Flags&dns.REVOKE != 0 || k.Protocol != 3 })
	keys = keys[:min(len(keys), mostKeys)]
	var entry []*dns.DNSKEY
	for _, key := range keys {
		if slices.ContainsFunc(anchors, func(ds *dns.DS) bool { return names(ds, key) }) {
			entry = append(entry, key)
		}
	}
	if len(entry) == 0 {
		v.fault("no key of the zone %s is one that the DS records of its parent name (key tags %s)", shown(v.zone), tagsOf(anchors))
		return
	}
	v.keys = entry
	set := make([]dns.RR, 0, len(answer.Answer))
	for _, key := range recordsOf[*dns.DNSKEY](answer.Answer, v.zone) {
		set = append(set, key)
	}
	if v.isSigned(set, signaturesOf(answer.Answer, v.zone, dns.TypeDNSKEY), "") {
		v.keys = keys
	}
}

// names tells whether a DS record is about a key.
func names(ds *dns.DS, key *dns.DNSKEY) bool {
	if ds.Algorithm != key.Algorithm || ds.KeyTag != key.KeyTag() {
		return false
	}
	made := key.ToDS(ds.DigestType)
	return made != nil && strings.EqualFold(made.Digest, ds.Digest)
}

func tagsOf(anchors []*dns.DS) string {
	var tags []string
	for _, ds := range anchors {
		tags = append(tags, fmt.Sprint(ds.KeyTag))
	}
	slices.Sort(tags)
	return words.List(slices.Compact(tags))
}

// check verifies the record sets in an answer that belong to a name, or to the zone itself. Those of names that an alias leads to are
// their own zone's affair.
func (v *validation) check(name string, records []dns.RR, where string) {
	if v.keys == nil {
		return // That is a fault already.
	}
	sets := make(map[uint16][]dns.RR)
	for _, record := range records {
		header := record.Header()
		if header.Rrtype != dns.TypeRRSIG && (strings.EqualFold(header.Name, name) || strings.EqualFold(header.Name, v.zone)) {
			sets[header.Rrtype] = append(sets[header.Rrtype], record)
		}
	}
	for kind, set := range sets {
		if dns.IsRRset(set) {
			v.isSigned(set, signaturesOf(records, set[0].Header().Name, kind), where)
		}
	}
}

// isSigned tells whether a trusted key signed a record set, whenever, and notes what is wrong with that. Of several signatures the last
// to expire counts.
func (v *validation) isSigned(set []dns.RR, signatures []*dns.RRSIG, where string) bool {
	what := fmt.Sprintf("the %s records of %s%s", dns.TypeToString[set[0].Header().Rrtype], shown(set[0].Header().Name), where)
	var best *dns.RRSIG
	tries := mostTries
	for _, signature := range signatures {
		if !strings.EqualFold(signature.SignerName, v.zone) || !v.isMade(signature, set, &tries) {
			continue
		}
		if best == nil || v.at(signature.Expiration).After(v.at(best.Expiration)) {
			best = signature
		}
	}
	switch {
	case len(signatures) == 0:
		v.fault("%s are not signed", what)
	case best == nil:
		v.fault("no signature of %s is by a key that the zone and its parent name", what)
	default:
		v.expires(best, what)
		return true
	}
	return false
}

// expires notes when a signature counts, and whether it does now.
func (v *validation) expires(signature *dns.RRSIG, what string) {
	begins, ends := v.at(signature.Inception), v.at(signature.Expiration)
	switch {
	case !ends.After(v.now):
		v.fault("the signature of %s expired on %s", what, words.Moment(ends))
	case begins.After(v.now):
		v.fault("the signature of %s counts from %s on only", what, words.Moment(begins))
	}
	if v.found.Expiration.IsZero() || ends.Before(v.found.Expiration) {
		v.found.Inception, v.found.Expiration = begins, ends
	}
}

// isMade tells whether a trusted key made a signature, whenever; each try to verify it is one less.
func (v *validation) isMade(signature *dns.RRSIG, set []dns.RR, tries *int) bool {
	return slices.ContainsFunc(v.keys, func(key *dns.DNSKEY) bool {
		if key.KeyTag() != signature.KeyTag || key.Algorithm != signature.Algorithm || *tries == 0 {
			return false
		}
		*tries--
		return signature.Verify(key, set) == nil
	})
}

// at is a time of a signature: seconds that are counted from 1970 and begin anew every 136 years (RFC 4034, 3.1.5).
func (v *validation) at(seconds uint32) time.Time {
	return time.Unix(v.now.Unix()+int64(int32(seconds-uint32(v.now.Unix()))), 0).UTC()
}

// recordsOf are the records of a type that an answer has of a name.
func recordsOf[R dns.RR](records []dns.RR, name string) (all []R) {
	for _, record := range records {
		if typed, is := record.(R); is && strings.EqualFold(record.Header().Name, name) {
			all = append(all, typed)
		}
	}
	return all
}

// signaturesOf are those of one record set.
func signaturesOf(records []dns.RR, name string, kind uint16) (all []*dns.RRSIG) {
	for _, signature := range recordsOf[*dns.RRSIG](records, name) {
		if signature.TypeCovered == kind {
			all = append(all, signature)
		}
	}
	return all
}

package dns

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestASignedZone(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	plain := zone(7, "www A 192.0.2.10", "* A 192.0.2.11")
	from, until := now.Add(-day), now.Add(20*day)
	signed, ds := servers.Sign(t, plain, from, until)
	other, otherDS := servers.Sign(t, plain, from, until)
	expired, expiredDS := servers.Sign(t, plain, now.Add(-30*day), now.Add(-2*day))
	early, earlyDS := servers.Sign(t, plain, now.Add(2*day), now.Add(30*day))
	// www has another address than was signed.
	changed := world.Zone{Name: signed.Name, Text: strings.Replace(signed.Text, "192.0.2.10", "192.0.2.66", 1)}
	gone := "expired on " + now.Add(-2*day).UTC().Format("2006-01-02 15:04 UTC")
	for title, c := range map[string]struct {
		first, second world.Zone
		ds            []string
		host          string
		want          *fact.DNSSEC
		faults        []string // what each begins with
	}{
		"it is signed, and its parent says so": {signed, signed, []string{ds}, name, &fact.DNSSEC{Inception: from.UTC(), Expiration: until.UTC()}, nil},
		"one of two keys that its parent names is enough, as while they are replaced": {
			signed, signed, []string{otherDS, ds}, name, &fact.DNSSEC{Inception: from.UTC(), Expiration: until.UTC()}, nil,
		},
		"a name that stands for any is signed":                 {signed, signed, []string{ds}, "any.shop.test", &fact.DNSSEC{Inception: from.UTC(), Expiration: until.UTC()}, nil},
		"without a word of its parent it is as if it were not": {signed, signed, nil, name, nil, nil},
		"its parent says so, and it is not":                    {plain, plain, []string{ds}, name, nil, []string{"no key of the zone shop.test is one"}},
		"its parent names another key":                         {signed, signed, []string{otherDS}, name, nil, []string{"no key of the zone shop.test is one"}},
		"the signatures have expired": {expired, expired, []string{expiredDS}, name, nil, []string{
			"the signature of the A records of www.shop.test at ns1.shop.test", "the signature of the A records of www.shop.test at ns2",
			"the signature of the DNSKEY records of shop.test " + gone,
			"the signature of the SOA records of shop.test at ns1", "the signature of the SOA records of shop.test at ns2",
		}},
		"the signatures do not count yet": {early, early, []string{earlyDS}, name, nil, []string{
			"the signature of the A records of www.shop.test at ns1.shop.test", "the signature of the A records of www.shop.test at ns2",
			"the signature of the DNSKEY records of shop.test counts from",
			"the signature of the SOA records of shop.test at ns1", "the signature of the SOA records of shop.test at ns2",
		}},
		"one name server has what nobody signed": {signed, changed, []string{ds}, name, nil, []string{"no signature of the A records of www.shop.test at ns2.shop.test"}},
		"one name server lacks the signatures": {signed, plain, []string{ds}, name, nil, []string{
			"the A records of www.shop.test at ns2", "the SOA records of shop.test at ns2",
		}},
		"one name server has those of another key": {signed, other, []string{ds}, name, nil, []string{
			"no signature of the A records of www.shop.test at ns2", "no signature of the SOA records of shop.test at ns2",
		}},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, c.first, c.second, c.ds...)
			found := p.collect(t, func(d *system.Domain) { d.Name = c.host })
			require.Nil(t, found.DNSSECFailure)
			if c.faults == nil {
				require.Equal(t, c.want, found.DNSSEC)
				return
			}
			require.Len(t, found.DNSSEC.Faults, len(c.faults), "%q", found.DNSSEC.Faults)
			for i, each := range c.faults {
				require.Contains(t, found.DNSSEC.Faults[i], each)
			}
		})
	}
}

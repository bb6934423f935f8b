package domain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/domain"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestRegistration(t *testing.T) {
	const day = 24 * time.Hour
	type found struct{ reason, detail string }
	has := func(statuses ...string) func(*fact.Registration) {
		return func(r *fact.Registration) { r.Statuses = append(r.Statuses, statuses...) }
	}
	left := func(d time.Duration) func(*fact.Registration) {
		return func(r *fact.Registration) { r.ExpiresAt = checktest.Now().Add(d) }
	}
	for name, c := range map[string]struct {
		edit func(*fact.Registration)
		want []found
	}{
		"a good one": {func(*fact.Registration) {}, nil},
		"what the registry does not know fails": {func(r *fact.Registration) { *r = fact.Registration{Domain: r.Domain} }, []found{
			{"not_registered", "The registry has no domain example.com."},
		}},
		"30 days are enough": {left(30 * day), nil},
		"29 are not": {left(29 * day), []found{
			{"expires_soon", "The registration of example.com expires in 29 d, on 2026-12-21 12:00 UTC (limit 30 d)."},
		}},
		"one that has expired fails, whatever its status": {left(-day), []found{
			{"expired", "The registration of example.com expired 1 d ago, on 2026-11-21 12:00 UTC."},
		}},
		"without a date nothing is known": {func(r *fact.Registration) { r.ExpiresAt = time.Time{} }, []found{
			{"expiry_unknown", "The registry does not publish when the registration of example.com expires."},
		}},
		"what is being deleted fails once": {has("pending delete", "redemption period"), []found{
			{"being_deleted", "The registry has the domain with the status redemption period."},
		}},
		"what is on hold fails":             {has("client hold"), []found{{"on_hold", "The registry has the domain with the status client hold."}}},
		"what renews automatically is good": {has("auto renew period"), nil},
		"without a lock it warns": {func(r *fact.Registration) { r.Statuses = []string{"active"} }, []found{
			{"not_locked", "The registry has the domain without the status client transfer prohibited."},
		}},
		"other name servers than the zone's fail": {func(r *fact.Registration) { r.NameServers = []string{"ns1.example.net"} }, []found{
			{"other_name_servers", "The registry delegates example.com to ns1.example.net, and its zone names ns1.example.net and ns2.example.net."},
		}},
		"where the registry names none they are not compared": {func(r *fact.Registration) { r.NameServers = nil }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := fact.Registration{
				Domain: "example.com", Registered: true, ExpiresAt: checktest.Now().Add(200 * day), Statuses: []string{"client transfer prohibited"},
				NameServers: []string{"ns1.example.net", "ns2.example.net"},
			}
			c.edit(&r)
			kind := domain.Registration()
			var all []found
			for _, each := range (checktest.Case{
				Kind: kind, Parameters: &kind.Defaults, Now: checktest.Now(), Sets: []fact.AnySet{
					checktest.Facts(fact.Registrations(), r),
					checktest.Facts(fact.DomainNames(), fact.DomainName{
						DomainNamePlace: fact.DomainNamePlace{Domain: "shop.example.com"}, Zone: "example.com", Delegation: []string{"ns1.example.net", "ns2.example.net"},
					}),
				},
			}).Judge(t) {
				all = append(all, found{each.Reason, each.Detail})
			}
			require.Equal(t, c.want, all)
		})
	}
}

package firewall_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/firewall"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestHostFirewall(t *testing.T) {
	const drops, accepts, unclear = fact.FirewallDrops, fact.FirewallAccepts, fact.FirewallUnclear
	ufw := []string{"ufw"}
	for name, test := range map[string]struct {
		managers []string
		defaults []fact.FirewallDefault // of IPv4, then of IPv6
		want     []checktest.Finding
	}{
		"both families drop":             {ufw, []fact.FirewallDefault{drops, drops}, nil},
		"a host without IPv6 drops IPv4": {ufw, []fact.FirewallDefault{drops}, nil},
		"no firewall": {nil, []fact.FirewallDefault{accepts}, checktest.One("accepts_by_default", check.Fail,
			"Packets of IPv4 to a port that no rule names are accepted.")},
		"IPv6 was forgotten": {ufw, []fact.FirewallDefault{drops, accepts}, checktest.One("accepts_by_default", check.Fail,
			"Packets of IPv6 to a port that no rule names are accepted.")},
		"a condition cannot be read": {ufw, []fact.FirewallDefault{unclear, drops}, checktest.One("default_unclear", check.Unknown,
			"What becomes of packets of IPv4 to a port that no rule names is not clear.")},
		"a failure outweighs what is unclear": {ufw, []fact.FirewallDefault{unclear, accepts}, slices.Concat(
			checktest.One("accepts_by_default", check.Fail, "Packets of IPv6 to a port that no rule names are accepted."),
			checktest.One("default_unclear", check.Unknown, "What becomes of packets of IPv4 to a port that no rule names is not clear."))},
		"nothing is known": {ufw, nil, checktest.One("default_unclear", check.Unknown, "Of no family is it known what becomes of packets.")},
		"rules that are gone with the next start": {nil, []fact.FirewallDefault{drops}, checktest.One("not_kept", check.Warn,
			"Neither ufw, firewalld, nftables nor iptables is enabled as a service.")},
	} {
		t.Run(name, func(t *testing.T) {
			f := fact.Firewall{Host: "web-1", Managers: test.managers}
			for i, each := range test.defaults {
				f.Families = append(f.Families, fact.FirewallFamily{Name: []string{"ipv4", "ipv6"}[i], Default: each})
			}
			require.Equal(t, test.want, checktest.Case{
				Kind: firewall.HostFirewall(), Now: time.Unix(1e9, 0), Sets: []fact.AnySet{checktest.Facts(fact.Firewalls(), f)},
			}.Judge(t))
		})
	}
}

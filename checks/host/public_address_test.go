package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/host"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestPublicAddress(t *testing.T) {
	at := func(addresses ...string) []fact.HostAddresses {
		return []fact.HostAddresses{{Host: "web-1", Addresses: addresses}}
	}
	for name, c := range map[string]struct {
		hosts    []fact.HostAddresses
		declared []string
		want     []checktest.Finding
	}{
		"a public address":                         {hosts: at("10.0.0.5", "192.0.43.8")},
		"the declared one":                         {hosts: at("192.0.43.8", "192.0.43.9"), declared: []string{"192.0.43.9"}},
		"a private one is declared":                {hosts: at("10.0.0.5", "192.0.43.8"), declared: []string{"10.0.0.5"}},
		"that of a private network over it is":     {hosts: at("100.64.0.7", "192.0.43.8"), declared: []string{"100.64.0.7"}},
		"IPv4 within IPv6 is that":                 {hosts: at("192.0.43.8"), declared: []string{"::ffff:192.0.43.8"}},
		"one of several machines is enough":        {hosts: append(at("10.0.0.5"), fact.HostAddresses{Host: "web-2", Addresses: []string{"2a01:4f8::1"}})},
		"those of documentation are not public":    {hosts: at("203.0.113.7"), want: checktest.One("no_public_address", check.Fail, "None of its addresses is public: 203.0.113.7.")},
		"behind a translation nothing is known":    {hosts: at("172.31.0.9"), declared: []string{"192.0.43.8"}, want: checktest.One("no_public_address", check.Fail, "None of its addresses is public: 172.31.0.9.")},
		"many are counted":                         {hosts: at("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"), want: checktest.One("no_public_address", check.Fail, "None of the 6 addresses of the machine is public.")},
		"no network":                               {hosts: at(), want: checktest.One("no_public_address", check.Fail, "No interface of the machine has an address.")},
		"another than the declared one is a fault": {hosts: at("192.0.43.8"), declared: []string{"192.0.43.9"}, want: checktest.One("other_address", check.Fail, "The machine is at 192.0.43.8, and declared at 192.0.43.9.")},
	} {
		t.Run(name, func(t *testing.T) {
			described := &system.System{Hosts: []system.Host{{Name: "web-1", Addresses: c.declared}}}
			got := checktest.Case{
				Kind: host.PublicAddress(), System: described, Now: checktest.Now(),
				Sets: []fact.AnySet{checktest.Facts(fact.AllHostAddresses(), c.hosts...)},
			}.Judge(t)
			require.Equal(t, c.want, got)
		})
	}
}

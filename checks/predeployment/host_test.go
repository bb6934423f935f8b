package predeployment_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/predeployment"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// server is a machine on which nothing is wrong.
func server(edit ...func(*fact.Host)) fact.Host {
	return edited(fact.Host{
		Name: "web-1", ID: "ubuntu", Version: "24.04", Title: "Ubuntu 24.04.1 LTS", LongTermSupport: true,
		SupportEnd: now.Add(900 * day), ExtendedSupportEnd: now.Add(2700 * day), Memory: 8.2e9, Cores: 4,
	}, edit...)
}

func supported(standard, extended time.Duration) func(*fact.Host) {
	return func(h *fact.Host) { h.SupportEnd, h.ExtendedSupportEnd = now.Add(standard), now.Add(extended) }
}

func subscribed(h *fact.Host) { h.ExtendedSupport = true }

func TestOperatingSystem(t *testing.T) {
	kind := predeployment.OperatingSystem()
	standardOnly := kind.Defaults
	standardOnly.ExtendedSupport = false
	anything := predeployment.OperatingSystemParameters{}
	debian := func(h *fact.Host) { h.ID, h.Title = "debian", "Debian GNU/Linux 13 (trixie)" }
	cases := []struct {
		name string
		p    predeployment.OperatingSystemParameters
		host fact.Host
		want []finding
	}{
		{"an LTS in support passes", kind.Defaults, server(), nil},
		{
			"another system fails", kind.Defaults, server(debian),
			one("unsupported_os", check.Fail, "runs Debian GNU/Linux 13 (trixie) (debian); expected ubuntu"),
		},
		{"any system is allowed when none is named", anything, server(debian), nil},
		{
			"an interim release fails", kind.Defaults, server(func(h *fact.Host) { h.LongTermSupport, h.Title = false, "Ubuntu 25.10" }),
			one("not_lts", check.Fail, "runs Ubuntu 25.10"),
		},
		{"an interim release will do where it may", anything, server(func(h *fact.Host) { h.LongTermSupport = false }), nil},
		{"180 days before the end it still passes", standardOnly, server(supported(180*day, 0)), nil},
		{
			"a second later it warns", standardOnly, server(supported(180*day-time.Second, 0)),
			one("end_of_life_soon", check.Warn, "support of Ubuntu 24.04.1 LTS ends in 179 d 23 h, on 2027-05-21; warned of at 180 d"),
		},
		{
			"on the day of the end it fails", standardOnly, server(supported(0, 1000*day)),
			one("end_of_life", check.Fail, "support of Ubuntu 24.04.1 LTS ended on 2026-11-22"),
		},
		{"extended support counts with a subscription", kind.Defaults, server(supported(-day, 1000*day), subscribed), nil},
		{
			"extended support without a subscription warns", kind.Defaults, server(supported(-day, 1000*day)),
			one("extended_support_not_enabled", check.Warn, "standard support of Ubuntu 24.04.1 LTS ended on 2026-11-21"),
		},
		{
			"extended support ends too", kind.Defaults, server(supported(-1000*day, 0), subscribed),
			one("end_of_life", check.Fail, "support of Ubuntu 24.04.1 LTS ended on 2026-11-22"),
		},
		{
			"an end that is not known is unknown", kind.Defaults,
			server(func(h *fact.Host) { h.SupportEnd, h.ExtendedSupportEnd = time.Time{}, time.Time{} }),
			one("support_end_unknown", check.Unknown, "runs Ubuntu 24.04.1 LTS"),
		},
		{
			"the image of a container is not the machine", kind.Defaults, server(func(h *fact.Host) { h.Container = "docker" }),
			one("os_not_seen", check.Unknown, "what was seen is the image of a container (docker), and not the machine"),
		},
		{
			"a system without a name is unknown", kind.Defaults, fact.Host{Name: "web-1"},
			one("os_not_seen", check.Unknown, "its os-release is missing, or has no ID"),
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judged(t, kind, c.p, facts(c.host))) })
	}
	t.Run("without any host declared it is undeclared", func(t *testing.T) {
		require.Equal(t, one("nothing_seen", check.Undeclared, "no host is declared"), judged(t, kind, kind.Defaults, facts[fact.Host]()))
	})
	t.Run("a host that cannot be looked at is unknown", func(t *testing.T) {
		require.Equal(t, notSeen(), judged(t, kind, kind.Defaults, missed[fact.Host]("web-1")))
	})
}

func TestHostCapacity(t *testing.T) {
	kind := predeployment.HostCapacity()
	memory := func(bytes uint64) func(*fact.Host) { return func(h *fact.Host) { h.Memory = bytes } }
	cases := []struct {
		name string
		host fact.Host
		want []finding
	}{
		{"8 GB and 4 cores pass", server(memory(8e9)), nil},
		{"what the kernel keeps is forgiven", server(memory(7.6e9)), nil},
		{"a byte less is not", server(memory(7.6e9 - 1)), one("low_memory", check.Fail, "has 7.6 GB; expected 8.0 GB")},
		{
			"three cores are too few", server(func(h *fact.Host) { h.Cores = 3 }),
			one("few_cores", check.Fail, "has 3; expected 4"),
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judged(t, kind, kind.Defaults, facts(c.host))) })
	}
	t.Run("without any host declared it is undeclared", func(t *testing.T) {
		require.Equal(t, one("nothing_seen", check.Undeclared, "no host is declared"), judged(t, kind, kind.Defaults, facts[fact.Host]()))
	})
	t.Run("a host that cannot be looked at is unknown", func(t *testing.T) {
		require.Equal(t, notSeen(), judged(t, kind, kind.Defaults, missed[fact.Host]("web-1")))
	})
	t.Run("a tolerance of everything makes no sense", func(t *testing.T) {
		require.NoError(t, kind.Defaults.Validate())
		require.ErrorContains(t, predeployment.HostCapacityParameters{ToleranceRatio: 1}.Validate(), "tolerance_ratio 1")
	})
}

package host_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/host"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// server is a machine on which nothing is wrong.
func server(edit ...func(*fact.Host)) fact.Host {
	return edited(fact.Host{
		Name: "web-1", ID: "ubuntu", Version: "24.04", Title: "Ubuntu 24.04.1 LTS", LongTermSupport: true,
		SupportEnd: now.Add(900 * day), ExtendedSupportEnd: now.Add(2700 * day), Memory: 8.2e9, Cores: 4,
	}, edit...)
}

func hosts(all ...fact.Host) fact.AnySet { return checktest.Facts(fact.Hosts(), all...) }

func supported(standard, extended time.Duration) func(*fact.Host) {
	return func(h *fact.Host) { h.SupportEnd, h.ExtendedSupportEnd = now.Add(standard), now.Add(extended) }
}

func subscribed(h *fact.Host) { h.ExtendedSupport = true }

func TestOperatingSystem(t *testing.T) {
	kind := host.OperatingSystem()
	standardOnly := kind.Defaults
	standardOnly.ExtendedSupport = false
	anything := host.OperatingSystemParameters{}
	debian := func(h *fact.Host) { h.ID, h.Title = "debian", "Debian GNU/Linux 13 (trixie)" }
	cases := []struct {
		name    string
		p       host.OperatingSystemParameters
		machine fact.Host
		want    []checktest.Finding
	}{
		{"an LTS in support passes", kind.Defaults, server(), nil},
		{
			"another system fails", kind.Defaults, server(debian),
			checktest.One("unsupported_os", check.Fail, "It runs Debian GNU/Linux 13 (trixie) (debian); allowed is ubuntu."),
		},
		{"any system is allowed when none is named", anything, server(debian), nil},
		{
			"an interim release fails", kind.Defaults, server(func(h *fact.Host) { h.LongTermSupport, h.Title = false, "Ubuntu 25.10" }),
			checktest.One("not_lts", check.Fail, "It runs Ubuntu 25.10."),
		},
		{"an interim release will do where it may", anything, server(func(h *fact.Host) { h.LongTermSupport = false }), nil},
		{"180 days before the end it still passes", standardOnly, server(supported(180*day, 0)), nil},
		{
			"a second later it warns", standardOnly, server(supported(180*day-time.Second, 0)),
			checktest.One("end_of_life_soon", check.Warn, "The support of Ubuntu 24.04.1 LTS ends in 179 d 23 h, on 2027-05-21 (limit 180 d)."),
		},
		{
			"on the day of the end it fails", standardOnly, server(supported(0, 1000*day)),
			checktest.One("end_of_life", check.Fail, "The support of Ubuntu 24.04.1 LTS ended on 2026-11-22."),
		},
		{"extended support counts with a subscription", kind.Defaults, server(supported(-day, 1000*day), subscribed), nil},
		{
			"extended support without a subscription warns", kind.Defaults, server(supported(-day, 1000*day)),
			checktest.One("extended_support_not_enabled", check.Warn, "The standard support of Ubuntu 24.04.1 LTS ended on 2026-11-21."),
		},
		{
			"extended support ends too", kind.Defaults, server(supported(-1000*day, 0), subscribed),
			checktest.One("end_of_life", check.Fail, "The support of Ubuntu 24.04.1 LTS ended on 2026-11-22."),
		},
		{
			"an end that is not known is unknown", kind.Defaults,
			server(func(h *fact.Host) { h.SupportEnd, h.ExtendedSupportEnd = time.Time{}, time.Time{} }),
			checktest.One("support_end_unknown", check.Unknown, "It runs Ubuntu 24.04.1 LTS."),
		},
		{
			"the image of a container is not the machine", kind.Defaults, server(func(h *fact.Host) { h.Container = "docker" }),
			checktest.One("os_not_collected", check.Unknown, "The exporter runs in a container (docker) and reads its image, not the machine."),
		},
		{
			"a system without a name is unknown", kind.Defaults, fact.Host{Name: "web-1"},
			checktest.One("os_not_collected", check.Unknown, "The machine does not report its operating system."),
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judged(t, kind, c.p, hosts(c.machine))) })
	}
	t.Run("a declared host that yields nothing is undeclared", func(t *testing.T) {
		require.Equal(t, checktest.One("no_machine", check.Undeclared, "Neither a host nor a node of a cluster was found."),
			judged(t, kind, kind.Defaults, hosts()))
	})
	t.Run("a host that is unavailable is unknown", func(t *testing.T) {
		require.Equal(t, checktest.Unavailable(), judged(t, kind, kind.Defaults, checktest.Lacking(fact.Hosts(), fact.Host{Name: "web-1"})))
	})
}

func TestHostCapacity(t *testing.T) {
	kind := host.Capacity()
	memory := func(bytes uint64) func(*fact.Host) { return func(h *fact.Host) { h.Memory = bytes } }
	cases := []struct {
		name    string
		machine fact.Host
		want    []checktest.Finding
	}{
		{"8 GB and 4 cores pass", server(memory(8e9)), nil},
		{"what the kernel keeps is forgiven", server(memory(7.6e9)), nil},
		{"a byte less is not", server(memory(7.6e9 - 1)), checktest.One("low_memory", check.Fail, "It has 7.6 GB of memory (minimum 8.0 GB).")},
		{
			"three cores are too few", server(func(h *fact.Host) { h.Cores = 3 }),
			checktest.One("few_cores", check.Fail, "It has 3 processors (minimum 4)."),
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judged(t, kind, kind.Defaults, hosts(c.machine))) })
	}
	t.Run("a declared host that yields nothing is undeclared", func(t *testing.T) {
		require.Equal(t, checktest.One("no_machine", check.Undeclared, "Neither a host nor a node of a cluster was found."),
			judged(t, kind, kind.Defaults, hosts()))
	})
	t.Run("a host that is unavailable is unknown", func(t *testing.T) {
		require.Equal(t, checktest.Unavailable(), judged(t, kind, kind.Defaults, checktest.Lacking(fact.Hosts(), fact.Host{Name: "web-1"})))
	})
	t.Run("a tolerance of everything makes no sense", func(t *testing.T) {
		require.NoError(t, kind.Defaults.Validate())
		require.ErrorContains(t, host.CapacityParameters{ToleranceRatio: 1}.Validate(), "tolerance_ratio: expected less than 1")
	})
}

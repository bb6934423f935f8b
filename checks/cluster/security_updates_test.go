package cluster_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/cluster"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

func TestSecurityUpdatesOfHosts(t *testing.T) {
	const day = 24 * time.Hour
	ago := func(days int) time.Time { return checktest.Now().Add(-time.Duration(days) * day) }
	with := func(pending ...fact.PendingUpdate) fact.Updates {
		return fact.Updates{Host: "web-1", Manager: "apt", Sources: []string{"bookworm-security"}, ListsAt: ago(1), Pending: pending}
	}
	update := func(name string, since, earliest int) fact.PendingUpdate {
		return fact.PendingUpdate{Package: name, Installed: "1", Available: "2", Since: ago(since), Earliest: ago(earliest)}
	}
	unnoted, held := update("bash", 1, 0), update("nginx", 20, 90)
	unnoted.Earliest, held.Held = time.Time{}, true
	old, none, never := with(), with(), with()
	old.ListsAt, none.Sources, never.ListsAt = ago(8), nil, time.Time{}
	v := checktest.Some(t, cluster.SecurityUpdates(), fact.UpdatesOfHosts())
	v.Finds("none waits", with())
	v.Finds("one has waited for the maximum", with(update("openssl", 14, 90)),
		"fail security_update_pending: Waiting for at least 14 d: 1 security update (openssl).")
	v.Finds("somebody holds it", with(held), "fail security_update_pending: Waiting for at least 14 d: 1 security update (nginx (held)).")
	v.Finds("one cannot have waited for long", with(update("openssl", 1, 13)),
		"warn security_update_new: Waiting for less than 14 d: 1 security update (openssl).")
	v.Finds("for how long two have waited is not known", with(update("openssl", 13, 90), unnoted),
		"unknown security_update_age_unknown: Perhaps waiting for more than 14 d: 2 security updates (bash and openssl).")
	v.Finds("old lists say nothing", old, "unknown lists_outdated: The lists of packages were fetched 8 d ago, on 2026-11-14 (limit 7 d).")
	v.Finds("lists of any age say nothing", never, "unknown lists_outdated: It is not known when the lists of packages were fetched.")
	v.Finds("no source of security updates", none,
		"unknown no_security_source: None of the lists of packages is of a source of security updates for the release that the machine runs.")
	none.Manager = "dnf"
	v.Finds("repositories without advisories", none,
		"unknown no_security_source: No repository that is enabled has advisories of the distribution's packages.")
}

func TestHostsAreFixedWithTheirOwnPackageManager(t *testing.T) {
	now := checktest.Now()
	for _, each := range []fact.Updates{
		{Sources: []string{"x"}, ListsAt: now, Pending: []fact.PendingUpdate{{Package: "a", Since: now.AddDate(0, -1, 0)}}},
		{Sources: []string{"x"}, ListsAt: now, Pending: []fact.PendingUpdate{{Package: "a", Since: now, Earliest: now}}},
		{Sources: []string{"x"}}, {},
	} {
		for manager, other := range map[string]string{"apt": "dnf", "dnf": "apt"} {
			each.Host, each.Manager = "web-1", manager
			problems := checktest.Case{
				Kind: cluster.SecurityUpdates(), Now: now, Sets: []fact.AnySet{checktest.Facts(fact.UpdatesOfHosts(), each)},
			}.Result(t).Problems
			require.Len(t, problems, 1)
			require.Contains(t, problems[0].Remedy, manager)
			require.NotContains(t, problems[0].Remedy, other)
		}
	}
}

func TestHostsThatUpdatesDoNotReach(t *testing.T) {
	v := checktest.Some(t, cluster.SecurityUpdates(), fact.Hosts())
	v.Finds("the newest kernel runs", fact.Host{Name: "web-1", Kernel: "6.1", NewestKernel: "6.1"})
	v.Finds("a package waits for a reboot", fact.Host{Name: "web-1", RebootRequired: true, RebootPackages: []string{"libc6"}},
		"fail reboot_required: A reboot is waited for by libc6.")
	v.Finds("something waits for a reboot", fact.Host{Name: "web-1", RebootRequired: true},
		"fail reboot_required: The host reports that it waits for a reboot.")
	v.Finds("a kernel waits for a reboot", fact.Host{Name: "web-1", Kernel: "6.1", NewestKernel: "6.2"},
		"fail reboot_required: The kernel 6.1 runs, and 6.2 is installed.")
	ended := fact.Host{
		Name: "web-1", Title: "Ubuntu 20.04 LTS", SupportEnd: checktest.Now().AddDate(0, 0, -1), ExtendedSupportEnd: checktest.Now().AddDate(1, 0, 0),
	}
	v.Finds("support has ended", ended, "fail host_end_of_support: The support of Ubuntu 20.04 LTS ended on 2026-11-21.")
	ended.ExtendedSupport = true
	v.Finds("extended support has not", ended)
}

func TestAgesThatCannotBeAreRefused(t *testing.T) {
	require.NoError(t, cluster.SecurityUpdates().Defaults.Validate())
	require.ErrorContains(t, cluster.SecurityUpdatesParameters{}.Validate(), "maximum_age")
	require.ErrorContains(t, cluster.SecurityUpdatesParameters{MaximumAge: quantity.Duration(time.Hour)}.Validate(), "maximum_list_age")
}

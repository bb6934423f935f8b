package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// SecurityUpdatesParameters say how late an update may be.
type SecurityUpdatesParameters struct {
	// MaximumAge is how long a security update of a host may wait.
	MaximumAge quantity.Duration `yaml:"maximum_age"`
	// MaximumListAge is how long ago a host may have fetched its lists of packages: older ones say nothing.
	MaximumListAge quantity.Duration `yaml:"maximum_list_age"`
}

// Validate says what cannot be.
func (p SecurityUpdatesParameters) Validate() error {
	if err := check.Positive("maximum_age", p.MaximumAge); err != nil {
		return err
	}
	return check.Positive("maximum_list_age", p.MaximumListAge)
}

// How to fix what is wrong with updates, by package manager.
const (
	fetchByAPT  = "Fetch them every day: apt-get update; systemctl enable --now apt-daily.timer. Read why it fails: journalctl -u apt-daily."
	fetchByDNF  = "Have dnf fetch them: dnf makecache; systemctl enable --now dnf-makecache.timer. Why it fails: journalctl -u dnf-makecache."
	sourceOfAPT = "Add the source of security updates (deb http://security.debian.org/debian-security bookworm-security main), then: " +
		"apt-get update. A mirror must keep the label Debian-Security, or the suite that ends in -security."
	sourceOfDNF = "Have dnf use repositories of the distribution that have advisories (dnf updateinfo list --all). CentOS Stream has none: " +
		"install all updates (dnf upgrade), and list the item under not_applicable with that as the reason."
	installByAPT = "Install them: apt-get update && apt-get upgrade, or let unattended-upgrades do so. What is held: apt-mark unhold."
	installByDNF = "Install them: dnf upgrade --security, or let dnf-automatic do so (apply_updates = yes in /etc/dnf/automatic.conf; " +
		"systemctl enable --now dnf-automatic.timer). What is held: dnf versionlock delete, or the option excludepkgs."
)

// The reasons why a host lacks what closes a hole.
func updatePending() check.Reason {
	return check.Reason{
		Name: "security_update_pending", Level: check.Fail, Sentence: "A security update has waited for too long.",
	}
}

func updateNew() check.Reason {
	return check.Reason{
		Name: "security_update_new", Level: check.Warn, Sentence: "A security update waits, and not for too long yet.",
	}
}

func updateOfUnknownAge() check.Reason {
	return check.Reason{
		Name: "security_update_age_unknown", Level: check.Unknown,
		Sentence: "A security update waits, and it is not known for how long: neither a list of packages nor its advisory has a date.",
		Remedy:   "Install it, or let the exporter run: it counts from when it first collected the update.",
	}
}

func listsOutdated() check.Reason {
	return check.Reason{
		Name: "lists_outdated", Level: check.Unknown, Sentence: "The lists of packages are old, or it is not known how old.",
		Remedy: fetchByAPT + " " + fetchByDNF,
	}
}

func noSecuritySource() check.Reason {
	return check.Reason{
		Name: "no_security_source", Level: check.Unknown, Sentence: "No list of packages is one of security updates.",
		Remedy: sourceOfAPT + " " + sourceOfDNF,
	}
}

func rebootRequired() check.Reason {
	return check.Reason{
		Name: "reboot_required", Level: check.Fail, Sentence: "An update is installed, and takes effect with a reboot only.",
		Remedy: "Reboot the host in the next maintenance window: systemctl reboot.",
	}
}

func hostEndOfSupport() check.Reason {
	return check.Reason{
		Name: "host_end_of_support", Level: check.Fail, Sentence: "There are no security updates for the operating system any more.",
		Remedy: "Upgrade to a release in support (Ubuntu: do-release-upgrade), on a copy of the host first.",
	}
}

// SecurityUpdates judges whether hosts have installed the security updates there are, and whether Kubernetes gets any. What the
// operating systems of nodes lack, no API server reports: an exporter on each node does.
func SecurityUpdates() check.Kind[SecurityUpdatesParameters] {
	return check.Kind[SecurityUpdatesParameters]{
		Name: "security_updates",
		Summary: "No security update of a host waits for too long, for its installation or a reboot; Kubernetes is in support, and no kubelet " +
			"is older than its API server allows.",
		Remedy: "Install them: apt-get update && apt-get upgrade, or dnf upgrade --security; unattended-upgrades and dnf-automatic do so by " +
			"themselves. A cluster: https://kubernetes.io/docs/tasks/administer-cluster/cluster-upgrade/.",
		Reasons: []check.Reason{
			updatePending(), updateNew(), updateOfUnknownAge(), listsOutdated(), noSecuritySource(), rebootRequired(), hostEndOfSupport(),
			endOfSupport(), kubeletSkew(),
		},
		Defaults: SecurityUpdatesParameters{
			MaximumAge: quantity.Duration(14 * 24 * time.Hour), MaximumListAge: quantity.Duration(7 * 24 * time.Hour),
		},
		Over: []check.Quantified[SecurityUpdatesParameters]{
			check.Each(fact.UpdatesOfHosts(), judgeUpdates),
			check.Each(fact.Hosts(), func(c check.Context, h *fact.Host, _ SecurityUpdatesParameters) []check.Problem {
				return judgeHost(c, h)
			}).Where(func(_ check.Context, h *fact.Host, _ SecurityUpdatesParameters) bool { return h.Container == "" }),
			check.Each(fact.Clusters(), func(c check.Context, k *fact.Cluster, _ SecurityUpdatesParameters) []check.Problem {
				return outdated(c, k)
			}).Needs(fact.TopicNodes),
		},
		WhenEmpty: check.Reason{
			Name: "nothing_to_update", Level: check.Undeclared, Sentence: "The system has neither a host nor a Kubernetes cluster.",
			Remedy: "Add the machine to hosts, or the cluster to kubernetes, in the system description, or list the item under " +
				"not_applicable with a reason.",
		},
	}
}

// remedy is how to fix a problem with the package manager that a host has.
func remedy(manager string, of check.Problem) check.Problem {
	apt, dnf := "", ""
	switch of.Reason {
	case listsOutdated().Name:
		apt, dnf = fetchByAPT, fetchByDNF
	case noSecuritySource().Name:
		apt, dnf = sourceOfAPT, sourceOfDNF
	case updatePending().Name, updateNew().Name:
		apt, dnf = installByAPT, installByDNF
	}
	if manager == "dnf" {
		apt = dnf
	}
	of.Remedy = cmp.Or(apt, of.Remedy)
	return of
}

func judgeUpdates(c check.Context, u *fact.Updates, p SecurityUpdatesParameters) []check.Problem {
	problems := judgeLists(c, u, p)
	if len(problems) == 0 {
		problems = judgePending(c, u, p)
	}
	for i := range problems {
		problems[i] = remedy(u.Manager, problems[i])
	}
	return problems
}

// judgeLists finds why the lists of a host cannot say that no update waits.
func judgeLists(c check.Context, u *fact.Updates, p SecurityUpdatesParameters) []check.Problem {
	switch {
	case len(u.Sources) == 0 && u.Manager == "dnf":
		return []check.Problem{noSecuritySource().Problem("No repository that is enabled has advisories of the distribution's packages.")}
	case len(u.Sources) == 0:
		return []check.Problem{noSecuritySource().Problem(
			"None of the lists of packages is of a source of security updates for the release that the machine runs.")}
	case u.ListsAt.IsZero():
		return []check.Problem{listsOutdated().Problem("It is not known when the lists of packages were fetched.")}
	case c.Now.Sub(u.ListsAt) > p.MaximumListAge.Std():
		return []check.Problem{listsOutdated().Problem(fmt.Sprintf("The lists of packages were fetched %s ago, on %s (limit %s).",
			quantity.InWords(c.Now.Sub(u.ListsAt)), u.ListsAt.UTC().Format(time.DateOnly), quantity.InWords(p.MaximumListAge.Std())))}
	}
	return nil
}

func judgePending(c check.Context, u *fact.Updates, p SecurityUpdatesParameters) (problems []check.Problem) {
	limit := p.MaximumAge.Std()
	byReason := make(map[string][]string)
	for _, each := range u.Pending {
		reason := updateOfUnknownAge().Name
		switch {
		case c.Now.Sub(each.Since) >= limit:
			reason = updatePending().Name
		case !each.Earliest.IsZero() && c.Now.Sub(each.Earliest) < limit:
			reason = updateNew().Name
		}
		name := each.Package
		if each.Held {
			name += " (held)"
		}
		byReason[reason] = append(byReason[reason], name)
	}
	for _, each := range []struct {
		reason check.Reason
		waited string
	}{
		{updatePending(), "Waiting for at least"},
		{updateOfUnknownAge(), "Perhaps waiting for more than"},
		{updateNew(), "Waiting for less than"},
	} {
		if packages := byReason[each.reason.Name]; len(packages) > 0 {
			slices.Sort(packages)
			problems = append(problems, each.reason.Problem(fmt.Sprintf("%s %s: %s (%s).",
				each.waited, quantity.InWords(limit), words.Count(len(packages), "security update"), words.List(packages))))
		}
	}
	return problems
}

// judgeHost finds what no list of packages tells.
func judgeHost(c check.Context, h *fact.Host) (problems []check.Problem) {
	switch {
	case h.RebootRequired && len(h.RebootPackages) > 0:
		problems = append(problems, rebootRequired().Problem("A reboot is waited for by "+words.List(h.RebootPackages)+"."))
	case h.RebootRequired:
		problems = append(problems, rebootRequired().Problem("The host reports that it waits for a reboot."))
	case h.NewestKernel != "" && h.NewestKernel != h.Kernel:
		problems = append(problems, rebootRequired().Problem(fmt.Sprintf("The kernel %s runs, and %s is installed.", h.Kernel, h.NewestKernel)))
	}
	end := h.SupportEnd
	if h.ExtendedSupport && h.ExtendedSupportEnd.After(end) {
		end = h.ExtendedSupportEnd
	}
	if !end.IsZero() && !end.After(c.Now) {
		problems = append(problems, hostEndOfSupport().Problem(fmt.Sprintf("The support of %s ended on %s.", h.Title, end.Format(time.DateOnly))))
	}
	return problems
}

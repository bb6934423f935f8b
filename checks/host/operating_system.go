package host

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/distribution"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// OperatingSystemParameters tune operating_system.
type OperatingSystemParameters struct {
	// Supported are the operating systems that may run, by the ID of their os-release; empty allows any.
	Supported []string `yaml:"supported"`
	// LongTermSupport asks for a release that is supported for years, such as Ubuntu LTS.
	LongTermSupport bool `yaml:"long_term_support"`
	// ExtendedSupport counts support beyond the standard one, such as Ubuntu Pro (20.04 until 2030), Debian LTS and Red
	// Hat ELS. It warns where that needs a subscription and none is known, as of nodes.
	ExtendedSupport bool `yaml:"extended_support"`
	// WarnBefore is how long before the end of support it warns.
	WarnBefore quantity.Duration `yaml:"warn_before"`
}

// Validate says what cannot be.
func (p OperatingSystemParameters) Validate() error { return check.NotBlank("supported", p.Supported) }

func unsupportedOS() check.Reason {
	return check.Reason{
		Name: "unsupported_os", Level: check.Fail, Sentence: "The operating system is not one of those that may run.",
		Remedy: "Install a supported operating system, or add this one to the parameter supported.",
	}
}

func notLTS() check.Reason {
	return check.Reason{
		Name: "not_lts", Level: check.Fail, Sentence: "The release is not supported for long.",
		Remedy: "Upgrade to a long-term release (Ubuntu: set Prompt=lts in /etc/update-manager/release-upgrades, then do-release-upgrade).",
	}
}

func endOfLife() check.Reason {
	return check.Reason{
		Name: "end_of_life", Level: check.Fail, Sentence: "The operating system gets no security updates any more.",
	}
}

func endOfLifeSoon() check.Reason {
	return check.Reason{
		Name: "end_of_life_soon", Level: check.Warn, Sentence: "The support of the operating system ends soon.",
	}
}

func noExtendedSupport() check.Reason {
	return check.Reason{
		Name: "extended_support_not_enabled", Level: check.Warn,
		Sentence: "Only extended support is left, and no subscription to it is known.",
		Remedy:   "Subscribe the machine (Ubuntu: pro attach, then pro enable esm-infra), or upgrade to a newer release.",
	}
}

func supportEndUnknown() check.Reason {
	return check.Reason{
		Name: "support_end_unknown", Level: check.Unknown,
		Sentence: "It is not known until when the operating system is supported.",
		Remedy:   "Use a release that the exporter knows, or write the date as SUPPORT_END=2031-05-29 into /etc/os-release.",
	}
}

func osNotCollected() check.Reason {
	return check.Reason{
		Name: "os_not_collected", Level: check.Unknown, Sentence: "The operating system of the machine could not be collected.",
		Remedy: "Where the exporter runs in a container, mount the machine's root in it and start it with --path.rootfs=/host.",
	}
}

// OperatingSystem judges the operating system of each host and of each node.
func OperatingSystem() check.Kind[OperatingSystemParameters] {
	table := distribution.Supported()
	return check.Kind[OperatingSystemParameters]{
		Name:    "operating_system",
		Summary: "Every host and every node runs an allowed operating system that still gets security updates.",
		Remedy:  "Upgrade to a release in support (Ubuntu: do-release-upgrade), on a copy of the machine first.",
		Reasons: []check.Reason{
			unsupportedOS(), notLTS(), endOfLife(), endOfLifeSoon(), noExtendedSupport(), supportEndUnknown(), osNotCollected(),
		},
		Defaults: OperatingSystemParameters{
			Supported: []string{"ubuntu"}, LongTermSupport: true, ExtendedSupport: true,
			WarnBefore: quantity.Duration(180 * 24 * time.Hour),
		},
		Over: []check.Quantified[OperatingSystemParameters]{
			check.Each(fact.Hosts(), judgeOperatingSystem),
			check.Each(fact.Clusters(), func(c check.Context, cluster *fact.Cluster, p OperatingSystemParameters) []check.Problem {
				return judgeNodeSystems(c, cluster, p, table)
			}).Needs(fact.TopicNodes).
				Where(func(_ check.Context, c *fact.Cluster, _ OperatingSystemParameters) bool { return len(c.Nodes) > 0 }),
		},
		WhenEmpty: noMachine(),
	}
}

// judgeNodeSystems judges the operating system of each node, of which no more is known than its title.
func judgeNodeSystems(context check.Context, c *fact.Cluster, p OperatingSystemParameters, table distribution.Table) []check.Problem {
	var problems []check.Problem
	for i := range c.Nodes {
		release := distribution.Titled(c.Nodes[i].OS)
		support, listed := table.Of(release)
		machine := fact.Host{
			ID: release.ID, Version: release.Version, Title: c.Nodes[i].OS, LongTermSupport: listed,
			SupportEnd: support.End, ExtendedSupportEnd: support.Extended, ExtendedSupport: support.Free,
		}
		problems = append(problems, onNode(c, &c.Nodes[i], judgeOperatingSystem(context, &machine, p))...)
	}
	return problems
}

func judgeOperatingSystem(c check.Context, h *fact.Host, p OperatingSystemParameters) []check.Problem {
	switch {
	case h.Container != "":
		return []check.Problem{osNotCollected().Problem(
			"The exporter runs in a container (" + h.Container + ") and reads its image, not the machine.")}
	case h.ID == "":
		return []check.Problem{osNotCollected().Problem("The machine does not report its operating system.")}
	}
	var problems []check.Problem
	if len(p.Supported) > 0 && !slices.Contains(p.Supported, h.ID) {
		problems = append(problems, unsupportedOS().Problem(
			fmt.Sprintf("It runs %s (%s); allowed is %s.", title(h), h.ID, strings.Join(p.Supported, " or "))))
	}
	if p.LongTermSupport && !h.LongTermSupport {
		problems = append(problems, notLTS().Problem("It runs "+title(h)+"."))
	}
	return append(problems, judgeSupport(h, p, c.Now)...)
}

func judgeSupport(h *fact.Host, p OperatingSystemParameters, now time.Time) []check.Problem {
	end := h.SupportEnd
	if p.ExtendedSupport && h.ExtendedSupportEnd.After(end) {
		end = h.ExtendedSupportEnd
	}
	var problems []check.Problem
	switch left := end.Sub(now); {
	case end.IsZero():
		return []check.Problem{supportEndUnknown().Problem("It runs " + title(h) + ".")}
	case left <= 0:
		return []check.Problem{endOfLife().Problem(fmt.Sprintf("The support of %s ended on %s.", title(h), end.Format(time.DateOnly)))}
	case left < p.WarnBefore.Std():
		problems = append(problems, endOfLifeSoon().Problem(fmt.Sprintf("The support of %s ends in %s, on %s (limit %s).",
			title(h), quantity.InWords(left), end.Format(time.DateOnly), quantity.InWords(p.WarnBefore.Std()))))
	}
	if !h.SupportEnd.After(now) && !h.ExtendedSupport {
		problems = append(problems, noExtendedSupport().Problem(
			fmt.Sprintf("The standard support of %s ended on %s.", title(h), h.SupportEnd.Format(time.DateOnly))))
	}
	return problems
}

// title names the operating system for people.
func title(h *fact.Host) string {
	if h.Title != "" {
		return h.Title
	}
	return strings.TrimSpace(h.ID + " " + h.Version)
}

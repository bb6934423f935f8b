package host_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/host"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// node is a machine on which nothing is wrong, of which a kubelet keeps a little for itself.
func node(edit ...func(*fact.Node)) fact.Node {
	return edited(fact.Node{
		Name: "a", Ready: true, OS: "Ubuntu 24.04.3 LTS", Allocatable: fact.Resources{CPU: 3.92, Memory: 7.7e9},
	}, edit...)
}

func clusters(nodes ...fact.Node) fact.AnySet {
	return checktest.Facts(fact.Clusters(), fact.Cluster{Name: "main", Nodes: nodes})
}

func runs(title string) func(*fact.Node) { return func(n *fact.Node) { n.OS = title } }

func TestOperatingSystemOfNodes(t *testing.T) {
	kind := host.OperatingSystem()
	for _, c := range []struct {
		name string
		sets []fact.AnySet
		want []checktest.Finding
	}{
		{"nodes with an LTS in support pass", []fact.AnySet{clusters(node(), node())}, nil},
		{
			"one node with another system fails", []fact.AnySet{clusters(node(), node(runs("Debian GNU/Linux 13 (trixie)")))},
			checktest.One("unsupported_os", check.Fail, "It runs Debian GNU/Linux 13 (trixie) (debian); allowed is ubuntu."),
		},
		{
			"a node beyond standard support warns, since no subscription is known", []fact.AnySet{clusters(node(runs("Ubuntu 20.04.6 LTS")))},
			checktest.One("extended_support_not_enabled", check.Warn, "The standard support of Ubuntu 20.04.6 LTS ended on 2025-05-29."),
		},
		{
			"the support of a release that nobody knows is unknown", []fact.AnySet{clusters(node(runs("Ubuntu 98.04 LTS")))},
			append(checktest.One("not_lts", check.Fail, "It runs Ubuntu 98.04 LTS."),
				checktest.One("support_end_unknown", check.Unknown, "It runs Ubuntu 98.04 LTS.")...),
		},
		{
			"a node that does not report it is unknown", []fact.AnySet{clusters(node(runs("")))},
			checktest.One("os_not_collected", check.Unknown, "The machine does not report its operating system."),
		},
		{
			"a node fails beside a host that is well", []fact.AnySet{hosts(server()), clusters(node(runs("Windows Server 2022 Datacenter")))},
			[]checktest.Finding{
				{Reason: "not_lts", Level: check.Fail, Detail: "It runs Windows Server 2022 Datacenter."},
				{Reason: "unsupported_os", Level: check.Fail, Detail: "It runs Windows Server 2022 Datacenter (windows); allowed is ubuntu."},
				{Reason: "support_end_unknown", Level: check.Unknown, Detail: "It runs Windows Server 2022 Datacenter."},
			},
		},
		{
			"a cluster that is unavailable is unknown beside a host that is well",
			[]fact.AnySet{hosts(server()), checktest.Lacking(fact.Clusters(), fact.Cluster{Name: "main"})}, checktest.Unavailable(),
		},
		{
			"a cluster without nodes has none to judge", []fact.AnySet{clusters()},
			checktest.One("no_machine", check.Undeclared, "Neither a host nor a node of a cluster was found."),
		},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judged(t, kind, kind.Defaults, c.sets...)) })
	}
	problems := checktest.Case{Kind: kind, Now: now, Sets: []fact.AnySet{clusters(node(runs("")))}}.Result(t).Problems
	require.Equal(t, "main/Node/a", problems[0].Subject)
}

func TestCapacityOfNodes(t *testing.T) {
	kind := host.Capacity()
	small := func(n *fact.Node) { n.Allocatable = fact.Resources{CPU: 2, Memory: 4e9} }
	cordoned := func(n *fact.Node) { n.Cordoned = true }
	tooSmall := append(checktest.One("few_cores", check.Fail, "It has 2 processors (minimum 4)."),
		checktest.One("low_memory", check.Fail, "It has 4.0 GB of memory (minimum 8.0 GB).")...)
	for _, c := range []struct {
		name string
		sets []fact.AnySet
		want []checktest.Finding
	}{
		{"what a kubelet keeps is forgiven", []fact.AnySet{clusters(node())}, nil},
		{"many small nodes fail, though together they have enough", []fact.AnySet{clusters(node(), node(small))}, tooSmall},
		{"a small node fails beside a host that is large enough", []fact.AnySet{hosts(server()), clusters(node(small))}, tooSmall},
		{"a small node that takes no pods does not count", []fact.AnySet{clusters(node(), node(small, cordoned))}, nil},
		{
			"a cluster in which no node takes pods has none to judge", []fact.AnySet{clusters(node(cordoned))},
			checktest.One("no_machine", check.Undeclared, "Neither a host nor a node of a cluster was found."),
		},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judged(t, kind, kind.Defaults, c.sets...)) })
	}
}

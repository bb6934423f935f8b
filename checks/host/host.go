// Package host judges machines and their file systems: hosts, and the nodes of clusters where what is asked is true of them too.
package host

import (
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// noMachine is the reason when what is declared has neither a host nor a node.
func noMachine() check.Reason {
	return check.Reason{
		Name: "no_machine", Level: check.Undeclared, Sentence: "Neither a host nor a node of a cluster was found.",
		Remedy: "Add the machine to hosts in the system description, or list the item under not_applicable with a reason.",
	}
}

// onNode puts problems on a node.
func onNode(c *fact.Cluster, node *fact.Node, problems []check.Problem) []check.Problem {
	for i := range problems {
		problems[i].Subject = c.Name + "/Node/" + node.Name
	}
	return problems
}

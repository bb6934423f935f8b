package cluster

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// clusterOf is the group of a component: what is wanted of a cluster must be in that one.
func clusterOf(c *fact.Component) string { return c.Cluster }

// ofRole selects the components of one role.
func ofRole(role fact.ComponentRole) func(check.Context, *fact.Component, struct{}) bool {
	return func(_ check.Context, c *fact.Component, _ struct{}) bool { return c.Role == role }
}

// unavailable is the reason of a component some of whose pods are not available.
func unavailable() check.Reason {
	return check.Reason{
		Name: "unavailable", Level: check.Fail, Sentence: "Pods of the component are not available.",
		Remedy: "Find out why: kubectl -n NAMESPACE describe pod, kubectl -n NAMESPACE logs.",
	}
}

// away is the problem that pods of a component are not available; none where all are.
func away(c *fact.Component) []check.Problem {
	switch {
	case c.Desired == 0:
		return []check.Problem{unavailable().On(c.Subject(), fmt.Sprintf("The %s %s wants no pod.", c.Kind, c.Name))}
	case c.Available < c.Desired:
		return []check.Problem{unavailable().On(c.Subject(), fmt.Sprintf("The %s %s has %d of %s available.",
			c.Kind, c.Name, c.Available, words.Count(c.Desired, "pod")))}
	default:
		return nil
	}
}

package kubernetes

import (
	"fmt"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// noCluster is what every check on clusters says when there is none.
const noCluster = "no cluster is known: add it to kubernetes in the system description"

// maximumSkew is by how many minor versions a kubelet may be older than its API server
// (https://kubernetes.io/releases/version-skew-policy/).
const maximumSkew = 3

// HealthParameters say which Kubernetes it must be.
type HealthParameters struct {
	// The distribution: k3s, rke2, eks, gke, aks, kubernetes for any other, or any.
	Distribution string `yaml:"distribution"`
}

// Health judges whether a cluster is in support, and its nodes are ready and of a version that fits.
func Health() check.Kind[fact.Cluster, HealthParameters] {
	other := check.Reason{
		Name: "other_distribution", Level: check.Fail, Sentence: "The cluster is of another distribution.",
		Remedy: "Install the distribution that is meant, or name this one as the parameter distribution.",
	}
	notReady := check.Reason{
		Name: "node_not_ready", Level: check.Fail, Sentence: "A node is not ready.",
	}
	noNode := check.Reason{
		Name: "no_node", Level: check.Fail, Sentence: "It has no node.",
		Remedy: "Add a node; see why none registers: systemctl status kubelet (or k3s-agent) and its log.",
	}
	return check.Kind[fact.Cluster, HealthParameters]{
		Name:     "kubernetes_health",
		Summary:  "The version of every cluster is in support, every node is ready, and every kubelet fits the API server.",
		Remedy:   "See why: kubectl describe node NODE, and on the node: journalctl -u kubelet (or k3s).",
		Reasons:  []check.Reason{other, endOfSupport(), notReady, noNode, kubeletSkew()},
		Defaults: HealthParameters{Distribution: "any"},
		About:    fact.Clusters(),
		Topics:   func(HealthParameters) []string { return []string{fact.TopicNodes} },
		None:     check.Undeclared,
		Nothing:  noCluster,
		Judge: func(c fact.Cluster, p HealthParameters, now time.Time) []check.Problem {
			var problems []check.Problem
			if p.Distribution != "any" && p.Distribution != c.Distribution {
				problems = append(problems, other.Problem(fmt.Sprintf("it is %s (%s); %s is wanted", c.Distribution, c.Version, p.Distribution)))
			}
			problems = append(problems, outdated(c, now)...)
			if len(c.Nodes) == 0 {
				problems = append(problems, noNode.Problem("the API server knows of none"))
			}
			var away []string
			for _, node := range c.Nodes {
				if !node.Ready {
					away = append(away, node.Name)
				}
			}
			if len(away) > 0 {
				problems = append(problems, notReady.Problem(fmt.Sprintf("%d of %s: %s", len(away), plural(len(c.Nodes), "node"), some(away))))
			}
			return problems
		},
	}
}

// The reasons why software of a cluster is too old.
func endOfSupport() check.Reason {
	return check.Reason{
		Name: "end_of_support", Level: check.Fail, Sentence: "Its version gets no security fixes from the community any more.",
		Remedy: "Upgrade the cluster, one minor version after the other: https://kubernetes.io/releases/.",
	}
}

func kubeletSkew() check.Reason {
	return check.Reason{
		Name: "kubelet_skew", Level: check.Fail, Sentence: "The kubelet of a node is newer than the API server, or too old for it.",
		Remedy: "Upgrade the node; upgrade API servers before nodes.",
	}
}

// outdated finds what of a cluster is too old.
func outdated(c fact.Cluster, now time.Time) (problems []check.Problem) {
	if !c.SupportEnd.IsZero() && now.After(c.SupportEnd) {
		problems = append(problems, endOfSupport().Problem(fmt.Sprintf("%s, until %s", c.Version, c.SupportEnd.Format(time.DateOnly))))
	}
	var unfit []string
	server := fact.MinorVersion(c.Version)
	for _, node := range c.Nodes {
		if kubelet := fact.MinorVersion(node.Kubelet); kubelet != 0 && (kubelet > server || kubelet < server-maximumSkew) {
			unfit = append(unfit, node.Name+" ("+node.Kubelet+")")
		}
	}
	if len(unfit) > 0 {
		problems = append(problems, kubeletSkew().Problem(fmt.Sprintf("the API server is %s: %s", c.Version, some(unfit))))
	}
	return problems
}

// some names the first of many.
func some(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// APIAccessParameters say how long credentials must last.
type APIAccessParameters struct {
	// How long the credentials must last that the exporter looks by.
	MinimumCredentialRemaining quantity.Duration `yaml:"minimum_credential_remaining"`
}

// APIAccess judges whether the API server can be used, and for how long.
func APIAccess() check.Kind[fact.Cluster, APIAccessParameters] {
	endSoon := check.Reason{
		Name: "credentials_end_soon", Level: check.Fail, Sentence: "The credentials for the API server end soon, or have ended.",
	}
	return check.Kind[fact.Cluster, APIAccessParameters]{
		Name:    "kubernetes_api_access",
		Summary: "The API server of every cluster is ready, and the credentials for it last for a while.",
		Remedy: "Renew the certificate or token of the kubeconfig (kubeadm certs renew, k3s certificate rotate), or run in the cluster " +
			"by a service account.",
		Reasons:  []check.Reason{endSoon},
		Defaults: APIAccessParameters{MinimumCredentialRemaining: quantity.Duration(14 * 24 * time.Hour)},
		About:    fact.Clusters(),
		Topics:   func(APIAccessParameters) []string { return []string{} },
		None:     check.Undeclared,
		Nothing:  noCluster,
		Judge: func(c fact.Cluster, p APIAccessParameters, now time.Time) []check.Problem {
			if c.CredentialsEnd.IsZero() || c.CredentialsEnd.Sub(now) >= p.MinimumCredentialRemaining.Std() {
				return nil
			}
			return []check.Problem{endSoon.Problem("they end at " + c.CredentialsEnd.Format(time.RFC3339))}
		},
	}
}

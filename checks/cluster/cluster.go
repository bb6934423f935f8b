// Package cluster judges Kubernetes clusters as a whole: their version, nodes and permissions, and the well-known parts that
// applications stand on.
package cluster

import (
	"fmt"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// noCluster is the reason when there is no cluster.
func noCluster() check.Reason {
	return check.Reason{
		Name: "no_cluster", Level: check.Undeclared, Sentence: "The system has no Kubernetes cluster.",
		Remedy: "Add the cluster to kubernetes in the system description, or list the item under not_applicable with a reason.",
	}
}

// declared are the clusters of the system: each of them is expected to have what is wanted of a cluster.
func declared(c check.Context, _ struct{}) []string { return c.System.ClusterNames() }

// maximumSkew is by how many minor versions a kubelet may be older than its API server
// (https://kubernetes.io/releases/version-skew-policy/).
const maximumSkew = 3

// HealthParameters say which Kubernetes it must be.
type HealthParameters struct {
	// The distribution: k3s, rke2, eks, gke, aks, kubernetes for any other, or any.
	Distribution quantity.Choice[distributions] `yaml:"distribution"`
}

// distributions are those that can be told apart, and any.
type distributions struct{}

// Values lists them.
func (distributions) Values() []string {
	return []string{"any", "k3s", "rke2", "eks", "gke", "aks", "kubernetes"}
}

// Health judges whether a cluster is in support, and its nodes are ready and of a version that fits.
func Health() check.Kind[HealthParameters] {
	other := check.Reason{
		Name: "other_distribution", Level: check.Fail, Sentence: "The cluster is of another distribution.",
		Remedy: "Install the distribution that is meant, or name this one as the parameter distribution.",
	}
	notReady := check.Reason{Name: "node_not_ready", Level: check.Fail, Sentence: "A node is not ready."}
	noNode := check.Reason{
		Name: "no_node", Level: check.Fail, Sentence: "The cluster has no node.",
		Remedy: "Add a node; find out why none registers: systemctl status kubelet (or k3s-agent) and its log.",
	}
	return check.Kind[HealthParameters]{
		Name:     "kubernetes_health",
		Summary:  "The version of every cluster is in support, every node is ready, and every kubelet fits the API server.",
		Remedy:   "Find out why: kubectl describe node NODE, and on the node: journalctl -u kubelet (or k3s).",
		Reasons:  []check.Reason{other, endOfSupport(), notReady, noNode, kubeletSkew()},
		Defaults: HealthParameters{Distribution: "any"},
		Over: []check.Quantified[HealthParameters]{
			check.Each(fact.Clusters(), func(c check.Context, k *fact.Cluster, p HealthParameters) (problems []check.Problem) {
				if p.Distribution != "any" && string(p.Distribution) != k.Distribution {
					problems = append(problems, other.Problem(fmt.Sprintf("The distribution is %s (%s); %s is wanted.",
						k.Distribution, k.Version, p.Distribution)))
				}
				problems = append(problems, outdated(c, k)...)
				if len(k.Nodes) == 0 {
					problems = append(problems, noNode.Problem("The API server knows of no node."))
				}
				var away []string
				for _, node := range k.Nodes {
					if !node.Ready {
						away = append(away, node.Name)
					}
				}
				if len(away) > 0 {
					problems = append(problems, notReady.Problem(fmt.Sprintf("Of %s, %d %s not ready: %s.",
						words.Count(len(k.Nodes), "node"), len(away), words.Verb(len(away)), words.List(away))))
				}
				return problems
			}).Needs(fact.TopicNodes),
		},
		WhenEmpty: noCluster(),
	}
}

// The reasons why software of a cluster is too old.
func endOfSupport() check.Reason {
	return check.Reason{
		Name: "end_of_support", Level: check.Fail, Sentence: "The cluster's version gets no security fixes from the community any more.",
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
func outdated(c check.Context, k *fact.Cluster) (problems []check.Problem) {
	if !k.SupportEnd.IsZero() && c.Now.After(k.SupportEnd) {
		problems = append(problems, endOfSupport().Problem(fmt.Sprintf("The community supported the version %s until %s.",
			k.Version, k.SupportEnd.Format(time.DateOnly))))
	}
	var unfit []string
	server := fact.MinorVersion(k.Version)
	for _, node := range k.Nodes {
		if kubelet := fact.MinorVersion(node.Kubelet); kubelet != 0 && (kubelet > server || kubelet < server-maximumSkew) {
			unfit = append(unfit, node.Name+" ("+node.Kubelet+")")
		}
	}
	if len(unfit) > 0 {
		problems = append(problems, kubeletSkew().Problem(fmt.Sprintf("The API server is %s; the kubelet does not fit it on the %s.",
			k.Version, words.Named("node", unfit))))
	}
	return problems
}

// APIAccessParameters say how long credentials must last.
type APIAccessParameters struct {
	// How long the credentials must last that the exporter uses.
	MinimumCredentialRemaining quantity.Duration `yaml:"minimum_credential_remaining"`
}

// APIAccess judges whether the API server can be used, and for how long.
func APIAccess() check.Kind[APIAccessParameters] {
	expire := check.Reason{
		Name: "credentials_expire_soon", Level: check.Fail, Sentence: "The credentials for the API server expire soon, or have expired.",
	}
	return check.Kind[APIAccessParameters]{
		Name:    "kubernetes_api_access",
		Summary: "The API server of every cluster is ready, and the credentials for it last for a while.",
		Remedy: "Renew the certificate or token of the kubeconfig (kubeadm certs renew, k3s certificate rotate), or run in the cluster " +
			"by a service account.",
		Reasons:  []check.Reason{expire},
		Defaults: APIAccessParameters{MinimumCredentialRemaining: quantity.Duration(14 * 24 * time.Hour)},
		Over: []check.Quantified[APIAccessParameters]{
			check.Each(fact.Clusters(), func(c check.Context, k *fact.Cluster, p APIAccessParameters) []check.Problem {
				remaining := k.CredentialsEnd.Sub(c.Now)
				if k.CredentialsEnd.IsZero() || remaining >= p.MinimumCredentialRemaining.Std() {
					return nil
				}
				how := "expire in " + quantity.InWords(remaining)
				if remaining <= 0 {
					how = "expired " + quantity.InWords(remaining) + " ago"
				}
				return []check.Problem{expire.Problem(fmt.Sprintf("The credentials %s, at %s; at least %s are wanted.",
					how, k.CredentialsEnd.UTC().Format(time.RFC3339), quantity.InWords(p.MinimumCredentialRemaining.Std())))}
			}).Needs(),
		},
		WhenEmpty: noCluster(),
	}
}

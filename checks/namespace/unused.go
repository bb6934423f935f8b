// Package namespace judges the namespaces of Kubernetes clusters.
package namespace

import (
	"fmt"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// UnusedParameters say how much may be left over.
type UnusedParameters struct {
	// How many objects of a namespace nobody may use.
	Maximum quantity.Count `yaml:"maximum"`
	// Objects that are kept though nobody uses them, as Kind/name.
	Kept []string `yaml:"kept"`
}

// Validate says what cannot be.
func (p UnusedParameters) Validate() error {
	for _, each := range p.Kept {
		if kind, name, found := strings.Cut(each, "/"); !found || kind == "" || name == "" {
			return check.Wrong("kept", "%q: expected Kind/name, such as Secret/break-glass", each)
		}
	}
	return nil
}

// searched is where references are looked for.
const searched = "Pods, workloads, Jobs, CronJobs, service accounts, Ingresses, schedules of Velero, and the Certificates, Issuers and " +
	"ClusterIssuers of cert-manager"

// Unused judges whether a namespace holds what nobody uses.
func Unused() check.Kind[UnusedParameters] {
	unused := check.Reason{Name: "unused", Level: check.Warn, Sentence: "No use was found of some objects of the namespace."}
	return check.Kind[UnusedParameters]{
		Name: "unused_resources",
		Summary: "No claim is unmounted, no Service without pods, no ConfigMap and no Secret without a reference; no finished Job and " +
			"no workload that is scaled to zero is left. " + searched + " are searched for references.",
		Remedy: "Ask whoever made each whether it is needed: operators, other custom resources and applications that read the API are not " +
			"searched. Name what is needed in the parameter kept, and back up what holds data before you remove it.",
		Reasons: []check.Reason{unused},
		Over: []check.Quantified[UnusedParameters]{
			check.Each(fact.Namespaces(), func(_ check.Context, n *fact.Namespace, p UnusedParameters) []check.Problem {
				var left []string
				for _, each := range n.Unused {
					if name := each.Kind + "/" + each.Name; !slices.Contains(p.Kept, name) {
						left = append(left, name+" ("+each.Reason+")")
					}
				}
				if len(left) <= int(p.Maximum) {
					return nil
				}
				return []check.Problem{unused.Problem(fmt.Sprintf("No use was found of %d of %s (at most %d is wanted): %s. %s were searched.",
					len(left), words.Count(n.Objects, "object"), p.Maximum, words.List(left), searched))}
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_namespace", Level: check.Undeclared, Sentence: "The system has no namespace with objects.",
			Remedy: "Add the cluster to kubernetes in the system description, with its namespaces, or list the item under not_applicable " +
				"with a reason.",
		},
	}
}

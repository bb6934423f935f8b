package kubernetes

import (
	"fmt"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// UnusedParameters say how much may be left over.
type UnusedParameters struct {
	// How many objects of a namespace nobody may use.
	Maximum int `yaml:"maximum"`
	// Objects that are kept though nobody uses them, as Kind/name.
	Kept []string `yaml:"kept"`
}

// Validate says what cannot be.
func (p UnusedParameters) Validate() error {
	if p.Maximum < 0 {
		return fmt.Errorf("maximum %d: expected 0 or more", p.Maximum)
	}
	for _, each := range p.Kept {
		if kind, name, found := strings.Cut(each, "/"); !found || kind == "" || name == "" {
			return fmt.Errorf("kept %q: expected Kind/name, such as Secret/break-glass", each)
		}
	}
	return nil
}

// Unused judges whether a namespace holds what nobody uses.
func Unused() check.Kind[fact.Namespace, UnusedParameters] {
	unused := check.Reason{Name: "unused", Level: check.Warn, Sentence: "Objects are there that nobody uses."}
	return check.Kind[fact.Namespace, UnusedParameters]{
		Name: "unused_resources",
		Summary: "No claim is unmounted, no Service without pods, no ConfigMap and no Secret without a reference; no Job that has ended and " +
			"no workload that is scaled to zero is left.",
		Remedy:  "Delete what is not needed; name what is to be kept in the parameter kept.",
		Reasons: []check.Reason{unused},
		About:   fact.Namespaces(),
		None:    check.Undeclared,
		Nothing: "no namespace with objects is known: add the cluster to kubernetes in the system description, with its namespaces",
		Judge: func(n fact.Namespace, p UnusedParameters, _ time.Time) []check.Problem {
			kept := make(map[string]bool)
			for _, each := range p.Kept {
				kept[each] = true
			}
			var left []string
			for _, each := range n.Unused {
				if name := each.Kind + "/" + each.Name; !kept[name] {
					left = append(left, name+" ("+each.Reason+")")
				}
			}
			if len(left) <= p.Maximum {
				return nil
			}
			return []check.Problem{unused.Problem(fmt.Sprintf("%d of %s: %s", len(left), plural(n.Objects, "object"), some(left)))}
		},
	}
}

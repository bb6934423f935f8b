package docgen

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A granted permission is what an item takes of a Kubernetes API server, and the option that asks for it.
type granted struct{ resource, verbs, option string }

// permissionsPage says which permission of Kubernetes buys which items.
func (r *reference) permissionsPage() ([]byte, error) {
	p := newPage("Permissions in Kubernetes", "What each permission buys. `readiness-exporter rbac` prints the roles for a "+
		"configuration: what its items need in the namespaces that it names, and no more. Without a permission, its items become "+
		"`unknown` and name it; no other item changes.")
	p.paragraph("Everything is read by `get`, `list` and `watch`: nothing is written, no pod is entered, no port is forwarded. Where a " +
		"system names `namespaces`, what is in a namespace is permitted by a Role in each; what is in none (nodes, storage classes, …) " +
		"takes a ClusterRole. `staging` takes the permissions of the items that compare, in its namespaces too.")
	items, err := r.itemsByPermission()
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for _, each := range slices.SortedFunc(maps.Keys(items), func(a, b granted) int {
		return cmp.Or(cmp.Compare(a.option, b.option), cmp.Compare(a.resource, b.resource), cmp.Compare(a.verbs, b.verbs))
	}) {
		rows = append(rows, []string{code(each.resource), each.verbs, orElse(code(each.option), "always"), codes(items[each])})
	}
	p.table([]string{"resource", "verbs", "asked for", "items of the production checklist"}, rows)
	return p.bytes(), nil
}

// itemsByPermission asks the collectors, for one item of the production checklist after the other, what they would take of a
// cluster without options, and then with each.
func (r *reference) itemsByPermission() (map[granted][]string, error) {
	items := make(map[granted][]string)
	always := make(map[string]bool) // permissions of items that no option asks for
	for _, variant := range []struct {
		option  string
		cluster system.Cluster
	}{
		{"", system.Cluster{Name: "main"}},
		{"secret_values", system.Cluster{Name: "main", SecretValues: true}},
		{"tls_secrets", system.Cluster{Name: "main", TLSSecrets: true}},
	} {
		loaded, err := config.For([]*system.System{
			{Name: "shop", Environment: "production", Kubernetes: []system.Cluster{variant.cluster}},
		}, config.Options{Kinds: r.kinds, Collectors: r.collectors})
		if err != nil {
			return nil, fmt.Errorf("describe a system for its permissions: %w", err)
		}
		for i := range loaded.Plans[0].Items {
			id := loaded.Plans[0].Items[i].Item.ID
			for _, permission := range r.permissionsOf(loaded.Plans[0], id) {
				key := granted{permission.Resource, strings.Join(permission.Verbs, ", "), variant.option}
				if permission.Group != "" {
					key.resource += "." + permission.Group
				}
				pair := id + " " + key.resource + " " + key.verbs
				if variant.option == "" {
					always[pair] = true
				} else if always[pair] {
					continue
				}
				if !slices.Contains(items[key], id) {
					items[key] = append(items[key], id)
				}
			}
		}
	}
	return items, nil
}

// permissionsOf are what those collectors take for one item that collect what it is judged by.
func (r *reference) permissionsOf(plan *assess.Plan, id string) []collector.Permission {
	needs := needsOf(plan, id)
	idle := func(each collector.Any) bool {
		return !slices.ContainsFunc(each.Describe().Yields, func(kind fact.Any) bool {
			_, needed := needs.Topics[kind.KindName()]
			return needed
		})
	}
	return permissions(plan.System, needs, slices.DeleteFunc(slices.Clone(r.collectors), idle))
}

// needsOf is what one item of a plan needs.
func needsOf(plan *assess.Plan, id string) fact.Needs {
	return plan.Only(func(item *assess.Item) bool { return item.Item.ID == id }).Needs()
}

// permissions are what collectors take of a system for what is needed.
func permissions(s *system.System, needs fact.Needs, of []collector.Any) (all []collector.Permission) {
	for _, each := range of {
		for _, job := range each.Jobs(s, needs) {
			all = append(all, job.Permissions(job.Asked)...)
		}
	}
	return all
}

package docgen

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A grant is one permission of the exporter's service account, and what of a description takes it.
type grant struct {
	Group    string   `json:"group"`
	Resource string   `json:"resource"`
	Verbs    []string `json:"verbs"`
	Scope    string   `json:"scope"` // cluster, namespace: those of the cluster; staging: those that they are compared with
	Named    bool     `json:"named"` // only where namespaces are named
	When     []string `json:"when"`  // keys of the cluster, all of which must be set
	Items    []string `json:"items"` // any of which must apply; none: it is taken by what is declared, whatever applies
}

// The keys of a cluster that cost permissions of their own, and the namespaces by which what is asked is told apart.
const (
	keyTLSSecrets, keySecretValues, keyStaging = "tls_secrets", "secret_values", "staging"
	namespaceHere, namespaceThere              = "here", "there"
)

// described is a system with one cluster that has only these keys.
func described(keys []string, namespaces []string) *system.System {
	cluster := system.Cluster{
		Name: "main", Namespaces: namespaces,
		TLSSecrets: slices.Contains(keys, keyTLSSecrets), SecretValues: slices.Contains(keys, keySecretValues),
	}
	if slices.Contains(keys, keyStaging) {
		cluster.Staging.Namespaces = map[string]string{namespaceHere: namespaceThere}
	}
	return &system.System{Name: "any", Environment: "any", Kubernetes: []system.Cluster{cluster}}
}

// declared stands for the item that what is declared takes permissions of, whatever items apply.
const declared = ""

// taken are the permissions that each item takes, each as text so that they can be compared.
func (r *reference) taken(s *system.System) (map[string]map[string]collector.Permission, error) {
	loaded, err := config.For([]*system.System{s}, config.Options{Kinds: r.kinds, Collectors: r.collectors})
	if err != nil {
		return nil, fmt.Errorf("plan for the permissions of the chart: %w", err)
	}
	plan := loaded.Plans[0]
	items := make(map[string]map[string]collector.Permission)
	ids := []string{declared}
	for i := range plan.Items {
		ids = append(ids, plan.Items[i].Item.ID)
	}
	for _, id := range ids {
		items[id] = make(map[string]collector.Permission)
		for _, each := range permissions(plan.System, needsOf(plan, id), r.collectors) {
			items[id][strings.Join([]string{each.Namespace, each.Group, each.Resource, strings.Join(each.Verbs, ",")}, " ")] = each
		}
	}
	return items, nil
}

// grants are what the built-in checklist takes of the cluster that the exporter runs in, in a form that a template can
// narrow to a description.
func (r *reference) grants() ([]grant, error) {
	everywhere, err := r.taken(described([]string{keySecretValues, keyTLSSecrets}, nil))
	if err != nil {
		return nil, err
	}
	whole := make(map[string]bool) // what is taken also where no namespaces are named
	for _, permissions := range everywhere {
		for _, each := range permissions {
			whole[each.Group+" "+each.Resource+" "+strings.Join(each.Verbs, ",")] = true
		}
	}
	found := make(map[string]*grant)
	needed := make(map[string][][]string) // by item and permission, the smallest sets of keys with which it is taken
	for _, keys := range [][]string{
		{}, {keySecretValues}, {keyStaging}, {keyTLSSecrets}, {keySecretValues, keyStaging}, {keySecretValues, keyTLSSecrets},
		{keyStaging, keyTLSSecrets}, {keySecretValues, keyStaging, keyTLSSecrets},
	} {
		items, err := r.taken(described(keys, []string{namespaceHere}))
		if err != nil {
			return nil, err
		}
		for _, id := range slices.Sorted(maps.Keys(items)) {
			for text, permission := range items[id] {
				smaller := slices.Concat(needed[id+" "+text], needed[declared+" "+text])
				if slices.ContainsFunc(smaller, func(s []string) bool { return containsAll(keys, s) }) {
					continue
				}
				needed[id+" "+text] = append(needed[id+" "+text], keys)
				key := text + " " + strings.Join(keys, ",")
				if found[key] == nil {
					found[key] = newGrant(permission, keys, whole)
				}
				if id != declared {
					found[key].Items = append(found[key].Items, id)
				}
			}
		}
	}
	all := make([]grant, 0, len(found))
	for _, key := range slices.Sorted(maps.Keys(found)) {
		all = append(all, *found[key])
	}
	return all, nil
}

func newGrant(permission collector.Permission, keys []string, whole map[string]bool) *grant {
	scope := map[string]string{"": "cluster", namespaceHere: "namespace", namespaceThere: "staging"}[permission.Namespace]
	return &grant{
		Group: permission.Group, Resource: permission.Resource, Verbs: permission.Verbs, Scope: scope, When: keys, Items: []string{},
		Named: scope == "namespace" && !whole[permission.Group+" "+permission.Resource+" "+strings.Join(permission.Verbs, ",")],
	}
}

func containsAll(all, some []string) bool {
	return !slices.ContainsFunc(some, func(each string) bool { return !slices.Contains(all, each) })
}

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/record"
)

// rbacCommand prints what the configuration takes of the API servers, and nothing beyond it.
type rbacCommand struct {
	name           string
	serviceAccount string
	configMaps     string
}

func registerRBAC(app *kingpin.Application, commands map[string]command) {
	c := &rbacCommand{}
	clause := app.Command("rbac",
		"Print the Kubernetes roles that the configuration takes, with their bindings: what the items of its checklists need, and no more.")
	clause.Flag("name", "Name of the roles and bindings.").Default("readiness-exporter").StringVar(&c.name)
	clause.Flag("service-account", "The service account to bind them to, as NAMESPACE/NAME.").
		Default("readiness-exporter/readiness-exporter").StringVar(&c.serviceAccount)
	registerConfigMaps(clause, "Print the role for the record in these ConfigMaps too, as serve has it.", &c.configMaps)
	commands[clause.FullCommand()] = c
}

func (c *rbacCommand) run(ctx context.Context, p *program) (int, error) {
	namespace, name, found := strings.Cut(c.serviceAccount, "/")
	if !found || namespace == "" || name == "" {
		return 0, fmt.Errorf("--service-account %q: expected NAMESPACE/NAME", c.serviceAccount)
	}
	permissions, err := p.permissions(ctx)
	if err != nil {
		return 0, err
	}
	subject := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Name: name, Namespace: namespace}
	byCluster := make(map[string][]collector.Permission)
	for _, each := range permissions {
		byCluster[each.Cluster] = append(byCluster[each.Cluster], each)
	}
	for _, cluster := range slices.Sorted(maps.Keys(byCluster)) {
		fmt.Fprintf(p.stdout, "# For %s.\n", cluster)
		if err := printObjects(p.stdout, c.roles(byCluster[cluster], subject)); err != nil {
			return 0, err
		}
	}
	if c.configMaps == "" {
		return exitReady, nil
	}
	place, err := placeOf(c.configMaps)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(p.stdout, "# For the record of the exporter.\n")
	return exitReady, printObjects(p.stdout, bound(recordRole(place), subject))
}

func printObjects(out io.Writer, objects []any) error {
	for _, object := range objects {
		content, err := yaml.Marshal(object)
		if err != nil {
			return fmt.Errorf("write roles: %w", err)
		}
		fmt.Fprintf(out, "---\n%s", content)
	}
	return nil
}

// recordRole is what the record in ConfigMaps takes: those of its own names. What is made anew has no name that a role could hold.
func recordRole(place types.NamespacedName) rbacv1.Role {
	return rbacv1.Role{
		TypeMeta: typed("Role"), ObjectMeta: metav1.ObjectMeta{Name: place.Name, Namespace: place.Namespace},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"create"}},
			{
				APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "update", "delete"},
				ResourceNames: record.ObjectNames(place.Name),
			},
		},
	}
}

// permissions are those of every collection that the configuration asks for.
func (p *program) permissions(ctx context.Context) ([]collector.Permission, error) {
	_, libraries := p.logger()
	s := p.setUp(libraries, service{})
	defer s.close()
	loaded, err := p.load(ctx, s)
	if err != nil {
		return nil, configurationError(p.common.configFile, err)
	}
	var all []collector.Permission
	for _, plan := range loaded.Plans {
		for _, each := range s.collectors {
			for _, job := range each.Jobs(plan.System, plan.Needs()) {
				all = append(all, job.Permissions(job.Asked)...)
			}
		}
	}
	return all, nil
}

// roles are a ClusterRole for what is needed of the whole cluster, and a Role for each namespace, with their bindings.
func (c *rbacCommand) roles(permissions []collector.Permission, subject rbacv1.Subject) (objects []any) {
	byNamespace := make(map[string][]collector.Permission)
	for _, each := range permissions {
		byNamespace[each.Namespace] = append(byNamespace[each.Namespace], each)
	}
	whole := byNamespace[""]
	for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
		meta := metav1.ObjectMeta{Name: c.name, Namespace: namespace}
		if namespace == "" {
			objects = append(objects,
				rbacv1.ClusterRole{TypeMeta: typed("ClusterRole"), ObjectMeta: meta, Rules: rules(whole, nil)},
				rbacv1.ClusterRoleBinding{
					TypeMeta: typed("ClusterRoleBinding"), ObjectMeta: meta, Subjects: []rbacv1.Subject{subject},
					RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: c.name},
				})
			continue
		}
		own := rules(byNamespace[namespace], whole)
		if len(own) == 0 {
			continue
		}
		objects = append(objects, bound(rbacv1.Role{TypeMeta: typed("Role"), ObjectMeta: meta, Rules: own}, subject)...)
	}
	return objects
}

// bound is a role with its binding.
func bound(role rbacv1.Role, subject rbacv1.Subject) []any {
	return []any{role, rbacv1.RoleBinding{
		TypeMeta: typed("RoleBinding"), ObjectMeta: role.ObjectMeta, Subjects: []rbacv1.Subject{subject},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
	}}
}

func typed(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: kind}
}

// rules puts permissions together by API group and verbs, without those that are given anyway.
func rules(permissions, given []collector.Permission) (all []rbacv1.PolicyRule) {
	type key struct{ group, verbs string }
	resources := make(map[key][]string)
	for _, each := range permissions {
		if slices.ContainsFunc(given, func(g collector.Permission) bool {
			return g.Group == each.Group && g.Resource == each.Resource && slices.Equal(g.Verbs, each.Verbs)
		}) {
			continue
		}
		k := key{each.Group, strings.Join(each.Verbs, ",")}
		if !slices.Contains(resources[k], each.Resource) {
			resources[k] = append(resources[k], each.Resource)
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(resources), func(a, b key) int {
		return strings.Compare(a.group+" "+a.verbs, b.group+" "+b.verbs)
	}) {
		slices.Sort(resources[k])
		all = append(all, rbacv1.PolicyRule{APIGroups: []string{k.group}, Resources: resources[k], Verbs: strings.Split(k.verbs, ",")})
	}
	return all
}

package kubernetes

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/watch"
)

// authorizations are roles with wildcards, and whom they are bound to.
func authorizations() join[fact.Authorization] {
	return join[fact.Authorization]{
		kind:  fact.Authorizations(),
		whole: true,
		parts: []part{{"", clusterRoles()}, {"", roles()}, {"", clusterRoleBindings()}, {"", roleBindings()}},
		ask:   askAuthorizer,
		add:   joinAuthorization,
		place: func(cluster, _ string) fact.Authorization { return fact.Authorization{Cluster: cluster} },
	}
}

// A clusterRole is what is kept of a ClusterRole.
type clusterRole struct {
	excess     string // in words, what of it is too much for an application; empty where nothing is
	labels     labels.Set
	aggregates []labels.Selector // of the ClusterRoles whose rules its controller adds to it
}

func clusterRoles() watch.Resource[clusterRole] {
	return watch.Resource[clusterRole]{
		GroupVersionResource: rbacv1.SchemeGroupVersion.WithResource("clusterroles"), Example: &rbacv1.ClusterRole{}, Everywhere: true,
		Keep: func(object any) clusterRole {
			r := object.(*rbacv1.ClusterRole)
			keep := clusterRole{excess: excess(r.Rules), labels: r.Labels}
			if r.AggregationRule == nil {
				return keep
			}
			for i := range r.AggregationRule.ClusterRoleSelectors {
				if selector, err := metav1.LabelSelectorAsSelector(&r.AggregationRule.ClusterRoleSelectors[i]); err == nil {
					keep.aggregates = append(keep.aggregates, selector)
				}
			}
			return keep
		},
	}
}

// excesses are what of each ClusterRole is too much, by its name; with that of the roles that it aggregates, since manifests
// have only their selectors.
func excesses(s *snapshot) map[string]string {
	all, found := make(map[string]clusterRole), make(map[string]string)
	stored(s, clusterRoles()).Each(func(name types.NamespacedName, r clusterRole) { all[name.Name] = r })
	for _, name := range slices.Sorted(maps.Keys(all)) {
		found[name] = all[name].excess
		for _, other := range slices.Sorted(maps.Keys(all)) {
			takes := func(selector labels.Selector) bool { return selector.Matches(all[other].labels) }
			if found[name] == "" && other != name && slices.ContainsFunc(all[name].aggregates, takes) {
				found[name] = all[other].excess
			}
		}
	}
	return found
}

// roles keep in words what of a role is too much for an application; empty where nothing is.

func roles() watch.Resource[string] {
	return watch.Resource[string]{
		GroupVersionResource: rbacv1.SchemeGroupVersion.WithResource("roles"), Example: &rbacv1.Role{}, Everywhere: true,
		Keep: func(object any) string { return excess(object.(*rbacv1.Role).Rules) },
	}
}

// A binding is what is kept of a ClusterRoleBinding or RoleBinding.
type binding struct {
	role     rbacv1.RoleRef
	subjects []rbacv1.Subject
}

func clusterRoleBindings() watch.Resource[binding] {
	return watch.Resource[binding]{
		GroupVersionResource: rbacv1.SchemeGroupVersion.WithResource("clusterrolebindings"),
		Example:              &rbacv1.ClusterRoleBinding{}, Everywhere: true,
		Keep: func(object any) binding {
			b := object.(*rbacv1.ClusterRoleBinding)
			return binding{b.RoleRef, b.Subjects}
		},
	}
}

func roleBindings() watch.Resource[binding] {
	return watch.Resource[binding]{
		GroupVersionResource: rbacv1.SchemeGroupVersion.WithResource("rolebindings"), Example: &rbacv1.RoleBinding{}, Everywhere: true,
		Keep: func(object any) binding {
			b := object.(*rbacv1.RoleBinding)
			return binding{b.RoleRef, b.Subjects}
		},
	}
}

// excess is, in words, which wildcards rules have.
func excess(rules []rbacv1.PolicyRule) string {
	for _, rule := range rules {
		verbs, resources := slices.Contains(rule.Verbs, rbacv1.VerbAll), slices.Contains(rule.Resources, rbacv1.ResourceAll)
		switch {
		case verbs && resources:
			return "every verb on every resource"
		case verbs && len(rule.Resources) > 0:
			return "every verb on " + strings.Join(rule.Resources, ", ")
		case resources:
			return strings.Join(rule.Verbs, ", ") + " on every resource"
		}
	}
	return ""
}

// unheardOf is a permission that no role names, so that only wildcards and the lack of any authorizer grant it.
const unheardOf = "unheard-of.readiness-exporter"

// askAuthorizer finds out whether anything restricts anybody: somebody who is neither bound to a role with wildcards nor
// one of system:masters is then permitted what no role names. RBAC reports by which binding it permits something.
func askAuthorizer(ctx context.Context, c *watch.Connection, _ Target, _ []*snapshot) (any, error) {
	review := &authorizationv1.SelfSubjectAccessReview{
		TypeMeta: metav1.TypeMeta{APIVersion: authorizationv1.SchemeGroupVersion.String(), Kind: "SelfSubjectAccessReview"},
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{Group: unheardOf, Resource: "things", Verb: "use"},
		},
	}
	if err := c.Review(ctx, authorizationv1.SchemeGroupVersion, "selfsubjectaccessreviews", review); err != nil {
		return nil, err
	}
	if !review.Status.Allowed || strings.HasPrefix(review.Status.Reason, "RBAC:") {
		return false, nil
	}
	self := &authenticationv1.SelfSubjectReview{
		TypeMeta: metav1.TypeMeta{APIVersion: authenticationv1.SchemeGroupVersion.String(), Kind: "SelfSubjectReview"},
	}
	if err := c.Review(ctx, authenticationv1.SchemeGroupVersion, "selfsubjectreviews", self); err != nil {
		return nil, err
	}
	return !slices.Contains(self.Status.UserInfo.Groups, "system:masters"), nil
}

func joinAuthorization(s *snapshot, set *fact.Set[fact.Authorization]) {
	open, _ := s.answer.(bool)
	f := fact.Authorization{Cluster: s.target.Cluster.Name, Open: open}
	ofClusterRoles := excesses(s)
	note := func(kind string, name types.NamespacedName, b binding) {
		f.Bindings++
		role, risk := b.role.Kind+" "+b.role.Name, ""
		if b.role.Kind == "ClusterRole" {
			var there bool
			if risk, there = ofClusterRoles[b.role.Name]; !there && b.role.Name == "cluster-admin" {
				risk = "every verb on every resource" // As every cluster has it; manifests need not.
			}
		} else {
			role = b.role.Kind + " " + name.Namespace + "/" + b.role.Name
			risk, _ = stored(s, roles()).Get(name.Namespace, b.role.Name)
		}
		if risk == "" {
			return
		}
		if name.Namespace != "" {
			kind += " " + name.Namespace + "/" + name.Name
		} else {
			kind += " " + name.Name
		}
		for _, subject := range b.subjects {
			if who := s.humble(subject, name.Namespace); who != "" {
				f.Grants = append(f.Grants, fact.Grant{Subject: who, Role: role, Binding: kind, Risk: risk})
			}
		}
	}
	stored(s, clusterRoleBindings()).Each(func(name types.NamespacedName, b binding) { note("ClusterRoleBinding", name, b) })
	stored(s, roleBindings()).Each(func(name types.NamespacedName, b binding) { note("RoleBinding", name, b) })
	if s.planned && f.Bindings == 0 {
		return // Manifests without any report nothing of who may do what.
	}
	slices.SortFunc(f.Grants, func(a, b fact.Grant) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Binding, b.Binding))
	})
	set.Add(f)
}

// humble names a subject that should not be able to do everything: a service account of the system, a default one, and
// groups that everybody is of. It is empty for others.
func (s *snapshot) humble(subject rbacv1.Subject, namespace string) string {
	account := func(in, name string) string {
		if name == "default" || s.planned || s.target.Cluster.Includes(in) && len(s.target.Cluster.Namespaces) > 0 {
			return "ServiceAccount " + in + "/" + name
		}
		return ""
	}
	switch subject.Kind {
	case rbacv1.ServiceAccountKind:
		return account(cmp.Or(subject.Namespace, namespace), subject.Name)
	case rbacv1.UserKind:
		// As the API server names service accounts (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects).
		if qualified, is := strings.CutPrefix(subject.Name, "system:serviceaccount:"); is {
			in, name, _ := strings.Cut(qualified, ":")
			return account(in, name)
		}
		if subject.Name == "system:anonymous" {
			return "User " + subject.Name
		}
	case rbacv1.GroupKind:
		everybody := []string{"system:authenticated", "system:unauthenticated", "system:serviceaccounts"}
		if slices.Contains(everybody, subject.Name) || strings.HasPrefix(subject.Name, "system:serviceaccounts:") {
			return "Group " + subject.Name
		}
	}
	return ""
}

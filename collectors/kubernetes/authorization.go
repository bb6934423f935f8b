package kubernetes

import (
	"cmp"
	"context"
	"slices"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// Authorizations makes the collector of who may do too much.
func (c *Clusters) Authorizations() collector.Collector[Target, fact.Authorization] {
	return gather(c, authorizations())
}

func authorizations() gathering[fact.Authorization] {
	return gathering[fact.Authorization]{
		name:    "kubernetes_authorization",
		summary: "Roles with wildcards, and whom they are bound to.",
		kind:    fact.Authorizations(),
		whole:   true,
		parts:   []part{{"", clusterRoles()}, {"", roles()}, {"", clusterRoleBindings()}, {"", roleBindings()}},
		ask:     askAuthorizer,
		see:     seeAuthorization,
	}
}

// clusterRoles and roles keep in words what of a role is too much for an application; empty where nothing is.
func clusterRoles() resource[string] {
	return resource[string]{
		GroupVersionResource: rbacv1.SchemeGroupVersion.WithResource("clusterroles"), example: &rbacv1.ClusterRole{}, whole: true,
		keep: func(object any) string { return excess(object.(*rbacv1.ClusterRole).Rules) },
	}
}

func roles() resource[string] {
	return resource[string]{
		GroupVersionResource: rbacv1.SchemeGroupVersion.WithResource("roles"), example: &rbacv1.Role{}, whole: true,
		keep: func(object any) string { return excess(object.(*rbacv1.Role).Rules) },
	}
}

// A binding is what is kept of a ClusterRoleBinding or RoleBinding.
type binding struct {
	role     rbacv1.RoleRef
	subjects []rbacv1.Subject
}

func clusterRoleBindings() resource[binding] {
	return resource[binding]{
		GroupVersionResource: rbacv1.SchemeGroupVersion.WithResource("clusterrolebindings"), example: &rbacv1.ClusterRoleBinding{}, whole: true,
		keep: func(object any) binding {
			b := object.(*rbacv1.ClusterRoleBinding)
			return binding{b.RoleRef, b.Subjects}
		},
	}
}

func roleBindings() resource[binding] {
	return resource[binding]{
		GroupVersionResource: rbacv1.SchemeGroupVersion.WithResource("rolebindings"), example: &rbacv1.RoleBinding{}, whole: true,
		keep: func(object any) binding {
			b := object.(*rbacv1.RoleBinding)
			return binding{b.RoleRef, b.Subjects}
		},
	}
}

// excess says in words which wildcards rules have.
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
// one of system:masters is then permitted what no role names. RBAC says by which binding it permits something.
func askAuthorizer(ctx context.Context, c *connection, s *sight) error {
	review := &authorizationv1.SelfSubjectAccessReview{
		TypeMeta: metav1.TypeMeta{APIVersion: authorizationv1.SchemeGroupVersion.String(), Kind: "SelfSubjectAccessReview"},
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{Group: unheardOf, Resource: "things", Verb: "use"},
		},
	}
	if err := c.review(ctx, authorizationv1.SchemeGroupVersion, "selfsubjectaccessreviews", review); err != nil {
		return err
	}
	if !review.Status.Allowed || strings.HasPrefix(review.Status.Reason, "RBAC:") {
		s.asked = false
		return nil
	}
	self := &authenticationv1.SelfSubjectReview{
		TypeMeta: metav1.TypeMeta{APIVersion: authenticationv1.SchemeGroupVersion.String(), Kind: "SelfSubjectReview"},
	}
	if err := c.review(ctx, authenticationv1.SchemeGroupVersion, "selfsubjectreviews", self); err != nil {
		return err
	}
	s.asked = !slices.Contains(self.Status.UserInfo.Groups, "system:masters")
	return nil
}

func seeAuthorization(s *sight) []fact.Authorization {
	open, _ := s.asked.(bool)
	seenAuthorization := fact.Authorization{Cluster: s.target.Cluster.Name, Open: open}
	note := func(kind string, name types.NamespacedName, b binding) {
		seenAuthorization.Bindings++
		role, risk := b.role.Kind+" "+b.role.Name, ""
		if b.role.Kind == "ClusterRole" {
			var there bool
			if risk, there = seen(s, clusterRoles()).of("", b.role.Name); !there && b.role.Name == "cluster-admin" {
				risk = "every verb on every resource" // As every cluster has it; manifests need not.
			}
		} else {
			role = b.role.Kind + " " + name.Namespace + "/" + b.role.Name
			risk, _ = seen(s, roles()).of(name.Namespace, b.role.Name)
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
				seenAuthorization.Grants = append(seenAuthorization.Grants, fact.Grant{Subject: who, Role: role, Binding: kind, Risk: risk})
			}
		}
	}
	seen(s, clusterRoleBindings()).each(func(name types.NamespacedName, b binding) { note("ClusterRoleBinding", name, b) })
	seen(s, roleBindings()).each(func(name types.NamespacedName, b binding) { note("RoleBinding", name, b) })
	if s.planned && seenAuthorization.Bindings == 0 {
		return nil // Manifests without any say nothing of who may do what.
	}
	slices.SortFunc(seenAuthorization.Grants, func(a, b fact.Grant) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Binding, b.Binding))
	})
	return []fact.Authorization{seenAuthorization}
}

// humble names a subject that should not be able to do everything: a service account of the system, a default one, and
// groups that everybody is of. It is empty for others.
func (s *sight) humble(subject rbacv1.Subject, namespace string) string {
	switch subject.Kind {
	case rbacv1.ServiceAccountKind:
		in := cmp.Or(subject.Namespace, namespace)
		if subject.Name == "default" || s.planned || s.target.Cluster.Includes(in) && len(s.target.Cluster.Namespaces) > 0 {
			return "ServiceAccount " + in + "/" + subject.Name
		}
	case rbacv1.UserKind:
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

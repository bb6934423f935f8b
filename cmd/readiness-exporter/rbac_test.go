package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// A leastPrivileged cluster is read by a service account that may do what the rbac command prints, and nothing else.
type leastPrivileged struct {
	cluster *world.Cluster
	objects dynamic.Interface
	program *program
	account rbacv1.Subject
}

// TestNothingBeyondThePrintedRolesIsAskedFor binds a service account to exactly the printed roles: then nothing is denied,
// so that nothing else is asked for. Then it takes one resource after the other away: just the items that need it become
// unknown, and say its name.
func TestNothingBeyondThePrintedRolesIsAskedFor(t *testing.T) {
	t.Parallel()
	l := newLeastPrivileged(t)
	for _, each := range l.printed(t) {
		create(t, l.objects, each)
	}
	permissions, err := l.program.permissions(t.Context())
	require.NoError(t, err)
	var sound map[string]check.Result
	require.EventuallyWithT(t, func(c *assert.CollectT) { // The API server learns of roles within moments.
		sound = l.judge(c)
		require.Empty(c, denied(sound, ""))
	}, 2*time.Minute, time.Second)

	plan := l.plan(t)
	for _, taken := range resourcesOf(permissions) {
		t.Run(taken, func(t *testing.T) {
			// What these add is why a certificate was not issued; that it was not is known without them.
			courtesies := []string{
				"certificaterequests.cert-manager.io", "challenges.acme.cert-manager.io", "orders.acme.cert-manager.io",
			}
			var wanted []string
			if !slices.Contains(courtesies, taken) {
				wanted = l.needing(t, plan, sound, taken)
				require.NotEmpty(t, wanted)
			}
			back := l.take(t, taken)
			defer back()
			resource, _, _ := strings.Cut(taken, ".")
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				now := l.judge(c)
				require.Equal(c, wanted, denied(now, resource))
				for id, result := range now {
					if !slices.Contains(wanted, id) {
						require.Equal(c, sound[id].Status, result.Status, id)
					}
				}
			}, 2*time.Minute, 200*time.Millisecond)
		})
	}
}

func newLeastPrivileged(t *testing.T) *leastPrivileged {
	t.Helper()
	cluster := servers.NewKubernetes(t)
	namespace := cluster.Namespace(t)
	objects, err := dynamic.NewForConfig(cluster.Config)
	require.NoError(t, err)
	l := &leastPrivileged{cluster: cluster, objects: objects}
	paths, err := filepath.Glob("../../test/items/crds/*.yaml")
	require.NoError(t, err)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, each := range world.Objects(t, content) {
			create(t, l.objects, each)
		}
	}
	content, err := os.ReadFile("../../test/items/base/shop.yaml")
	require.NoError(t, err)
	for _, each := range world.Objects(t, bytes.ReplaceAll(content, []byte("$NAMESPACE"), []byte(namespace))) {
		each.SetNamespace(namespace)
		create(t, l.objects, each)
	}
	accounts := cluster.Client.CoreV1().ServiceAccounts(namespace)
	_, err = accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "exporter"}}, metav1.CreateOptions{})
	require.NoError(t, err)
	l.account = rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Name: "exporter", Namespace: namespace}
	token, err := accounts.CreateToken(t.Context(), "exporter", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
systems:
  - name: shop
    environment: production
    discovery: {images: false}
    kubernetes:
      - {name: main, kubeconfig: %s, namespaces: [%s], tls_secrets: true, secret_values: true}
`, kubeconfigOf(t, cluster.Config, token.Status.Token), namespace), 0o600))
	l.program = &program{stderr: io.Discard, common: commonFlags{
		configFile: config, rootFS: "/", maxRuns: 64, maxRunsPerServer: 64, logLevel: "error", logFormat: "logfmt",
	}}
	return l
}

func kubeconfigOf(t *testing.T, of *rest.Config, token string) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["main"] = &clientcmdapi.Cluster{Server: of.Host, CertificateAuthorityData: of.CAData, CertificateAuthority: of.CAFile}
	config.AuthInfos["main"] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts["main"] = &clientcmdapi.Context{Cluster: "main", AuthInfo: "main"}
	config.CurrentContext = "main"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, clientcmd.WriteToFile(*config, path))
	return path
}

func create(t *testing.T, client dynamic.Interface, object *unstructured.Unstructured) {
	t.Helper()
	resource, _ := meta.UnsafeGuessKindToResource(object.GroupVersionKind())
	_, err := client.Resource(resource).Namespace(object.GetNamespace()).Create(t.Context(), object, metav1.CreateOptions{})
	require.NoError(t, err, object.GetKind())
}

// printed are the roles and bindings of the command.
func (l *leastPrivileged) printed(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	var out bytes.Buffer
	printing := *l.program
	printing.stdout = &out
	command := rbacCommand{name: "exporter", serviceAccount: l.account.Namespace + "/" + l.account.Name}
	status, err := command.run(t.Context(), &printing)
	require.NoError(t, err)
	require.Equal(t, exitReady, status)
	return world.Objects(t, out.Bytes())
}

// judge collects once, and gives the results of all items.
func (l *leastPrivileged) judge(t require.TestingT) map[string]check.Result {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	assessments, err := l.program.collectOnce(ctx, nil, nil)
	require.NoError(t, err)
	results := make(map[string]check.Result)
	for i, result := range assessments[0].Results {
		if !assessments[0].Plan.Items[i].Composite() {
			results[result.Check] = result
		}
	}
	return results
}

// denied are the items of which something was denied that is told by the name of a resource.
func denied(results map[string]check.Result, resource string) (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(results)) {
		if slices.ContainsFunc(results[id].Problems, func(p check.Problem) bool {
			return p.Cause == fact.ReasonDenied && strings.Contains(p.Detail, resource)
		}) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (l *leastPrivileged) plan(t *testing.T) *assess.Plan {
	t.Helper()
	_, libraries := l.program.logger()
	s := l.program.setUp(libraries, service{})
	defer s.close()
	loaded, err := l.program.load(t.Context(), s)
	require.NoError(t, err)
	return loaded.Plans[0]
}

// resourcesOf names what is watched, as resource.group.
func resourcesOf(permissions []collector.Permission) (names []string) {
	for _, each := range permissions {
		if slices.Contains(each.Verbs, "watch") {
			names = append(names, strings.TrimSuffix(each.Resource+"."+each.Group, "."))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// needing are the items on facts that a resource is needed for.
func (l *leastPrivileged) needing(t *testing.T, plan *assess.Plan, sound map[string]check.Result, resource string) (ids []string) {
	t.Helper()
	_, libraries := l.program.logger()
	s := l.program.setUp(libraries, service{})
	defer s.close()
	for i := range plan.Items {
		waits := func(p check.Problem) bool { return p.Reason == "not_declared" }
		if slices.ContainsFunc(sound[plan.Items[i].Item.ID].Problems, waits) {
			continue // It waits for a declaration, and not for facts.
		}
		needs := fact.Needs{Topics: make(fact.Topics)}
		for bound := range plan.Items[i].Rule.Clause.Bounds() {
			for _, kind := range bound.FactKinds { // What is only read may be missing.
				needs.Add(kind, bound.Needs.Topics[kind])
			}
		}
		for _, each := range s.collectors {
			for _, job := range each.Jobs(plan.System, needs) {
				// Without a target, whether there is one is what a discovery tells.
				now := time.Now()
				waiting := fact.NewView([]*fact.Run{{Target: job.Target, Discovers: job.Discovers}}, now)
				sought := plan.Items[i].Rule.Judge(waiting, plan.System, now).Status == check.Unknown &&
					slices.ContainsFunc(sound[plan.Items[i].Item.ID].Problems, func(p check.Problem) bool { return p.Level == check.Undeclared })
				if (sought || len(needs.Topics.Only(each.Describe().Yields)) > 0) && slices.Contains(resourcesOf(job.Permissions(job.Asked)), resource) {
					ids = append(ids, plan.Items[i].Item.ID)
				}
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// take removes a resource from the roles, until it is given back.
func (l *leastPrivileged) take(t *testing.T, resource string) (back func()) {
	t.Helper()
	name, group, _ := strings.Cut(resource, ".")
	without := func(rules []rbacv1.PolicyRule) (left []rbacv1.PolicyRule) {
		for _, rule := range rules {
			if slices.Contains(rule.APIGroups, group) {
				rule.Resources = slices.DeleteFunc(slices.Clone(rule.Resources), func(r string) bool { return r == name })
			}
			if len(rule.Resources) > 0 {
				left = append(left, rule)
			}
		}
		return left
	}
	roles, clusterRoles := l.cluster.Client.RbacV1().Roles(l.account.Namespace), l.cluster.Client.RbacV1().ClusterRoles()
	role, err := roles.Get(t.Context(), "exporter", metav1.GetOptions{})
	require.NoError(t, err)
	clusterRole, err := clusterRoles.Get(t.Context(), "exporter", metav1.GetOptions{})
	require.NoError(t, err)
	set := func(ofNamespace, ofCluster []rbacv1.PolicyRule) {
		role.Rules, clusterRole.Rules = ofNamespace, ofCluster
		role, err = roles.Update(t.Context(), role, metav1.UpdateOptions{})
		require.NoError(t, err)
		clusterRole, err = clusterRoles.Update(t.Context(), clusterRole, metav1.UpdateOptions{})
		require.NoError(t, err)
	}
	given, givenOfCluster := role.Rules, clusterRole.Rules
	set(without(given), without(givenOfCluster))
	return func() { set(given, givenOfCluster) }
}

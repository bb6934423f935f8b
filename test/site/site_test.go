// Package site_test holds the items that a web site answers to tables of worlds: README.md explains them.
package site_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubernetesyaml "sigs.k8s.io/yaml"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/test/judging"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// A table describes one item; README.md explains the form.
type table struct {
	Item  string
	Site  string
	Files map[string]string
	// Repository has the files of a git repository; none: there is no repository.
	Repository map[string]string
	// Ingresses are those of a cluster, each in its namespace and with the status that a controller would report.
	Ingresses []map[string]any
	// Vantage is a vantage point, of which another exporter has collected the same; empty: there is none.
	Vantage string
	System  map[string]any
	Worlds  []scene
}

// A scene is one world of a table. The first passes.
type scene struct {
	Name    string
	Expect  string
	Reasons []string
	Change  map[string]string
	From    map[string]string // of the site, as it is met from the vantage point
	Also    []string
}

// TestEveryItemPassesAndBreaksInItsOwnWay wants of the item what the table says, and of every other item what it is in the
// first world.
func TestEveryItemPassesAndBreaksInItsOwnWay(t *testing.T) {
	for _, each := range world.Tables(t, func(read table) string { return read.Item }) {
		t.Run(each.Item, func(t *testing.T) {
			require.GreaterOrEqual(t, len(each.Worlds), 2, "one world that passes, and one that is broken")
			require.Equal(t, "pass", each.Worlds[0].Expect, "the first world passes")
			var sound map[string]check.Result
			for i, scene := range each.Worlds {
				t.Run(scene.Name, func(t *testing.T) {
					found := judge(t, each, scene)
					result := found[each.Item]
					require.Equal(t, scene.Expect, result.Status.String(), "%+v", result.Problems)
					var reasons []string
					for _, problem := range result.Problems {
						reasons = append(reasons, problem.Reason)
					}
					slices.Sort(reasons)
					require.Equal(t, scene.Reasons, slices.Compact(reasons), "%+v", result.Problems)
					if i == 0 {
						sound = found
					}
					for id := range sound {
						changed := id != each.Item && found[id].Status != sound[id].Status
						require.Equal(t, slices.Contains(scene.Also, id), changed, "%s: %s, then %s: %+v",
							id, sound[id].Status, found[id].Status, found[id].Problems)
					}
				})
			}
		})
	}
}

// judge makes a world, and has it judged once by all that there is.
func judge(t *testing.T, of table, scene scene) map[string]check.Result {
	t.Helper()
	dir := t.TempDir()
	ca := world.NewCA(t, world.Spec{})
	ca.WriteRoot(t, dir, "ca.pem")
	ca.Issue(t, world.Spec{DNSNames: []string{"shop.example.com"}, Key: world.RSA2048}).Write(t, dir, "site")
	for name, text := range of.Files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	base, err := os.ReadFile("base.conf")
	require.NoError(t, err)
	described, err := yaml.Marshal(map[string]any{"systems": []any{of.System}})
	require.NoError(t, err)
	routes, err := yaml.Marshal(of.Ingresses)
	require.NoError(t, err)
	texts := []string{string(base) + of.Site, string(described), string(routes)}
	for _, old := range slices.Sorted(maps.Keys(scene.Change)) {
		other := scene.Change[old]
		before := strings.Join(texts, "")
		for i := range texts {
			texts[i] = strings.ReplaceAll(texts[i], old, other)
		}
		require.NotEqual(t, before, strings.Join(texts, ""), "the world has no %q", old)
	}
	site, description := strings.ReplaceAll(texts[0], "$DIR", dir), strings.ReplaceAll(texts[1], "$DIR", dir)
	if len(of.Repository) > 0 {
		g := world.NewGit(t)
		g.Commit(time.Now().Add(-time.Hour), of.Repository)
		description = strings.ReplaceAll(description, "$REPOSITORY", g.Dir)
	}
	if of.Vantage != "" {
		elsewhere := newVantagePoint(t, of.Vantage)
		description = strings.ReplaceAll(description, "$VANTAGE", elsewhere.url)
		other := site
		for old, text := range scene.From {
			require.Contains(t, other, old)
			other = strings.ReplaceAll(other, old, text)
		}
		t.Run("from "+of.Vantage, func(t *testing.T) {
			servers.Nginx(t, dir, "203.0.113.10:443", other)
			elsewhere.collect(t, dir, description)
		})
	}
	servers.Nginx(t, dir, "203.0.113.10:443", site)
	if len(of.Ingresses) > 0 {
		kubeconfig, namespace := cluster(t, texts[2])
		description = strings.NewReplacer("$KUBECONFIG", kubeconfig, "$NAMESPACE", namespace).Replace(description)
	}
	return judgeDescribed(t, filepath.Join(dir, "config.yml"), description)
}

// cluster makes Ingresses in a namespace of their own.
func cluster(t *testing.T, described string) (kubeconfig, namespace string) {
	t.Helper()
	shared := servers.Kubernetes(t)
	namespace = shared.Namespace(t)
	var all []networkingv1.Ingress
	require.NoError(t, kubernetesyaml.UnmarshalStrict([]byte(described), &all))
	ingresses := shared.Client.NetworkingV1().Ingresses(namespace)
	for _, each := range all {
		made, err := ingresses.Create(t.Context(), &each, metav1.CreateOptions{})
		require.NoError(t, err)
		made.Status = each.Status
		_, err = ingresses.UpdateStatus(t.Context(), made, metav1.UpdateOptions{})
		require.NoError(t, err)
	}
	return shared.Kubeconfig, namespace
}

func judgeDescribed(t *testing.T, file, description string) map[string]check.Result {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(description), 0o600))
	all, closeAll := collectors.All(collectors.Options{})
	defer closeAll()
	loaded, err := config.Load(file, config.Options{Kinds: checks.All(), Collectors: all})
	require.NoError(t, err)
	return judging.Once(t, loaded, all)
}

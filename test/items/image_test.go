package items_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// imageTables has the items on what a registry holds of the images of workloads. The registry, whose port is another each time, holds all
// that the worlds name; they differ in which image the workload has.
func imageTables(t *testing.T) []table {
	t.Helper()
	registry := world.NewRegistry(t)
	noise := make([]byte, 4000)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise) // It never fails.
	push := func(as string, images ...world.Image) object {
		reference, _ := registry.Push(t, as, images...)
		return runs(reference)
	}
	base := map[string]string{"etc/os-release": "ID=shop"}
	sound := push("shop/api:1.0.0", world.Image{Platform: "linux/amd64", Layers: []map[string]string{base, {"app/api": "program"}}},
		world.Image{Platform: "linux/arm64", Layers: []map[string]string{base, {"app/api": "other program"}}})
	with := func(as string, files map[string]string) object {
		return push(as, world.Image{Layers: []map[string]string{base, files}})
	}
	system := map[string]any{
		"discovery":  map[string]any{"images": true},
		"registries": []any{map[string]any{"host": registry.Addr, "plain_http": true}},
		"checks":     map[string]any{"image.size": map[string]any{"parameters": map[string]any{"maximum_size": "3KB"}}},
	}
	follows := []string{"image.size", "image.no-dev-dependencies"} // Nothing is known of what cannot be pulled.
	passes := scene{Name: "the image is as it should be", Expect: "pass", Change: []object{sound}}
	return []table{
		{Item: "image.builds", Base: []string{"shop.yaml"}, System: system, Worlds: []scene{
			passes,
			{
				Name: "the tag was removed from the registry", Expect: "fail", Reasons: []string{"not_in_registry"}, Also: follows,
				Change: []object{runs(registry.Addr + "/shop/api:0.9.0")},
			},
			{
				Name: "it is built for other machines", Expect: "fail", Reasons: []string{"wrong_platform"}, Also: follows,
				Change: []object{push("shop/api:arm", world.Image{Platform: "linux/arm64", Layers: []map[string]string{base}})},
			},
		}},
		{Item: "image.no-dev-dependencies", Base: []string{"shop.yaml"}, System: system, Worlds: []scene{
			passes,
			{
				Name: "a compiler was left", Expect: "fail", Reasons: []string{"compiler"},
				Change: []object{with("shop/api:gcc", map[string]string{"*usr/bin/gcc": "program"})},
			},
			{
				Name: "what npm needs for development was installed", Expect: "fail", Reasons: []string{"dev_dependency"},
				Change: []object{with("shop/api:npm", map[string]string{
					"app/package.json": `{"devDependencies":{"eslint":"9"}}`, "app/node_modules/eslint/package.json": "{}",
				})},
			},
			{
				Name: "a file with secrets was copied, and removed by a later layer", Expect: "fail", Reasons: []string{"environment_file"},
				Change: []object{push("shop/api:env", world.Image{Layers: []map[string]string{base, {"app/.env": "A=b"}, {"app/.wh..env": ""}}})},
			},
		}},
		{Item: "image.size", Base: []string{"shop.yaml"}, System: system, Worlds: []scene{
			passes,
			{
				Name: "a file is large", Expect: "fail", Reasons: []string{"too_big"},
				Change: []object{with("shop/api:large", map[string]string{"app/model": string(noise)})},
			},
		}},
	}
}

// runs changes the image of the workload.
func runs(image string) object {
	return object{"kind": "Deployment", "metadata": map[string]any{"name": "api"}, "spec": map[string]any{"template": map[string]any{
		"spec": map[string]any{"containers": []any{map[string]any{
			"name": "api", "image": image, "ports": []any{map[string]any{"name": "http", "containerPort": int64(8080)}},
			"envFrom": []any{
				map[string]any{"configMapRef": map[string]any{"name": "settings"}}, map[string]any{"secretRef": map[string]any{"name": "database"}},
			},
			"resources": map[string]any{
				"requests": map[string]any{"cpu": "100m", "memory": "64Mi"}, "limits": map[string]any{"cpu": "500m", "memory": "128Mi"},
			},
			"readinessProbe": map[string]any{"httpGet": map[string]any{"path": "/ready", "port": "http"}},
			"livenessProbe":  map[string]any{"httpGet": map[string]any{"path": "/live", "port": "http"}},
		}}},
	}}}
}

// TestEveryItemOnImagesPassesAndBreaks has a real registry beside the real API server.
func TestEveryItemOnImagesPassesAndBreaks(t *testing.T) {
	stage := newStage(t)
	ofWhole := itemsOf(t, fact.Clusters().Name, fact.Components().Name, fact.Issuers().Name, fact.Authorizations().Name)
	var tabled []string
	for _, each := range imageTables(t) {
		tabled = append(tabled, each.Item)
		t.Run(each.Item, func(t *testing.T) {
			var sound map[string]string
			for i, scene := range each.Worlds {
				passed := t.Run(scene.Name, func(t *testing.T) {
					played := stage.play(t, each, scene)
					played.shared = ofWhole
					if i == 0 {
						sound = played.passes(t, each.Item)
						return
					}
					played.breaks(t, each.Item, scene, sound)
				})
				if i == 0 && !passed {
					return
				}
			}
		})
	}
	for _, id := range itemsOf(t, fact.Images().Name) {
		require.Contains(t, tabled, id)
	}
}

package checks_test

import "github.com/readiness-exporter/readiness-exporter/internal/fact"

// imageWorlds has what registries hold.
func imageWorlds() map[string]world {
	of := func(reference string, edits ...func(*fact.Image)) fact.AnySet {
		i := fact.Image{
			Reference: reference, Discovered: true, Wanted: []string{"linux/amd64"}, Offers: []string{"linux/amd64"}, Digest: "sha256:1",
			Builds: []fact.ImageBuild{{Platform: "linux/amd64", Layers: 2, Compressed: 1e6, Unpacked: 3e6}},
		}
		for _, edit := range edits {
			edit(&i)
		}
		return facts(fact.Images(), i)
	}
	const good, bad = "registry.example.com/shop/api:1.0.0", "registry.example.com/shop/web:1.0.0"
	return map[string]world{
		"image_availability": {
			good: []fact.AnySet{of(good)}, bad: []fact.AnySet{of(bad, func(i *fact.Image) { i.Wanted = []string{"linux/arm64"} })},
		},
		"image_contents": {
			good: []fact.AnySet{of(good)},
			bad: []fact.AnySet{of(bad, func(i *fact.Image) {
				i.Builds[0].Findings = []fact.ImageFinding{{Rule: fact.RuleCompilers, Layer: 1, Paths: []string{"usr/bin/gcc"}}}
			})},
		},
	}
}

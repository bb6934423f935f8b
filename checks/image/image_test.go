package image_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/image"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

var now = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

const api = "registry.example.com/shop/api:1.0.0"

func held(edits ...func(*fact.Image)) fact.AnySet {
	i := fact.Image{
		Reference: api, Wanted: []string{"linux/amd64"}, Offers: []string{"linux/amd64"},
		Builds: []fact.ImageBuild{{Platform: "linux/amd64", Layers: 3}},
	}
	for _, edit := range edits {
		edit(&i)
	}
	return checktest.Facts(fact.Images(), i)
}

func trouble(of fact.ImageTrouble) func(*fact.Image) {
	return func(i *fact.Image) { i.Trouble, i.Offers, i.Builds = of, nil, nil }
}

func TestAvailability(t *testing.T) {
	for _, c := range []struct {
		name string
		set  fact.AnySet
		want []checktest.Finding
	}{
		{"an image for the wanted platform passes", held(), nil},
		{"one for more platforms passes", held(func(i *fact.Image) { i.Offers = []string{"linux/amd64", "linux/arm64"} }), nil},
		{"where no platform is known, any does", held(func(i *fact.Image) { i.Wanted = nil }), nil},
		{"one that is not held fails", held(trouble(fact.ImageAbsent)), checktest.One("not_in_registry", check.Fail, "The image "+api+" cannot be pulled: its registry does not hold it.")},
		{"one of schema 1 fails", held(trouble(fact.ImageObsolete)), checktest.One("obsolete_manifest", check.Fail, "The image "+api+" cannot be pulled: its manifest is of schema 1.")},
		{"a chart fails", held(trouble(fact.ImageForeign)), checktest.One("no_container_image", check.Fail, "The image "+api+" cannot be pulled: it is no image of a container.")},
		{"one without a layer fails", held(trouble(fact.ImageIncomplete)), checktest.One("incomplete", check.Fail, "The image "+api+" cannot be pulled: its registry does not hold all of its parts.")},
		{"a reference that is none fails", held(trouble(fact.ImageMalformed)), checktest.One("malformed_reference", check.Fail, "The image "+api+" cannot be pulled: the reference names no image.")},
		{
			"one for another platform fails", held(func(i *fact.Image) { i.Offers, i.Builds = []string{"linux/arm64"}, nil }),
			checktest.One("wrong_platform", check.Fail, "The image "+api+" is built for linux/arm64, and not for linux/amd64."),
		},
		{"files do not matter", held(func(i *fact.Image) { i.Missing = []string{fact.TopicContents} }), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := checktest.Case{Kind: image.Availability(), Now: now, Sets: []fact.AnySet{c.set}}
			require.Equal(t, c.want, asked.Judge(t))
		})
	}
}

func finding(f fact.ImageFinding) fact.AnySet {
	return held(func(i *fact.Image) { i.Builds[0].Findings = []fact.ImageFinding{f} })
}

func TestContents(t *testing.T) {
	const layer = "Layer 2 of 3 of the image " + api + " holds "
	for _, c := range []struct {
		name string
		set  fact.AnySet
		want []checktest.Finding
	}{
		{"nothing passes", held(), nil},
		{
			"a compiler fails", finding(fact.ImageFinding{Rule: fact.RuleCompilers, Layer: 2, Paths: []string{"usr/bin/gcc"}}),
			checktest.One("compiler", check.Fail, layer+"usr/bin/gcc."),
		},
		{
			"one that a later layer removes fails", finding(fact.ImageFinding{Rule: fact.RulePrivateKeys, Layer: 2, Paths: []string{"app/tls.key"}, Deleted: true}),
			checktest.One("private_key", check.Fail, layer+"app/tls.key. A later layer removes it, which leaves it in the image."),
		},
		{
			"of many the first are named", finding(fact.ImageFinding{Rule: fact.RulePackageCaches, Layer: 2, Paths: []string{"a", "b", "c", "d", "e"}, More: 7}),
			checktest.One("package_cache", check.Fail, layer+"a, b, c and 9 more."),
		},
		{
			"what is the same for two platforms is one",
			held(func(i *fact.Image) {
				f := []fact.ImageFinding{{Rule: fact.RuleGitDirectory, Layer: 2, Paths: []string{"app/.git/HEAD"}}}
				i.Builds = []fact.ImageBuild{{Platform: "linux/amd64", Layers: 3, Findings: f}, {Platform: "linux/arm64", Layers: 3, Findings: f}}
			}),
			checktest.One("git_directory", check.Fail, layer+"app/.git/HEAD."),
		},
		{
			"of one that cannot be pulled nothing is judged", held(trouble(fact.ImageAbsent)),
			checktest.One("no_image", check.Undeclared, "The system has no image that the item is about."),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := checktest.Case{Kind: image.Contents(), Now: now, Sets: []fact.AnySet{c.set}}
			require.Equal(t, c.want, asked.Judge(t))
		})
	}
}

package system_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func imagesOf(all ...*fact.DiscoveredImage) *fact.Set[fact.DiscoveredImage] {
	return &fact.Set[fact.DiscoveredImage]{Facts: all}
}

func discoveredImage(workload, image string, platforms ...string) *fact.DiscoveredImage {
	return &fact.DiscoveredImage{Cluster: "main", Namespace: "shop", Kind: "Deployment", Name: workload, Image: image, Platforms: platforms}
}

func inShop() *system.System {
	return &system.System{Name: "shop", Environment: "production", Kubernetes: []system.Cluster{{Name: "main", Namespaces: []string{"shop"}}}}
}

func TestImagesOfWorkloadsBecomeTargets(t *testing.T) {
	found, changed := system.Discovered{}.NoteImages("main", imagesOf(
		discoveredImage("api", "registry.example.com/api:1", "linux/amd64"), discoveredImage("jobs", "registry.example.com/api:1", "linux/arm64", "linux/amd64"),
		discoveredImage("web", "registry.example.com/web:1"),
	))
	require.True(t, changed)
	effective := system.Effective(inShop(), found)
	require.Equal(t, []system.Image{
		{
			Reference: "registry.example.com/api:1", Platforms: []string{"linux/amd64", "linux/arm64"},
			Found: &system.Found{Source: "Deployment shop/api in main"},
		},
		{Reference: "registry.example.com/web:1", Found: &system.Found{Source: "Deployment shop/web in main"}},
	}, effective.Images)
	require.Empty(t, effective.Images[1].WantedPlatforms(), "where no platform is known, none is guessed")

	own := inShop()
	own.Images = []system.Image{{Reference: "registry.example.com/api:1"}}
	effective = system.Effective(own, found)
	require.Len(t, effective.Images, 2)
	require.Nil(t, effective.Images[0].Found, "a declaration wins")
	require.Equal(t, []string{"linux/amd64"}, effective.Images[0].WantedPlatforms())

	no := false
	off := inShop()
	off.Discovery.Images = &no
	require.Empty(t, system.Effective(off, found).Images)
	elsewhere := inShop()
	elsewhere.Kubernetes[0].Namespaces = []string{"other"}
	require.Empty(t, system.Effective(elsewhere, found).Images, "what is declared no more is not asked any more")
	require.Empty(t, system.Effective(elsewhere, found.Of(elsewhere)).Images)
}

func TestImagesThatNoWorkloadNamesGoAtOnceUnlessItIsNotKnown(t *testing.T) {
	before := discoveredImage("api", "registry.example.com/api:1")
	all, _ := system.Discovered{}.NoteImages("main", imagesOf(before))
	_, changed := all.NoteImages("main", imagesOf(before))
	require.False(t, changed)
	next, changed := all.NoteImages("main", imagesOf(discoveredImage("api", "registry.example.com/api:2")))
	require.True(t, changed)
	require.Equal(t, "registry.example.com/api:2", system.Effective(inShop(), next).Images[0].Reference)
	require.Len(t, system.Effective(inShop(), next).Images, 1)

	partly := imagesOf(discoveredImage("web", "registry.example.com/web:1"))
	partly.Unavailable = []fact.Unavailable[fact.DiscoveredImage]{{Subject: "main/shop", Reason: fact.ReasonDenied}}
	next, _ = all.NoteImages("main", partly)
	require.Len(t, system.Effective(inShop(), next).Images, 2, "what the run could not tell of stays")

	hosts, _ := all.Note("main", setOf(discoveredHost("shop.contoso.com")), time.Unix(0, 0))
	require.Len(t, system.Effective(inShop(), hosts).Images, 1, "hosts leave images as they are")
}

func TestOfTooManyImagesOneStandsForTheRest(t *testing.T) {
	var many []*fact.DiscoveredImage
	for i := range 205 {
		many = append(many, discoveredImage(fmt.Sprint("w", i), fmt.Sprintf("registry.example.com/w:%03d", i)))
	}
	all, _ := system.Discovered{}.NoteImages("main", imagesOf(many...))
	images := system.Effective(inShop(), all).Images
	require.Len(t, images, 201)
	require.Equal(t, 5, images[200].Found.Beyond)
	require.Error(t, images[200].Found.OverLimit())
}

func TestRegistriesAreThoseThatImagesName(t *testing.T) {
	s := &system.System{Registries: []system.Registry{{Host: "docker.io", CAFile: "/a"}, {Host: "registry.example.com:5000", CAFile: "/b"}}}
	for image, want := range map[string]string{
		"nginx": "docker.io", "docker.io/library/nginx:1": "docker.io", "registry.example.com:5000/a/b": "registry.example.com:5000",
		"registry.example.com/a": "registry.example.com", "localhost:5000/a": "localhost:5000",
	} {
		registry, declared, valid := s.RegistryOf(image)
		require.True(t, valid, image)
		require.Equal(t, want, registry.Host, image)
		require.Equal(t, registry.CAFile != "", declared, image)
	}
	_, _, valid := s.RegistryOf("Nginx:1")
	require.False(t, valid)
}

func TestMistakesOfImagesAndRegistries(t *testing.T) {
	s := inShop()
	s.Images = []system.Image{
		{Reference: "shop/Api"}, {Reference: "a", Platforms: []string{"amd64"}}, {Reference: "b", Platforms: []string{"linux/arm/v7"}}, {Reference: "a"},
	}
	s.Registries = []system.Registry{
		{Host: "https://registry.example.com"}, {Host: "a", PlainHTTP: true, CAFile: "/ca.pem", DockerConfigFile: "config.json", LeadsTo: []string{"a b"}},
	}
	var all []string
	for _, each := range s.Validate(nil, time.Unix(0, 0)) {
		all = append(all, each.Message)
	}
	require.Equal(t, []string{
		`reference "shop/Api": expected an image such as registry.example.com/shop/api:1.4.2`,
		`platform "amd64": expected one such as linux/amd64 or linux/arm64`,
		`platform "linux/arm/v7": expected one such as linux/amd64 or linux/arm64`,
		`reference "a" stands twice: entry 2 has it already`,
		`host "https://registry.example.com": expected a host, with a port where images name one, such as registry.example.com:5000`,
		`docker_config_file "config.json": expected an absolute path`,
		`ca_file goes with TLS: leave out plain_http`,
		`leads_to "a b": expected a host such as storage.example.com or storage.example.com:9000`,
	}, all)
}

package system

import (
	"cmp"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// An Image is one that the system runs where no declared cluster names it, such as that of a service of Docker Compose.
type Image struct {
	Reference string `yaml:"reference"` // registry.example.com/shop/api:1.4.2, as docker pull takes it
	// Platforms are those of the machines that it runs on; default: linux/amd64.
	Platforms []string `yaml:"platforms,omitempty"`
	// Found is where it was discovered; nil: it is declared.
	Found *Found `yaml:"-"`
}

// defaultPlatform is that of most servers.
const defaultPlatform = "linux/amd64"

// WantedPlatforms are those that the image must run on; empty where that is not known.
func (i Image) WantedPlatforms() []string {
	if len(i.Platforms) == 0 && i.Found == nil {
		return []string{defaultPlatform}
	}
	return i.Platforms
}

func (i Image) identity() (string, string) { return "reference", i.Reference }

func (i Image) validate(list *mistake.List, path []any) {
	if _, err := reference.ParseDockerRef(i.Reference); err != nil {
		list.Add(mistake.At(path, "reference"), "reference %q: expected an image such as registry.example.com/shop/api:1.4.2", i.Reference)
	}
	for at, platform := range i.Platforms {
		system, architecture, whole := strings.Cut(platform, "/")
		if !whole || system == "" || architecture == "" || strings.Contains(architecture, "/") || strings.ToLower(platform) != platform {
			list.Add(mistake.At(path, "platforms", at), "platform %q: expected one such as linux/amd64 or linux/arm64", platform)
		}
	}
	if len(i.Platforms) > maximumPlatforms {
		list.Add(mistake.At(path, "platforms"), "expected %d platforms at most", maximumPlatforms)
	}
}

// maximumPlatforms is how many platforms are collected of one image.
const maximumPlatforms = 8

// A Registry is one that images are pulled from, and that takes more than its name to be asked.
type Registry struct {
	Host string `yaml:"host"` // as images name it, with its port: registry.example.com:5000; docker.io for Docker Hub
	// DockerConfigFile is a file as docker login writes it, and as Secrets of type kubernetes.io/dockerconfigjson hold it: with what
	// the registry is logged in to. Programs that it names to ask for passwords are not run.
	DockerConfigFile string `yaml:"docker_config_file,omitempty"`
	// CAFile is a PEM file of the authorities that may sign for the registry; default: the public ones.
	CAFile    string `yaml:"ca_file,omitempty"`
	PlainHTTP bool   `yaml:"plain_http,omitempty"` // it speaks no TLS
	// LeadsTo are other hosts that it sends clients to, for tokens or layers, with a port where it is not 443. They need to be named
	// where they are at private addresses, are to be asked through a proxy, or are certified by ca_file alone.
	LeadsTo []string `yaml:"leads_to,omitempty"`
}

func (r Registry) identity() (string, string) { return "host", r.Host }

func (r Registry) validate(list *mistake.List, path []any) {
	if !isHost(r.Host) && !isAddress(r.Host) {
		list.Add(mistake.At(path, "host"), "host %q: expected a host, with a port where images name one, such as registry.example.com:5000",
			r.Host)
	}
	checkFile(list, path, "docker_config_file", r.DockerConfigFile)
	checkFile(list, path, "ca_file", r.CAFile)
	if r.PlainHTTP && r.CAFile != "" {
		list.Add(mistake.At(path, "ca_file"), "ca_file goes with TLS: leave out plain_http")
	}
	for i, host := range r.LeadsTo {
		if !isHost(host) && !isAddress(host) {
			list.Add(mistake.At(path, "leads_to", i), "leads_to %q: expected a host such as storage.example.com or storage.example.com:9000", host)
		}
	}
}

// RegistryOf is the registry of an image as it is declared; one with nothing but its host where nobody has declared it. It tells
// false where the reference names no image.
func (s *System) RegistryOf(image string) (registry Registry, declared, valid bool) {
	named, err := reference.ParseDockerRef(image)
	if err != nil {
		return Registry{}, false, false
	}
	host := reference.Domain(named)
	for _, each := range s.Registries {
		if strings.EqualFold(each.Host, host) {
			return each, true, true
		}
	}
	return Registry{Host: host}, false, true
}

// A foundImages is what one discovery has found of images.
type foundImages struct {
	discovery string // the target in which they were discovered
	images    []*fact.DiscoveredImage
}

// NoteImages gives what is discovered after a run of a discovery, named by its target, that has succeeded. It tells false where that is
// as it was. What the run could not tell of stays. Unlike a host, an image that no workload names any more goes at once: it need not be
// held any more.
func (d Discovered) NoteImages(discovery string, found *fact.Set[fact.DiscoveredImage]) (Discovered, bool) {
	images := found.Facts
	at := slices.IndexFunc(d.images, func(f foundImages) bool { return f.discovery == discovery })
	if at >= 0 && len(found.Unavailable) > 0 {
		images = slices.Concat(images, slices.DeleteFunc(slices.Clone(d.images[at].images), func(before *fact.DiscoveredImage) bool {
			return slices.ContainsFunc(images, func(i *fact.DiscoveredImage) bool { return sameImage(i, before) })
		}))
	}
	if at >= 0 && slices.EqualFunc(d.images[at].images, images, equalImages) || at < 0 && len(images) == 0 {
		return d, false
	}
	next := d
	next.images = slices.DeleteFunc(slices.Clone(d.images), func(f foundImages) bool { return f.discovery == discovery })
	next.images = append(next.images, foundImages{discovery, images})
	slices.SortFunc(next.images, func(a, b foundImages) int { return strings.Compare(a.discovery, b.discovery) })
	return next, true
}

func sameImage(a, b *fact.DiscoveredImage) bool {
	return fact.DiscoveredImages().Subject(a) == fact.DiscoveredImages().Subject(b)
}

func equalImages(a, b *fact.DiscoveredImage) bool {
	return sameImage(a, b) && a.Selector == b.Selector && slices.Equal(a.Platforms, b.Platforms)
}

// imagesOf are the images of a system that nobody has declared, each once, in order, within the limit.
func (d Discovered) imagesOf(declared *System) (all []Image) {
	if !declared.Discovery.Seeks(fact.Images().Name) {
		return nil
	}
	byReference := make(map[string]*Image)
	for _, found := range d.images {
		for _, each := range found.images {
			if !declared.runs(each) || slices.ContainsFunc(declared.Images, func(i Image) bool { return i.Reference == each.Image }) {
				continue
			}
			image := byReference[each.Image]
			if image == nil {
				image = &Image{Reference: each.Image, Found: &Found{Source: each.Source() + " in " + each.Cluster}}
				byReference[each.Image] = image
			}
			image.Platforms = append(image.Platforms, each.Platforms...)
		}
	}
	for _, image := range byReference {
		slices.Sort(image.Platforms)
		image.Platforms = slices.Compact(image.Platforms)
		image.Platforms = image.Platforms[:min(len(image.Platforms), maximumPlatforms)]
		all = append(all, *image)
	}
	slices.SortFunc(all, func(a, b Image) int { return cmp.Compare(a.Reference, b.Reference) })
	if len(all) > maximumDiscovered {
		all[maximumDiscovered].Found.Beyond = len(all) - maximumDiscovered
		all = all[:maximumDiscovered+1]
	}
	return all
}

// runs tells whether an image was discovered in what is declared now.
func (s *System) runs(i *fact.DiscoveredImage) bool {
	return slices.ContainsFunc(s.Kubernetes, func(c Cluster) bool {
		return c.Name == i.Cluster && c.Selector == i.Selector && c.Discovers() && c.Includes(i.Namespace)
	})
}

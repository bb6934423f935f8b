// Package image collects what registries hold of images: for which platforms they are built, how large they are, and which files in
// them images for production do without. Layers are read as they come and never stored.
package image

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Target is an image that is declared, or one that workloads name, with the registry that it is in.
type Target struct {
	Reference string
	Wanted    []string      // platforms
	Found     *system.Found // nil: it is declared
	Registry  system.Registry
	Declared  bool // the registry is
}

// New makes the collector of images.
//
// A registry answers for a reference that it holds it or does not: both are facts. Where it does not answer, or does not let the
// exporter in, the image is unavailable. What a digest stands for never changes: manifests and layers are read once.
func New() collector.Collector[Target] {
	return newReader(usualBounds()).collector()
}

// A reader has what runs share.
type reader struct {
	bounds bounds
	now    func() time.Time
	fenced func(reach.Fence) dialer
	waits  waits
	layers *layers

	mu       sync.Mutex
	resolved map[string]*resolved // by the key of the target
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

func newReader(b bounds) *reader {
	return &reader{
		bounds: b, now: time.Now, layers: newLayers(b.keptLayers), resolved: make(map[string]*resolved),
		fenced: func(f reach.Fence) dialer { return f.Dialer().DialContext },
	}
}

func (r *reader) collector() collector.Collector[Target] {
	return collector.Collector[Target]{
		Name:     "image",
		Summary:  "Images as their registries hold them: platforms, sizes, and files in their layers that production does without.",
		Yields:   []fact.Any{fact.Images()},
		Schedule: "@every 15m",
		Timeout:  10 * time.Minute,
		Narrows:  true,
		Targets:  targets,
		Target:   func(t Target) string { return t.Reference },
		Server:   func(t Target) string { return t.Registry.Host },
		Known:    func(t Target) []fact.AnySet { return []fact.AnySet{fact.Images().Missing(known(t))} },
		Collect: func(ctx context.Context, t Target, asked fact.Topics) ([]fact.AnySet, error) {
			set, err := r.collect(ctx, t, asked)
			if err != nil && t.Found != nil && ctx.Err() == nil { // That of one that nobody has declared is no failure of the collector.
				return []fact.AnySet{fact.Images().Missing(known(t)).Fail(t.Reference, *fact.FailureOf(err))}, nil
			}
			if err != nil {
				return nil, err
			}
			return []fact.AnySet{fact.Images().Set(set)}, nil
		},
		Forget: func(t Target) {
			r.mu.Lock()
			defer r.mu.Unlock()
			delete(r.resolved, t.key())
		},
	}
}

func targets(s *system.System) (all []Target) {
	for _, image := range s.Images {
		registry, declared, _ := s.RegistryOf(image.Reference)
		all = append(all, Target{
			Reference: image.Reference, Wanted: image.WantedPlatforms(), Found: image.Found.Target(), Registry: registry, Declared: declared,
		})
	}
	return all
}

// key tells a target from those that may be let in elsewhere.
func (t Target) key() string {
	return fmt.Sprintf("%q %q %q %q", t.Registry.Host, t.Registry.DockerConfigFile, t.Reference, t.Wanted)
}

func known(t Target) fact.Image {
	return fact.Image{Reference: t.Reference, Discovered: t.Found != nil, Wanted: t.Wanted}
}

func (r *reader) collect(ctx context.Context, t Target, asked fact.Topics) (*fact.Set[fact.Image], error) {
	if err := t.Found.OverLimit(); err != nil {
		return nil, err
	}
	set := &fact.Set[fact.Image]{}
	image := known(t)
	named, err := reference.ParseDockerRef(t.Reference)
	if err != nil {
		image.Trouble = fact.ImageMalformed
		set.Add(image)
		return set, nil
	}
	patience, end := patient(ctx)
	defer end()
	options := []name.Option{name.WeakValidation}
	if t.Registry.PlainHTTP {
		options = append(options, name.Insecure)
	}
	ref, err := name.ParseReference(named.String(), options...)
	if err != nil {
		return nil, fact.Errorf(fact.ReasonUnsupported, "the reference %s cannot be asked for", t.Reference)
	}
	door, err := r.open(t, ref)
	if err != nil {
		return nil, err
	}
	defer door.close()
	found, err := r.resolve(patience, t, door)
	if err != nil {
		return nil, err
	}
	image.Trouble, image.Digest, image.Offers, image.Builds = found.trouble, found.digest, found.offers, found.facts()
	if image.Trouble == "" && asked.Needs(fact.Images().Name, fact.TopicContents) {
		r.contents(patience, door, found, &image, set)
	}
	if image.Trouble == "" && asked.Needs(fact.Images().Name, fact.TopicAttachments) {
		attachments(patience, door, found, &image, set)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	set.Add(image)
	return set, nil
}

// patient bounds what is done of a run: the rest of its time is for what was found by then.
func patient(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	patience := time.Until(deadline) * 9 / 10
	return context.WithTimeoutCause(ctx, patience, fact.Errorf(fact.ReasonTimeout, "no answer within %s", quantity.InWords(patience)))
}

// contents reads the layers that are not known yet. What cannot be read is unavailable; a layer that the registry does not hold is a
// defect of the image.
func (r *reader) contents(ctx context.Context, d *door, of *resolved, image *fact.Image, set *fact.Set[fact.Image]) {
	for i, build := range of.builds {
		summaries := make([]*layer, len(build.layers))
		for at, described := range build.layers {
			read, err := r.layer(ctx, d, described)
			switch {
			case isAbsent(err):
				image.Trouble = fact.ImageIncomplete
				return
			case err != nil:
				lack(image, set, fact.TopicContents, fmt.Errorf("read layer %d of %d: %w", at+1, len(build.layers), err))
				return
			}
			summaries[at] = read
			image.Builds[i].Unpacked += read.unpacked
		}
		image.Builds[i].Findings = findings(summaries)
	}
}

// lack notes a topic of an image that could not be collected.
func lack(image *fact.Image, set *fact.Set[fact.Image], topic string, err error) {
	for i := range image.Builds {
		if topic == fact.TopicContents { // Part of it says nothing of the whole.
			image.Builds[i].Unpacked, image.Builds[i].Findings = 0, nil
		}
	}
	image.Missing = append(image.Missing, topic)
	slices.Sort(image.Missing)
	set.Unavailable = append(set.Unavailable, fact.Unavailable[fact.Image]{
		Known:  fact.Image{Reference: image.Reference, Discovered: image.Discovered, Wanted: image.Wanted},
		Reason: fact.ReasonOf(err), Topic: topic, Detail: err.Error(),
	})
}

// platformOf names a platform as nodes do, without a variant.
func platformOf(system, architecture string) string {
	switch architecture = strings.ToLower(architecture); architecture {
	case "x86_64", "x86-64":
		architecture = "amd64"
	case "aarch64":
		architecture = "arm64"
	case "armhf", "armel":
		architecture = "arm"
	}
	return strings.ToLower(system) + "/" + architecture
}

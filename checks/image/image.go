// Package image judges images as their registries hold them.
package image

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// noImage is the reason when there is no image to judge.
func noImage() check.Reason {
	return check.Reason{
		Name: "no_image", Level: check.Undeclared, Sentence: "The system has no image that the item is about.",
		Remedy: "Add the cluster under kubernetes in the system description, with the namespaces of the system, or the images under images; " +
			"where there is none, list the item under not_applicable with a reason.",
	}
}

// AvailabilityParameters say which images are judged.
type AvailabilityParameters struct {
	// IgnoredImages are patterns of images that need not be in a registry, such as localhost/*: they are only on the machines.
	IgnoredImages []string `yaml:"ignored_images"`
}

// Validate wants patterns.
func (p AvailabilityParameters) Validate() error {
	return validatePatterns("ignored_images", p.IgnoredImages)
}

// Availability judges whether images can be pulled on the machines that run them.
func Availability() check.Kind[AvailabilityParameters] {
	absent := check.Reason{
		Name: "not_in_registry", Level: check.Fail, Sentence: "A registry does not hold an image.",
		Remedy: "A pod that moves to another node cannot start. Push the image again, or release one that exists; exempt images that run " +
			"from retention rules of the registry.",
	}
	malformed := check.Reason{
		Name: "malformed_reference", Level: check.Fail, Sentence: "A reference names no image.",
		Remedy: "Correct the image of the workload: names are in lower case, and variables are filled in before they are applied.",
	}
	obsolete := check.Reason{
		Name: "obsolete_manifest", Level: check.Fail,
		Sentence: "An image has a manifest of schema 1, which containerd and Docker do not pull any more.",
		Remedy:   "Build the image anew, or copy it with a tool that converts it: skopeo copy --format v2s2.",
	}
	foreign := check.Reason{
		Name: "no_container_image", Level: check.Fail, Sentence: "A reference leads to something that is no image of a container.",
		Remedy: "Correct the image of the workload: it leads to a chart or another artifact.",
	}
	incomplete := check.Reason{
		Name: "incomplete", Level: check.Fail, Sentence: "A registry does not hold all parts of an image.",
		Remedy: "Push the image again, and find out what has removed its layers, such as a garbage collection while images were pushed.",
	}
	platform := check.Reason{
		Name: "wrong_platform", Level: check.Fail, Sentence: "An image is not built for a platform that it must run on.",
		Remedy: "Build it for each platform: docker buildx build --platform linux/amd64,linux/arm64; or keep its pods on nodes that it runs on " +
			"by a nodeSelector for kubernetes.io/arch.",
	}
	byTrouble := map[fact.ImageTrouble]check.Reason{
		fact.ImageAbsent: absent, fact.ImageMalformed: malformed, fact.ImageObsolete: obsolete, fact.ImageForeign: foreign,
		fact.ImageIncomplete: incomplete,
	}
	says := map[fact.ImageTrouble]string{
		fact.ImageAbsent: "its registry does not hold it", fact.ImageMalformed: "the reference names no image",
		fact.ImageObsolete: "its manifest is of schema 1", fact.ImageForeign: "it is no image of a container",
		fact.ImageIncomplete: "its registry does not hold all of its parts",
	}
	return check.Kind[AvailabilityParameters]{
		Name:    "image_availability",
		Summary: "Every image resolves in its registry, and is built for the platforms of the nodes that it may run on.",
		Remedy:  "Push the image again, or release one that exists.",
		Reasons: []check.Reason{absent, malformed, obsolete, foreign, incomplete, platform},
		Over: []check.Quantified[AvailabilityParameters]{
			check.Each(fact.Images(), func(c check.Context, i *fact.Image, _ AvailabilityParameters) []check.Problem {
				if reason, amiss := byTrouble[i.Trouble]; amiss {
					return []check.Problem{reason.Problem(fmt.Sprintf("The image %s%s cannot be pulled: %s.", i.Reference, usedBy(c, i), says[i.Trouble]))}
				}
				if lacking := i.Lacking(); len(lacking) > 0 {
					return []check.Problem{platform.Problem(fmt.Sprintf("The image %s%s is built for %s, and not for %s.",
						i.Reference, usedBy(c, i), orNone(i.Offers), words.List(lacking)))}
				}
				return nil
			}).Where(func(_ check.Context, i *fact.Image, p AvailabilityParameters) bool {
				return !matches(i.Reference, p.IgnoredImages)
			}).
				Known(func(i *fact.Image, p AvailabilityParameters) bool { return !matches(i.Reference, p.IgnoredImages) }).Needs(),
		},
		WhenEmpty: noImage(),
	}
}

func orNone(platforms []string) string {
	if len(platforms) == 0 {
		return "no platform"
	}
	return words.List(platforms)
}

// usedBy names a workload that runs an image.
func usedBy(c check.Context, i *fact.Image) string {
	for _, each := range c.System.Images {
		if each.Reference == i.Reference && each.Found != nil {
			return " of the " + each.Found.Source
		}
	}
	return ""
}

// matches tells whether a pattern is that of an image: of the whole reference, or of all in a registry or a part of it, as
// docker.io/library/*.
func matches(image string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		whole, err := path.Match(pattern, image)
		beneath, all := strings.CutSuffix(pattern, "*")
		return err == nil && whole || all && strings.HasSuffix(beneath, "/") && strings.HasPrefix(image, beneath)
	})
}

func validatePatterns(parameter string, patterns []string) error {
	for _, pattern := range patterns {
		if _, err := path.Match(pattern, ""); err != nil {
			return check.Wrong(parameter, "%q: expected a pattern, such as docker.io/library/*", pattern)
		}
	}
	return check.NotBlank(parameter, patterns)
}

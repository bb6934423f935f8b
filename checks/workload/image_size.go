package workload

import (
	"cmp"
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// ImageSizeParameters say how big images may be.
type ImageSizeParameters struct {
	// The size that an unpacked image must stay below.
	MaximumSize quantity.Bytes `yaml:"maximum_size"`
}

// Validate says what cannot be.
func (p ImageSizeParameters) Validate() error {
	if p.MaximumSize == 0 {
		return check.Wrong("maximum_size", "expected more than 0")
	}
	return nil
}

// ImageSize judges how big images are: unpacked, as the layers in their registry tell, or else as the nodes that have them report. A node
// reports its 50 biggest images.
func ImageSize() check.Kind[ImageSizeParameters] {
	tooBig := check.Reason{Name: "too_big", Level: check.Fail, Sentence: "An image is too big."}
	unknown := check.Reason{
		Name: "size_unknown", Level: check.Unknown, Sentence: "Neither its registry nor a node reports how big an image is.",
		Remedy: "Declare its registry under registries, with a login where it needs one; a node reports no more than nodeStatusMaxImages (50): " +
			"raise that of the kubelet.",
	}
	judge := func(image string, size quantity.Bytes, p ImageSizeParameters) []check.Problem {
		if size < p.MaximumSize {
			return nil
		}
		return []check.Problem{tooBig.Problem(fmt.Sprintf("The image %s has %s; less than %s is wanted.",
			image, quantity.BytesInWords(float64(size)), quantity.BytesInWords(float64(p.MaximumSize))))}
	}
	images := fact.Images() // once: it is asked for with each workload
	return check.Kind[ImageSizeParameters]{
		Name:     "image_size",
		Summary:  "Every image that workloads run is smaller than the maximum.",
		Remedy:   "Build in stages, start from a smaller base, and leave out what only building needs: docker history IMAGE shows the layers.",
		Reasons:  []check.Reason{tooBig, unknown},
		Defaults: ImageSizeParameters{MaximumSize: 500_000_000},
		Over: []check.Quantified[ImageSizeParameters]{
			check.Each(fact.Workloads(), func(c check.Context, w *fact.Workload, p ImageSizeParameters) (problems []check.Problem) {
				held := check.Read(c, images)
				for _, container := range w.Containers {
					size := quantity.Bytes(0)
					for _, each := range held {
						if each.Reference == container.Image {
							size = max(size, unpackedSize(each))
						}
					}
					if size = cmp.Or(size, quantity.Bytes(container.ImageSize)); size == 0 {
						problems = append(problems, unknown.Problem("Neither its registry nor a node reports the size of the image "+container.Image+"."))
						continue
					}
					problems = append(problems, judge(container.Image, size, p)...)
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, _ ImageSizeParameters) bool { return w.Pods.Running > 0 }).
				Needs(fact.TopicPods, fact.TopicNodeImages),
			check.Each(images, func(_ check.Context, i *fact.Image, p ImageSizeParameters) []check.Problem {
				return judge(i.Reference, unpackedSize(i), p)
			}).Where(func(_ check.Context, i *fact.Image, _ ImageSizeParameters) bool {
				return !i.Discovered && unpackedSize(i) > 0
			}).
				Known(func(i *fact.Image, _ ImageSizeParameters) bool { return !i.Discovered }).Needs(fact.TopicContents),
		},
		With:      []check.Input{check.Reading(images, fact.TopicContents).Optional()},
		WhenEmpty: noWorkload(),
	}
}

// unpackedSize is that of the largest build of an image; 0 where it is not known.
func unpackedSize(i *fact.Image) (size quantity.Bytes) {
	for b := range i.Builds {
		size = max(size, quantity.Bytes(i.Builds[b].Unpacked))
	}
	return size
}

package workload

import (
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

// ImageSize judges how big images are on the nodes that have them. A node reports its 50 biggest images.
func ImageSize() check.Kind[ImageSizeParameters] {
	tooBig := check.Reason{Name: "too_big", Level: check.Fail, Sentence: "An image is too big."}
	unknown := check.Reason{
		Name: "size_unknown", Level: check.Unknown, Sentence: "No node reports how big an image is.",
		Remedy: "A node reports no more than nodeStatusMaxImages (50): raise that of the kubelet, or find the size by crictl images.",
	}
	return check.Kind[ImageSizeParameters]{
		Name:     "image_size",
		Summary:  "Every image that workloads run is smaller than the maximum.",
		Remedy:   "Build in stages, start from a smaller base, and leave out what only building needs: docker history IMAGE shows the layers.",
		Reasons:  []check.Reason{tooBig, unknown},
		Defaults: ImageSizeParameters{MaximumSize: 500_000_000},
		Over: []check.Quantified[ImageSizeParameters]{
			check.Each(fact.Workloads(), func(_ check.Context, w *fact.Workload, p ImageSizeParameters) (problems []check.Problem) {
				for _, container := range w.Containers {
					switch size := quantity.Bytes(container.ImageSize); {
					case size == 0:
						problems = append(problems, unknown.Problem("No node reports the size of the image "+container.Image+"."))
					case size >= p.MaximumSize:
						problems = append(problems, tooBig.Problem(fmt.Sprintf("The image %s has %s; less than %s is wanted.",
							container.Image, quantity.BytesInWords(float64(size)), quantity.BytesInWords(float64(p.MaximumSize)))))
					}
				}
				return problems
			}).Where(func(_ check.Context, w *fact.Workload, _ ImageSizeParameters) bool { return w.Pods.Running > 0 }).
				Needs(fact.TopicPods, fact.TopicNodeImages),
		},
		WhenEmpty: noWorkload(),
	}
}

package fact

import (
	"iter"
	"slices"
	"strings"
)

// An Image is what a registry holds of one reference to an image.
type Image struct {
	Reference string `json:"reference"` // as the workload, or the description, has it
	// Discovered: workloads of a cluster name it; else it is declared.
	Discovered bool `json:"discovered,omitempty"`
	// Wanted are the platforms that it must run on, as linux/amd64, in order; empty where that is not known.
	Wanted []string `json:"wanted"`
	// Missing are the topics of what could not be collected of it.
	Missing []string `json:"missing,omitempty"`

	// Trouble is why it cannot be pulled; empty where it can.
	Trouble ImageTrouble `json:"trouble,omitempty"`
	// Digest is that of the manifest, or of the index of manifests, that the reference leads to.
	Digest string `json:"digest,omitempty"`
	// Offers are the platforms that there is a manifest for, each once and in order.
	Offers []string `json:"offers,omitempty"`
	// Builds are what is held for the wanted platforms, in their order.
	Builds []ImageBuild `json:"builds,omitempty"`
	// Signed: the registry holds a signature of it, which was not verified; Described: it holds a list of what is in it (SBOM).
	Signed    bool `json:"signed,omitempty"`
	Described bool `json:"described,omitempty"`
}

// The topics of images.
const (
	// TopicContents is that of the files in the layers, which takes to read them all once.
	TopicContents = "contents"
	// TopicAttachments is that of signatures and SBOMs.
	TopicAttachments = "attachments"
)

// Lacks gives the topics of what could not be collected.
func (i *Image) Lacks() []string { return i.Missing }

// An ImageTrouble is why an image cannot be pulled.
type ImageTrouble string

// The troubles of images.
const (
	// ImageMalformed is a reference that names no image.
	ImageMalformed ImageTrouble = "malformed"
	// ImageAbsent is one that the registry does not hold.
	ImageAbsent ImageTrouble = "absent"
	// ImageObsolete is a manifest of schema 1, which containerd and Docker do not pull any more.
	ImageObsolete ImageTrouble = "obsolete"
	// ImageForeign is something that is no image of a container, such as a chart.
	ImageForeign ImageTrouble = "foreign"
	// ImageIncomplete is one of which the registry does not hold a part that its manifest names.
	ImageIncomplete ImageTrouble = "incomplete"
)

// An ImageBuild is an image as it is built for one platform.
type ImageBuild struct {
	Platform    string `json:"platform"`
	Digest      string `json:"digest"`
	Layers      int    `json:"layers"`
	Compressed  int64  `json:"compressed"`         // bytes of all layers as the registry holds them
	Unpacked    int64  `json:"unpacked,omitempty"` // bytes of all files of all layers; 0 where it is not known
	User        string `json:"user,omitempty"`     // that it runs as; empty: root
	HealthCheck bool   `json:"health_check,omitempty"`
	Revision    string `json:"revision,omitempty"` // the label org.opencontainers.image.revision
	// Findings are files that images for production do without, in the order of their layers.
	Findings []ImageFinding `json:"findings,omitempty"`
}

// An ImageFinding tells of files of one sort in one layer. Of their content nothing is kept.
type ImageFinding struct {
	Rule    ImageRule `json:"rule"`
	Layer   int       `json:"layer"` // the first is 1
	Paths   []string  `json:"paths"` // the first of them
	More    int       `json:"more,omitempty"`
	Deleted bool      `json:"deleted,omitempty"` // a later layer removes all of them: they are part of the image, and hidden
}

// An ImageRule is a sort of files that images for production do without.
type ImageRule string

// The rules of images. ImageRules lists them all.
const (
	RuleCompilers       ImageRule = "compilers"
	RulePackageCaches   ImageRule = "package-manager-caches"
	RuleTestFrameworks  ImageRule = "test-frameworks"
	RuleGitDirectory    ImageRule = "git-directory"
	RuleEnvironment     ImageRule = "environment-files"
	RulePrivateKeys     ImageRule = "private-keys"
	RuleDevDependencies ImageRule = "dev-dependencies"
)

// ImageRules lists every rule.
func ImageRules() []ImageRule {
	return []ImageRule{
		RuleCompilers, RulePackageCaches, RuleTestFrameworks, RuleGitDirectory, RuleEnvironment, RulePrivateKeys, RuleDevDependencies,
	}
}

// Images describes the facts of images.
func Images() *Kind[Image] {
	return &Kind[Image]{
		Name:    "image",
		Help:    "An image of a workload, or one that is declared, as its registry holds it.",
		Subject: func(i *Image) string { return i.Reference },
		Labels:  []Label[Image]{{Name: "image", Value: func(i *Image) string { return i.Reference }}},
		Gauges: []Gauge[Image]{
			{
				Name: "image_compressed_bytes",
				Help: "How large the layers of the image are as its registry holds them, for each platform that it must run on.",
				By:   "platform",
				Values: func(i *Image) iter.Seq2[string, float64] {
					return i.sizes(func(b ImageBuild) int64 { return b.Compressed })
				},
			},
			{
				Name: "image_unpacked_bytes",
				Help: "How large the files of all layers of the image are, for each platform that it must run on; absent until they were read.",
				By:   "platform",
				Values: func(i *Image) iter.Seq2[string, float64] {
					return i.sizes(func(b ImageBuild) int64 { return b.Unpacked })
				},
			},
		},
	}
}

// sizes gives those that are known.
func (i *Image) sizes(of func(ImageBuild) int64) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		for _, build := range i.Builds {
			if size := of(build); size > 0 && !yield(build.Platform, float64(size)) {
				return
			}
		}
	}
}

// Lacking are the wanted platforms that it is not built for.
func (i *Image) Lacking() []string {
	return slices.DeleteFunc(slices.Clone(i.Wanted), func(platform string) bool { return slices.Contains(i.Offers, platform) })
}

// A DiscoveredImage is an image that a workload names, from which a target is made.
type DiscoveredImage struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"` // of the workload
	Name      string `json:"name"` // of the workload
	Image     string `json:"image"`
	// Selector is the one by which the workload was chosen, as the cluster's declaration has it.
	Selector string `json:"selector,omitempty"`
	// Platforms are those of the nodes that its pods may run on, in order.
	Platforms []string `json:"platforms"`
}

// Source names the workload within the cluster: Deployment shop/api.
func (i *DiscoveredImage) Source() string { return i.Kind + " " + i.Namespace + "/" + i.Name }

// DiscoveredImages describes the facts of discovered images.
func DiscoveredImages() *Kind[DiscoveredImage] {
	return &Kind[DiscoveredImage]{
		Name: "discovered_image",
		Help: "An image that a workload names, from which a target is made.",
		Subject: func(i *DiscoveredImage) string {
			return strings.Join([]string{i.Cluster, i.Namespace, i.Kind, i.Name, i.Image}, "/")
		},
	}
}

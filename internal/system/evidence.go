package system

import (
	"path"
	"path/filepath"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// An Evidence says where results of pipelines are, beside those that they submit, and what tells which revision is deployed.
type Evidence struct {
	Files []EvidenceFiles `yaml:"files,omitempty"` // reports that pipelines leave in folders
	// Submitted is what is asked of reports that are submitted, beyond a token that permits it.
	Submitted []SubmittedEvidence `yaml:"submitted,omitempty"`
	// Cluster are results of drills that Litmus, Chaos Mesh and Testkube keep in clusters.
	Cluster []ClusterEvidence `yaml:"cluster,omitempty"`
	// Deployed are files that say which revision is deployed, for what no cluster tells.
	Deployed []DeployedFile `yaml:"deployed,omitempty"`
}

// EvidenceFiles are the reports of one run, about one item: those of all files together are one result.
type EvidenceFiles struct {
	Check     string   `yaml:"check"`               // the item's id
	Component string   `yaml:"component,omitempty"` // the part of the system that they are of, such as a workload; default: all of it
	Paths     []string `yaml:"paths"`               // patterns of files: /var/lib/ci/shop/TEST-*.xml
	// RevisionFile holds the revision that was examined: a commit, a version, the digest of an image.
	RevisionFile string `yaml:"revision_file,omitempty"`
	// AttestationKeys are files with public keys in PEM. With any, each report must be an in-toto attestation of a result of tests that
	// one of them signed; it names the revision itself.
	AttestationKeys []string `yaml:"attestation_keys,omitempty"`
}

// A SubmittedEvidence says who must have signed what is submitted about an item.
type SubmittedEvidence struct {
	Check     string `yaml:"check"`               // the item's id
	Component string `yaml:"component,omitempty"` // the part of the system that it is of; default: all of it, and each of its parts
	// AttestationKeys are files with public keys in PEM. What is submitted must be an in-toto attestation of a result of tests that one of
	// them signed; it names the revision itself.
	AttestationKeys []string `yaml:"attestation_keys"`
}

// A ClusterEvidence is where the result of a drill is in a cluster: an object, or several of which the newest that has ended counts.
type ClusterEvidence struct {
	Check     string `yaml:"check"`               // the item's id
	Component string `yaml:"component,omitempty"` // the part of the system that it is of, such as a workload; default: all of it
	Cluster   string `yaml:"cluster"`             // the name of one under kubernetes
	// Resource is what holds results: chaosresults.litmuschaos.io, workflows.chaos-mesh.org or
	// testworkflowexecutions.testworkflows.testkube.io.
	Resource  string `yaml:"resource"`
	Namespace string `yaml:"namespace"`
	Name      string `yaml:"name"` // of the object, or a pattern of names for tools that add to them: shop-pod-delete-*
}

// The resources that hold results of drills.
const (
	DrillLitmus    = "chaosresults.litmuschaos.io"
	DrillChaosMesh = "workflows.chaos-mesh.org"
	DrillTestkube  = "testworkflowexecutions.testworkflows.testkube.io"
)

// A DeployedFile says which revision is deployed.
type DeployedFile struct {
	File      string `yaml:"file"`                // it holds a commit, a version or the digest of an image, and nothing else
	Component string `yaml:"component,omitempty"` // the part of the system that it is about; default: all of it
}

func (e Evidence) validate(list *mistake.List, path []any) {
	validateEach(list, mistake.At(path, "files"), e.Files)
	validateEach(list, mistake.At(path, "submitted"), e.Submitted)
	validateEach(list, mistake.At(path, "cluster"), e.Cluster)
	validateEach(list, mistake.At(path, "deployed"), e.Deployed)
}

// validateClusterEvidence wants each cluster that evidence is in to be one of the system.
func (s *System) validateClusterEvidence(list *mistake.List, path []any) {
	for i, each := range s.Evidence.Cluster {
		if each.Cluster != "" && !slices.ContainsFunc(s.Kubernetes, func(c Cluster) bool { return c.Name == each.Cluster }) {
			list.Add(mistake.At(path, i, "cluster"), "cluster %q: expected the name of one under kubernetes", each.Cluster)
		}
	}
}

func (e EvidenceFiles) identity() (string, string) { return evidenceIdentity(e.Check, e.Component) }

func evidenceIdentity(check, component string) (string, string) {
	if check == "" {
		return "check", ""
	}
	if component == "" {
		return "evidence of check", check
	}
	return "evidence of check", check + " of " + component
}

func (e EvidenceFiles) validate(list *mistake.List, path []any) {
	if e.Component != "" {
		checkName(list, mistake.At(path, "component"), "component", e.Component)
	}
	if len(e.Paths) == 0 {
		list.Add(mistake.At(path, "paths"), "paths is missing: say which files, as /var/lib/ci/shop/TEST-*.xml")
	}
	for i, pattern := range e.Paths {
		at := mistake.At(path, "paths", i)
		if _, err := filepath.Match(pattern, "x"); err != nil {
			list.Add(at, "path %q: expected a pattern such as /var/lib/ci/shop/TEST-*.xml", pattern)
		} else if !filepath.IsAbs(pattern) {
			list.Add(at, "path %q: expected an absolute path", pattern)
		}
		checkDepth(list, at, "path", pattern)
	}
	checkFile(list, path, "revision_file", e.RevisionFile)
	validateKeys(list, path, e.AttestationKeys)
	if len(e.AttestationKeys) > 0 && e.RevisionFile != "" {
		list.Add(mistake.At(path, "revision_file"), "revision_file does not go with attestation_keys: attestations name what was examined")
	}
}

func validateKeys(list *mistake.List, path []any, files []string) {
	for i, file := range files {
		if !filepath.IsAbs(file) {
			list.Add(mistake.At(path, "attestation_keys", i), "attestation_keys %q: expected an absolute path", file)
		}
	}
}

func (e SubmittedEvidence) identity() (string, string) { return evidenceIdentity(e.Check, e.Component) }

func (e SubmittedEvidence) validate(list *mistake.List, path []any) {
	if e.Component != "" {
		checkName(list, mistake.At(path, "component"), "component", e.Component)
	}
	if len(e.AttestationKeys) == 0 {
		list.Add(mistake.At(path, "attestation_keys"), "attestation_keys is missing: say whose signature counts, as /etc/ssl/ci.pub")
	}
	validateKeys(list, path, e.AttestationKeys)
}

// KeysOf are the files with the public keys of which one must have signed what is submitted about an item, or a part of the system; none:
// it need not be signed. What is signed in files cannot be submitted without a signature either.
func (e Evidence) KeysOf(check, component string) (files []string) {
	for _, each := range e.Submitted {
		if each.Check == check && (each.Component == "" || each.Component == component) {
			files = append(files, each.AttestationKeys...)
		}
	}
	for _, each := range e.Files {
		if each.Check == check && each.Component == component {
			files = append(files, each.AttestationKeys...)
		}
	}
	return files
}

func (e ClusterEvidence) identity() (string, string) { return evidenceIdentity(e.Check, e.Component) }

func (e ClusterEvidence) validate(list *mistake.List, at []any) {
	if e.Component != "" {
		checkName(list, mistake.At(at, "component"), "component", e.Component)
	}
	if e.Cluster == "" {
		list.Add(mistake.At(at, "cluster"), "cluster is missing: say which one under kubernetes has the result")
	}
	if !slices.Contains([]string{DrillLitmus, DrillChaosMesh, DrillTestkube}, e.Resource) {
		list.Add(mistake.At(at, "resource"), "resource %q: expected %s, %s or %s: others do not report whether the system withstood it",
			e.Resource, DrillLitmus, DrillChaosMesh, DrillTestkube)
	}
	checkName(list, mistake.At(at, "namespace"), "namespace", e.Namespace)
	if e.Name == "" {
		list.Add(mistake.At(at, "name"), "name is missing: say which object, or give a pattern such as shop-pod-delete-*")
	} else if _, err := path.Match(e.Name, "x"); err != nil || len(e.Name) > longestObject {
		list.Add(mistake.At(at, "name"), "name %q: expected the name of an object or a pattern such as shop-pod-delete-*", e.Name)
	}
}

// longestObject is how many bytes the name of an object of Kubernetes may have.
const longestObject = 253

// Holds tells whether an object of its resource and namespace is one that the result is in, by its name.
func (e ClusterEvidence) Holds(name string) bool {
	holds, err := path.Match(e.Name, name)
	return holds && err == nil
}

func (d DeployedFile) identity() (string, string) { return "file", d.File }

func (d DeployedFile) validate(list *mistake.List, path []any) {
	if d.Component != "" {
		checkName(list, mistake.At(path, "component"), "component", d.Component)
	}
	if d.File == "" {
		list.Add(mistake.At(path, "file"), "file is missing: say which file holds the revision that is deployed")
	}
	checkFile(list, path, "file", d.File)
}

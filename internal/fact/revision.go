package fact

import (
	"regexp"
	"slices"
	"strings"
)

// A DeployedRevision is what of a system is deployed, as a file says that whoever deploys writes.
type DeployedRevision struct {
	File      string `json:"file"`
	Component string `json:"component,omitempty"` // the part of the system; empty: all of it
	Revision  string `json:"revision"`            // a commit, a version, the digest of an image
}

// DeployedRevisions describes the facts of what files say is deployed.
func DeployedRevisions() *Kind[DeployedRevision] {
	return &Kind[DeployedRevision]{
		Name:    "deployed_revision",
		Help:    "The revision of a system, or of a component, that is deployed, as a declared file says.",
		Subject: func(r *DeployedRevision) string { return r.File },
	}
}

// DeployedNames are the names of what runs in the containers of a workload: of its revision as its labels and annotations have it,
// and tags and digests of its images. None of sidecars is told apart from the others. Names that move from one revision to the next are
// left out.
func (w *Workload) DeployedNames() []string {
	names := slices.Clone(w.Revisions)
	for i := range w.Containers {
		tag, digest := tagOf(w.Containers[i].Image)
		_, running := tagOf(w.Containers[i].ImageID)
		names = append(names, tag, digest, running)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	return slices.DeleteFunc(names, func(name string) bool { return name == "" || moves(name) })
}

// moves tells names that are of another revision tomorrow: of branches, of environments, and of what is newest.
func moves(name string) bool {
	return slices.Contains([]string{
		"latest", "newest", "current", "head", "main", "master", "trunk", "develop", "development", "dev", "edge", "nightly", "snapshot",
		"canary", "stable", "release", "staging", "stage", "test", "testing", "qa", "prod", "production", "live",
	}, strings.ToLower(name))
}

// tagOf gives the tag and the digest of a reference to an image, as far as it has them.
func tagOf(image string) (tag, digest string) {
	image, digest, _ = strings.Cut(image, "@")
	if slash := strings.LastIndexByte(image, '/'); slash >= 0 {
		image = image[slash:] // What stands before can have a port.
	}
	_, tag, _ = strings.Cut(image, ":")
	return tag, digest
}

// shortestCommit is how few digits of a commit are shown by git.
const shortestCommit = 7

// SameRevision tells whether two names are of one revision: they are equal but for a leading v, or one is a commit, of which the
// other has the beginning, alone or as a part: 1a2b3c4, sha-1a2b3c4, v1.2.3-4-g1a2b3c4.
func SameRevision(a, b string) bool {
	a, b = strings.ToLower(strings.TrimSpace(a)), strings.ToLower(strings.TrimSpace(b))
	if a == "" || b == "" || moves(a) {
		return false
	}
	if strings.TrimPrefix(a, "v") == strings.TrimPrefix(b, "v") {
		return true
	}
	return abbreviates(a, b) || abbreviates(b, a)
}

// date is that of a build, with its time or without, which has digits as a commit has.
var date = regexp.MustCompile(`^20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}(?:\d\d)?)?$`)

// abbreviates tells whether a part of a name is the beginning of a commit.
func abbreviates(name, commit string) bool {
	if !isHexadecimal(commit) || strings.HasPrefix(name, "sha256:") {
		return false
	}
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("-_.+", r) }) {
		for _, digits := range []string{part, strings.TrimPrefix(part, "g")} {
			if isHexadecimal(digits) && strings.HasPrefix(commit, digits) {
				return true
			}
		}
	}
	return false
}

func isHexadecimal(text string) bool {
	return len(text) >= shortestCommit && strings.Trim(text, "0123456789abcdef") == "" && !date.MatchString(text)
}

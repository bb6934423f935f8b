package fact

import (
	"slices"
	"time"
)

// A ReviewedBranch is how the latest commits of a branch came to be in it, as the host of the code has it.
type ReviewedBranch struct {
	Review    string `json:"review"` // the declared name
	Component string `json:"component,omitempty"`
	Branch    string `json:"branch"`
	// Commits are those that were the head of the branch, as far as each is the first parent of the next, the newest first.
	Commits []ReviewedCommit `json:"commits"`
	// Whole: they are all that the branch has.
	Whole bool `json:"whole,omitempty"`
}

// A ReviewedCommit is one commit of a branch.
type ReviewedCommit struct {
	Commit string    `json:"commit"`
	Tags   []string  `json:"tags,omitempty"` // that name it
	At     time.Time `json:"at"`             // when it was committed
	// Change is the pull or merge request by which it came; nil: it was pushed without one, unless Unavailable says why nobody can tell.
	Change      *Change `json:"change,omitempty"`
	Unavailable string  `json:"unavailable,omitempty"`
}

// A Change is a pull or merge request that was merged.
type Change struct {
	Name      string     `json:"name"` // as its host writes it: #12, !12
	Link      string     `json:"link,omitempty"`
	Author    string     `json:"author"`
	MergedAt  time.Time  `json:"merged_at,omitzero"`
	Approvals []Approval `json:"approvals,omitempty"` // the last verdict of each reviewer
}

// An Approval is the verdict of a reviewer.
type Approval struct {
	By        string `json:"by"`
	Rejected  bool   `json:"rejected,omitempty"`  // changes are requested
	Dismissed bool   `json:"dismissed,omitempty"` // it was taken back
	Bot       bool   `json:"bot,omitempty"`       // by a program, as the host says
	// Unofficial: the reviewer has no right that makes it count.
	Unofficial bool `json:"unofficial,omitempty"`
	// Stale: it is of an earlier state of the change than the one that was merged. Undated: the host does not say of which it is.
	Stale   bool `json:"stale,omitempty"`
	Undated bool `json:"undated,omitempty"`
}

// TopicChanges is how commits came to be in a branch.
const TopicChanges = "changes"

// ReviewedBranches describes the facts of reviews. They export nothing: whether what is deployed was approved the item tells.
func ReviewedBranches() *Kind[ReviewedBranch] {
	return &Kind[ReviewedBranch]{
		Name:    "reviewed_branch",
		Help:    "By which pull or merge requests the latest commits of a branch came to be in it, and who approved them.",
		Subject: func(b *ReviewedBranch) string { return b.Review },
	}
}

// Names are those by which what is deployed can name the commit.
func (c *ReviewedCommit) Names() []string { return append([]string{c.Commit}, c.Tags...) }

// DeployedNamesOf are the names of what is deployed of a component, or of anything where none is named, by workloads and declared files.
// Workloads are of a component by their names, or by the labels that Kubernetes recommends.
func DeployedNamesOf(component string, workloads []*Workload, files []*DeployedRevision) (names []string) {
	for _, w := range workloads {
		if component == "" || w.Name == component || w.Labels["app.kubernetes.io/component"] == component ||
			w.Labels["app.kubernetes.io/name"] == component {
			names = append(names, w.DeployedNames()...)
		}
	}
	for _, file := range files {
		if file.Component == "" || component == "" || file.Component == component {
			names = append(names, file.Revision)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

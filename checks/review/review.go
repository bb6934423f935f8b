// Package review judges whether what is deployed was approved by somebody else than who wrote it.
package review

import (
	"fmt"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// Parameters say which approvals count.
type Parameters struct {
	// MinimumApprovals is by how many people, other than its author, a change must be approved.
	MinimumApprovals int `yaml:"minimum_approvals"`
	// LastCommit: an approval counts only for what was merged, and not for an earlier state of the change.
	LastCommit bool `yaml:"last_commit"`
	// Bots are users who are programs, beside those that the host tells apart: what they approve does not count.
	Bots []string `yaml:"bots"`
}

// Validate wants an approval.
func (p Parameters) Validate() error {
	if p.MinimumApprovals < 1 {
		return check.Wrong("minimum_approvals", "%d: expected 1 at least", p.MinimumApprovals)
	}
	return check.NotBlank("bots", p.Bots)
}

// reasons are those of the kind.
type reasons struct {
	noChange, notApproved, own, bot, dismissed, stale, unofficial, rejected check.Reason
	undated, notCollected, elsewhere, older, unknownRevision                check.Reason
}

func allReasons() reasons {
	const approve = "Have somebody else review what is deployed, and approve the next change before it is merged; " +
		"protect the branch so that it takes an approval."
	failure := func(name, sentence string) check.Reason {
		return check.Reason{Name: name, Level: check.Fail, Sentence: sentence, Remedy: approve}
	}
	return reasons{
		noChange: check.Reason{
			Name: "no_change", Level: check.Fail, Sentence: "What is deployed was pushed to the branch without a pull or merge request.",
			Remedy: "Have somebody review it, and protect the branch so that it takes pull or merge requests alone.",
		},
		notApproved: failure("not_approved", "Too few people approved the change that is deployed."),
		own:         failure("approved_by_author", "The change that is deployed was approved by its author."),
		bot:         failure("approved_by_bot", "The change that is deployed was approved by a program."),
		dismissed:   failure("approval_dismissed", "The approval of the change that is deployed was dismissed."),
		unofficial:  failure("approval_unofficial", "The change that is deployed was approved by somebody whose approval does not count."),
		stale: check.Reason{
			Name: "approval_stale", Level: check.Fail, Sentence: "The approval is of an earlier state of the change that is deployed.",
			Remedy: "Have somebody review what came after it. Have the host dismiss approvals when commits are pushed, or set last_commit to false.",
		},
		rejected: check.Reason{
			Name: "changes_requested", Level: check.Fail, Sentence: "The change that is deployed was merged although a reviewer requested changes.",
			Remedy: "Make the changes, or have the reviewer approve; protect the branch so that it takes no such change.",
		},
		undated: check.Reason{
			Name: "approval_undated", Level: check.Unknown, Sentence: "The host does not report whether the approval is of what was merged.",
			Remedy: "Upgrade GitLab to a version whose approvals have approved_at, or set last_commit to false.",
		},
		notCollected: check.Reason{
			Name: "change_not_collected", Level: check.Unknown, Sentence: "How what is deployed came to be in the branch could not be collected.",
			Remedy: "Find out whether the token may read pull or merge requests; the detail says what was tried, and how that ended.",
		},
		elsewhere: check.Reason{
			Name: "not_in_branch", Level: check.Fail, Absence: true, Sentence: "What is deployed is no commit of the branch.",
			Remedy: "Deploy from the branch, declare the branch that is deployed from, or name the component that is built of it.",
		},
		older: check.Reason{
			Name: "not_among_commits", Level: check.Unknown, Sentence: "What is deployed is none of the latest commits of the branch.",
			Remedy: "Deploy from the branch, or raise commits of the review if what is deployed is older than those.",
		},
		unknownRevision: check.Reason{
			Name: "revision_not_declared", Level: check.Undeclared, Sentence: "Nothing says which revision is deployed.",
			Remedy: "Label the workloads with app.kubernetes.io/version, give their images a tag, or declare evidence.deployed with a file.",
		},
	}
}

func (r reasons) list() []check.Reason {
	return []check.Reason{
		r.noChange, r.notApproved, r.own, r.bot, r.dismissed, r.stale, r.unofficial, r.rejected, r.undated, r.notCollected, r.elsewhere,
		r.older, r.unknownRevision,
	}
}

// Change wants the commit that is deployed to have come by a change that somebody else approved.
func Change() check.Kind[Parameters] {
	return check.Kind[Parameters]{
		Name: "change_review",
		Summary: "The commit that is deployed came to its branch by a pull or merge request that somebody other than its author approved, " +
			"in the state in which it was merged.",
		Remedy:   "Have changes reviewed and approved before they are merged.",
		Reasons:  allReasons().list(),
		Defaults: Parameters{MinimumApprovals: 1, LastCommit: true},
		Over: []check.Quantified[Parameters]{
			check.Each(fact.ReviewedBranches(), judge).Needs(),
		},
		With: []check.Input{check.Reading(fact.Workloads(), fact.TopicPods), check.Reading(fact.DeployedRevisions())},
		WhenEmpty: check.Reason{
			Name: "no_review", Level: check.Undeclared, Sentence: "Where changes are approved is not declared.",
			Remedy: "Add the project of GitHub, GitLab, Gitea, Forgejo or Bitbucket under reviews in the system description.",
		},
	}
}

// judge judges each commit of a branch that is deployed: more than one is while it is rolled out.
func judge(c check.Context, b *fact.ReviewedBranch, p Parameters) (problems []check.Problem) {
	r := allReasons()
	names := fact.DeployedNamesOf(b.Component, check.Read(c, fact.Workloads()), check.Read(c, fact.DeployedRevisions()))
	if len(names) == 0 {
		return []check.Problem{r.unknownRevision.Problem("Nothing says which revision" + of(b.Component) + " is deployed.")}
	}
	found := false
	for i := range b.Commits {
		if each := &b.Commits[i]; deployed(each, names) {
			found = true
			problems = append(problems, judgeCommit(b, each, p, r)...)
		}
	}
	switch {
	case found:
		return problems
	case b.Whole:
		return []check.Problem{r.elsewhere.Problem(fmt.Sprintf("Deployed%s is %s, which is no commit of %s.",
			of(b.Component), words.List(names), b.Branch))}
	case len(b.Commits) == 0:
		return []check.Problem{r.older.Problem("No commit of " + b.Branch + " is known.")}
	default:
		return []check.Problem{r.older.Problem(fmt.Sprintf("Deployed%s is %s, which is none of the latest %s of %s, since %s.", of(b.Component),
			words.List(names), words.Count(len(b.Commits), "commit"), b.Branch, words.Moment(b.Commits[len(b.Commits)-1].At)))}
	}
}

func of(component string) string {
	if component == "" {
		return ""
	}
	return " of " + component
}

func deployed(commit *fact.ReviewedCommit, names []string) bool {
	return slices.ContainsFunc(commit.Names(), func(own string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return fact.SameRevision(own, name) })
	})
}

// judgeCommit judges how one commit that is deployed came to be in the branch.
func judgeCommit(b *fact.ReviewedBranch, commit *fact.ReviewedCommit, p Parameters, r reasons) []check.Problem {
	what := "The commit " + short(commit.Commit)
	if len(commit.Tags) > 0 {
		what += " (" + words.List(commit.Tags) + ")"
	}
	switch {
	case commit.Unavailable != "":
		return []check.Problem{r.notCollected.Problem(what + ": " + commit.Unavailable + ".")}
	case commit.Change == nil:
		return []check.Problem{r.noChange.Problem(fmt.Sprintf("%s of %s came to %s without a pull or merge request.",
			what, words.Moment(commit.At), b.Branch))}
	}
	v := tallied(commit.Change, p)
	came := fmt.Sprintf("%s came by %s of %s", what, commit.Change.Name, commit.Change.Author)
	if len(v.rejected) > 0 {
		return []check.Problem{r.rejected.Problem(fmt.Sprintf("%s, on which %s requested changes.", came, words.List(v.rejected)))}
	}
	if len(v.good) >= p.MinimumApprovals {
		return nil
	}
	if len(v.good)+len(v.undated) >= p.MinimumApprovals {
		return []check.Problem{r.undated.Problem(fmt.Sprintf("%s. When %s approved it is not reported.", came, words.List(v.undated)))}
	}
	for _, each := range []struct {
		reason check.Reason
		by     []string
		text   string
	}{
		{r.stale, v.stale, "approved an earlier state of it"},
		{r.dismissed, v.dismissed, "approved it, and that was dismissed"},
		{r.unofficial, v.unofficial, "approved it, without the right to"},
		{r.bot, v.bots, "approved it, which is a program"},
		{r.own, v.own, "approved it, who is its author"},
	} {
		if len(v.good) == 0 && len(each.by) > 0 {
			return []check.Problem{each.reason.Problem(fmt.Sprintf("%s: %s %s.", came, words.List(each.by), each.text))}
		}
	}
	return []check.Problem{r.notApproved.Problem(fmt.Sprintf("%s, approved by %s (at least %d).",
		came, words.Count(len(v.good), "person"), p.MinimumApprovals))}
}

// isBot tells programs by their names.
func (p Parameters) isBot(name string) bool {
	return strings.HasSuffix(name, "[bot]") || slices.ContainsFunc(p.Bots, func(bot string) bool { return strings.EqualFold(bot, name) })
}

func short(commit string) string { return commit[:min(len(commit), 12)] }

// votes are the reviewers of a change, by what their verdict comes to.
type votes struct{ good, undated, stale, dismissed, unofficial, bots, own, rejected []string }

func tallied(c *fact.Change, p Parameters) (v votes) {
	for _, a := range c.Approvals {
		into := &v.good
		switch {
		case a.Rejected && !a.Dismissed && !a.Unofficial:
			into = &v.rejected
		case a.Rejected:
			continue
		case strings.EqualFold(a.By, c.Author):
			into = &v.own
		case a.Bot || p.isBot(a.By):
			into = &v.bots
		case a.Dismissed:
			into = &v.dismissed
		case a.Unofficial:
			into = &v.unofficial
		case p.LastCommit && a.Stale:
			into = &v.stale
		case p.LastCommit && a.Undated:
			into = &v.undated
		}
		*into = append(*into, a.By)
	}
	return v
}

package review_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/review"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

var now = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

const (
	tip    = "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b"
	before = "2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c"
)

func defaults() *review.Parameters { return review.Change().Parameters().(*review.Parameters) }

// by is a branch whose latest commit came by a change of Ann with these verdicts; the one before it was pushed.
func by(approvals ...fact.Approval) fact.ReviewedBranch {
	return fact.ReviewedBranch{Review: "shop", Branch: "main", Commits: []fact.ReviewedCommit{
		{Commit: tip, Tags: []string{"v1.2.0"}, At: now, Change: &fact.Change{Name: "#12", Author: "ann", Approvals: approvals}},
		{Commit: before, At: now.Add(-time.Hour)},
	}}
}

func deployed(component, revision string) fact.AnySet {
	return checktest.Facts(fact.DeployedRevisions(), fact.DeployedRevision{File: "/f", Component: component, Revision: revision})
}

func judge(t *testing.T, p *review.Parameters, branch fact.ReviewedBranch, more ...fact.AnySet) []checktest.Finding {
	t.Helper()
	sets := append([]fact.AnySet{checktest.Facts(fact.ReviewedBranches(), branch)}, more...)
	return checktest.Case{Kind: review.Change(), Parameters: p, Now: now, Sets: sets}.Judge(t)
}

func TestAChangeIsApprovedBySomebodyElse(t *testing.T) {
	const came = "The commit 1a2b3c4d5e6f (v1.2.0) came by #12 of ann"
	two, any, bots := defaults(), defaults(), defaults()
	two.MinimumApprovals, any.LastCommit, bots.Bots = 2, false, []string{"Approve-Mate"}
	one := func(reason, detail string) []checktest.Finding { return checktest.One(reason, check.Fail, came+detail) }
	for _, c := range []struct {
		name      string
		p         *review.Parameters
		approvals []fact.Approval
		want      []checktest.Finding
	}{
		{"an approval passes", defaults(), []fact.Approval{{By: "bob"}}, nil},
		{"none fails", defaults(), nil, one("not_approved", ", approved by no persons (at least 1).")},
		{"that of the author is none, however it is written", defaults(), []fact.Approval{{By: "Ann"}}, one("approved_by_author", ": Ann approved it, who is its author.")},
		{"that of a program is none", defaults(), []fact.Approval{{By: "renovate", Bot: true}}, one("approved_by_bot", ": renovate approved it, which is a program.")},
		{"nor of one that is named so", defaults(), []fact.Approval{{By: "renovate[bot]"}}, one("approved_by_bot", ": renovate[bot] approved it, which is a program.")},
		{"nor of one that is declared", bots, []fact.Approval{{By: "approve-mate"}}, one("approved_by_bot", ": approve-mate approved it, which is a program.")},
		{"one that was dismissed is none", defaults(), []fact.Approval{{By: "bob", Dismissed: true}}, one("approval_dismissed", ": bob approved it, and that was dismissed.")},
		{"one of an earlier state is none", defaults(), []fact.Approval{{By: "bob", Stale: true}}, one("approval_stale", ": bob approved an earlier state of it.")},
		{"where that does not matter it is", any, []fact.Approval{{By: "bob", Stale: true}}, nil},
		{"one without the right is none", defaults(), []fact.Approval{{By: "eve", Unofficial: true}}, one("approval_unofficial", ": eve approved it, without the right to.")},
		{
			"one that has no date may be of an earlier state", defaults(), []fact.Approval{{By: "bob", Undated: true}},
			checktest.One("approval_undated", check.Unknown, came+". When bob approved it is not reported."),
		},
		{"where that does not matter it passes", any, []fact.Approval{{By: "bob", Undated: true}}, nil},
		{"a reviewer who is not content fails it", defaults(), []fact.Approval{{By: "bob"}, {By: "cy", Rejected: true}}, one("changes_requested", ", on which cy requested changes.")},
		{"unless that was dismissed", defaults(), []fact.Approval{{By: "bob"}, {By: "cy", Rejected: true, Dismissed: true}}, nil},
		{"one of a stranger stops nobody", defaults(), []fact.Approval{{By: "bob"}, {By: "eve", Rejected: true, Unofficial: true}}, nil},
		{"two are wanted", two, []fact.Approval{{By: "bob"}, {By: "ann"}}, one("not_approved", ", approved by 1 person (at least 2).")},
		{"and are there", two, []fact.Approval{{By: "bob"}, {By: "cy"}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Equal(t, c.want, judge(t, c.p, by(c.approvals...), deployed("", tip)))
		})
	}
}

func TestTheCommitThatIsDeployedIsJudged(t *testing.T) {
	good := by(fact.Approval{By: "bob"})
	whole, ofAPI, gap := good, good, good
	whole.Whole, ofAPI.Component = true, "api"
	gap.Commits = []fact.ReviewedCommit{{Commit: tip, At: now, Unavailable: "the server answered 500"}, good.Commits[0]}
	gap.Commits[1].Commit = before
	workload := checktest.Facts(fact.Workloads(), fact.Workload{
		Name: "api", Containers: []fact.Container{{Image: "registry.example.com/api:main-1a2b3c4"}, {Image: "redis:7.2@sha256:0123"}},
	})
	const pushed = "The commit 2b3c4d5e6f7a of 2026-06-01 11:00 UTC came to main without a pull or merge request."
	for _, c := range []struct {
		name   string
		branch fact.ReviewedBranch
		sets   []fact.AnySet
		want   []checktest.Finding
	}{
		{"by the beginning of the commit", good, []fact.AnySet{deployed("", "1a2b3c4")}, nil},
		{"by a tag", good, []fact.AnySet{deployed("", "1.2.0")}, nil},
		{"by the tag of an image", good, []fact.AnySet{workload}, nil},
		{"of a component", ofAPI, []fact.AnySet{workload, deployed("web", before)}, nil},
		{"one that was pushed fails", good, []fact.AnySet{deployed("", before)}, checktest.One("no_change", check.Fail, pushed)},
		{"while it is rolled out, both are judged", good, []fact.AnySet{workload, deployed("", before)}, checktest.One("no_change", check.Fail, pushed)},
		{
			"none that is known is unknown", good, []fact.AnySet{deployed("", "3c4d5e6")},
			checktest.One("not_among_commits", check.Unknown, "Deployed is 3c4d5e6, which is none of the latest 2 commits of main, since 2026-06-01 11:00 UTC."),
		},
		{
			"none of all fails", whole, []fact.AnySet{deployed("", "3c4d5e6")},
			checktest.One("not_in_branch", check.Fail, "Deployed is 3c4d5e6, which is no commit of main."),
		},
		{
			"one of which it is not known how it came is unknown", gap, []fact.AnySet{deployed("", tip)},
			checktest.One("change_not_collected", check.Unknown, "The commit 1a2b3c4d5e6f: the server answered 500."),
		},
		{"another one is known all the same", gap, []fact.AnySet{deployed("", before)}, nil},
		{"where nothing says what is deployed it is undeclared", good, nil, checktest.One("revision_not_declared", check.Undeclared, "Nothing says which revision is deployed.")},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, judge(t, defaults(), c.branch, c.sets...)) })
	}
}

func TestAnApprovalAtLeastIsWanted(t *testing.T) {
	p := defaults()
	p.MinimumApprovals = 0
	require.ErrorContains(t, p.Validate(), "minimum_approvals")
}

package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
)

// week has items that were lost, fixed and changed otherwise within the last week, and some that were not.
func week() report.System {
	a := example()
	at := func(hours int, status check.Status) assess.Change {
		return assess.Change{At: now.Add(-time.Duration(hours) * time.Hour), Status: status}
	}
	a.Plan.Items[0].Owner, a.Plan.Items[3].Owner = "gardeners", ""
	a.History = assess.History{
		"tank.pass":       {at(900, check.Pass), at(300, check.Fail), at(50, check.Pass)},
		"tank.warn":       {at(900, check.Pass), at(300, check.Warn)},
		"tank.fail":       {at(900, check.Pass), at(90, check.Unknown), at(80, check.Pass), at(70, check.Fail), at(60, check.Pass), at(20, check.Fail)},
		"hose.unknown":    {at(900, check.Undeclared), at(30, check.Unknown)},
		"hose.undeclared": {at(10, check.Undeclared)},
		"bell.waived":     {at(900, check.Waived)},
	}
	return report.Of(a).ChangedSince(a, now.Add(-7*24*time.Hour))
}

func writtenBy(t *testing.T, write report.Writer, system report.System) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, write(&out, []report.System{system}))
	return out.String()
}

func TestWhatChangedWithinATime(t *testing.T) {
	system := week()
	for form, write := range report.ChangesWriters() {
		require.Contains(t, report.Forms(), form)
		require.ErrorIs(t, write(full{}, []report.System{system}), os.ErrClosed, form)
	}
	require.NotContains(t, report.ChangesWriters(), "junit")
	requireGolden(t, "changes.md", writtenBy(t, report.MarkdownChanges, system))
	requireGolden(t, "changes.ansi", writtenBy(t, report.TableChanges, system))
	var read []report.System
	require.NoError(t, json.Unmarshal([]byte(writtenBy(t, report.JSON, system)), &read))
	require.Len(t, read[0].Items, 3, "one that was judged for the first time has not changed, nor has one that has been so for longer")
	require.Equal(t, []assess.Change{{At: now.Add(-300 * time.Hour), Status: check.Fail}, {At: now.Add(-50 * time.Hour), Status: check.Pass}},
		read[0].Items[0].Changes)
	require.Equal(t, now.Add(-7*24*time.Hour), read[0].Since)
	require.Equal(t, now.Add(-900*time.Hour), read[0].Recorded)
}

func TestARecordThatDoesNotReachBackIsSaid(t *testing.T) {
	a := example()
	a.History = nil
	unknown := report.Of(a).ChangedSince(a, now.Add(-time.Hour))
	require.Contains(t, writtenBy(t, report.MarkdownChanges, unknown), "Nothing changed.\n\n5 of 6 judged: 3 ready")
	require.Contains(t, writtenBy(t, report.MarkdownChanges, unknown), "The record has nothing of this system before now.")
	a.History = assess.History{"tank.fail": {{At: now.Add(-time.Minute), Status: check.Fail}}}
	young := report.Of(a).ChangedSince(a, now.Add(-time.Hour))
	require.Contains(t, writtenBy(t, report.TableChanges, young), "The record of this system begins at 2026-06-01 11:59 UTC: what was before is not known.")
}

func TestOnlyOneTeam(t *testing.T) {
	a := example()
	a.Plan.Items[0].Owner = "gardeners"
	only := report.Of(a).OfTeam("gardeners")
	require.Equal(t, report.Tally{Applicable: 1, Judged: 1, Ready: 1}, only.Checks)
	require.True(t, only.Ready)
	require.Empty(t, only.Gates)
	require.Len(t, only.Items, 1)
	require.Empty(t, report.Of(a).OfTeam("nobody").Items)
}

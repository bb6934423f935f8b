package evidence_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/collectors/evidence"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var made = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

// A record has what was submitted.
type record []fact.Evidence

func (r record) Evidence(string) []fact.Evidence          { return r }
func (r record) Watch(system, who string) <-chan struct{} { return nil }

// write writes a file that was changed so long after the first.
func write(t *testing.T, path, content string, after time.Duration) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	require.NoError(t, os.Chtimes(path, made.Add(after), made.Add(after)))
}

// collect collects with one collector, as often as it is called.
func collect(t *testing.T, of record, declared system.Evidence) func() (fact.AnySet, fact.AnySet) {
	t.Helper()
	jobs := evidence.New(of).Jobs(&system.System{Name: "shop", Environment: "production", Evidence: declared}, fact.Needs{})
	require.Len(t, jobs, 1)
	return func() (fact.AnySet, fact.AnySet) {
		sets, err := jobs[0].Collect(t.Context(), nil)
		require.NoError(t, err)
		return sets[0], sets[1]
	}
}

func TestTheFilesOfOneRunAreOneResultAsOldAsTheOldest(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "TEST-a.xml"), `<testsuite><testcase name="a"/></testsuite>`, time.Hour)
	write(t, filepath.Join(folder, "TEST-b.xml"), `<testsuite><testcase name="b"><failure/></testcase></testsuite>`, 0)
	write(t, filepath.Join(folder, "REVISION"), "1a2b3c4\n", 0)
	pattern := filepath.Join(folder, "TEST-*.xml")
	again := collect(t, record{{Check: "a.b", Reports: []fact.EvidenceReport{{At: made.Add(-time.Hour), By: "ci"}}}}, system.Evidence{
		Files: []system.EvidenceFiles{
			{Check: "a.b", Paths: []string{pattern, filepath.Join(folder, "TEST-a.xml")}, RevisionFile: filepath.Join(folder, "REVISION")},
			{Check: "a.c", Paths: []string{filepath.Join(folder, "none.xml")}},
		},
		Deployed: []system.DeployedFile{{File: filepath.Join(folder, "REVISION"), Component: "api"}},
	})
	found, deployed := again()
	require.Equal(t, 2, found.Len())
	require.Equal(t, &fact.Evidence{Check: "a.b", Reports: []fact.EvidenceReport{
		{
			At: made, By: pattern + " and " + filepath.Join(folder, "TEST-a.xml"), Revisions: []string{"1a2b3c4"},
			Result: fact.EvidenceResult{Format: "junit", Passed: 1, Failed: 1, Faults: []string{"b"}},
		},
		{At: made.Add(-time.Hour), By: "ci"},
	}}, found.At(0), "what was submitted stands beside it")
	require.Equal(t, &fact.Evidence{Check: "a.c"}, found.At(1), "declared files that are not there are a fact")
	require.Equal(t, &fact.DeployedRevision{File: filepath.Join(folder, "REVISION"), Component: "api", Revision: "1a2b3c4"}, deployed.At(0))

	write(t, filepath.Join(folder, "TEST-b.xml"), `<testsuite><testcase name="b"/></testsuite>`, time.Minute)
	found, _ = again()
	require.Equal(t, 2, found.At(0).(*fact.Evidence).Reports[0].Result.Passed, "what has changed is read again")
	write(t, filepath.Join(folder, "TEST-b.xml"), `<testsuite><testcase`, 2*time.Minute)
	found, _ = again()
	require.Equal(t, 2, found.Len(), "what was submitted stays")
	require.Len(t, found.Gaps(), 1)
	require.Equal(t, "a.b", found.Gaps()[0].Subject)
	require.Equal(t, fact.ReasonInvalid, found.Gaps()[0].Reason)
}

func TestAFolderThatCannotBeListedMayHaveAReport(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "a"), 0o700))
	write(t, filepath.Join(folder, "a", "TEST.xml"), `<testsuite><testcase name="a"/></testsuite>`, 0)
	again := collect(t, nil, system.Evidence{Files: []system.EvidenceFiles{{Check: "a.b", Paths: []string{filepath.Join(folder, "*", "TEST.xml")}}}})
	found, _ := again()
	require.Equal(t, 1, found.Len())
	require.NoError(t, os.Symlink("loop", filepath.Join(folder, "loop")))
	found, _ = again()
	require.Zero(t, found.Len())
	require.Len(t, found.Gaps(), 1)
	require.Contains(t, found.Gaps()[0].Detail, filepath.Join(folder, "loop"))
}

func TestASystemWithoutAnyHasATargetWithoutFacts(t *testing.T) {
	found, deployed := collect(t, nil, system.Evidence{})()
	require.Zero(t, found.Len()+deployed.Len())
	require.Empty(t, append(found.Gaps(), deployed.Gaps()...))
}

package fact_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const commit = "1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b"

func TestNamesOfOneRevision(t *testing.T) {
	for _, name := range []string{
		commit, "1a2b3c4", "1A2B3C4D", "sha-1a2b3c4", "main-1a2b3c4d-20261122", "v1.2.3-4-g1a2b3c4", "1.2.3+1a2b3c4d", " 1a2b3c4\n",
	} {
		require.True(t, fact.SameRevision(name, commit), name)
		require.True(t, fact.SameRevision(commit, name), name)
	}
	require.True(t, fact.SameRevision("v1.2.3", "1.2.3"))
	require.True(t, fact.SameRevision("sha256:aa", "sha256:aa"))
	require.True(t, fact.SameRevision("20261122", "20261122"))
}

func TestNamesOfOtherRevisions(t *testing.T) {
	for _, pair := range [][2]string{
		{"1a2b3c", commit},                       // too short to be sure
		{"2a2b3c4d", commit},                     // another commit
		{"latest", commit},                       // says nothing
		{"", ""},                                 // nothing at all
		{"", commit},                             //
		{"1.2.3", "1.2.30"},                      // a version is not abbreviated
		{"v1.2.3", "v1.2.3-rc1"},                 //
		{"20261122", "20261123"},                 // dates of builds
		{"20261122", "20261122-2"},               //
		{"202611221530", "v1-202611221530"},      //
		{"latest", "latest"},                     // it is of another one tomorrow
		{"Main", "main"},                         //
		{"sha256:1a2b3c4d", "sha256:1a2b3c4d00"}, // a digest is not abbreviated
		{"sha256:1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f", commit}, // it is of an image, and no commit
	} {
		require.False(t, fact.SameRevision(pair[0], pair[1]), pair)
		require.False(t, fact.SameRevision(pair[1], pair[0]), pair)
	}
}

func TestWhatRunsInAWorkloadIsNamedByItsLabelsAndImages(t *testing.T) {
	w := fact.Workload{
		Revisions: []string{"1.2.3"},
		Containers: []fact.Container{
			{Image: "registry.example.com:5000/shop/api:1.2.3", ImageID: "registry.example.com:5000/shop/api@sha256:aa"},
			{Image: "registry.example.com:5000/shop/proxy"},
			{Image: "registry.example.com/shop/other:2@sha256:bb"},
			{Image: "registry.example.com/shop/web:latest"},
		},
	}
	require.Equal(t, []string{"1.2.3", "2", "sha256:aa", "sha256:bb"}, w.DeployedNames())
	require.Empty(t, (&fact.Workload{}).DeployedNames())
}

func TestEvidenceExportsWhenItWasMade(t *testing.T) {
	kind := fact.Evidences()
	at := func(e *fact.Evidence) (values []string, times []float64) {
		kind.Samples(e, func(_ int, labels []string, value float64) {
			values, times = labels, append(times, value)
		})
		return values, times
	}
	values, times := at(&fact.Evidence{Check: "a.b", Component: "api", Reports: []fact.EvidenceReport{{At: time.Unix(2000, 0)}, {At: time.Unix(1000, 0)}}})
	require.Equal(t, []string{"a.b", "api", ""}, values)
	require.Equal(t, []float64{2000}, times)
	_, times = at(&fact.Evidence{Check: "a.b"})
	require.Empty(t, times)
	require.Equal(t, "a.b of api", kind.SubjectOf(&fact.Evidence{Check: "a.b", Component: "api"}))
	require.Equal(t, "a.b", kind.SubjectOf(&fact.Evidence{Check: "a.b"}))
	require.Equal(t, 7, (&fact.EvidenceResult{Passed: 1, Failed: 2, Errored: 3, Flaky: 1, Skipped: 9, Scans: 1}).Tests())
}

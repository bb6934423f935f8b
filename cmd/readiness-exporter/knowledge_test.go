package main

import (
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// known are the items that a small repository, its pipeline, its image and its team answer; of each, what a pipeline submits, where it
// is a pipeline that knows.
func known() map[string]string {
	const passed = `{"readiness_evidence":1,"passed":3}`
	all := map[string]string{
		"quality.unit-tests":    `<testsuite name="a"><testcase name="works"/></testsuite>`,
		"quality.e2e-tests":     "TAP version 14\n1..1\nok 1\n",
		"quality.lint":          `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"lint"}},"results":[]}]}`,
		"database.schema":       "The schema at prisma/schema.prisma is valid 🚀",
		"quality.migrations":    "Database schema is up to date!",
		"performance.load-test": `{"root_group":{},"metrics":{"http_req_duration":{"thresholds":{"p(95)<500":false}}}}`,
		"security.dependencies": `{"auditReportVersion":2,"vulnerabilities":{},"metadata":{"vulnerabilities":{"high":0,"critical":0}}}`,
		"resources.tested":      `{"readiness_evidence":1,"passed":1,"values":{"out_of_memory_kills":0,"throttled_ratio":0.2}}`,
	}
	for _, drilled := range strings.Fields(`quality.review image.dockerfile failure.pod-restart failure.node failure.database-restart failure.network
		failure.exhaustion performance.scaling deployment.notified recovery.tested pre-live.staging-tests`) {
		all[drilled] = passed
	}
	for _, collected := range strings.Fields(`quality.rollback-plan deployment.rollback operational-docs.rollback persistence.restore-procedure
		operational-docs.backup persistence.migration-plan technical-docs.readme technical-docs.architecture technical-docs.deployment
		operational-docs.runbooks operational-docs.scaling operational-docs.incident recovery.plan secrets.not-in-git team.escalation
		image.builds image.size image.no-dev-dependencies alerting.on-call team.on-call`) {
		all[collected] = ""
	}
	return all
}

// signed are those that somebody signs, some of them beside a document.
func signed() []string {
	return strings.Fields(`data-protection.pii data-protection.retention recovery.continuity financial.plan database.retention team.trained
		team.credentials team.knowledge data-protection.gdpr security.audit security.penetration-test legal.processing-agreement
		financial.reserved financial.spot pre-live.team pre-live.support post-launch.feedback post-launch.next post-launch.celebrate`)
}

// A smallRepository is one with documents, whose image is in a registry, and whose exporter is told what else is known.
type smallRepository struct {
	*submittedTo
	git      *world.Git
	registry *world.Registry
}

func newSmallRepository(t *testing.T) *smallRepository {
	t.Helper()
	s := &smallRepository{submittedTo: &submittedTo{t: t, folder: t.TempDir()}, git: world.NewGit(t), registry: world.NewRegistry(t)}
	s.git.Commit(time.Now().Add(-10*day), world.Documents())
	s.push(map[string]string{"app/api": "program"})
	s.write("REVISION", "1a2b3c4\n")
	described := fmt.Sprintf(`
tokens:
  - {name: ci, sha256: [%s], systems: [shop/*], checks: ["*"]}
  - {name: ann, sha256: [%s], systems: [shop/*], checks: ["*"], may: [attest]}
systems:
  - name: shop
    environment: production
    repositories: [{name: shop, path: %s}]
    images: [{reference: "%s/shop/api:1.0.0"}]
    registries: [{host: "%[4]s", plain_http: true}]
    evidence: {deployed: [{file: %[5]s}]}
    contacts:
      primary: {name: Ann Lee, email: ann@contoso.com}
      secondary: {name: Bob Ray, email: bob@contoso.com}
      channel: "#shop"
      escalation: [{after: 1h, call: {name: Cy Moss, email: cy@contoso.com}}]
    on_call: [{name: primary, rotas: [{people: [Ann Lee, Bob Ray], start: %[6]s 09:00, length: 7d, time_zone: Europe/Berlin}]}]
`, sha256Of(pipelineToken), sha256Of(personToken), s.git.Dir, s.registry.Addr, filepath.Join(s.folder, "REVISION"),
		time.Now().AddDate(0, 0, -30).Format(time.DateOnly))
	require.LessOrEqual(t, strings.Count(described, "\n"), 20)
	s.config = s.write("readiness.yaml", described+`
collectors:
  document: {schedule: '@every 1s'}
  repository: {schedule: '@every 1s'}
  image: {schedule: '@every 1s'}
  evidence: {schedule: '@every 1s'}
`)
	s.runningExporter = startExporter(t, "--config.file", s.config, "--storage.path", filepath.Join(s.folder, "data"))
	return s
}

// push makes the image, on top of a system that cannot be run.
func (s *smallRepository) push(files map[string]string) {
	s.t.Helper()
	s.registry.Push(s.t, "shop/api:1.0.0", world.Image{Layers: []map[string]string{{"etc/os-release": "ID=shop"}, files}})
}

// learn has a pipeline and a person report what they know.
func (s *smallRepository) learn() {
	s.t.Helper()
	for item, result := range known() {
		if result != "" {
			s.submit(item, result)
		}
	}
	for _, item := range signed() {
		s.attest(http.MethodPost, item)
	}
}

// attest has somebody sign an item, or take it back (DELETE).
func (s *smallRepository) attest(method, item string) {
	s.t.Helper()
	status, said := s.request(method, "shop/production/attestations/"+item, personToken, "{}")
	require.Equal(s.t, http.StatusOK, status, "%s: %s", item, said)
}

func (s *smallRepository) submit(item, result string) {
	s.t.Helper()
	status, said := s.request(http.MethodPost, "shop/production/evidence/"+item+"?revision=1a2b3c4", pipelineToken, result)
	require.Equal(s.t, http.StatusOK, status, "%s: %s", item, said)
}

// TestASmallRepositoryIsDescribedInTwentyLines lists what a repository, its pipeline, its image and its team answer of the checklist. Then
// one thing after the other breaks and is fixed: what follows from it changes, and nothing else.
func TestASmallRepositoryIsDescribedInTwentyLines(t *testing.T) {
	t.Parallel()
	s := newSmallRepository(t)
	s.learn()
	want := map[string]string{"secrets.rotation": "fail"} // There is no document on it, nor a cluster with Secrets.
	for _, item := range slices.AppendSeq(signed(), maps.Keys(known())) {
		want[item] = "pass"
	}
	var sound map[string]string
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		sound = s.statuses()
		answered := make(map[string]string)
		for item, status := range sound {
			if status != "undeclared" {
				answered[item] = status
			}
		}
		require.Equal(c, want, answered)
	}, 2*time.Minute, 200*time.Millisecond)
	t.Logf("%d items", len(want))

	for _, each := range []struct {
		breakIt, fixIt func()
		changes        map[string]string
	}{
		{
			func() {
				s.submit("quality.unit-tests", `<testsuite name="a"><testcase name="works"><failure/></testcase></testsuite>`)
			},
			func() { s.submit("quality.unit-tests", known()["quality.unit-tests"]+"\n") },
			map[string]string{"quality.unit-tests": "fail"},
		},
		{
			func() { s.push(map[string]string{"*usr/bin/gcc": "program"}) },
			func() { s.push(map[string]string{"app/api": "program"}) },
			map[string]string{"image.no-dev-dependencies": "fail"},
		},
		{
			func() { s.attest(http.MethodDelete, "team.trained") },
			func() { s.attest(http.MethodPost, "team.trained") },
			map[string]string{"team.trained": "undeclared"},
		},
	} {
		each.breakIt()
		s.become(sound, each.changes)
		each.fixIt()
		s.become(sound, map[string]string{})
	}
	// What is read of a repository is a minute old at most.
	s.git.Run("rm", "--quiet", "docs/disaster-recovery.md")
	s.git.Commit(time.Now().Add(-day), map[string]string{"deploy/.env": "A=b\n"})
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		require.Equal(c, map[string]string{"recovery.plan": "fail", "secrets.not-in-git": "fail"}, changed(sound, s.statuses()))
	}, 3*time.Minute, 200*time.Millisecond)

	// Another revision is deployed than the one that all of it is about.
	s.write("REVISION", "2b3c4d5\n")
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		ofRevision := s.statuses()
		require.Equal(c, "fail", ofRevision["quality.unit-tests"])
		require.Equal(c, "pass", ofRevision["failure.node"], "a drill counts for any revision")
	}, 2*time.Minute, 200*time.Millisecond)
}

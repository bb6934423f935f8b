// Package documents_test holds the items on documents, contacts and what was committed to worlds: a repository in which each of
// them passes, and ones that are broken in exactly one way.
package documents_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors/attestation"
	"github.com/readiness-exporter/readiness-exporter/collectors/contact"
	"github.com/readiness-exporter/readiness-exporter/collectors/document"
	"github.com/readiness-exporter/readiness-exporter/collectors/repository"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/judging"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

const day = 24 * time.Hour

// described is a system whose people have signed what is signed, and can be called.
func described(g *world.Git) *system.System {
	call := func(name string) *system.Contact {
		return &system.Contact{Name: name, Email: strings.ToLower(name) + "@contoso.com"}
	}
	s := &system.System{
		Name: "shop", Environment: "production", Launched: time.Now().Add(-20 * day), Repositories: []system.Repository{{Name: "shop", Path: g.Dir}},
		Contacts: system.Contacts{
			Primary: call("Ann"), Secondary: call("Bob"), Channel: "#shop",
			Escalation: []system.EscalationLevel{{After: quantity.Duration(time.Hour), Call: *call("Eve")}},
		},
	}
	for _, id := range []string{"data-protection.pii", "data-protection.retention", "recovery.continuity", "financial.plan"} {
		s.Attestations = append(s.Attestations, system.Attestation{Check: id, By: "ann", At: time.Now().Add(-day)})
	}
	return s
}

// judge has a system judged once, by what reads repositories and descriptions.
func judge(t *testing.T, s *system.System) map[string]check.Result {
	t.Helper()
	store := gitrepo.New(t.TempDir())
	defer store.Close()
	all := []collector.Any{document.New(store), repository.New(store), contact.New(), attestation.New(nil, time.Now)}
	loaded, err := config.For([]*system.System{s}, config.Options{Kinds: checks.All(), Collectors: all})
	require.NoError(t, err)
	return judging.Once(t, loaded, all)
}

// A scene breaks the world in one way.
type scene struct {
	name   string
	broken func(g *world.Git, s *system.System)
	// changed are the items that change, each with its status and reason.
	changed map[string]string
}

// changes commits other contents of files; an empty one removes the file.
func changes(all map[string]string) func(*world.Git, *system.System) {
	return func(g *world.Git, _ *system.System) {
		for name, content := range all {
			if content == "" {
				g.Run("rm", "--quiet", name)
				delete(all, name)
			}
		}
		g.Commit(time.Now().Add(-day), all)
	}
}

func removed(name string) func(*world.Git, *system.System) {
	return changes(map[string]string{name: ""})
}

func written(name, content string) func(*world.Git, *system.System) {
	return changes(map[string]string{name: content})
}

// ownedReadme wants an owner of the readme.
func ownedReadme(_ *world.Git, s *system.System) {
	var wanted yaml.Node
	if err := yaml.Load([]byte("require_owner: true"), &wanted); err != nil {
		panic(err)
	}
	s.Checks = map[string]system.Override{"technical-docs.readme": {Parameters: *wanted.Content[0]}}
}

func TestARuleOfCodeownersGivesADocumentItsOwner(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(time.Now().Add(-10*day), world.Documents())
	s := described(g)
	ownedReadme(g, s)
	for content, want := range map[string]string{"*.md @acme/docs": "pass ", "*.md @acme/docs\n/README.md": "fail no_owner"} {
		g.Commit(time.Now().Add(-day), map[string]string{".github/CODEOWNERS": content})
		require.Equal(t, want, verdict(judge(t, s)["technical-docs.readme"]), content)
	}
}

func scenes() []scene {
	only := func(item, status string) map[string]string { return map[string]string{item: status} }
	none := "fail no_document"
	all := func(status string, items ...string) map[string]string {
		changed := make(map[string]string)
		for _, item := range items {
			changed[item] = status
		}
		return changed
	}
	return []scene{
		{"no document on rolling back", removed("docs/rollback.md"), map[string]string{
			"quality.rollback-plan": none, "deployment.rollback": none, "operational-docs.rollback": none, "technical-docs.readme": "fail broken_link",
		}},
		{"a rollback plan that nobody verifies", written("docs/rollback.md", world.Page("When to roll back", "Steps")), only("quality.rollback-plan", "fail no_heading")},
		{"one whose steps are to be written", written("docs/rollback.md", world.Page("When to roll back", "Verify")+"\n## Steps\n\nTBD\n"), all(
			"fail empty_heading placeholder", "quality.rollback-plan", "deployment.rollback", "operational-docs.rollback")},
		{"no document on restoring", removed("docs/backup-and-restore.md"), map[string]string{
			"persistence.restore-procedure": none, "operational-docs.backup": none,
		}},
		{"restoring without steps", written("docs/backup-and-restore.md", world.Page("Backup", "Restore", "Verify")), only("persistence.restore-procedure", "fail no_heading")},
		{"no plan of migration", removed("docs/migration.md"), only("persistence.migration-plan", none)},
		{"no readme", removed("README.md"), only("technical-docs.readme", none)},
		{"a readme with a link that leads nowhere", written("README.md", world.Page("Run it")+"[Roll back](docs/rollback.md#gone)"), only("technical-docs.readme", "fail broken_link")},
		{"a readme that nobody owns, where somebody ought to", ownedReadme, only("technical-docs.readme", "fail no_owner")},
		{"an architecture without a diagram", written("docs/architecture.md", world.Page("Parts")), only("technical-docs.architecture", "fail no_diagram")},
		{"no process of deployment", removed("docs/deployment.md"), only("technical-docs.deployment", none)},
		{"four runbooks", removed("runbooks/mail.md"), only("operational-docs.runbooks", "fail too_few")},
		{"five runbooks of which one is a stub", written("runbooks/mail.md", "# Mail\n\nAsk Ann.\n"), only("operational-docs.runbooks", "fail too_few")},
		{"scaling is a stub", written("docs/scaling.md", "# Scaling\n\nTODO\n"), only("operational-docs.scaling", "fail placeholder stub")},
		{"no plan for incidents", removed("docs/incident-response.md"), only("operational-docs.incident", none)},
		{"no procedures for personal data", removed("docs/privacy.md"), only("data-protection.pii", none)},
		{"no policy of retention", removed("docs/retention.md"), only("data-protection.retention", none)},
		{"no plan for disasters", removed("docs/disaster-recovery.md"), only("recovery.plan", none)},
		{"a plan for disasters without objectives", written("docs/disaster-recovery.md", world.Page("Steps")), only("recovery.plan", "fail no_heading")},
		{"no plan of continuity", removed("docs/business-continuity.md"), only("recovery.continuity", none)},
		{"no plan of costs", removed("docs/costs.md"), only("financial.plan", none)},
		{"no lessons learned", removed("docs/lessons-learned.md"), only("post-launch.lessons", none)},
		{"lessons from before the launch", func(_ *world.Git, s *system.System) { s.Launched = time.Now().Add(-5 * day) }, only("post-launch.lessons", "fail before_launch")},
		{"nobody says when it was launched", func(_ *world.Git, s *system.System) { s.Launched = time.Time{} }, only("post-launch.lessons", "undeclared launch_unknown")},
		{"nobody has signed the plan of costs", func(_ *world.Git, s *system.System) { s.Attestations = s.Attestations[:3] }, only("financial.plan", "undeclared not_attested")},
		{"two levels of escalation", func(_ *world.Git, s *system.System) { s.Contacts.Escalation = nil }, only("team.escalation", "fail too_few_levels")},
		{"no channel", func(_ *world.Git, s *system.System) { s.Contacts.Channel = "" }, only("team.escalation", "fail no_contact")},
		{"an environment was committed", written("deploy/.env", "A=b\n"), only("secrets.not-in-git", "fail environment_tracked")},
		{"one was removed again", func(g *world.Git, _ *system.System) {
			g.Commit(time.Now().Add(-2*day), map[string]string{".env.production": "A=b\n"})
			removed(".env.production")(g, nil)
		}, only("secrets.not-in-git", "fail environment_committed")},
		{"a key is on a branch", func(g *world.Git, _ *system.System) {
			g.Run("checkout", "--quiet", "-b", "topic")
			g.Commit(time.Now().Add(-day), map[string]string{"key.pem": "-----BEGIN PRIVATE" + " KEY-----\n" + strings.Repeat("Mq7", 20) + "\n"})
			g.Run("checkout", "--quiet", "main")
		}, only("secrets.not-in-git", "fail secret_committed")},
		{"an environment is not ignored", written(".gitignore", "node_modules/\n"), only("secrets.not-in-git", "warn not_ignored")},
	}
}

func TestEveryItemPassesAndBreaksInItsOwnWay(t *testing.T) {
	judged := func(broken func(*world.Git, *system.System)) map[string]check.Result {
		g := world.NewGit(t)
		g.Commit(time.Now().Add(-10*day), world.Documents())
		s := described(g)
		if broken != nil {
			broken(g, s)
		}
		return judge(t, s)
	}
	sound := judged(nil)
	var tabled []string
	for _, c := range scenes() {
		t.Run(c.name, func(t *testing.T) {
			found := judged(c.broken)
			changed := map[string]string{}
			for id, result := range found {
				if result.Status != sound[id].Status {
					changed[id] = verdict(result)
				}
			}
			require.Equal(t, c.changed, changed)
		})
		tabled = slices.AppendSeq(tabled, maps.Keys(c.changed))
	}
	for id, result := range sound {
		if slices.Contains(tabled, id) {
			require.Equal(t, check.Pass, result.Status, "%s: %+v", id, result.Problems)
		}
	}
}

// verdict is a status with the reasons for it.
func verdict(result check.Result) string {
	var reasons []string
	for _, problem := range result.Problems {
		reasons = append(reasons, problem.Reason)
	}
	slices.Sort(reasons)
	return result.Status.String() + " " + strings.Join(slices.Compact(reasons), " ")
}

func TestDocumentsGrowTooOldUnlessNothingWasReleasedSince(t *testing.T) {
	g := world.NewGit(t)
	g.Commit(time.Now().Add(-400*day), world.Documents())
	g.Commit(time.Now().Add(-day), map[string]string{"main.go": "package main"})
	found := judge(t, described(g))
	for _, id := range []string{"quality.rollback-plan", "recovery.plan", "technical-docs.readme", "financial.plan"} {
		require.Equal(t, "fail too_old", verdict(found[id]), id)
	}
	g.Tag(time.Now().Add(-500*day), "v1")
	found = judge(t, described(g))
	require.Equal(t, check.Pass, found["technical-docs.readme"].Status, "it is newer than the last release")
	require.Equal(t, "fail too_old", verdict(found["recovery.plan"]))
}

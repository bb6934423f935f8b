package repository_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/repository"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

var now = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)

func TestCommittedSecrets(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	file := func(path string, tracked bool) fact.Repository {
		return fact.Repository{Repository: "shop", EnvironmentIgnored: true, Environments: []fact.CommittedFile{{Path: path, Commit: commit, Tracked: tracked}}}
	}
	for _, c := range []struct {
		name       string
		repository fact.Repository
		want       []checktest.Finding
	}{
		{"nothing passes", fact.Repository{Repository: "shop", EnvironmentIgnored: true}, nil},
		{"a file to copy passes", file("deploy/.env.example", true), nil},
		{"one of a stage too", file(".env.production.sample", true), nil},
		{"one that is tracked fails", file(".env", true), checktest.One("environment_tracked", check.Fail, "The file .env is tracked since commit 0123456789ab.")},
		{"one of a stage fails", file("a/.env.production", true), checktest.One("environment_tracked", check.Fail, "The file a/.env.production is tracked since commit 0123456789ab.")},
		{"one that was removed fails", file("shop.env", false), checktest.One("environment_committed", check.Fail, "The file shop.env is in commit 0123456789ab.")},
		{
			"a secret fails",
			fact.Repository{Repository: "shop", EnvironmentIgnored: true, Secrets: []fact.CommittedSecret{{Rule: "private-key", Path: "a.pem", Line: 3, Commit: commit, At: now}}},
			checktest.One("secret_committed", check.Fail, "The line 3 of a.pem has a secret (private-key) since commit 0123456789ab of 2026-06-01 12:00 UTC."),
		},
		{"what is not ignored warns", fact.Repository{Repository: "shop"}, checktest.One("not_ignored", check.Warn, "The file .gitignore at the root does not ignore .env.")},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := checktest.Case{Kind: repository.CommittedSecrets(), Now: now, Sets: []fact.AnySet{checktest.Facts(fact.Repositories(), c.repository)}}
			require.Equal(t, c.want, asked.Judge(t))
		})
	}
}

// Package repository judges what git repositories hold.
package repository

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// Parameters say which files no commit may have.
type Parameters struct {
	// ForbiddenFiles are names of files with the environment of a program: .env means .env.production and shop.env too.
	ForbiddenFiles []string `yaml:"forbidden_files"`
	// AllowedEndings are endings of names that mark a file as one to copy and fill in.
	AllowedEndings []string `yaml:"allowed_endings"`
}

// Validate wants names of files.
func (p Parameters) Validate() error {
	for _, name := range p.ForbiddenFiles {
		if !strings.HasPrefix(name, ".env") || strings.ContainsAny(name, "/ \t") {
			return check.Wrong("forbidden_files", "%q: expected the name of a file that begins with .env", name)
		}
	}
	for _, ending := range p.AllowedEndings {
		if len(ending) < 2 || !strings.HasPrefix(ending, ".") || strings.ContainsAny(ending, "/ \t") {
			return check.Wrong("allowed_endings", "%q: expected an ending, such as .example", ending)
		}
	}
	return nil
}

// forbids tells whether a file is one of those that no commit may have.
func (p Parameters) forbids(name string) bool {
	base := strings.ToLower(path.Base(name))
	if slices.ContainsFunc(p.AllowedEndings, func(ending string) bool {
		return strings.HasSuffix(base, ending) || strings.Contains(base, ending+".")
	}) {
		return false
	}
	return slices.ContainsFunc(p.ForbiddenFiles, func(forbidden string) bool {
		return base == forbidden || strings.HasPrefix(base, forbidden+".") || strings.HasSuffix(base, forbidden)
	})
}

// CommittedSecrets wants no secret in any commit of a repository.
func CommittedSecrets() check.Kind[Parameters] {
	const rewrite = " Replace what it holds where it is used, since whoever has a copy has it; then remove it from the history " +
		"(git filter-repo), or name it in the allow file if it is worthless."
	tracked := check.Reason{
		Name: "environment_tracked", Level: check.Fail, Sentence: "A file with the environment of a program is tracked.",
		Remedy: "Remove it from the branch (git rm --cached)." + rewrite,
	}
	committed := check.Reason{
		Name: "environment_committed", Level: check.Fail, Sentence: "A file with the environment of a program was committed once.",
		Remedy: "It is still in the history." + rewrite,
	}
	secret := check.Reason{
		Name: "secret_committed", Level: check.Fail, Sentence: "A private key or token was committed.",
		Remedy: "It is known to all who can read." + rewrite,
	}
	notIgnored := check.Reason{
		Name: "not_ignored", Level: check.Warn, Sentence: "Files with the environment of a program are not ignored.",
		Remedy: "Add .env to .gitignore.",
	}
	return check.Kind[Parameters]{
		Name:    "committed_secrets",
		Summary: "No commit of the history has an environment file, a private key or a token of a well-known service, and .env is ignored.",
		Remedy:  "Replace the secret, and remove it from the history.",
		Reasons: []check.Reason{tracked, committed, secret, notIgnored},
		Defaults: Parameters{
			ForbiddenFiles: []string{".env"},
			AllowedEndings: []string{".example", ".sample", ".template", ".tmpl", ".dist", ".defaults", ".schema"},
		},
		Over: []check.Quantified[Parameters]{
			check.Each(fact.Repositories(), func(_ check.Context, r *fact.Repository, p Parameters) (problems []check.Problem) {
				for _, file := range r.Environments {
					switch {
					case !p.forbids(file.Path):
					case file.Tracked:
						problems = append(problems, tracked.Problem(fmt.Sprintf("The file %s is tracked since commit %s.", file.Path, short(file.Commit))))
					default:
						problems = append(problems, committed.Problem(fmt.Sprintf("The file %s is in commit %s.", file.Path, short(file.Commit))))
					}
				}
				for _, each := range r.Secrets {
					problems = append(problems, secret.Problem(fmt.Sprintf("The line %d of %s has a secret (%s) since commit %s of %s.",
						each.Line, each.Path, each.Rule, short(each.Commit), words.Moment(each.At))))
				}
				if r.More > 0 {
					problems = append(problems, secret.Problem(fmt.Sprintf("There are %s beyond those that are listed.", words.Count(r.More, "secret"))))
				}
				if !r.EnvironmentIgnored {
					problems = append(problems, notIgnored.Problem("The file .gitignore at the root does not ignore .env."))
				}
				return problems
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_repository", Level: check.Undeclared, Sentence: "No git repository is declared.",
			Remedy: "Add it under repositories in the system description.",
		},
	}
}

// short is a commit as people write it.
func short(commit string) string { return commit[:min(len(commit), 12)] }

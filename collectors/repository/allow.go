package repository

import (
	"cmp"
	"context"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// allowed are places of what is no secret.
type allowed []allowance

type allowance struct{ rule, path, commit string }

// readAllowed reads the file that names them: of this machine, or of the branch.
func readAllowed(ctx context.Context, r system.Repository, snapshot *gitrepo.Snapshot) (all allowed, err error) {
	var content []byte
	switch {
	case r.AllowFile == "":
		return nil, nil
	case filepath.IsAbs(r.AllowFile):
		content, err = readfile.Read(r.AllowFile, gitrepo.MaximumFile)
	default:
		content, err = snapshot.Read(ctx, r.AllowFile)
		if errors.Is(err, gitrepo.ErrNoFile) {
			return nil, fact.Errorf(fact.ReasonNotFound, "the branch has no file %s", r.AllowFile)
		}
	}
	if err != nil {
		return nil, err
	}
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) < 2 || len(fields) > 3 {
			return nil, fact.Errorf(fact.ReasonInvalid, "line %d: expected a rule or *, a path and, where only that is meant, a commit", number)
		}
		if _, err := path.Match(fields[1], ""); err != nil || fields[1] == "*" && fields[0] == "*" {
			return nil, fact.Errorf(fact.ReasonInvalid, "line %d: expected a path, such as testdata/ or docs/*.md", number)
		}
		all = append(all, allowance{fields[0], fields[1], append(fields, "")[2]})
	}
	return all, nil
}

func (a allowed) allows(rule, name, commit string) bool {
	return slices.ContainsFunc(a, func(each allowance) bool {
		matches, _ := path.Match(each.path, name) // The pattern was tried when it was read.
		beneath := strings.HasSuffix(each.path, "/") && strings.HasPrefix(name, each.path)
		return (each.rule == "*" || each.rule == rule) && (matches || beneath) && (each.commit == "" || strings.HasPrefix(commit, each.commit))
	})
}

// ignoresEnvironment tells whether git add would leave out a file .env at the root.
func ignoresEnvironment(ctx context.Context, snapshot *gitrepo.Snapshot) (bool, error) {
	content, err := snapshot.Read(ctx, ".gitignore")
	if errors.Is(err, gitrepo.ErrNoFile) {
		return false, nil
	}
	ignored := false
	for line := range strings.Lines(string(content)) {
		pattern := strings.TrimRight(line, " \t\r\n")
		rest, negated := strings.CutPrefix(pattern, "!")
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, "**/"), "/")
		if matches, err := path.Match(rest, ".env"); err == nil && matches && !strings.HasPrefix(pattern, "#") {
			ignored = !negated
		}
	}
	return ignored, err
}

// sorted puts what was found into an order that does not depend on that of the reading.
func sorted(found *fact.Repository) {
	slices.SortFunc(found.Environments, func(a, b fact.CommittedFile) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(found.Secrets, func(a, b fact.CommittedSecret) int {
		return cmp.Or(b.At.Compare(a.At), strings.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), strings.Compare(a.Rule, b.Rule))
	})
}

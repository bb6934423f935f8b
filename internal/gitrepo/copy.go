package gitrepo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const (
	// watching is how often the size of a copy is measured while it grows.
	watching = 250 * time.Millisecond
	// manyPacks is how many fetches are kept apart before they are made one.
	manyPacks = 50
)

// update brings a copy up to date with its server, and gives the branch that counts.
func (g *git) update(ctx context.Context, declared system.Repository) (branch string, err error) {
	if err := g.prepare(ctx); err != nil {
		return "", err
	}
	branch = declared.Branch
	if branch == "" {
		if branch, err = g.defaultBranch(ctx, declared.URL); err != nil {
			return "", err
		}
	}
	err = g.within(ctx, int64(cmp.Or(declared.MaximumSize, defaultSize)), func(ctx context.Context) error {
		_, err := g.run(ctx, "fetch", "--quiet", "--prune", "--force", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head",
			"--", declared.URL, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
		return err
	})
	if err != nil {
		return "", err
	}
	return branch, g.tidy(ctx)
}

// prepare makes an empty copy where there is none, and removes what a fetch has left that was killed.
func (g *git) prepare(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(g.dir, "HEAD")); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(g.dir, 0o700); err != nil {
			return fmt.Errorf("make a copy of a repository: %w", err)
		}
		if _, err := g.run(ctx, "init", "--quiet", "--bare", "--template="); err != nil {
			return err
		}
	}
	left, err := filepath.Glob(filepath.Join(g.dir, "objects", "pack", "tmp_*"))
	if err != nil {
		return err
	}
	locks, err := filepath.Glob(filepath.Join(g.dir, "*.lock"))
	if err != nil {
		return err
	}
	for _, each := range append(left, locks...) {
		if err := os.Remove(each); err != nil {
			return fmt.Errorf("remove what a fetch has left: %w", err)
		}
	}
	now := time.Now()
	return os.Chtimes(g.dir, now, now) // It is in use.
}

// defaultBranch is the one that the server's HEAD names.
func (g *git) defaultBranch(ctx context.Context, address string) (string, error) {
	output, err := g.run(ctx, "ls-remote", "--symref", "--", address, "HEAD")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(output)) {
		name, is := strings.CutPrefix(line, "ref: refs/heads/")
		if name, _, named := strings.Cut(name, "\t"); is && named {
			return name, nil
		}
	}
	return "", fact.Errorf(fact.ReasonInvalid, "the HEAD of the repository names no branch: declare the branch")
}

// within ends a run of git that makes the copy larger than it may be.
func (g *git) within(ctx context.Context, limit int64, run func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan error, 1)
	go func() { done <- collector.Guard("run git", func() error { return run(ctx) }) }()
	ticker := time.NewTicker(watching)
	defer ticker.Stop()
	for {
		select {
		case err := <-done:
			if err == nil && g.size() > limit {
				err = tooLarge(limit)
			}
			return err
		case <-ticker.C:
			if g.size() > limit {
				cancel(tooLarge(limit))
			}
		}
	}
}

func tooLarge(limit int64) error {
	return fact.Errorf(fact.ReasonUnsupported, "the copy of the repository is larger than %s: raise maximum_size, if there is room",
		quantity.Bytes(limit))
}

// size is how large the objects of the copy are, in bytes.
func (g *git) size() (bytes int64) {
	_ = filepath.WalkDir(filepath.Join(g.dir, "objects"), func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // What is removed meanwhile takes no room.
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}

// tidy makes one of the many packs that fetches leave.
func (g *git) tidy(ctx context.Context) error {
	packs, err := filepath.Glob(filepath.Join(g.dir, "objects", "pack", "*.pack"))
	if err != nil || len(packs) < manyPacks {
		return err
	}
	_, err = g.run(ctx, "repack", "--quiet", "-d", "--geometric=2")
	return err
}

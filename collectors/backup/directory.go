package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// maximumInside is how many files inside folders are measured in one run; folders beyond it have no known size.
const maximumInside = 100_000

// A directory is being listed.
type directory struct {
	system.Directory
	kept   *copies
	dates  dates
	inside int // how many files in folders may still be measured
}

// listDirectory lists the top of a directory. A file that vanishes meanwhile, as the oldest does when a new one is
// made, is passed over.
func listDirectory(ctx context.Context, described system.Directory) (*copies, error) {
	dates, err := newDates(described.DateFormat)
	if err != nil {
		return nil, err
	}
	folder, err := readfile.OpenFolder(described.Path)
	if err != nil {
		return nil, fmt.Errorf("list backups: %w", err)
	}
	defer folder.Close()
	d := &directory{Directory: described, kept: &copies{}, dates: dates, inside: maximumInside}
	for {
		entries, err := folder.ReadDir(1000)
		if errors.Is(err, io.EOF) {
			return d.kept, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list backups: %w", err)
		}
		for _, entry := range entries {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("list backups in %s: %w", d.Path, err)
			}
			if err := d.addEntry(ctx, entry); err != nil {
				return nil, fmt.Errorf("list backups in %s: %w", d.Path, err)
			}
		}
	}
}

// addEntry adds a file or folder, or leaves it as one that cannot be read or dated.
func (d *directory) addEntry(ctx context.Context, entry fs.DirEntry) error {
	if !counts(entry.Name(), d.Pattern) || !entry.IsDir() && !entry.Type().IsRegular() {
		return nil
	}
	info, err := entry.Info()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		d.kept.leave(fmt.Errorf("read the time of %s: %w", words.Excerpt(entry.Name()), err))
		return nil
	case entry.IsDir():
		return d.addFolder(ctx, info)
	}
	return d.kept.addSigned(info.Name(), info.Size(), d.dates, sign{fact.DatedByChange, system.Span{Start: info.ModTime()}})
}

func (d *directory) addFolder(ctx context.Context, info fs.FileInfo) error {
	path := filepath.Join(d.Path, info.Name())
	content, err := d.measure(ctx, path)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && content.newest.IsZero() && content.unfinished {
		return nil // Nothing in it is complete yet.
	}
	size := content.bytes
	if err != nil {
		size = unknownSize
	}
	var signs []sign
	if d.Manifest != "" {
		manifest, err := os.Lstat(filepath.Join(path, d.Manifest))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // It is unfinished, and no backup yet.
		case err != nil:
			d.kept.leave(fmt.Errorf("read the time of a manifest: %w", err))
			return nil
		}
		signs = append(signs, sign{fact.DatedByManifest, system.Span{Start: manifest.ModTime()}})
	}
	switch {
	case err != nil && d.Manifest == "" && d.DateFormat == "":
		d.kept.leave(fmt.Errorf("date the folder %s by what is in it: %w; date_format or manifest date it otherwise",
			words.Excerpt(info.Name()), err))
		return nil
	case err != nil:
		// What was read of it says little of when it was made.
	case content.newest.IsZero():
		signs = append(signs, sign{fact.DatedByFolder, system.Span{Start: info.ModTime()}})
	default:
		signs = append(signs, sign{fact.DatedByContent, system.Span{Start: content.newest}})
	}
	return d.kept.addSigned(info.Name(), size, d.dates, signs...)
}

// content is what is in a folder.
type content struct {
	bytes  int64
	newest time.Time // of its files; zero where it has none
	// unfinished tells that there are files in it that are still written.
	unfinished bool
}

// measure adds up the files in a folder, and finds the newest of them.
func (d *directory) measure(ctx context.Context, path string) (found content, err error) {
	err = filepath.WalkDir(path, func(at string, entry fs.DirEntry, err error) error {
		d.inside--
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case d.inside < 0:
			return fact.Errorf(fact.ReasonUnsupported, "there are more than %d files in the folders of %s", maximumInside, d.Path)
		case !entry.Type().IsRegular():
			return nil
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the size of %s: %w", at, err)
		}
		found.bytes += info.Size()
		switch {
		case unfinished(entry.Name()):
			found.unfinished = true // That it grows says nothing of when the others were made.
		case info.ModTime().After(found.newest):
			found.newest = info.ModTime()
		}
		return nil
	})
	return found, err
}

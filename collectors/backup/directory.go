package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// maximumInside is how many files inside folders are measured in one run; folders beyond it have no known size.
const maximumInside = 100_000

// listDirectory lists the top of a directory. A file that vanishes meanwhile, as the oldest does when a new one is
// made, is passed over.
func listDirectory(ctx context.Context, directory system.Directory) (*copies, error) {
	folder, err := os.Open(directory.Path)
	if err != nil {
		return nil, fmt.Errorf("list backups: %w", err)
	}
	defer folder.Close()
	kept := &copies{}
	inside := maximumInside
	for {
		entries, err := folder.ReadDir(1000)
		if errors.Is(err, io.EOF) {
			return kept, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list backups: %w", err)
		}
		for _, entry := range entries {
			if err := ctx.Err(); err != nil {
				return nil, fmt.Errorf("list backups in %s: %w", directory.Path, err)
			}
			if err := addEntry(ctx, kept, directory, entry, &inside); err != nil {
				return nil, fmt.Errorf("list backups in %s: %w", directory.Path, err)
			}
		}
	}
}

func addEntry(ctx context.Context, kept *copies, directory system.Directory, entry fs.DirEntry, inside *int) error {
	if !counts(entry.Name(), directory.Pattern) || !entry.IsDir() && !entry.Type().IsRegular() {
		return nil
	}
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	bytes := info.Size()
	if entry.IsDir() {
		if bytes, err = measureFolder(ctx, filepath.Join(directory.Path, entry.Name()), inside); err != nil {
			return err
		}
	}
	return kept.add(entry.Name(), info.ModTime(), bytes)
}

var errUnmeasured = errors.New("not all of the folder can be measured")

// measureFolder adds up the files in a folder; inside is how many may still be measured.
func measureFolder(ctx context.Context, path string, inside *int) (int64, error) {
	var total int64
	err := filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		*inside--
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil || *inside < 0:
			return errUnmeasured
		case !entry.Type().IsRegular():
			return nil
		}
		info, err := entry.Info()
		if err == nil {
			total += info.Size()
		} else if !errors.Is(err, fs.ErrNotExist) {
			return errUnmeasured
		}
		return nil
	})
	if errors.Is(err, errUnmeasured) {
		return unknownSize, nil
	}
	return total, err
}

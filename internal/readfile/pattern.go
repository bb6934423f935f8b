package readfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Matches are the files that a pattern stands for, in alphabetical order, and what of it could not be listed.
type Matches struct {
	Files    []string
	Unlisted []Unlisted
}

// Unlisted is a folder, or a file in one, of which nobody can tell whether it fits.
type Unlisted struct {
	Path string
	Err  error
}

// IsPattern tells whether a path has signs of a pattern.
func IsPattern(path string) bool { return strings.ContainsAny(path, `*?[\`) }

// Match gives the files whose absolute path fits a pattern of filepath.Match, folders excepted. A folder that cannot be listed may have
// some, and is not passed over; one that is not there has none.
func Match(pattern string) Matches {
	var found Matches
	found.match(string(filepath.Separator), strings.Split(strings.Trim(filepath.Clean(pattern), "/"), "/"))
	return found
}

func (m *Matches) lack(path string, err error) {
	m.Unlisted = append(m.Unlisted, Unlisted{path, fmt.Errorf("list %s: %w", path, err)})
}

// match adds the files under a folder whose path fits the rest of a pattern, part by part.
func (m *Matches) match(folder string, parts []string) {
	if len(parts) == 0 {
		return
	}
	names := []string{parts[0]}
	if IsPattern(parts[0]) {
		var err error
		if names, err = matching(folder, parts[0]); err != nil {
			m.lack(folder, err)
			return
		}
	}
	for _, name := range names {
		path := filepath.Join(folder, name)
		switch info, err := os.Stat(path); {
		case errors.Is(err, os.ErrNotExist) && isLink(path) && len(parts) == 1:
			m.Files = append(m.Files, path) // It leads nowhere, which reading it says.
		case isAbsent(err):
		case err != nil:
			m.lack(path, err)
		case len(parts) > 1 && info.IsDir():
			m.match(path, parts[1:])
		case len(parts) == 1 && !info.IsDir():
			m.Files = append(m.Files, path)
		}
	}
}

// matching gives the names in a folder that fit a pattern.
func matching(folder, pattern string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		// A pattern that is malformed is refused when the configuration is read.
		if fits, err := filepath.Match(pattern, entry.Name()); err == nil && fits {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

func isAbsent(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&os.ModeSymlink != 0
}

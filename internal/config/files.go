package config

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
)

// A State is what the files of a configuration hold at one time, to be compared with what they hold at another.
type State [sha256.Size]byte

// stateOf sums up files, those that patterns match, and what stands in them; nil where one cannot be read.
func stateOf(files, matches []string, read func(file string) []byte) State {
	sum := sha256.New()
	for _, file := range files {
		content := read(file)
		fmt.Fprintf(sum, "%q %t %x\n", file, content != nil, sha256.Sum256(content))
	}
	fmt.Fprintf(sum, "%q\n", matches)
	return State(sum.Sum(nil))
}

// Loaded is the state in which the files were loaded.
func (c *Config) Loaded() State { return c.loaded }

// State is that in which the files are now. Where it is not that in which they were loaded, loading again could give
// something else; where it changes from one moment to the next, somebody is writing them.
func (c *Config) State() State {
	var matches []string
	for _, pattern := range c.patterns {
		// The pattern was good when the configuration was loaded.
		found, _ := matchesOf(pattern)
		matches = append(matches, found...)
	}
	return stateOf(c.files, matches, func(file string) []byte {
		content, err := readfile.Read(file, maximumFileSize)
		if err != nil {
			return nil
		}
		return content
	})
}

// Changed tells whether loading again could give something else: a file that was read has changed or gone, or a pattern
// matches other files.
func (c *Config) Changed() bool { return c.State() != c.loaded }

// matchesOf gives the files of a pattern. As in a shell, hidden ones, such as those of editors, are left out, unless the
// pattern asks for them.
func matchesOf(pattern string) ([]string, error) {
	matches, err := filepath.Glob(pattern)
	if hidden := strings.HasPrefix(filepath.Base(pattern), "."); !hidden {
		matches = slices.DeleteFunc(matches, func(file string) bool { return strings.HasPrefix(filepath.Base(file), ".") })
	}
	return matches, err
}

// match finds the files of patterns that are relative to a document, without those that were read already. A pattern that
// matches nothing, or nothing but the document itself, is a mistake.
func (l *loader) match(doc *document, key string, patterns []string) []string {
	known := make(map[string]bool) // files by the paths that they really have
	for _, file := range l.files {
		known[realPath(file)] = true
	}
	var files []string
	for i, pattern := range patterns {
		if strings.TrimSpace(pattern) == "" {
			l.mistake(doc, mistake.At(nil, key, i), "pattern %q is blank: expected one such as systems/*.yaml", pattern)
			continue
		}
		if strings.Contains(pattern, "**") {
			l.mistake(doc, mistake.At(nil, key, i), "pattern %q: ** is not supported, since * stands for a part of one name", pattern)
			continue
		}
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(filepath.Dir(doc.file), pattern)
		}
		matches, err := matchesOf(pattern)
		l.patterns, l.matches = append(l.patterns, pattern), append(l.matches, matches...)
		others := slices.DeleteFunc(slices.Clone(matches), func(file string) bool { return realPath(file) == realPath(doc.file) })
		at := mistake.At(nil, key, i)
		switch {
		case err != nil:
			l.mistake(doc, at, "pattern %q: expected one such as systems/*.yaml", patterns[i])
		case len(matches) == 0:
			l.mistake(doc, at, "no file matches %q: expected the pattern of a file that is there", patterns[i])
		case len(others) == 0:
			l.mistake(doc, at, "only this file itself matches %q: expected the pattern of another", patterns[i])
		}
		for _, file := range others {
			if path := realPath(file); !known[path] {
				known[path] = true
				files = append(files, file)
			}
		}
	}
	return files
}

// realPath is the path by which a file is told from others: without links, from the root.
func realPath(file string) string {
	path := file
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	return path
}

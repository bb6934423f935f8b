package host

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

// An osRelease is what os-release(5) says of an operating system.
type osRelease struct {
	ID, Version, Codename, Title string
	FullVersion                  string // VERSION, with words such as LTS in it
	SupportEnd                   time.Time
}

// readOSRelease reads the file where it is found first, as os-release(5) asks. A system without one is the zero value.
func readOSRelease(files fs.FS) (osRelease, error) {
	for _, name := range []string{"etc/os-release", "usr/lib/os-release"} {
		text, err := rootfs.ReadText(files, name)
		switch {
		case err == nil:
			return parseOSRelease(text), nil
		case errors.Is(err, fs.ErrPermission) || fact.ReasonOf(err) == fact.ReasonInvalid:
			return osRelease{}, fmt.Errorf("read os-release: %w", err)
		}
	}
	return osRelease{}, nil
}

func parseOSRelease(text string) osRelease {
	var release osRelease
	for line := range strings.Lines(text) {
		name, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if !found || strings.HasPrefix(name, "#") {
			continue
		}
		value = rootfs.Line(unquote(value))
		switch name {
		case "ID":
			release.ID = value
		case "VERSION_ID":
			release.Version = value
		case "VERSION_CODENAME":
			release.Codename = value
		case "VERSION":
			release.FullVersion = value
		case "PRETTY_NAME":
			release.Title = value
		case "SUPPORT_END":
			if end, err := time.Parse(time.DateOnly, value); err == nil {
				release.SupportEnd = end
			}
		}
	}
	return release
}

// unquote takes off the quotes of a shell's assignment, which is all of its syntax that os-release(5) allows.
func unquote(value string) string {
	if len(value) >= 2 && value[0] == value[len(value)-1] {
		switch value[0] {
		case '\'':
			return value[1 : len(value)-1]
		case '"':
			return shellEscape.ReplaceAllString(value[1:len(value)-1], "$1")
		}
	}
	return value
}

var (
	shellEscape = regexp.MustCompile("\\\\([\"$`\\\\])")
	longTerm    = regexp.MustCompile(`\bLTS\b`)
)

func (r osRelease) longTerm() bool { return longTerm.MatchString(r.FullVersion + " " + r.Title) }

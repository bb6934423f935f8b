package host

import (
	"io/fs"
	"net/url"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

// hasUbuntuPro tells whether expanded security maintenance is switched on: pro adds the source of its packages then, and
// upgrades of the release switch it off.
func hasUbuntuPro(files fs.FS) bool {
	names := []string{"etc/apt/sources.list"}
	for _, pattern := range []string{"etc/apt/sources.list.d/*.list", "etc/apt/sources.list.d/*.sources"} {
		found, err := fs.Glob(files, pattern)
		if err == nil { // It is no error but of the pattern.
			names = append(names, found...)
		}
	}
	for _, name := range names {
		text, err := rootfs.ReadText(files, name)
		if err != nil {
			continue
		}
		sources := aptList(text)
		if strings.HasSuffix(name, ".sources") {
			sources = aptStanzas(text)
		}
		if slices.ContainsFunc(sources, isExpandedMaintenance) {
			return true
		}
	}
	return false
}

// isExpandedMaintenance tells the source of packages of the system itself; that of ESM for applications has another path.
func isExpandedMaintenance(source string) bool {
	address, err := url.Parse(source)
	return err == nil && (address.Hostname() == "esm.ubuntu.com" || strings.HasSuffix(address.Hostname(), ".esm.ubuntu.com")) &&
		strings.HasPrefix(address.Path, "/infra/")
}

// aptList gives the addresses of packages in a file of one line a source, as sources.list(5) has it.
func aptList(text string) (sources []string) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if kind != "deb" {
			continue
		}
		if rest = strings.TrimSpace(rest); strings.HasPrefix(rest, "[") {
			_, rest, _ = strings.Cut(rest, "]")
		}
		if fields := strings.Fields(rest); len(fields) > 1 {
			sources = append(sources, fields[0])
		}
	}
	return sources
}

// aptStanzas gives the addresses of packages in a file of stanzas, of those that are not switched off.
func aptStanzas(text string) (sources []string) {
	fields, name := make(map[string]string), ""
	flush := func() {
		packages := fields["types"] == "" || slices.Contains(strings.Fields(fields["types"]), "deb")
		if packages && !aptSwitchedOff(fields["enabled"]) {
			sources = append(sources, strings.Fields(fields["uris"])...)
		}
		fields, name = make(map[string]string), ""
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		switch key, value, is := strings.Cut(line, ":"); {
		case line == "":
			flush()
		case line[0] == '#':
		case line[0] == ' ' || line[0] == '\t':
			fields[name] += " " + strings.TrimSpace(line)
		case is:
			name = strings.ToLower(key)
			fields[name] = strings.TrimSpace(value)
		}
	}
	flush()
	return sources
}

// aptSwitchedOff reads a switch as apt does.
func aptSwitchedOff(value string) bool {
	return slices.Contains([]string{"no", "false", "without", "off", "disable", "0"}, strings.ToLower(value))
}

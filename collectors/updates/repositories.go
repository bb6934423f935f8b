package updates

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
	"github.com/readiness-exporter/readiness-exporter/internal/rpm"
)

// A repository is one that is enabled, with what dnf last fetched of it.
type repository struct {
	id       string
	folder   string   // its own in dnf's cache
	excluded []string // packages that are not taken from anywhere, by patterns
}

// description lists the metadata of the repository.
func (r repository) description() string { return path.Join(r.folder, "repodata/repomd.xml") }

// fetched is when the repository was last fetched, or found to be unchanged: dnf 4 and 5 note the latter at the list of packages, which
// has the name of its content in its own.
func (r repository) fetched(files fs.FS) time.Time {
	names := []string{r.description()}
	entries, err := fs.ReadDir(files, path.Join(r.folder, "repodata"))
	if err == nil {
		for _, each := range entries {
			if strings.Contains(each.Name(), "primary.xml") {
				names = append(names, path.Join(r.folder, "repodata", each.Name()))
			}
		}
	}
	return changed(files, names...)
}

// advisories gives the file of those of the repository; empty: it has none, and tells nothing of security.
func (r repository) advisories(files fs.FS) (name string, err error) {
	text, err := rootfs.Read(files, r.description(), rootfs.MaximumFileSize)
	if err != nil {
		return "", unreadable(err)
	}
	var described struct {
		Data []struct {
			Type     string `xml:"type,attr"`
			Location struct {
				Href string `xml:"href,attr"`
			} `xml:"location"`
		} `xml:"data"`
	}
	if err := xml.Unmarshal(text, &described); err != nil {
		return "", fact.Errorf(fact.ReasonInvalid, "/%s: %w", r.description(), err)
	}
	named := false
	for _, each := range described.Data {
		if each.Type != "updateinfo" && each.Type != "updateinfo_zck" {
			continue
		}
		named = true
		if file := path.Join(r.folder, each.Location.Href); strings.HasPrefix(file, r.folder+"/") && rootfs.Exists(files, file) {
			return file, nil
		}
	}
	if named {
		return "", fact.Errorf(fact.ReasonNotFound,
			"the repository %s has advisories, and they were not fetched: run dnf makecache", rootfs.Line(r.id))
	}
	return "", nil
}

// enabledRepositories finds those that are enabled, and what was last fetched of each: a cache keeps folders of addresses that are not used
// any more, and dnf 5 takes another than dnf 4. Those that were never fetched are named.
func enabledRepositories(files fs.FS) (found []repository, never []string, err error) {
	configured, err := options(files, "etc/dnf/dnf.conf")
	if err != nil {
		return nil, nil, err
	}
	main := configured["main"]
	folders := []string{"etc/yum.repos.d", "etc/yum/repos.d", "etc/distro.repos.d"}
	if own := strings.FieldsFunc(main["reposdir"], separatesValues); len(own) > 0 {
		folders = own
	}
	caches := []string{"var/cache/dnf", "var/cache/libdnf5"}
	for _, own := range []string{main["cachedir"], main["system_cachedir"]} {
		if own != "" {
			caches = append(caches, own)
		}
	}
	described, err := describedRepositories(files, folders)
	if err != nil {
		return nil, nil, err
	}
	kept, err := cached(files, caches)
	if err != nil {
		return nil, nil, err
	}
	excluded := patterns(main)
	for _, id := range slices.Sorted(maps.Keys(described)) {
		own := described[id]
		if enabled, set := own["enabled"]; id == "main" || set && !truth(enabled) {
			continue
		}
		each := repository{id: id, excluded: append(patterns(own), excluded...)}
		for _, folder := range kept[id] {
			other := repository{folder: folder}
			if each.folder == "" || other.fetched(files).After(each.fetched(files)) {
				each.folder = folder
			}
		}
		if each.folder == "" {
			never = append(never, rootfs.Line(id))
		} else {
			found = append(found, each)
		}
	}
	return found, never, nil
}

// describedRepositories gives the options of repositories, with what dnf 5 is told to override.
func describedRepositories(files fs.FS, folders []string) (map[string]map[string]string, error) {
	described := make(map[string]map[string]string)
	for _, folder := range folders {
		own, err := optionsIn(files, inRoot(folder), ".repo")
		if err != nil {
			return nil, err
		}
		maps.Copy(described, own)
	}
	overriding, err := optionsIn(files, "etc/dnf/repos.override.d", ".repo")
	for pattern, options := range overriding {
		for id, own := range described {
			if is, _ := path.Match(pattern, id); is {
				maps.Copy(own, options)
			}
		}
	}
	return described, err
}

// cached gives the folders that a cache has of each repository: its name, and 16 digits that are made of where it is.
func cached(files fs.FS, caches []string) (map[string][]string, error) {
	folder := regexp.MustCompile(`^(.+)-[0-9a-f]{16}$`)
	found := make(map[string][]string)
	for _, cache := range caches {
		entries, err := fs.ReadDir(files, inRoot(cache))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, unreadable(err)
		}
		for _, each := range entries {
			if parts := folder.FindStringSubmatch(each.Name()); parts != nil {
				own := repository{folder: path.Join(inRoot(cache), each.Name())}
				if rootfs.Exists(files, own.description()) {
					found[parts[1]] = append(found[parts[1]], own.folder)
				}
			}
		}
	}
	return found, nil
}

// inRoot is the name of a file of the machine by its path.
func inRoot(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// patterns are the packages that options leave out.
func patterns(options map[string]string) []string {
	return strings.FieldsFunc(options["exclude"]+" "+options["excludepkgs"], separatesValues)
}

func separatesValues(r rune) bool { return strings.ContainsRune(" \t\n,", r) }

// locks are the packages whose version is kept, by patterns, of the plugin of dnf 4; dnf 5 has a file of another form.
func locks(files fs.FS) (patterns []string) {
	text, err := rootfs.ReadText(files, "etc/dnf/plugins/versionlock.list")
	if err == nil {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' && line[0] != '!' {
				patterns = append(patterns, line)
			}
		}
	}
	text, err = rootfs.ReadText(files, "etc/dnf/versionlock.toml")
	if err == nil {
		for _, own := range regexp.MustCompile(`(?m)^\s*name\s*=\s*["']([^"']+)["']`).FindAllStringSubmatch(text, -1) {
			patterns = append(patterns, own[1])
		}
	}
	return patterns
}

// held tells whether one of the patterns means a package, by any of its names (dnf(8), Specifying Packages).
func held(of rpm.Package, patterns []string) bool {
	version := of.Version.Version + "-" + of.Version.Release
	var names []string
	for _, name := range []string{of.Name, of.Name + "-" + version, fmt.Sprintf("%s-%d:%s", of.Name, of.Version.Epoch, version)} {
		names = append(names, name, name+"."+of.Architecture)
	}
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return slices.ContainsFunc(names, func(name string) bool {
			is, _ := path.Match(pattern, name)
			return is
		})
	})
}

// modules are the streams of modules that are enabled: "nodejs:18".
func modules(files fs.FS) (map[string]bool, error) {
	described, err := optionsIn(files, "etc/dnf/modules.d", ".module")
	streams := make(map[string]bool)
	for name, own := range described {
		if own["state"] == "enabled" {
			streams[name+":"+own["stream"]] = true
		}
	}
	return streams, err
}

// optionsIn reads the files of a folder; where several set an option, the last by name counts.
func optionsIn(files fs.FS, folder, extension string) (map[string]map[string]string, error) {
	all := make(map[string]map[string]string)
	entries, err := fs.ReadDir(files, folder)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, unreadable(err)
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), extension) {
			continue
		}
		sections, err := options(files, path.Join(folder, entry.Name()))
		if err != nil {
			return nil, err
		}
		for section, own := range sections {
			if all[section] == nil {
				all[section] = make(map[string]string)
			}
			maps.Copy(all[section], own)
		}
	}
	return all, nil
}

// options reads the options of a file of dnf's, by section; a line that is indented goes on with the value before it. What is not there
// has none.
func options(files fs.FS, name string) (map[string]map[string]string, error) {
	sections := make(map[string]map[string]string)
	text, err := rootfs.ReadText(files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return sections, nil
	}
	if err != nil {
		return nil, unreadable(err)
	}
	section, key := "", ""
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		case line[0] == '[' && strings.Contains(trimmed, "]"):
			section, _, _ = strings.Cut(trimmed[1:], "]")
			key = ""
			if sections[section] == nil {
				sections[section] = make(map[string]string)
			}
		case section == "":
		case (line[0] == ' ' || line[0] == '\t') && key != "":
			sections[section][key] += "\n" + trimmed
		default:
			name, value, _ := strings.Cut(trimmed, "=")
			key = strings.ToLower(strings.TrimSpace(name))
			sections[section][key] = strings.TrimSpace(value)
		}
	}
	return sections, nil
}

// truth reads what dnf takes for true.
func truth(value string) bool {
	return slices.Contains([]string{"1", "yes", "true", "on", "enabled"}, strings.ToLower(value))
}

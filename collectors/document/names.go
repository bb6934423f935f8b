package document

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/prose"
)

// ofDocuments are folders in which documents of a repository are.
func ofDocuments() []string {
	return []string{
		"docs", "doc", "documentation", "runbook", "runbooks", "playbook", "playbooks", "adr", "adrs", "wiki", "handbook", "ops", "operations",
	}
}

// ofOthers are folders whose documents are not the system's, or not written yet.
func ofOthers() []string {
	return []string{"node_modules", "vendor", "third_party", "template", "templates", "archive", "archived", "testdata", "examples", "dist"}
}

var (
	notInName   = regexp.MustCompile(`[^\pL\pN]+`)
	leadingDate = regexp.MustCompile(`^(\d+-)+`) // or number: 0007-rollback, 2026-01-02-rollback
)

// normal is a name as it is compared: lower case, words joined by -, without a leading number or date.
func normal(name string) string {
	name = strings.Trim(notInName.ReplaceAllString(strings.ToLower(name), "-"), "-")
	return leadingDate.ReplaceAllString(name, "")
}

// stem is what a file is called by: its name or, of the page of a folder, that of the folder.
func stem(file string) string {
	own := normal(strings.TrimSuffix(path.Base(file), path.Ext(file)))
	if (own == "readme" || own == "index") && depth(file) > 0 {
		return normal(path.Base(path.Dir(file)))
	}
	return own
}

// best gives the file that has one of the names, rather whole than in part, rather an earlier name, rather near the root.
func best(paths, names []string, documentsOnly bool) (string, bool) {
	type candidate struct {
		path           string
		inPart, number int
	}
	var found []candidate
	for _, file := range paths {
		if _, is := prose.FormatOf(file); !is || !sought(file, documentsOnly) {
			continue
		}
		for i, name := range names {
			switch own := stem(file); {
			case own == name, name == "readme" && normal(strings.TrimSuffix(path.Base(file), path.Ext(file))) == name:
				found = append(found, candidate{file, 0, i})
			case name != "readme" && strings.Contains("-"+own+"-", "-"+name+"-"):
				found = append(found, candidate{file, 1, i})
			}
		}
	}
	if len(found) == 0 {
		return "", false
	}
	return slices.MinFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.inPart, b.inPart), cmp.Compare(a.number, b.number), cmp.Compare(depth(a.path), depth(b.path)),
			strings.Compare(a.path, b.path))
	}).path, true
}

// sought tells whether a file is where documents of the system are.
func sought(file string, documentsOnly bool) bool {
	folders := strings.Split(strings.ToLower(path.Dir(file)), "/")
	if slices.ContainsFunc(folders, func(f string) bool { return slices.Contains(ofOthers(), f) }) {
		return false
	}
	return documentsOnly || depth(file) == 0 || slices.ContainsFunc(folders, func(f string) bool { return slices.Contains(ofDocuments(), f) })
}

// bestFolder gives the folder that has one of the names, rather an earlier name, rather near the root.
func bestFolder(paths, names []string) (string, bool) {
	folders := make(map[string]bool)
	for _, file := range paths {
		for dir := path.Dir(file); dir != "." && dir != "/" && !folders[dir]; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	found, number := "", len(names)
	for dir := range folders {
		at := slices.Index(names, normal(path.Base(dir)))
		if at < 0 || !sought(dir+"/x", true) {
			continue
		}
		if at < number || at == number && cmp.Or(cmp.Compare(depth(dir), depth(found)), strings.Compare(dir, found)) < 0 {
			found, number = dir, at
		}
	}
	return found, found != ""
}

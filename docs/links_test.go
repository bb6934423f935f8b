package docs_test

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// TestEveryLinkLeadsSomewhere follows every link of every Markdown file of the repository that leads to a file of it: the file is
// there, and so is the heading that it names. Links to the repository on its host are such links too.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	followed := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".md"):
			return nil
		}
		for _, link := range linksOf(t, path) {
			if target, anchor, inside := resolved(t, root, path, link); inside {
				followed++
				requireThere(t, path, link, target, anchor)
			}
		}
		return nil
	}))
	require.Greater(t, followed, 100)
}

// linksOf gives where the links and pictures of a file lead. What stands in code is none.
func linksOf(t *testing.T, path string) (links []string) {
	t.Helper()
	for _, match := range regexp.MustCompile(`\]\(<?([^)>\s]+)>?(?:\s+"[^"]*")?\)`).FindAllStringSubmatch(textOf(t, path), -1) {
		links = append(links, match[1])
	}
	return links
}

// textOf is a file without its code.
func textOf(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return regexp.MustCompile("(?ms)^ *```.*?^ *```$|`[^`\n]+`").ReplaceAllString(string(content), "code")
}

// resolved gives the file that a link leads to, and the anchor in it; false where it leads out of the repository.
func resolved(t *testing.T, root, from, link string) (target, anchor string, inside bool) {
	t.Helper()
	parsed, err := url.Parse(link)
	require.NoError(t, err, "%s: %s", from, link)
	const home = "/readiness-exporter/readiness-exporter/blob/main/"
	switch {
	case parsed.Host == "github.com" && strings.HasPrefix(parsed.Path, home):
		return filepath.Join(root, strings.TrimPrefix(parsed.Path, home)), parsed.Fragment, true
	case parsed.Scheme != "" || parsed.Host != "":
		return "", "", false
	case parsed.Path == "":
		return from, parsed.Fragment, true
	default:
		return filepath.Join(filepath.Dir(from), parsed.Path), parsed.Fragment, true
	}
}

func requireThere(t *testing.T, from, link, target, anchor string) {
	t.Helper()
	if _, err := os.Stat(target); err != nil {
		t.Errorf("%s: the link %s leads to no file", from, link)
		return
	}
	if anchor != "" && !anchorsOf(t, target)[anchor] {
		t.Errorf("%s: the link %s leads to no heading", from, link)
	}
}

// anchorsOf are the anchors that a code host gives the headings of a file, and those that it sets itself.
func anchorsOf(t *testing.T, path string) map[string]bool {
	t.Helper()
	anchors := make(map[string]bool)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, heading := range regexp.MustCompile(`(?m)^#+ +(.+?) *#*$`).FindAllStringSubmatch(string(content), -1) {
		anchors[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			default:
				return -1
			}
		}, heading[1])] = true
	}
	for _, set := range regexp.MustCompile(`<a (?:id|name)="([^"]+)"`).FindAllStringSubmatch(string(content), -1) {
		anchors[set[1]] = true
	}
	return anchors
}

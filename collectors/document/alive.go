package document

import (
	"net/url"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/linkcheck"
	"github.com/readiness-exporter/readiness-exporter/internal/prose"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// external gives the links of a text to other servers, each once, without those that are only examples.
func external(text *prose.Text) (points []prose.Point) {
	seen := make(map[string]bool)
	for _, point := range slices.Concat(text.Links, text.Images) {
		address, err := url.Parse(point.Text)
		if err != nil || address.Scheme != "https" && address.Scheme != "http" || address.User != nil || isExample(address.Hostname()) {
			continue
		}
		address.Fragment = "" // What is within a page is not asked.
		if point.Text = address.String(); !seen[point.Text] && len(points) < maximumExternal {
			seen[point.Text] = true
			points = append(points, point)
		}
	}
	return points
}

// isExample tells names that lead nowhere for everybody, or to whoever reads them.
func isExample(host string) bool { return linkcheck.IsExample(host) || linkcheck.IsInternal(host) }

// shown is a link as it is reported: what stands behind ? in it may be a secret.
func shown(link string) string {
	before, _, _ := strings.Cut(link, "?")
	return words.Printable(before, 200)
}

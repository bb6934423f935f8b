package image

import (
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// findings are what all layers of an image hold, in their order. What a later layer removes is part of the image all the same.
func findings(all []*layer) (found []fact.ImageFinding) {
	development := developmentIn(all)
	for at, each := range all {
		for _, rule := range fact.ImageRules() {
			matched := each.found[rule]
			if rule == fact.RuleDevDependencies {
				matched = development[at]
			}
			if matched == nil {
				continue
			}
			finding := fact.ImageFinding{Rule: rule, Layer: at + 1, More: matched.more, Deleted: matched.more == 0}
			for _, name := range matched.paths {
				finding.Deleted = finding.Deleted && slices.ContainsFunc(all[at+1:], func(later *layer) bool { return later.removes(name) })
				finding.Paths = append(finding.Paths, words.Printable(name, longestPath))
			}
			found = append(found, finding)
		}
	}
	return found
}

// removes tells whether a layer takes away what one before it has.
func (l *layer) removes(name string) bool {
	beneath := func(folder string) bool { return folder == "" || strings.HasPrefix(name, folder+"/") }
	return slices.ContainsFunc(l.removed, func(removed string) bool { return removed == name || beneath(removed) }) ||
		slices.ContainsFunc(l.emptied, beneath)
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/go-kit/log"

	"github.com/readiness-exporter/readiness-exporter/collectors/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// runOnManifests judges what manifests tell, before they are in a cluster: the items on facts that a cluster tells of. What of
// them cannot be read is reported, and keeps the rest from passing.
func (c *checkCommand) runOnManifests(ctx context.Context, p *program) (int, error) {
	source := manifestSource{reader: kubernetes.NewManifestReader(c.namespace), namespace: c.namespace, exclude: c.exclude, stdin: os.Stdin}
	if err := source.validate(); err != nil {
		return 0, err
	}
	for _, from := range c.manifests {
		source.read(ctx, from)
	}
	all := source.distinct()
	manifests := slices.DeleteFunc(slices.Clone(all), kubernetes.Manifest.Refused)
	for _, err := range source.failed {
		fmt.Fprintf(p.stderr, "readiness-exporter: %s\n", report.Printable(err.Error()))
	}
	if len(manifests) == 0 {
		if len(source.failed) > 0 {
			return exitUnjudged, nil
		}
		return 0, fmt.Errorf("--manifests %s: there is no object of Kubernetes in it", strings.Join(c.manifests, ", "))
	}
	places := make(map[string]system.Origin)
	for _, each := range manifests {
		places[each.Subject()] = system.Origin{File: each.File, Line: each.Line}
	}
	assessments, err := p.judgeManifests(ctx, kubernetes.Manifests(all))
	if err != nil {
		return 0, err
	}
	systems, err := c.systems(assessments, 0)
	if err != nil {
		return 0, err
	}
	judged, others := judgedOf(manifests, assessments)
	incomplete := len(source.failed) > 0 || judged == 0
	for i := range systems {
		systems[i] = systems[i].OfManifests(places)
		systems[i].Ready = systems[i].Ready && !incomplete
	}
	if err := c.write(p, systems); err != nil {
		return 0, err
	}
	note(p, len(manifests), judged, others)
	verdict := report.JudgeManifests(systems)
	if verdict == report.Ready && incomplete {
		verdict = report.Unjudged
	}
	return exitStatus(verdict), nil
}

// note reports what of the manifests nothing was judged by.
func note(p *program, read, judged int, others map[string]int) {
	if len(others) == 0 {
		return
	}
	var kinds []string
	for _, kind := range slices.SortedFunc(maps.Keys(others), func(a, b string) int {
		return cmp.Or(cmp.Compare(others[b], others[a]), cmp.Compare(a, b))
	}) {
		if others[kind] > 1 {
			kind = fmt.Sprintf("%s (%d)", kind, others[kind])
		}
		kinds = append(kinds, kind)
	}
	which := "not judged"
	if judged == 0 {
		which = "none judged"
	}
	fmt.Fprintf(p.stderr, "readiness-exporter: %s read, %s: %s\n", words.Count(read, "object"), which, strings.Join(kinds, ", "))
}

// judgedOf counts the objects that facts were made of, and those that nothing was made of, by their kind. Where no fact was made
// at all, all are among them.
func judgedOf(manifests []kubernetes.Manifest, assessments []*assess.Assessment) (judged int, others map[string]int) {
	facts := make(map[string]bool) // by subject
	for _, assessment := range assessments {
		for _, run := range assessment.Runs {
			for _, set := range run.Sets {
				for i := range set.Len() {
					facts[set.Kind().SubjectOf(set.At(i))] = true
				}
			}
		}
	}
	others, supporting := make(map[string]int), make(map[string]int)
	for _, each := range manifests {
		switch {
		case facts[each.Subject()], each.JudgedTogether():
			judged++
		case each.Supports():
			supporting[each.Kind()]++
		default:
			others[each.Kind()]++
		}
	}
	if judged == 0 {
		maps.Copy(others, supporting)
	}
	return judged, others
}

// judgeManifests judges the items that are on facts of manifests, as the configuration tunes them or else as in the
// production checklist.
func (p *program) judgeManifests(ctx context.Context, collectors []collector.Any) ([]*assess.Assessment, error) {
	_, libraries := p.logger()
	s := p.setUp(libraries, service{})
	defer s.close()
	loaded, err := p.loadForManifests(s)
	if err != nil {
		return nil, configurationError(p.common.configFile, err)
	}
	var kinds []string
	for _, each := range collectors {
		for _, kind := range each.Describe().Yields {
			kinds = append(kinds, kind.KindName())
		}
	}
	for i, plan := range loaded.Plans {
		loaded.Plans[i] = plan.Only(func(item *assess.Item) bool { return judges(item, kinds) })
	}
	s.collectors = collectors
	return p.round(ctx, s, log.NewNopLogger(), loaded.Plans, nil, func(int, int) {})
}

// judges tells whether an item is about facts of one of these kinds.
func judges(item *assess.Item, kinds []string) bool {
	for bound := range item.Rule.Clause.Bounds() {
		if slices.ContainsFunc(bound.FactKinds, func(kind string) bool { return slices.Contains(kinds, kind) }) {
			return true
		}
	}
	return false
}

func (p *program) loadForManifests(s *setup) (*config.Config, error) {
	if p.common.configFile != "" {
		return config.Load(p.common.configFile, s.options)
	}
	return config.For([]*system.System{{
		Name: "manifests", Environment: "production", Origin: system.Origin{Found: "by --manifests"},
	}}, s.options)
}

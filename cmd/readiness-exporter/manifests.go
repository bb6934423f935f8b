package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-kit/log"

	"github.com/readiness-exporter/readiness-exporter/collectors/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
	"github.com/readiness-exporter/readiness-exporter/internal/report"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// runOnManifests judges what manifests tell, before they are in a cluster: the items on facts that a cluster tells of.
func (c *checkCommand) runOnManifests(ctx context.Context, p *program) (int, error) {
	manifests, err := readManifests(c.manifests, os.Stdin)
	if err != nil {
		return 0, err
	}
	places := make(map[string]system.Origin)
	for _, each := range manifests {
		places[each.Subject()] = system.Origin{File: each.File, Line: each.Line}
	}
	assessments, err := p.judgeManifests(ctx, kubernetes.Manifests(manifests))
	if err != nil {
		return 0, err
	}
	systems, err := c.systems(assessments)
	if err != nil {
		return 0, err
	}
	for i := range systems {
		systems[i] = systems[i].OfManifests(places)
	}
	if err := c.write(p, systems); err != nil {
		return 0, err
	}
	return exitStatus(report.JudgeManifests(systems)), nil
}

// judgeManifests judges the items that are on facts of manifests, as the configuration tunes them or else as in the
// production checklist.
func (p *program) judgeManifests(ctx context.Context, collectors []collector.Any) ([]*assess.Assessment, error) {
	_, libraries := p.logger()
	s := p.setUp(libraries)
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
	return p.round(ctx, s, log.NewNopLogger(), loaded.Plans, func(int, int) {})
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

// readManifests reads what manifestsIn gives, of which nothing at all is an error: a pipeline that feeds nothing must not pass.
func readManifests(from string, stdin io.Reader) ([]kubernetes.Manifest, error) {
	all, err := manifestsIn(from, stdin)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("--manifests %s: there is no object of Kubernetes in it", from)
	}
	return all, err
}

// manifestsIn reads all YAML and JSON files of a folder, one file, or standard input: -.
func manifestsIn(from string, stdin io.Reader) (all []kubernetes.Manifest, err error) {
	if from == "-" {
		return kubernetes.ReadManifests("standard input", stdin)
	}
	var failed []error
	err = filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path != from && !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) {
			return err
		}
		found, err := readManifestFile(path)
		if err != nil {
			failed = append(failed, err)
		}
		all = append(all, found...)
		return nil
	})
	return all, errors.Join(append(failed, err)...)
}

func readManifestFile(path string) ([]kubernetes.Manifest, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return kubernetes.ReadManifests(path, file)
}

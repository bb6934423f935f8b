// Package docgen writes docs/reference from the code: what it states of configuration, checks, collectors and metrics
// cannot differ from what the program does.
package docgen

import (
	"fmt"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/checklist"
	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/metrics"
)

// A reference is all that the documents are written from.
type reference struct {
	sources    *sources
	kinds      []check.Any
	collectors []collector.Any
	facts      map[string]fact.Any
	production *checklist.Checklist
	families   []metrics.Family
	help       string // of every command
}

// Files gives every document by its name. The root is the folder of the module, whose comments are read; the help is
// what the program prints of its commands.
func Files(root, help string) (map[string][]byte, error) {
	r, closeAll, err := newReference(root, help)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	families, err := metrics.Families(r.collectors)
	if err != nil {
		return nil, err
	}
	r.families = families
	return r.files()
}

func newReference(root, help string) (r *reference, closeAll func(), err error) {
	all, closeAll := collectors.All(collectors.Options{RootFS: "/"})
	r = &reference{
		sources: newSources(root), kinds: checks.All(), collectors: all, facts: make(map[string]fact.Any),
		production: &checklist.Checklist{}, help: help,
	}
	if err := yaml.Load(checklist.Production(), r.production); err != nil {
		closeAll()
		return nil, nil, fmt.Errorf("read the production checklist: %w", err)
	}
	for _, each := range all {
		for _, kind := range each.Describe().Yields {
			r.facts[kind.KindName()] = kind
		}
	}
	r.facts[check.Results().Name] = check.Results()
	return r, closeAll, nil
}

func (r *reference) files() (map[string][]byte, error) {
	configuration := r.configurationSchema()
	own := r.checklistSchema()
	files := map[string][]byte{
		"configuration.md": r.configuration(configuration, own),
		"checks.md":        r.checks(),
		"collectors.md":    r.collectorsPage(),
		"metrics.md":       r.metricsPage(),
		"checklist.md":     r.checklistPage(),
		"not-supported.md": r.notSupported(),
		"cli.md":           r.commandLine(),
	}
	permissions, err := r.permissionsPage()
	if err != nil {
		return nil, err
	}
	files["permissions.md"] = permissions
	for name, schema := range map[string]any{
		"configuration.schema.json": configuration, "checklist.schema.json": own, "openapi.json": r.openAPI(),
		"reasons.json": r.reasons(), "evidence.schema.json": r.evidenceSchema(),
	} {
		encoded, err := encodeSchema(schema)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", name, err)
		}
		files[name] = encoded
	}
	if r.sources.err != nil {
		return nil, r.sources.err
	}
	return files, nil
}

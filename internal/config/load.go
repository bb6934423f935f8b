// Package config turns files into what the exporter runs: system descriptions and checklists, strictly, with every
// mistake reported in one go by file, line and column.
package config

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/schedule"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A File is the configuration file.
type File struct {
	// Systems are the production systems to judge.
	Systems []*system.System `yaml:"systems,omitempty"`
	// SystemFiles are patterns of further files with systems, relative to this file.
	SystemFiles []string `yaml:"system_files,omitempty"`
	// ChecklistFiles are patterns of files with a checklist each, relative to this file.
	ChecklistFiles []string `yaml:"checklist_files,omitempty"`
	// Collectors says when collectors run, by their names, in place of their own defaults.
	Collectors map[string]system.Collection `yaml:"collectors,omitempty"`
	// Tokens let pipelines and people submit evidence, and sign, by API.
	Tokens []system.Token `yaml:"tokens,omitempty"`
}

// A SystemFile is one of the further files with systems.
type SystemFile struct {
	Systems []*system.System `yaml:"systems"`
}

// A Config is what the exporter runs.
type Config struct {
	Plans  []*assess.Plan
	Tokens []system.Token

	files    []string // every one that was asked for
	patterns []string // of the files that it names
	loaded   State
}

// Options are what configuration can refer to.
type Options struct {
	Kinds      []check.Any
	Collectors []collector.Any
	// HostName is the name of the machine that the exporter runs on, for hosts that are declared without one.
	HostName string
	// Now is when it is loaded, against which dates are held; zero: by the clock.
	Now time.Time
}

// A loader collects what one configuration says, and all that is wrong with it.
type loader struct {
	options    Options
	kinds      map[string]check.Any
	checklists map[string]*loadedChecklist
	// unreadChecklist: a file of a checklist could not be read, so that one which is missing may be in it.
	unreadChecklist bool
	documents       []*document
	files           []string
	patterns        []string
	matches         []string
	tokens          []system.Token
	errors          Errors
}

// Load reads a configuration file and all that it names. The error is Errors, with every mistake; with an error, the
// Config has no plans and is good only to ask whether it has Changed.
func Load(file string, options Options) (*Config, error) {
	l := newLoader(options)
	plans := l.load(file)
	contents := make(map[string][]byte)
	for _, doc := range l.documents {
		contents[doc.file] = doc.content
	}
	config := &Config{files: l.files, patterns: l.patterns}
	config.loaded = stateOf(l.files, l.matches, func(file string) []byte { return contents[file] })
	if err := l.errors.orNil(l.files); err != nil {
		return config, err
	}
	config.Plans, config.Tokens = plans, l.tokens
	return config, nil
}

func (l *loader) load(file string) []*assess.Plan {
	var main File
	doc := l.read(filepath.Clean(file), &main)
	if doc == nil {
		return nil
	}
	if len(main.Systems) == 0 && len(main.SystemFiles) == 0 {
		l.mistake(doc, nil, "no system is described: expected systems or system_files")
	}
	l.collections(doc, mistake.At(nil, "collectors"), main.Collectors)
	l.mistakes(doc, system.ValidateTokens(mistake.At(nil, "tokens"), main.Tokens))
	l.tokens = main.Tokens
	l.loadProduction()
	for _, path := range l.match(doc, "checklist_files", main.ChecklistFiles) {
		l.loadChecklistFile(path)
	}
	l.extendChecklists()

	described := l.describe(doc, main.Systems)
	for _, path := range l.match(doc, "system_files", main.SystemFiles) {
		var more SystemFile
		if further := l.read(path, &more); further != nil {
			if len(more.Systems) == 0 {
				l.mistake(further, nil, "no system is described: expected systems")
			}
			described = append(described, l.describe(further, more.Systems)...)
		}
	}
	if len(described) == 0 && len(l.errors) == 0 {
		l.mistake(doc, nil, "no system is described: expected systems, or system_files with some")
	}
	return l.plans(described, main.Collectors)
}

// For makes the configuration of systems that were described by other means than a file.
func For(systems []*system.System, options Options) (*Config, error) {
	l := newLoader(options)
	l.loadProduction()
	l.extendChecklists()
	doc := &document{file: "built-in configuration", root: &yaml.Node{Content: []*yaml.Node{{}}}}
	config := &Config{Plans: l.plans(l.describe(doc, systems), nil), loaded: stateOf(nil, nil, nil)}
	if err := l.errors.orNil(l.files); err != nil {
		return nil, err
	}
	return config, nil
}

func newLoader(options Options) *loader {
	if options.Now.IsZero() {
		options.Now = time.Now()
	}
	l := &loader{options: options, kinds: make(map[string]check.Any), checklists: make(map[string]*loadedChecklist)}
	for _, kind := range options.Kinds {
		l.kinds[kind.Describe().Name] = kind
	}
	return l
}

// A describedSystem is a system with where it was described.
type describedSystem struct {
	*system.System
	doc  *document
	path []any
}

func (l *loader) describe(doc *document, systems []*system.System) []describedSystem {
	var described []describedSystem
	for i, each := range systems {
		path := mistake.At(nil, "systems", i)
		if each == nil {
			l.mistake(doc, path, "expected a system, found nothing")
			continue
		}
		for j := range each.Hosts {
			each.Hosts[j].Name = cmp.Or(each.Hosts[j].Name, l.options.HostName)
		}
		l.mistakes(doc, each.Validate(path, l.options.Now))
		if at := doc.place(mistake.Mistake{Path: path}); each.Origin == (system.Origin{}) {
			each.Origin = system.Origin{File: at.File, Line: at.Line}
		}
		l.collections(doc, mistake.At(path, "collectors"), each.Collectors)
		described = append(described, describedSystem{each, doc, path})
	}
	return described
}

// collections checks what is said of collectors.
func (l *loader) collections(doc *document, path []any, collections map[string]system.Collection) {
	names := make([]string, len(l.options.Collectors))
	for i, each := range l.options.Collectors {
		names[i] = each.Describe().Name
	}
	for name, collection := range collections {
		if !slices.Contains(names, name) {
			l.mistake(doc, mistake.At(path, name), "unknown collector %q: expected one of %s", name, join(names))
		}
		if collection.Schedule == "" {
			continue
		}
		if err := schedule.Check(collection.Schedule); err != nil {
			l.mistake(doc, mistake.At(path, name, "schedule"), "%v", err)
		}
	}
}

// plans makes the plan of each system.
func (l *loader) plans(described []describedSystem, collections map[string]system.Collection) []*assess.Plan {
	first, similar := make(map[string]describedSystem), make(map[string]describedSystem)
	var plans []*assess.Plan
	for _, each := range described {
		if earlier, taken := first[each.ID()]; taken && each.Name != "" {
			at := earlier.doc.place(mistake.Mistake{Path: earlier.path})
			l.mistake(each.doc, each.path, "system %q in environment %q is described twice: the first time at %s:%d",
				each.Name, each.Environment, at.File, at.Line)
			continue
		}
		folded := strings.ToLower(each.ID())
		if earlier, taken := similar[folded]; taken && each.Name != "" {
			l.mistake(each.doc, each.path, "system %q in environment %q differs only in capitals from %q in %q, at %s:%d: expected another name",
				each.Name, each.Environment, earlier.Name, earlier.Environment, earlier.Origin.File, earlier.Origin.Line)
		}
		first[each.ID()], similar[folded] = each, each
		each.Collectors = mergeCollections(collections, each.Collectors)
		if plan := l.plan(each); plan != nil {
			plans = append(plans, plan)
		}
	}
	return plans
}

// mergeCollections lays what a system says of collectors over what is said for all.
func mergeCollections(all, own map[string]system.Collection) map[string]system.Collection {
	merged := maps.Clone(all)
	for name, collection := range own {
		if merged == nil {
			merged = make(map[string]system.Collection)
		}
		both := merged[name]
		if collection.Schedule != "" {
			both.Schedule = collection.Schedule
		}
		if collection.Timeout > 0 {
			both.Timeout = collection.Timeout
		}
		merged[name] = both
	}
	return merged
}

// read reads a file; nil when it holds no YAML, or cannot be read.
func (l *loader) read(file string, into any) *document {
	l.files = append(l.files, file)
	doc, errs := readDocument(file, into)
	l.errors = append(l.errors, errs...)
	if doc == nil {
		return nil
	}
	l.documents = append(l.documents, doc)
	if doc.root == nil {
		return nil
	}
	return doc
}

// join lists names for a message.
func join(names []string) string { return strings.Join(names, ", ") }

func (l *loader) mistake(doc *document, path []any, format string, args ...any) {
	l.mistakes(doc, mistake.List{mistake.New(path, format, args...)})
}

// mistakes notes what is wrong with a document. What stands on a line that could not be read is left out, since its value
// is missing only for that.
func (l *loader) mistakes(doc *document, list mistake.List) {
	for _, each := range list {
		if placed := doc.place(each); !doc.unreadable[placed.Line] {
			l.errors = append(l.errors, placed)
		}
	}
}

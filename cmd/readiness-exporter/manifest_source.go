package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/collectors/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
)

// maxManifestBytes bounds a file of manifests, and what is made of a chart.
const maxManifestBytes = 64 << 20

// A manifestSource reads manifests from files, folders and standard input. What cannot be read costs itself.
type manifestSource struct {
	reader    *kubernetes.ManifestReader
	namespace string
	exclude   []string // patterns
	stdin     io.Reader

	found  []kubernetes.Manifest
	failed []error
}

func (s *manifestSource) validate() error {
	if s.namespace != "" && !kubernetes.ValidNamespace(s.namespace) {
		return fmt.Errorf("--namespace %q: expected small letters, digits and '-'", s.namespace)
	}
	for _, pattern := range s.exclude {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("--exclude %s: expected a pattern, such as tests or *-test.yaml", pattern)
		}
	}
	return nil
}

// fail notes errors, each by itself.
func (s *manifestSource) fail(err error) {
	var several interface{ Unwrap() []error }
	if errors.As(err, &several) {
		for _, each := range several.Unwrap() {
			s.fail(each)
		}
	} else if err != nil {
		s.failed = append(s.failed, err)
	}
}

// distinct gives what was found, without those that contradict each other.
func (s *manifestSource) distinct() []kubernetes.Manifest {
	distinct, err := kubernetes.Distinct(s.found)
	s.fail(err)
	return distinct
}

func (s *manifestSource) add(all []kubernetes.Manifest, err error) {
	s.found = append(s.found, all...)
	s.fail(err)
}

// read reads all YAML and JSON files of a folder, one file, or standard input: -.
func (s *manifestSource) read(ctx context.Context, from string) {
	if from == "-" {
		content, err := readfile.ReadStream(ctx, "standard input", s.stdin, maxManifestBytes)
		s.addRead("standard input", content, err)
		return
	}
	info, err := os.Stat(from)
	switch {
	case err != nil:
		s.fail(err)
	case info.IsDir():
		s.readFolder(ctx, from)
	default: // Also a pipe of the shell: <(helm template …)
		content, err := readfile.ReadGiven(ctx, from, maxManifestBytes)
		s.addRead(from, content, err)
	}
}

func (s *manifestSource) readFile(name string) {
	content, err := readfile.Read(name, maxManifestBytes)
	s.addRead(name, content, err)
}

func (s *manifestSource) addRead(name string, content []byte, err error) {
	if err != nil {
		s.fail(err)
		return
	}
	s.add(s.reader.Read(name, bytes.NewReader(content)))
}

// readFolder reads a folder with all below it. Charts and kustomizations in it are given to whoever renders them; where nobody
// is there to do so, that is an error, and what a kustomization is made of is read as it is.
func (s *manifestSource) readFolder(ctx context.Context, root string) {
	var files, charts []string
	kustomizations := make(map[string]string) // by folder: its file
	// The separator has a link followed that is the folder itself.
	err := filepath.WalkDir(root+string(filepath.Separator), func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			s.fail(err)
			return nil
		case s.excludes(root, name):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir() && exists(filepath.Join(name, "Chart.yaml")):
			charts = append(charts, filepath.Clean(name))
			return fs.SkipDir
		case entry.IsDir():
			if file := kustomizationIn(name); file != "" {
				kustomizations[filepath.Clean(name)] = file
			}
		case slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name)):
			files = append(files, filepath.Clean(name))
		}
		return nil
	})
	s.fail(err)
	for _, chart := range charts {
		s.renderChart(ctx, chart)
	}
	rendered := s.renderKustomizations(ctx, kustomizations)
	for _, name := range files {
		if !slices.ContainsFunc(rendered, func(folder string) bool { return strings.HasPrefix(name, folder+string(filepath.Separator)) }) {
			s.readFile(name)
		}
	}
}

// excludes tells whether a pattern takes the name of a file or folder, or its path below the root.
func (s *manifestSource) excludes(root, name string) bool {
	below, err := filepath.Rel(root, name)
	if err != nil || below == "." {
		return false
	}
	return slices.ContainsFunc(s.exclude, func(pattern string) bool {
		pattern = strings.TrimSuffix(pattern, "/")
		byName, _ := path.Match(pattern, filepath.Base(name))
		byPath, _ := path.Match(pattern, filepath.ToSlash(below))
		return byName || byPath
	})
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// Package envfile collects what the declared files of assignments on the machine are like: who can read them, which keys of their
// example they lack, and verdicts on their values, of which none is kept.
package envfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Target is one file of a host.
type Target struct {
	System, Host string
	File         system.EnvFile
}

// kindFile is what a file is called among what configures a system.
const kindFile = "File"

// New makes the collector; rootFS is where the machine's root file system is.
func New(rootFS string) collector.Collector[Target] {
	return collector.Collector[Target]{
		Name:     "environment_file",
		Summary:  "Who can read the declared files of assignments of the machine, which keys they lack, and verdicts on their values.",
		Yields:   []fact.Any{fact.EnvironmentFiles(), fact.Configurations()},
		Schedule: "@every 1m",
		Timeout:  10 * time.Second,
		Targets: func(s *system.System) (all []Target) {
			for _, host := range s.Hosts {
				for _, file := range host.EnvFiles {
					all = append(all, Target{s.ID(), host.Name, file})
				}
			}
			return all
		},
		Target: func(t Target) string { return t.Host + ":" + t.File.Path },
		Known: func(t Target) []fact.AnySet {
			return []fact.AnySet{
				fact.EnvironmentFiles().Missing(fact.EnvironmentFile{Host: t.Host, Path: t.File.Path}),
				fact.Configurations().Missing(configuration(t)),
			}
		},
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return collect(rootFS, t)
		},
	}
}

func configuration(t Target) fact.Configuration {
	return fact.Configuration{Host: t.Host, Kind: kindFile, Name: t.File.Path}
}

func collect(rootFS string, t Target) ([]fact.AnySet, error) {
	if container := rootfs.Container(rootFS); container != "" {
		return nil, rootfs.InContainer(container)
	}
	files, err := rootfs.Open(rootFS)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	name := strings.TrimPrefix(t.File.Path, "/")
	about, err := fs.Stat(files, name)
	if errors.Is(err, fs.ErrPermission) {
		return nil, rootfs.Denied(err)
	} else if err != nil {
		return nil, fmt.Errorf("find the file of assignments: %w", err)
	}
	text, err := rootfs.ReadText(files, name)
	if err != nil {
		return nil, err
	}
	found := fact.EnvironmentFile{
		Host: t.Host, Path: t.File.Path, Mode: strconv.FormatUint(uint64(about.Mode().Perm()), 8), OwnerOnly: about.Mode().Perm()&0o077 == 0,
	}
	example, err := rootfs.ReadText(files, strings.TrimPrefix(t.File.ExamplePath(), "/"))
	switch {
	case err == nil:
		found.Example = t.File.ExamplePath()
		found.Missing = missing(secret.Assignments(text), secret.Assignments(example))
	case t.File.Example != "" || !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read the example of the file: %w", err)
	}
	values := configuration(t)
	for _, each := range secret.Assignments(text) {
		for _, judged := range secret.Judge(each.Key, each.Value) {
			judged.Key = rootfs.Line(judged.Key)
			values.Values = append(values.Values, judged)
		}
	}
	return []fact.AnySet{
		fact.EnvironmentFiles().Set(&fact.Set[fact.EnvironmentFile]{Facts: []*fact.EnvironmentFile{&found}}),
		fact.Configurations().Set(&fact.Set[fact.Configuration]{Facts: []*fact.Configuration{&values}}),
	}, nil
}

// missing are the keys of an example that a file does not set. What an example sets to something, or leaves for somebody to fill in, is
// to be set to something.
func missing(file, example []secret.Assignment) (keys []string) {
	set := make(map[string]bool)
	for _, each := range file {
		set[each.Key] = each.Value != "" // The last one counts.
	}
	for _, each := range example {
		if key := rootfs.Line(each.Key); !set[each.Key] && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

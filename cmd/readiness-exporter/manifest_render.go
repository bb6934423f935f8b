package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
)

// renderTimeout is how long one chart or kustomization may take.
const renderTimeout = 30 * time.Second

// kustomizationIn gives the file that makes a folder a kustomization; empty where none does.
func kustomizationIn(folder string) string {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		if file := filepath.Join(folder, name); exists(file) {
			return file
		}
	}
	return ""
}

// renderChart reads what helm makes of a chart with its default values.
func (s *manifestSource) renderChart(ctx context.Context, folder string) {
	file := filepath.Join(folder, "Chart.yaml")
	var chart struct {
		Name string `yaml:"name"`
		Type string `yaml:"type"`
	}
	if err := decodeFile(file, &chart); err != nil {
		s.fail(err)
		return
	}
	if chart.Type == "library" {
		return // It makes nothing by itself.
	}
	helm, err := exec.LookPath("helm")
	if err != nil {
		s.fail(fmt.Errorf("%s: the chart is not rendered, since helm is not on the PATH; give what it makes: "+
			"helm template %s | readiness-exporter check --manifests -", file, folder))
		return
	}
	arguments := []string{"template", "release", folder}
	if s.namespace != "" {
		arguments = append(arguments, "--namespace", s.namespace)
	}
	s.render(ctx, file, helm, arguments...)
}

// A kustomization is what is read of one to know what is part of it.
type kustomization struct {
	Kind       string   `yaml:"kind"`
	Resources  []string `yaml:"resources"`
	Bases      []string `yaml:"bases"`
	Components []string `yaml:"components"`
}

// renderKustomizations reads what is made of those kustomizations that are part of no other, and gives the folders of what it
// is made of. Those that would have to be fetched from elsewhere are not rendered.
func (s *manifestSource) renderKustomizations(ctx context.Context, files map[string]string) (rendered []string) {
	parts := make(map[string][]string) // folders, by the folder that they are part of
	remote := make(map[string]string)
	used := make(map[string]bool)
	for _, folder := range slices.Sorted(maps.Keys(files)) {
		var k kustomization
		if err := decodeFile(files[folder], &k); err != nil {
			s.fail(err)
			continue
		}
		used[folder] = used[folder] || k.Kind == "Component"
		for _, each := range slices.Concat(k.Resources, k.Bases, k.Components) {
			part := filepath.Join(folder, each)
			switch {
			case files[part] != "":
				used[part] = true
				parts[folder] = append(parts[folder], part)
			case !exists(part) && isRemote(each):
				remote[folder] = each
			}
		}
	}
	command, arguments := kustomizer()
	for _, folder := range slices.Sorted(maps.Keys(files)) {
		if used[folder] {
			continue
		}
		all := within(folder, parts, map[string]bool{})
		elsewhere := slices.IndexFunc(all, func(part string) bool { return remote[part] != "" })
		switch {
		case command == "":
			s.fail(fmt.Errorf("%s: the kustomization is not rendered, since neither kustomize nor kubectl is on the PATH; "+
				"give what it makes: kustomize build %s | readiness-exporter check --manifests -", files[folder], folder))
		case elsewhere >= 0:
			s.fail(fmt.Errorf("%s: the kustomization is not rendered, since %s would have to be fetched; "+
				"give what it makes: kustomize build %s | readiness-exporter check --manifests -", files[folder], remote[all[elsewhere]], folder))
		default:
			s.render(ctx, files[folder], command, append(arguments, folder)...)
			rendered = append(rendered, all...)
		}
	}
	return rendered
}

// within gives a folder and all that it is made of.
func within(folder string, parts map[string][]string, visited map[string]bool) (all []string) {
	if visited[folder] {
		return nil
	}
	visited[folder] = true
	all = []string{folder}
	for _, part := range parts[folder] {
		all = append(all, within(part, parts, visited)...)
	}
	return all
}

// isRemote tells what a kustomization would fetch: a URL, or a repository.
func isRemote(resource string) bool {
	return strings.Contains(resource, "://") || strings.HasPrefix(resource, "git@") || strings.Contains(resource, "?ref=") ||
		strings.HasPrefix(resource, "github.com/") || strings.Contains(resource, ".git")
}

// kustomizer gives a command that renders a kustomization, but for the folder; empty where there is none.
func kustomizer() (command string, arguments []string) {
	if found, err := exec.LookPath("kustomize"); err == nil {
		return found, []string{"build"}
	}
	if found, err := exec.LookPath("kubectl"); err == nil {
		return found, []string{"kustomize"}
	}
	return "", nil
}

// render reads what a command writes as manifests, which are of one file.
func (s *manifestSource) render(ctx context.Context, file, command string, arguments ...string) {
	ctx, cancel := context.WithTimeoutCause(ctx, renderTimeout, fmt.Errorf("it takes longer than %s", renderTimeout))
	defer cancel()
	made, told := bounded{limit: maxManifestBytes}, bounded{limit: 4096}
	run := exec.CommandContext(ctx, command, arguments...)
	run.Stdout, run.Stderr = &made, &told
	run.WaitDelay = time.Second
	// Nothing is asked of a cluster.
	run.Env = append(os.Environ(), "KUBECONFIG="+os.DevNull)
	err := run.Run()
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case made.full:
		err = fmt.Errorf("it makes more than %d bytes", maxManifestBytes)
	case err != nil:
		err = fmt.Errorf("%w: %s", err, strings.Join(strings.Fields(told.String()), " "))
	}
	if err != nil {
		s.fail(fmt.Errorf("%s: %s %s: %w", file, filepath.Base(command), strings.Join(arguments, " "), err))
		return
	}
	found, err := s.reader.Read(file, &made.Buffer)
	for i := range found {
		found[i].Line = 1 // Where in what is made of it nobody can look up.
	}
	s.add(found, err)
}

// bounded keeps what is written to it, up to a limit.
type bounded struct {
	bytes.Buffer
	limit int
	full  bool
}

func (b *bounded) Write(content []byte) (int, error) {
	if room := b.limit - b.Len(); len(content) > room {
		b.full = true
		_, _ = b.Buffer.Write(content[:room])
		return len(content), nil
	}
	return b.Buffer.Write(content)
}

func decodeFile(name string, into any) error {
	content, err := readfile.Read(name, 1<<20)
	if err != nil {
		return err
	}
	if err := yaml.Load(content, into, yaml.WithV4Defaults()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

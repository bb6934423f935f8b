// Package blackbox makes a system description of the configuration of a blackbox_exporter, and of the Prometheus that scrapes by it.
// It accounts for all that it does not take over.
package blackbox

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// An Import is what became of a configuration.
type Import struct {
	Endpoints []system.Endpoint
	// Notes say what is not taken over, and why, in the order in which it was found.
	Notes []string
}

func (i *Import) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(i.Notes, text) {
		i.Notes = append(i.Notes, text)
	}
}

// A settings is a section of a configuration, of which every key is accounted for.
type settings map[string]any

// A scrape is a job of Prometheus.
type scrape struct {
	JobName       string              `yaml:"job_name"`
	MetricsPath   string              `yaml:"metrics_path"`
	Params        map[string][]string `yaml:"params"`
	StaticConfigs []struct {
		Targets []string `yaml:"targets"`
	} `yaml:"static_configs"`
	Other map[string]any `yaml:",inline"`
}

// Make makes endpoints of the modules of a blackbox_exporter and the targets that the configuration of Prometheus gives it.
func Make(modules, prometheus []byte) (*Import, error) {
	var exporter struct {
		Modules map[string]settings `yaml:"modules"`
	}
	if err := yaml.Load(modules, &exporter); err != nil {
		return nil, fmt.Errorf("read the configuration of blackbox_exporter: %w", err)
	}
	if len(exporter.Modules) == 0 {
		return nil, fmt.Errorf("read the configuration of blackbox_exporter: it has no modules")
	}
	var scraped struct {
		Jobs []scrape `yaml:"scrape_configs"`
	}
	if err := yaml.Load(prometheus, &scraped); err != nil {
		return nil, fmt.Errorf("read the configuration of Prometheus: %w", err)
	}
	made, templates := &Import{}, make(map[string]*system.Endpoint)
	for _, name := range slices.Sorted(maps.Keys(exporter.Modules)) {
		templates[name] = made.module(name, exporter.Modules[name])
	}
	for _, job := range scraped.Jobs {
		if module := job.Params["module"]; len(module) > 0 || job.MetricsPath == "/probe" {
			made.job(job, append(module, "http_2xx")[0], templates)
		}
	}
	return made, nil
}

// job adds the targets of a job.
func (i *Import) job(job scrape, module string, templates map[string]*system.Endpoint) {
	template, known := templates[module]
	switch {
	case !known:
		i.note("job %s: there is no module %s", job.JobName, module)
		return
	case template == nil:
		return // which is noted of the module
	}
	for _, key := range slices.Sorted(maps.Keys(job.Other)) {
		if strings.HasSuffix(key, "_sd_configs") {
			i.note("job %s: targets of %s are not known here: declare their URLs", job.JobName, key)
		}
	}
	for _, group := range job.StaticConfigs {
		for _, target := range group.Targets {
			i.target(job.JobName, target, *template)
		}
	}
}

// target adds one target, to which blackbox_exporter adds http:// where it has no scheme.
func (i *Import) target(job, target string, endpoint system.Endpoint) {
	text := target
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	address, err := url.Parse(text)
	if err != nil || address.Host == "" || address.User != nil {
		i.note("job %s: a target is no URL, or has a login in it: declare it with bearer_token_file or basic_auth", job)
		return
	}
	address.Fragment = ""
	if address.Path == "" {
		address.Path = "/"
	}
	endpoint.URL, endpoint.Purpose = address.String(), purpose(address)
	if slices.ContainsFunc(i.Endpoints, func(other system.Endpoint) bool { return other.URL == endpoint.URL }) {
		i.note("job %s: %s is there already, as another module has it", job, endpoint.URL)
		return
	}
	i.Endpoints = append(i.Endpoints, endpoint)
}

// purpose is a guess: what is at the root is what users open.
func purpose(address *url.URL) string {
	if address.Path == "/" {
		return fact.EndpointFront
	}
	return fact.EndpointAPI
}

// Package blackbox makes a system description of the configuration of a blackbox_exporter, and of the Prometheus that scrapes by it.
// It accounts for all that it does not take over.
package blackbox

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
	"golang.org/x/net/idna"

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
		Targets []string          `yaml:"targets"`
		Labels  map[string]string `yaml:"labels"`
	} `yaml:"static_configs"`
	RelabelConfigs []relabeling   `yaml:"relabel_configs"`
	Other          map[string]any `yaml:",inline"`
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
		Jobs  []scrape `yaml:"scrape_configs"`
		Files []string `yaml:"scrape_config_files"`
	}
	if err := yaml.Load(prometheus, &scraped); err != nil {
		return nil, fmt.Errorf("read the configuration of Prometheus: %w", err)
	}
	made, templates := &Import{}, make(map[string]*system.Endpoint)
	for _, name := range slices.Sorted(maps.Keys(exporter.Modules)) {
		templates[name] = made.module(name, exporter.Modules[name])
	}
	for _, job := range scraped.Jobs {
		if len(job.Params["module"]) > 0 || job.MetricsPath == "/probe" {
			made.job(job, templates)
		}
	}
	for _, file := range scraped.Files {
		made.note("scrape_config_files: %s is not read: import it by itself", file)
	}
	return made, nil
}

// job adds the targets of a job.
func (i *Import) job(job scrape, templates map[string]*system.Endpoint) {
	for _, key := range slices.Sorted(maps.Keys(job.Other)) {
		if strings.HasSuffix(key, "_sd_configs") {
			i.note("job %s: targets of %s are not known here: declare their URLs", job.JobName, key)
		}
	}
	if len(job.StaticConfigs) == 0 { // Then its module is that of its parameters, as far as is known.
		_, _ = i.template(job.JobName, moduleOf(job.labels("", nil)), templates)
	}
	for _, group := range job.StaticConfigs {
		for _, target := range group.Targets {
			own, kept, err := relabeled(job.labels(target, group.Labels), job.RelabelConfigs)
			if err != nil {
				i.note("job %s: its targets are not taken over: relabel_configs: %s", job.JobName, err)
				return
			}
			if !kept {
				i.note("job %s: relabel_configs drop a target, which is not taken over", job.JobName)
				continue
			}
			if template, is := i.template(job.JobName, moduleOf(own), templates); is {
				i.target(job.JobName, cmp.Or(own[labelTarget], own[labelAddress]), *template)
			}
		}
	}
}

// template gives the endpoint that a module makes, if it is one of the web.
func (i *Import) template(job, module string, templates map[string]*system.Endpoint) (*system.Endpoint, bool) {
	template, known := templates[module]
	if !known {
		i.note("job %s: there is no module %s", job, module)
	}
	return template, template != nil // Of another prober it is noted of the module.
}

// target adds one target, to which blackbox_exporter adds http:// where it has no scheme.
func (i *Import) target(job, target string, endpoint system.Endpoint) {
	text := target
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	address, err := url.Parse(text)
	if err == nil {
		err = encoded(address)
	}
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

// encoded writes the name of a host as it is asked for in the DNS (RFC 5891): xn--bcher-kva.example.
func encoded(address *url.URL) error {
	name, port := address.Hostname(), address.Port()
	if !strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII }) {
		return nil
	}
	ascii, err := idna.Lookup.ToASCII(name)
	if err == nil && port != "" {
		ascii = net.JoinHostPort(ascii, port)
	}
	address.Host = ascii
	return err
}

// purpose is a guess: what is at the root is what users open.
func purpose(address *url.URL) string {
	if address.Path == "/" {
		return fact.EndpointFront
	}
	return fact.EndpointAPI
}

package system

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A VantagePoint is another host on which the exporter runs with the same file and --vantage.name, so that it collects from there what
// is reached over the network. What it collected is taken over from its API, and judged beside what is collected here.
type VantagePoint struct {
	Name string `yaml:"name"` // the value of the label vantage: frankfurt
	URL  string `yaml:"url"`  // where its API is: https://frankfurt.example.com:10216
	// BearerTokenFile is a file that holds a token of the other exporter, which lets read facts (may: facts).
	BearerTokenFile string `yaml:"bearer_token_file"`
	// CAFile is a PEM file of the authorities that may sign for the other exporter; default: the public ones.
	CAFile string `yaml:"ca_file,omitempty"`
}

func (v VantagePoint) identity() (string, string) { return "vantage point", v.Name }

func (v VantagePoint) validate(list *mistake.List, path []any) {
	checkName(list, mistake.At(path, "name"), "name", v.Name)
	address := validateURL(list, path, v.URL, "https://frankfurt.example.com:10216")
	if address != nil && address.RawQuery != "" {
		list.Add(mistake.At(path, "url"), "url: expected no ? in it")
	}
	if v.BearerTokenFile == "" {
		list.Add(mistake.At(path, "bearer_token_file"),
			"bearer_token_file is missing: expected a file that holds a token of the other exporter (may: facts)")
	}
	checkFile(list, path, "bearer_token_file", v.BearerTokenFile)
	checkFile(list, path, "ca_file", v.CAFile)
}

// validateVantagePoints notes what is wrong with vantage points: one exporter is one of them.
func (s *System) validateVantagePoints(list *mistake.List, path []any) {
	validateEach(list, path, s.VantagePoints)
	for i, each := range s.VantagePoints {
		same := func(other VantagePoint) bool { return other.URL == each.URL }
		if earlier := slices.IndexFunc(s.VantagePoints[:i], same); earlier >= 0 && each.URL != "" {
			list.Add(mistake.At(path, i, "url"), "url: the vantage point %q has it already", s.VantagePoints[earlier].Name)
		}
	}
}

// HasVantagePoint tells whether one of that name is declared.
func (s *System) HasVantagePoint(name string) bool {
	return slices.ContainsFunc(s.VantagePoints, func(v VantagePoint) bool { return v.Name == name })
}

// From is the system as it is collected from a vantage point: what is declared, and reached over the network from anywhere. Nothing of
// it is on the machine that collects. What takes a credential is left out, so that no secret needs to be on the other host, and so is
// what was discovered, since nothing is discovered there.
func (s *System) From(vantage string) *System {
	from := &System{
		Name: s.Name, Environment: s.Environment, Description: s.Description, Owner: s.Owner, Checklist: s.Checklist, Origin: s.Origin,
		Collectors: s.Collectors, Vantage: vantage,
	}
	for _, host := range s.Hosts {
		if !host.LocalOnly && (host.SSH != nil || host.Ports != nil) {
			from.Hosts = append(from.Hosts, Host{
				Name: host.Name, Remote: true, Addresses: host.Addresses, SSH: host.SSH, Ports: host.Ports,
			})
		}
	}
	for _, domain := range s.Domains {
		if !domain.LocalOnly {
			from.Domains = append(from.Domains, domain)
		}
	}
	for _, endpoint := range s.Endpoints {
		if endpoint.outside() {
			from.Endpoints = append(from.Endpoints, endpoint)
		}
	}
	from.PrivateMetrics = s.privateMetrics()
	for _, certificate := range s.Certificates {
		if certificate.Address != "" && certificate.Found == nil && !certificate.LocalOnly {
			from.Certificates = append(from.Certificates, certificate)
		}
	}
	return from
}

// privateMetrics are the addresses that are to show metrics to nobody outside, each once.
func (s *System) privateMetrics() (all []Endpoint) {
	if s.Vantage != "" {
		return s.PrivateMetrics // It was made of what is left out here.
	}
	for _, declared := range s.Endpoints {
		if declared.DeclaredPurpose() != fact.EndpointMetrics {
			continue
		}
		for _, each := range s.MetricsOutside(declared) {
			if !slices.ContainsFunc(all, func(other Endpoint) bool { return other.URL == each.URL }) {
				all = append(all, each)
			}
		}
	}
	return all
}

// MetricsOutside are the addresses at which the metrics of an endpoint could be had from outside, as endpoints without a credential:
// its own, and its path at the server of each other endpoint, since what leads to an application often leads to its metrics too.
func (s *System) MetricsOutside(metrics Endpoint) (all []Endpoint) {
	own, err := url.Parse(metrics.URL)
	if err != nil {
		return nil
	}
	if !metrics.LocalOnly && !isOwnMachine(own.Hostname()) {
		all = append(all, asStranger(metrics, *own))
	}
	for _, each := range s.Endpoints {
		at, err := url.Parse(each.URL)
		if err == nil && !each.LocalOnly && each.Found == nil && each.DeclaredPurpose() != fact.EndpointMetrics {
			at.Path, at.RawPath, at.RawQuery = own.Path, own.RawPath, own.RawQuery
			all = append(all, asStranger(each, *at))
		}
	}
	return all
}

// asStranger is an address as somebody asks for metrics who has no credential.
func asStranger(e Endpoint, at url.URL) Endpoint {
	return Endpoint{URL: at.String(), Purpose: fact.EndpointMetrics, RequestHeaders: e.RequestHeaders, ProxyURL: e.ProxyURL}
}

// isOwnMachine tells hosts that are another machine wherever they are asked.
func isOwnMachine(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") ||
		err == nil && (address.Unmap().IsLoopback() || address.IsUnspecified())
}

// outside tells whether an endpoint is collected from vantage points. Metrics are for Prometheus alone.
func (e Endpoint) outside() bool {
	switch {
	case e.LocalOnly, e.Found != nil, e.BearerTokenFile != "", e.BasicAuth != nil, e.ClientCertificate != nil:
		return false
	default:
		return e.DeclaredPurpose() != fact.EndpointMetrics
	}
}

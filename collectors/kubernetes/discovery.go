package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const (
	// discoveryAccept asks for all groups in one answer (https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery).
	discoveryAccept   = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	maximumDiscovery  = 32 << 20
	discoveryInterval = 10 * time.Second
)

// served is what an API server offered when it was asked last.
type served struct {
	at       time.Time
	versions map[schema.GroupResource]string // the one that it prefers
	away     map[string]bool                 // groups of which it could not tell: whoever serves them does not answer
}

// discover gives what the API server offers: which custom resources, in which version. It asks again after some seconds.
func (c *connection) discover(ctx context.Context) (served, error) {
	c.discovery.Lock()
	defer c.discovery.Unlock()
	if time.Since(c.offered.at) < discoveryInterval {
		return c.offered, nil
	}
	list, err := c.askGroups(ctx)
	if err != nil {
		return served{}, err
	}
	offered := served{at: time.Now(), versions: make(map[schema.GroupResource]string), away: make(map[string]bool)}
	for _, group := range list.Items {
		for _, version := range group.Versions { // The preferred one comes first.
			if version.Freshness == apidiscoveryv2.DiscoveryFreshnessStale {
				offered.away[group.Name] = true
			}
			for _, each := range version.Resources {
				name := schema.GroupResource{Group: group.Name, Resource: each.Resource}
				if _, known := offered.versions[name]; !known {
					offered.versions[name] = version.Version
				}
			}
		}
	}
	c.offered = offered
	return offered, nil
}

func (c *connection) askGroups(ctx context.Context) (*apidiscoveryv2.APIGroupDiscoveryList, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server.JoinPath("apis").String(), http.NoBody)
	if err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "ask what the API server offers: %w", err)
	}
	request.Header.Set("Accept", discoveryAccept)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fact.Errorf(reasonOf(err), "ask what the API server offers: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, fact.Errorf(fact.ReasonDenied, "ask what the API server offers: not permitted to get /apis, "+
			"as the ClusterRole system:discovery does by default")
	case http.StatusNotAcceptable:
		return nil, fact.Errorf(fact.ReasonUnsupported, "ask what the API server offers: aggregated discovery takes Kubernetes 1.30")
	default:
		return nil, fact.Errorf(fact.ReasonFailed, "ask what the API server offers: it answers %s", response.Status)
	}
	var list apidiscoveryv2.APIGroupDiscoveryList
	if err := json.NewDecoder(io.LimitReader(response.Body, maximumDiscovery)).Decode(&list); err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "read what the API server offers: %w", err)
	}
	return &list, nil
}

// serves tells whether a resource is offered; an error says that it could not be told.
func (s served) serves(name schema.GroupResource) (bool, error) {
	if _, there := s.versions[name]; there {
		return true, nil
	}
	if s.away[name.Group] {
		return false, fact.Errorf(fact.ReasonUnreachable, "watch %s: whoever serves the API group %s does not answer", name, name.Group)
	}
	return false, nil
}

// of gives the names of what is offered of an API group.
func (s served) of(group string) (resources []string) {
	for name := range s.versions {
		if name.Group == group {
			resources = append(resources, name.Resource)
		}
	}
	slices.Sort(resources)
	return resources
}

// preferred completes a resource by the version in which it is offered.
func (c *connection) preferred(name schema.GroupVersionResource) schema.GroupVersionResource {
	if name.Version != "" {
		return name
	}
	c.discovery.Lock()
	defer c.discovery.Unlock()
	name.Version = c.offered.versions[name.GroupResource()]
	return name
}

// version asks the API server for its version.
func (c *connection) version(ctx context.Context) (gitVersion string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server.JoinPath("version").String(), http.NoBody)
	if err != nil {
		return "", fact.Errorf(fact.ReasonInvalid, "ask for the version of the API server: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return "", fact.Errorf(reasonOf(err), "ask for the version of the API server: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return "", fact.Errorf(fact.ReasonDenied, "ask for the version of the API server: it answers %s", response.Status)
	}
	var answer struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&answer); err != nil {
		return "", fact.Errorf(fact.ReasonInvalid, "read the version of the API server: %w", err)
	}
	if answer.GitVersion == "" {
		return "", fmt.Errorf("read the version of the API server: there is none")
	}
	return answer.GitVersion, nil
}

package watch

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
)

const (
	// discoveryAccept asks for all groups in one answer (https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery).
	discoveryAccept   = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	maximumDiscovery  = 32 << 20
	discoveryInterval = 10 * time.Second
)

// Served is what an API server served when it was last asked.
type Served struct {
	at       time.Time
	versions map[schema.GroupResource]string // the one that it prefers
	away     map[string]bool                 // groups of which that is not known: whoever serves them does not answer
}

// Discover gives what the API server serves: which custom resources, in which version. It asks again after some seconds.
func (c *Connection) Discover(ctx context.Context) (Served, error) {
	c.discovery.Lock()
	defer c.discovery.Unlock()
	if time.Since(c.served.at) < discoveryInterval {
		return c.served, nil
	}
	list, err := c.askGroups(ctx)
	if err != nil {
		return Served{}, err
	}
	served := Served{at: time.Now(), versions: make(map[schema.GroupResource]string), away: make(map[string]bool)}
	for _, group := range list.Items {
		for _, version := range group.Versions { // The preferred one comes first.
			if version.Freshness == apidiscoveryv2.DiscoveryFreshnessStale {
				served.away[group.Name] = true
			}
			for _, each := range version.Resources {
				name := schema.GroupResource{Group: group.Name, Resource: each.Resource}
				if _, known := served.versions[name]; !known {
					served.versions[name] = version.Version
				}
			}
		}
	}
	c.served = served
	return served, nil
}

func (c *Connection) askGroups(ctx context.Context) (*apidiscoveryv2.APIGroupDiscoveryList, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server.JoinPath("apis").String(), http.NoBody)
	if err != nil {
		return nil, errorf(Invalid, "ask what the API server serves: %w", err)
	}
	request.Header.Set("Accept", discoveryAccept)
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask what the API server serves: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, errorf(Denied, "ask what the API server serves: not permitted to get /apis, "+
			"as the ClusterRole system:discovery does by default")
	case http.StatusNotAcceptable:
		return nil, errorf(Unsupported, "ask what the API server serves: aggregated discovery takes Kubernetes 1.30")
	default:
		return nil, fmt.Errorf("ask what the API server serves: it answers %s", response.Status)
	}
	var list apidiscoveryv2.APIGroupDiscoveryList
	if err := json.NewDecoder(io.LimitReader(response.Body, maximumDiscovery)).Decode(&list); err != nil {
		return nil, errorf(Invalid, "read what the API server serves: %w", err)
	}
	return &list, nil
}

// serves tells whether a resource is served; an error is that it is not known.
func (s Served) serves(name schema.GroupResource) (bool, error) {
	if _, there := s.versions[name]; there {
		return true, nil
	}
	if s.away[name.Group] {
		return false, errorf(Unreachable, "watch %s: whoever serves the API group %s does not answer", name, name.Group)
	}
	return false, nil
}

// Of gives the names of what is served of an API group.
func (s Served) Of(group string) (resources []string) {
	for name := range s.versions {
		if name.Group == group {
			resources = append(resources, name.Resource)
		}
	}
	slices.Sort(resources)
	return resources
}

// preferred completes a resource by the version in which it is served.
func (c *Connection) preferred(name schema.GroupVersionResource) schema.GroupVersionResource {
	if name.Version != "" {
		return name
	}
	c.discovery.Lock()
	defer c.discovery.Unlock()
	name.Version = c.served.versions[name.GroupResource()]
	return name
}

// Version asks the API server for its version.
func (c *Connection) Version(ctx context.Context) (gitVersion string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.server.JoinPath("version").String(), http.NoBody)
	if err != nil {
		return "", errorf(Invalid, "ask for the version of the API server: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask for the version of the API server: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return "", errorf(Denied, "ask for the version of the API server: it answers %s", response.Status)
	}
	var answer struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&answer); err != nil {
		return "", errorf(Invalid, "read the version of the API server: %w", err)
	}
	if answer.GitVersion == "" {
		return "", fmt.Errorf("read the version of the API server: there is none")
	}
	return answer.GitVersion, nil
}

package system

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// LocalEnvironment is the environment of a system that nobody has described.
const LocalEnvironment = "default"

// clusterPatience is how long a cluster may take to show that it is there.
const clusterPatience = 3 * time.Second

// Local describes the machine that the exporter runs on as a system, with the cluster of the service account or the
// current kubeconfig where there is one that answers.
func Local(ctx context.Context, hostname string) *System {
	described := &System{
		Name: hostname, Environment: LocalEnvironment,
		Description: "This machine, since no system is described.",
		Origin:      Origin{Found: "the machine that the exporter runs on"},
		Hosts:       []Host{{Name: hostname}},
	}
	if clusterAnswers(ctx) == nil {
		described.Kubernetes = []Cluster{{Name: "default"}}
		described.Origin.Found += ", and the cluster of its service account or current kubeconfig"
	}
	return described
}

// clusterAnswers tells why there is no cluster to look at; nil when there is one.
func clusterAnswers(ctx context.Context) error {
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return fmt.Errorf("find a cluster: %w", err)
	}
	config.Timeout = clusterPatience
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return fmt.Errorf("connect to the cluster at %s: %w", config.Host, err)
	}
	server, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return fmt.Errorf("connect to the cluster at %s: %w", config.Host, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.JoinPath("version").String(), http.NoBody)
	if err != nil {
		return fmt.Errorf("ask the cluster at %s for its version: %w", config.Host, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("ask the cluster at %s for its version: %w", config.Host, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("ask the cluster at %s for its version: it answers %s", config.Host, response.Status)
	}
	return nil
}

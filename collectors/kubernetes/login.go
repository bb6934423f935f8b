package kubernetes

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A login says where it is written how to reach an API server.
type login struct{ kubeconfig, context string }

func loginOf(cluster system.Cluster) login { return login{cluster.Kubeconfig, cluster.Context} }

// A clientConfig is a configuration as it was read at one time, with the content of certificate files in it.
type clientConfig struct {
	rest *rest.Config
	// content is what makes a new connection necessary when it changes. Tokens in files are none of it: they are read
	// again every minute without one.
	content content
}

type content struct {
	host, path, username, password, token, tokenFile, proxy string

	impersonate rest.ImpersonationConfig
	tls         rest.TLSClientConfig
	exec        *clientcmdapi.ExecConfig
	provider    *clientcmdapi.AuthProviderConfig
}

func (c clientConfig) same(other clientConfig) bool {
	return reflect.DeepEqual(c.content, other.content)
}

// read gives the configuration as it is now: files change at any time.
func (l login) read() (clientConfig, error) {
	config, err := l.load()
	if err == nil {
		err = rest.LoadTLSFiles(config)
	}
	if err != nil {
		if reason := fact.ReasonOf(err); reason != fact.ReasonFailed {
			return clientConfig{}, fmt.Errorf("read the Kubernetes client configuration: %w", err)
		}
		return clientConfig{}, fact.Errorf(fact.ReasonInvalid, "read the Kubernetes client configuration: %w", err)
	}
	// The server knows best how much it can take, and says so; the watches of a look all start at once.
	config.QPS = -1
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	config.UserAgent = "readiness-exporter"
	config.WarningHandlerWithContext = rest.NoWarnings{}
	seen, err := contentOf(config)
	return clientConfig{rest: config, content: seen}, err
}

func (l login) load() (*rest.Config, error) {
	if l == (login{}) {
		config, err := rest.InClusterConfig()
		if !errors.Is(err, rest.ErrNotInCluster) {
			return config, err
		}
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = l.kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: l.context}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides).ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, fact.Errorf(fact.ReasonNotFound, "no kubeconfig, and no service account: %w", err)
	}
	return config, err
}

func contentOf(config *rest.Config) (content, error) {
	c := content{
		host: config.Host, path: config.APIPath, username: config.Username, password: config.Password,
		token: config.BearerToken, tokenFile: config.BearerTokenFile, impersonate: config.Impersonate,
		tls: config.TLSClientConfig, exec: config.ExecProvider, provider: config.AuthProvider,
	}
	if c.tokenFile != "" {
		c.token = ""
	}
	if config.Proxy == nil {
		return c, nil
	}
	// Functions cannot be compared; this one always gives what the kubeconfig says.
	proxy, err := config.Proxy(&http.Request{URL: &url.URL{Scheme: "https", Host: "kubernetes.invalid"}})
	if err != nil {
		return c, fact.Errorf(fact.ReasonInvalid, "read the proxy-url of the kubeconfig: %w", err)
	}
	c.proxy = proxy.String()
	return c, nil
}

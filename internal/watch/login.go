package watch

import (
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
)

// A Login is where it is written how to reach an API server: a kubeconfig and a context of it. The zero value is the
// service account of the pod, else the user's kubeconfig.
type Login struct{ Kubeconfig, Context string }

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
func (l Login) read() (clientConfig, error) {
	config, err := l.load()
	if err == nil {
		err = rest.LoadTLSFiles(config)
	}
	if err != nil {
		if CauseOf(err) != 0 || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return clientConfig{}, fmt.Errorf("read the Kubernetes client configuration: %w", err)
		}
		return clientConfig{}, errorf(Invalid, "read the Kubernetes client configuration: %w", err)
	}
	// The server knows best how much it can take, and answers so; the watches of a run all start at once.
	config.QPS = -1
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	config.UserAgent = "readiness-exporter"
	config.WarningHandlerWithContext = rest.NoWarnings{}
	content, err := contentOf(config)
	return clientConfig{rest: config, content: content}, err
}

// Core gives a client of its own for the objects of the core group, and what closes it. What the login's files hold is read once, but
// for tokens in files.
func (l Login) Core() (rest.Interface, func(), error) {
	config, err := l.read()
	if err != nil {
		return nil, nil, err
	}
	connection, err := newConnection(config, func(string) {})
	if err != nil {
		return nil, nil, err
	}
	return connection.groups[corev1.SchemeGroupVersion], connection.close, nil
}

func (l Login) load() (*rest.Config, error) {
	if l == (Login{}) {
		config, err := rest.InClusterConfig()
		if !errors.Is(err, rest.ErrNotInCluster) {
			return config, err
		}
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = l.Kubeconfig
	found, err := l.readable(rules)
	if err != nil {
		return nil, err
	}
	overrides := &clientcmd.ConfigOverrides{CurrentContext: l.Context}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(loaded{rules, found}, overrides).ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, errorf(NotFound, "no kubeconfig, and no service account: %w", err)
	}
	return config, err
}

// maximumFile bounds a kubeconfig, and each of the files that it names.
const maximumFile = 4 << 20

// loaded are rules whose files have been read.
type loaded struct {
	*clientcmd.ClientConfigLoadingRules
	config *clientcmdapi.Config
}

// Load gives what the files hold.
func (l loaded) Load() (*clientcmdapi.Config, error) { return l.config, nil }

// readable gives what the kubeconfigs of the login hold, or why a file of it cannot be read. client-go, which reads them next,
// would wait for whoever writes to a pipe, and take all of an endless one.
func (l Login) readable(rules *clientcmd.ClientConfigLoadingRules) (*clientcmdapi.Config, error) {
	for _, file := range rules.GetLoadingPrecedence() {
		if _, err := readfile.Read(file, maximumFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	config, err := rules.Load()
	if err != nil {
		return nil, err
	}
	context := config.Contexts[cmp.Or(l.Context, config.CurrentContext)]
	if context == nil {
		return config, nil // Which is an error of its own.
	}
	var named []*string
	if cluster := config.Clusters[context.Cluster]; cluster != nil {
		named = clientcmd.GetClusterFileReferences(cluster)
	}
	if user := config.AuthInfos[context.AuthInfo]; user != nil {
		named = append(named, clientcmd.GetAuthInfoFileReferences(user)...)
	}
	for _, file := range named {
		if *file == "" {
			continue
		}
		if _, err := readfile.Read(*file, maximumFile); err != nil {
			return nil, err
		}
	}
	return config, nil
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
	// Functions cannot be compared; this one always gives what the kubeconfig has.
	proxy, err := config.Proxy(&http.Request{URL: &url.URL{Scheme: "https", Host: "kubernetes.invalid"}})
	if err != nil {
		return c, errorf(Invalid, "read the proxy-url of the kubeconfig: %w", err)
	}
	c.proxy = proxy.String()
	return c, nil
}

// credentialsExpiry is when a client certificate or a token expires; zero for what is renewed without anybody's doing, or
// where that is not known.
func (c clientConfig) credentialsExpiry() time.Time {
	if block, _ := pem.Decode(c.rest.CertData); block != nil {
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			return certificate.NotAfter.UTC()
		}
	}
	if c.rest.BearerTokenFile != "" { // Whoever writes the file renews it.
		return time.Time{}
	}
	parts := strings.Split(c.rest.BearerToken, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	var token struct {
		Expiry int64 `json:"exp"` // RFC 7519, section 4.1.4
	}
	if err != nil || json.Unmarshal(claims, &token) != nil || token.Expiry == 0 {
		return time.Time{}
	}
	return time.Unix(token.Expiry, 0).UTC()
}

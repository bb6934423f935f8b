package watch

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// A Connection is one API server with one login, and what is watched there.
type Connection struct {
	config    clientConfig
	http      *http.Client
	transport *http.Transport
	server    *url.URL
	groups    map[schema.GroupVersion]rest.Interface // for the objects that are read whole
	metadata  metadata.Interface
	dynamic   dynamic.Interface // for custom resources
	notify    func(user string) // that something it watches has changed

	ctx    context.Context // Not of a run: watches outlive the run that starts them.
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu        sync.Mutex
	stores    map[storeKey]*shared
	answering time.Time // since when the API server has answered whenever it was asked; zero when it has not

	discovery sync.Mutex
	served    Served // what the API server serves, as it was asked last
}

// A storeKey names what one store holds.
type storeKey struct {
	resource string
	scope    Scope
}

// A shared store runs as long as it has users.
type shared struct {
	store Stored
	stop  context.CancelFunc
	users map[string]struct{}
}

// A server that has gone silently is noticed after these two; watches then connect again.
const (
	silenceBeforePing = 5 * time.Second
	pingTimeout       = 5 * time.Second
)

func newConnection(config clientConfig, notify func(user string)) (*Connection, error) {
	tlsConfig, err := rest.TLSConfigFor(config.rest)
	if err != nil {
		return nil, errorf(Invalid, "use the Kubernetes client configuration: %w", err)
	}
	// client-go's own transports are shared, never close, and take 45 s to notice that a server has gone.
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSClientConfig:     tlsConfig,
		TLSHandshakeTimeout: 5 * time.Second,
		IdleConnTimeout:     time.Minute,
		ForceAttemptHTTP2:   true,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: silenceBeforePing, PingTimeout: pingTimeout},
	}
	if config.rest.Proxy != nil {
		transport.Proxy = config.rest.Proxy
	}
	c := &Connection{config: config, transport: transport, notify: notify, stores: make(map[storeKey]*shared)}
	if err := c.makeClients(); err != nil {
		return nil, errorf(Invalid, "use the Kubernetes client configuration: %w", err)
	}
	c.ctx, c.cancel = context.WithCancel(klog.NewContext(context.Background(), quiet()))
	return c, nil
}

// quiet is a logger that writes nothing: what client-go reports of a watch, its store reports.
func quiet() klog.Logger { return klog.New(nil) }

func (c *Connection) makeClients() error {
	wrapped, err := rest.HTTPWrappersForConfig(c.config.rest, c.transport)
	if err != nil {
		return err
	}
	c.http = &http.Client{
		Transport: wrapped,
		// The transport would add the login to a request that is redirected to another server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	server, _, err := rest.DefaultServerUrlFor(c.config.rest)
	if err != nil {
		return err
	}
	c.server = &url.URL{Scheme: server.Scheme, Host: server.Host, Path: server.Path}
	if c.groups, err = groupClients(c.config.rest, c.http); err != nil {
		return err
	}
	if c.dynamic, err = dynamic.NewForConfigAndClient(dynamic.ConfigFor(c.config.rest), c.http); err != nil {
		return err
	}
	c.metadata, err = metadata.NewForConfigAndClient(metadata.ConfigFor(c.config.rest), c.http)
	return err
}

// close ends everything of the connection, and returns when it has ended.
func (c *Connection) close() {
	c.mu.Lock() // No store begins from here on.
	c.cancel()
	c.mu.Unlock()
	c.work.Wait()
	c.transport.CloseIdleConnections()
}

// ping asks the API server whether it, and the database behind it, can serve: else what is watched would only seem to be
// up to date. By default everybody may ask (the ClusterRole system:public-info-viewer).
func (c *Connection) ping(ctx context.Context) error {
	err := c.ready(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		c.answering = time.Time{}
	case c.answering.IsZero():
		c.answering = time.Now()
	}
	return err
}

func (c *Connection) ready(ctx context.Context) error {
	readyz := c.server.JoinPath("readyz").String()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, readyz, http.NoBody)
	if err != nil {
		return errorf(Invalid, "ask whether the API server is ready: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("ask whether the API server is ready: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	switch {
	case err != nil:
		return fmt.Errorf("read whether the API server is ready: %w", err)
	case response.StatusCode == http.StatusOK && string(body) == "ok":
		return nil
	case response.StatusCode == http.StatusOK:
		return errorf(Invalid, "ask whether the API server is ready: %s is no API server", readyz)
	case response.StatusCode == http.StatusUnauthorized:
		return errorf(Denied, "ask whether the API server is ready: it does not take the credentials")
	case response.StatusCode == http.StatusForbidden:
		return errorf(Denied, "ask whether the API server is ready: not permitted to get /readyz, "+
			"as the ClusterRole system:public-info-viewer does by default")
	default:
		return fmt.Errorf("ask whether the API server is ready: it answers %s%s", response.Status, notReady(body))
	}
}

// notReady gives the parts that the API server reports as not ready: etcd, …
func notReady(body []byte) string {
	var parts []string
	for line := range strings.Lines(string(body)) {
		if name, found := strings.CutPrefix(line, "[-]"); found {
			name, _, _ = strings.Cut(name, " ")
			parts = append(parts, name)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ", for want of " + strings.Join(parts, ", ")
}

// NamespaceExists asks for a namespace; an error is that there is none, or why it could not be asked.
func (c *Connection) NamespaceExists(ctx context.Context, name string) error {
	_, err := c.metadata.Resource(corev1.SchemeGroupVersion.WithResource("namespaces")).Get(ctx, name, metav1.GetOptions{})
	switch {
	case err == nil:
		return nil
	case apierrors.IsNotFound(err):
		return errorf(NotFound, "find namespace %s: there is none", name)
	default:
		return fmt.Errorf("find namespace %s, in which nothing was found: %w", name, err)
	}
}

// ConfigMap asks for the texts in a ConfigMap.
func (c *Connection) ConfigMap(ctx context.Context, place types.NamespacedName) (map[string]string, error) {
	var found corev1.ConfigMap
	asked := c.groups[corev1.SchemeGroupVersion].Get().Namespace(place.Namespace).Resource("configmaps").Name(place.Name)
	if err := asked.Do(ctx).Into(&found); err != nil {
		return nil, fmt.Errorf("get ConfigMap %s: %w", place, err)
	}
	return found.Data, nil
}

// Review asks the API server a question, whose answer is written into it.
func (c *Connection) Review(ctx context.Context, group schema.GroupVersion, resource string, question runtime.Object) error {
	if err := c.groups[group].Post().Resource(resource).Body(question).Do(ctx).Into(question); err != nil {
		return fmt.Errorf("create %s: %w", resource, err)
	}
	return nil
}

// CredentialsExpiry is when the client certificate or the token of the login expires; zero for what is renewed without
// anybody's doing, or where that is not known.
func (c *Connection) CredentialsExpiry() time.Time { return c.config.credentialsExpiry() }

// store gives the store of a resource, which it starts if need be, and notes that the user needs it.
func (c *Connection) store(user string, source Source, key storeKey) Stored {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := c.stores[key]
	if entry == nil {
		ctx, stop := context.WithCancel(c.ctx)
		entry = &shared{stop: stop, users: make(map[string]struct{})}
		store, run := source.open(c, key.scope, func() { c.notifyUsers(entry) })
		entry.store = store
		if c.ctx.Err() == nil {
			c.work.Go(func() { run(ctx) })
		} else {
			run(ctx) // It ends at once.
		}
		c.stores[key] = entry
	}
	entry.users[user] = struct{}{}
	return entry.store
}

// notifyUsers lets everybody know who uses a store that it has changed.
func (c *Connection) notifyUsers(of *shared) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for user := range of.users {
		c.notify(user)
	}
}

// answeringSince is since when the API server has answered whenever it was asked; zero when it has not.
func (c *Connection) answeringSince() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answering
}

// forget stops the stores that only this user needed, and tells whether any are left.
func (c *Connection) forget(user string) bool { return c.keep(user, nil) }

// keep stops the stores that only this user needed and does not need any more, and tells whether any are left.
func (c *Connection) keep(user string, needed map[storeKey]bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, entry := range c.stores {
		if needed[key] {
			continue
		}
		delete(entry.users, user)
		if len(entry.users) == 0 {
			entry.stop()
			delete(c.stores, key)
		}
	}
	return len(c.stores) > 0
}

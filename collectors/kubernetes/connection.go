package kubernetes

import (
	"context"
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
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A connection is one API server with one login, and what is watched there.
type connection struct {
	config    clientConfig
	http      *http.Client
	transport *http.Transport
	server    *url.URL
	groups    map[schema.GroupVersion]rest.Interface // for the objects that are read whole
	metadata  metadata.Interface
	dynamic   dynamic.Interface // for custom resources
	tell      func(user string) // that something it watches has changed

	ctx    context.Context // Not of a look: watches outlive the look that starts them.
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu      sync.Mutex
	mirrors map[mirrorKey]*shared

	discovery sync.Mutex
	offered   served // what the API server offers, as it was asked last
}

// A mirrorKey names what one mirror holds.
type mirrorKey struct {
	resource string
	scope    scope
}

// A shared mirror runs as long as it has users.
type shared struct {
	mirror any // *mirror[T]; T follows from the resource
	stop   context.CancelFunc
	users  map[string]struct{}
}

// A server that has gone without a word is noticed after these two; watches then connect anew.
const (
	silenceBeforePing = 5 * time.Second
	pingTimeout       = 5 * time.Second
)

func newConnection(config clientConfig, tell func(user string)) (*connection, error) {
	tlsConfig, err := rest.TLSConfigFor(config.rest)
	if err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "use the Kubernetes client configuration: %w", err)
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
	c := &connection{config: config, transport: transport, tell: tell, mirrors: make(map[mirrorKey]*shared)}
	if err := c.makeClients(); err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "use the Kubernetes client configuration: %w", err)
	}
	c.ctx, c.cancel = context.WithCancel(klog.NewContext(context.Background(), quiet()))
	return c, nil
}

// quiet is a logger that says nothing: what client-go has to say of a watch, the watch's mirror tells.
func quiet() klog.Logger { return klog.New(nil) }

func (c *connection) makeClients() error {
	wrapped, err := rest.HTTPWrappersForConfig(c.config.rest, c.transport)
	if err != nil {
		return err
	}
	c.http = &http.Client{Transport: wrapped}
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

// groupClients makes a client for each group whose objects are read whole. client-go's clientset would bring in the types
// of all of Kubernetes' groups, and 9 MB of memory with them.
func groupClients(config *rest.Config, client *http.Client) (map[schema.GroupVersion]rest.Interface, error) {
	types, err := builtInTypes()
	if err != nil {
		return nil, err
	}
	codecs := serializer.NewCodecFactory(types).WithoutConversion()
	groups := make(map[schema.GroupVersion]rest.Interface)
	for _, group := range types.PrioritizedVersionsAllGroups() {
		own := rest.CopyConfig(config)
		own.GroupVersion, own.NegotiatedSerializer, own.APIPath = &group, codecs, "/apis"
		if group.Group == "" {
			own.APIPath = "/api"
		}
		made, err := rest.RESTClientForConfigAndClient(own, client)
		if err != nil {
			return nil, err
		}
		groups[group] = made
	}
	return groups, nil
}

// close ends everything of the connection, and returns when it has ended.
func (c *connection) close() {
	c.mu.Lock() // No mirror begins from here on.
	c.cancel()
	c.mu.Unlock()
	c.work.Wait()
	c.transport.CloseIdleConnections()
}

// ping asks the API server whether it, and the store behind it, can serve: what is watched would else go on looking as
// it was. By default everybody may ask (the ClusterRole system:public-info-viewer).
func (c *connection) ping(ctx context.Context) error {
	readyz := c.server.JoinPath("readyz").String()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, readyz, http.NoBody)
	if err != nil {
		return fact.Errorf(fact.ReasonInvalid, "ask whether the API server is ready: %w", err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fact.Errorf(reasonOf(err), "ask whether the API server is ready: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	switch {
	case err != nil:
		return fact.Errorf(reasonOf(err), "read whether the API server is ready: %w", err)
	case response.StatusCode == http.StatusOK && string(body) == "ok":
		return nil
	case response.StatusCode == http.StatusOK:
		return fact.Errorf(fact.ReasonInvalid, "ask whether the API server is ready: %s is no API server", readyz)
	case response.StatusCode == http.StatusUnauthorized:
		return fact.Errorf(fact.ReasonDenied, "ask whether the API server is ready: it does not take the credentials")
	case response.StatusCode == http.StatusForbidden:
		return fact.Errorf(fact.ReasonDenied, "ask whether the API server is ready: not permitted to get /readyz, "+
			"as the ClusterRole system:public-info-viewer does by default")
	default:
		return fact.Errorf(fact.ReasonFailed, "ask whether the API server is ready: it answers %s%s", response.Status, notReady(body))
	}
}

// notReady gives the parts that the API server says are not ready: etcd, …
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

// namespaceExists asks for a namespace in which nothing was found.
func (c *connection) namespaceExists(ctx context.Context, name string) error {
	_, err := c.metadata.Resource(corev1.SchemeGroupVersion.WithResource("namespaces")).Get(ctx, name, metav1.GetOptions{})
	if err == nil {
		return nil
	}
	if apierrors.IsNotFound(err) {
		return fact.Errorf(fact.ReasonNotFound, "look for namespace %s: there is none", name)
	}
	return fact.Errorf(reasonOf(err), "look for namespace %s, in which nothing was found: %w", name, err)
}

// review asks the API server a question, whose answer is written into it.
func (c *connection) review(ctx context.Context, group schema.GroupVersion, resource string, question runtime.Object) error {
	if err := c.groups[group].Post().Resource(resource).Body(question).Do(ctx).Into(question); err != nil {
		return fact.Errorf(reasonOf(err), "create %s: %w", resource, err)
	}
	return nil
}

// mirrorOf gives the mirror of a resource, which it starts if need be, and notes that the user needs it.
func mirrorOf[T any](c *connection, user string, r resource[T], s scope) *mirror[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := mirrorKey{resource: r.key(), scope: s}
	entry := c.mirrors[key]
	if entry == nil {
		ctx, stop := context.WithCancel(c.ctx)
		entry = &shared{stop: stop, users: make(map[string]struct{})}
		started := newMirror(r, r.from(c, string(s)), s, func() { c.tellUsers(entry) })
		entry.mirror, started.ended = started, c.ctx.Err() != nil
		if !started.ended {
			c.work.Go(func() { started.run(ctx) })
		}
		c.mirrors[key] = entry
	}
	entry.users[user] = struct{}{}
	return entry.mirror.(*mirror[T])
}

// tellUsers tells everybody who uses a mirror that it has changed.
func (c *connection) tellUsers(of *shared) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for user := range of.users {
		c.tell(user)
	}
}

// forget stops the mirrors that only this user needed, and tells whether any are left.
func (c *connection) forget(user string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.mirrors {
		c.drop(key, user)
	}
	return len(c.mirrors) > 0
}

// leave stops the mirror of a resource that the API server does not offer any more, once its last user has left it.
func (c *connection) leave(resource string, s scope, user string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(mirrorKey{resource: resource, scope: s}, user)
}

// drop takes a user from a mirror, which ends without any. The caller holds c.mu.
func (c *connection) drop(key mirrorKey, user string) {
	entry := c.mirrors[key]
	if entry == nil {
		return
	}
	delete(entry.users, user)
	if len(entry.users) == 0 {
		entry.stop()
		delete(c.mirrors, key)
	}
}

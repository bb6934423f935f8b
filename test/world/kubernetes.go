package world

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// A Cluster is Kubernetes' own control plane, without nodes until a test adds some. Those are KWOK's: their pods run
// and become ready by word only.
type Cluster struct {
	Kubeconfig string       // the administrator's
	Config     *rest.Config // the same, without a limit of requests
	Client     *kubernetes.Clientset

	APIServer         *Component
	Etcd              *Component
	ControllerManager *Component
	Scheduler         *Component

	world *World
	dir   string
	plane *Process

	mu   sync.Mutex
	kwok *Process // nil until a test wants nodes
}

// Kubernetes gives the control plane that the tests of the package share, which the first call starts.
func (w *World) Kubernetes(tb testing.TB) *Cluster {
	tb.Helper()
	c, err := w.kubernetes()
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// NewKubernetes starts a control plane for one test. Each flag is a further one of a component, as
// "kube-controller-manager=--node-monitor-grace-period=10m".
func (w *World) NewKubernetes(tb testing.TB, flags ...string) *Cluster {
	tb.Helper()
	c, err := w.startCluster(tb.Context(), flags)
	if c != nil {
		tb.Cleanup(func() {
			if err := c.stop(); err != nil {
				tb.Error(err)
			}
		})
	}
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func (w *World) startCluster(ctx context.Context, flags []string) (*Cluster, error) {
	binary, err := built("controlplane", targetKubernetes)
	if err != nil {
		return nil, err
	}
	dir, err := w.dir.sub("kubernetes")
	if err != nil {
		return nil, err
	}
	args := []string{"up", "--dir", dir}
	for _, flag := range flags {
		args = append(args, "--flag", flag)
	}
	c := &Cluster{Kubeconfig: filepath.Join(dir, "admin.kubeconfig"), world: w, dir: dir}
	c.plane = &Process{
		name: "controlplane", logFile: filepath.Join(dir, "log"), quit: syscall.SIGTERM,
		command: func() *exec.Cmd { return exec.CommandContext(w.ctx, binary, args...) },
		ready: func(context.Context) error {
			if !strings.Contains(c.plane.Log(), c.Kubeconfig+"\n") {
				return fmt.Errorf("it has not said that it is; the logs of its components are in %s", dir)
			}
			return nil
		},
	}
	component := func(name string) *Component { return &Component{name: name, dir: dir, cluster: c} }
	c.APIServer, c.Etcd = component("kube-apiserver"), component("etcd")
	c.ControllerManager, c.Scheduler = component("kube-controller-manager"), component("kube-scheduler")
	if err := w.start(ctx, c.plane); err != nil {
		return c, err
	}
	return c, c.connect()
}

// connect makes the clients, once there is a kubeconfig to make them from.
func (c *Cluster) connect() (err error) {
	c.Config, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		return fmt.Errorf("read the kubeconfig of a new control plane: %w", err)
	}
	c.Config.QPS = -1
	c.Client, err = kubernetes.NewForConfig(c.Config)
	if err != nil {
		return fmt.Errorf("make a client of a new control plane: %w", err)
	}
	return nil
}

func (c *Cluster) stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if c.kwok != nil {
		err = c.kwok.stop()
	}
	return errors.Join(err, c.plane.stop())
}

// Namespace makes an empty namespace for a test, in which pods can be made at once, and gives its name.
func (c *Cluster) Namespace(tb testing.TB) string {
	tb.Helper()
	namespaces := c.Client.CoreV1().Namespaces()
	wanted := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	made, err := namespaces.Create(tb.Context(), wanted, metav1.CreateOptions{})
	if err != nil {
		tb.Fatalf("make a namespace: %v", err)
	}
	tb.Cleanup(func() {
		if err := namespaces.Delete(context.WithoutCancel(tb.Context()), made.Name, metav1.DeleteOptions{}); err != nil {
			tb.Errorf("delete namespace %s: %v", made.Name, err)
		}
	})
	// Pods are refused until their service account is there.
	c.wait(tb, "the service account of namespace "+made.Name, func(ctx context.Context) error {
		_, err := c.Client.CoreV1().ServiceAccounts(made.Name).Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	return made.Name
}

// WaitAvailable waits until the controllers have seen all of a Deployment, and all its replicas are new and available.
func (c *Cluster) WaitAvailable(tb testing.TB, namespace, name string) {
	tb.Helper()
	c.wait(tb, "deployment "+namespace+"/"+name, func(ctx context.Context) error {
		d, err := c.Client.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		return available(d)
	})
}

func available(d *appsv1.Deployment) error {
	want := int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	s := d.Status
	if s.ObservedGeneration < d.Generation {
		return errors.New("its last change has not been seen yet")
	}
	if s.Replicas != want || s.UpdatedReplicas != want || s.AvailableReplicas != want {
		return fmt.Errorf("of %d replicas there are %d, %d of them new and %d available",
			want, s.Replicas, s.UpdatedReplicas, s.AvailableReplicas)
	}
	return nil
}

// wait polls until try succeeds, and fails the test if it does not in time.
func (c *Cluster) wait(tb testing.TB, what string, try func(context.Context) error) {
	tb.Helper()
	// Not the test's context: some of this runs in cleanups, after that has ended.
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(tb.Context()), startLimit,
		fmt.Errorf("not there after %s", startLimit))
	defer cancel()
	if err := poll(ctx, func() error { return try(ctx) }); err != nil {
		tb.Fatalf("wait for %s: %v", what, err)
	}
}

// serving is nil when the API server is ready, and etcd behind it.
func (c *Cluster) serving(ctx context.Context) error {
	var status int
	body, err := c.Client.RESTClient().Get().AbsPath("/readyz").Do(ctx).StatusCode(&status).Raw()
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("/readyz answered %d: %s", status, body)
	}
	return err
}

package world

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AddNodes adds n nodes for a test, each with a host name and, in turn, one of three zones, and waits until they are ready.
// Each edit changes a node before it is made. It gives their names. Pods that other tests run in parallel may land on
// them too, and go with them.
func (c *Cluster) AddNodes(tb testing.TB, n int, edits ...func(*corev1.Node)) []string {
	tb.Helper()
	if err := c.startKWOK(); err != nil {
		tb.Fatal(err)
	}
	prefix := "node-" + strings.ToLower(rand.Text()[:6])
	var names []string
	for i := range n {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", prefix, i)}}
		node.Labels = map[string]string{
			corev1.LabelHostname:     node.Name,
			corev1.LabelTopologyZone: fmt.Sprintf("zone-%c", 'a'+i%3),
			corev1.LabelOSStable:     "linux",
			corev1.LabelArchStable:   "amd64",
		}
		node.Status.NodeInfo.OSImage = "Ubuntu 24.04.3 LTS"
		node.Status.NodeInfo.OperatingSystem, node.Status.NodeInfo.Architecture = "linux", "amd64"
		for _, edit := range edits {
			edit(node)
		}
		c.addNode(tb, node)
		names = append(names, node.Name)
	}
	for _, name := range names {
		c.wait(tb, "node "+name, func(ctx context.Context) error { return c.nodeReady(ctx, name) })
	}
	return names
}

func (c *Cluster) addNode(tb testing.TB, node *corev1.Node) {
	tb.Helper()
	nodes := c.Client.CoreV1().Nodes()
	if _, err := nodes.Create(tb.Context(), node, metav1.CreateOptions{}); err != nil {
		tb.Fatalf("add node %s: %v", node.Name, err)
	}
	tb.Cleanup(func() {
		if err := nodes.Delete(context.WithoutCancel(tb.Context()), node.Name, metav1.DeleteOptions{}); err != nil {
			tb.Errorf("remove node %s: %v", node.Name, err)
		}
	})
}

func (c *Cluster) nodeReady(ctx context.Context, name string) error {
	node, err := c.Client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	// The controller manager taints a new node, and takes that back once it has seen it ready.
	for _, taint := range node.Spec.Taints {
		if taint.Key == corev1.TaintNodeNotReady {
			return errors.New("it is still tainted as not ready")
		}
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return errors.New("it is not ready")
}

// Unmanaged is the label of nodes that nobody plays a kubelet for: they stay as a test makes them.
const Unmanaged = "kwok.x-k8s.io/unmanaged"

// startKWOK starts what plays the nodes and their kubelets, unless it runs already.
func (c *Cluster) startKWOK() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kwok != nil {
		return nil
	}
	binary, err := built("kwok", targetKubernetes)
	if err != nil {
		return err
	}
	stages, err := built("kwok-stages.yaml", targetKubernetes)
	if err != nil {
		return err
	}
	address, err := freeAddress(c.world.ctx)
	if err != nil {
		return err
	}
	c.kwok = &Process{
		name: "kwok", logFile: filepath.Join(c.dir, "kwok.log"), quit: syscall.SIGTERM,
		ready: answers("http://" + address + "/healthz"),
		command: func() *exec.Cmd {
			return exec.CommandContext(c.world.ctx, binary, "--kubeconfig", c.Kubeconfig, "--config", stages,
				"--server-address", address,
				"--manage-all-nodes=false", "--manage-nodes-with-label-selector=!"+Unmanaged,
				"--node-lease-duration-seconds=40", "--cidr=10.0.0.0/16", "--node-ip=127.0.0.1")
		},
	}
	return c.world.start(c.world.ctx, c.kwok)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	readyLimit = 2 * time.Minute // For a cold machine that has much else to do.
	pollEvery  = 50 * time.Millisecond
)

type options struct {
	dir   string
	flags []string
}

// up runs a control plane until ctx ends; at each hangup it starts again what has ended.
func up(ctx context.Context, o options, hangup <-chan os.Signal) error {
	if o.dir == "" {
		return errors.New("up wants --dir")
	}
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return fmt.Errorf("find --dir: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make --dir: %w", err)
	}
	p, err := freePorts(ctx)
	if err != nil {
		return err
	}
	flags, err := flagsOf(dir, p, o.flags)
	if err != nil {
		return err
	}
	if err := writeFiles(dir, "https://"+address(p.apiServer)); err != nil {
		return err
	}
	plane, err := newPlane(dir, p, flags)
	if err != nil {
		return err
	}
	defer plane.stop()
	if err := plane.start(ctx); err != nil {
		return err
	}
	fmt.Println(kubeconfig(dir, "admin"))
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangup:
			if err := plane.restart(ctx); err != nil {
				return err
			}
		}
	}
}

// A plane is the four components, and how to ask them.
type plane struct {
	children []*child // in the order of names
	ports    ports
	client   *kubernetes.Clientset
	http     *http.Client // trusts them, and is the administrator
	spawner  *spawner
}

func newPlane(dir string, p ports, flags map[string][]string) (*plane, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig(dir, "admin"))
	if err != nil {
		return nil, fmt.Errorf("read the administrator's kubeconfig: %w", err)
	}
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("make a client of the control plane: %w", err)
	}
	client, err := kubernetes.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("make a client of the API server: %w", err)
	}
	plane := &plane{ports: p, client: client, http: httpClient, spawner: newSpawner()}
	for _, name := range names() {
		plane.children = append(plane.children, &child{dir: dir, name: name, flags: flags[name]})
	}
	return plane, nil
}

// start starts all, until ctx ends, and returns when they are ready.
func (p *plane) start(ctx context.Context) error {
	limit, cancel := context.WithTimeoutCause(ctx, readyLimit, fmt.Errorf("not ready after %s", readyLimit))
	defer cancel()
	etcd, apiServer, others := p.children[0], p.children[1], p.children[2:]
	for _, c := range []*child{etcd, apiServer} {
		if err := c.start(ctx, p.spawner); err != nil {
			return err
		}
	}
	if err := p.wait(limit, p.serverReady); err != nil {
		return fmt.Errorf("wait for the API server: %w", err)
	}
	// Not earlier: the controller manager ends when it finds the roles missing that the API server makes at first.
	for _, c := range others {
		if err := c.start(ctx, p.spawner); err != nil {
			return err
		}
	}
	if err := p.wait(limit, p.othersReady); err != nil {
		return fmt.Errorf("wait for the control plane: %w", err)
	}
	return nil
}

// restart starts what has ended. That it is ready again is for the caller to see.
func (p *plane) restart(ctx context.Context) error {
	for _, c := range p.children {
		if c.ended() {
			if err := c.start(ctx, p.spawner); err != nil {
				return err
			}
		}
	}
	return nil
}

// stop kills all; nobody will miss their data.
func (p *plane) stop() {
	for _, c := range p.children {
		c.kill()
	}
}

func (p *plane) serverReady(ctx context.Context) error {
	return p.healthy(ctx, p.ports.apiServer, "/readyz")
}

func (p *plane) othersReady(ctx context.Context) error {
	// Pods are refused until it is there.
	accounts := p.client.CoreV1().ServiceAccounts(metav1.NamespaceDefault)
	if _, err := accounts.Get(ctx, "default", metav1.GetOptions{}); err != nil {
		return fmt.Errorf("get the default service account: %w", err)
	}
	return errors.Join(
		p.healthy(ctx, p.ports.controllerManager, "/healthz"),
		p.healthy(ctx, p.ports.scheduler, "/healthz"),
	)
}

func (p *plane) healthy(ctx context.Context, port int, path string) error {
	url := "https://" + address(port) + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	response, err := p.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, response.Status)
	}
	return nil
}

// wait polls until ready is content, ctx ends, or a component does.
func (p *plane) wait(ctx context.Context, ready func(context.Context) error) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		for _, c := range p.children {
			if c.started() && c.ended() {
				return fmt.Errorf("%s has ended: see %s", c.name, c.file("log"))
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

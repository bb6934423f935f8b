package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	nameEtcd              = "etcd"
	nameAPIServer         = "kube-apiserver"
	nameControllerManager = "kube-controller-manager"
	nameScheduler         = "kube-scheduler"
)

// names gives all components in the order of starting: each leans on those before it.
func names() []string { return []string{nameEtcd, nameAPIServer, nameControllerManager, nameScheduler} }

// ports has the port of each component, and that of etcd for members which it does not have.
type ports struct {
	etcd, etcdPeer, apiServer, controllerManager, scheduler int
}

// The ports that components get are below those from which the kernel takes the ports of outgoing connections: one that
// was killed finds its port free when it comes back.
const (
	lowestPort  = 10000
	highestPort = 32000
)

func freePorts(ctx context.Context) (ports, error) {
	var p ports
	var held []net.Listener // Until all are found, or one might be found twice.
	defer func() {
		for _, listener := range held {
			_ = listener.Close()
		}
	}()
	for _, port := range []*int{&p.etcd, &p.etcdPeer, &p.apiServer, &p.controllerManager, &p.scheduler} {
		listener, err := listenSomewhere(ctx)
		if err != nil {
			return ports{}, fmt.Errorf("find a free port: %w", err)
		}
		held = append(held, listener)
		*port = listener.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

func listenSomewhere(ctx context.Context) (net.Listener, error) {
	var errs []error
	for range 20 {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", address(lowestPort+rand.IntN(highestPort-lowestPort)))
		if err == nil {
			return listener, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// flagsOf says how each component is run in dir, the extra flags last, so that they win.
func flagsOf(dir string, p ports, extra []string) (map[string][]string, error) {
	flags := map[string][]string{
		nameEtcd: {
			"--data-dir=" + filepath.Join(dir, "etcd"),
			"--listen-client-url=http://" + address(p.etcd),
			"--listen-peer-url=http://" + address(p.etcdPeer),
		},
		nameAPIServer:         apiServerFlags(dir, p),
		nameControllerManager: controllerManagerFlags(dir, p),
		nameScheduler:         append(clientFlags(dir, nameScheduler), serverFlags(dir, p.scheduler)...),
	}
	for _, flag := range extra {
		name, value, found := strings.Cut(flag, "=")
		if !found || !slices.Contains(names(), name) || !strings.HasPrefix(value, "--") {
			return nil, fmt.Errorf("read --flag %q: expected COMPONENT=--FLAG=VALUE, with one of %s",
				flag, strings.Join(names(), ", "))
		}
		flags[name] = append(flags[name], value)
	}
	return flags, nil
}

func apiServerFlags(dir string, p ports) []string {
	return append(serverFlags(dir, p.apiServer),
		"--advertise-address=127.0.0.1",
		"--allow-privileged=true",
		"--authorization-mode=Node,RBAC",
		"--client-ca-file="+filepath.Join(dir, "ca.crt"),
		"--endpoint-reconciler-type=none", // It would not publish a loopback address.
		"--etcd-servers=http://"+address(p.etcd),
		// Without these the others log errors all the time, as they look for what an aggregated API server would need.
		"--requestheader-client-ca-file="+filepath.Join(dir, "ca.crt"),
		"--requestheader-allowed-names=front-proxy",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+filepath.Join(dir, "service-accounts.pub"),
		"--service-account-signing-key-file="+filepath.Join(dir, "service-accounts.key"),
		"--service-cluster-ip-range=10.96.0.0/16",
	)
}

func controllerManagerFlags(dir string, p ports) []string {
	flags := append(clientFlags(dir, nameControllerManager), serverFlags(dir, p.controllerManager)...)
	return append(flags,
		"--cluster-signing-cert-file="+filepath.Join(dir, "ca.crt"),
		"--cluster-signing-key-file="+filepath.Join(dir, "ca.key"),
		"--root-ca-file="+filepath.Join(dir, "ca.crt"),
		"--service-account-private-key-file="+filepath.Join(dir, "service-accounts.key"),
		"--use-service-account-credentials=true",
	)
}

func serverFlags(dir string, port int) []string {
	return []string{
		"--bind-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(port),
		"--tls-cert-file=" + filepath.Join(dir, "server.crt"),
		"--tls-private-key-file=" + filepath.Join(dir, "server.key"),
	}
}

// clientFlags are those of components that speak to the API server; with the latter two their metrics can be read by
// whoever the API server knows.
func clientFlags(dir, name string) []string {
	path := kubeconfig(dir, name)
	return []string{
		"--kubeconfig=" + path,
		"--authentication-kubeconfig=" + path,
		"--authorization-kubeconfig=" + path,
		"--leader-elect=false",
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
	}
}

// Package collectors lists everything that collects. To add a collector, write it as one package, and name it here.
package collectors

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/collectors/attestation"
	"github.com/readiness-exporter/readiness-exporter/collectors/backup"
	"github.com/readiness-exporter/readiness-exporter/collectors/certificate"
	"github.com/readiness-exporter/readiness-exporter/collectors/endpoint"
	"github.com/readiness-exporter/readiness-exporter/collectors/firewall"
	"github.com/readiness-exporter/readiness-exporter/collectors/host"
	"github.com/readiness-exporter/readiness-exporter/collectors/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/collectors/port"
	"github.com/readiness-exporter/readiness-exporter/collectors/prometheus"
	"github.com/readiness-exporter/readiness-exporter/collectors/ssh"
	"github.com/readiness-exporter/readiness-exporter/collectors/sshd"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
)

// Options are what collectors need to know of where the exporter runs.
type Options struct {
	RootFS string // where the file system of the host is mounted
}

// All gives every collector, and the function that ends what they keep running.
func All(options Options) (all []collector.Any, closeAll func()) {
	clusters := kubernetes.New()
	return []collector.Any{
		host.New(host.Options{RootFS: options.RootFS}),
		endpoint.New(),
		sshd.New(options.RootFS),
		ssh.New(),
		firewall.New(options.RootFS),
		port.New(),
		port.NewListening(options.RootFS),
		certificate.New(),
		backup.New(backup.Options{}),
		clusters.Kubernetes(),
		clusters.Configurations(),
		clusters.Stagings(),
		clusters.Objects(),
		clusters.Certificates(),
		prometheus.New(),
		attestation.New(time.Now),
	}, clusters.Close
}

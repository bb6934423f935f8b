// Package collectors lists everything that collects. To add a collector, write it as one package, and name it here.
package collectors

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/collectors/attestation"
	"github.com/readiness-exporter/readiness-exporter/collectors/backup"
	"github.com/readiness-exporter/readiness-exporter/collectors/certificate"
	"github.com/readiness-exporter/readiness-exporter/collectors/contact"
	"github.com/readiness-exporter/readiness-exporter/collectors/dns"
	"github.com/readiness-exporter/readiness-exporter/collectors/document"
	"github.com/readiness-exporter/readiness-exporter/collectors/domain"
	"github.com/readiness-exporter/readiness-exporter/collectors/endpoint"
	"github.com/readiness-exporter/readiness-exporter/collectors/envfile"
	"github.com/readiness-exporter/readiness-exporter/collectors/evidence"
	"github.com/readiness-exporter/readiness-exporter/collectors/fail2ban"
	"github.com/readiness-exporter/readiness-exporter/collectors/firewall"
	"github.com/readiness-exporter/readiness-exporter/collectors/host"
	"github.com/readiness-exporter/readiness-exporter/collectors/image"
	"github.com/readiness-exporter/readiness-exporter/collectors/kubernetes"
	"github.com/readiness-exporter/readiness-exporter/collectors/login"
	"github.com/readiness-exporter/readiness-exporter/collectors/oncall"
	"github.com/readiness-exporter/readiness-exporter/collectors/port"
	"github.com/readiness-exporter/readiness-exporter/collectors/postgres"
	"github.com/readiness-exporter/readiness-exporter/collectors/prometheus"
	"github.com/readiness-exporter/readiness-exporter/collectors/repository"
	"github.com/readiness-exporter/readiness-exporter/collectors/review"
	"github.com/readiness-exporter/readiness-exporter/collectors/ssh"
	"github.com/readiness-exporter/readiness-exporter/collectors/sshd"
	"github.com/readiness-exporter/readiness-exporter/collectors/systemd"
	"github.com/readiness-exporter/readiness-exporter/collectors/tlsoffer"
	"github.com/readiness-exporter/readiness-exporter/collectors/updates"
	"github.com/readiness-exporter/readiness-exporter/collectors/vantage"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/gitrepo"
	"github.com/readiness-exporter/readiness-exporter/internal/linkcheck"
)

// Options are what collectors need to know of where the exporter runs.
type Options struct {
	RootFS string // where the file system of the host is mounted
	// Record has what was submitted and signed by API; nil: nothing.
	Record Record
	// Copies is the folder in which copies of git repositories are kept; empty: in one that is removed at the end.
	Copies string
	// EndpointDurations takes how long endpoints took to answer; nil: nobody does.
	EndpointDurations endpoint.Durations
	// Logins is how rarely passwords are tried that must be refused.
	Logins login.Pace
}

// A Record has what was submitted and signed by API.
type Record interface {
	attestation.Record
	evidence.Record
}

// Outside gives those of All that collect what is reached over the network from anywhere, and from vantage points too.
func Outside(options Options) []collector.Any {
	return []collector.Any{
		dns.New(),
		endpoint.New(options.EndpointDurations),
		endpoint.NewExposure(),
		tlsoffer.New(),
		ssh.New(),
		port.New(),
		certificate.New(),
	}
}

// From gives the collectors that collect from a vantage point.
func From(name string, options Options) (all []collector.Any) {
	for _, each := range Outside(options) {
		all = append(all, collector.From(name, each))
	}
	return all
}

// All gives every collector, and the function that ends what they keep running.
func All(options Options) (all []collector.Any, closeAll func()) {
	clusters, repositories := kubernetes.New(), gitrepo.New(options.Copies)
	outside := Outside(options)
	return append(outside, []collector.Any{
		host.New(host.Options{RootFS: options.RootFS}),
		host.NewAddresses(options.RootFS),
		dns.NewCluster(),
		domain.New(),
		endpoint.NewLogin(),
		login.New(options.Logins),
		postgres.New(),
		postgres.NewSchema(),
		sshd.New(options.RootFS),
		firewall.New(options.RootFS),
		port.NewListening(options.RootFS),
		fail2ban.New(options.RootFS),
		systemd.New(options.RootFS),
		updates.New(options.RootFS, time.Now),
		envfile.New(options.RootFS),
		backup.New(backup.Options{}),
		clusters.Discovery(),
		clusters.ImageDiscovery(),
		image.New(),
		clusters.Kubernetes(),
		clusters.Configurations(),
		clusters.Stagings(),
		clusters.Objects(),
		clusters.Certificates(),
		clusters.Drills(),
		prometheus.New(),
		prometheus.NewRules(),
		prometheus.NewHistory(time.Now),
		prometheus.NewRunbooks(linkcheck.Options{Now: time.Now, Pause: time.Second}),
		evidence.New(options.Record),
		repository.New(repositories),
		review.New(time.Now),
		document.New(repositories),
		document.NewVocabulary(repositories),
		document.NewAPI(repositories),
		document.NewLinks(repositories, linkcheck.Options{Now: time.Now, Pause: time.Second}),
		contact.New(),
		oncall.New(time.Now),
		attestation.New(options.Record, time.Now),
		vantage.New(outside),
	}...), func() { clusters.Close(); repositories.Close() }
}

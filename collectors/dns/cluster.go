package dns

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A ClusterTarget is the DNS of a Kubernetes cluster.
type ClusterTarget struct {
	Cluster string
	// Own: the cluster is that of the exporter's own pod, if it has one.
	Own      bool
	Declared *system.ClusterDNS // nil: nothing is
}

// NewCluster makes the collector of the DNS of clusters.
//
// Names are asked for in full, so that no search path answers in their place, and each several times from ports of its own: the Service
// hands each question to any of its pods. Only from within a cluster is it known whom its pods ask; from outside, the address must be
// declared, and a cluster without one is unavailable.
func NewCluster() collector.Collector[ClusterTarget] {
	return clusterProber{dial: new(net.Dialer).DialContext, now: time.Now, resolvConf: "/etc/resolv.conf"}.collector()
}

// A clusterProber has what a run needs of the world around.
type clusterProber struct {
	dial       dialer
	now        func() time.Time
	resolvConf string // a file
}

func (p clusterProber) collector() collector.Collector[ClusterTarget] {
	return collector.Collector[ClusterTarget]{
		Name:     "cluster_dns",
		Summary:  "What the DNS of Kubernetes clusters answers for names of Services and names outside, and how fast.",
		Yields:   []fact.Any{fact.ClusterDNSs()},
		Schedule: "@every 1m",
		Timeout:  30 * time.Second,
		Targets: func(s *system.System) (all []ClusterTarget) {
			for _, cluster := range s.Kubernetes {
				own := cluster.Kubeconfig == "" && cluster.Context == ""
				all = append(all, ClusterTarget{Cluster: cluster.Name, Own: own, Declared: cluster.DNS})
			}
			return all
		},
		Target: func(t ClusterTarget) string { return t.Cluster },
		Known: func(t ClusterTarget) []fact.AnySet {
			return []fact.AnySet{fact.ClusterDNSs().Missing(fact.ClusterDNS{Cluster: t.Cluster})}
		},
		Collect: func(ctx context.Context, t ClusterTarget, _ fact.Topics) ([]fact.AnySet, error) {
			asked, err := p.ask(t)
			if err == nil {
				err = p.reach(ctx, asked.server)
			}
			if err != nil {
				// That an exporter is not in the cluster is no failure of a run.
				set := &fact.Set[fact.ClusterDNS]{}
				set.Lack(fact.ClusterDNS{Cluster: t.Cluster}, "", err)
				return []fact.AnySet{fact.ClusterDNSs().Set(set)}, nil
			}
			found := asked.lookups(ctx, p)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return []fact.AnySet{fact.ClusterDNSs().Found(found)}, nil
		},
	}
}

// reach tells why this machine has no way to a server at all; nil: it has. Nothing is sent.
func (p clusterProber) reach(ctx context.Context, server netip.AddrPort) error {
	conn, err := p.dial(ctx, "udp", server.String())
	if err == nil {
		_ = conn.Close() // Nothing was sent.
	}
	return err
}

// A clusterQuestion is whom to ask for what.
type clusterQuestion struct {
	cluster         string
	server          netip.AddrPort
	inside, outside []string
}

// What is asked for where nothing is declared.
const (
	usualService = "kubernetes.default.svc."
	usualDomain  = "cluster.local"
	usualOutside = "example.com"
)

// ask finds whom to ask for what.
func (p clusterProber) ask(t ClusterTarget) (clusterQuestion, error) {
	question := clusterQuestion{cluster: t.Cluster}
	domain := usualDomain
	declared := system.ClusterDNS{}
	if t.Declared != nil {
		declared = *t.Declared
	}
	var err error
	switch {
	case declared.Address != "":
		question.server = serverOf(declared.Address)
	case !t.Own:
		return question, fact.Errorf(fact.ReasonUnsupported,
			"the exporter is not in the cluster: run one there, or declare the address of its DNS under kubernetes: dns")
	default:
		if question.server, domain, err = p.ofPod(); err != nil {
			return question, err
		}
	}
	question.inside, question.outside = declared.Names, declared.Outside
	if len(question.inside) == 0 {
		question.inside = []string{usualService + domain}
	}
	if len(question.outside) == 0 {
		question.outside = []string{usualOutside}
	}
	return question, nil
}

// ofPod is whom a pod asks, and the domain of its cluster, by the search path that the kubelet writes for dnsPolicy ClusterFirst:
// NAMESPACE.svc.DOMAIN svc.DOMAIN DOMAIN. Without it, what is asked is the DNS of the node, or of any other machine.
func (p clusterProber) ofPod() (server netip.AddrPort, domain string, err error) {
	const limit = 1 << 16
	content, err := readfile.Read(p.resolvConf, limit)
	if err != nil {
		return server, "", err
	}
	read, err := dns.ClientConfigFromReader(bytes.NewReader(content))
	if err != nil {
		return server, "", fact.Errorf(fact.ReasonInvalid, "read %s: %w", p.resolvConf, err)
	}
	for _, searched := range read.Search {
		if rest, is := strings.CutPrefix(strings.TrimSuffix(searched, "."), "svc."); is {
			domain = rest
		}
	}
	if domain == "" {
		return server, "", fact.Errorf(fact.ReasonUnsupported, "%s is not that of a pod that asks the cluster's DNS: run the exporter in the "+
			"cluster (dnsPolicy ClusterFirst, or ClusterFirstWithHostNet), or declare the address of its DNS under kubernetes: dns", p.resolvConf)
	}
	for _, each := range read.Servers {
		if address, err := netip.ParseAddr(each); err == nil {
			return netip.AddrPortFrom(address, usualPort), domain, nil
		}
	}
	return server, "", fact.Errorf(fact.ReasonUnsupported, "%s names no resolver", p.resolvConf)
}

// repeats is how often each name is asked for: of two pods, one that answers wrong stays hidden once in 32 times.
const repeats = 6

// lookups asks for all names at one time, each again and again.
func (q clusterQuestion) lookups(ctx context.Context, p clusterProber) fact.ClusterDNS {
	found := fact.ClusterDNS{Cluster: q.cluster, Server: withoutUsualPort(q.server)}
	for _, name := range q.inside {
		found.Lookups = append(found.Lookups, fact.ClusterLookup{Name: text(name)})
	}
	for _, name := range q.outside {
		found.Lookups = append(found.Lookups, fact.ClusterLookup{Name: text(name), Outside: true})
	}
	var asking sync.WaitGroup
	for i := range found.Lookups {
		asking.Go(func() { p.lookUp(ctx, q.server, &found.Lookups[i]) })
	}
	asking.Wait()
	return found
}

// lookUp asks for one name.
func (p clusterProber) lookUp(ctx context.Context, server netip.AddrPort, l *fact.ClusterLookup) {
	var first []string
	for l.Asked < repeats && ctx.Err() == nil {
		l.Asked++
		began := p.now()
		addresses, err := p.addresses(ctx, server, dns.Fqdn(l.Name))
		l.Slowest = max(l.Slowest, roundUp(p.now().Sub(began)))
		switch {
		case err != nil:
			l.Failed++
			if l.Failure == nil {
				l.Failure = fact.FailureOf(err)
			}
			if fact.ReasonOf(err) == fact.ReasonTimeout {
				return // More of them would take all the time there is.
			}
		case len(addresses) == 0:
			l.Unknown++
		case first == nil:
			first = addresses
		default:
			l.Differs = l.Differs || !slices.Equal(first, addresses)
		}
	}
}

// addresses are those of a name of one version of IP, IPv4 first; none: there is no such name.
func (p clusterProber) addresses(ctx context.Context, server netip.AddrPort, name string) (addresses []string, err error) {
	err = collector.Guard("read answers for "+shown(name), func() error {
		for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
			message, err := p.dial.ask(ctx, server, question{name: name, kind: kind, recursive: true})
			if err == nil {
				err = refusal(message)
			}
			if err != nil {
				return err
			}
			given := &reply{}
			given.read(name, message)
			sortAddresses(&given.answer.Addresses)
			if addresses = given.answer.Addresses; len(addresses) > 0 {
				return nil
			}
		}
		return nil
	})
	return addresses, err
}

// roundUp gives whole seconds: what differs with each run is no news.
func roundUp(took time.Duration) time.Duration {
	return (took + time.Second - 1).Truncate(time.Second)
}

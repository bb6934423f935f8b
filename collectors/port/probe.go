// Package port collects which ports of hosts take connections: as tried over the network, and as the kernel of the machine lists what
// listens.
package port

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const (
	// atATime and pause bound the rate: ports of one address are tried so many at a time, and one begins after the other.
	atATime = 8
	pause   = 50 * time.Millisecond
	// patience is how long a port that is filtered is waited for: a packet that was lost is sent again after 1 s.
	patience = 3 * time.Second
)

// A Target is the ports of a host at one of its addresses.
type Target struct {
	Host    string
	Remote  bool
	Address string
	Ports   []int // in ascending order
	// Allowed are those of them at which strangers may reach something. What is tried does not hang on it.
	Allowed []int `json:"-"`
}

// New makes the collector that tries ports of declared hosts, and of no other, by connecting and sending nothing.
func New() collector.Collector[Target] {
	return prober{dial: (&net.Dialer{}).DialContext}.collector()
}

// A prober has what a run needs of the world around.
type prober struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

func (p prober) collector() collector.Collector[Target] {
	return collector.Collector[Target]{
		Name:    "port_probe",
		Summary: "Which ports of declared hosts take connections of TCP, tried from where the exporter runs.",
		Yields:  []fact.Any{fact.PortProbes()},
		// Servers such as sshd log a connection that nothing follows, and programs that ban attackers count it.
		Schedule: "@every 1h",
		Timeout:  time.Minute,
		Targets:  targets,
		Target:   func(t Target) string { return t.Host + "/" + t.Address },
		Server:   func(t Target) string { return t.Address },
		Known: func(t Target) []fact.AnySet {
			return []fact.AnySet{fact.PortProbes().Missing(known(t))}
		},
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
			probe, err := p.collect(ctx, t)
			if err != nil {
				return nil, err
			}
			return []fact.AnySet{fact.PortProbes().Found(*probe)}, nil
		},
	}
}

// usual are ports that servers have open to everybody.
func usual() []int { return []int{22, 80, 443} }

func targets(s *system.System) (all []Target) {
	for _, host := range s.Hosts {
		if host.Ports == nil {
			continue
		}
		ports := slices.Concat(usual(), slices.Collect(maps.Keys(fact.PrivateServices())), host.Ports.Also)
		slices.Sort(ports)
		ports = slices.Compact(ports)
		for _, address := range host.Addresses {
			all = append(all, Target{
				Host: host.Name, Remote: host.Remote, Address: address, Ports: ports, Allowed: host.Ports.Allowed,
			})
		}
	}
	return all
}

// known is what the declaration tells of a target.
func known(t Target) fact.PortProbe {
	return fact.PortProbe{Host: t.Host, Address: t.Address, FromItself: !t.Remote}
}

func (p prober) collect(ctx context.Context, t Target) (*fact.PortProbe, error) {
	services := fact.PrivateServices()
	probe := known(t)
	probe.Ports = make([]fact.PortState, len(t.Ports))
	failures := make([]error, len(t.Ports))
	places := make(chan struct{}, atATime)
	var trying sync.WaitGroup
	for i, number := range t.Ports {
		probe.Ports[i] = fact.PortState{
			Number: number, Service: services[number], Allowed: slices.Contains(t.Allowed, number),
		}
		if !wait(ctx, places) {
			break
		}
		trying.Go(func() {
			defer func() { <-places }()
			failures[i] = collector.Guard("try a port", func() (err error) {
				probe.Ports[i].State, err = p.try(ctx, t.Address, number)
				return err
			})
		})
	}
	trying.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	// One that could not be tried leaves in doubt whether it is open.
	return &probe, errors.Join(failures...)
}

// wait waits for a place, and for the pace. False: the time is up.
func wait(ctx context.Context, places chan<- struct{}) bool {
	pace := time.NewTimer(pause)
	defer pace.Stop()
	select {
	case places <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	select {
	case <-pace.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// try connects to one port. An error says that this machine cannot try.
func (p prober) try(ctx context.Context, address string, number int) (string, error) {
	within, end := context.WithTimeout(ctx, patience)
	defer end()
	conn, err := p.dial(within, "tcp", net.JoinHostPort(address, strconv.Itoa(number)))
	if err == nil {
		return fact.PortOpen, conn.Close()
	}
	switch reason := fact.ReasonOf(err); {
	case reach.NoRoute(err):
		return "", err
	case reason == fact.ReasonRefused:
		return fact.PortClosed, nil
	case reason == fact.ReasonTimeout, reason == fact.ReasonUnreachable, reason == fact.ReasonDenied:
		return fact.PortFiltered, nil // A firewall may answer that the host or port is not to be reached, or prohibited.
	default:
		return "", err
	}
}

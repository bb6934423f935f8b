// Package ssh collects what SSH servers offer over the network: it asks as a client does that has no credential yet, and sends
// none.
//
// A server that is asked notes it, and programs that ban attackers read that. So that none of them counts enough: one connection a
// user and hour, for users that exist, ended before any method but "none" (RFC 4252, 5.2) was tried. Of such a connection fail2ban's
// filter counts nothing, and one failure with mode = aggressive or ddos.
package ssh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Target is the SSH server of a host at one of its addresses.
type Target struct {
	Host     string
	Remote   bool
	Address  string // 203.0.113.7:22
	Users    []string
	HostKeys []string // as they are declared
}

// New makes the collector of declared SSH servers. One that does not answer is a fact, and what is thought of it is for the checks;
// where this machine cannot ask, for want of a route, it is unavailable.
func New() collector.Collector[Target] {
	return prober{dial: (&net.Dialer{}).DialContext}.collector()
}

// A prober has what a run needs of the world around.
type prober struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

func (p prober) collector() collector.Collector[Target] {
	return collector.Collector[Target]{
		Name:     "ssh_server",
		Summary:  "What SSH servers of declared hosts offer users, by which key they prove themselves, and their algorithms.",
		Yields:   []fact.Any{fact.SSHServers()},
		Schedule: "@every 1h",
		Timeout:  30 * time.Second,
		Targets:  targets,
		Target:   func(t Target) string { return t.Host + "/" + t.Address },
		Server:   func(t Target) string { return t.Address },
		Known: func(t Target) []fact.AnySet {
			return []fact.AnySet{fact.SSHServers().Missing(known(t))}
		},
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
			set, err := p.collect(ctx, t)
			if err != nil {
				return nil, err
			}
			return []fact.AnySet{fact.SSHServers().Set(set)}, nil
		},
	}
}

// defaultUser is one that every machine with such a server has.
const defaultUser = "root"

func targets(s *system.System) (all []Target) {
	for _, host := range s.Hosts {
		if host.SSH == nil {
			continue
		}
		users := host.SSH.Users
		if len(users) == 0 {
			users = []string{defaultUser}
		}
		port := strconv.Itoa(cmp.Or(host.SSH.Port, system.DefaultSSHPort))
		for _, address := range host.Addresses {
			all = append(all, Target{
				Host: host.Name, Remote: host.Remote, Address: net.JoinHostPort(address, port), Users: users, HostKeys: host.SSH.HostKeys,
			})
		}
	}
	return all
}

// known is what the declaration tells of a server.
func known(t Target) fact.SSHServer {
	return fact.SSHServer{Host: t.Host, Address: t.Address, FromItself: !t.Remote}
}

// collect asks for one user after the other: servers drop connections of one address that come too close together.
func (p prober) collect(ctx context.Context, t Target) (*fact.Set[fact.SSHServer], error) {
	keys, err := declaredKeys(t.HostKeys)
	if err != nil {
		return nil, err
	}
	server := known(t)
	for _, key := range keys {
		server.DeclaredHostKeys = append(server.DeclaredHostKeys, ssh.FingerprintSHA256(key))
	}
	for i, user := range t.Users {
		found, err := p.askWithin(ctx, t.Address, user, keys, len(t.Users)-i)
		switch {
		case errors.Is(ctx.Err(), context.Canceled):
			return nil, context.Cause(ctx)
		case err != nil && reach.NoRoute(err):
			return nil, err
		}
		server.FromItself = server.FromItself || found.fromItself
		if found.answered && server.Version == "" {
			server.Version, server.Algorithms = found.version, found.algorithms
		}
		if found.hostKey != nil && server.HostKey == nil {
			server.HostKey = found.hostKey
		}
		if err != nil && server.Version == "" {
			server.Failure = fact.FailureOf(err)
			break // It would be no better for another user.
		}
		offer := fact.SSHOffer{User: user, Methods: found.methods}
		if err != nil {
			offer.Failure = fact.FailureOf(err)
		}
		server.Offers = append(server.Offers, offer)
	}
	set := &fact.Set[fact.SSHServer]{}
	set.Add(server)
	lack(set, t, server)
	return set, nil
}

// lack says why the methods could not be determined, where they could not.
func lack(set *fact.Set[fact.SSHServer], t Target, server fact.SSHServer) {
	missing := func(failure *fact.Failure, detail string) {
		set.Unavailable = append(set.Unavailable, fact.Unavailable[fact.SSHServer]{
			Known: known(t), Topic: fact.TopicMethods, Reason: failure.Reason, Detail: detail,
		})
	}
	if server.Failure != nil {
		missing(server.Failure, server.Failure.Detail)
		return
	}
	for _, offer := range server.Offers {
		if offer.Failure != nil {
			missing(offer.Failure, fmt.Sprintf("ask what the user %s is offered: %s", offer.User, offer.Failure.Detail))
			return // One reason is enough.
		}
	}
}

func declaredKeys(texts []string) (keys []ssh.PublicKey, err error) {
	for _, text := range texts {
		key, err := system.ParseHostKey(text)
		if err != nil {
			return nil, fact.Errorf(fact.ReasonInvalid, "read a declared host key: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Package certificate collects X.509 certificates: those that servers show, and those in files.
package certificate

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// New makes the collector of certificates.
//
// A server is asked as a client asks it, at every address that its name has: one of two balancers may still show the old
// certificate. As long as all show the same, that is one fact; else each address has its own.
//
// Each file is one fact. A certificate is never unavailable for being expired, untrusted or weak, or for the server's wish
// to have one of the client too: what is thought of it is for the checks.
func New() collector.Collector[system.Certificate] {
	prober := prober{
		lookup:      net.DefaultResolver.LookupNetIP,
		dial:        new(net.Dialer).DialContext,
		fenced:      func(f reach.Fence) dialer { return f.Dialer().DialContext },
		authorities: pki.NewAuthorities(pki.PublicRoots),
		now:         time.Now,
	}
	return prober.collector()
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// A prober has what a run needs of the world around.
type prober struct {
	lookup      func(ctx context.Context, network, host string) ([]netip.Addr, error)
	dial        dialer
	fenced      func(reach.Fence) dialer // for what was discovered
	authorities *pki.Authorities
	now         func() time.Time
}

func (p prober) collector() collector.Collector[system.Certificate] {
	return collector.Collector[system.Certificate]{
		Name:     "certificate",
		Summary:  "Certificates that servers show, directly or after STARTTLS, and certificates in files (PEM, DER, PKCS#7, PKCS#12, JKS).",
		Yields:   []fact.Any{fact.Certificates()},
		Schedule: "@every 5m",
		Timeout:  10 * time.Second,
		Targets:  targets,
		Target:   func(target system.Certificate) string { return place(target).Subject() },
		Server:   func(target system.Certificate) string { return target.Address },
		Known: func(target system.Certificate) []fact.AnySet {
			known := fact.Certificate{CertificatePlace: place(target)}
			return []fact.AnySet{fact.Certificates().Missing(known)}
		},
		Collect: func(ctx context.Context, target system.Certificate, _ fact.Topics) ([]fact.AnySet, error) {
			set, err := p.collect(ctx, target)
			if err != nil && target.Found != nil && ctx.Err() == nil {
				// Of one that nobody has declared that is no failure of the collector.
				set = &fact.Set[fact.Certificate]{}
				set.Lack(fact.Certificate{CertificatePlace: place(target)}, "", err)
				err = nil
			}
			if err != nil {
				return nil, err
			}
			return []fact.AnySet{fact.Certificates().Set(set)}, nil
		},
	}
}

func targets(s *system.System) []system.Certificate {
	all := slices.Clone(s.Certificates)
	for i := range all {
		all[i].Found = all[i].Found.Target()
	}
	return all
}

// within is the prober that keeps to what may be contacted for a target that was discovered.
func (p prober) within(target system.Certificate) prober {
	fence := reach.Fence{Own: target.Found.Addresses}
	if _, port, err := net.SplitHostPort(target.Address); err == nil {
		if number, err := strconv.Atoi(port); err == nil {
			fence.Ports = append(fence.Ports, number)
		}
	}
	p.dial = p.fenced(fence)
	return p
}

func (p prober) collect(ctx context.Context, target system.Certificate) (*fact.Set[fact.Certificate], error) {
	if err := target.Found.OverLimit(); err != nil {
		return nil, err
	}
	if target.Found != nil {
		p = p.within(target)
	}
	expectation := p.authorities.Expect(target.CAFile, p.now())
	var set *fact.Set[fact.Certificate]
	var err error
	if target.Path != "" {
		set, err = collectFiles(ctx, target, expectation)
	} else {
		set, err = p.collectServer(ctx, target, expectation)
	}
	if err != nil {
		return nil, err
	}
	pki.LackTrust(set)
	return set, nil
}

// place says where the certificate of a target is found.
func place(target system.Certificate) fact.CertificatePlace {
	if target.Path != "" {
		return fact.CertificatePlace{Source: fact.CertificateInFile, Name: target.Path}
	}
	return fact.CertificatePlace{
		Source: fact.CertificateAtAddress, Name: target.Address, ServerName: target.VerifiedName(),
	}
}

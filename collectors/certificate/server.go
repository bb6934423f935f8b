package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/reach"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// maxAddresses is how many addresses of one name are asked: the first in numerical order.
const maxAddresses = 8

// shown is what one address showed.
type shown struct {
	pki.Served
	err error
}

func (p prober) collectServer(ctx context.Context, target system.Certificate, expectation pki.Expectation) (
	*fact.Set[fact.Certificate], error,
) {
	host, port, err := net.SplitHostPort(target.Address)
	if err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "read the address %s: %w", target.Address, err)
	}
	addresses, err := p.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	all := make([]shown, len(addresses))
	var probes sync.WaitGroup
	for i, address := range addresses {
		probes.Go(func() {
			all[i].IP = address.String()
			all[i].Chain, all[i].err = p.probe(ctx, net.JoinHostPort(all[i].IP, port), target)
		})
	}
	probes.Wait()
	return describe(place(target), all, expectation)
}

func (p prober) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{address}, nil
	}
	addresses, err := p.lookup(ctx, "ip", pki.ASCIIName(host))
	if err != nil {
		return nil, fmt.Errorf("resolve the name %s: %w", host, err)
	}
	for i, address := range addresses {
		addresses[i] = address.Unmap()
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	addresses = slices.Compact(addresses)
	return addresses[:min(len(addresses), maxAddresses)], nil
}

// describe makes facts of what the addresses of one name showed. Where none showed anything, the target as a whole is
// unavailable.
func describe(place fact.CertificatePlace, all []shown, expectation pki.Expectation) (*fact.Set[fact.Certificate], error) {
	failed := func(s shown) bool { return s.err != nil }
	reached := slices.DeleteFunc(slices.Clone(all), failed)
	switch {
	case len(reached) == 0 && len(all) == 1:
		return nil, all[0].err
	case len(reached) == 0:
		return nil, fmt.Errorf("none of %d addresses showed a certificate: %w", len(all), all[0].err)
	}
	set := &fact.Set[fact.Certificate]{}
	for _, s := range slices.DeleteFunc(all, func(s shown) bool {
		return !failed(s) || reach.NoRoute(s.err) || reach.UnusedLoopback(s.err) || reach.Refused(s.err)
	}) {
		place.IP = s.IP
		set.Lack(fact.Certificate{CertificatePlace: place}, "", s.err)
	}
	served := make([]pki.Served, len(reached))
	for i, s := range reached {
		served[i] = s.Served
	}
	set.Add(pki.DescribeServed(place, served, expectation)...)
	return set, nil
}

// probe has one address show its certificates.
func (p prober) probe(ctx context.Context, address string, target system.Certificate) (chain []*x509.Certificate, err error) {
	err = collector.Guard("probe "+address, func() (err error) {
		chain, err = p.show(ctx, address, target)
		return err
	})
	return chain, err
}

func (p prober) show(ctx context.Context, address string, target system.Certificate) ([]*x509.Certificate, error) {
	conn, err := p.dial(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	defer conn.Close() // All that was wanted has been read.
	defer context.AfterFunc(ctx, func() {
		_ = conn.SetDeadline(time.Unix(1, 0)) // It fails only on a closed connection, which ends as well.
	})()
	if err := startTLS(conn, target.StartTLS); err != nil {
		return nil, fmt.Errorf("start TLS over %s with %s: %w", target.StartTLS, address, err)
	}
	chain, err := handshake(ctx, conn, pki.ASCIIName(target.VerifiedName()))
	if err != nil {
		return nil, fmt.Errorf("shake hands with %s: %w", address, err)
	}
	return chain, nil
}

// handshake gives the certificates that a server shows, as soon as it has proved that they are its own. Nothing is
// verified here, and whatever this program can speak will do: an old server's certificate must be collected too.
func handshake(ctx context.Context, conn net.Conn, serverName string) ([]*x509.Certificate, error) {
	wantsOurs := false
	var chain []*x509.Certificate
	client := tls.Client(conn, &tls.Config{
		ServerName:         serverName,
		InsecureSkipVerify: true, //nolint:gosec // Verified afterwards, so that what is expired can be collected.
		MinVersion:         tls.VersionTLS10,
		CipherSuites:       everyCipherSuite(),
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			wantsOurs = true
			return &tls.Certificate{}, nil
		},
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) (err error) {
			chain, err = x509.ParseCertificates(slices.Concat(raw...))
			return err
		},
	})
	err := client.HandshakeContext(ctx)
	var alert *net.OpError
	switch {
	case err == nil:
		_ = client.Close() // Only to part in peace.
		return chain, nil
	case wantsOurs:
		// It turns away whoever has no certificate, once it has shown and proved its own.
		return chain, nil
	case errors.As(err, &alert) && alert.Op == "remote error":
		return nil, fact.Errorf(fact.ReasonDenied, "%w", err)
	case fact.ReasonOf(err) == fact.ReasonFailed && ctx.Err() == nil:
		return nil, fact.Errorf(fact.ReasonInvalid, "%w", err)
	default:
		return nil, err
	}
}

func everyCipherSuite() []uint16 {
	var ids []uint16
	for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		ids = append(ids, suite.ID)
	}
	return ids
}

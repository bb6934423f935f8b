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
	"syscall"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// maxAddresses is how many addresses of one name are looked at: the first in numerical order.
const maxAddresses = 8

// shown is what one address showed.
type shown struct {
	ip    string
	chain []*x509.Certificate
	err   error
}

func (l looker) lookAtServer(ctx context.Context, target system.Certificate, expectation pki.Expectation) (
	batch fact.Batch[fact.Certificate], err error,
) {
	host, port, err := net.SplitHostPort(target.Address)
	if err != nil {
		return batch, fact.Errorf(fact.ReasonInvalid, "look at %s: %w", target.Address, err)
	}
	addresses, err := l.resolve(ctx, host)
	if err != nil {
		return batch, err
	}
	seen := make([]shown, len(addresses))
	var looks sync.WaitGroup
	for i, address := range addresses {
		looks.Go(func() {
			seen[i].ip = address.String()
			seen[i].chain, seen[i].err = l.lookAtAddress(ctx, net.JoinHostPort(seen[i].ip, port), target)
		})
	}
	looks.Wait()
	return report(place(target), seen, expectation)
}

func (l looker) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{address}, nil
	}
	addresses, err := l.lookup(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("look up the addresses of %s: %w", host, err)
	}
	for i, address := range addresses {
		addresses[i] = address.Unmap()
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	addresses = slices.Compact(addresses)
	return addresses[:min(len(addresses), maxAddresses)], nil
}

// report makes facts of what the addresses of one name showed. Where none showed anything, the target as a whole could
// not be seen.
func report(place fact.CertificatePlace, seen []shown, expectation pki.Expectation) (
	batch fact.Batch[fact.Certificate], err error,
) {
	failed := func(s shown) bool { return s.err != nil }
	reached := slices.DeleteFunc(slices.Clone(seen), failed)
	switch {
	case len(reached) == 0 && len(seen) == 1:
		return batch, seen[0].err
	case len(reached) == 0:
		return batch, fmt.Errorf("none of %d addresses could be looked at: %w", len(seen), seen[0].err)
	}
	for _, s := range slices.DeleteFunc(seen, func(s shown) bool { return !failed(s) || noRoute(s.err) }) {
		place.IP = s.ip
		batch.Missed = append(batch.Missed, fact.Miss(place.Subject(), s.err))
	}
	if allShowTheSame(reached) {
		place.IP = ""
		batch.Facts = append(batch.Facts, pki.Describe(place, reached[0].chain, expectation))
		return batch, nil
	}
	for _, s := range reached {
		place.IP = s.ip
		batch.Facts = append(batch.Facts, pki.Describe(place, s.chain, expectation))
	}
	return batch, nil
}

func allShowTheSame(seen []shown) bool {
	for _, s := range seen[1:] {
		if !slices.EqualFunc(s.chain, seen[0].chain, (*x509.Certificate).Equal) {
			return false
		}
	}
	return true
}

// noRoute tells that this machine cannot reach any such address, as where it has IPv4 only: clients then take another
// address, and nothing is said of the server.
func noRoute(err error) bool {
	return errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EADDRNOTAVAIL) ||
		errors.Is(err, syscall.EAFNOSUPPORT)
}

func (l looker) lookAtAddress(ctx context.Context, address string, target system.Certificate) (
	chain []*x509.Certificate, err error,
) {
	// The engine recovers panics of a look, and cannot reach those in goroutines of its own.
	defer func() {
		if cause := recover(); cause != nil {
			err = fact.Errorf(fact.ReasonPanic, "look at %s: panic: %v", address, cause)
		}
	}()
	conn, err := l.dial(ctx, "tcp", address)
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
	chain, err = handshake(ctx, conn, target.VerifiedName())
	if err != nil {
		return nil, fmt.Errorf("shake hands with %s: %w", address, err)
	}
	return chain, nil
}

// handshake gives the certificates that a server shows, as soon as it has proved that they are its own. Nothing is
// verified here, and whatever this program can speak will do: an old server's certificate must be seen too.
func handshake(ctx context.Context, conn net.Conn, serverName string) ([]*x509.Certificate, error) {
	wantsOurs := false
	var chain []*x509.Certificate
	client := tls.Client(conn, &tls.Config{
		ServerName:         serverName,
		InsecureSkipVerify: true, //nolint:gosec // Verified afterwards, so that what is expired can be seen.
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

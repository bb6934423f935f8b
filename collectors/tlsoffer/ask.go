package tlsoffer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/tlshello"
)

const (
	// patience is how long one answer may take: of a firewall that drops what it does not like, nothing ever comes.
	patience = 5 * time.Second
	// mostCiphers is how many broken suites are sought by name, each with a handshake of its own.
	mostCiphers = 3
)

// A server is one address that is asked.
type server struct {
	prober
	address, name string
	speaks        bool // it has accepted some version: what it answers otherwise, such as an error of HTTP, refuses an offer
}

func (p prober) ask(ctx context.Context, t Target, address netip.Addr) (found fact.TLSOfferOver, err error) {
	s := server{prober: p, address: net.JoinHostPort(address.String(), t.Port)}
	if _, err := netip.ParseAddr(t.Host); err != nil {
		s.name = pki.ASCIIName(t.Host)
	}
	if found.Versions, err = s.versions(ctx); err != nil {
		return found, err
	}
	if len(found.Versions) == 0 {
		return found, fact.Errorf(fact.ReasonInvalid, "%s accepts no version of TLS", t.address())
	}
	found.BrokenCiphers, err = s.brokenCiphers(ctx)
	return found, err
}

// versions are those that are accepted, oldest first. A server that is offered several takes the newest that it accepts, so that one
// which accepts nothing below TLS 1.2 is asked three times.
func (s *server) versions(ctx context.Context) (accepted []fact.TLSVersion, err error) {
	answer, err := s.offer(ctx, tlshello.TLS13, tlshello.Modern())
	if err != nil {
		return nil, err
	}
	if s.speaks = answer.Accepted(); s.speaks {
		accepted = append(accepted, fact.TLS13)
	}
	for next := tlshello.TLS12; next >= tlshello.SSL30; next = answer.Version - 1 {
		if answer, err = s.offer(ctx, next, tlshello.Common()); err != nil {
			return nil, err
		}
		switch {
		case answer.Accepted():
			s.speaks, accepted = true, append(accepted, versionOfTLS(answer.Version))
		case next == tlshello.TLS12:
			answer.Version = tlshello.TLS12 // Some take only hellos of the version that they speak.
		default:
			slices.Reverse(accepted)
			return accepted, nil
		}
	}
	slices.Reverse(accepted)
	return accepted, nil
}

func versionOfTLS(version tlshello.Version) fact.TLSVersion {
	return fact.TLSVersions()[version-tlshello.SSL30]
}

// brokenCiphers are the broken suites that are accepted, the server's first choice first.
func (s *server) brokenCiphers(ctx context.Context) (names []string, err error) {
	left := tlshello.Broken()
	for range mostCiphers {
		answer, err := s.offer(ctx, tlshello.TLS12, left)
		if err != nil || !answer.Accepted() {
			return names, err
		}
		names = append(names, tlshello.SuiteName(answer.Suite))
		left = slices.DeleteFunc(left, func(id uint16) bool { return id == answer.Suite })
	}
	return names, nil
}

// offer begins one handshake.
func (s *server) offer(ctx context.Context, newest tlshello.Version, suites []uint16) (tlshello.Answer, error) {
	offer := tlshello.Offer{Version: newest, Suites: suites, ServerName: s.name}
	ctx, cancel := context.WithTimeoutCause(ctx, patience,
		fact.Errorf(fact.ReasonTimeout, "no answer to an offer of %s within %s", newest, patience))
	defer cancel()
	conn, err := s.dial(ctx, "tcp", s.address)
	if err == nil {
		defer conn.Close() // All that was wanted has been read.
		defer context.AfterFunc(ctx, func() {
			_ = conn.SetDeadline(time.Unix(1, 0)) // It fails only on a closed connection, which ends as well.
		})()
		var answer tlshello.Answer
		if answer, err = tlshello.Ask(conn, offer); err == nil || s.speaks && errors.Is(err, tlshello.ErrNotTLS) {
			return answer, nil
		}
	}
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, tlshello.ErrNotTLS):
		err = fact.Errorf(fact.ReasonInvalid, "%w", err)
	}
	return tlshello.Answer{}, fmt.Errorf("ask %s: %w", s.address, err)
}

package domain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const (
	// whoisOfIANA knows the servers of WHOIS of top-level domains.
	whoisOfIANA = "whois.iana.org:43"
	whoisPort   = "43"
	// longestReply bounds what is read of an answer of WHOIS, in bytes.
	longestReply = 256 << 10
)

// A referral is where IANA sends for the domains of a top-level domain.
type referral struct {
	host     string // empty: nowhere
	referred time.Time
}

func withPort(server string) string {
	if _, _, err := net.SplitHostPort(server); server == "" || err == nil {
		return server
	}
	return net.JoinHostPort(server, whoisPort)
}

// byWHOIS asks the server that IANA names for the top-level domain of a domain. What IANA names may be anywhere but near.
func (p *prober) byWHOIS(ctx context.Context, domain string) (*fact.Registration, error) {
	host, err := p.refer(ctx, domain[strings.LastIndexByte(domain, '.')+1:])
	if err != nil {
		return nil, err
	}
	if host == "" {
		return nil, fact.Errorf(fact.ReasonUnsupported, "neither an RDAP server nor one of WHOIS is published for %s: "+
			"where its registry has one, name it under rdap or whois", domain)
	}
	return askWHOIS(ctx, &net.Dialer{Control: notNear}, net.JoinHostPort(host, p.port), domain)
}

// refer gives the server for a top-level domain: the one that is kept, also beyond its time where IANA does not answer.
func (p *prober) refer(ctx context.Context, topLevel string) (host string, err error) {
	p.mu.Lock()
	kept, is := p.referrals[topLevel]
	p.mu.Unlock()
	if is && p.now().Sub(kept.referred) < listLife {
		return kept.host, nil
	}
	text, err := whois(ctx, new(net.Dialer), p.root, topLevel)
	switch {
	case err != nil && is:
		return kept.host, nil
	case err != nil:
		return "", fmt.Errorf("ask %s for the server of WHOIS of .%s: %w", p.root, topLevel, err)
	}
	known := false
	for each := range pairs(text) {
		switch each.key {
		case "domain":
			known = known || strings.EqualFold(each.value, topLevel)
		case "refer", "whois":
			host = each.value
		}
	}
	if !known {
		return "", fact.Errorf(fact.ReasonInvalid, "the answer of %s is not about .%s", p.root, topLevel)
	}
	if host != "" && serverName(host) == "" {
		return "", fact.Errorf(fact.ReasonInvalid, "the server of WHOIS that %s names for .%s has no name that can be read", p.root, topLevel)
	}
	p.mu.Lock()
	p.referrals[topLevel] = referral{host, p.now()}
	p.mu.Unlock()
	return host, nil
}

// askWHOIS asks a server for a domain.
func askWHOIS(ctx context.Context, dialer *net.Dialer, server, domain string) (*fact.Registration, error) {
	text, err := whois(ctx, dialer, server, question(server, domain))
	if err == nil {
		var found *fact.Registration
		if found, err = readAnswer(domain, text); err == nil {
			return found, nil
		}
	}
	return nil, fmt.Errorf("ask %s for %s by WHOIS: %w", server, domain, err)
}

// question is what a server is asked to get the domain only, all of it, and in English.
func question(server, domain string) string {
	host, _, _ := net.SplitHostPort(server)
	switch suffix, _ := publicsuffix.PublicSuffix(domain); {
	case host == "whois.denic.de":
		return "-T dn,ace " + domain
	case suffix == "jp" || strings.HasSuffix(suffix, ".jp"):
		return domain + "/e"
	default:
		return domain
	}
}

// whois sends a question and reads the answer, which ends as the connection does (RFC 3912, 2).
func whois(ctx context.Context, dialer *net.Dialer, server, question string) (string, error) {
	connection, err := dialer.DialContext(ctx, "tcp", server)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { _ = connection.SetDeadline(time.Unix(1, 0)) })()
	content, err := exchange(connection, question)
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		return "", err
	case len(content) > longestReply:
		return "", fact.Errorf(fact.ReasonInvalid, "the answer is longer than %d bytes", longestReply)
	case len(bytes.TrimSpace(content)) == 0:
		return "", &fact.Error{Reason: fact.ReasonInvalid, Err: errors.New("the answer is empty")}
	}
	return string(content), nil
}

func exchange(connection net.Conn, question string) ([]byte, error) {
	if _, err := io.WriteString(connection, question+"\r\n"); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(connection, longestReply+1))
}

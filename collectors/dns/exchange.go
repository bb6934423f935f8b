package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

const (
	// attempts are how often a question is sent over UDP, which loses packets, and patience is how long each answer is waited for.
	attempts = 2
	patience = 2 * time.Second
	// payload is how many bytes an answer over UDP may have: what passes without being cut in pieces (DNS flag day 2020).
	payload = 1232
)

// A question is one of the DNS.
type question struct {
	name string // with a dot at its end
	kind uint16
	// recursive asks a resolver, and not a name server.
	recursive bool
	// unchecked has a resolver answer what does not validate, too.
	unchecked bool
}

func (q question) String() string {
	return fmt.Sprintf("the %s records of %s", dns.TypeToString[q.kind], shown(q.name))
}

// shown is a name without the dot at its end.
func shown(name string) string {
	if name == "." {
		return name
	}
	return strings.TrimSuffix(name, ".")
}

// A dialer connects as net.Dialer does.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// ask asks a server over UDP, and over TCP where the answer does not fit, with signatures where it has them (EDNS, RFC 6891).
func (d dialer) ask(ctx context.Context, server netip.AddrPort, q question) (*dns.Msg, error) {
	answer, err := d.extended(ctx, server, q)
	if err != nil {
		return nil, fmt.Errorf("ask %s for %s: %w", server, q, err)
	}
	return answer, nil
}

// extended asks with EDNS, and without where the server does not know that.
func (d dialer) extended(ctx context.Context, server netip.AddrPort, q question) (*dns.Msg, error) {
	message := q.message(true)
	answer, err := d.transports(ctx, server, message)
	if err == nil && (answer.Rcode == dns.RcodeFormatError || answer.Rcode == dns.RcodeNotImplemented) && answer.IsEdns0() == nil {
		return d.transports(ctx, server, q.message(false))
	}
	return answer, err
}

func (q question) message(extended bool) *dns.Msg {
	message := new(dns.Msg)
	message.SetQuestion(q.name, q.kind)
	message.RecursionDesired, message.CheckingDisabled = q.recursive, q.unchecked
	if extended {
		message.SetEdns0(payload, true)
	}
	return message
}

func (d dialer) transports(ctx context.Context, server netip.AddrPort, message *dns.Msg) (answer *dns.Msg, err error) {
	for range attempts {
		answer, err = d.exchange(ctx, "udp", server, message)
		if fact.ReasonOf(err) != fact.ReasonTimeout || ctx.Err() != nil {
			break
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err == nil && answer.Truncated:
		if answer, err = d.exchange(ctx, "tcp", server, message); err != nil {
			return nil, fmt.Errorf("over TCP, as the answer is longer than UDP carries: %w", err)
		}
	case fact.ReasonOf(err) == fact.ReasonTimeout:
		return nil, fact.Errorf(fact.ReasonTimeout, "no answer within %s, asked %d times", quantity.InWords(patience), attempts)
	}
	return answer, err
}

// exchange sends a question, and waits for its answer.
func (d dialer) exchange(ctx context.Context, network string, server netip.AddrPort, message *dns.Msg) (*dns.Msg, error) {
	within, end := context.WithTimeout(ctx, patience)
	defer end()
	conn, err := d(within, network, server.String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	// The end of the context ends what waits, too.
	defer context.AfterFunc(within, func() { _ = conn.SetDeadline(time.Unix(0, 1)) })()
	session := &dns.Conn{Conn: conn, UDPSize: payload}
	if err := session.WriteMsg(message); err != nil {
		return nil, err
	}
	for {
		answer, err := session.ReadMsg()
		switch {
		case err == nil && answers(answer, message):
			return answer, nil
		case err == nil && network == "udp":
			// Anybody can send packets: that of the server may still come.
		case err == nil:
			return nil, fact.Errorf(fact.ReasonInvalid, "the answer is one to another question")
		default:
			return nil, readable(err)
		}
	}
}

// answers tells whether a message is the answer to another.
func answers(answer, message *dns.Msg) bool {
	if answer.Id != message.Id || !answer.Response {
		return false
	}
	if len(answer.Question) == 0 { // As some answer with an error only.
		return answer.Rcode != dns.RcodeSuccess && len(answer.Answer) == 0
	}
	asked, echoed := message.Question[0], answer.Question[0]
	return strings.EqualFold(asked.Name, echoed.Name) && asked.Qtype == echoed.Qtype && asked.Qclass == echoed.Qclass
}

// readable gives an error of reading a reason: what is none of the network is the server's.
func readable(err error) error {
	var network net.Error
	if errors.As(err, &network) || fact.ReasonOf(err) != fact.ReasonFailed {
		return err
	}
	return fact.Errorf(fact.ReasonInvalid, "the answer cannot be read: %w", err)
}

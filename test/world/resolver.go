package world

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// Names is a name server on loopback whose answers a test chooses anew for each question.
type Names struct {
	conn   net.PacketConn
	answer func(name string) []netip.Addr

	mu    sync.Mutex
	asked int
}

// NewNames starts a name server. Answer gives the addresses of a name without the dot at its end; none: there is no such name. It is
// called once for each question, of IPv4 and of IPv6, and by one at a time.
func NewNames(tb testing.TB, answer func(name string) []netip.Addr) *Names {
	tb.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(tb.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("start a name server: %v", err)
	}
	n := &Names{conn: conn, answer: answer}
	served := make(chan struct{})
	go func() {
		defer close(served)
		n.serve(tb)
	}()
	tb.Cleanup(func() {
		_ = conn.Close() // It was only read from, and written to.
		<-served
	})
	return n
}

// Resolver is one that asks this name server alone.
func (n *Names) Resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", n.conn.LocalAddr().String())
	}}
}

// Asked is how often it was asked.
func (n *Names) Asked() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

func (n *Names) serve(tb testing.TB) {
	buffer := make([]byte, 4096)
	for {
		size, from, err := n.conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		var query dnsmessage.Message
		if err := query.Unpack(buffer[:size]); err != nil || len(query.Questions) != 1 {
			tb.Errorf("the name server was asked what it cannot read: %v", err)
			continue
		}
		packed, err := n.reply(query).Pack()
		if err != nil {
			tb.Errorf("write an answer of the name server: %v", err)
			continue
		}
		_, _ = n.conn.WriteTo(packed, from) // Who asked may be gone.
	}
}

func (n *Names) reply(query dnsmessage.Message) *dnsmessage.Message {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked++
	question := query.Questions[0]
	reply := &dnsmessage.Message{
		Header:    dnsmessage.Header{ID: query.ID, Response: true, RecursionAvailable: true},
		Questions: query.Questions,
	}
	name := question.Name.String()
	addresses := n.answer(name[:len(name)-1])
	if len(addresses) == 0 {
		reply.RCode = dnsmessage.RCodeNameError
	}
	for _, address := range addresses {
		header := dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class}
		switch {
		case question.Type == dnsmessage.TypeA && address.Is4():
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: address.As4()}})
		case question.Type == dnsmessage.TypeAAAA && address.Is6():
			reply.Answers = append(reply.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}})
		}
	}
	return reply
}

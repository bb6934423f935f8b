package world

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// A Proxy stands between a client and a server, and makes the faults of networks. It starts by passing everything on.
type Proxy struct {
	Addr string

	upstream string
	ctx      context.Context // ends with the test, and all connections with it
	work     sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while refusing
	fault    fault
	changed  chan struct{} // closed at the next change of fault
	links    map[*link]struct{}
}

type fault struct {
	hang     bool
	delay    time.Duration
	most     int    // bytes of the server that pass in a connection before it is cut; 0: all
	upstream string // in place of the proxy's own; empty: that
}

// A link is one connection of a client.
type link struct {
	ctx    context.Context
	cut    context.CancelFunc
	client net.Conn
}

// NewProxy starts a proxy on 127.0.0.1 before upstream, which is host:port.
func NewProxy(tb testing.TB, upstream string) *Proxy {
	tb.Helper()
	address, err := freeAddress(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	p := &Proxy{Addr: address, upstream: upstream, ctx: ctx, changed: make(chan struct{}), links: map[*link]struct{}{}}
	tb.Cleanup(func() {
		p.Refuse()
		cancel()
		p.work.Wait()
	})
	p.Pass(tb)
	return p
}

// Pass ends every fault.
func (p *Proxy) Pass(tb testing.TB) {
	tb.Helper()
	p.become(tb, fault{})
}

// Hang accepts connections and forwards nothing in any, until something else is asked for.
func (p *Proxy) Hang(tb testing.TB) {
	tb.Helper()
	p.become(tb, fault{hang: true})
}

// Slow holds back each piece of what passes for delay, in both directions.
func (p *Proxy) Slow(tb testing.TB, delay time.Duration) {
	tb.Helper()
	p.become(tb, fault{delay: delay})
}

// CutAfter closes each connection as soon as so many bytes of the server have passed in it.
func (p *Proxy) CutAfter(tb testing.TB, most int) {
	tb.Helper()
	p.become(tb, fault{most: most})
	p.Cut()
}

// Lead passes everything on to another server, which is host:port.
func (p *Proxy) Lead(tb testing.TB, upstream string) {
	tb.Helper()
	p.become(tb, fault{upstream: upstream})
	p.Cut()
}

// Refuse closes the port: the next client is refused. Connections that are open stay so.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
}

// Cut closes the connections that are open.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.cut()
	}
}

func (p *Proxy) become(tb testing.TB, f fault) {
	tb.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
	close(p.changed)
	p.changed = make(chan struct{})
	if p.listener != nil {
		return
	}
	listener, err := new(net.ListenConfig).Listen(p.ctx, "tcp4", p.Addr)
	if err != nil {
		tb.Fatalf("listen for a proxy: %v", err)
	}
	p.listener = listener
	p.work.Go(func() { p.accept(listener) })
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return // Refuse has closed it.
		}
		l := &link{client: client}
		l.ctx, l.cut = context.WithCancel(p.ctx)
		p.mu.Lock()
		p.links[l] = struct{}{}
		p.mu.Unlock()
		p.work.Go(func() {
			defer func() {
				p.mu.Lock()
				delete(p.links, l)
				p.mu.Unlock()
				l.cut()
			}()
			p.forward(l)
		})
	}
}

// forward connects to the server and passes on both ways, until both sides have ended or the link is cut.
func (p *Proxy) forward(l *link) {
	defer closeAtEnd(l.ctx, l.client)()
	if !p.admit(l.ctx) {
		return
	}
	p.mu.Lock()
	fault := p.fault
	p.mu.Unlock()
	server, err := new(net.Dialer).DialContext(l.ctx, "tcp", cmp.Or(fault.upstream, p.upstream))
	if err != nil {
		return // The client sees its connection end, as behind any proxy.
	}
	defer closeAtEnd(l.ctx, server)()
	var pumps sync.WaitGroup
	pumps.Go(func() { p.pump(l, server, l.client, 0) })
	pumps.Go(func() { p.pump(l, l.client, server, fault.most) })
	pumps.Wait()
}

// closeAtEnd closes conn when ctx ends, which wakes whoever reads from it, or when the result is called.
func closeAtEnd(ctx context.Context, conn net.Conn) func() {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return func() {
		stop()
		_ = conn.Close()
	}
}

// pump passes on in one direction; most is how many bytes may pass before the link is cut, 0 for all.
func (p *Proxy) pump(l *link, to, from net.Conn, most int) {
	buffer := make([]byte, 32<<10)
	passed := 0
	for {
		n, err := from.Read(buffer)
		if most > 0 {
			n = min(n, most-passed)
		}
		passed += n
		if n > 0 {
			if !p.admit(l.ctx) {
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				l.cut()
				return
			}
		}
		if most > 0 && passed == most {
			l.cut()
			return
		}
		if errors.Is(err, io.EOF) {
			// One side has said all; the other may still have something to say.
			if to, ok := to.(*net.TCPConn); ok && to.CloseWrite() == nil {
				return
			}
		}
		if err != nil {
			l.cut()
			return
		}
	}
}

// admit waits until something may pass, and reports whether it still can.
func (p *Proxy) admit(ctx context.Context) bool {
	for {
		p.mu.Lock()
		fault, changed := p.fault, p.changed
		p.mu.Unlock()
		if !fault.hang {
			select {
			case <-ctx.Done():
			case <-time.After(fault.delay):
			}
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		}
	}
}

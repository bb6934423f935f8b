package endpoint

import (
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"
)

// Durations takes how long phases of asking an endpoint took.
type Durations interface {
	// ObserveEndpoint adds one phase of an answer that was whole.
	ObserveEndpoint(system, environment, url, phase string, took time.Duration)
	// ForgetEndpoint ends what is kept of an endpoint that is not asked any more.
	ForgetEndpoint(system, environment, url string)
}

// A phase is a part of asking.
type phase int

// The phases, in their order.
const (
	phaseResolve    phase = iota // the name of the server
	phaseConnect                 // by TCP
	phaseTLS                     // the handshake
	phaseProcessing              // from the request to the first byte of the answer
	phaseTransfer                // of the rest of the answer
	phases
)

func (p phase) String() string {
	return [phases]string{"resolve", "connect", "tls", "processing", "transfer"}[p]
}

// A stopwatch adds up how long each phase took, over all redirects. Connections that were given up may still write to it.
type stopwatch struct {
	now func() time.Time

	mu    sync.Mutex
	begun [phases]time.Time
	took  [phases]time.Duration
	done  [phases]bool
}

func (s *stopwatch) start(each phase) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun[each].IsZero() { // Of several addresses that are tried, the first begins.
		s.begun[each] = s.now()
	}
}

func (s *stopwatch) stop(each phase) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun[each].IsZero() {
		return
	}
	s.took[each] += s.now().Sub(s.begun[each])
	s.done[each], s.begun[each] = true, time.Time{}
}

// each calls report with the phases that there were.
func (s *stopwatch) each(report func(name string, took time.Duration)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for each := range phases {
		if s.done[each] {
			report(each.String(), s.took[each])
		}
	}
}

func (s *stopwatch) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart:     func(httptrace.DNSStartInfo) { s.start(phaseResolve) },
		DNSDone:      func(httptrace.DNSDoneInfo) { s.stop(phaseResolve) },
		ConnectStart: func(string, string) { s.start(phaseConnect) },
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				s.stop(phaseConnect)
			}
		},
		TLSHandshakeStart: func() { s.start(phaseTLS) },
		TLSHandshakeDone:  func(tls.ConnectionState, error) { s.stop(phaseTLS) },
		GotConn:           func(httptrace.GotConnInfo) { s.start(phaseProcessing) },
		GotFirstResponseByte: func() {
			s.stop(phaseProcessing)
			s.start(phaseTransfer)
		},
	}
}

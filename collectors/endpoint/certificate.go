package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptrace"
	"net/netip"
	"sync"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
)

// A served is the certificates that an endpoint showed first over one version of IP, or why it showed none. A connection that was
// given up may still write to it.
type served struct {
	mu    sync.Mutex
	shown pki.Served // the IP is empty behind a proxy
	err   error
}

// connected notes the address that was reached first.
func (s *served) connected(remote net.Addr) {
	address, err := netip.ParseAddrPort(remote.String())
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.shown.IP == "" {
		s.shown.IP = address.Addr().Unmap().String()
	}
}

// chain notes what was shown first, also where it does not verify.
func (s *served) chain(certificates []*x509.Certificate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown.Chain == nil {
		s.shown.Chain = certificates
	}
}

func (s *served) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// trace notes what is shown as soon as it is proved, whatever becomes of the answer.
func (s *served) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{TLSHandshakeDone: func(state tls.ConnectionState, err error) {
		if err == nil {
			s.chain(state.PeerCertificates)
		}
	}}
}

func (s *served) get() (pki.Served, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown, s.err
}

// certificates describes what an endpoint showed: one fact as long as it shows the same over each version of IP.
func (p prober) certificates(t Target, overEach []*served) *fact.Set[fact.Certificate] {
	set := &fact.Set[fact.Certificate]{}
	var all []pki.Served
	missing := fact.Errorf(fact.ReasonInvalid, "no certificate was shown")
	for _, each := range overEach {
		shown, err := each.get()
		if len(shown.Chain) > 0 {
			all = append(all, shown)
		} else if err != nil {
			missing = err
		}
	}
	if len(all) == 0 {
		set.Lack(fact.Certificate{CertificatePlace: place(t)}, "", missing)
		return set
	}
	set.Add(pki.DescribeServed(place(t), all, p.authorities.Expect(t.CAFile, p.now()))...)
	pki.LackTrust(set)
	return set
}

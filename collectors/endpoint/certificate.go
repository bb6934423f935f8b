package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptrace"
	"net/netip"
	"slices"
	"sync"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
)

// A sighting is the certificates that an endpoint showed first over one version of IP, or why it showed none. A connection that was
// given up may still write to it.
type sighting struct {
	mu           sync.Mutex
	ip           string // of whoever showed them; empty behind a proxy
	certificates []*x509.Certificate
	err          error
}

// connected notes the address that was reached first.
func (s *sighting) connected(remote net.Addr) {
	address, err := netip.ParseAddrPort(remote.String())
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.ip == "" {
		s.ip = address.Addr().Unmap().String()
	}
}

// chain notes what was shown first, also where it does not verify.
func (s *sighting) chain(certificates []*x509.Certificate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.certificates == nil {
		s.certificates = certificates
	}
}

func (s *sighting) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// trace notes what is shown as soon as it is proved, whatever becomes of the answer.
func (s *sighting) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{TLSHandshakeDone: func(state tls.ConnectionState, err error) {
		if err == nil {
			s.chain(state.PeerCertificates)
		}
	}}
}

func (s *sighting) get() (ip string, certificates []*x509.Certificate, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ip, s.certificates, s.err
}

// certificates describes what an endpoint showed: one fact as long as it shows the same over each version of IP.
func (p prober) certificates(t Target, sightings []*sighting) *fact.Set[fact.Certificate] {
	set := &fact.Set[fact.Certificate]{}
	expectation := pki.Expect(p.public, t.CAFile, p.now())
	var shown [][]*x509.Certificate
	places := make([]fact.CertificatePlace, 0, len(sightings))
	missing := fact.Errorf(fact.ReasonInvalid, "no certificate was shown")
	for _, each := range sightings {
		ip, certificates, err := each.get()
		if len(certificates) > 0 {
			at := place(t)
			at.IP = ip
			shown, places = append(shown, certificates), append(places, at)
		} else if err != nil {
			missing = err
		}
	}
	same := !slices.ContainsFunc(shown, func(other []*x509.Certificate) bool {
		return !slices.EqualFunc(other, shown[0], (*x509.Certificate).Equal)
	})
	switch {
	case len(shown) == 0:
		set.Lack(fact.Certificate{CertificatePlace: place(t)}, "", missing)
	case same:
		set.Add(pki.Describe(place(t), shown[0], expectation))
	default:
		for i := range shown {
			set.Add(pki.Describe(places[i], shown[i], expectation))
		}
	}
	return set
}

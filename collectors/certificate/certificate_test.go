package certificate

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

func TestMain(m *testing.M) { world.Main(m, &servers) }

// seen is what the tests compare of a fact.
type seen struct {
	subject string
	leaf    string
	trust   fact.CertificateTrust
	faults  []fact.CertificateFault
}

func summary(batch fact.Batch[fact.Certificate]) []seen {
	var all []seen
	for _, c := range batch.Facts {
		s := seen{subject: c.Subject(), leaf: c.Leaf().Subject, trust: c.Trust}
		for _, found := range c.Faults {
			s.faults = append(s.faults, found.Fault)
		}
		all = append(all, s)
	}
	return all
}

// missed is what was missed, without the details.
func missed(batch fact.Batch[fact.Certificate]) map[string]fact.Reason {
	reasons := make(map[string]fact.Reason)
	for _, m := range batch.Missed {
		reasons[m.Subject] = m.Reason
	}
	return reasons
}

// newLooker looks with the real network and clock, and with one authority in place of the public ones.
func newLooker(public *world.CA) looker {
	return looker{
		lookup: func(_ context.Context, _, host string) ([]netip.Addr, error) {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		},
		dial:   new(net.Dialer).DialContext,
		public: func() (*x509.CertPool, error) { return public.Pool(), nil },
		now:    time.Now,
	}
}

// watchGoroutines fails the test if it leaves a goroutine behind. Call it before servers are started.
func watchGoroutines(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

func TestTheCollectorLooksAtWhatIsDeclared(t *testing.T) {
	declared := []system.Certificate{
		{Address: "shop.example.com:443"}, {Address: "10.0.0.1:25", ServerName: "mail.example.com", StartTLS: "smtp"},
		{Path: "/etc/ssl/*.pem"},
	}
	type job struct{ target, server string }
	var jobs []job
	for _, j := range New().Jobs(&system.System{Certificates: declared}, nil) {
		jobs = append(jobs, job{j.Target, j.Server})
	}
	require.Equal(t, []job{
		{"shop.example.com:443", "shop.example.com:443"},
		{"10.0.0.1:25 (mail.example.com)", "10.0.0.1:25"},
		{"/etc/ssl/*.pem", ""},
	}, jobs)
}

func TestTheAuthoritiesAreReadAtEachLook(t *testing.T) {
	watchGoroutines(t)
	public, own := world.NewCA(t, world.Spec{}), world.NewCA(t, world.Spec{})
	server := world.NewTLSServer(t, own.Issue(t, world.Spec{CommonName: "shop"}))
	look := newLooker(public).look
	folder := t.TempDir()
	target := system.Certificate{Address: server.Addr, CAFile: filepath.Join(folder, "ca.pem")}

	_, err := look(t.Context(), target)
	require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err))
	require.ErrorContains(t, err, "read ca_file "+target.CAFile)

	public.WriteRoot(t, folder, "ca.pem")
	batch, err := look(t.Context(), target)
	require.NoError(t, err)
	require.Equal(t, []seen{
		{server.Addr, "shop", fact.TrustNone, []fact.CertificateFault{fact.FaultUnknownAuthority}},
	}, summary(batch))

	own.WriteRoot(t, folder, "ca.pem")
	batch, err = look(t.Context(), target)
	require.NoError(t, err)
	require.Equal(t, []seen{{server.Addr, "shop", fact.TrustDeclared, nil}}, summary(batch))

	require.NoError(t, os.WriteFile(target.CAFile, own.KeyPEM(), 0o600))
	_, err = look(t.Context(), target)
	require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err))
	require.NotContains(t, err.Error(), "PRIVATE")
}

func TestWithoutPublicAuthoritiesNothingIsJudged(t *testing.T) {
	look := newLooker(nil)
	look.public = func() (*x509.CertPool, error) { return nil, fact.Errorf(fact.ReasonUnsupported, "no authority") }
	_, err := look.look(t.Context(), system.Certificate{Path: "/etc/ssl"})
	require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(err))
}

package certificate

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

func TestMain(m *testing.M) { world.Main(m, &servers) }

// brief is what the tests compare of a fact.
type brief struct {
	subject string
	leaf    string
	trust   fact.CertificateTrust
	faults  []fact.CertificateFault
}

func summary(set *fact.Set[fact.Certificate]) []brief {
	var all []brief
	for _, c := range set.Facts {
		s := brief{subject: c.Subject(), leaf: c.Leaf().Subject, trust: c.Trust}
		for _, found := range c.Faults {
			s.faults = append(s.faults, found.Fault)
		}
		all = append(all, s)
	}
	return all
}

// unavailable is what was so, without the details.
func unavailable(set *fact.Set[fact.Certificate]) map[string]fact.Reason {
	reasons := make(map[string]fact.Reason)
	for i := range set.Unavailable {
		reasons[fact.Certificates().SubjectOfUnavailable(&set.Unavailable[i])] = set.Unavailable[i].Reason
	}
	return reasons
}

// newProber has the real network and clock, and one authority in place of the public ones.
func newProber(public *world.CA) prober {
	return prober{
		lookup: func(_ context.Context, _, host string) ([]netip.Addr, error) {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		},
		dial:        new(net.Dialer).DialContext,
		authorities: pki.NewAuthorities(func() (*x509.CertPool, error) { return public.Pool(), nil }),
		now:         time.Now,
	}
}

// watchGoroutines fails the test if it leaves a goroutine behind. Call it before servers are started.
func watchGoroutines(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

func TestTheCollectorCollectsWhatIsDeclared(t *testing.T) {
	declared := []system.Certificate{
		{Address: "shop.example.com:443"}, {Address: "10.0.0.1:25", ServerName: "mail.example.com", StartTLS: "smtp"},
		{Path: "/etc/ssl/*.pem"},
	}
	type job struct{ target, server, declared string }
	var jobs []job
	for _, j := range New().Jobs(&system.System{Certificates: declared}, fact.Needs{}) {
		require.Len(t, j.Declared, 1)
		require.Len(t, j.Declared[0].Gaps(), 1)
		jobs = append(jobs, job{j.Target, j.Server, j.Declared[0].Gaps()[0].Subject})
	}
	require.Equal(t, []job{
		{"shop.example.com:443", "shop.example.com:443", "shop.example.com:443"},
		{"10.0.0.1:25 (mail.example.com)", "10.0.0.1:25", "10.0.0.1:25 (mail.example.com)"},
		{"/etc/ssl/*.pem", "", "/etc/ssl/*.pem"},
	}, jobs)
}

func TestTheAuthoritiesAreReadAtEachRun(t *testing.T) {
	watchGoroutines(t)
	public, own := world.NewCA(t, world.Spec{}), world.NewCA(t, world.Spec{})
	server := world.NewTLSServer(t, own.Issue(t, world.Spec{CommonName: "shop"}))
	collect := newProber(public).collect
	folder := t.TempDir()
	target := system.Certificate{Address: server.Addr, CAFile: filepath.Join(folder, "ca.pem")}

	set, err := collect(t.Context(), target)
	require.NoError(t, err)
	requireTrustUnknown(t, set, server.Addr, target.CAFile)

	public.WriteRoot(t, folder, "ca.pem")
	set, err = collect(t.Context(), target)
	require.NoError(t, err)
	require.Equal(t, []brief{
		{server.Addr, "shop", fact.TrustNone, []fact.CertificateFault{fact.FaultUnknownAuthority}},
	}, summary(set))

	own.WriteRoot(t, folder, "ca.pem")
	set, err = collect(t.Context(), target)
	require.NoError(t, err)
	require.Equal(t, []brief{{server.Addr, "shop", fact.TrustDeclared, nil}}, summary(set))

	require.NoError(t, os.WriteFile(target.CAFile, own.KeyPEM(), 0o600))
	set, err = collect(t.Context(), target)
	require.NoError(t, err)
	requireTrustUnknown(t, set, server.Addr, "holds no certificate")
	require.NotContains(t, set.Unavailable[0].Detail, "PRIVATE")
}

// requireTrustUnknown wants one certificate of which only the dates are known, and why.
func requireTrustUnknown(t *testing.T, set *fact.Set[fact.Certificate], subject, why string) {
	t.Helper()
	require.Equal(t, []brief{{subject, "shop", fact.TrustNone, nil}}, summary(set))
	require.Equal(t, []string{fact.TopicTrust}, set.Facts[0].Lacks())
	require.Len(t, set.Unavailable, 1)
	require.Equal(t, fact.TopicTrust, set.Unavailable[0].Topic)
	require.Equal(t, subject, set.Unavailable[0].Known.Subject())
	require.Contains(t, set.Unavailable[0].Detail, why)
}

func TestWithoutPublicAuthoritiesCertificatesAreKnownByTheirDates(t *testing.T) {
	own := world.NewCA(t, world.Spec{})
	server := world.NewTLSServer(t, own.Issue(t, world.Spec{CommonName: "shop"}))
	prober := newProber(own)
	prober.authorities = pki.NewAuthorities(func() (*x509.CertPool, error) { return nil, fact.Errorf(fact.ReasonUnsupported, "no authority") })
	set, err := prober.collect(t.Context(), system.Certificate{Address: server.Addr})
	require.NoError(t, err)
	requireTrustUnknown(t, set, server.Addr, "no authority")
}

// One odd authority of several costs nothing but itself.
func TestTheOtherAuthoritiesOfAFileAreUsed(t *testing.T) {
	own, other := world.NewCA(t, world.Spec{}), world.NewCA(t, world.Spec{})
	folder := t.TempDir()
	file := func(name string, parts ...[]byte) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, bytes.Join(parts, nil), 0o600))
		return path
	}
	odd := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("brainpool")})
	bundle := file("bundle.pem", own.RootPEM(), odd)
	shop := file("shop.pem", own.Issue(t, world.Spec{CommonName: "shop"}).PEM())
	foreign := file("foreign.pem", other.Issue(t, world.Spec{CommonName: "shop"}).PEM())

	set, err := newProber(other).collect(t.Context(), system.Certificate{Path: shop, CAFile: bundle})
	require.NoError(t, err)
	require.Equal(t, []brief{{shop, "shop", fact.TrustDeclared, nil}}, summary(set))
	require.Empty(t, set.Unavailable)
	require.Len(t, set.Facts[0].UnreadAuthorities, 1)

	set, err = newProber(other).collect(t.Context(), system.Certificate{Path: foreign, CAFile: bundle})
	require.NoError(t, err)
	requireTrustUnknown(t, set, foreign, "read certificate 2")
}

//go:debug x509negativeserial=1
//go:debug rsa1024min=0

package certificate

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// The command is built to read what legacy servers show: without its settings Go takes none of it.
func TestLegacyCertificatesAreCollected(t *testing.T) {
	ca := world.NewCA(t, world.Spec{CommonName: "root"})
	folder := t.TempDir()
	issue := func(name string, bits int, edit func(der []byte) []byte) string {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		require.NoError(t, err)
		template := &x509.Certificate{
			SerialNumber: big.NewInt(0x11223344), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		}
		der, err := x509.CreateCertificate(rand.Reader, template, ca.X509, &key.PublicKey, ca.Key)
		require.NoError(t, err)
		path := filepath.Join(folder, name+".pem")
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: edit(der)}), 0o600))
		return path
	}
	negative := issue("negative", 2048, func(der []byte) []byte {
		// The serial number is the first integer of four bytes; its sign is its first bit.
		for i := range der {
			if string(der[i:i+6]) == "\x02\x04\x11\x22\x33\x44" {
				der[i+2] |= 0x80
				return der
			}
		}
		return nil
	})
	weak := issue("weak", 512, func(der []byte) []byte { return der })
	set, err := newProber(ca).collect(t.Context(), system.Certificate{Path: folder})
	require.NoError(t, err)
	require.Empty(t, set.Unavailable)
	require.Equal(t, negative, set.Facts[0].Name)
	require.Equal(t, "negative", set.Facts[0].Leaf().Subject)
	require.Equal(t, weak, set.Facts[1].Name)
	require.True(t, set.Facts[1].Has(fact.FaultWeak))
}

// A server that listens on 127.0.0.1 alone is all that localhost has, whatever else the name resolves to.
func TestAnAddressOfThisMachineWhereNothingListensIsNoneOfTheServers(t *testing.T) {
	watchGoroutines(t)
	ca := world.NewCA(t, world.Spec{})
	server := world.NewTLSServer(t, ca.Issue(t, world.Spec{CommonName: "shop", DNSNames: []string{"xn--bcher-kva.example"}}))
	_, port, err := net.SplitHostPort(server.Addr)
	require.NoError(t, err)
	prober := newProber(ca)
	var asked string
	prober.lookup = func(_ context.Context, _, host string) ([]netip.Addr, error) {
		asked = host
		return []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.1")}, nil
	}
	set, err := prober.collect(t.Context(), system.Certificate{Address: "bücher.example:" + port})
	require.NoError(t, err)
	require.Equal(t, "xn--bcher-kva.example", asked, "DNS knows names by their letters in ASCII")
	require.Equal(t, []brief{{fmt.Sprintf("bücher.example:%s", port), "shop", fact.TrustPublic, nil}}, summary(set))
	require.Empty(t, set.Unavailable)
}

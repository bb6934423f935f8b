package certificate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestFilesAreCollected(t *testing.T) {
	folder := t.TempDir()
	ca := world.NewCA(t, world.Spec{CommonName: "root"})
	issuer := ca.Intermediate(t, world.Spec{CommonName: "issuer"})
	shop, mail := issuer.Issue(t, world.Spec{CommonName: "shop"}), issuer.Issue(t, world.Spec{CommonName: "mail"})
	write := func(name string, content []byte) {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o600))
	}
	write("ssl/shop.crt", shop.PEM())
	write("ssl/haproxy.pem", append(mail.PEM(), mail.KeyPEM()...))
	write("ssl/privkey.pem", shop.KeyPEM())
	write("ssl/ca.cer", ca.RootPEM())
	write("ssl/README", []byte("certificates"))
	write("ssl/deeper.pem/shop.pem", shop.PEM())
	write("broken/empty.pem", nil)
	write("broken/cut.pem", shop.PEM()[:100])
	write("broken/sand.crt", []byte("0\x82 sand"))
	write("other/ca.der", ca.X509.Raw)
	write("other/certificate", shop.PEM())
	write("other/request.csr", []byte("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n"))
	write("other/openssl.cnf", []byte("[req]\n"))
	write("keys/privkey.pem", shop.KeyPEM())
	write("live/a/fullchain.pem", shop.PEM())
	write("live/b/fullchain.pem", mail.PEM())
	write("odd[1].pem", shop.PEM())
	require.NoError(t, os.Symlink("nowhere", filepath.Join(folder, "broken/link.pem")))
	require.NoError(t, os.Mkdir(filepath.Join(folder, "empty"), 0o755))
	require.NoError(t, syscall.Mkfifo(filepath.Join(folder, "broken/pipe.pem"), 0o600))

	at := func(name string) string { return filepath.Join(folder, name) }
	good := func(name, leaf string) brief { return brief{at(name), leaf, fact.TrustPublic, nil} }
	for name, test := range map[string]struct {
		path        string
		facts       []brief
		unavailable map[string]fact.Reason
		reason      fact.Reason
	}{
		"a file":                           {path: "ssl/shop.crt", facts: []brief{good("ssl/shop.crt", "shop")}},
		"a folder, with keys passed over":  {path: "ssl", facts: []brief{good("ssl/ca.cer", "root"), good("ssl/haproxy.pem", "mail"), good("ssl/shop.crt", "shop")}},
		"a pattern":                        {path: "live/*/fullchain.pem", facts: []brief{good("live/a/fullchain.pem", "shop"), good("live/b/fullchain.pem", "mail")}},
		"a pattern leaves folders out":     {path: "ssl/*.pem", facts: []brief{good("ssl/haproxy.pem", "mail")}},
		"a file named like a pattern":      {path: "odd[1].pem", facts: []brief{good("odd[1].pem", "shop")}},
		"a file that is not there":         {path: "ssl/www.crt", reason: fact.ReasonNotFound},
		"a pattern that matches nothing":   {path: "ssl/*.p12", reason: fact.ReasonNotFound},
		"a pattern in no folder":           {path: "nowhere/*.pem", reason: fact.ReasonNotFound},
		"a folder without certificates":    {path: "empty", reason: fact.ReasonNotFound},
		"a folder with keys only":          {path: "keys", reason: fact.ReasonNotFound},
		"a file with a key only":           {path: "keys/privkey.pem", reason: fact.ReasonInvalid},
		"a pipe, without waiting for it":   {path: "broken/pipe.pem", reason: fact.ReasonInvalid},
		"a file in DER under another name": {path: "other", facts: []brief{good("other/ca.der", "root"), good("other/certificate", "shop")}},
		"a folder of files that are broken": {path: "broken", unavailable: map[string]fact.Reason{
			at("broken/empty.pem"): fact.ReasonInvalid, at("broken/cut.pem"): fact.ReasonInvalid,
			at("broken/sand.crt"): fact.ReasonInvalid, at("broken/link.pem"): fact.ReasonNotFound,
			at("broken/pipe.pem"): fact.ReasonInvalid,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := newProber(ca).collect(t.Context(), system.Certificate{Path: at(test.path)})
			if test.reason != "" {
				require.Equal(t, test.reason, fact.ReasonOf(err), err)
				require.ErrorContains(t, err, at(test.path))
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.facts, summary(set))
			if test.unavailable == nil {
				test.unavailable = map[string]fact.Reason{}
			}
			require.Equal(t, test.unavailable, unavailable(set))
		})
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newProber(ca).collect(ctx, system.Certificate{Path: at("ssl")})
	require.ErrorIs(t, err, context.Canceled)
}

func TestAFolderOfTooManyFilesIsReadInPart(t *testing.T) {
	folder := t.TempDir()
	ca := world.NewCA(t, world.Spec{})
	for i := range maxFiles + 1 {
		ca.WriteRoot(t, folder, fmt.Sprintf("%04d.pem", i))
	}
	set, err := newProber(ca).collect(t.Context(), system.Certificate{Path: folder})
	require.NoError(t, err)
	require.Len(t, set.Facts, maxFiles)
	require.Equal(t, map[string]fact.Reason{folder: fact.ReasonInvalid}, unavailable(set))
}

// What cannot be listed or read may hold certificates: it is unavailable, wherever the pattern has its stars.
func TestWhatCannotBeListedIsUnavailable(t *testing.T) {
	ca := world.NewCA(t, world.Spec{})
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	for _, name := range []string{"a", "b", "c", "d"} {
		require.NoError(t, os.Mkdir(at(name), 0o755))
	}
	ca.WriteRoot(t, at("a"), "cert.pem")
	require.NoError(t, os.Symlink("cert.pem/loop", at("b/cert.pem")))
	require.NoError(t, os.Symlink("loop", at("c/loop")))
	require.NoError(t, os.Symlink("c/loop", at("loop")))
	require.NoError(t, os.Symlink("nowhere", at("d/cert.pem")))
	for pattern, want := range map[string]map[string]fact.Reason{
		"*/cert.pem": {at("b/cert.pem"): fact.ReasonFailed, at("d/cert.pem"): fact.ReasonNotFound, at("loop"): fact.ReasonFailed},
		"?/cert*":    {at("b/cert.pem"): fact.ReasonFailed, at("d/cert.pem"): fact.ReasonNotFound},
	} {
		set, err := newProber(ca).collect(t.Context(), system.Certificate{Path: at(pattern)})
		require.NoError(t, err)
		require.Len(t, set.Facts, 1)
		require.Equal(t, want, unavailable(set), pattern)
	}
}

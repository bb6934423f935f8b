package pki_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestAFileOfAuthoritiesIsParsedAgainWhereItsContentIsAnother(t *testing.T) {
	first, second := world.NewCA(t, world.Spec{}), world.NewCA(t, world.Spec{})
	authorities := pki.NewAuthorities(func() (*x509.CertPool, error) { return x509.NewCertPool(), nil })
	path := filepath.Join(t.TempDir(), "ca.pem")
	write := func(content []byte) {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		// One that was replaced within the resolution of the file system's clock differs by nothing but its content.
		require.NoError(t, os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)))
	}

	write(first.RootPEM())
	pool, err := authorities.Pool(path)
	require.NoError(t, err)
	require.True(t, pool.Equal(first.Pool()))
	again, err := authorities.Pool(path)
	require.NoError(t, err)
	require.Same(t, pool, again)
	require.Same(t, pool, authorities.Expect(path, time.Now()).Declared)

	write(second.RootPEM())
	pool, err = authorities.Pool(path)
	require.NoError(t, err)
	require.True(t, pool.Equal(second.Pool()))

	write([]byte("nothing\n"))
	_, err = authorities.Pool(path)
	require.ErrorContains(t, err, "PEM")
	require.Len(t, authorities.Expect(path, time.Now()).Unread, 1)

	require.NoError(t, os.Remove(path))
	_, err = authorities.Pool(path)
	require.ErrorIs(t, err, os.ErrNotExist)

	write(first.RootPEM())
	pool, err = authorities.Pool(path)
	require.NoError(t, err)
	require.True(t, pool.Equal(first.Pool()))
}

package world_test

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

func TestPostgresShowsItsCertificateAndKeepsItsSettings(t *testing.T) {
	ca := world.NewCA(t, world.Spec{})
	certificate := ca.Issue(t, world.Spec{})
	db := servers.Postgres(t, certificate, "max_connections=17")
	require.Equal(t, "17", db.SQL(t, "SHOW max_connections"))

	conn := dial(t, db.Addr)
	// The SSLRequest of PostgreSQL's protocol: its length and its number.
	require.NoError(t, binary.Write(conn, binary.BigEndian, [2]uint32{8, 80877103}))
	answer := make([]byte, 1)
	_, err := io.ReadFull(conn, answer)
	require.NoError(t, err)
	require.Equal(t, "S", string(answer))
	secure := tls.Client(conn, &tls.Config{RootCAs: ca.Pool(), ServerName: "localhost"})
	require.NoError(t, secure.Handshake())
	require.Equal(t, certificate.X509.SerialNumber, secure.ConnectionState().PeerCertificates[0].SerialNumber)
}

func TestPostgresKeepsItsDataWhenItIsKilled(t *testing.T) {
	db := servers.Postgres(t, world.SelfSigned(t, world.Spec{}), "fsync=on")
	db.SQL(t, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)")
	db.Kill(t)
	db.Restart(t)
	require.Equal(t, "42", db.SQL(t, "SELECT n FROM kept"))
}

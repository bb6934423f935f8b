package postgres

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pgsession"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

func TestMain(m *testing.M) { goleak.VerifyTestMain(world.Around(m, &servers)) }

// password is that of the role readiness.
const password = "x8Kq2mZ7vT4pLw9r"

// database starts a server with a database shop, into which the role readiness is let with its password and no other privilege.
func database(t *testing.T, settings ...string) (*world.Postgres, *world.CA) {
	t.Helper()
	ca := world.NewCA(t, world.Spec{})
	server := servers.Postgres(t, ca.Issue(t, world.Spec{}), settings...)
	server.SQL(t, "CREATE DATABASE shop")
	server.SQL(t, "CREATE ROLE readiness LOGIN PASSWORD '"+password+"'")
	server.Permit(t, "host all postgres all trust", "hostssl all all all scram-sha-256")
	server.Database = "shop"
	return server, ca
}

// declared is how that database is declared.
func declared(t *testing.T, server *world.Postgres, ca *world.CA) system.Database {
	t.Helper()
	return system.Database{
		Name: "main", URL: "postgresql://" + server.Addr + "/shop", Username: "readiness", PasswordFile: file(t, password+"\n"),
		CAFile: ca.WriteRoot(t, t.TempDir(), "ca.pem"), ServerName: "localhost",
	}
}

func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// run collects once within a time.
func run[T any](t *testing.T, from collector.Collector[Target], kind *fact.Kind[T], d system.Database, limit time.Duration) (*fact.Set[T], error) {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), limit, fact.Errorf(fact.ReasonTimeout, "the run takes too long"))
	defer cancel()
	s := &system.System{Name: "shop", Environment: "production", Databases: []system.Database{d}}
	require.Empty(t, s.Validate(nil, time.Now()))
	jobs := from.Jobs(s, fact.Needs{})
	require.Len(t, jobs, 1)
	sets, err := jobs[0].Collect(ctx, nil)
	require.NotContains(t, fmt.Sprintf("%+v %v", sets, err), password)
	if err != nil {
		return nil, err
	}
	return kind.Typed(sets[0]), nil
}

// ask collects how a database answers.
func ask(t *testing.T, d system.Database) *fact.Database {
	t.Helper()
	set, err := run(t, New(), fact.Databases(), d, time.Minute)
	require.NoError(t, err)
	require.Len(t, set.Facts, 1)
	require.Empty(t, set.Unavailable)
	return set.Facts[0]
}

// list collects the tables of a database.
func list(t *testing.T, d system.Database) []string {
	t.Helper()
	set, err := run(t, NewSchema(), fact.DatabaseSchemas(), d, time.Minute)
	require.NoError(t, err)
	var names []string
	for _, table := range set.Facts[0].Tables {
		names = append(names, table.String())
	}
	return names
}

func TestAPrimaryAcceptsTheLoginAndWrites(t *testing.T) {
	server, ca := database(t)
	d := declared(t, server, ca)
	found := ask(t, d)
	require.Equal(t, server.Addr, found.Server)
	require.NotEmpty(t, found.Version)
	require.Empty(t, found.Failures)
	require.True(t, *found.Writable)
}

// TestWhatKeepsADatabaseFromBeingUsed has each cause from a real server.
func TestWhatKeepsADatabaseFromBeingUsed(t *testing.T) {
	server, ca := database(t)
	server.SQL(t, "CREATE ROLE expired LOGIN PASSWORD '"+password+"' VALID UNTIL '2001-01-01'; CREATE ROLE idle NOLOGIN PASSWORD '"+password+"';"+
		"CREATE ROLE full LOGIN PASSWORD '"+password+"' CONNECTION LIMIT 0")
	server.SQL(t, "CREATE DATABASE closed")
	server.SQL(t, "REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
	plain, _ := database(t, "ssl=off")
	other := world.NewCA(t, world.Spec{})
	at := func(address string) func(*system.Database) {
		return func(d *system.Database) { d.URL = "postgresql://" + address + "/shop" }
	}
	for name, test := range map[string]struct {
		change func(*system.Database)
		cause  fact.DatabaseCause
		detail string
	}{
		"nothing listens":             {at("127.0.0.1:1"), fact.DatabaseUnreachable, "refused"},
		"the password is another":     {func(d *system.Database) { d.PasswordFile = file(t, "another") }, fact.DatabaseWrongLogin, "28P01"},
		"there is no password":        {func(d *system.Database) { d.PasswordFile = "" }, fact.DatabaseWrongLogin, "28P01"},
		"the password has expired":    {func(d *system.Database) { d.Username = "expired" }, fact.DatabaseWrongLogin, "28P01"},
		"the role may not log in":     {func(d *system.Database) { d.Username = "idle" }, fact.DatabaseNotPermitted, "28000"},
		"the server takes only TLS":   {func(d *system.Database) { d.TLS, d.CAFile, d.ServerName = "disable", "", "" }, fact.DatabaseNotPermitted, "28000"},
		"the role may not connect":    {func(d *system.Database) { d.URL = strings.Replace(d.URL, "/shop", "/closed", 1) }, fact.DatabaseNotPermitted, "42501"},
		"there is no such database":   {func(d *system.Database) { d.URL = strings.Replace(d.URL, "/shop", "/shops", 1) }, fact.DatabaseMissing, "3D000"},
		"the role has no connection":  {func(d *system.Database) { d.Username = "full" }, fact.DatabaseFull, "53300"},
		"the server takes no TLS":     {at(plain.Addr), fact.DatabaseNoTLS, "takes no TLS"},
		"another authority signed it": {func(d *system.Database) { d.CAFile = other.WriteRoot(t, t.TempDir(), "ca.pem") }, fact.DatabaseUnverified, "unknown authority"},
		"its certificate is another's": {
			func(d *system.Database) { d.ServerName = "db.example.com" }, fact.DatabaseUnverified, "db.example.com",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := declared(t, server, ca)
			test.change(&d)
			found := ask(t, d)
			require.False(t, found.Up())
			require.Len(t, found.Failures, 1)
			require.Equal(t, test.cause, found.Failures[0].Cause, found.Failures[0].Detail)
			require.Contains(t, found.Failures[0].Detail, test.detail)
		})
	}
}

// TestFaultsOfThisMachineAreNotThoseOfTheDatabase: they are errors, so that items are unknown.
func TestFaultsOfThisMachineAreNotThoseOfTheDatabase(t *testing.T) {
	server, ca := database(t)
	for name, change := range map[string]func(*system.Database){
		"the password cannot be read":  func(d *system.Database) { d.PasswordFile = "/nonexistent/password" },
		"the authority cannot be read": func(d *system.Database) { d.CAFile = "/nonexistent/ca.pem" },
	} {
		t.Run(name, func(t *testing.T) {
			d := declared(t, server, ca)
			change(&d)
			_, err := run(t, New(), fact.Databases(), d, time.Minute)
			require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err), "%v", err)
		})
	}
}

// TestAServerThatHangsIsAFailureInTime: the run ends before its context does, and says so.
func TestAServerThatHangsIsAFailureInTime(t *testing.T) {
	server, ca := database(t)
	proxy := world.NewProxy(t, server.Addr)
	proxy.Hang(t)
	d := declared(t, server, ca)
	d.URL = "postgresql://" + proxy.Addr + "/shop"
	set, err := run(t, New(), fact.Databases(), d, time.Second)
	require.NoError(t, err)
	require.Equal(t, fact.DatabaseUnreachable, set.Facts[0].Failures[0].Cause)
	require.Contains(t, set.Facts[0].Failures[0].Detail, "no answer within")
	_, err = run(t, NewSchema(), fact.DatabaseSchemas(), d, time.Second)
	require.Equal(t, fact.ReasonTimeout, fact.ReasonOf(err), "%v", err)
}

// TestWhatMakesAServerReadOnly: who sets default_transaction_read_only decides for whom it holds.
func TestWhatMakesAServerReadOnly(t *testing.T) {
	server, ca := database(t)
	d := declared(t, server, ca)
	server.SQL(t, "ALTER DATABASE shop SET default_transaction_read_only = on")
	found := ask(t, d)
	require.False(t, *found.Writable)
	require.Equal(t, "default_transaction_read_only is on (source: database)", found.NotWritable)

	t.Run("that of the role of the exporter says nothing of others", func(t *testing.T) {
		server.Database = "postgres"
		server.SQL(t, "ALTER DATABASE shop RESET ALL; ALTER ROLE readiness SET default_transaction_read_only = on")
		require.Nil(t, ask(t, d).Writable, "nothing is expected, so that nothing lacks")
		yes := true
		d.Writable = &yes
		set, err := run(t, New(), fact.Databases(), d, time.Minute)
		require.NoError(t, err)
		require.Equal(t, []string{fact.TopicWritable}, set.Facts[0].Lacks())
		require.Equal(t, fact.TopicWritable, set.Unavailable[0].Topic)
		require.Contains(t, set.Unavailable[0].Detail, "ALTER ROLE")
	})
}

// TestAReplicaIsToldFromItsPrimary has a hot standby, and a URL with both.
func TestAReplicaIsToldFromItsPrimary(t *testing.T) {
	primary, ca := database(t)
	primary.Permit(t, "host all postgres all trust", "host replication postgres all trust", "hostssl all all all scram-sha-256")
	replica := servers.Replica(t, primary)
	d := declared(t, primary, ca)
	yes, no := true, false
	for name, test := range map[string]struct {
		hosts    []string
		writable *bool
		server   string
		failures int
	}{
		"a replica accepts no writes":               {[]string{replica.Addr}, nil, replica.Addr, 0},
		"the primary is found behind the replica":   {[]string{replica.Addr, primary.Addr}, &yes, primary.Addr, 0},
		"the replica is found behind the primary":   {[]string{primary.Addr, replica.Addr}, &no, replica.Addr, 0},
		"the first that answers will do":            {[]string{replica.Addr, primary.Addr}, nil, replica.Addr, 0},
		"without a primary, the first says so":      {[]string{replica.Addr, "127.0.0.1:1"}, &yes, replica.Addr, 1},
		"one that is down is passed over":           {[]string{"127.0.0.1:1", primary.Addr}, &yes, primary.Addr, 1},
		"where none answers, each says so":          {[]string{"127.0.0.1:1", "127.0.0.1:2"}, &yes, "", 2},
		"one that hangs leaves time for the others": {[]string{hanging(t, primary), primary.Addr}, &yes, primary.Addr, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d.URL = "postgresql://" + strings.Join(test.hosts, ",") + "/shop"
			d.Writable = test.writable
			set, err := run(t, New(), fact.Databases(), d, 20*time.Second)
			require.NoError(t, err)
			found := set.Facts[0]
			require.Equal(t, test.server, found.Server, "%+v", found)
			require.Len(t, found.Failures, test.failures)
			if found.Up() {
				require.Equal(t, test.server == primary.Addr, *found.Writable)
			}
		})
	}
}

func hanging(t *testing.T, server *world.Postgres) string {
	t.Helper()
	proxy := world.NewProxy(t, server.Addr)
	proxy.Hang(t)
	return proxy.Addr
}

// TestAPoolerIsAskedAsTheServerIs: PgBouncer refuses parameters that it does not know, and keeps no prepared statements.
func TestAPoolerIsAskedAsTheServerIs(t *testing.T) {
	server, ca := database(t)
	server.SQL(t, "CREATE TABLE orders (id int)")
	behind := func(mode string) system.Database {
		pooler := servers.PgBouncer(t, server, "readiness", password, mode)
		d := declared(t, server, ca)
		d.URL, d.TLS, d.CAFile, d.ServerName = "postgresql://"+pooler.Addr+"/shop", "disable", "", ""
		return d
	}
	for _, mode := range []string{"session", "transaction", "statement"} {
		t.Run(mode, func(t *testing.T) {
			d := behind(mode)
			found := ask(t, d)
			require.True(t, found.Up(), "%+v", found)
			require.True(t, *found.Writable)
			require.Equal(t, []string{"orders"}, list(t, d))
			d.PasswordFile = file(t, "another")
			// Until 1.21 it has one error code for all.
			require.Contains(t, []fact.DatabaseCause{fact.DatabaseRejected, fact.DatabaseWrongLogin}, ask(t, d).Failures[0].Cause)
		})
	}
	t.Run("it is there, and the server behind it is not", func(t *testing.T) {
		d := behind("transaction")
		server.Kill(t)
		set, err := run(t, New(), fact.Databases(), d, 5*time.Second)
		require.NoError(t, err)
		require.False(t, set.Facts[0].Up(), "%+v", set.Facts[0])
	})
}

// TestAServerThatShutsDownIsNotReady: it waits for a session that is open, and lets nobody in any more.
func TestAServerThatShutsDownIsNotReady(t *testing.T) {
	server, ca := database(t)
	d := declared(t, server, ca)
	wanted, err := Target{d}.tls(system.DatabaseServer{Host: "localhost"})
	require.NoError(t, err)
	conn, err := net.Dial("tcp", server.Addr)
	require.NoError(t, err)
	open, err := pgsession.Open(t.Context(), conn, pgsession.Login{
		Username: "readiness", Password: secret.New(password), Database: "shop", TLS: wanted, Most: 1 << 20,
	})
	require.NoError(t, err)
	defer pgsession.End(context.WithoutCancel(t.Context()), open)
	require.NoError(t, syscall.Kill(server.PID(), syscall.SIGTERM))
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		failures := ask(t, d).Failures
		require.Len(c, failures, 1)
		require.Equal(c, fact.DatabaseNotReady, failures[0].Cause, failures[0].Detail)
	}, 2*time.Minute, 20*time.Millisecond)
}

// TestHostileServersAreBounded: what no server of PostgreSQL sends is a failure, and costs little.
func TestHostileServersAreBounded(t *testing.T) {
	endless := func(conn net.Conn) {
		notice := append([]byte{'N', 0, 0, 16, 0}, make([]byte, 4092)...)
		for {
			if _, err := conn.Write(notice); err != nil {
				return
			}
		}
	}
	for name, test := range map[string]struct {
		answer func(net.Conn)
		cause  fact.DatabaseCause
	}{
		"a web server":                 {func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }, fact.DatabaseInvalid},
		"one that says goodbye":        {func(net.Conn) {}, fact.DatabaseUnreachable},
		"one that never stops talking": {endless, fact.DatabaseUnreachable},
		"a message that is too long":   {func(c net.Conn) { _, _ = c.Write([]byte{'N', 0x7f, 0xff, 0xff, 0xff}) }, fact.DatabaseInvalid},
		"one that repeats the secret": {func(c net.Conn) {
			text := "SFATAL\x00C28P01\x00M" + password + "\x00\x00"
			_, _ = c.Write(append([]byte{'E', 0, 0, 0, byte(len(text) + 4)}, text...))
		}, fact.DatabaseWrongLogin},
	} {
		t.Run(name, func(t *testing.T) {
			d := system.Database{Name: "main", Username: "readiness", PasswordFile: file(t, password), TLS: "disable"}
			d.URL = "postgresql://" + answering(t, test.answer) + "/shop"
			found := ask(t, d)
			require.Equal(t, test.cause, found.Failures[0].Cause, found.Failures[0].Detail)
		})
	}
}

// answering starts a server that reads what a client begins with, and answers it.
func answering(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	return world.Listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1024))
		answer(conn)
	})
}

// TestTablesAreThoseThatPeopleMake: also without a privilege for any of them.
func TestTablesAreThoseThatPeopleMake(t *testing.T) {
	server, ca := database(t)
	d := declared(t, server, ca)
	require.Empty(t, list(t, d))
	server.SQL(t, `CREATE SCHEMA audit; REVOKE ALL ON SCHEMA audit, public FROM PUBLIC;
		CREATE TABLE orders (id int PRIMARY KEY); CREATE TABLE audit.orders (id int); CREATE UNLOGGED TABLE sessions (id int);
		CREATE TABLE "Order Items" (id int); CREATE TABLE "größen" (id int); CREATE TABLE old (id int); CREATE TABLE heir () INHERITS (old);
		CREATE TABLE events (at date) PARTITION BY RANGE (at); CREATE TABLE events_2026 PARTITION OF events DEFAULT;
		CREATE VIEW all_orders AS SELECT * FROM orders; CREATE MATERIALIZED VIEW few_orders AS SELECT * FROM orders;
		CREATE TEMPORARY TABLE gone (id int); CREATE SEQUENCE numbers;
		CREATE FOREIGN DATA WRAPPER elsewhere; CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere;
		CREATE FOREIGN TABLE stock (id int) SERVER elsewhere`)
	// Nothing with tables comes with PostgreSQL itself: these are made to belong to one that does.
	server.SQL(t, `CREATE SCHEMA ext; CREATE TABLE ext.chunk (id int); CREATE TABLE of_extension (id int);
		ALTER EXTENSION plpgsql ADD SCHEMA ext; ALTER EXTENSION plpgsql ADD TABLE of_extension`)
	want := []string{"audit.orders", "Order Items", "events", "größen", "heir", "old", "orders", "sessions", "stock"}
	require.ElementsMatch(t, want, list(t, d))

	t.Run("so many that nobody documents them are not listed in part", func(t *testing.T) {
		server.SQL(t, fmt.Sprintf("DO $$ BEGIN FOR i IN 1..%d LOOP EXECUTE format('CREATE TABLE t%%s ()', i); IF i %% 500 = 0 THEN COMMIT; END IF; "+
			"END LOOP; END $$", maximumTables))
		_, err := run(t, NewSchema(), fact.DatabaseSchemas(), d, time.Minute)
		require.Equal(t, fact.ReasonUnsupported, fact.ReasonOf(err))
		require.ErrorContains(t, err, "more than 5000 tables")
	})
}

// TestARunIsOneSession: each is over when the run is, and its transactions cannot write.
func TestARunIsOneSession(t *testing.T) {
	server, ca := database(t, "log_connections=on", "log_statement=all")
	d := declared(t, server, ca)
	ask(t, d)
	list(t, d)
	require.Eventually(t, func() bool {
		return server.SQL(t, "SELECT count(*) FROM pg_stat_activity WHERE usename = 'readiness'") == "0"
	}, 2*time.Minute, 20*time.Millisecond)
	require.Equal(t, 2, strings.Count(server.Log(), "connection authorized: user=readiness"))
	require.Contains(t, server.Log(), "application_name=readiness-exporter")
	for line := range strings.SplitSeq(server.Log(), "\n") {
		if _, statement, is := strings.Cut(line, "statement: BEGIN"); is {
			require.Contains(t, statement, "READ ONLY")
		}
	}
}

// TestASocketOfThisMachineIsAsked: by the rules of the server, without a password.
func TestASocketOfThisMachineIsAsked(t *testing.T) {
	folder, err := os.MkdirTemp("", "pg") // A path of a socket is short.
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	require.NoError(t, os.Chmod(folder, 0o777))
	server, _ := database(t, "unix_socket_directories="+folder)
	server.Permit(t, "host all postgres all trust", "local all readiness trust")
	d := system.Database{Name: "main", URL: "postgresql:///shop?host=" + folder + "&port=" + server.Port, Username: "readiness"}
	found := ask(t, d)
	require.True(t, found.Up(), "%+v", found.Failures)
	require.True(t, slices.Equal([]string{filepath.Join(folder, ".s.PGSQL."+server.Port)}, found.Servers))
}

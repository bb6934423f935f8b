package system_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestMistakesInDatabases(t *testing.T) {
	for name, test := range map[string]struct {
		database system.Database
		wants    string // empty: nothing is wrong
	}{
		"a server":                  {system.Database{URL: "postgresql://db.example.com:5432/shop"}, ""},
		"without its port":          {system.Database{URL: "postgres://db.example.com/shop"}, ""},
		"an IPv6 address":           {system.Database{URL: "postgresql://[2001:db8::1]:5433/shop"}, ""},
		"several servers":           {system.Database{URL: "postgresql://db-1.example.com:5432,[::1],db-2/shop"}, ""},
		"a socket":                  {system.Database{URL: "postgresql:///shop?host=/var/run/postgresql&port=5433"}, ""},
		"a name with a blank":       {system.Database{URL: "postgresql://db/my%20shop"}, "the database is missing"},
		"MySQL":                     {system.Database{URL: "mysql://db.example.com:3306/shop"}, "only PostgreSQL is supported"},
		"no scheme":                 {system.Database{URL: "db.example.com:5432"}, "expected one such as"},
		"nothing":                   {system.Database{}, "expected one such as"},
		"no database":               {system.Database{URL: "postgresql://db.example.com:5432/"}, "the database is missing"},
		"a user in the URL":         {system.Database{URL: "postgresql://shop@db.example.com/shop"}, "credentials do not belong in it"},
		"parameters of clients":     {system.Database{URL: "postgresql://db.example.com/shop?sslmode=require"}, `the parameter "sslmode" does not belong in it`},
		"a port that is none":       {system.Database{URL: "postgresql://db.example.com:99999/shop"}, "expected a host"},
		"no host":                   {system.Database{URL: "postgresql:///shop"}, "the folder of a socket"},
		"a socket and a host":       {system.Database{URL: "postgresql://db/shop?host=/run"}, `the parameter "host"`},
		"another way of TLS":        {system.Database{URL: "postgresql://db/shop", TLS: "prefer"}, "tls"},
		"authorities nobody asks":   {system.Database{URL: "postgresql://db/shop", TLS: "require", CAFile: "/ca.pem"}, "verify-full"},
		"a file with no clear path": {system.Database{URL: "postgresql://db/shop", PasswordFile: "password"}, "absolute path"},
	} {
		t.Run(name, func(t *testing.T) {
			test.database.Name, test.database.Username = "main", "readiness"
			requireMistake(t, &system.System{Name: "shop", Environment: "production", Databases: []system.Database{test.database}}, test.wants)
		})
	}
	requireMistake(t, &system.System{Name: "shop", Environment: "production", Databases: []system.Database{
		{Name: "main", URL: "postgresql://db/shop"},
	}}, "username is missing")
}

// TestAPasswordInTheURLIsNotRepeated: mistakes are logged.
func TestAPasswordInTheURLIsNotRepeated(t *testing.T) {
	const password = "x8Kq2mZ7vT4pLw9rQz3b"
	for _, url := range []string{
		"postgresql://shop:" + password + "@db/shop", "mysql://shop:" + password + "@db/shop", "postgresql://db/shop?password=" + password,
		"postgresql://shop:" + password + "/x@db/shop",
	} {
		described := &system.System{Name: "shop", Environment: "production", Databases: []system.Database{{Name: "main", URL: url, Username: "shop"}}}
		mistakes := described.Validate(nil, time.Now())
		require.NotEmpty(t, mistakes)
		require.NotContains(t, fmt.Sprint(mistakes), password)
	}
}

func TestServersOfADatabase(t *testing.T) {
	servers, database := system.Database{URL: "postgresql://db-1:6432,[::1],größe.example/shop"}.Servers()
	require.Equal(t, "shop", database)
	require.Equal(t, []system.DatabaseServer{
		{Network: "tcp", Address: "db-1:6432", Host: "db-1"}, {Network: "tcp", Address: "[::1]:5432", Host: "::1"},
		{Network: "tcp", Address: "größe.example:5432", Host: "größe.example"},
	}, servers)
	servers, database = system.Database{URL: "postgresql:///shop?host=/var/run/postgresql"}.Servers()
	require.Equal(t, "shop", database)
	require.Equal(t, []system.DatabaseServer{{Network: "unix", Address: "/var/run/postgresql/.s.PGSQL.5432"}}, servers)
}

// FuzzServersOfADatabase: whatever is declared, it is refused or has a server and a database.
func FuzzServersOfADatabase(f *testing.F) {
	for _, url := range []string{"postgresql://db:5432/shop", "postgresql:///shop?host=/run", "postgres://a,b,[::1]:1/x?y", "mysql://", "://"} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		described := &system.System{Name: "shop", Environment: "production", Databases: []system.Database{{Name: "main", URL: url, Username: "shop"}}}
		servers, database := described.Databases[0].Servers()
		if len(described.Validate(nil, time.Now())) == 0 {
			require.NotEmpty(t, servers)
			require.NotEmpty(t, database)
		}
	})
}

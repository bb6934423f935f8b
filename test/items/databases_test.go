package items_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// A databaseWorld is a database that is declared, and the documents of a repository.
type databaseWorld struct {
	declared map[string]any
	document string // docs/database-schema.md; empty: there is none
}

// TestTheItemsOnDatabasesPassAndBreak has a database whose two tables are documented, and breaks each item in turn.
func TestTheItemsOnDatabasesPassAndBreak(t *testing.T) {
	const connection, documented = "functional.database", "technical-docs.database"
	require.ElementsMatch(t, []string{connection, documented}, itemsOf(t, fact.Databases().Name, fact.DatabaseSchemas().Name))
	const password = "x8Kq2mZ7vT4pLw9rQz3b"
	ca := world.NewCA(t, world.Spec{})
	server := servers.Postgres(t, ca.Issue(t, world.Spec{}))
	server.SQL(t, "CREATE ROLE readiness LOGIN PASSWORD '"+password+"'; CREATE TABLE customers (id int); CREATE TABLE orders (id int);"+
		"CREATE TABLE _prisma_migrations (id int)")
	server.SQL(t, "CREATE DATABASE still")
	server.SQL(t, "ALTER DATABASE still SET default_transaction_read_only = on")
	server.SQL(t, "CREATE DATABASE bare")
	server.Permit(t, "host all postgres all trust", "hostssl all all all scram-sha-256")
	authority := ca.WriteRoot(t, t.TempDir(), "ca.pem")
	sound := func(t *testing.T) databaseWorld {
		t.Helper()
		file := filepath.Join(t.TempDir(), "password")
		require.NoError(t, os.WriteFile(file, []byte(password), 0o600))
		return databaseWorld{
			map[string]any{
				"name": "main", "url": "postgresql://" + server.Addr + "/postgres", "username": "readiness", "password_file": file,
				"ca_file": authority, "server_name": "localhost", "writable": true,
			},
			"# Database\n\n```mermaid\nerDiagram\n  CUSTOMERS ||--o{ ORDERS : places\n```\n",
		}
	}
	judge := func(t *testing.T, w databaseWorld) judged {
		t.Helper()
		g := world.NewGit(t)
		files := map[string]string{"README.md": "# Shop\n"}
		if w.document != "" {
			files["docs/database-schema.md"] = w.document
		}
		g.Commit(time.Now().Add(-time.Hour), files)
		content, err := yaml.Dump(map[string]any{"systems": []any{map[string]any{
			"name": "shop", "environment": "production", "databases": []any{w.declared},
			"repositories": []any{map[string]any{"name": "shop", "path": g.Dir}},
		}}})
		require.NoError(t, err)
		described := reportedWorld{config: filepath.Join(t.TempDir(), "config.yaml")}
		require.NoError(t, os.WriteFile(described.config, content, 0o600))
		return described.judge(t)
	}
	before := judge(t, sound(t))
	require.Equal(t, "pass", before.statuses[connection], before.reasons[connection])
	require.Equal(t, "pass", before.statuses[documented], before.reasons[documented])
	type verdict struct {
		status  string
		reasons []string
	}
	failed := func(reason string) verdict { return verdict{"fail", []string{reason}} }
	unknown := verdict{"unknown", []string{"not_collected"}}
	change := func(key string, value any) func(*databaseWorld) {
		return func(w *databaseWorld) { w.declared[key] = value }
	}
	for name, test := range map[string]struct {
		change  func(*databaseWorld)
		changes map[string]verdict
	}{
		"the server is not there": {
			change("url", "postgresql://127.0.0.1:1/postgres"), map[string]verdict{connection: failed("unreachable"), documented: unknown},
		},
		"the password is another": {
			func(w *databaseWorld) {
				require.NoError(t, os.WriteFile(w.declared["password_file"].(string), []byte("another"), 0o600))
			}, map[string]verdict{connection: failed("wrong_login"), documented: unknown},
		},
		"the certificate is another's": {
			change("server_name", "db.example.com"), map[string]verdict{connection: failed("certificate_fault"), documented: unknown},
		},
		"the password cannot be read, which says nothing of the database": {
			change("password_file", "/nonexistent/password"), map[string]verdict{connection: unknown, documented: unknown},
		},
		"it accepts writes, and should not": {change("writable", false), map[string]verdict{connection: failed("writable")}},
		"it accepts no writes, and has no table": {
			change("url", "postgresql://"+server.Addr+"/still"),
			map[string]verdict{connection: failed("not_writable"), documented: {"undeclared", []string{"no_table"}}},
		},
		"a table is not documented": {
			func(w *databaseWorld) { w.document = "# Database\n\nThe table customers.\n" }, map[string]verdict{documented: failed("undocumented")},
		},
		"there is no document": {func(w *databaseWorld) { w.document = "" }, map[string]verdict{documented: failed("no_document")}},
		"there is no table": {
			change("url", "postgresql://"+server.Addr+"/bare"), map[string]verdict{documented: {"undeclared", []string{"no_table"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := sound(t)
			test.change(&w)
			now := judge(t, w)
			var changed []string
			for item, want := range test.changes {
				require.Equal(t, want, verdict{now.statuses[item], now.reasons[item]}, item)
				changed = append(changed, item)
			}
			require.Empty(t, statusesBut(before.statuses, now.statuses, changed), "changed too")
		})
	}
}

package items_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// A loginWorld is servers that are declared under logins, and a password in a file.
type loginWorld struct {
	grafana  world.GrafanaSettings
	database map[string]any
	password string
}

// TestTheItemsOnDefaultLoginsPassAndBreak has a Grafana, a database and a file of assignments, and breaks each in turn.
func TestTheItemsOnDefaultLoginsPassAndBreak(t *testing.T) {
	const grafanaItem, all = "access.grafana-password", "secrets.no-defaults"
	require.ElementsMatch(t, []string{grafanaItem, all}, itemsOf(t, fact.DefaultLogins().Name))
	// What it says of others: the item on credentials judges the same file.
	const credentials = "configuration.database-credentials"
	database := func(rule string) string {
		server := servers.Postgres(t, world.NewCA(t, world.Spec{}).Issue(t, world.Spec{}))
		server.SQL(t, "ALTER ROLE postgres PASSWORD 'x8Kq2mZ7vT4pLw9r'; CREATE ROLE shop LOGIN PASSWORD 'postgres';")
		require.NoError(t, os.WriteFile(server.SQL(t, "SHOW hba_file"), []byte(rule), 0o600))
		server.SQL(t, "SELECT pg_reload_conf()")
		return server.Addr
	}
	asking, trusting := database("host all all all scram-sha-256\n"), database("host all all all trust\n")
	sound := func() loginWorld {
		return loginWorld{
			world.GrafanaSettings{Password: "x8Kq2mZ7vT4pLw9r"}, map[string]any{"name": "database", "type": "postgresql", "address": asking},
			"x8Kq2mZ7vT4pLw9rQz3b",
		}
	}
	judge := func(t *testing.T, w loginWorld) judged {
		t.Helper()
		folder := t.TempDir()
		file := filepath.Join(folder, ".env")
		require.NoError(t, os.WriteFile(file, []byte("DB_PASSWORD="+w.password+"\n"), 0o600))
		content, err := yaml.Dump(map[string]any{"systems": []any{map[string]any{
			"name": "shop", "environment": "production",
			"hosts":  []any{map[string]any{"name": "web-1", "env_files": []any{map[string]any{"path": file, "example": file}}}},
			"logins": []any{map[string]any{"name": "grafana", "type": "grafana", "url": world.NewGrafana(t, w.grafana).URL}, w.database},
		}}})
		require.NoError(t, err)
		described := reportedWorld{config: filepath.Join(folder, "config.yaml")}
		require.NoError(t, os.WriteFile(described.config, content, 0o600))
		return described.judge(t)
	}
	// Servers of other tests run on this machine too, and come and go.
	ofMachine := itemsOf(t, fact.SSHDaemons().Name, fact.AllListeningSockets().Name, fact.Firewalls().Name, fact.Systemds().Name)
	before := judge(t, sound())
	require.Equal(t, "pass", before.statuses[grafanaItem], before.reasons[grafanaItem])
	require.Equal(t, "pass", before.statuses[all], before.reasons[all])
	for name, test := range map[string]struct {
		change  func(*loginWorld)
		status  string
		reasons []string
		changes []string
	}{
		"Grafana has the password that it comes with": {
			func(w *loginWorld) { w.grafana.Password = "admin" }, "fail", []string{"default_accepted"}, []string{grafanaItem, all},
		},
		"Grafana lets in whoever asks": {
			func(w *loginWorld) { w.grafana.Anonymous = true }, "fail", []string{"open"}, []string{grafanaItem, all},
		},
		"Grafana takes no logins over its API, so that nothing is known": {
			func(w *loginWorld) { w.grafana.NoBasic = true }, "unknown", []string{"not_collected"}, []string{grafanaItem, all},
		},
		"a role of the database has a default password": {
			func(w *loginWorld) { w.database["username"] = "shop" }, "fail", []string{"default_accepted"}, []string{all},
		},
		"the database trusts whoever asks": {
			func(w *loginWorld) { w.database["address"] = trusting }, "fail", []string{"open"}, []string{all},
		},
		"the database is not there": {
			func(w *loginWorld) { w.database["address"] = "127.0.0.1:1" }, "unknown", []string{"not_collected"}, []string{all},
		},
		"a password in a file is guessed easily": {
			func(w *loginWorld) { w.password = "correctpassword" }, "fail", []string{"guessable"}, []string{all, credentials},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := sound()
			test.change(&w)
			now := judge(t, w)
			for _, item := range test.changes {
				require.Equal(t, test.status, now.statuses[item], now.reasons[item])
				if item != credentials {
					require.Equal(t, test.reasons, now.reasons[item])
				}
			}
			require.Empty(t, statusesBut(before.statuses, now.statuses, slices.Concat(ofMachine, test.changes)), "changed too")
		})
	}
}

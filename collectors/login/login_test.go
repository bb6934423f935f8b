package login

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

func TestMain(m *testing.M) { goleak.VerifyTestMain(world.Around(m, &servers)) }

// targetOf is what becomes of one declared login.
func targetOf(t *testing.T, declared system.DefaultLogin) Target {
	t.Helper()
	if declared.Name == "" {
		declared.Name = "login"
	}
	described := &system.System{Name: "shop", Environment: "production", Logins: []system.DefaultLogin{declared}}
	require.Empty(t, described.Validate(nil, time.Now()))
	all := targets(described)
	require.Len(t, all, 1)
	return all[0]
}

// A want is what a try must come to.
type want struct {
	accepted, open bool
	refusal        string
	reason         fact.Reason // of the error; empty: there is none
	detail         string
	sent           bool
}

// requireTry tries once, by a collector that has tried nothing before.
func requireTry(t *testing.T, declared system.DefaultLogin, want want) {
	t.Helper()
	target := targetOf(t, declared)
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, fact.Errorf(fact.ReasonTimeout, "no answer in time"))
	defer cancel()
	made, err := newProber(Pace{}, time.Now).try(ctx, target)
	require.Equal(t, want.sent, made.sent, "whether the password was sent: %v", err)
	if want.reason != "" {
		require.Error(t, err)
		require.Equal(t, want.reason, fact.ReasonOf(err), err.Error())
		require.Contains(t, err.Error(), want.detail)
		return
	}
	require.NoError(t, err)
	require.Equal(t, want.accepted, made.accepted, "accepted")
	require.Equal(t, want.open, made.open, "open")
	require.Equal(t, want.refusal, made.refusal)
}

func TestWhatGrafanaMakesOfADefaultLogin(t *testing.T) {
	for name, test := range map[string]struct {
		settings world.GrafanaSettings
		change   func(*system.DefaultLogin)
		fail     int
		want     want
	}{
		"admin has the password that Grafana comes with": {settings: world.GrafanaSettings{Password: "admin"}, want: want{accepted: true, sent: true}},
		"admin has another one":                          {settings: world.GrafanaSettings{Password: "x"}, want: want{refusal: "it answers 401", sent: true}},
		"a version that gives messages no id":            {settings: world.GrafanaSettings{Password: "x", Old: true}, want: want{refusal: "it answers 401", sent: true}},
		"admin has the password of a chart, which is declared": {
			settings: world.GrafanaSettings{Password: "prom-operator"},
			change:   func(l *system.DefaultLogin) { l.Password = "prom-operator" }, want: want{accepted: true, sent: true},
		},
		"anonymous access answers for a wrong login, and is no login": {
			settings: world.GrafanaSettings{Password: "x", Anonymous: true}, want: want{open: true, sent: true},
		},
		"anonymous access is on, and the password accepted": {
			settings: world.GrafanaSettings{Password: "admin", Anonymous: true}, want: want{open: true, accepted: true, sent: true},
		},
		"basic authentication is off, so that nothing is known": {
			settings: world.GrafanaSettings{Password: "admin", NoBasic: true},
			want:     want{reason: fact.ReasonUnsupported, detail: "auth.basic", sent: true},
		},
		"others have it blocked: that cannot be told, and the try is repeated": {
			settings: world.GrafanaSettings{Password: "admin"}, fail: 5, want: want{refusal: "it answers 401", sent: true},
		},
		"an address below that of Grafana": {
			settings: world.GrafanaSettings{Password: "admin"}, change: func(l *system.DefaultLogin) { l.URL += "/" }, want: want{accepted: true, sent: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			grafana := world.NewGrafana(t, test.settings)
			grafana.Fail(test.fail)
			declared := system.DefaultLogin{Type: fact.LoginGrafana, URL: grafana.URL}
			if test.change != nil {
				test.change(&declared)
			}
			requireTry(t, declared, test.want)
			require.Equal(t, test.settings.NoBasic, grafana.Tried() == 0)
		})
	}
}

// TestWhatStandsBeforeGrafana has answers that are none of Grafana's: none of them is taken for a refusal.
func TestWhatStandsBeforeGrafana(t *testing.T) {
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   want
	}{
		"a proxy that leads to a page of its own": {
			func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://login.example.com/", http.StatusFound)
			},
			want{reason: fact.ReasonUnsupported, detail: "the URL of Grafana itself"},
		},
		"a proxy that logs everybody in": {
			func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte(`{"login":"somebody","name":"Main Org."}`))
			},
			want{reason: fact.ReasonUnsupported, detail: "something before Grafana"},
		},
		"a page": {
			func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>Grafana</html>")) },
			want{reason: fact.ReasonInvalid, detail: "not as the API of Grafana does"},
		},
		"a gateway whose Grafana is away": {
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
			want{reason: fact.ReasonFailed, detail: "502"},
		},
		"a guard that takes no more logins": {
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
			want{reason: fact.ReasonDenied, detail: "429"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(test.answer)
			t.Cleanup(server.Close)
			requireTry(t, system.DefaultLogin{Type: fact.LoginGrafana, URL: server.URL}, test.want)
		})
	}
}

// postgres is a real server that is to be asked over TLS by one rule of pg_hba.conf, with roles.
func postgres(t *testing.T, encryption, rule string) *world.Postgres {
	t.Helper()
	server := servers.Postgres(t, world.NewCA(t, world.Spec{}).Issue(t, world.Spec{}), "log_connections=off")
	server.SQL(t, "SET password_encryption = '"+encryption+"'; ALTER ROLE postgres PASSWORD 'postgres';"+
		"CREATE ROLE other LOGIN PASSWORD 'another one'; CREATE ROLE idle NOLOGIN PASSWORD 'postgres';")
	file := server.SQL(t, "SHOW hba_file")
	require.NoError(t, os.WriteFile(file, []byte(rule+"\n"), 0o600))
	server.SQL(t, "SELECT pg_reload_conf()")
	return server
}

func TestWhatPostgreSQLMakesOfADefaultLogin(t *testing.T) {
	refused := want{refusal: "it asks for a password, and refuses this one", sent: true}
	accepted := want{accepted: true, sent: true}
	for _, test := range []struct {
		encryption, rule string
		tries            map[string]want // by what is changed of the login
	}{
		{"scram-sha-256", "host all all all scram-sha-256", map[string]want{
			"":                         accepted,
			"user other":               refused,
			"user nobody-has-it":       refused,
			"user idle":                {refusal: "the user may not log in", sent: true},
			"database there-is-none":   accepted,
			"without TLS":              accepted,
			"TLS that is not verified": {reason: fact.ReasonInvalid, detail: "certificate"},
		}},
		{"md5", "host all all all md5", map[string]want{"": accepted, "user other": refused}},
		{"scram-sha-256", "host all all all password", map[string]want{"": accepted, "user other": refused}},
		{"scram-sha-256", "host all all all trust", map[string]want{"": {open: true}, "user nobody-has-it": {open: true}}},
		{"scram-sha-256", "host all all all reject", map[string]want{"": {refusal: "it takes no password from here (pg_hba.conf)"}}},
		{"scram-sha-256", "local all all trust", map[string]want{"": {refusal: "it takes no password from here (pg_hba.conf)"}}},
		{"scram-sha-256", "hostssl all all all scram-sha-256", map[string]want{
			"": accepted, "without TLS": {refusal: "it takes no password from here (pg_hba.conf)"},
		}},
		{"scram-sha-256", "host all all all ident", map[string]want{"": {refusal: "it takes no password from here (pg_hba.conf)"}}},
	} {
		t.Run(test.rule+" with "+test.encryption, func(t *testing.T) {
			t.Parallel()
			server := postgres(t, test.encryption, test.rule)
			for change, want := range test.tries {
				declared := system.DefaultLogin{Type: fact.LoginPostgreSQL, Address: server.Addr}
				switch kind, value, _ := strings.Cut(change, " "); kind {
				case "user":
					declared.Username = value
				case "database":
					declared.Database = value
				case "without":
					declared.TLS = system.TLSDisable
				case "TLS":
					declared.TLS = system.TLSVerifyFull
				}
				t.Run("changed: "+change, func(t *testing.T) { requireTry(t, declared, want) })
			}
		})
	}
}

// TestPostgreSQLIsAskedAsDeclared: what the environment says for programs of PostgreSQL, such as a real password, is sent to nobody.
func TestPostgreSQLIsAskedAsDeclared(t *testing.T) {
	server := postgres(t, "scram-sha-256", "host all all all scram-sha-256")
	passwords := filepath.Join(t.TempDir(), "pgpass")
	require.NoError(t, os.WriteFile(passwords, []byte("*:*:*:*:another one\n"), 0o600))
	for name, value := range map[string]string{
		"PGUSER": "other", "PGPASSWORD": "another one", "PGPASSFILE": passwords, "PGSSLMODE": "verify-full", "PGHOST": "192.0.2.1",
		"PGREQUIREAUTH": "none", "PGTARGETSESSIONATTRS": "standby", "PGDATABASE": "elsewhere", "PGCONNECT_TIMEOUT": "1",
	} {
		t.Setenv(name, value)
	}
	requireTry(t, system.DefaultLogin{Type: fact.LoginPostgreSQL, Address: server.Addr}, want{accepted: true, sent: true})
	requireTry(t, system.DefaultLogin{Type: fact.LoginPostgreSQL, Address: server.Addr, Username: "other"},
		want{refusal: "it asks for a password, and refuses this one", sent: true})
}

func TestServersThatAreNotThereHaveCountedNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	for _, declared := range []system.DefaultLogin{
		{Type: fact.LoginPostgreSQL, Address: address}, {Type: fact.LoginSSH, Address: address, Username: "root", Password: "root"},
		{Type: fact.LoginGrafana, URL: "http://" + address}, {Type: fact.LoginHTTP, URL: "http://" + address},
	} {
		t.Run(declared.Type, func(t *testing.T) { requireTry(t, declared, want{reason: fact.ReasonRefused}) })
	}
}

// TestWhatWebServersMakeOfADefaultLogin asks a real nginx.
func TestWhatWebServersMakeOfADefaultLogin(t *testing.T) {
	dir := t.TempDir()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "users"), []byte("admin:{PLAIN}admin\nann:{PLAIN}something else\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "page"), []byte("welcome"), 0o600))
	servers.Nginx(t, dir, address, `server { listen `+address+`; root `+dir+`;
		location /asks { auth_basic x; auth_basic_user_file users; try_files /page =404; }
		location /open { return 200 welcome; }
		location /form { return 302 /login; }
		location /broken { return 500; }
		location /none { return 404; }
	}`)
	for path, test := range map[string]struct {
		username string
		want     want
	}{
		"/asks":   {want: want{accepted: true, sent: true}},
		"/asks?a": {username: "ann", want: want{refusal: "it answers 401", sent: true}},
		"/open":   {want: want{open: true}},
		"/form":   {want: want{refusal: "it answers 302", sent: true}},
		"/broken": {want: want{reason: fact.ReasonFailed, detail: "500"}},
		"/none":   {want: want{reason: fact.ReasonNotFound}},
	} {
		t.Run(path, func(t *testing.T) {
			requireTry(t, system.DefaultLogin{Type: fact.LoginHTTP, URL: "http://" + address + path, Username: test.username}, test.want)
		})
	}
}

package collectors_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/collectors/login"
	"github.com/readiness-exporter/readiness-exporter/internal/collector/conformance"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// guessable is what everybody knows, and nobody is shown.
const guessable = "qwertyuiop"

// loginCase is that of a login that must be refused, and is tried again at once here.
func loginCase(t *testing.T, declared system.DefaultLogin, faults []conformance.Fault) conformance.Case {
	t.Helper()
	declared.Name, declared.Password = "login", guessable
	return conformance.Case{
		New:     named("default_login", collectors.Options{Logins: login.Pace{Again: time.Nanosecond, Unclear: time.Nanosecond}}),
		System:  &system.System{Name: "shop", Environment: "production", Logins: []system.DefaultLogin{declared}},
		Secrets: []string{guessable}, Faults: faults,
	}
}

func grafanaLoginCase(t *testing.T) conformance.Case {
	t.Helper()
	proxy := world.NewProxy(t, world.NewGrafana(t, world.GrafanaSettings{Password: "another one"}).Addr)
	return loginCase(t, system.DefaultLogin{Type: fact.LoginGrafana, URL: "http://" + proxy.Addr}, httpFaults(t, proxy, httptest.NewServer))
}

func webLoginCase(t *testing.T) conformance.Case {
	t.Helper()
	proxy := world.NewProxy(t, answering(t, httptest.NewServer, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
	}))
	answers := answerFaults(t, proxy, httptest.NewServer)
	for i := range answers {
		answers[i].Unnoticed = true // What is answered is the fact.
	}
	return loginCase(t, system.DefaultLogin{Type: fact.LoginHTTP, URL: "http://" + proxy.Addr + "/"}, append(networkFaults(t, proxy, 20), answers...))
}

func databaseLoginCase(t *testing.T) conformance.Case {
	t.Helper()
	server := servers.Postgres(t, world.NewCA(t, world.Spec{}).Issue(t, world.Spec{}))
	proxy := world.NewProxy(t, server.Addr)
	return loginCase(t, system.DefaultLogin{Type: fact.LoginPostgreSQL, Address: proxy.Addr, TLS: system.TLSDisable}, networkFaults(t, proxy, 5))
}

// databaseCase is that of a database that asks for a password, without its faults.
func databaseCase(t *testing.T) (c conformance.Case, proxy *world.Proxy, passwordFile string) {
	t.Helper()
	const password = "x8Kq2mZ7vT4pLw9r"
	server := servers.Postgres(t, world.NewCA(t, world.Spec{}).Issue(t, world.Spec{}))
	server.SQL(t, "CREATE ROLE readiness LOGIN PASSWORD '"+password+"'; CREATE TABLE orders (id int)")
	server.Permit(t, "host all readiness all scram-sha-256", "host all postgres all trust")
	proxy = world.NewProxy(t, server.Addr)
	passwordFile = file(t, password)
	return conformance.Case{
		System: &system.System{Name: "shop", Environment: "production", Databases: []system.Database{{
			Name: "main", URL: "postgresql://" + proxy.Addr + "/postgres", Username: "readiness", PasswordFile: passwordFile, TLS: system.TLSDisable,
		}}},
		Secrets: []string{password},
	}, proxy, passwordFile
}

func databaseConnectionCase(t *testing.T) conformance.Case {
	t.Helper()
	c, proxy, passwordFile := databaseCase(t)
	c.Faults = networkFaults(t, proxy, 5)
	for i := range c.Faults {
		c.Faults[i].Unnoticed = true // That it does not answer is the fact.
	}
	c.Faults = append(c.Faults, moved("whose password is gone", passwordFile, fact.ReasonNotFound))
	return c
}

func databaseSchemaCase(t *testing.T) conformance.Case {
	t.Helper()
	c, proxy, passwordFile := databaseCase(t)
	c.Faults = append(networkFaults(t, proxy, 5), moved("whose password is gone", passwordFile, fact.ReasonNotFound))
	return c
}

func sshLoginCase(t *testing.T) conformance.Case {
	t.Helper()
	server := servers.SSHD(t, "PasswordAuthentication yes", "MaxStartups 100")
	proxy := world.NewProxy(t, server.Addr)
	return loginCase(t, system.DefaultLogin{
		Type: fact.LoginSSH, Address: proxy.Addr, Username: "root", HostKeys: []string{server.HostKey},
	}, append(networkFaults(t, proxy, 20), leads(proxy, "is another one", servers.SSHD(t).Addr, false, fact.ReasonDenied)))
}

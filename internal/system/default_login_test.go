package system_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestMistakesInDefaultLogins(t *testing.T) {
	for name, test := range map[string]struct {
		login system.DefaultLogin
		wants string // empty: nothing is wrong
	}{
		"a Grafana":                     {system.DefaultLogin{Type: "grafana", URL: "https://grafana.example.com/"}, ""},
		"a database":                    {system.DefaultLogin{Type: "postgresql", Address: "db.example.com:5432", TLS: "verify-full", CAFile: "/ca.pem"}, ""},
		"an SSH server":                 {system.DefaultLogin{Type: "ssh", Address: "192.0.2.7:22", Username: "pi", Password: "raspberry"}, ""},
		"the password of a chart":       {system.DefaultLogin{Type: "grafana", URL: "https://grafana.example.com/", Password: "prom-operator"}, ""},
		"another type":                  {system.DefaultLogin{Type: "mysql"}, "type"},
		"no address":                    {system.DefaultLogin{Type: "postgresql"}, "expected host:port"},
		"an address of another type":    {system.DefaultLogin{Type: "grafana", URL: "https://grafana.example.com/", Address: "a:1"}, "not of a login of type grafana"},
		"credentials in the URL":        {system.DefaultLogin{Type: "http", URL: "https://a:b@shop.example.com/"}, "credentials do not belong in it"},
		"authorities that nobody asks":  {system.DefaultLogin{Type: "postgresql", Address: "a:1", CAFile: "/ca.pem"}, "verify-full"},
		"nobody to be refused":          {system.DefaultLogin{Type: "ssh", Address: "a:1", Password: "root"}, "username is missing"},
		"no password to be refused":     {system.DefaultLogin{Type: "ssh", Address: "a:1", Username: "root"}, "password is missing"},
		"a way of TLS that tries twice": {system.DefaultLogin{Type: "postgresql", Address: "a:1", TLS: "prefer"}, "tls"},
		"a host key that is none":       {system.DefaultLogin{Type: "ssh", Address: "a:1", Username: "a", Password: "a", HostKeys: []string{"x"}}, "host_keys"},
	} {
		t.Run(name, func(t *testing.T) {
			test.login.Name = "login"
			described := &system.System{Name: "shop", Environment: "production", Logins: []system.DefaultLogin{test.login}}
			requireMistake(t, described, test.wants)
		})
	}
}

// TestARealPasswordIsNotTaken: what is declared is sent to a server, and what is wrong with it is shown.
func TestARealPasswordIsNotTaken(t *testing.T) {
	const password = "x8Kq2mZ7vT4pLw9rQz3b"
	described := &system.System{Name: "shop", Environment: "production", Logins: []system.DefaultLogin{
		{Name: "login", Type: "grafana", URL: "https://grafana.example.com/", Password: password},
	}}
	requireMistake(t, described, "a real one does not belong here")
	require.NotContains(t, fmt.Sprint(described.Validate(nil, time.Now())), password)
}

package system_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestPrometheus_Validate(t *testing.T) {
	at := func(more ...any) []any { return append([]any{"prometheus", 0}, more...) }
	const address = "https://prometheus.example.com/tenant"
	login := func() *system.BasicAuth { return &system.BasicAuth{Username: "reader", PasswordFile: "/run/password"} }
	for _, c := range []struct {
		name   string
		server system.Prometheus
		want   mistake.List
	}{
		{"a name and a URL are enough", system.Prometheus{Name: "main", URL: address}, nil},
		{"a token is right", system.Prometheus{Name: "main", URL: address, BearerTokenFile: "/run/token", CAFile: "/etc/ca.pem"}, nil},
		{"a password is right", system.Prometheus{Name: "main", URL: address, BasicAuth: login()}, nil},
		{
			"a URL has a scheme and a host", system.Prometheus{Name: "main", URL: "prometheus:9090"},
			mistake.List{{Path: at("url"), Message: "url: expected one such as https://prometheus.example.com"}},
		},
		{
			"credentials do not stand in a URL, nor are they repeated",
			system.Prometheus{Name: "main", URL: "https://reader:canary@prometheus.example.com"},
			mistake.List{{Path: at("url"), Message: "url: credentials do not belong in it; use bearer_token_file or basic_auth"}},
		},
		{
			"a URL is a base, to which the path of the API is added",
			system.Prometheus{Name: "main", URL: "https://prometheus.example.com/?tenant=a"},
			mistake.List{{Path: at("url"), Message: "url: expected no ? in it"}},
		},
		{
			"one login is enough, and files are absolute",
			system.Prometheus{Name: "main", URL: address, CAFile: "ca.pem", BearerTokenFile: "token", BasicAuth: &system.BasicAuth{}},
			mistake.List{
				{Path: at("ca_file"), Message: `ca_file "ca.pem": expected an absolute path`},
				{Path: at("bearer_token_file"), Message: `bearer_token_file "token": expected an absolute path`},
				{Path: at(), Message: "expected either bearer_token_file or basic_auth, not both"},
				{Path: at("basic_auth"), Message: "username is missing"},
				{Path: at("basic_auth"), Message: "password_file is missing"},
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := system.System{Name: "shop", Environment: "production", Prometheus: []system.Prometheus{c.server}}
			require.Equal(t, c.want, mistakesOf(&s))
		})
	}
	twice := system.Prometheus{Name: "main", URL: address}
	s := system.System{Name: "shop", Environment: "production", Prometheus: []system.Prometheus{twice, twice}}
	require.Equal(t, mistake.List{
		{Path: []any{"prometheus", 1}, Message: `prometheus "main" stands twice: entry 1 has it already`},
	}, mistakesOf(&s))
}

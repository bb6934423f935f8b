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
		{"a tenant is right", system.Prometheus{Name: "main", URL: address, Tenant: "shop|front"}, nil},
		{
			"a tenant is what a header can hold", system.Prometheus{Name: "main", URL: address, Tenant: "a\r\nb: c"},
			mistake.List{{Path: at("tenant"), Message: `tenant "a\r\nb: c": expected letters, digits and punctuation, without blanks`}},
		},
		{
			"a replica is one of another, and has rules", system.Prometheus{Name: "main", URL: address, ReplicaOf: "main", QueriesOnly: true},
			mistake.List{
				{Path: at("replica_of"), Message: "replica_of: expected none where queries_only is true, since its rules are not collected"},
				{Path: at("replica_of"), Message: `replica_of "main": expected the name of another Prometheus of the list, which is neither a replica itself nor queries_only`},
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

func TestPrometheus_replicasNameOneThatIsDeclared(t *testing.T) {
	const address = "https://prometheus.example.com/tenant"
	s := system.System{Name: "shop", Environment: "production", Prometheus: []system.Prometheus{
		{Name: "a", URL: address}, {Name: "b", URL: address, ReplicaOf: "a"}, {Name: "c", URL: address, ReplicaOf: "b"}, {Name: "d", URL: address, ReplicaOf: "x"},
	}}
	list := mistakesOf(&s)
	require.Len(t, list, 2)
	require.Equal(t, []any{"prometheus", 2, "replica_of"}, list[0].Path)
	require.Equal(t, []any{"prometheus", 3, "replica_of"}, list[1].Path)
}

package system_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// Nothing of the machine, the cluster, files, repositories or others' APIs is collected from a vantage point, nothing that takes a
// credential, and nothing that was discovered.
func TestWhatIsCollectedFromAVantagePoint(t *testing.T) {
	s := &system.System{
		Name: "shop", Environment: "production", Owner: "team",
		VantagePoints: []system.VantagePoint{{Name: "frankfurt"}},
		Hosts: []system.Host{
			{Name: "web", Addresses: []string{"203.0.113.7"}, Ports: &system.Ports{}, Filesystems: []system.Filesystem{{Mount: "/"}}},
			{Name: "db", Addresses: []string{"10.0.0.7"}, Ports: &system.Ports{}, LocalOnly: true},
			{Name: "this"},
		},
		Kubernetes:   []system.Cluster{{Name: "main"}},
		Domains:      []system.Domain{{Name: "shop.example.com"}, {Name: "db.example.internal", LocalOnly: true}},
		Backups:      []system.Backup{{}},
		Repositories: []system.Repository{{}},
		Documents:    []system.Document{{}},
		Prometheus:   []system.Prometheus{{}},
		Endpoints: []system.Endpoint{
			{URL: "https://shop.example.com/"},
			{URL: "https://shop.example.com/metrics", Purpose: "metrics"},
			{URL: "https://shop.example.com/a", BearerTokenFile: "/a"},
			{URL: "https://shop.example.com/b", BasicAuth: &system.BasicAuth{}},
			{URL: "https://shop.example.com/c", ClientCertificate: &system.ClientCertificate{}},
			{URL: "https://found.example.com/", Found: &system.Found{}},
			{URL: "http://10.0.0.7/", LocalOnly: true},
		},
		Certificates: []system.Certificate{
			{Address: "mail.example.com:25", StartTLS: "smtp"}, {Path: "/etc/ssl"}, {Address: "db:5432", LocalOnly: true},
			{Address: "found.example.com:443", Found: &system.Found{}},
		},
		DiscoveredNames: []system.DiscoveredName{{Name: "found.example.com"}},
	}
	require.Equal(t, &system.System{
		Name: "shop", Environment: "production", Owner: "team", Vantage: "frankfurt",
		Hosts:        []system.Host{{Name: "web", Remote: true, Addresses: []string{"203.0.113.7"}, Ports: &system.Ports{}}},
		Domains:      []system.Domain{{Name: "shop.example.com"}},
		Endpoints:    []system.Endpoint{{URL: "https://shop.example.com/"}},
		Certificates: []system.Certificate{{Address: "mail.example.com:25", StartTLS: "smtp"}},
		PrivateMetrics: []system.Endpoint{
			{URL: "https://shop.example.com/metrics", Purpose: "metrics"},
		},
	}, s.From("frankfurt"))
	require.Equal(t, s.From("frankfurt"), s.From("frankfurt").From("frankfurt"), "both exporters make the same of it")
}

// The metrics of an endpoint could be had at its own address, and by its path at each server that is reached from outside; nobody sends a
// credential, an authority counts for nothing, and a machine does not ask itself.
func TestWhereMetricsCouldBeHadFromOutside(t *testing.T) {
	host := map[string]string{"Host": "shop.example.com"}
	public := []system.Endpoint{
		{URL: "https://shop.example.com/", CAFile: "/ca.pem", Expect: system.EndpointExpectation{Status: []int{301}}},
		{URL: "https://203.0.113.7:8443/ready?full=1", Purpose: "health", RequestHeaders: host, ProxyURL: "http://proxy.example.com:3128"},
		{URL: "https://api.example.com/v1", Purpose: "api", BearerTokenFile: "/token", Method: "POST"},
		{URL: "http://10.0.0.7:3000/", LocalOnly: true},
		{URL: "https://found.example.com/", Found: &system.Found{}},
		{URL: "http://db.example.com:9187/metrics", Purpose: "metrics"},
	}
	elsewhere := []system.Endpoint{
		{URL: "https://shop.example.com/actuator/prometheus?a=b", Purpose: "metrics"},
		{
			URL: "https://203.0.113.7:8443/actuator/prometheus?a=b", Purpose: "metrics", RequestHeaders: host,
			ProxyURL: "http://proxy.example.com:3128",
		},
		{URL: "https://api.example.com/actuator/prometheus?a=b", Purpose: "metrics"},
	}
	for name, c := range map[string]struct {
		metrics system.Endpoint
		own     []system.Endpoint
	}{
		"at a name": {
			system.Endpoint{URL: "http://app.example.com:9090/actuator/prometheus?a=b", BasicAuth: &system.BasicAuth{}, CAFile: "/ca.pem"},
			[]system.Endpoint{{URL: "http://app.example.com:9090/actuator/prometheus?a=b", Purpose: "metrics"}},
		},
		"at a private address": {
			system.Endpoint{URL: "http://10.0.0.7:9090/actuator/prometheus?a=b"},
			[]system.Endpoint{{URL: "http://10.0.0.7:9090/actuator/prometheus?a=b", Purpose: "metrics"}},
		},
		"at one that is local":         {system.Endpoint{URL: "http://10.0.0.7:9090/actuator/prometheus?a=b", LocalOnly: true}, nil},
		"on this machine":              {system.Endpoint{URL: "http://127.0.0.1:9090/actuator/prometheus?a=b"}, nil},
		"on this machine over IPv6":    {system.Endpoint{URL: "http://[::1]:9090/actuator/prometheus?a=b"}, nil},
		"on this machine, by its name": {system.Endpoint{URL: "http://app.localhost:9090/actuator/prometheus?a=b"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := &system.System{Endpoints: public}
			require.Equal(t, slices.Concat(c.own, elsewhere), s.MetricsOutside(c.metrics))
		})
	}
	require.Empty(t, new(system.System).MetricsOutside(system.Endpoint{URL: "http://localhost/metrics"}))
}

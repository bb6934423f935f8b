package system_test

import (
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
	}, s.From("frankfurt"))
	require.Equal(t, s.From("frankfurt"), s.From("frankfurt").From("frankfurt"), "both exporters make the same of it")
}

package system_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestMistakesInCertificatesAreFound(t *testing.T) {
	for name, test := range map[string]struct {
		certificates []system.Certificate
		want         []string
	}{
		"addresses, server names and paths are right": {
			certificates: []system.Certificate{
				{Address: "shop.example.com:443"}, {Address: "[::1]:443", ServerName: "shop.example.com"},
				{Address: "[::1]:443", ServerName: "www.example.com"}, {Address: "mail.example.com:25", StartTLS: "smtp"},
				{Address: "db.example.com:5432", StartTLS: "postgres", CAFile: "/etc/ca.pem"},
				{Path: "/etc/ssl/shop.pem"}, {Path: "/etc/ssl"}, {Path: "/etc/letsencrypt/live/*/fullchain.pem"},
			},
		},
		"neither address nor path is a mistake": {
			certificates: []system.Certificate{{ServerName: "shop.example.com"}},
			want:         []string{"expected address (host:port) or path (of PEM files)"},
		},
		"both address and path are a mistake": {
			certificates: []system.Certificate{{Address: "a:443", Path: "/a"}},
			want:         []string{"expected either address or path, not both"},
		},
		"an address needs a port in figures": {
			certificates: []system.Certificate{{Address: "a"}, {Address: ":443"}, {Address: "a:"}, {Address: "a:https"}, {Address: "a:65536"}, {Address: "a:0"}},
			want: []string{
				`address "a": expected host:port`, `address ":443": expected host:port`, `address "a:": expected host:port`,
				`address "a:https": expected host:port`, `address "a:65536": expected host:port`,
				`address "a:0": expected host:port`,
			},
		},
		"an unknown protocol is a mistake": {
			certificates: []system.Certificate{{Address: "a:21", StartTLS: "ftp"}},
			want:         []string{`starttls "ftp": expected one of smtp, postgres`},
		},
		"a path is absolute": {
			certificates: []system.Certificate{{Path: "shop.pem"}},
			want:         []string{`path "shop.pem": expected an absolute path or pattern`},
		},
		"a pattern is well formed": {
			certificates: []system.Certificate{{Path: "/etc/[a"}},
			want:         []string{`path "/etc/[a": syntax error in pattern`},
		},
		"a pattern that seems to reach into folders of folders is a mistake": {
			certificates: []system.Certificate{{Path: "/etc/**/cert.pem"}},
			want:         []string{`path "/etc/**/cert.pem": ** is not supported, since * stands for a part of one name: declare a pattern for each depth`},
		},
		"what is for addresses does not go with a path": {
			certificates: []system.Certificate{{Path: "/a.pem", StartTLS: "smtp", ServerName: "a"}},
			want: []string{
				"starttls goes with address, not with path", "server_name goes with address, not with path",
			},
		},
		"a relative ca_file is a mistake": {
			certificates: []system.Certificate{{Path: "/a.pem", CAFile: "ca.pem"}},
			want:         []string{`ca_file "ca.pem": expected an absolute path`},
		},
		"the host is the server name where none is given": {
			certificates: []system.Certificate{{Address: "a:443"}, {Address: "a:443", ServerName: "a"}},
			want:         []string{`address with server_name "a:443 a" stands twice: entry 1 has it already`},
		},
		"a path stands once": {
			certificates: []system.Certificate{{Path: "/a.pem"}, {Path: "/a.pem", CAFile: "/ca.pem"}},
			want:         []string{`path "/a.pem" stands twice: entry 1 has it already`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := system.System{Name: "shop", Environment: "production", Certificates: test.certificates}
			var messages []string
			for _, mistake := range mistakesOf(&s) {
				messages = append(messages, mistake.Message)
			}
			require.Equal(t, test.want, messages)
		})
	}
}

func TestTheVerifiedNameIsTheServerNameOrTheHost(t *testing.T) {
	for want, certificate := range map[string]system.Certificate{
		"shop.example.com": {Address: "10.0.0.1:443", ServerName: "shop.example.com"},
		"10.0.0.1":         {Address: "10.0.0.1:443"},
		"::1":              {Address: "[::1]:443"},
		"malformed":        {Address: "malformed"},
	} {
		require.Equal(t, want, certificate.VerifiedName())
	}
}

package sshd_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/sshd"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

var now = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

func TestDaemonConfiguration(t *testing.T) {
	login := func(condition string, users []string, methods ...string) fact.SSHLogin {
		l := fact.SSHLogin{Users: users, Condition: condition}
		for _, each := range methods {
			l.Methods = append(l.Methods, fact.SSHMethod{Name: each, Origin: "X yes, /etc/ssh/sshd_config:1"})
		}
		return l
	}
	ann := []string{"ann"}
	for name, test := range map[string]struct {
		logins []fact.SSHLogin
		root   fact.SSHRootLogin
		want   []checktest.Finding
	}{
		"keys alone pass": {logins: []fact.SSHLogin{login("", ann, "publickey", "gssapi-with-mic", "hostbased")}},
		"a password fails": {
			logins: []fact.SSHLogin{login("", []string{"*", "ann", "root"}, "publickey", "password")},
			want: checktest.One("method_offered", check.Fail,
				"The method password is offered to ann, root and every user that the host does not list (X yes, /etc/ssh/sshd_config:1)."),
		},
		"so does a dialogue from some addresses": {
			logins: []fact.SSHLogin{login("", ann, "publickey"), login("Address 10.0.0.0/8", ann, "keyboard-interactive")},
			want: checktest.One("method_offered", check.Fail,
				"The method keyboard-interactive is offered to ann under Match Address 10.0.0.0/8 (X yes, /etc/ssh/sshd_config:1)."),
		},
		"root by a key passes":        {root: fact.SSHRootLogin{Value: "prohibit-password"}},
		"root who may not passes":     {root: fact.SSHRootLogin{Value: "no"}},
		"root for one command passes": {root: fact.SSHRootLogin{Value: "forced-commands-only"}},
		"root by a password fails": {
			root: fact.SSHRootLogin{Value: "yes", Origin: "PermitRootLogin yes, /etc/ssh/sshd_config:9"},
			want: checktest.One("root_login", check.Fail, "Root can log in (PermitRootLogin yes, /etc/ssh/sshd_config:9)."),
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := fact.SSHDaemon{Host: "web-1", Path: "/etc/ssh/sshd_config", Logins: test.logins}
			if test.root.Value != "" {
				d.RootLogins = []fact.SSHRootLogin{test.root}
			}
			require.Equal(t, test.want, checktest.Case{
				Kind: sshd.DaemonConfiguration(), Now: now, Sets: []fact.AnySet{checktest.Facts(fact.SSHDaemons(), d)},
			}.Judge(t))
		})
	}
	t.Run("a host without a server is undeclared", func(t *testing.T) {
		require.Equal(t, checktest.One("no_ssh_daemon", check.Undeclared, "No host has an SSH server."),
			checktest.Case{Kind: sshd.DaemonConfiguration(), Now: now, Sets: []fact.AnySet{checktest.Facts(fact.SSHDaemons())}}.Judge(t))
	})
	t.Run("no value of PermitRootLogin makes no sense", func(t *testing.T) {
		require.NoError(t, sshd.DaemonConfiguration().Defaults.Validate())
		p := sshd.DaemonConfigurationParameters{ForbiddenMethods: []sshd.Method{"password"}}
		require.ErrorContains(t, p.Validate(), "root_login: expected at least one of no, prohibit-password")
	})
}

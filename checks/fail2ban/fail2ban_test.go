package fail2ban_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/fail2ban"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestFail2ban(t *testing.T) {
	with := func(jails ...fact.Fail2banJail) fact.Fail2ban {
		return fact.Fail2ban{Host: "web-1", Installed: true, Running: true, Starts: true, Jails: jails}
	}
	sshd := fact.Fail2banJail{Name: "sshd", Filter: "sshd", Origin: "/etc/fail2ban/jail.local", Bans: true}
	silent, open, renamed, other := sshd, sshd, sshd, sshd
	silent.Bans, open.IgnoresAll, renamed.Name = false, true, "ssh-with-ufw"
	other.Name, other.Filter = "nginx-http-auth", "nginx-http-auth"
	stopped, lost := with(), with(sshd)
	stopped.Running, lost.Starts = false, false
	v := checktest.Of(t, fail2ban.Fail2ban(), fact.Fail2bans())
	v.Finds("it runs with the jail", with(sshd, other))
	v.Finds("a jail of another name has the filter", with(renamed))
	v.Finds("one of two jails bans", with(silent, renamed))
	v.Finds("it is not installed", fact.Fail2ban{Host: "web-1"}, "fail not_installed: There is no program fail2ban-server on the host.")
	v.Finds("it does not run", stopped, "fail not_running: No process fail2ban-server was found.")
	v.Finds("no jail is enabled", with(), "fail jail_not_enabled: No jail is enabled for the filter sshd; none is enabled.")
	v.Finds("only another jail is enabled", with(other),
		"fail jail_not_enabled: No jail is enabled for the filter sshd; enabled is nginx-http-auth.")
	v.Finds("the jail has no action", with(silent),
		"fail jail_bans_nobody: The jail sshd, enabled in /etc/fail2ban/jail.local, has no action.")
	v.Finds("the jail ignores all", with(open),
		"fail jail_bans_nobody: The jail sshd, enabled in /etc/fail2ban/jail.local, ignores all addresses.")
	v.Finds("nothing starts it", lost, "warn not_started_at_boot: The service fail2ban is not enabled.")
}

func TestParametersThatCannotBeAreRefused(t *testing.T) {
	require.NoError(t, fail2ban.Fail2ban().Defaults.Validate())
	require.EqualError(t, fail2ban.Parameters{}.Validate(), "jails: expected at least one, such as sshd")
	require.Error(t, fail2ban.Parameters{Jails: []string{" "}}.Validate())
}

// Package fail2ban judges whether hosts ban who guesses passwords.
package fail2ban

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// Parameters tune fail2ban.
type Parameters struct {
	// Jails that must be enabled, by the filters that they watch by: a jail of another name with the filter sshd counts as sshd.
	Jails []string `yaml:"jails"`
}

// Validate says what cannot be.
func (p Parameters) Validate() error {
	if len(p.Jails) == 0 {
		return check.Wrong("jails", "expected at least one, such as sshd")
	}
	return check.NotBlank("jails", p.Jails)
}

// Fail2ban judges whether fail2ban runs on each host, with the jails that are wanted.
func Fail2ban() check.Kind[Parameters] {
	missing := check.Reason{
		Name: "not_installed", Level: check.Fail, Sentence: "The host has no fail2ban.",
		Remedy: "Install it: apt-get install fail2ban, or dnf install fail2ban. Where something else bans who guesses passwords, list the " +
			"item under not_applicable with that as the reason.",
	}
	stopped := check.Reason{
		Name: "not_running", Level: check.Fail, Sentence: "The fail2ban of the host does not run.",
		Remedy: "Read why: journalctl -u fail2ban. Without /var/log/auth.log set backend = systemd for the jail in /etc/fail2ban/jail.local. " +
			"Then: systemctl enable --now fail2ban.",
	}
	off := check.Reason{Name: "jail_not_enabled", Level: check.Fail, Sentence: "A jail that is wanted is not enabled."}
	idle := check.Reason{
		Name: "jail_bans_nobody", Level: check.Fail, Sentence: "A jail that is wanted bans nobody.",
		Remedy: "Give the jail an action, and take 0.0.0.0/0 and ::/0 out of its ignoreip, in /etc/fail2ban/jail.local. Then: " +
			"fail2ban-client reload.",
	}
	lost := check.Reason{
		Name: "not_started_at_boot", Level: check.Warn, Sentence: "Nothing was found that starts fail2ban with the host.",
		Remedy: "Enable it: systemctl enable fail2ban.",
	}
	return check.Kind[Parameters]{
		Name:    "fail2ban",
		Summary: "On every host fail2ban runs, with the jails that are wanted.",
		Remedy: "Enable the jail: write [sshd] and below it enabled = true into /etc/fail2ban/jail.local, then: fail2ban-client reload. " +
			"What takes effect: fail2ban-client -d.",
		Reasons:  []check.Reason{missing, stopped, off, idle, lost},
		Defaults: Parameters{Jails: []string{"sshd"}},
		Over: []check.Quantified[Parameters]{
			check.Each(fact.Fail2bans(), func(_ check.Context, f *fact.Fail2ban, p Parameters) (problems []check.Problem) {
				switch {
				case !f.Installed:
					return []check.Problem{missing.Problem("There is no program fail2ban-server on the host.")}
				case !f.Running:
					return []check.Problem{stopped.Problem("No process fail2ban-server was found.")}
				}
				var absent []string
				for _, wanted := range p.Jails {
					watches := func(j fact.Fail2banJail) bool { return j.Filter == wanted }
					at := slices.IndexFunc(f.Jails, func(j fact.Fail2banJail) bool { return watches(j) && j.Bans && !j.IgnoresAll })
					if at >= 0 {
						continue
					}
					if at = slices.IndexFunc(f.Jails, watches); at >= 0 {
						problems = append(problems, idle.Problem(fmt.Sprintf("The jail %s, enabled in %s, %s.",
							f.Jails[at].Name, f.Jails[at].Origin, why(f.Jails[at]))))
						continue
					}
					absent = append(absent, wanted)
				}
				if len(absent) > 0 {
					problems = append(problems, off.Problem(fmt.Sprintf("No jail is enabled for the %s; %s.",
						words.Named("filter", absent), enabled(f.Jails))))
				}
				if !f.Starts {
					problems = append(problems, lost.Problem("The service fail2ban is not enabled."))
				}
				return problems
			}),
		},
		WhenEmpty: check.Reason{
			Name: "no_host", Level: check.Undeclared, Sentence: "No host is declared.",
			Remedy: "Add the machine to hosts in the system description, or list the item under not_applicable with a reason.",
		},
	}
}

func why(jail fact.Fail2banJail) string {
	if !jail.Bans {
		return "has no action"
	}
	return "ignores all addresses"
}

func enabled(jails []fact.Fail2banJail) string {
	names := make([]string, len(jails))
	for i, jail := range jails {
		names[i] = jail.Name
	}
	if len(names) == 0 {
		return "none is enabled"
	}
	return "enabled is " + words.List(names)
}

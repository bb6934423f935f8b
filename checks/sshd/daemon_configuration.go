// Package sshd judges SSH servers: by their configuration, and by what they offer over the network.
package sshd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// DaemonConfigurationParameters tune ssh_daemon_configuration.
type DaemonConfigurationParameters struct {
	// ForbiddenMethods are the methods of authentication that must be offered to nobody, neither alone nor as the first of several.
	ForbiddenMethods []Method `yaml:"forbidden_methods"`
	// RootLogin are the values of PermitRootLogin that are allowed; prohibit-password allows forced-commands-only too.
	RootLogin []RootLogin `yaml:"root_login"`
}

// A Method is a method of authentication.
type Method = quantity.Choice[methods]

type methods struct{}

// Values lists them, by their names in the protocol.
func (methods) Values() []string {
	return []string{"password", "keyboard-interactive", "gssapi-with-mic", "hostbased", "publickey"}
}

// A RootLogin is a value of PermitRootLogin.
type RootLogin = quantity.Choice[rootLogins]

type rootLogins struct{}

// Values lists them; without-password is an old name of prohibit-password.
func (rootLogins) Values() []string {
	return []string{"no", "prohibit-password", "forced-commands-only", "yes"}
}

// Validate tells what makes no sense.
func (p DaemonConfigurationParameters) Validate() error {
	switch {
	case len(p.ForbiddenMethods) == 0:
		return check.Wrong("forbidden_methods", "expected at least one of %s", strings.Join(methods{}.Values(), ", "))
	case len(p.RootLogin) == 0:
		return check.Wrong("root_login", "expected at least one of %s", strings.Join(rootLogins{}.Values(), ", "))
	}
	return nil
}

// DaemonConfiguration judges whom the SSH server of each host lets in how.
func DaemonConfiguration() check.Kind[DaemonConfigurationParameters] {
	return check.Kind[DaemonConfigurationParameters]{
		Name: "ssh_daemon_configuration",
		Summary: "The SSH server of every host offers no user a forbidden method of authentication, by its configuration and as it answers, " +
			"and lets root in only as allowed.",
		Remedy:  "Change the configuration of the SSH server, then: sshd -t && systemctl reload ssh.",
		Reasons: []check.Reason{methodOffered(), rootLogin(), openToAll()},
		Defaults: DaemonConfigurationParameters{
			ForbiddenMethods: []Method{"password", "keyboard-interactive"}, RootLogin: []RootLogin{"no", "prohibit-password"},
		},
		Over: []check.Quantified[DaemonConfigurationParameters]{
			check.Each(fact.SSHDaemons(), func(_ check.Context, d *fact.SSHDaemon, p DaemonConfigurationParameters) []check.Problem {
				return append(judgeMethods(d, p.ForbiddenMethods), judgeRoot(d, p)...)
			}),
			check.Each(fact.SSHServers(), func(_ check.Context, s *fact.SSHServer, p DaemonConfigurationParameters) []check.Problem {
				return judgeOffers(s, p.ForbiddenMethods)
			}),
		},
		WhenEmpty: noDaemon(),
	}
}

func noDaemon() check.Reason {
	return check.Reason{
		Name: "no_ssh_daemon", Level: check.Undeclared, Sentence: "No host has an SSH server.",
		Remedy: "Declare the addresses and ssh of a host to have its server asked over the network. Where nobody logs in by SSH, list the item " +
			"under not_applicable with that reason.",
	}
}

func methodOffered() check.Reason {
	return check.Reason{
		Name: "method_offered", Level: check.Fail, Sentence: "The SSH server offers a method of authentication that it should not.",
		Remedy: "Make sure that a key lets you in. Then set PasswordAuthentication no and KbdInteractiveAuthentication no where the detail " +
			"says that they are set, or in the first file that is included, and: sshd -t && systemctl reload ssh.",
	}
}

func rootLogin() check.Reason {
	return check.Reason{
		Name: "root_login", Level: check.Fail, Sentence: "The SSH server lets root log in as it should not.",
		Remedy: "Set PermitRootLogin prohibit-password, or no, where the detail says that it is set, and: sshd -t && systemctl reload ssh.",
	}
}

func judgeMethods(d *fact.SSHDaemon, forbidden []Method) (problems []check.Problem) {
	for i := range d.Logins {
		login := &d.Logins[i]
		for _, method := range login.Methods {
			if quantity.ChoiceOf(forbidden, method.Name) {
				problems = append(problems, methodOffered().Problem(fmt.Sprintf("The method %s is offered to %s%s (%s).",
					method.Name, whom(login.Users), under(login.Condition), method.Origin)))
			}
		}
	}
	return problems
}

// judgeRoot takes a login that runs certain commands only for one by key alone, which it is.
func judgeRoot(d *fact.SSHDaemon, p DaemonConfigurationParameters) (problems []check.Problem) {
	for _, root := range d.RootLogins {
		allowed := quantity.ChoiceOf(p.RootLogin, root.Value) ||
			root.Value == "forced-commands-only" && quantity.ChoiceOf(p.RootLogin, "prohibit-password")
		if !allowed {
			problems = append(problems, rootLogin().Problem(fmt.Sprintf("Root can log in%s (%s).", under(root.Condition), root.Origin)))
		}
	}
	return problems
}

// whom names users: of the machine, and those that it does not list.
func whom(users []string) string {
	named := slices.DeleteFunc(slices.Clone(users), func(name string) bool { return name == fact.OtherUsers })
	if len(named) < len(users) {
		named = append(named, "every user that the host does not list")
	}
	return words.List(named)
}

func under(condition string) string {
	if condition == "" {
		return ""
	}
	return " under Match " + condition
}

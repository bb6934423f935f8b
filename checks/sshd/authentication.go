package sshd

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// AuthenticationParameters tune ssh_authentication.
type AuthenticationParameters struct {
	// RequiredMethods are the methods of authentication that must be offered.
	RequiredMethods []Method `yaml:"required_methods"`
	// ForbiddenMethods are those that must be offered to nobody, neither alone nor as the first of several.
	ForbiddenMethods []Method `yaml:"forbidden_methods"`
	// Reachable: a declared server must answer; otherwise one that does not leaves the item unknown.
	Reachable bool `yaml:"reachable"`
	// SoundAlgorithms: what a server offers and is broken is reported.
	SoundAlgorithms bool `yaml:"sound_algorithms"`
}

// Validate tells what makes no sense.
func (p AuthenticationParameters) Validate() error {
	for _, method := range p.RequiredMethods {
		if slices.Contains(p.ForbiddenMethods, method) {
			return check.Wrong("forbidden_methods", "%s is required too", method)
		}
	}
	return nil
}

// Authentication judges how SSH servers let users in: by their configuration, and as they answer.
func Authentication() check.Kind[AuthenticationParameters] {
	return check.Kind[AuthenticationParameters]{
		Name: "ssh_authentication",
		Summary: "Every SSH server offers the required methods of authentication and no forbidden one, by its configuration and as it " +
			"answers, and proves itself by a declared host key.",
		Remedy:  "Change the configuration of the SSH server, then: sshd -t && systemctl reload ssh.",
		Reasons: []check.Reason{unreachable(), hostKeyChanged(), methodMissing(), methodOffered(), openToAll(), notDetermined(), broken()},
		Defaults: AuthenticationParameters{
			RequiredMethods: []Method{"publickey"}, ForbiddenMethods: []Method{"password", "keyboard-interactive"},
		},
		Over: []check.Quantified[AuthenticationParameters]{
			check.Each(fact.SSHDaemons(), func(_ check.Context, d *fact.SSHDaemon, p AuthenticationParameters) []check.Problem {
				return append(judgeMethods(d, p.ForbiddenMethods), judgeRequired(d, p.RequiredMethods)...)
			}),
			check.Each(fact.SSHServers(), judgeServer).Topics(func(p AuthenticationParameters) []string {
				if p.Reachable {
					return nil // Why they could not be determined is judged here.
				}
				return []string{fact.TopicMethods}
			}),
		},
		WhenEmpty: noDaemon(),
	}
}

func unreachable() check.Reason {
	return check.Reason{
		Name: "unreachable", Level: check.Fail, Sentence: "No SSH server answers at a declared address.",
		Remedy: "Try it from the machine of the exporter (ssh -v ADDRESS), and fix what that shows: address, port, firewall, server. Where the " +
			"exporter is not meant to reach it, remove ssh of the host from the system description.",
	}
}

func hostKeyChanged() check.Reason {
	return check.Reason{
		Name: "host_key_changed", Level: check.Fail, Sentence: "The SSH server proves itself by another host key than the declared ones.",
		Remedy: "Compare it with the key on the machine: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub. Where the machine has new keys, " +
			"declare them under ssh.host_keys; otherwise another machine answers in its place: find out which before anybody logs in.",
	}
}

func methodMissing() check.Reason {
	return check.Reason{
		Name: "method_missing", Level: check.Fail, Sentence: "The SSH server does not offer a required method of authentication.",
		Remedy: "Set PubkeyAuthentication yes, check AuthenticationMethods and Match blocks, and: sshd -t && systemctl reload ssh.",
	}
}

func openToAll() check.Reason {
	return check.Reason{
		Name: "open_to_all", Level: check.Fail, Urgent: true, Sentence: "The SSH server lets a user in without any credential.",
		Remedy: "Give the user a key and no empty password (passwd -l USER), set PermitEmptyPasswords no, and: sshd -t && " +
			"systemctl reload ssh. Assume that others have been in.",
	}
}

func notDetermined() check.Reason {
	return check.Reason{
		Name: "methods_not_determined", Level: check.Unknown,
		Sentence: "The SSH server answers, and what it offers a user could not be determined.",
		Remedy: "Try it from the machine of the exporter (ssh -v ADDRESS). A server that drops connections may hold earlier ones against the " +
			"exporter: exempt its address (PerSourcePenaltyExemptList of OpenSSH, ignoreip of fail2ban).",
	}
}

// judgeServer judges a server as it answers. Of one that does not, or not in whole, the framework knows unless it must be reachable.
func judgeServer(_ check.Context, s *fact.SSHServer, p AuthenticationParameters) (problems []check.Problem) {
	if s.Failure != nil {
		return []check.Problem{unreachable().Problem(fmt.Sprintf("The SSH server of %s does not answer: %s.", s.Host, s.Failure.Detail))}
	}
	if key := s.HostKey; key != nil && len(s.DeclaredHostKeys) > 0 && !slices.Contains(s.DeclaredHostKeys, key.Fingerprint) {
		problems = append(problems, hostKeyChanged().Problem(fmt.Sprintf(
			"It proves itself by the key %s (%s), and declared %s %s.", key.Fingerprint, key.Type,
			words.Verb(len(s.DeclaredHostKeys)), words.List(s.DeclaredHostKeys))))
	}
	problems = append(problems, judgeOffers(s, p.ForbiddenMethods)...)
	for _, offer := range s.Offers {
		if offer.Failure != nil {
			problems = append(problems, notDetermined().Problem(fmt.Sprintf("What the user %s is offered could not be determined: %s.",
				offer.User, offer.Failure.Detail)))
			continue
		}
		for _, required := range p.RequiredMethods {
			if !slices.Contains(offer.Methods, string(required)) && !slices.Contains(offer.Methods, "none") {
				problems = append(problems, methodMissing().Problem(fmt.Sprintf("The user %s is offered %s, and not %s.",
					offer.User, words.List(offer.Methods), required)))
			}
		}
	}
	if p.SoundAlgorithms {
		problems = append(problems, judgeAlgorithms(s)...)
	}
	return problems
}

// judgeOffers judges what a server offers those who were asked for.
func judgeOffers(s *fact.SSHServer, forbidden []Method) (problems []check.Problem) {
	for _, offer := range s.Offers {
		for _, method := range offer.Methods {
			switch {
			case method == "none":
				problems = append(problems, openToAll().Problem(fmt.Sprintf("The user %s gets in without any credential.", offer.User)))
			case quantity.ChoiceOf(forbidden, method):
				problems = append(problems, methodOffered().Problem(fmt.Sprintf("The method %s is offered to the user %s at %s.",
					method, offer.User, s.Address)))
			}
		}
	}
	return problems
}

// judgeRequired wants everybody who is let in at all to be offered the required methods, and somebody to be let in.
func judgeRequired(d *fact.SSHDaemon, required []Method) (problems []check.Problem) {
	for _, method := range required {
		offered := false
		for i := range d.Logins {
			login := &d.Logins[i]
			has := slices.ContainsFunc(login.Methods, func(m fact.SSHMethod) bool { return m.Name == string(method) })
			offered = offered || has
			if !has && len(login.Methods) > 0 {
				problems = append(problems, methodMissing().Problem(fmt.Sprintf("The method %s is not offered to %s%s.",
					method, whom(login.Users), under(login.Condition))))
			}
		}
		if !offered && len(problems) == 0 {
			problems = append(problems, methodMissing().Problem(fmt.Sprintf("The method %s is offered to nobody.", method)))
		}
	}
	return problems
}

// Package login judges logins that servers must refuse.
package login

import (
	"fmt"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// DefaultCredentialsParameters say which logins are judged.
type DefaultCredentialsParameters struct {
	// Types of servers: grafana, postgresql, ssh, http; none: all that are declared.
	Logins []string `yaml:"logins"`
}

// Validate says what cannot be.
func (p DefaultCredentialsParameters) Validate() error {
	for _, each := range p.Logins {
		if !slices.Contains(fact.LoginTypes(), each) {
			return check.Wrong("logins", "%q: expected some of %v", each, fact.LoginTypes())
		}
	}
	return nil
}

func (p DefaultCredentialsParameters) selects(l *fact.DefaultLogin) bool {
	return len(p.Logins) == 0 || slices.Contains(p.Logins, l.Type)
}

// DefaultCredentials judges whether servers refuse names and passwords that everybody knows.
func DefaultCredentials() check.Kind[DefaultCredentialsParameters] {
	accepted := check.Reason{
		Name: "default_accepted", Level: check.Fail, Sentence: "The server accepts a password that everybody knows.",
		Remedy: "Change the password now, and check in the logs of the server who logged in: grafana cli admin reset-admin-password, " +
			"ALTER ROLE postgres PASSWORD, passwd.",
	}
	open := check.Reason{
		Name: "open", Level: check.Fail, Sentence: "The server lets in whoever asks, without a password.",
		Remedy: "Have it ask for a password: [auth.anonymous] enabled = false of Grafana; scram-sha-256 in place of trust in pg_hba.conf of " +
			"PostgreSQL, then a reload; PermitEmptyPasswords no of sshd; a login for the path of a web server.",
	}
	return check.Kind[DefaultCredentialsParameters]{
		Name:    "default_credentials",
		Summary: "Every server that is declared under logins refuses the name and the password that everybody knows.",
		Remedy:  "Change the password, and close the way in to whoever has none.",
		Reasons: []check.Reason{accepted, open},
		Over: []check.Quantified[DefaultCredentialsParameters]{
			check.Each(fact.DefaultLogins(), func(_ check.Context, l *fact.DefaultLogin, _ DefaultCredentialsParameters) (problems []check.Problem) {
				if l.Accepted {
					problems = append(problems, accepted.Problem(fmt.Sprintf(
						"%s accepts a password that everybody knows for the user %s.", place(l), l.Username)))
				}
				if l.Open {
					problems = append(problems, open.Problem(opening(l)))
				}
				return problems
			}).Where(func(_ check.Context, l *fact.DefaultLogin, p DefaultCredentialsParameters) bool {
				return p.selects(l)
			}).Known(func(l *fact.DefaultLogin, p DefaultCredentialsParameters) bool { return p.selects(l) }),
		},
		WhenEmpty: check.Reason{
			Name: "no_login", Level: check.Undeclared, Sentence: "No login is declared that must be refused.",
			Remedy: "Declare the server under logins in the system description, such as {name: grafana, type: grafana, url: " +
				"https://grafana.example.com/}: it is tried once in six hours.",
		},
	}
}

// place says what server it is, and where.
func place(l *fact.DefaultLogin) string {
	names := map[string]string{fact.LoginGrafana: "Grafana", fact.LoginPostgreSQL: "PostgreSQL", fact.LoginSSH: "The SSH server"}
	name, known := names[l.Type]
	if !known {
		name = "The web server"
	}
	return name + " at " + l.Server
}

// opening says how a server lets in whoever asks.
func opening(l *fact.DefaultLogin) string {
	switch l.Type {
	case fact.LoginGrafana:
		return place(l) + " has anonymous access on: whoever reaches it reads its dashboards."
	case fact.LoginHTTP:
		return place(l) + " answers without a login."
	default:
		return fmt.Sprintf("%s lets the user %s in without asking for a password.", place(l), l.Username)
	}
}

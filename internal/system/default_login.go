package system

import (
	"cmp"
	"net/url"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
)

// A DefaultLogin is a name and a password that everybody knows, and that a server must refuse. It is tried once in six hours, at no other
// server than that which is named, and by nothing that an attacker could steer.
type DefaultLogin struct {
	Name string `yaml:"name"`          // the value of the label login: grafana, database, …
	Type string `yaml:"type"`          // grafana, postgresql, ssh, or http for any address that asks for a login (basic authentication)
	URL  string `yaml:"url,omitempty"` // of grafana, without /api, and of http
	// Address is host:port of postgresql and ssh.
	Address string `yaml:"address,omitempty"`
	// Username and Password are what must be refused; default: admin and admin of grafana and http, postgres and postgres of postgresql,
	// none of ssh. A password that is hard to guess is none that everybody knows, and is not accepted here.
	Username string `yaml:"username,omitempty"`
	Password string `yaml:"password,omitempty"`
	CAFile   string `yaml:"ca_file,omitempty"` // a PEM file of the authorities that may sign for it; default: the public ones
	// TLS is how postgresql is asked: disable, require, or verify-full, which verifies the certificate too; default: require.
	TLS      string `yaml:"tls,omitempty"`
	Database string `yaml:"database,omitempty"` // of postgresql; default: postgres
	// HostKeys are the public keys of the server of ssh, as ssh-keyscan prints them; default: any will do.
	HostKeys []string `yaml:"host_keys,omitempty"`
}

// How PostgreSQL is asked, as its own clients name it.
const (
	TLSDisable    = "disable"
	TLSRequire    = "require"
	TLSVerifyFull = "verify-full"
)

// Credentials are the name and the password that must be refused.
func (l DefaultLogin) Credentials() (username, password string) {
	switch l.Type {
	case fact.LoginGrafana, fact.LoginHTTP:
		return cmp.Or(l.Username, "admin"), cmp.Or(l.Password, "admin")
	case fact.LoginPostgreSQL:
		return cmp.Or(l.Username, "postgres"), cmp.Or(l.Password, "postgres")
	default:
		return l.Username, l.Password
	}
}

// Server is host:port of where it is tried.
func (l DefaultLogin) Server() string {
	if l.Address != "" {
		return l.Address
	}
	address, err := url.Parse(l.URL)
	if err != nil {
		return ""
	}
	return HostPort(address)
}

func (l DefaultLogin) identity() (string, string) { return "login", l.Name }

func (l DefaultLogin) validate(list *mistake.List, at []any) {
	checkName(list, mistake.At(at, "name"), "name", l.Name)
	checkOneOf(list, mistake.At(at, "type"), "type", l.Type, fact.LoginTypes())
	switch l.Type {
	case fact.LoginGrafana, fact.LoginHTTP:
		validateURL(list, at, l.URL, "https://grafana.example.com/")
	case fact.LoginPostgreSQL, fact.LoginSSH:
		if !isAddress(l.Address) {
			list.Add(mistake.At(at, "address"), "address %q: expected host:port, such as db.example.com:5432", l.Address)
		}
	}
	l.validateForeign(list, at)
	l.validatePassword(list, at)
	checkFile(list, at, "ca_file", l.CAFile)
	if l.TLS != "" {
		checkOneOf(list, mistake.At(at, "tls"), "tls", l.TLS, []string{TLSDisable, TLSRequire, TLSVerifyFull})
	}
	for i, text := range l.HostKeys {
		if _, err := ParseHostKey(text); err != nil {
			list.Add(mistake.At(at, "host_keys", i),
				"host_keys: expected a public key as ssh-keyscan prints it behind the host: ssh-ed25519 AAAAC3Nz…")
		}
	}
}

// validateForeign notes what belongs to other types, and would be passed over.
func (l DefaultLogin) validateForeign(list *mistake.List, at []any) {
	for _, each := range []struct {
		key   string
		given bool
		of    []string
	}{
		{"url", l.URL != "", []string{fact.LoginGrafana, fact.LoginHTTP}},
		{"address", l.Address != "", []string{fact.LoginPostgreSQL, fact.LoginSSH}},
		{"ca_file", l.CAFile != "", []string{fact.LoginGrafana, fact.LoginHTTP, fact.LoginPostgreSQL}},
		{"tls", l.TLS != "", []string{fact.LoginPostgreSQL}},
		{"database", l.Database != "", []string{fact.LoginPostgreSQL}},
		{"host_keys", len(l.HostKeys) > 0, []string{fact.LoginSSH}},
	} {
		if each.given && slices.Contains(fact.LoginTypes(), l.Type) && !slices.Contains(each.of, l.Type) {
			list.Add(mistake.At(at, each.key), "%s: not of a login of type %s", each.key, l.Type)
		}
	}
	if l.CAFile != "" && l.Type == fact.LoginPostgreSQL && l.TLS != TLSVerifyFull {
		list.Add(mistake.At(at, "ca_file"), "ca_file: expected tls: verify-full with it")
	}
}

// strongPassword is a strength (zxcvbn) that no password has which everybody knows.
const strongPassword = 4

// validatePassword keeps real passwords out of the description: what is declared here is sent to the server.
func (l DefaultLogin) validatePassword(list *mistake.List, at []any) {
	username, password := l.Credentials()
	switch {
	case username == "" && l.Type == fact.LoginSSH:
		list.Add(at, "username is missing: say who must be refused, such as root")
	case password == "" && l.Type == fact.LoginSSH:
		list.Add(at, "password is missing: say which password must be refused, such as the one that the image comes with")
	case username != "" && !userName.MatchString(username):
		list.Add(mistake.At(at, "username"), "username: expected letters, digits and . _ - @, 64 characters at most")
	}
	for _, verdict := range secret.Judge("password", l.Password) {
		if verdict.Credential && verdict.Strength >= strongPassword {
			list.Add(mistake.At(at, "password"),
				"password: it is hard to guess, so that it is none that everybody knows; a real one does not belong here")
		}
	}
}

package fact

import "slices"

// An SSHDaemon is an SSH server of a host, by the configuration that takes effect for its users.
type SSHDaemon struct {
	Host    string `json:"host"`
	Path    string `json:"path"`    // its configuration file: /etc/ssh/sshd_config
	Running bool   `json:"running"` // a process of it was found; it may be started for each connection too
	// Logins are what is offered, each for the users and under the condition for which it is the same.
	Logins []SSHLogin `json:"logins"`
	// RootLogins are the values of PermitRootLogin, each under the condition under which it holds.
	RootLogins []SSHRootLogin `json:"root_logins"`
}

// OtherUsers stands for every user that the host itself does not list, such as those of a directory service.
const OtherUsers = "*"

// An SSHLogin is how some users can log in.
type SSHLogin struct {
	Users []string `json:"users"` // sorted; OtherUsers among them
	// Condition is the criteria of the Match block under which it holds: "Address 10.0.0.0/8"; empty: under no other.
	Condition string      `json:"condition"`
	Methods   []SSHMethod `json:"methods"` // that are offered first, or alone
}

// An SSHMethod is a method of authentication that is offered.
type SSHMethod struct {
	Name   string `json:"name"`   // publickey, password, keyboard-interactive
	Origin string `json:"origin"` // what makes it so: "PasswordAuthentication yes, /etc/ssh/sshd_config:57"
}

// An SSHRootLogin is whether root can log in.
type SSHRootLogin struct {
	Value     string `json:"value"` // yes, no, prohibit-password or forced-commands-only
	Condition string `json:"condition"`
	Origin    string `json:"origin"`
}

// TakesPasswords tells whether a method of that name lets somebody in who knows a password.
func TakesPasswords(method string) bool {
	return method == "password" || method == "keyboard-interactive"
}

// OffersPasswords tells whether anybody can log in by a password.
func (d *SSHDaemon) OffersPasswords() bool {
	return slices.ContainsFunc(d.Logins, func(login SSHLogin) bool {
		return slices.ContainsFunc(login.Methods, func(method SSHMethod) bool { return TakesPasswords(method.Name) })
	})
}

// SSHDaemons describes the facts of SSH servers.
func SSHDaemons() *Kind[SSHDaemon] {
	return &Kind[SSHDaemon]{
		Name: "ssh_daemon",
		Help: "An SSH server of a host, by the configuration that takes effect for its users.",
		Subject: func(d *SSHDaemon) string {
			if d.Path == "" {
				return d.Host
			}
			return d.Host + ":" + d.Path
		},
		Labels: []Label[SSHDaemon]{
			{Name: "host", Value: func(d *SSHDaemon) string { return d.Host }},
			{Name: "path", Value: func(d *SSHDaemon) string { return d.Path }},
		},
		Gauges: []Gauge[SSHDaemon]{{
			Name:  "ssh_daemon_password_login",
			Help:  "Whether the SSH server lets any user log in by a password.",
			Value: func(d *SSHDaemon) (float64, bool) { return Bool(d.OffersPasswords()), true },
		}},
	}
}

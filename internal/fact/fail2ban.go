package fact

// A Fail2ban is the fail2ban of a host: whether it is there and runs, and what it watches by its configuration.
type Fail2ban struct {
	Host      string `json:"host"`
	Installed bool   `json:"installed"`
	Running   bool   `json:"running"`
	Starts    bool   `json:"starts"` // with the machine
	// Jails are those that are enabled, by name. Where fail2ban does not run, they are not collected.
	Jails []Fail2banJail `json:"jails"`
}

// A Fail2banJail is what fail2ban watches for, and whom it bans.
type Fail2banJail struct {
	Name   string `json:"name"`
	Filter string `json:"filter"` // what it watches for, without its options: sshd
	Origin string `json:"origin"` // what enables it: "/etc/fail2ban/jail.d/defaults-debian.conf"
	// Bans: it has an action, by which somebody is banned.
	Bans bool `json:"bans"`
	// IgnoresAll: the addresses that it never bans are all there are.
	IgnoresAll bool `json:"ignores_all"`
}

// Fail2bans describes the facts of fail2ban.
func Fail2bans() *Kind[Fail2ban] {
	return &Kind[Fail2ban]{
		Name:    "fail2ban",
		Help:    "The fail2ban of a host: whether it runs, and its jails that are enabled.",
		Subject: func(f *Fail2ban) string { return f.Host },
		Labels:  []Label[Fail2ban]{{Name: "host", Value: func(f *Fail2ban) string { return f.Host }}},
		Gauges: []Gauge[Fail2ban]{{
			Name:  "fail2ban_running",
			Help:  "Whether fail2ban runs, where it is installed.",
			Value: func(f *Fail2ban) (float64, bool) { return Bool(f.Running), f.Installed },
		}},
	}
}

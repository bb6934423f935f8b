package fact

// The types of servers at which default logins are tried.
const (
	LoginGrafana    = "grafana"
	LoginPostgreSQL = "postgresql"
	LoginSSH        = "ssh"
	LoginHTTP       = "http" // basic authentication (RFC 7617)
)

// LoginTypes lists them all.
func LoginTypes() []string { return []string{LoginGrafana, LoginPostgreSQL, LoginSSH, LoginHTTP} }

// A DefaultLogin is what a server made of a name and a password that everybody knows. The password is kept nowhere.
type DefaultLogin struct {
	DefaultLoginPlace
	// Accepted: the server let the name in by the password.
	Accepted bool `json:"accepted,omitempty"`
	// Open: it lets in whoever asks, without a password.
	Open bool `json:"open,omitempty"`
	// Refusal says in words how it refused; empty where it did not.
	Refusal string `json:"refusal,omitempty"`
}

// A DefaultLoginPlace is what is declared of it.
type DefaultLoginPlace struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Server   string `json:"server"` // host:port
	Username string `json:"username"`
}

// DefaultLogins describes the facts of logins that must be refused.
func DefaultLogins() *Kind[DefaultLogin] {
	return &Kind[DefaultLogin]{
		Name:    "default_login",
		Help:    "What a server made of a name and a password that everybody knows.",
		Subject: func(l *DefaultLogin) string { return l.Name },
		Labels: []Label[DefaultLogin]{
			{Name: "login", Value: func(l *DefaultLogin) string { return l.Name }},
			{Name: "type", Value: func(l *DefaultLogin) string { return l.Type }},
		},
		Gauges: []Gauge[DefaultLogin]{{
			Name:  "default_login_accepted",
			Help:  "1 where a server lets in a name by a password that everybody knows, or whoever asks; there is none where it refuses.",
			Value: func(l *DefaultLogin) (float64, bool) { return 1, l.Accepted || l.Open },
		}},
	}
}

package fact

import "slices"

// An SSHServer is an SSH server as a client reaches it over the network, and what it offers before anybody has logged in.
type SSHServer struct {
	Standpoint
	Host    string `json:"host"`
	Address string `json:"address"` // 203.0.113.7:22
	// FromItself: it was asked from its own machine, where addresses and firewalls are not what others meet.
	FromItself bool `json:"from_itself"`
	// Failure says why nothing that speaks SSH answered; nil: it did.
	Failure *Failure `json:"failure,omitempty"`
	// Version is how it identifies itself (RFC 4253, 4.2): SSH-2.0-OpenSSH_9.2p1.
	Version    string        `json:"version,omitempty"`
	Algorithms SSHAlgorithms `json:"algorithms"`
	// HostKey is the key by which it proved itself; nil: it could not be determined.
	HostKey *SSHHostKey `json:"host_key,omitempty"`
	// DeclaredHostKeys are the fingerprints of those that the description allows; none: any.
	DeclaredHostKeys []string `json:"declared_host_keys,omitempty"`
	// Offers are what it offers each user who was asked for.
	Offers []SSHOffer `json:"offers"`
}

// SSHAlgorithms are the names of what a server offers (RFC 4253, 7.1), with the marks that stand among them.
type SSHAlgorithms struct {
	KeyExchanges []string `json:"key_exchanges"`
	HostKeys     []string `json:"host_keys"`
	Ciphers      []string `json:"ciphers"` // in either direction
	MACs         []string `json:"macs"`    // in either direction
}

// An SSHHostKey is a public key of a server.
type SSHHostKey struct {
	Type        string `json:"type"`        // ssh-ed25519
	Fingerprint string `json:"fingerprint"` // SHA256:…
	Bits        int    `json:"bits"`        // of RSA; zero: the type says it
}

// An SSHOffer is what a server offers a user.
type SSHOffer struct {
	User    string   `json:"user"`
	Methods []string `json:"methods"` // publickey, password, keyboard-interactive; none, where the user gets in without any
	// Failure says why the methods could not be determined.
	Failure *Failure `json:"failure,omitempty"`
}

// TopicMethods is what a server offers users.
const TopicMethods = "methods"

// Lacks gives the topics of what could not be collected.
func (s *SSHServer) Lacks() []string {
	if s.Failure != nil || slices.ContainsFunc(s.Offers, func(o SSHOffer) bool { return o.Failure != nil }) {
		return []string{TopicMethods}
	}
	return nil
}

// OffersPasswords tells whether it offers anybody who was asked for to log in by a password, or by nothing at all.
func (s *SSHServer) OffersPasswords() bool {
	return slices.ContainsFunc(s.Offers, func(o SSHOffer) bool {
		return slices.ContainsFunc(o.Methods, func(method string) bool { return method == "none" || TakesPasswords(method) })
	})
}

// SSHServers describes the facts of SSH servers that are reached over the network.
func SSHServers() *Kind[SSHServer] {
	return &Kind[SSHServer]{
		Name:    "ssh_server",
		Help:    "An SSH server as a client reaches it over the network, and what it offers before anybody has logged in.",
		Subject: func(s *SSHServer) string { return s.Host + "/" + s.Address + s.From() },
		Labels: []Label[SSHServer]{
			{Name: "host", Value: func(s *SSHServer) string { return s.Host }},
			{Name: "address", Value: func(s *SSHServer) string { return s.Address }},
			{Name: LabelVantage, Value: func(s *SSHServer) string { return s.Vantage }},
		},
		Gauges: []Gauge[SSHServer]{
			{
				Name:  "ssh_server_up",
				Help:  "Whether an SSH server answers at the address, 1 or 0.",
				Value: func(s *SSHServer) (float64, bool) { return Bool(s.Failure == nil), true },
			},
			{
				Name: "ssh_server_password_login",
				Help: "Whether the SSH server offers any user who was asked for to log in by a password, where that could be determined.",
				Value: func(s *SSHServer) (float64, bool) {
					return Bool(s.OffersPasswords()), s.OffersPasswords() || len(s.Lacks()) == 0
				},
			},
		},
	}
}

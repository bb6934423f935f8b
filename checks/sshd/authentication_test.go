package sshd_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/sshd"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// modern is what OpenSSH 9.6 offers.
func modern() fact.SSHAlgorithms {
	return fact.SSHAlgorithms{
		KeyExchanges: []string{"sntrup761x25519-sha512@openssh.com", "curve25519-sha256", "kex-strict-s-v00@openssh.com"},
		HostKeys:     []string{"rsa-sha2-512", "ecdsa-sha2-nistp256", "ssh-ed25519"},
		Ciphers:      []string{"chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-gcm@openssh.com"},
		MACs:         []string{"umac-64-etm@openssh.com", "hmac-sha2-256-etm@openssh.com", "hmac-sha1"},
	}
}

func answering(methods ...string) fact.SSHServer {
	return fact.SSHServer{
		Host: "web-1", Address: "203.0.113.7:22", Version: "SSH-2.0-OpenSSH_9.6", Algorithms: modern(),
		HostKey: &fact.SSHHostKey{Type: "ssh-ed25519", Fingerprint: "SHA256:abc"},
		Offers:  []fact.SSHOffer{{User: "root", Methods: methods}},
	}
}

func TestAuthenticationAsAServerAnswers(t *testing.T) {
	access := func(p *sshd.AuthenticationParameters) {
		p.ForbiddenMethods, p.Reachable, p.SoundAlgorithms = nil, true, true
	}
	for name, test := range map[string]struct {
		tune   func(*sshd.AuthenticationParameters)
		server fact.SSHServer
		want   []checktest.Finding
	}{
		"keys alone pass":                        {server: answering("publickey")},
		"keys with a modern server grant access": {tune: access, server: answering("publickey", "password")},
		"a password fails": {
			server: answering("publickey", "password"),
			want:   checktest.One("method_offered", check.Fail, "The method password is offered to the user root at 203.0.113.7:22."),
		},
		"a dialogue alone fails twice": {
			server: answering("keyboard-interactive"),
			want: []checktest.Finding{
				{Reason: "method_missing", Level: check.Fail, Detail: "The user root is offered keyboard-interactive, and not publickey."},
				{Reason: "method_offered", Level: check.Fail, Detail: "The method keyboard-interactive is offered to the user root at 203.0.113.7:22."},
			},
		},
		"nothing at all fails": {
			server: answering(), want: checktest.One("method_missing", check.Fail, "The user root is offered none, and not publickey."),
		},
		"who needs no credential fails": {
			tune: access, server: answering("none"), want: checktest.One("open_to_all", check.Fail, "The user root gets in without any credential."),
		},
		"another host key than the declared one fails": {
			server: func() fact.SSHServer {
				s := answering("publickey")
				s.DeclaredHostKeys = []string{"SHA256:xyz"}
				return s
			}(),
			want: checktest.One("host_key_changed", check.Fail,
				"It proves itself by the key SHA256:abc (ssh-ed25519), and declared is SHA256:xyz."),
		},
		"one of several declared keys passes": {server: func() fact.SSHServer {
			s := answering("publickey")
			s.DeclaredHostKeys = []string{"SHA256:xyz", "SHA256:abc"}
			return s
		}()},
		"one that does not answer fails where it must be reachable": {
			tune: access, server: fact.SSHServer{Host: "web-1", Address: "203.0.113.7:22", Failure: &fact.Failure{Reason: fact.ReasonRefused, Detail: "connection refused"}},
			want: checktest.One("unreachable", check.Fail, "The SSH server of web-1 does not answer: connection refused."),
		},
		"one that does not answer is unknown elsewhere": {
			server: fact.SSHServer{Host: "web-1", Address: "203.0.113.7:22", Failure: &fact.Failure{Reason: fact.ReasonRefused, Detail: "connection refused"}},
			want:   checktest.One("not_collected", check.Unknown, "its methods could not be collected"),
		},
		"one that answers one user only is unknown": {
			tune: access, server: func() fact.SSHServer {
				s := answering("publickey")
				s.Offers = append(s.Offers, fact.SSHOffer{User: "ann", Failure: &fact.Failure{Reason: fact.ReasonUnreachable, Detail: "EOF"}})
				return s
			}(),
			want: checktest.One("methods_not_determined", check.Unknown, "What the user ann is offered could not be determined: EOF."),
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := checktest.Case{Kind: sshd.Authentication(), Now: now, Sets: []fact.AnySet{checktest.Facts(fact.SSHServers(), test.server)}}
			if test.tune != nil {
				p := sshd.Authentication().Defaults
				test.tune(&p)
				c.Parameters = &p
			}
			require.Equal(t, test.want, c.Judge(t))
		})
	}
}

func TestAuthenticationByConfiguration(t *testing.T) {
	login := func(condition string, methods ...string) fact.SSHLogin {
		l := fact.SSHLogin{Users: []string{"ann"}, Condition: condition}
		for _, each := range methods {
			l.Methods = append(l.Methods, fact.SSHMethod{Name: each, Origin: "by default"})
		}
		return l
	}
	for name, test := range map[string]struct {
		logins []fact.SSHLogin
		want   []checktest.Finding
	}{
		"keys alone pass":                       {logins: []fact.SSHLogin{login("", "publickey")}},
		"who cannot log in at all needs no key": {logins: []fact.SSHLogin{login(""), login("Address 10.0.0.0/8", "publickey")}},
		"that nobody can log in is no access":   {logins: []fact.SSHLogin{login("")}, want: checktest.One("method_missing", check.Fail, "The method publickey is offered to nobody.")},
		"a password from some addresses fails": {
			logins: []fact.SSHLogin{login("", "publickey"), login("Address 10.0.0.0/8", "publickey", "password")},
			want:   checktest.One("method_offered", check.Fail, "The method password is offered to ann under Match Address 10.0.0.0/8 (by default)."),
		},
		"no keys for some fails": {
			logins: []fact.SSHLogin{login("", "publickey"), login("Address 10.0.0.0/8", "hostbased")},
			want:   checktest.One("method_missing", check.Fail, "The method publickey is not offered to ann under Match Address 10.0.0.0/8."),
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := fact.SSHDaemon{Host: "web-1", Path: "/etc/ssh/sshd_config", Logins: test.logins}
			require.Equal(t, test.want, checktest.Case{
				Kind: sshd.Authentication(), Now: now, Sets: []fact.AnySet{checktest.Facts(fact.SSHDaemons(), d)},
			}.Judge(t))
		})
	}
}

func TestBrokenAlgorithms(t *testing.T) {
	for name, test := range map[string]struct {
		edit func(*fact.SSHServer)
		want string
	}{
		"modern ones are none": {func(*fact.SSHServer) {}, ""},
		"a group of 1,024 bits and RC4 are": {func(s *fact.SSHServer) {
			s.Algorithms.KeyExchanges = append(s.Algorithms.KeyExchanges, "diffie-hellman-group1-sha1")
			s.Algorithms.Ciphers = append(s.Algorithms.Ciphers, "arcfour256")
		}, "It offers diffie-hellman-group1-sha1 and arcfour256."},
		"DSA is": {func(s *fact.SSHServer) { s.Algorithms.HostKeys = []string{"ssh-dss"} }, "It offers ssh-dss."},
		"a short key of RSA is": {func(s *fact.SSHServer) {
			s.HostKey = &fact.SSHHostKey{Type: "ssh-rsa", Fingerprint: "SHA256:abc", Bits: 1024}
		}, "Its host key has 1024 bits (limit 2048)."},
		"a key of RSA at the limit is none": {func(s *fact.SSHServer) { s.HostKey.Bits = 2048 }, ""},
		"version 1 of the protocol is":      {func(s *fact.SSHServer) { s.Version = "SSH-1.99-OpenSSH_3.4" }, "It takes version 1 of the protocol: it is SSH-1.99-OpenSSH_3.4."},
		"ChaCha20 without strict key exchange is": {func(s *fact.SSHServer) {
			s.Algorithms.KeyExchanges = []string{"curve25519-sha256"}
		}, "Somebody between can remove messages from the beginning of a connection (CVE-2023-48795, Terrapin): it offers " +
			"chacha20-poly1305, or a cipher in CBC mode with a MAC of encrypt-then-MAC, without strict key exchange."},
		"GCM without strict key exchange is none": {func(s *fact.SSHServer) {
			s.Algorithms.KeyExchanges, s.Algorithms.Ciphers = []string{"curve25519-sha256"}, []string{"aes256-gcm@openssh.com"}
		}, ""},
		"algorithms that nobody knows are none": {func(s *fact.SSHServer) {
			s.Algorithms.KeyExchanges = append(s.Algorithms.KeyExchanges, "x@example.com", "ext-info-s")
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := answering("publickey")
			s.Algorithms.KeyExchanges = slices.Clone(s.Algorithms.KeyExchanges)
			test.edit(&s)
			var want []checktest.Finding
			if test.want != "" {
				want = checktest.One("broken_algorithm", check.Warn, test.want)
			}
			p := sshd.Authentication().Defaults
			p.SoundAlgorithms = true
			require.Equal(t, want, checktest.Case{
				Kind: sshd.Authentication(), Parameters: &p, Now: now, Sets: []fact.AnySet{checktest.Facts(fact.SSHServers(), s)},
			}.Judge(t))
		})
	}
}

func TestWhatIsOfferedOverTheNetworkCountsBesideTheConfiguration(t *testing.T) {
	d := fact.SSHDaemon{Host: "web-1", Path: "/etc/ssh/sshd_config"}
	require.Equal(t, checktest.One("method_offered", check.Fail, "The method password is offered to the user root at 203.0.113.7:22."),
		checktest.Case{Kind: sshd.DaemonConfiguration(), Now: now, Sets: []fact.AnySet{
			checktest.Facts(fact.SSHDaemons(), d), checktest.Facts(fact.SSHServers(), answering("publickey", "password")),
		}}.Judge(t))
}

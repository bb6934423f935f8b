package login

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/secret"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// maximumHeard bounds what is taken from an SSH server, in bytes.
const maximumHeard = 1 << 20

// Errors with which a handshake is ended.
var (
	errNoPassword = errors.New("the server offers no login by a password")
	errRefused    = errors.New("the server refused the password")
	errHalfway    = errors.New("the server took the password, and wants more proof")
)

// trySSH logs in by the password once, over a method that the server offers, and opens nothing.
func (p *prober) trySSH(ctx context.Context, t Target) (made outcome, err error) {
	keys, err := hostKeys(t.HostKeys)
	if err != nil {
		return made, err
	}
	conn, err := p.dial(ctx, "tcp", t.Server)
	if err != nil {
		return made, err
	}
	defer conn.Close()                                                               // Nothing is left to be sent.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // Which ends every wait.
	defer stop()
	attempt := &attempt{password: t.Password}
	var strange atomic.Bool // The library may call back later, too.
	config := sshConfig(t.Username, keys)
	config.AuthCallback = attempt.next
	config.HostKeyCallback = func(_ string, _ net.Addr, key ssh.PublicKey) error {
		if len(keys) == 0 || slices.ContainsFunc(keys, func(k ssh.PublicKey) bool { return bytes.Equal(k.Marshal(), key.Marshal()) }) {
			return nil
		}
		strange.Store(true)
		return errors.New("it is none of the declared keys")
	}
	client, channels, requests, err := ssh.NewClientConn(&bounded{Conn: conn}, t.Server, config)
	if err == nil {
		go ssh.DiscardRequests(requests)
		go refuse(channels)
		_ = client.Close() // It has told all that there is to tell.
	}
	made.sent = attempt.sent
	switch {
	case err == nil && attempt.sent, errors.Is(err, errHalfway):
		made.accepted = true
	case err == nil:
		made.open = true
	case strange.Load():
		return made, fact.Errorf(fact.ReasonDenied, "the server proves itself by none of the host_keys: nothing was sent to it")
	case errors.Is(err, errNoPassword):
		made.refusal = "it takes no password"
	case errors.Is(err, errRefused):
		made.refusal = "it asks for a password, and refuses this one"
	default:
		return made, explainSSH(ctx, err, t.Password)
	}
	return made, nil
}

// refuse lets the server open nothing.
func refuse(channels <-chan ssh.NewChannel) {
	for each := range channels {
		_ = each.Reject(ssh.Prohibited, "") // The connection ends anyway.
	}
}

// explainSSH gives an error its reason: what the library says of a server that breaks the protocol has none.
func explainSSH(ctx context.Context, err error, password secret.Value) error {
	reason := fact.ReasonOf(err)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, net.ErrClosed): // The library closes what the server has ended.
		reason = fact.ReasonUnreachable
	case reason == fact.ReasonFailed:
		reason = fact.ReasonInvalid
	}
	return fact.Errorf(reason, "log in: %s", secret.Redact(words.Excerpt(err.Error()), password))
}

// An attempt sends a password once.
type attempt struct {
	password secret.Value
	begun    bool // a method was tried
	sent     bool
}

// next answers what a server offers, once.
func (a *attempt) next(asked *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
	switch {
	case a.sent && len(asked.PartialSuccessMethods) > 0:
		return nil, errHalfway
	case a.sent:
		return nil, errRefused
	case a.begun:
		return nil, errNoPassword
	case asked.AllowedMethods == nil:
		return nil, nil // There was no answer: the library returns the error that says so.
	case slices.Contains(asked.AllowedMethods, "password"):
		a.begun = true
		return ssh.PasswordCallback(func() (string, error) {
			a.sent = true
			return a.password.Reveal(), nil
		}), nil
	case slices.Contains(asked.AllowedMethods, "keyboard-interactive"):
		a.begun = true
		return ssh.KeyboardInteractive(a.answer), nil
	default:
		return nil, errNoPassword
	}
}

// answer answers one question that is not echoed, as programs that ask for a password do, and no other.
func (a *attempt) answer(_, _ string, questions []string, echoes []bool) ([]string, error) {
	switch {
	case len(questions) == 0:
		return nil, nil // A message only.
	case a.sent:
		return nil, errRefused
	case len(questions) > 1 || echoes[0]:
		return nil, errNoPassword
	}
	a.sent = true
	return []string{a.password.Reveal()}, nil
}

func hostKeys(lines string) (keys []ssh.PublicKey, err error) {
	for line := range strings.Lines(lines) {
		key, err := system.ParseHostKey(line)
		if err != nil {
			return nil, fact.Errorf(fact.ReasonInvalid, "read a declared host key: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// sshConfig is that of a client that takes what any server has, as an attacker does. The server is to prove itself by one of the keys, if
// it can.
func sshConfig(user string, keys []ssh.PublicKey) *ssh.ClientConfig {
	supported, insecure := ssh.SupportedAlgorithms(), ssh.InsecureAlgorithms()
	config := &ssh.ClientConfig{User: user, ClientVersion: "SSH-2.0-readiness-exporter"}
	for _, key := range keys {
		if key.Type() == ssh.KeyAlgoRSA {
			config.HostKeyAlgorithms = append(config.HostKeyAlgorithms, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		}
		config.HostKeyAlgorithms = append(config.HostKeyAlgorithms, key.Type())
	}
	if len(keys) == 0 {
		config.HostKeyAlgorithms = slices.Concat(supported.HostKeys, insecure.HostKeys)
	}
	config.KeyExchanges = slices.Concat(supported.KeyExchanges, insecure.KeyExchanges)
	config.Ciphers = slices.Concat(supported.Ciphers, insecure.Ciphers)
	config.MACs = slices.Concat(supported.MACs, insecure.MACs)
	return config
}

// bounded is a connection over which no more is taken than a login takes.
type bounded struct {
	net.Conn
	total int
}

func (b *bounded) Read(buffer []byte) (int, error) {
	n, err := b.Conn.Read(buffer)
	if b.total += n; b.total > maximumHeard {
		return 0, fmt.Errorf("it sends more than %d bytes before anybody has logged in", maximumHeard)
	}
	return n, err
}

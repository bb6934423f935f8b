package ssh

import (
	"context"
	"crypto/rsa"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// A finding is what one connection showed, as far as it came.
type finding struct {
	hello
	fromItself bool
	hostKey    *fact.SSHHostKey
	methods    []string // nil: not determined
}

// askWithin asks for one user, within a fair part of the time that is left, of which something remains for what is made of it.
func (p prober) askWithin(ctx context.Context, address, user string, keys []ssh.PublicKey, share int) (finding, error) {
	if deadline, limited := ctx.Deadline(); limited {
		patience := time.Until(deadline) * 9 / 10 / time.Duration(share)
		var end context.CancelFunc
		ctx, end = context.WithTimeoutCause(ctx, patience,
			fact.Errorf(fact.ReasonTimeout, "ask %s: it did not answer as an SSH server does within %s", address, quantity.InWords(patience)))
		defer end()
	}
	found, err := p.ask(ctx, address, user, keys)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return found, err
}

// errAnswered ends a connection once the server has named its methods.
var errAnswered = errors.New("the server has named its methods")

// ask connects, and ends the connection once the server has named the methods that it offers a user.
func (p prober) ask(ctx context.Context, address, user string, keys []ssh.PublicKey) (finding, error) {
	conn, err := p.dial(ctx, "tcp", address)
	if err != nil {
		return finding{}, err
	}
	defer conn.Close()                                                               // Nothing is left to be sent.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // Which ends every wait.
	defer stop()
	l := &listener{Conn: conn, maximum: maximumHeard}
	client, channels, requests, err := ssh.NewClientConn(l, address, l.config(user, keys))
	found := l.finding()
	found.fromItself = sameMachine(conn)
	switch {
	case err == nil:
		go ssh.DiscardRequests(requests)
		go refuse(channels)
		found.methods = []string{"none"}
		return found, client.Close()
	case errors.Is(err, errAnswered):
		return found, nil
	}
	return found, explain(err, address, found)
}

// refuse lets the server open nothing.
func refuse(channels <-chan ssh.NewChannel) {
	for each := range channels {
		_ = each.Reject(ssh.Prohibited, "") // The connection ends anyway.
	}
}

// explain gives an error its reason: what the library says of a server that breaks the protocol has none.
func explain(err error, address string, found finding) error {
	var unmet *ssh.AlgorithmNegotiationError
	reason, detail := fact.ReasonOf(err), words.Excerpt(err.Error())
	if errors.As(err, &unmet) {
		return fact.Errorf(fact.ReasonUnsupported, "agree with %s on algorithms: it offers none that this program knows: %s", address, detail)
	}
	switch {
	case errors.Is(err, net.ErrClosed): // The library closes what the server has ended.
		reason = fact.ReasonUnreachable
	case reason == fact.ReasonFailed:
		reason = fact.ReasonInvalid
	}
	switch {
	case found.answered:
		return fact.Errorf(reason, "ask %s for its methods of authentication: %s", address, detail)
	case found.before != "":
		return fact.Errorf(reason, "ask %s for its identification: it sent %q: %s", address, found.before, detail)
	default:
		return fact.Errorf(reason, "ask %s for its identification: %s", address, detail)
	}
}

// hostKeyAlgorithms puts those of declared keys first, so that the server proves itself by one of them if it can.
func hostKeyAlgorithms(keys []ssh.PublicKey) (all []string) {
	for _, key := range keys {
		if key.Type() == ssh.KeyAlgoRSA {
			all = append(all, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		}
		all = append(all, key.Type())
	}
	known := append(ssh.SupportedAlgorithms().HostKeys, ssh.InsecureAlgorithms().HostKeys...)
	all = slices.DeleteFunc(all, func(name string) bool { return !slices.Contains(known, name) })
	for _, name := range known {
		if !strings.Contains(name, "-cert-") && !slices.Contains(all, name) { // A certificate hides which key it is.
			all = append(all, name)
		}
	}
	return all
}

func describeKey(key ssh.PublicKey) *fact.SSHHostKey {
	described := &fact.SSHHostKey{Type: key.Type(), Fingerprint: ssh.FingerprintSHA256(key)}
	if public, is := key.(ssh.CryptoPublicKey); is {
		if modulus, is := public.CryptoPublicKey().(*rsa.PublicKey); is {
			described.Bits = modulus.N.BitLen()
		}
	}
	return described
}

// sameMachine tells whether both ends of a connection are at one machine.
func sameMachine(conn net.Conn) bool {
	here, errHere := netip.ParseAddrPort(conn.LocalAddr().String())
	there, errThere := netip.ParseAddrPort(conn.RemoteAddr().String())
	return errHere == nil && errThere == nil && (here.Addr().Unmap() == there.Addr().Unmap() || there.Addr().Unmap().IsLoopback())
}

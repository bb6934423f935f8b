package ssh

import (
	"net"
	"slices"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// maximumHeard bounds what is taken from a server, in bytes: a whole exchange takes some 5,000, and a long banner some more.
const maximumHeard = 1 << 20

// A listener keeps what is of concern of a connection, and ends it when too much comes. The library reads, and calls back, from
// goroutines of its own, which may outlast what they work for.
type listener struct {
	net.Conn
	maximum int // bytes

	mu      sync.Mutex
	total   int
	heard   []byte // the beginning
	hostKey *fact.SSHHostKey
	methods []string
}

func (l *listener) Read(buffer []byte) (int, error) {
	n, err := l.Conn.Read(buffer)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.total += n; l.total > l.maximum {
		return 0, fact.Errorf(fact.ReasonInvalid, "it sends more than %d bytes before anybody can log in", l.maximum)
	}
	if room := maximumHello - len(l.heard); room > 0 {
		l.heard = append(l.heard, buffer[:min(n, room)]...)
	}
	return n, err
}

// finding is what came so far.
func (l *listener) finding() finding {
	l.mu.Lock()
	defer l.mu.Unlock()
	return finding{hello: readHello(l.heard), hostKey: l.hostKey, methods: l.methods}
}

// config is that of a client that takes what any server has, since nothing is entrusted to the connection, and that has no method
// of authentication.
func (l *listener) config(user string, keys []ssh.PublicKey) *ssh.ClientConfig {
	supported, insecure := ssh.SupportedAlgorithms(), ssh.InsecureAlgorithms()
	config := &ssh.ClientConfig{
		User:              user,
		ClientVersion:     "SSH-2.0-readiness-exporter",
		HostKeyAlgorithms: hostKeyAlgorithms(keys),
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.hostKey = describeKey(key)
			return nil
		},
		AuthCallback: func(asked *ssh.ClientAuthContext) (ssh.AuthMethod, error) {
			if asked.AllowedMethods == nil {
				return nil, nil // There was no answer: the library returns the error that says so.
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			l.methods = printable(asked.AllowedMethods)
			return nil, errAnswered
		},
	}
	config.KeyExchanges = slices.Concat(supported.KeyExchanges, insecure.KeyExchanges)
	config.Ciphers = slices.Concat(supported.Ciphers, insecure.Ciphers)
	config.MACs = slices.Concat(supported.MACs, insecure.MACs)
	return config
}

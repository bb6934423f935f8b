package login

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// sshServer takes connections as a configuration has it, in this process, since no test may change the passwords of this machine. It gives
// its address and its public key.
func sshServer(t *testing.T, config *ssh.ServerConfig) (address, hostKey string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	config.AddHostKey(signer)
	address = world.Listen(t, func(conn net.Conn) {
		session, channels, requests, err := ssh.NewServerConn(conn, config)
		if err != nil {
			return
		}
		var work sync.WaitGroup
		work.Go(func() { ssh.DiscardRequests(requests) })
		work.Go(func() {
			for range channels {
				t.Error("a channel was opened")
			}
		})
		_ = session.Wait() // The client ends it.
		work.Wait()
	})
	return address, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
}

var errWrong = errors.New("wrong")

// isDefault takes the password that is tried, and wants more where there is more.
func isDefault(password []byte, more error) (*ssh.Permissions, error) {
	if string(password) == "raspberry" {
		return nil, more
	}
	return nil, errWrong
}

func TestWhatSSHServersMakeOfADefaultLogin(t *testing.T) {
	byPassword := func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) { return isDefault(password, nil) }
	byKey := func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, errWrong }
	asking := func(questions []string, echoes []bool) func(ssh.ConnMetadata, ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
		return func(_ ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", questions, echoes)
			if err != nil || len(answers) == 0 {
				return nil, errWrong
			}
			return isDefault([]byte(answers[0]), nil)
		}
	}
	halfway := &ssh.PartialSuccessError{Next: ssh.ServerAuthCallbacks{PublicKeyCallback: byKey}}
	refused := want{refusal: "it asks for a password, and refuses this one", sent: true}
	for name, test := range map[string]struct {
		config   ssh.ServerConfig
		password string
		want     want
	}{
		"the password is that of the image": {ssh.ServerConfig{PasswordCallback: byPassword}, "raspberry", want{accepted: true, sent: true}},
		"it is another one":                 {ssh.ServerConfig{PasswordCallback: byPassword}, "root", refused},
		"it is asked for in a dialogue, as PAM does": {
			ssh.ServerConfig{KeyboardInteractiveCallback: asking([]string{"Password: "}, []bool{false})}, "raspberry", want{accepted: true, sent: true},
		},
		"it is refused in a dialogue": {
			ssh.ServerConfig{KeyboardInteractiveCallback: asking([]string{"Password: "}, []bool{false})}, "root", refused,
		},
		"a second code is asked for with it, and the password sent to neither question": {
			ssh.ServerConfig{KeyboardInteractiveCallback: asking([]string{"Password: ", "Code: "}, []bool{false, true})}, "raspberry",
			want{refusal: "it takes no password"},
		},
		"it is taken, and a key wanted too": {
			ssh.ServerConfig{PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
				return isDefault(password, halfway)
			}}, "raspberry", want{accepted: true, sent: true},
		},
		"both ways are offered, and one is tried": {
			ssh.ServerConfig{PasswordCallback: byPassword, KeyboardInteractiveCallback: asking([]string{"Password: "}, []bool{false}), MaxAuthTries: 6},
			"root", refused,
		},
		"keys are all that it takes": {ssh.ServerConfig{PublicKeyCallback: byKey}, "raspberry", want{refusal: "it takes no password"}},
		"nothing is asked for":       {ssh.ServerConfig{NoClientAuth: true}, "raspberry", want{open: true}},
	} {
		t.Run(name, func(t *testing.T) {
			address, key := sshServer(t, &test.config)
			requireTry(t, system.DefaultLogin{
				Type: fact.LoginSSH, Address: address, Username: "pi", Password: test.password, HostKeys: []string{key},
			}, test.want)
		})
	}
}

// TestAnotherHostKeyIsSentNothing: another server may be in its place.
func TestAnotherHostKeyIsSentNothing(t *testing.T) {
	address, _ := sshServer(t, &ssh.ServerConfig{PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) {
		t.Error("a password was sent")
		return nil, errWrong
	}})
	_, other := sshServer(t, &ssh.ServerConfig{NoClientAuth: true})
	requireTry(t, system.DefaultLogin{
		Type: fact.LoginSSH, Address: address, Username: "pi", Password: "raspberry", HostKeys: []string{other},
	}, want{reason: fact.ReasonDenied, detail: "none of the host_keys"})
}

// TestARealSSHServerRefuses asks OpenSSH.
func TestARealSSHServerRefuses(t *testing.T) {
	for _, test := range []struct{ line, refusal string }{
		{"PasswordAuthentication yes", "it asks for a password, and refuses this one"},
		{"PasswordAuthentication no", "it takes no password"},
	} {
		t.Run(test.line, func(t *testing.T) {
			server := servers.SSHD(t, test.line, "KbdInteractiveAuthentication no", "PermitRootLogin yes")
			requireTry(t, system.DefaultLogin{
				Type: fact.LoginSSH, Address: server.Addr, Username: "root", Password: "root", HostKeys: []string{server.HostKey},
			}, want{refusal: test.refusal, sent: strings.HasSuffix(test.line, "yes")})
		})
	}
}

// FuzzTranscript reads messages of PostgreSQL in pieces: however they are cut, the same is made of them.
func FuzzTranscript(f *testing.F) {
	message := func(kind byte, body ...byte) []byte {
		return append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4)), body...)
	}
	f.Add(message('R', 0, 0, 0, 0), uint8(1))
	f.Add(append(message('N', 1, 2, 3), message('R', 0, 0, 0, 7)...), uint8(3))
	f.Add(append(message('R', 0, 0, 0, 10, 'S', 0), message('R', 0, 0, 0, 0)...), uint8(5))
	f.Add([]byte{'R', 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, uint8(2))
	f.Add([]byte{'R', 0, 0, 0, 0, 0, 0}, uint8(2))
	f.Fuzz(func(t *testing.T, content []byte, cut uint8) {
		var whole, pieces transcript
		_, err := whole.server().Write(content)
		require.NoError(t, err)
		heard := pieces.server()
		for rest := content; len(rest) > 0; {
			size := min(len(rest), int(cut)+1)
			n, err := heard.Write(rest[:size])
			require.Equal(t, size, n)
			require.NoError(t, err)
			rest = rest[size:]
		}
		require.Equal(t, &whole, &pieces)
	})
}

// TestTheTranscriptIsOfTheServer: what comes after a message of another kind is read as the next.
func TestTheTranscriptIsOfTheServer(t *testing.T) {
	var heard transcript
	_, err := io.WriteString(heard.server(), "N\x00\x00\x00\x05xR\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I")
	require.NoError(t, err)
	require.True(t, heard.admitted.Load())
	require.False(t, heard.asked.Load() || heard.foreign.Load())
}

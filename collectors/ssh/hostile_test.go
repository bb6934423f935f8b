package ssh

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// endlessly writes the same until nobody listens any more.
func endlessly(conn net.Conn, text string, pause time.Duration) {
	for {
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
		time.Sleep(pause)
	}
}

func TestHostileServersAreBounded(t *testing.T) {
	list := "\x00\x00\x00\x05a,b,c"
	for name, test := range map[string]struct {
		answer   func(net.Conn)
		reason   fact.Reason
		answered bool
		detail   string
	}{
		"a tarpit that sends lines without end, as endlessh does": {
			func(conn net.Conn) { endlessly(conn, "x7f3kd\r\n", 5*time.Millisecond) }, fact.ReasonTimeout, false, "",
		},
		"one that sends lines as fast as it can": {
			func(conn net.Conn) { endlessly(conn, strings.Repeat("x", 100)+"\r\n", 0) }, fact.ReasonInvalid, false, "",
		},
		"one that sends a line without end": {
			func(conn net.Conn) { endlessly(conn, strings.Repeat("x", 1000), 0) }, fact.ReasonInvalid, false, "",
		},
		"one that says nothing": {func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }, fact.ReasonTimeout, false, ""},
		"one that hangs up":     {func(net.Conn) {}, fact.ReasonUnreachable, false, ""},
		"one that turns clients away": {
			func(conn net.Conn) { _, _ = io.WriteString(conn, "Not allowed at this time\r\n") },
			fact.ReasonUnreachable, false, `it sent "Not allowed at this time"`,
		},
		"a web server": {
			func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n<html>\x00\xff\r\n") },
			fact.ReasonUnreachable, false, `it sent "HTTP/1.1 400 Bad Request"`,
		},
		"one that identifies itself, and says nothing more": {
			func(conn net.Conn) {
				_, _ = io.WriteString(conn, "SSH-2.0-dropbear\r\n")
				_, _ = io.Copy(io.Discard, conn)
			}, fact.ReasonTimeout, true, "",
		},
		"one with a packet longer than any": {
			func(conn net.Conn) {
				_, _ = io.WriteString(conn, "SSH-2.0-x\r\n\xff\xff\xff\xff\x04")
				_, _ = io.Copy(io.Discard, conn)
			}, fact.ReasonInvalid, true, "",
		},
		"one whose exchange of keys has no end": {
			func(conn net.Conn) {
				ignore := "\x00\x00\x00\x0c\x06\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
				_, _ = io.WriteString(conn, "SSH-2.0-x\r\n")
				endlessly(conn, strings.Repeat(ignore, 100), 0)
			}, fact.ReasonInvalid, true, "",
		},
		"one whose list of algorithms is cut": {
			func(conn net.Conn) {
				_, _ = io.WriteString(conn, "SSH-2.0-x\r\n\x00\x00\x00\x20\x04\x14"+strings.Repeat("\x00", 16)+list+"\xff\xff")
			}, fact.ReasonUnreachable, true, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			patience := time.Minute
			if test.reason == fact.ReasonTimeout {
				patience = 2 * time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			set, err := newProber().collect(ctx, Target{Host: "web-1", Address: world.Listen(t, test.answer), Users: []string{"root", "ann"}})
			require.NoError(t, err)
			require.Equal(t, test.answered, set.Facts[0].Failure == nil, "%+v", set.Facts[0])
			require.Equal(t, test.reason, set.Unavailable[0].Reason, set.Unavailable[0].Detail)
			require.Contains(t, set.Unavailable[0].Detail, test.detail)
			require.Less(t, len(set.Unavailable[0].Detail), 1000)
		})
	}
}

// real serves SSH by the library, with what a test changes.
func real(t *testing.T, edit func(*ssh.ServerConfig)) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	config := &ssh.ServerConfig{}
	config.AddHostKey(signer)
	edit(config)
	return world.Listen(t, func(conn net.Conn) {
		server, channels, requests, err := ssh.NewServerConn(conn, config)
		if err != nil {
			return
		}
		go ssh.DiscardRequests(requests)
		for range channels {
			t.Error("a channel was opened")
		}
		_ = server.Wait()
	})
}

func TestAServerThatLetsAnybodyIn(t *testing.T) {
	found, _ := ask(t, Target{Address: real(t, func(c *ssh.ServerConfig) { c.NoClientAuth = true })})
	require.Equal(t, []string{"none"}, found.Offers[0].Methods)
	require.True(t, found.OffersPasswords())
}

// TestALongBannerIsRead: it comes before the methods, and may be as long as a packet.
func TestALongBannerIsRead(t *testing.T) {
	found, set := ask(t, Target{Address: real(t, func(c *ssh.ServerConfig) {
		c.PublicKeyCallback = func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) { return nil, io.EOF }
		c.BannerCallback = func(ssh.ConnMetadata) string { return strings.Repeat("Welcome to the shop.\n", 10_000) }
	})})
	require.Empty(t, set.Unavailable)
	require.Equal(t, []string{"publickey"}, found.Offers[0].Methods)
}

// TestNothingIsKeptOfManyServers: of what hostile servers send in all, little stays.
func TestNothingIsKeptOfManyServers(t *testing.T) {
	address := world.Listen(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "SSH-2.0-x\r\n")
		endlessly(conn, strings.Repeat("\x00\x00\x00\x0c\x06\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 1000), 0)
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 20 {
		ask(t, Target{Address: address})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(8<<20))
}

func FuzzReadHello(f *testing.F) {
	f.Add([]byte("hello\r\nSSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\x00\x00\x00\x40\x04\x14" + strings.Repeat("\x00", 16) +
		strings.Repeat("\x00\x00\x00\x05a,b,c", 4) + "\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("SSH-1.99-x\n\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("SSH-2.0-x\n\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, heard []byte) {
		h := readHello(heard)
		require.LessOrEqual(t, len(h.version), longestVersion+len("…"))
		for _, names := range [][]string{h.algorithms.KeyExchanges, h.algorithms.HostKeys, h.algorithms.Ciphers, h.algorithms.MACs} {
			require.LessOrEqual(t, len(names), 2*maximumNames)
			for _, name := range names {
				require.NotContains(t, name, "\n")
				require.LessOrEqual(t, len(name), longestName+len("…"))
			}
		}
		if !h.answered {
			require.Empty(t, h.version)
		}
	})
}

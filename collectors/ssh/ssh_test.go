package ssh

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/test/world"
)

var servers *world.World

func TestMain(m *testing.M) { goleak.VerifyTestMain(world.Around(m, &servers)) }

func newProber() prober { return prober{dial: (&net.Dialer{}).DialContext} }

// ask asks a server as the collector does, by default for root.
func ask(t *testing.T, target Target) (*fact.SSHServer, *fact.Set[fact.SSHServer]) {
	t.Helper()
	target.Host = "web-1"
	if target.Users == nil {
		target.Users = []string{"root"}
	}
	ctx, cancel := context.WithTimeout(t.Context(), newProber().collector().Timeout)
	defer cancel()
	set, err := newProber().collect(ctx, target)
	require.NoError(t, err)
	require.Len(t, set.Facts, 1)
	return set.Facts[0], set
}

const keysOnly = "PasswordAuthentication no\nKbdInteractiveAuthentication no"

func TestWhatARealServerOffersEachUser(t *testing.T) {
	for name, test := range map[string]struct {
		config string
		want   map[string][]string
	}{
		"what it does by default": {"", map[string][]string{"root": {"publickey", "password", "keyboard-interactive"}}},
		"keys alone":              {keysOnly, map[string][]string{"root": {"publickey"}, "nobody": {"publickey"}}},
		"a password to one, by a Match block": {
			keysOnly + "\nMatch User nobody\n  PasswordAuthentication yes",
			map[string][]string{"root": {"publickey"}, "nobody": {"publickey", "password"}},
		},
		"a key first, and a dialogue then": {
			"AuthenticationMethods publickey,keyboard-interactive", map[string][]string{"root": {"publickey"}},
		},
		"nothing but a dialogue, by which PAM asks for the password": {
			"PubkeyAuthentication no\nPasswordAuthentication no", map[string][]string{"root": {"keyboard-interactive"}},
		},
		"keys to a user who is not allowed": {keysOnly + "\nAllowUsers nobody", map[string][]string{"root": {"publickey"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := servers.SSHD(t, test.config)
			var users []string
			for user := range test.want {
				users = append(users, user)
			}
			found, set := ask(t, Target{Address: server.Addr, Users: users})
			require.Empty(t, set.Unavailable)
			got := make(map[string][]string)
			for _, offer := range found.Offers {
				require.Nil(t, offer.Failure)
				got[offer.User] = offer.Methods
			}
			require.Equal(t, test.want, got)
		})
	}
}

func TestWhoARealServerIs(t *testing.T) {
	server := servers.SSHD(t, "Banner /etc/debian_version")
	found, _ := ask(t, Target{Address: server.Addr, HostKeys: []string{server.HostKey}})
	require.Nil(t, found.Failure)
	require.Regexp(t, `^SSH-2\.0-OpenSSH_`, found.Version)
	require.Equal(t, "ssh-ed25519", found.HostKey.Type)
	require.Equal(t, []string{found.HostKey.Fingerprint}, found.DeclaredHostKeys)
	require.Contains(t, found.Algorithms.KeyExchanges, "curve25519-sha256")
	require.Equal(t, []string{"ssh-ed25519"}, found.Algorithms.HostKeys)
	require.Contains(t, found.Algorithms.Ciphers, "aes256-gcm@openssh.com")
	require.Contains(t, found.Algorithms.MACs, "hmac-sha2-256-etm@openssh.com")
	require.True(t, found.FromItself)
	require.NotContains(t, server.Log(), "Failed")
}

func TestAServerWithOldAlgorithmsOnlyIsUnderstood(t *testing.T) {
	server := servers.SSHD(t, "KexAlgorithms diffie-hellman-group14-sha1", "Ciphers aes128-cbc", "MACs hmac-sha1")
	found, set := ask(t, Target{Address: server.Addr})
	require.Empty(t, set.Unavailable)
	require.Equal(t, []string{"aes128-cbc"}, found.Algorithms.Ciphers)
	require.Contains(t, found.Offers[0].Methods, "password")
}

func TestAServerWithoutACommonAlgorithmIsThere(t *testing.T) {
	server := servers.SSHD(t, "KexAlgorithms sntrup761x25519-sha512@openssh.com")
	found, set := ask(t, Target{Address: server.Addr})
	require.Nil(t, found.Failure)
	require.Contains(t, found.Algorithms.KeyExchanges, "sntrup761x25519-sha512@openssh.com")
	require.Equal(t, fact.ReasonUnsupported, set.Unavailable[0].Reason, set.Unavailable[0].Detail)
	require.Equal(t, fact.TopicMethods, set.Unavailable[0].Topic)
	require.Less(t, len(set.Unavailable[0].Detail), 600)
}

// TestADeclaredKeyIsAskedFor: a server that has keys of several types proves itself by the one that is declared.
func TestADeclaredKeyIsAskedFor(t *testing.T) {
	other := servers.SSHD(t)
	for _, kind := range []string{"rsa", "ecdsa"} {
		path, public := servers.HostKey(t, kind)
		server := servers.SSHD(t, "HostKey "+path)
		found, _ := ask(t, Target{Address: server.Addr, HostKeys: []string{public}})
		require.Equal(t, []string{found.HostKey.Fingerprint}, found.DeclaredHostKeys, kind)
		found, _ = ask(t, Target{Address: server.Addr, HostKeys: []string{server.HostKey}})
		require.Equal(t, []string{found.HostKey.Fingerprint}, found.DeclaredHostKeys, "ed25519")
		found, _ = ask(t, Target{Address: server.Addr, HostKeys: []string{other.HostKey}})
		require.NotContains(t, found.DeclaredHostKeys, found.HostKey.Fingerprint)
	}
}

func TestTargets(t *testing.T) {
	described := &system.System{Hosts: []system.Host{
		{Name: "here"},
		{Name: "without ssh", Addresses: []string{"203.0.113.9"}},
		{Name: "web-1", Addresses: []string{"203.0.113.7", "2001:db8::7"}, SSH: &system.SSH{}},
		{Name: "web-2", Remote: true, Addresses: []string{"203.0.113.8"}, SSH: &system.SSH{Port: 2222, Users: []string{"deploy"}}},
	}}
	require.Equal(t, []Target{
		{Host: "web-1", Address: "203.0.113.7:22", Users: []string{"root"}},
		{Host: "web-1", Address: "[2001:db8::7]:22", Users: []string{"root"}},
		{Host: "web-2", Remote: true, Address: "203.0.113.8:2222", Users: []string{"deploy"}},
	}, targets(described))
}

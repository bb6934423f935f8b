package sshd

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

// machine is a root with users, a server, nothing that runs, and configuration files below /etc/ssh.
func machine(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	write(t, filepath.Join(root, "etc/passwd"), "root:x:0:0::/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\n"+
		"ann:x:1000:100::/home/ann:/bin/bash\nsync:x:4:4::/bin:/bin/sync\n")
	write(t, filepath.Join(root, "etc/group"), "root:x:0:\nusers:x:100:\nwheel:x:10:ann\n")
	write(t, filepath.Join(root, "usr/sbin/sshd"), "")
	write(t, filepath.Join(root, "proc/meminfo"), "")
	for name, text := range files {
		write(t, filepath.Join(root, "etc/ssh", name), text)
	}
	return root
}

func collected(t *testing.T, root string) *fact.Set[fact.SSHDaemon] {
	t.Helper()
	set, err := collect(root, "web-1")
	require.NoError(t, err)
	return set
}

// offers gives the methods that take a password, as "users: method, origin, condition".
func offers(d *fact.SSHDaemon) (all []string) {
	for _, login := range d.Logins {
		for _, method := range login.Methods {
			if fact.TakesPasswords(method.Name) {
				all = append(all, strings.TrimSuffix(strings.Join(login.Users, " ")+": "+method.Name+", "+method.Origin+", "+login.Condition, ", "))
			}
		}
	}
	return all
}

const keysOnly = "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"

func TestWhoIsOfferedPasswords(t *testing.T) {
	const password, keyboard = "password, PasswordAuthentication yes, ", "keyboard-interactive, KbdInteractiveAuthentication yes, "
	for name, test := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"nobody, where both methods are off": {map[string]string{"sshd_config": keysOnly}, nil},
		"everybody, where nothing is set, but root, who needs a key": {
			map[string]string{"sshd_config": "\n# PasswordAuthentication no\n"},
			[]string{"* ann: " + password + "by default", "* ann: " + keyboard + "by default"},
		},
		"everybody, where a file that is included comes first": {
			map[string]string{
				"sshd_config":                      "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin yes\n" + keysOnly,
				"sshd_config.d/50-cloud-init.conf": "PasswordAuthentication yes\n", "sshd_config.d/60-hard.conf": "PasswordAuthentication no\n",
				"sshd_config.d/README": "KbdInteractiveAuthentication yes\n", "sshd_config.d/.hidden.conf": "KbdInteractiveAuthentication yes\n",
			},
			[]string{"* ann root: " + password + "/etc/ssh/sshd_config.d/50-cloud-init.conf:1"},
		},
		"nobody, where a file that is included comes too late": {
			map[string]string{"sshd_config": keysOnly + "Include sshd_config.d/*.conf\n", "sshd_config.d/a.conf": "PasswordAuthentication yes\n"}, nil,
		},
		"one user, by a Match block": {
			map[string]string{"sshd_config": keysOnly + "Match User ann,bob\n  PasswordAuthentication yes\n"},
			[]string{"ann: " + password + "/etc/ssh/sshd_config:4"},
		},
		"members of a group, by a Match block": {
			map[string]string{"sshd_config": keysOnly + "Match Group wheel\n  PasswordAuthentication=yes # legacy\n"},
			[]string{"ann: " + password + "/etc/ssh/sshd_config:4"},
		},
		"everybody, by the first of two Match blocks": {
			map[string]string{"sshd_config": keysOnly + "Match all\n PasswordAuthentication yes\nMatch User *\n PasswordAuthentication no\n"},
			[]string{"* ann: " + password + "/etc/ssh/sshd_config:4"},
		},
		"everybody from some addresses, by a Match block": {
			map[string]string{"sshd_config": keysOnly + "PermitRootLogin no\nMatch Address 10.0.0.0/8,!10.1.0.0/16\n\tPasswordAuthentication yes\n"},
			[]string{"* ann: " + password + "/etc/ssh/sshd_config:5, Address 10.0.0.0/8,!10.1.0.0/16"},
		},
		"everybody from other addresses, by what is global": {
			map[string]string{"sshd_config": "KbdInteractiveAuthentication no\nMatch Address 10.0.0.0/8\nPasswordAuthentication no\n"},
			[]string{"* ann: " + password + "by default"},
		},
		"nobody, where a Match block is for a user that is not there": {
			map[string]string{"sshd_config": keysOnly + "Match User bob\n PasswordAuthentication yes\nMatch invalid-user\n PasswordAuthentication yes\n"}, nil,
		},
		"nobody, where a Match block ends with the file that is included": {
			map[string]string{"sshd_config": "Include sshd_config.d/*.conf\n" + keysOnly, "sshd_config.d/a.conf": "Match User root\nPermitRootLogin no\n"}, nil,
		},
		"one user, where a file is included in a Match block": {
			map[string]string{"sshd_config": keysOnly + "Match User ann\nInclude sshd_config.d/*.conf\n", "sshd_config.d/a.conf": "PasswordAuthentication yes\n"},
			[]string{"ann: " + password + "/etc/ssh/sshd_config.d/a.conf:1"},
		},
		"nobody, where a key must come first": {
			map[string]string{"sshd_config": "AuthenticationMethods publickey,password publickey,keyboard-interactive:pam\n"}, nil,
		},
		"everybody, where a password comes first": {
			map[string]string{"sshd_config": "AuthenticationMethods password,publickey\n"}, []string{"* ann: " + password + "by default"},
		},
		"nobody, by old names and in capitals": {map[string]string{"sshd_config": "PASSWORDAUTHENTICATION NO\nChallengeResponseAuthentication \"no\"\n"}, nil},
		"root alone, where it may": {
			map[string]string{"sshd_config": keysOnly + "PermitRootLogin yes\nMatch User root\nPasswordAuthentication yes\n"},
			[]string{"root: " + password + "/etc/ssh/sshd_config:5"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			set := collected(t, machine(t, test.files))
			require.Empty(t, set.Unavailable)
			require.Len(t, set.Facts, 1)
			require.False(t, set.Facts[0].Running)
			require.Equal(t, test.want, offers(set.Facts[0]))
			require.Equal(t, len(test.want) > 0, set.Facts[0].OffersPasswords())
		})
	}
}

// TestTheConfigurationInEffectIsThatOfTheRealServer asks sshd -T -C about users, on configurations that are easily read wrongly.
func TestTheConfigurationInEffectIsThatOfTheRealServer(t *testing.T) {
	key := makeKey(t)
	for name, config := range map[string]string{
		"nothing":               "",
		"the first value":       "PasswordAuthentication no\nPasswordAuthentication yes\n",
		"an equals sign":        "PasswordAuthentication=no\nPermitRootLogin = without-password\n",
		"quotes and a comment":  "PasswordAuthentication \"no\" # yes\n\tPermitRootLogin 'yes'\n",
		"no end of line":        "KbdInteractiveAuthentication no",
		"ends of Windows":       "PasswordAuthentication no\r\nPermitRootLogin no\r\n",
		"capitals":              "PASSWORDAUTHENTICATION No\nmatch user ROOT\nPasswordAuthentication yes\n",
		"an alias":              "ChallengeResponseAuthentication no\nKbdInteractiveAuthentication yes\n",
		"a Match block":         "PasswordAuthentication yes\nMatch User root\nPasswordAuthentication no\nMatch User ro*\nPasswordAuthentication yes\n",
		"all":                   "Match all\nPasswordAuthentication no\n",
		"a negation":            "Match User *,!root\nPasswordAuthentication no\n",
		"a negation first":      "Match User !root,*\nPasswordAuthentication no\nPermitRootLogin no\n",
		"a question mark":       "Match User roo?\nPasswordAuthentication no\n",
		"a bracket":             "Match User [r]oot\nPasswordAuthentication no\n",
		"a group":               "Match Group root\nPasswordAuthentication no\nMatch Group nogroup\nKbdInteractiveAuthentication no\n",
		"two criteria":          "Match User root Group nogroup\nPasswordAuthentication no\n",
		"two users":             "Match User root User nobody\nPasswordAuthentication no\n",
		"another criterion":     "Match Address 192.0.2.0/24\nPasswordAuthentication no\n",
		"any address":           "Match Address *\nPasswordAuthentication no\n",
		"included":              "Include DIR/*.conf\nPasswordAuthentication yes\n",
		"included in a block":   "Match User root\nInclude DIR/*.conf\nMatch all\nKbdInteractiveAuthentication no\n",
		"included for another":  "Match User nobody\nInclude DIR/*.conf\n",
		"nothing is included":   "Include DIR/nothing*.conf\nPasswordAuthentication no\n",
		"methods":               "AuthenticationMethods publickey,password\nMatch User root\nAuthenticationMethods publickey\n",
		"not a value":           "PasswordAuthentication maybe\n",
		"no value":              "PermitRootLogin\n",
		"a quote too many":      "PasswordAuthentication \"no\n",
		"two values":            "PasswordAuthentication no yes\n",
		"Match without a value": "Match User\nPasswordAuthentication no\n",
		"an empty Match":        "Match\nPasswordAuthentication no\n",
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			write(t, filepath.Join(folder, "10-a.conf"), "PermitRootLogin no\nMatch User root\nPasswordAuthentication no\n")
			write(t, filepath.Join(folder, "20-b.conf"), "KbdInteractiveAuthentication no\nPermitRootLogin yes\n")
			path := filepath.Join(folder, "sshd_config")
			write(t, path, strings.ReplaceAll(config, "DIR", folder))
			for _, u := range []user{{"root", []string{"root"}}, {"nobody", []string{"nogroup"}}} {
				r := reader{files: os.DirFS("/")}
				err := r.read(path[1:], nil, 0)
				output, realErr := exec.CommandContext(t.Context(), "/usr/sbin/sshd", "-T", "-h", key, "-f", path,
					"-C", "user="+u.name+",host=a.test,addr=198.51.100.7,laddr=198.51.100.8,lport=22").CombinedOutput()
				require.Equal(t, realErr == nil, err == nil, "%v\n%s", err, output)
				if err == nil {
					requireSame(t, string(output), r.directives, connection{user: u})
				}
			}
		})
	}
}

// requireSame holds what was read against what sshd -T says.
func requireSame(t *testing.T, output string, directives []directive, c connection) {
	t.Helper()
	root := rootLogin(directives, c).value
	if root == "prohibit-password" {
		root = "without-password" // That is what sshd calls it.
	}
	wants := []string{"permitrootlogin " + root, "authenticationmethods " + effective(directives, []string{"authenticationmethods"}, "any", c).value}
	for _, each := range switchables() {
		wants = append(wants, strings.ToLower(each.keyword)+" "+effective(directives, each.keywords, each.standard, c).value)
	}
	for _, want := range wants {
		require.True(t, slices.Contains(strings.Split(output, "\n"), want), "%s: expected %q of sshd -T:\n%s", c.name, want, output)
	}
}

// makeKey makes a host key, and the folder that Debian's sshd wants, which its service makes.
func makeKey(t *testing.T) string {
	t.Helper()
	require.NoError(t, os.MkdirAll("/run/sshd", 0o755))
	path := filepath.Join(t.TempDir(), "key")
	output, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path).CombinedOutput()
	require.NoError(t, err, "%s", output)
	return path
}

func TestWhetherRootCanLogIn(t *testing.T) {
	root := machine(t, map[string]string{"sshd_config": keysOnly + "PermitRootLogin without-password\nMatch Address 10.0.0.0/8\nPermitRootLogin yes\n"})
	require.Equal(t, []fact.SSHRootLogin{
		{Value: "prohibit-password", Origin: "PermitRootLogin prohibit-password, /etc/ssh/sshd_config:3"},
		{Value: "yes", Condition: "Address 10.0.0.0/8", Origin: "PermitRootLogin yes, /etc/ssh/sshd_config:5"},
	}, collected(t, root).Facts[0].RootLogins)
}

func TestWhatCannotBeReadIsUnavailable(t *testing.T) {
	rewrite := func(text string) func(*testing.T, string) {
		return func(t *testing.T, root string) { write(t, filepath.Join(root, "etc/ssh/sshd_config"), text) }
	}
	for name, test := range map[string]struct {
		change func(t *testing.T, root string)
		want   fact.Reason
		detail string
	}{
		"a configuration that is not there": {
			func(t *testing.T, root string) {
				require.NoError(t, os.Remove(filepath.Join(root, "etc/ssh/sshd_config")))
			},
			fact.ReasonNotFound, "sshd_config",
		},
		"one that includes itself": {rewrite("Include /etc/ssh/sshd_config\n"), fact.ReasonInvalid, "included in each other"},
		"one with a value that sshd refuses": {
			rewrite("\nPermitRootLogin never\n"), fact.ReasonInvalid, "/etc/ssh/sshd_config:2: permitrootlogin never: expected one of yes, no",
		},
		"one that leads out of the machine": {
			func(t *testing.T, root string) {
				require.NoError(t, os.Remove(filepath.Join(root, "etc/ssh/sshd_config")))
				require.NoError(t, os.Symlink("/etc/ssh/sshd_config", filepath.Join(root, "etc/ssh/sshd_config")))
			}, fact.ReasonFailed, "escapes",
		},
		"another server": {
			func(t *testing.T, root string) {
				require.NoError(t, os.Rename(filepath.Join(root, "usr/sbin/sshd"), filepath.Join(root, "usr/sbin/dropbear")))
			}, fact.ReasonUnsupported, "only that of OpenSSH",
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := machine(t, map[string]string{"sshd_config": keysOnly})
			test.change(t, root)
			set := collected(t, root)
			require.Empty(t, set.Facts)
			require.Len(t, set.Unavailable, 1)
			require.Equal(t, test.want, set.Unavailable[0].Reason, set.Unavailable[0].Detail)
			require.Contains(t, set.Unavailable[0].Detail, test.detail)
			require.Equal(t, "web-1", set.Unavailable[0].Known.Host)
		})
	}
}

// TestAFolderThatMayNotBeReadIsNotEmpty runs itself as nobody: root may read everything.
func TestAFolderThatMayNotBeReadIsNotEmpty(t *testing.T) {
	if root := os.Getenv("SSHD_TEST_ROOT"); root != "" {
		set := collected(t, root)
		require.Empty(t, set.Facts)
		require.Equal(t, fact.ReasonDenied, set.Unavailable[0].Reason, set.Unavailable[0].Detail)
		require.Contains(t, set.Unavailable[0].Detail, "CAP_DAC_READ_SEARCH")
		return
	}
	root := machine(t, map[string]string{"sshd_config": "Include sshd_config.d/*.conf\n" + keysOnly, "sshd_config.d/a.conf": "PasswordAuthentication yes\n"})
	require.NoError(t, os.Chmod(filepath.Join(root, "etc/ssh/sshd_config.d"), 0o700))
	require.NoError(t, os.Chmod(root, 0o755))
	require.NoError(t, os.Chmod(filepath.Dir(root), 0o755)) // The test's own.
	binary := filepath.Join(root, "sshd.test")
	content, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(binary, content, 0o755))
	command := exec.CommandContext(t.Context(), binary, "-test.run", "^"+t.Name()+"$")
	command.Env, command.Dir = append(os.Environ(), "SSHD_TEST_ROOT="+root), "/"
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	output, err := command.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

func TestNoServerIsNoFact(t *testing.T) {
	root := machine(t, map[string]string{"sshd_config": "the configuration of a package that was removed"})
	require.NoError(t, os.Remove(filepath.Join(root, "usr/sbin/sshd")))
	set := collected(t, root)
	require.Empty(t, set.Facts)
	require.Empty(t, set.Unavailable)
}

func TestTheVendorsConfigurationCountsWhereThereIsNoOther(t *testing.T) {
	root := machine(t, map[string]string{"../../usr/etc/ssh/sshd_config": keysOnly})
	require.Equal(t, "/usr/etc/ssh/sshd_config", collected(t, root).Facts[0].Path)
	write(t, filepath.Join(root, "etc/ssh/sshd_config"), "")
	require.Equal(t, "/etc/ssh/sshd_config", collected(t, root).Facts[0].Path)
}

// TestARunningServerIsReadByItsCommandLine starts one: what stands there comes before its files.
func TestARunningServerIsReadByItsCommandLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sshd_config")
	write(t, path, keysOnly+"ListenAddress 127.0.0.1\nPidFile none\nHostKey "+makeKey(t)+"\n")
	command := exec.CommandContext(t.Context(), "/usr/sbin/sshd", "-D", "-p", freePort(t), "-o", "PasswordAuthentication=yes", "-f", path)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait() // It was killed.
	})
	var own *fact.SSHDaemon
	require.Eventually(t, func() bool {
		set := collected(t, "/")
		at := slices.IndexFunc(set.Facts, func(d *fact.SSHDaemon) bool { return d.Path == path })
		if at >= 0 {
			own = set.Facts[at]
		}
		return at >= 0
	}, 2*time.Minute, 50*time.Millisecond)
	require.True(t, own.Running)
	require.Contains(t, offers(own)[0], "password, PasswordAuthentication yes, on the command line of sshd")
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port
}

func TestCommandLines(t *testing.T) {
	for line, want := range map[string]string{
		"sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups":                            "",
		"sshd: /usr/sbin/sshd -D -f /etc/ssh/other [listener] 0 of 10-100 startups":          "etc/ssh/other",
		"/usr/sbin/sshd\x00-D\x00-f/etc/ssh/../ssh/other\x00-o\x00PasswordAuthentication no": "etc/ssh/other passwordauthentication",
		"sshd: /usr/sbin/sshd -D -oPasswordAuthentication=no [listener] 0 of 10-100":         " passwordauthentication",
	} {
		d, listens := parseCommand(strings.Split(line, "\x00"))
		require.True(t, listens, line)
		got := d.path
		for _, option := range d.options {
			got += " " + option.keyword
		}
		require.Equal(t, want, got, line)
	}
	for _, line := range []string{"sshd: ann [priv]", "sshd: ann@pts/0", "", "/usr/sbin/sshd\x00-T", "/usr/bin/ssh\x00a", "sshd: \xff"} {
		_, listens := parseCommand(strings.Split(line, "\x00"))
		require.False(t, listens, line)
	}
}

func TestTargetsAreTheDeclaredHosts(t *testing.T) {
	s := &system.System{Name: "shop", Environment: "production", Hosts: []system.Host{{Name: "web-1"}}}
	require.Equal(t, []collector.Machine{{System: "shop/production", Host: "web-1"}}, New("/").Targets(s))
}

// FuzzConfiguration wants of any text no more than that it is refused.
func FuzzConfiguration(f *testing.F) {
	f.Add("Match User a\nInclude *\n\"\\")
	f.Fuzz(func(_ *testing.T, text string) {
		r := reader{files: fstest.MapFS{"etc/ssh/sshd_config": {Data: []byte(text)}}}
		if r.read("etc/ssh/sshd_config", nil, 0) == nil {
			logins(r.directives, []user{{name: "root"}, {name: fact.OtherUsers}})
			rootLogins(r.directives, user{name: "root"})
		}
	})
}

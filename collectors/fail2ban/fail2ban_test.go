package fail2ban

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

// machine makes a root with Debian's own configuration of fail2ban, and what differs from that.
func machine(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(root, "etc/fail2ban"), os.DirFS("/etc/fail2ban")), "install fail2ban: make tools-debian")
	require.NoError(t, os.RemoveAll(filepath.Join(root, "etc/fail2ban/jail.local")))
	require.NoError(t, os.RemoveAll(filepath.Join(root, "etc/fail2ban/jail.d")))
	write(t, filepath.Join(root, "usr/bin/fail2ban-server"), "")
	write(t, filepath.Join(root, "etc/fail2ban/jail.d/defaults-debian.conf"), "[sshd]\nenabled = true\n")
	for name, text := range files {
		write(t, filepath.Join(root, "etc/fail2ban", name), text)
	}
	return root
}

func running(t *testing.T, root string) (*fact.Fail2ban, error) {
	t.Helper()
	return collect(os.DirFS(root), "web-1", [][]string{{"/usr/bin/python3", "/usr/bin/fail2ban-server", "-xf", "start"}})
}

// names are those of the jails that are enabled.
func names(f *fact.Fail2ban) (all []string) {
	for _, jail := range f.Jails {
		all = append(all, jail.Name)
	}
	return all
}

// added is a jail in what fail2ban-client -d writes.
var added = regexp.MustCompile(`(?m)^\['add', '([^']+)', `)

// TestFilesAreReadAsFail2banReadsThem holds what is read to what fail2ban's own client makes of it.
func TestFilesAreReadAsFail2banReadsThem(t *testing.T) {
	// Without a log, the client refuses a jail.
	jail := func(name, more string) string {
		return "[" + name + "]\nbackend = polling\nlogpath = /etc/hostname\n" + more
	}
	for _, each := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"Debian enables the jail of sshd", map[string]string{"jail.local": jail("sshd", "")}, []string{"sshd"}},
		{"jail.local wins over jail.d/*.conf", map[string]string{"jail.local": jail("sshd", "enabled = false\n")}, nil},
		{
			"jail.d/*.local wins over jail.local",
			map[string]string{"jail.local": jail("sshd", "enabled = false\n"), "jail.d/sshd.local": "[sshd]\nenabled = yes"}, []string{"sshd"},
		},
		{
			"the last of jail.d wins",
			map[string]string{"jail.local": jail("sshd", ""), "jail.d/zz.conf": "[sshd]\nenabled = no\n", "jail.d/zz.txt": "[sshd]\nenabled = yes\n"}, nil,
		},
		{
			"a comment after the value is none of it, and another word is off",
			map[string]string{"jail.local": jail("sshd", "enabled = true ; for now\n") + jail("nginx-http-auth", "enabled = enabled\n")},
			[]string{"sshd"},
		},
		{"a number sign is part of the value", map[string]string{"jail.local": jail("sshd", "enabled = true # for now\n")}, nil},
		{
			"a switch refers to another option, and a name is of any case",
			map[string]string{"jail.local": "[DEFAULT]\nwatched = ON\n" + jail("sshd", "ENABLED : %(watched)s\n")}, []string{"sshd"},
		},
		{
			"a switch is what it was before",
			map[string]string{"jail.local": jail("sshd", "enabled = %(known/enabled)s\n") + jail("dovecot", "enabled = %(apache-auth/watched)s\n") + "[apache-auth]\nwatched = yes\n"},
			[]string{"dovecot", "sshd"},
		},
		{
			"an included file",
			map[string]string{
				"jail.local": "[INCLUDES]\nbefore = own.conf\n\nafter = last.conf\n" + jail("sshd", ""),
				"own.conf":   "[sshd]\nenabled = false\n", "last.conf": "[sshd]\nenabled = false\n", "last.local": "[sshd]\nenabled = true\n",
			},
			[]string{"sshd"},
		},
		{
			"a line with an indent continues the value before",
			map[string]string{"jail.local": jail("sshd", "ignoreip = 127.0.0.1/8\n    enabled = false\n")}, []string{"sshd"},
		},
		{
			"a jail with the filter of another",
			map[string]string{"jail.local": jail("ssh-with-ufw", "enabled = true\nfilter = sshd[mode=aggressive]\n") + "[sshd]\nenabled = false\n"},
			[]string{"ssh-with-ufw"},
		},
	} {
		t.Run(each.name, func(t *testing.T) {
			root := machine(t, each.files)
			found, err := running(t, root)
			require.NoError(t, err)
			require.Equal(t, each.want, names(found))

			output, err := exec.CommandContext(t.Context(), "fail2ban-client", "-c", filepath.Join(root, "etc/fail2ban"), "-d").CombinedOutput()
			require.NoError(t, err, "%s", output)
			var own []string
			for _, match := range added.FindAllStringSubmatch(string(output), -1) {
				own = append(own, match[1])
			}
			slices.Sort(own)
			require.Equal(t, each.want, own, "%s", output)
		})
	}
}

// TestWhatFail2banDoesNotStartWithIsInvalid holds what is refused to what fail2ban's own client refuses.
func TestWhatFail2banDoesNotStartWithIsInvalid(t *testing.T) {
	for name, text := range map[string]string{
		"a section that stands twice":         "[sshd]\nenabled = true\n[sshd]\nport = 22\n",
		"an option that stands twice":         "[sshd]\nenabled = true\nenabled = true\n",
		"an option before the first section":  "enabled = true\n",
		"a line that is no assignment":        "[sshd]\nenabled\n",
		"a reference to what is not there":    "[sshd]\nenabled = %(nothing)s\n",
		"references that lead to each other":  "[sshd]\nenabled = %(a)s\na = %(b)s\nb = %(a)s\n",
		"a section that is not named":         "[]\nenabled = true\n",
		"a reference to a section that is no": "[sshd]\nenabled = %(nowhere/enabled)s\n",
	} {
		t.Run(name, func(t *testing.T) {
			root := machine(t, map[string]string{"jail.local": text})
			_, err := running(t, root)
			require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "%v", err)
			output, err := exec.CommandContext(t.Context(), "fail2ban-client", "-c", filepath.Join(root, "etc/fail2ban"), "-d").CombinedOutput()
			require.Error(t, err, "%s", output)
		})
	}
}

func TestWhatAJailIs(t *testing.T) {
	root := machine(t, map[string]string{"jail.local": "[DEFAULT]\nignoreip = 127.0.0.1/8, ::/0\n[nginx-http-auth]\nenabled = true\naction =\nignoreip = 10.0.0.0/8\n"})
	found, err := running(t, root)
	require.NoError(t, err)
	require.Equal(t, &fact.Fail2ban{Host: "web-1", Installed: true, Running: true, Jails: []fact.Fail2banJail{
		{Name: "nginx-http-auth", Filter: "nginx-http-auth", Origin: "/etc/fail2ban/jail.local"},
		{Name: "sshd", Filter: "sshd", Origin: "/etc/fail2ban/jail.d/defaults-debian.conf", Bans: true, IgnoresAll: true},
	}}, found)
}

func TestWhatDoesNotRunIsNotRead(t *testing.T) {
	found, err := collect(os.DirFS(machine(t, map[string]string{"jail.local": "nonsense"})), "web-1", nil)
	require.NoError(t, err)
	require.Equal(t, &fact.Fail2ban{Host: "web-1", Installed: true}, found)
	found, err = collect(os.DirFS(t.TempDir()), "web-1", nil)
	require.NoError(t, err)
	require.Equal(t, &fact.Fail2ban{Host: "web-1"}, found)
}

func TestWhatStartsItWithTheMachine(t *testing.T) {
	for name, path := range map[string]string{
		"systemd": "etc/systemd/system/multi-user.target.wants/fail2ban.service", "OpenRC": "etc/runlevels/default/fail2ban",
		"System V": "etc/rc2.d/S01fail2ban",
	} {
		root := t.TempDir()
		require.False(t, starts(os.DirFS(root)))
		write(t, filepath.Join(root, path), "")
		require.True(t, starts(os.DirFS(root)), name)
		// systemd itself ignores the scripts of System V of what has a unit.
		write(t, filepath.Join(root, "run/systemd/system/x"), "")
		require.Equal(t, name == "systemd", starts(os.DirFS(root)), name)
	}
}

func TestTheServerNamesItsFolder(t *testing.T) {
	for line, want := range map[string]string{
		"/usr/bin/python3 /usr/bin/fail2ban-server -xf start":     "etc/fail2ban",
		"/usr/bin/fail2ban-server -b -c /srv/f2b/ -s /run/f2b -p": "srv/f2b",
		"fail2ban-server --conf /srv/f2b":                         "srv/f2b",
		"fail2ban-server --conf=/srv/f2b start":                   "srv/f2b",
	} {
		require.Equal(t, want, folderOf(strings.Fields(line)), line)
	}
}

// closed are files that may not be read.
type closed struct{ fs.FS }

func (c closed) Open(name string) (fs.File, error) {
	if path.Base(name) == "jail.local" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return c.FS.Open(name)
}

func TestAConfigurationThatMayNotBeReadSaysWhatItTakes(t *testing.T) {
	_, err := collect(closed{os.DirFS(machine(t, nil))}, "web-1", [][]string{{"fail2ban-server"}})
	require.Equal(t, fact.ReasonDenied, fact.ReasonOf(err))
	require.ErrorContains(t, err, "CAP_DAC_READ_SEARCH")
}

func FuzzConfiguration(f *testing.F) {
	f.Add("[INCLUDES]\nbefore = jail.conf\n[sshd]\nenabled = %(known/enabled)s\na = %(a)s%(a)s\n", "[DEFAULT]\nenabled=1")
	f.Add("[x\n]\n[é]\n =\n:\n;\n[a]\nb\n c", "\ufeff[a]\r\nb=%%")
	f.Fuzz(func(t *testing.T, conf, local string) {
		root := t.TempDir()
		write(t, filepath.Join(root, "etc/fail2ban/jail.conf"), conf)
		write(t, filepath.Join(root, "etc/fail2ban/jail.local"), local)
		found, err := running(t, root)
		require.Equal(t, err == nil, found != nil)
	})
}

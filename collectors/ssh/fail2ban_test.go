package ssh

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/test/world"
)

// A jail is a fail2ban that reads what an SSH server logs, and bans nobody.
type jail struct {
	folder string
	log    string
}

// newJail starts fail2ban with Debian's filter in one of its modes.
func newJail(t *testing.T, mode string) *jail {
	t.Helper()
	j := &jail{folder: t.TempDir()}
	j.log = filepath.Join(j.folder, "auth.log")
	require.NoError(t, os.WriteFile(j.log, nil, 0o600))
	require.NoError(t, os.CopyFS(filepath.Join(j.folder, "filter.d"), os.DirFS("/etc/fail2ban/filter.d")))
	require.NoError(t, os.CopyFS(filepath.Join(j.folder, "action.d"), os.DirFS("/etc/fail2ban/action.d")))
	for name, text := range map[string]string{
		"fail2ban.conf": "[Definition]\nloglevel = INFO\nlogtarget = STDERR\nsyslogsocket = auto\ndbfile = None\ndbpurgeage = 1d\n",
		"jail.conf": "[sshd]\nenabled = true\nfilter = sshd[mode=" + mode + "]\nlogpath = " + j.log + "\nbackend = polling\n" +
			"maxretry = 5\nfindtime = 10m\nbantime = 10m\nignoreself = false\naction = dummy\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(j.folder, name), []byte(text), 0o600))
	}
	command := exec.CommandContext(t.Context(), "fail2ban-server", "-f", "-c", j.folder, "-s", j.folder+"/socket", "-p", j.folder+"/pid", "start")
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var output strings.Builder
	command.Stdout, command.Stderr = &output, &output
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait() // It was ended.
		if t.Failed() {
			t.Log(output.String())
		}
	})
	require.EventuallyWithT(t, func(c *assert.CollectT) { require.Equal(c, "0", j.failed(c)) }, 2*time.Minute, 100*time.Millisecond)
	return j
}

// failed is how many failures it has counted in all.
func (j *jail) failed(t require.TestingT) string {
	output, err := exec.Command("fail2ban-client", "-c", j.folder, "-s", j.folder+"/socket", "status", "sshd").CombinedOutput()
	require.NoError(t, err, "%s", output)
	found := regexp.MustCompile(`Total failed:\s+(\d+)`).FindSubmatch(output)
	require.NotNil(t, found, "%s", output)
	return string(found[1])
}

// read hands it what a server has logged, as syslog writes it: with the time, and the number of the process, which is another one for
// each connection.
func (j *jail) read(t *testing.T, log string) {
	t.Helper()
	port, process := regexp.MustCompile(`port (\d+)`), "1"
	file, err := os.OpenFile(j.log, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	defer file.Close()
	for line := range strings.Lines(log) {
		if found := port.FindStringSubmatch(line); found != nil {
			process = found[1]
		}
		_, err := fmt.Fprintf(file, "%s host sshd[%s]: %s\n", time.Now().Format("Jan _2 15:04:05"), process, strings.TrimSpace(line))
		require.NoError(t, err)
	}
}

// attack connects once as an attacker does, for a user that does not exist.
func attack(t *testing.T, server *world.SSHD) {
	t.Helper()
	_, err := newProber().ask(t.Context(), server.Addr, "mallory", nil)
	require.NoError(t, err)
}

// awaitLog waits until a server has logged the end of a number of connections.
func awaitLog(t *testing.T, server *world.SSHD, closed int) string {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		require.Equal(c, closed, strings.Count(server.Log(), "[preauth]"), "%s", server.Log())
	}, 2*time.Minute, 20*time.Millisecond)
	return server.Log()
}

// TestFail2banCountsNothing: it reads the log of a real server that was asked for all users that can be declared, ten times more
// often than it ever is. By the mode of its filter that takes every connection for an attack it counts one each, which are fewer in an
// hour than the five in ten minutes for which it bans.
func TestFail2banCountsNothing(t *testing.T) {
	users := []string{"root", "nobody", "daemon"}
	for _, test := range []struct {
		mode, level string
		runs        int
		counted     int // of one run
	}{
		{"normal", "INFO", 10, 0}, {"normal", "VERBOSE", 10, 0}, {"extra", "INFO", 10, 0}, {"aggressive", "INFO", 1, len(users)},
	} {
		t.Run(test.mode+", "+test.level, func(t *testing.T) {
			t.Parallel()
			jail, server := newJail(t, test.mode), servers.SSHD(t, "LogLevel "+test.level, "MaxStartups 100")
			for range test.runs {
				found, set := ask(t, Target{Address: server.Addr, Users: users})
				require.Empty(t, set.Unavailable)
				require.Len(t, found.Offers, len(users))
			}
			asked := awaitLog(t, server, test.runs*len(users))
			jail.read(t, asked)
			// Once it counts what comes after, it has read what came before.
			attack(t, server)
			jail.read(t, strings.TrimPrefix(awaitLog(t, server, test.runs*len(users)+1), asked))
			own := test.runs * test.counted
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				counted, err := strconv.Atoi(jail.failed(c))
				require.NoError(c, err)
				require.Greater(c, counted, own) // Until it has read anything that is 0, whatever its mode.
			}, 2*time.Minute, 100*time.Millisecond)
			require.Contains(t, []string{fmt.Sprint(own + 1), fmt.Sprint(own + 2)}, jail.failed(t), "%s", server.Log())
			require.Less(t, own, 5)
		})
	}
}

package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks"
	"github.com/readiness-exporter/readiness-exporter/collectors"
	"github.com/readiness-exporter/readiness-exporter/internal/config"
)

// TestTheSandboxIsTight wants what systemd itself says of the unit to be no worse than 2 of 10, and each thing that is left open to
// be named with its reason in the unit.
func TestTheSandboxIsTight(t *testing.T) {
	const unit = "systemd/readiness-exporter.service"
	output, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", unit).CombinedOutput()
	require.NoError(t, err, "systemd-analyze security (of Debian's systemd: make tools-debian): %s", output)
	require.Contains(t, string(output), "Overall exposure level")
	content, err := os.ReadFile(unit)
	require.NoError(t, err)
	loosened := strings.Join(regexp.MustCompile(`(?m)^# Loosened: .*(\n(#.*|\w+=.*))*`).FindAllString(string(content), -1), "\n")
	for _, open := range regexp.MustCompile(`(?m)^✗ (\w+)=`).FindAllStringSubmatch(string(output), -1) {
		require.Contains(t, loosened, open[1], "what is left open has no reason")
	}
}

// load reads a configuration as the exporter does, and gives what it describes.
func load(t *testing.T, file string) *config.Config {
	t.Helper()
	all, closeAll := collectors.All(collectors.Options{RootFS: "/"})
	defer closeAll()
	loaded, err := config.Load(file, config.Options{Kinds: checks.All(), Collectors: all})
	require.NoError(t, err)
	return loaded
}

// TestTheDefaultConfigurationIsGood as it is, and with everything in it that a user may take the mark of a comment from.
func TestTheDefaultConfigurationIsGood(t *testing.T) {
	require.Len(t, load(t, "systemd/readiness.yaml").Plans, 1)
	content, err := os.ReadFile("systemd/readiness.yaml")
	require.NoError(t, err)
	offered := regexp.MustCompile(`(?m)^( +)#(\S|  )`).ReplaceAllString(string(content), "$1$2")
	require.NotEqual(t, string(content), offered)
	file := filepath.Join(t.TempDir(), "readiness.yaml")
	require.NoError(t, os.WriteFile(file, []byte(offered), 0o600))
	system := load(t, file).Plans[0].System
	require.Equal(t, "web-team", system.Owner)
	require.Len(t, system.Hosts[0].Filesystems, 1)
	require.Len(t, system.Kubernetes, 1)
	require.Len(t, system.Certificates, 2)
	require.Len(t, system.Backups, 1)
}

// TestTheSocketIsTheServices: systemd hands a socket to the service of its name, at the address that the service has without it.
func TestTheSocketIsTheServices(t *testing.T) {
	socket, err := os.ReadFile("systemd/readiness-exporter.socket")
	require.NoError(t, err)
	var addresses []string
	for _, file := range []string{"systemd/readiness-exporter.service", "systemd/readiness-exporter.default"} {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		address := regexp.MustCompile(`(?m)^[^#].*--web\.listen-address=([\d.:]+)`).FindStringSubmatch(string(content))
		require.NotNil(t, address, file)
		addresses = append(addresses, address[1])
	}
	require.Contains(t, string(socket), "\nListenStream="+addresses[0]+"\n")
	require.Len(t, slices.Compact(addresses), 1)
}

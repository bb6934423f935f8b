package config_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/config"
)

const oneSystem = "systems: [{name: shop, environment: production}]\n"

func TestPatternsThatGiveNoSystemAreMistakes(t *testing.T) {
	for _, test := range []struct {
		name, main string
		files      map[string]string
		want       string
	}{
		{
			"a pattern that matches nothing", "system_files: [systems/*.yaml]\n", nil,
			`config.yaml:1:16: no file matches "systems/*.yaml": expected the pattern of a file that is there`,
		},
		{
			"a pattern that matches the file itself alone", oneSystem + "system_files: ['*.yaml']\n", nil,
			`config.yaml:2:16: only this file itself matches "*.yaml": expected the pattern of another`,
		},
		{
			"the file itself by another path", "system_files: [../*/config.yaml]\n", nil,
			`config.yaml:1:16: only this file itself matches "../*/config.yaml": expected the pattern of another`,
		},
		{
			"hidden files are those of editors", "system_files: ['systems/*.yaml']\n", map[string]string{"systems/.#shop.yaml": oneSystem},
			`config.yaml:1:16: no file matches "systems/*.yaml": expected the pattern of a file that is there`,
		},
		{
			"a file without a system", "system_files: ['systems/*.yaml']\n", map[string]string{"systems/shop.yaml": "systems: []\n"},
			"systems/shop.yaml:1:1: no system is described: expected systems",
		},
		{
			"a folder that is named as a file", "system_files: ['systems/*.yaml']\n", map[string]string{"systems/shop.yaml/x": ""},
			"systems/shop.yaml: read configuration: not a regular file: it is a folder",
		},
		{
			"a name that would colour a terminal", "system_files: ['systems/*.yaml']\n", map[string]string{"systems/\x1b[31m.yaml": "systems: 7\n"},
			`systems/\x1b[31m.yaml:1:10: expected a list, found "7"`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			require.NoError(t, write("config.yaml", test.main))
			for file, content := range test.files {
				require.NoError(t, os.MkdirAll(file[:strings.LastIndex(file, "/")], 0o700))
				require.NoError(t, write(file, content))
			}
			loaded, err := config.Load("config.yaml", options(t))
			require.EqualError(t, err, test.want)
			require.False(t, loaded.Changed())
		})
	}
}

func TestAFileByTwoPathsIsReadOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, write("config.yaml", "system_files: ['a/*.yaml', 'b/*.yaml']\n"))
	require.NoError(t, os.Mkdir("a", 0o700))
	require.NoError(t, write("a/shop.yaml", oneSystem))
	require.NoError(t, os.Symlink("a", "b"))
	loaded, err := config.Load("config.yaml", options(t))
	require.NoError(t, err)
	require.Len(t, loaded.Plans, 1)
	require.False(t, loaded.Changed())
}

// None of them is waited for, or read whole.
func TestWhatIsNoFileIsTold(t *testing.T) {
	for want, make := range map[string]func(path string) error{
		"not a regular file: it is a named pipe":     func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"not a regular file: it is a device":         func(path string) error { return os.Symlink("/dev/zero", path) },
		"too large: expected at most 16777216 bytes": func(path string) error { return errors.Join(write(path, ""), os.Truncate(path, 10<<30)) },
		"no such file or directory":                  func(path string) error { return os.Symlink("nowhere", path) },
		"not a regular file: it is a folder":         func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		t.Run(want, func(t *testing.T) {
			t.Chdir(t.TempDir())
			require.NoError(t, write("config.yaml", "system_files: ['systems/*.yaml']\n"))
			require.NoError(t, os.Mkdir("systems", 0o700))
			require.NoError(t, write("systems/a.yaml", oneSystem))
			require.NoError(t, make("systems/b.yaml"))
			loaded, err := config.Load("config.yaml", options(t))
			require.EqualError(t, err, "systems/b.yaml: read configuration: "+want)
			require.False(t, loaded.Changed())
			require.NoError(t, os.Remove("systems/b.yaml"))
			require.True(t, loaded.Changed())
		})
	}
}

func TestFilesThatAreWrittenHaveAnotherStateEachTime(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, write("config.yaml", oneSystem))
	loaded, err := config.Load("config.yaml", options(t))
	require.NoError(t, err)
	require.Equal(t, loaded.Loaded(), loaded.State())
	require.NoError(t, write("config.yaml", oneSystem[:20]))
	first := loaded.State()
	require.NotEqual(t, loaded.Loaded(), first)
	require.Equal(t, first, loaded.State(), "nobody writes it any more")
	require.NoError(t, write("config.yaml", oneSystem[:30]))
	require.NotEqual(t, first, loaded.State())
}

func TestThePublicIsToldWhereButNotWhat(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, write("config.yaml", `
hunter2: 7
systems:
  - name: "hunter2\e[31m"
    environment: production
    owner: &hunter2 {hunter2: hunter2}
    prometheus: [{name: p, url: "https://hunter2:hunter2@a.test"}, {name: q, url: hunter2, ca_file: hunter2}]
    hosts: [{name: web, filesystems: [{mount: hunter2, purpose: hunter2}]}]
    objectives: {recovery_point: hunter2, readiness: hunter2}
    checks:
      hunter2: {severity: hunter2}
      server.disk: {parameters: {minimum_size: hunter2, hunter2: 7, count: hunter2}}
      tls.renewal: {parameters: {warn_before: hunter2}, severity: hunter2}
    collectors: {hunter2: {}, host: {schedule: hunter2}}
    waivers: [{check: hunter2, by: " ", reason: "", until: hunter2}]
  - {name: blog, environment: production, checklist: hunter2}
system_files: ["hunter2/*.yaml"]
checklist_files: ["[hunter2"]
`))
	_, err := config.Load(dir+"/config.yaml", options(t))
	var mistakes config.Errors
	require.ErrorAs(t, err, &mistakes)
	require.Greater(t, len(mistakes), 20)
	require.Contains(t, err.Error(), "hunter2")
	require.NotContains(t, err.Error(), "\x1b")
	public := mistakes.Public()
	require.NotContains(t, public, "hunter2")
	require.NotContains(t, public, dir)
	require.Contains(t, public, "config.yaml:9:34: … is no duration: expected a number with a unit")
	require.Len(t, strings.Split(public, "\n"), len(mistakes))
}

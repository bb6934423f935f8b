package envfile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func target(file system.EnvFile) Target { return Target{"shop/production", "web-1", file} }

// machine makes a root with a file of assignments, and an example beside it unless that is empty.
func machine(t *testing.T, mode os.FileMode, text, example string) string {
	t.Helper()
	root := t.TempDir()
	folder := filepath.Join(root, "srv/shop")
	require.NoError(t, os.MkdirAll(folder, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, ".env"), []byte(text), mode))
	require.NoError(t, os.Chmod(filepath.Join(folder, ".env"), mode))
	if example != "" {
		require.NoError(t, os.WriteFile(filepath.Join(folder, ".env.example"), []byte(example), 0o644))
	}
	return root
}

func collected(t *testing.T, root string) (fact.EnvironmentFile, fact.Configuration) {
	t.Helper()
	sets, err := collect(root, target(system.EnvFile{Path: "/srv/shop/.env"}))
	require.NoError(t, err)
	require.Equal(t, []int{1, 1}, []int{sets[0].Len(), sets[1].Len()})
	return *sets[0].At(0).(*fact.EnvironmentFile), *sets[1].At(0).(*fact.Configuration)
}

func TestWhatAFileIsLike(t *testing.T) {
	file, values := collected(t, machine(t, 0o640, "APP_ENV=staging\n# DEBUG=1\nexport API_TOKEN='correct horse battery staple'\nMAIL=\nREPLY = x\n",
		"APP_ENV=\nAPI_TOKEN=your-token\nMAIL=\nDEBUG=0\nDEBUG=1\nREPLY=\n"))
	require.Equal(t, fact.EnvironmentFile{
		Host: "web-1", Path: "/srv/shop/.env", Mode: "640", Example: "/srv/shop/.env.example", Missing: []string{"MAIL", "DEBUG"},
	}, file)
	require.Equal(t, "web-1:/srv/shop/.env", values.Subject())
	require.Equal(t, "the environment is not production", values.Values[0].Development)
	require.True(t, values.Values[1].Credential)
	require.NotContains(t, fmt.Sprintf("%+v %+v", file, values), "horse")
}

func TestOneLineIsAFileToo(t *testing.T) {
	file, values := collected(t, machine(t, 0o600, "DEBUG=true", ""))
	require.Equal(t, fact.EnvironmentFile{Host: "web-1", Path: "/srv/shop/.env", Mode: "600", OwnerOnly: true}, file)
	require.Equal(t, []fact.ConfiguredValue{{Key: "DEBUG", Development: "debugging is on"}}, values.Values)
}

func TestWhatCannotBeReadIsUnavailable(t *testing.T) {
	root := machine(t, 0o600, "A=1\n", "")
	for name, file := range map[string]system.EnvFile{
		"no file":             {Path: "/srv/shop/.env.production"},
		"no declared example": {Path: "/srv/shop/.env", Example: "/srv/shop/example"},
	} {
		_, err := collect(root, target(file))
		require.Equal(t, fact.ReasonNotFound, fact.ReasonOf(err), name)
	}
	_, err := collect(root, target(system.EnvFile{Path: "/srv/shop"}))
	require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err))
}

package rootfs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestADeviceIsNoText(t *testing.T) {
	_, err := ReadText(os.DirFS("/"), "dev/zero")
	require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), "%v", err)
}

func TestContainerAt(t *testing.T) {
	for name, want := range map[string]string{
		".dockerenv": "docker", "run/.containerenv": "podman",
		"var/run/secrets/kubernetes.io/serviceaccount/token": "kubernetes", "etc/hostname": "",
	} {
		root := t.TempDir()
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		require.Equal(t, want, containerAt(root, false), name)
	}
	require.Equal(t, "kubernetes", containerAt(t.TempDir(), true))
	require.Empty(t, Container(t.TempDir()), "a machine's root that is mounted is that of the machine")
}

func TestRootOfAContainerIsNotWhole(t *testing.T) {
	for name, each := range map[string]struct {
		mounts []Mount
		whole  bool
	}{
		"the disk of a machine":        {[]Mount{{Point: "/", Root: "/", FSType: "ext4"}}, true},
		"the layers of an image":       {[]Mount{{Point: "/", Root: "/", FSType: "overlay"}}, false},
		"a folder of a machine's disk": {[]Mount{{Point: "/", Root: "/rootfs", FSType: "xfs"}}, false},
		"a disk over the root of early user space": {[]Mount{
			{Point: "/", Root: "/", FSType: "rootfs"}, {Point: "/", Root: "/", FSType: "ext4"},
		}, true},
		"no root in the list": {nil, false},
		"the disk of a machine, beside a mount whose source is a hyphen": {
			ParseMounts("29 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 29 0:9 / /m rw - tmpfs - rw\nnonsense\n"), true,
		},
		"a root whose line cannot be read": {ParseMounts("29 1 8:1 / / rw\n"), false},
	} {
		require.Equal(t, each.whole, rootIsWhole(each.mounts), name)
	}
}

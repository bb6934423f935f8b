package rootfs

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// Container says in which sort of container our own root is, in place of a machine's; empty: in none. System containers, such
// as LXC's, have an operating system of their own and count as machines. So do virtual machines whose disk was made of a
// container's image, and that still bear its signs: their root is a whole file system.
func Container(path string) string {
	if path != "/" {
		return ""
	}
	if mounts, err := ReadMounts("/proc/self/mountinfo"); err == nil && rootIsWhole(mounts) {
		return ""
	}
	return containerAt("/", os.Getenv("KUBERNETES_SERVICE_HOST") != "")
}

// InContainer is why files of a machine cannot be read from the image of a container.
func InContainer(container string) error {
	return fact.Errorf(fact.ReasonUnsupported,
		"the exporter runs in a container (%s): mount the machine's root in it and point --path.rootfs there", container)
}

// rootIsWhole tells whether / is a file system of its own: neither the layers of an image nor a folder of a disk.
func rootIsWhole(mounts []Mount) bool {
	whole := false
	for _, m := range mounts {
		if m.Point == "/" {
			layered := m.FSType == "overlay" || m.FSType == "aufs" || strings.HasPrefix(m.FSType, "fuse")
			whole = m.Unread == "" && m.Root == "/" && !layered
		}
	}
	return whole
}

func containerAt(root string, inPod bool) string {
	for _, sign := range []struct{ path, kind string }{
		{"var/run/secrets/kubernetes.io/serviceaccount", "kubernetes"},
		{".dockerenv", "docker"},
		{"run/.containerenv", "podman"},
	} {
		if _, err := os.Stat(filepath.Join(root, sign.path)); err == nil {
			return sign.kind
		}
	}
	if inPod {
		return "kubernetes"
	}
	return ""
}

package host

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/readfile"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// maximumFileSize bounds what is read of one file.
const maximumFileSize = 1 << 20

// rootFiles are the files of the machine.
type rootFiles struct {
	fs.FS
	io.Closer
}

// Stat asks without opening, which would wait for whoever writes to a pipe.
func (r rootFiles) Stat(name string) (fs.FileInfo, error) { return fs.Stat(r.FS, name) }

// openFiles opens the machine's root. Where that is not our own, a symbolic link that leads out of it is an error: it
// would show a file of the container as one of the machine.
func openFiles(rootFS string) (rootFiles, error) {
	if rootFS == "/" {
		return rootFiles{FS: os.DirFS("/"), Closer: io.NopCloser(nil)}, nil
	}
	root, err := os.OpenRoot(rootFS)
	if err != nil {
		return rootFiles{}, fmt.Errorf("open the machine's root: %w", err)
	}
	return rootFiles{FS: root.FS(), Closer: root}, nil
}

// readFile reads a file of the machine.
func readFile(files fs.FS, name string) ([]byte, error) {
	content, err := readfile.ReadIn(files, name, maximumFileSize)
	if errors.Is(err, readfile.ErrNotRegular) || errors.Is(err, readfile.ErrTooLarge) {
		err = fact.Errorf(fact.ReasonInvalid, "%w", err)
	}
	return content, err
}

// maximumText bounds what of a machine's files goes into labels and pages.
const maximumText = 200

// readText reads a text, without what has no place in one.
func readText(files fs.FS, name string) (string, error) {
	content, err := readFile(files, name)
	return strings.ToValidUTF8(string(content), "?"), err
}

// clip makes a line of a text that is fit for labels and pages.
func clip(text string) string {
	return words.Printable(strings.TrimSpace(text), maximumText)
}

func exists(files fs.FS, name string) bool {
	_, err := fs.Stat(files, name)
	return err == nil
}

// containerOf says in which sort of container our own root is, in place of a machine's; empty: in none. System
// containers, such as LXC's, have an operating system of their own and count as machines. So do virtual machines whose
// disk was made of a container's image, and that still bear its signs: their root is a whole file system.
func containerOf(rootFS string) string {
	if rootFS != "/" {
		return ""
	}
	if mounts, err := readMountinfo("/proc/self/mountinfo"); err == nil && rootIsWhole(mounts) {
		return ""
	}
	return containerAt("/", os.Getenv("KUBERNETES_SERVICE_HOST") != "")
}

// rootIsWhole tells whether / is a file system of its own: neither the layers of an image nor a folder of a disk.
func rootIsWhole(mounts []mountinfo) bool {
	whole := false
	for _, m := range mounts {
		if m.point == "/" {
			layered := m.fstype == "overlay" || m.fstype == "aufs" || strings.HasPrefix(m.fstype, "fuse")
			whole = m.root == "/" && !layered
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

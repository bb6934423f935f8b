package host

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestNewestKernelOfTheFlavourThatRuns(t *testing.T) {
	for _, each := range []struct {
		name, running string
		boot          []string
		want          string
	}{
		{"a newer one waits", "6.1.0-9-amd64", []string{"vmlinuz-6.1.0-9-amd64", "vmlinuz-6.1.0-21-amd64", "initrd.img-6.1.0-30-amd64"}, "6.1.0-21-amd64"},
		{"the newest runs", "6.8.0-48-generic", []string{"vmlinuz-6.8.0-45-generic", "vmlinuz-6.8.0-48-generic"}, "6.8.0-48-generic"},
		{"another flavour is no update of it", "6.1.0-9-cloud-amd64", []string{"vmlinuz-6.1.0-21-amd64", "vmlinuz-6.1.0-9-cloud-amd64"}, "6.1.0-9-cloud-amd64"},
		{"links, memory tests and rescue kernels are none", "6.1.0-9-amd64", []string{"vmlinuz", "vmlinuz.old", "memtest86+.bin", "vmlinuz-0-rescue-4f0c"}, ""},
		{"of Red Hat, another minor release", "5.14.0-362.8.1.el9_3.x86_64", []string{"vmlinuz-5.14.0-427.13.1.el9_4.x86_64", "vmlinuz-5.14.0-362.8.1.el9_3.x86_64"}, "5.14.0-427.13.1.el9_4.x86_64"},
		{"of Debian, the next release", "6.1.0-38-amd64", []string{"vmlinuz-6.1.0-38-amd64", "vmlinuz-6.12.41+deb13-amd64"}, "6.12.41+deb13-amd64"},
		{"of Debian, the same release", "6.12.41+deb13-cloud-amd64", []string{"vmlinuz-6.12.48+deb13-cloud-amd64", "vmlinuz-6.12.57+deb13-amd64"}, "6.12.48+deb13-cloud-amd64"},
		{"of Debian's backports", "6.1.0-0.deb11.21-amd64", []string{"vmlinuz-6.1.0-0.deb11.9-amd64", "vmlinuz-6.1.0-0.deb11.21-amd64", "vmlinuz-6.1.0-0.deb11.28-amd64"}, "6.1.0-0.deb11.28-amd64"},
		{"of older backports", "5.10.0-0.bpo.9-amd64", []string{"vmlinuz-5.10.0-0.bpo.9-amd64", "vmlinuz-5.10.0-0.bpo.15-amd64"}, "5.10.0-0.bpo.15-amd64"},
		{"of backports by a later scheme", "6.10.6+bpo-amd64", []string{"vmlinuz-6.10.11+bpo-amd64", "vmlinuz-6.1.0-38-amd64"}, "6.10.11+bpo-amd64"},
		{"the kernel comes from outside", "6.12.8+", nil, ""},
		{"a number that is none", "99999999999999999999-amd64", []string{"vmlinuz-99999999999999999999-amd64"}, ""},
	} {
		files := fstest.MapFS{"boot/grub/grub.cfg": {}}
		for _, name := range each.boot {
			files["boot/"+name] = &fstest.MapFile{}
		}
		require.Equal(t, each.want, newestKernel(files, each.running), each.name)
	}
}

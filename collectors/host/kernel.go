package host

import (
	"cmp"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

// newestKernel is the newest kernel of /boot of the flavour that runs ("6.1.0-21-amd64", of amd64): an update of it takes effect with a
// reboot only. It is empty where none of that flavour is there, as in virtual machines whose kernel comes from outside.
func newestKernel(files fs.FS, running string) (newest string) {
	entries, err := fs.ReadDir(files, "boot")
	if err != nil {
		return ""
	}
	_, flavour := splitKernel(running)
	for _, entry := range entries {
		release, is := strings.CutPrefix(entry.Name(), "vmlinuz-")
		if !is {
			continue
		}
		numbers, of := splitKernel(release)
		if of != flavour || len(numbers) == 0 {
			continue
		}
		before, _ := splitKernel(newest)
		if slices.Compare(numbers, before) > 0 {
			newest = rootfs.Line(release)
		}
	}
	return newest
}

// kernelRelease is the numbers of a release, and what follows them. What names a release of the distribution is part of neither:
// .el9_4.x86_64 and .el9_3.x86_64 are one flavour, and so are -amd64, +deb13-amd64, and .deb11.22-amd64 of backports.
var (
	kernelRelease = regexp.MustCompile(`^[0-9]+([.-][0-9]+)*`)
	minorRelease  = regexp.MustCompile(`^\.((?:el|fc|amzn)[0-9]+)[._0-9]*`)
	debianRelease = regexp.MustCompile(`[.+~](?:deb|bpo)[0-9]*(\.[0-9]+)*(?:\+[0-9]+)?-`)
)

func splitKernel(release string) (numbers []int, flavour string) {
	release = debianRelease.ReplaceAllString(release, "$1-")
	version := kernelRelease.FindString(release)
	for field := range strings.FieldsFuncSeq(version, func(r rune) bool { return r == '.' || r == '-' }) {
		number, err := strconv.Atoi(field)
		if err != nil {
			return nil, release
		}
		numbers = append(numbers, number)
	}
	rest := release[len(version):]
	return numbers, cmp.Or(minorRelease.ReplaceAllString(rest, ".$1."), rest)
}

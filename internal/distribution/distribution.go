// Package distribution knows the server operating systems: how they name themselves, and until when vendors support them.
package distribution

import (
	"strings"
	"time"
)

// A Release is one release of an operating system, by the ID and VERSION_ID of its os-release.
type Release struct{ ID, Version string }

// A Support is how long the vendor supports a release. The days are the last ones that the vendors name, taken for the
// first without support: a day early rather than late.
type Support struct {
	End      time.Time // for everybody
	Extended time.Time // for those with a subscription, or by a long-term team; zero where there is none
	Free     bool      // extended support needs no subscription
}

// A Table has how long releases are supported, by their ID and by their version, or by the major version alone where the
// vendor supports all minor versions alike.
type Table map[string]map[string]Support

// Of gives how long a release is supported; false where that is not known.
func (t Table) Of(r Release) (Support, bool) {
	if known, listed := t[r.ID][r.Version]; listed {
		return known, true
	}
	major, _, _ := strings.Cut(r.Version, ".")
	known, listed := t[r.ID][major]
	return known, listed
}

// Titled reads a release from the PRETTY_NAME of its os-release, which is all that Kubernetes reports of a node:
// "Ubuntu 24.04.3 LTS" is ubuntu 24.04. The ID of an unknown operating system is its first word in lower case.
func Titled(title string) Release {
	words := strings.Fields(title)
	if len(words) == 0 {
		return Release{}
	}
	release := Release{ID: strings.ToLower(words[0])}
	for _, each := range []struct{ prefix, id string }{
		{"Red Hat Enterprise Linux", "rhel"}, {"Amazon Linux", "amzn"}, {"SUSE Linux Enterprise Server", "sles"},
	} {
		if strings.HasPrefix(title, each.prefix) {
			release.ID = each.id
		}
	}
	for i, word := range words {
		if word = strings.TrimLeft(word, "(v"); word == "" || word[0] < '0' || word[0] > '9' {
			continue
		}
		release.Version = strings.TrimRight(word, ")")
		if i+1 < len(words) && release.ID == "sles" {
			release.Version += strings.Replace(words[i+1], "SP", ".", 1)
		}
		break
	}
	if parts := strings.Split(release.Version, "."); release.ID == "ubuntu" && len(parts) > 2 {
		release.Version = parts[0] + "." + parts[1]
	}
	return release
}

// Supported lists the long-term releases of server operating systems. Interim releases stay out: their end is not
// known unless their os-release says it. Sources:
//
//   - Ubuntu and Debian: the distro-info-data package, 0.68 (columns eol-server and eol-esm; eol and eol-lts)
//   - Red Hat: https://access.redhat.com/support/policy/updates/errata (maintenance; Extended Life Cycle Support)
//   - Rocky: https://wiki.rockylinux.org/rocky/version/
//   - AlmaLinux: https://wiki.almalinux.org/release-notes/ (security support)
//   - Amazon Linux: https://aws.amazon.com/amazon-linux-2/faqs/ and
//     https://docs.aws.amazon.com/linux/al2023/ug/release-cadence.html
//   - SUSE: https://www.suse.com/lifecycle (general support; LTSS)
func Supported() Table {
	return Table{
		"ubuntu": {
			"14.04": {End: day(2019, 4, 30), Extended: day(2024, 4, 25)},
			"16.04": {End: day(2021, 4, 30), Extended: day(2026, 4, 23)},
			"18.04": {End: day(2023, 5, 31), Extended: day(2028, 4, 26)},
			"20.04": {End: day(2025, 5, 29), Extended: day(2030, 4, 23)},
			"22.04": {End: day(2027, 6, 1), Extended: day(2032, 4, 21)},
			"24.04": {End: day(2029, 5, 31), Extended: day(2034, 4, 25)},
			"26.04": {End: day(2031, 5, 29), Extended: day(2036, 4, 23)},
		},
		"debian": {
			"10": {End: day(2022, 9, 10), Extended: day(2024, 6, 30), Free: true},
			"11": {End: day(2024, 8, 14), Extended: day(2026, 8, 31), Free: true},
			"12": {End: day(2026, 7, 11), Extended: day(2028, 6, 30), Free: true},
			"13": {End: day(2028, 8, 9), Extended: day(2030, 6, 30), Free: true},
		},
		"rhel": {
			"8":  {End: day(2029, 5, 31), Extended: day(2032, 5, 31)},
			"9":  {End: day(2032, 5, 31), Extended: day(2035, 5, 31)},
			"10": {End: day(2035, 5, 31), Extended: day(2038, 5, 31)},
		},
		"rocky": {
			"8":  {End: day(2029, 5, 31)},
			"9":  {End: day(2032, 5, 31)},
			"10": {End: day(2035, 5, 31)},
		},
		"almalinux": {
			"8":  {End: day(2029, 3, 1)},
			"9":  {End: day(2032, 5, 31)},
			"10": {End: day(2035, 5, 31)},
		},
		"amzn": {
			"2":    {End: day(2026, 6, 30)},
			"2023": {End: day(2029, 6, 30)},
		},
		"sles": {
			"15.3": {End: day(2022, 12, 31), Extended: day(2025, 12, 31)},
			"15.4": {End: day(2023, 12, 31), Extended: day(2026, 12, 31)},
			"15.5": {End: day(2024, 12, 31), Extended: day(2027, 12, 31)},
			"15.6": {End: day(2025, 12, 31), Extended: day(2028, 12, 31)},
			"15.7": {End: day(2031, 7, 31), Extended: day(2034, 7, 31)},
		},
	}
}

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

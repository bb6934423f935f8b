package host

import (
	"strings"
	"time"
)

// A support is how long the vendor supports a release. The days are the last ones that the vendors name, taken for the
// first without support: a day early rather than late.
type support struct {
	end      time.Time // for everybody
	extended time.Time // for those with a subscription, or by a long-term team
	free     bool      // extended support needs no subscription
}

// supportOf looks up a release by its os-release ID and VERSION_ID, or by the major version alone where the vendor
// supports all minor versions alike.
func supportOf(id, version string) (support, bool) {
	table := supportTable()[id]
	if known, listed := table[version]; listed {
		return known, true
	}
	major, _, _ := strings.Cut(version, ".")
	known, listed := table[major]
	return known, listed
}

// supportTable lists the long-term releases of server operating systems. Interim releases stay out: their end is not
// known unless their os-release says it. Sources:
//
//   - Ubuntu and Debian: the distro-info-data package, 0.68 (columns eol-server and eol-esm; eol and eol-lts)
//   - Red Hat: https://access.redhat.com/support/policy/updates/errata (maintenance; Extended Life Cycle Support)
//   - Rocky: https://wiki.rockylinux.org/rocky/version/
//   - AlmaLinux: https://wiki.almalinux.org/release-notes/ (security support)
//   - Amazon Linux: https://aws.amazon.com/amazon-linux-2/faqs/ and
//     https://docs.aws.amazon.com/linux/al2023/ug/release-cadence.html
//   - SUSE: https://www.suse.com/lifecycle (general support; LTSS)
func supportTable() map[string]map[string]support {
	return map[string]map[string]support{
		"ubuntu": {
			"18.04": {end: day(2023, 5, 31), extended: day(2028, 4, 26)},
			"20.04": {end: day(2025, 5, 29), extended: day(2030, 4, 23)},
			"22.04": {end: day(2027, 6, 1), extended: day(2032, 4, 21)},
			"24.04": {end: day(2029, 5, 31), extended: day(2034, 4, 25)},
			"26.04": {end: day(2031, 5, 29), extended: day(2036, 4, 23)},
		},
		"debian": {
			"10": {end: day(2022, 9, 10), extended: day(2024, 6, 30), free: true},
			"11": {end: day(2024, 8, 14), extended: day(2026, 8, 31), free: true},
			"12": {end: day(2026, 7, 11), extended: day(2028, 6, 30), free: true},
			"13": {end: day(2028, 8, 9), extended: day(2030, 6, 30), free: true},
		},
		"rhel": {
			"8":  {end: day(2029, 5, 31), extended: day(2032, 5, 31)},
			"9":  {end: day(2032, 5, 31), extended: day(2035, 5, 31)},
			"10": {end: day(2035, 5, 31), extended: day(2038, 5, 31)},
		},
		"rocky": {
			"8":  {end: day(2029, 5, 31)},
			"9":  {end: day(2032, 5, 31)},
			"10": {end: day(2035, 5, 31)},
		},
		"almalinux": {
			"8":  {end: day(2029, 3, 1)},
			"9":  {end: day(2032, 5, 31)},
			"10": {end: day(2035, 5, 31)},
		},
		"amzn": {
			"2":    {end: day(2026, 6, 30)},
			"2023": {end: day(2029, 6, 30)},
		},
		"sles": {
			"15.3": {end: day(2022, 12, 31), extended: day(2025, 12, 31)},
			"15.4": {end: day(2023, 12, 31), extended: day(2026, 12, 31)},
			"15.5": {end: day(2024, 12, 31), extended: day(2027, 12, 31)},
			"15.6": {end: day(2025, 12, 31), extended: day(2028, 12, 31)},
			"15.7": {end: day(2031, 7, 31), extended: day(2034, 7, 31)},
		},
	}
}

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

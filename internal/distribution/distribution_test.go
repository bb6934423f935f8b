package distribution

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReleasesAreReadFromTheirTitles(t *testing.T) {
	for title, want := range map[string]Release{
		"Ubuntu 24.04.3 LTS":                    {"ubuntu", "24.04"},
		"Ubuntu 25.10":                          {"ubuntu", "25.10"},
		"Debian GNU/Linux 13 (trixie)":          {"debian", "13"},
		"Red Hat Enterprise Linux 9.4 (Plow)":   {"rhel", "9.4"},
		"Rocky Linux 9.4 (Blue Onyx)":           {"rocky", "9.4"},
		"AlmaLinux 10.0 (Purple Lion)":          {"almalinux", "10.0"},
		"Amazon Linux 2023.6.20241212":          {"amzn", "2023.6.20241212"},
		"SUSE Linux Enterprise Server 15 SP6":   {"sles", "15.6"},
		"Bottlerocket OS 1.20.0 (aws-k8s-1.29)": {"bottlerocket", "1.20.0"},
		"Talos (v1.7.0)":                        {"talos", "1.7.0"},
		"Arch Linux":                            {"arch", ""},
		"":                                      {},
	} {
		require.Equal(t, want, Titled(title), title)
	}
}

func TestSupportIsKnownByVersionOrMajorVersion(t *testing.T) {
	for _, release := range []Release{{"ubuntu", "24.04"}, {"rocky", "9.4"}, {"amzn", "2023.6.20241212"}, {"sles", "15.6"}} {
		_, known := Supported().Of(release)
		require.True(t, known, "%v", release)
	}
	for _, release := range []Release{{"ubuntu", "25.10"}, {"arch", ""}, {}} {
		_, known := Supported().Of(release)
		require.False(t, known, "%v", release)
	}
}

func TestExtendedSupportIsLonger(t *testing.T) {
	for id, releases := range Supported() {
		for version, known := range releases {
			require.False(t, known.End.IsZero(), "%s %s", id, version)
			require.True(t, known.Extended.IsZero() || known.Extended.After(known.End), "%s %s", id, version)
		}
	}
}

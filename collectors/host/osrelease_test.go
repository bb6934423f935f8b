package host

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestOperatingSystem(t *testing.T) {
	cases := []struct {
		name, release string
		want          fact.Host
	}{
		{
			"Ubuntu 20.04 gets updates until 2025, and until 2030 with a subscription",
			"NAME=\"Ubuntu\"\nVERSION=\"20.04.6 LTS (Focal Fossa)\"\nID=ubuntu\nID_LIKE=debian\nPRETTY_NAME=\"Ubuntu 20.04.6 LTS\"\n" +
				"VERSION_ID=\"20.04\"\nVERSION_CODENAME=focal\n",
			fact.Host{
				ID: "ubuntu", Version: "20.04", Codename: "focal", Title: "Ubuntu 20.04.6 LTS", LongTermSupport: true,
				SupportEnd: day(2025, 5, 29), ExtendedSupportEnd: day(2030, 4, 23),
			},
		},
		{
			"an interim release of Ubuntu is not long-term, and its end is not known",
			"PRETTY_NAME=\"Ubuntu 25.10\"\nVERSION_ID=\"25.10\"\nVERSION=\"25.10 (Questing Quokka)\"\nVERSION_CODENAME=questing\nID=ubuntu\n",
			fact.Host{ID: "ubuntu", Version: "25.10", Codename: "questing", Title: "Ubuntu 25.10"},
		},
		{
			"an LTS that the table does not know yet is long-term all the same",
			"PRETTY_NAME=\"Ubuntu 28.04 LTS\"\nVERSION_ID=\"28.04\"\nVERSION=\"28.04 LTS\"\nID=ubuntu\n",
			fact.Host{ID: "ubuntu", Version: "28.04", Title: "Ubuntu 28.04 LTS", LongTermSupport: true},
		},
		{
			"Debian 12 has a long-term team that costs nothing",
			"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n",
			fact.Host{
				ID: "debian", Version: "12", Codename: "bookworm", Title: "Debian GNU/Linux 12 (bookworm)", LongTermSupport: true,
				SupportEnd: day(2026, 7, 11), ExtendedSupportEnd: day(2028, 6, 30), ExtendedSupport: true,
			},
		},
		{
			"Red Hat supports every minor version of a major one",
			"NAME=\"Red Hat Enterprise Linux\"\nID=\"rhel\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"9.4\"\nPRETTY_NAME=\"Red Hat Enterprise Linux 9.4 (Plow)\"\n",
			fact.Host{
				ID: "rhel", Version: "9.4", Title: "Red Hat Enterprise Linux 9.4 (Plow)", LongTermSupport: true,
				SupportEnd: day(2032, 5, 31), ExtendedSupportEnd: day(2035, 5, 31),
			},
		},
		{
			"what os-release says of the end wins",
			"ID=\"amzn\"\nVERSION_ID=\"2023\"\nPRETTY_NAME=\"Amazon Linux 2023\"\nSUPPORT_END=\"2028-03-15\"\n",
			fact.Host{
				ID: "amzn", Version: "2023", Title: "Amazon Linux 2023", LongTermSupport: true, SupportEnd: day(2028, 3, 15),
			},
		},
		{
			"an unknown system that says its end has one",
			"ID=fedora\nVERSION_ID=42\nPRETTY_NAME=\"Fedora Linux 42\"\nSUPPORT_END=2026-05-13\n",
			fact.Host{ID: "fedora", Version: "42", Title: "Fedora Linux 42", SupportEnd: day(2026, 5, 13)},
		},
		{
			"a service pack of SUSE has an end of its own",
			"ID=\"sles\"\nVERSION_ID=\"15.6\"\nPRETTY_NAME='SUSE Linux Enterprise Server 15 SP6'\n",
			fact.Host{
				ID: "sles", Version: "15.6", Title: "SUSE Linux Enterprise Server 15 SP6", LongTermSupport: true,
				SupportEnd: day(2025, 12, 31), ExtendedSupportEnd: day(2028, 12, 31),
			},
		},
		{
			"a rolling release has no version and no end",
			"ID=arch\nPRETTY_NAME=\"Arch \\\"Linux\\\"\"\n# ID=comment\nnonsense\n",
			fact.Host{ID: "arch", Title: `Arch "Linux"`},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			files := fstest.MapFS{"usr/lib/os-release": {Data: []byte(c.release)}}
			release, err := readOSRelease(files)
			require.NoError(t, err)
			var host fact.Host
			addOperatingSystem(&host, release, files)
			require.Empty(t, cmp.Diff(c.want, host))
		})
	}
}

func FuzzParseOSRelease(f *testing.F) {
	f.Add("ID=ubuntu\nVERSION_ID=\"22.04\"\nSUPPORT_END=2030-01-01\n")
	f.Add("ID=\"\nVERSION='\n=\n\\\"")
	f.Fuzz(func(t *testing.T, text string) {
		release := parseOSRelease(text)
		if !release.SupportEnd.IsZero() {
			require.Equal(t, release.SupportEnd, release.SupportEnd.Truncate(24*time.Hour))
		}
	})
}

func day(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

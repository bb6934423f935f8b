package rootfs

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzUnescape(f *testing.F) {
	f.Add(`/mnt/with\040blank`)
	f.Add(`\134\777\0`)
	f.Fuzz(func(t *testing.T, field string) { require.LessOrEqual(t, len(unescape(field)), len(field)) })
}

func TestUnescape(t *testing.T) {
	require.Equal(t, "/mnt/with blank", unescape(`/mnt/with\040blank`))
	require.Equal(t, "a\tb\\c", unescape(`a\011b\134c`))
	require.Equal(t, `\777\0`, unescape(`\777\0`), "what is no byte stays as it is")
}

func TestEveryLineOfTheListOfMountsIsReadByItself(t *testing.T) {
	for line, want := range map[string]Mount{
		"29 1 8:1 / / rw shared:1 master:2 - ext4 /dev/sda1 rw,errors=remount-ro": {
			Number: "8:1", Root: "/", Point: "/", Options: []string{"rw"}, FSType: "ext4", Source: "/dev/sda1",
			SuperOptions: []string{"rw", "errors=remount-ro"},
		},
		"29 1 0:9 / /mnt/- rw - tmpfs - rw": {
			Number: "0:9", Root: "/", Point: "/mnt/-", Options: []string{"rw"}, FSType: "tmpfs", Source: "-", SuperOptions: []string{"rw"},
		},
		"29 1 0:9 / /m rw -  rw": {
			Number: "0:9", Root: "/", Point: "/m", Options: []string{"rw"}, SuperOptions: []string{"rw"},
		},
		"29 1 0:9 / /m rw - tmpfs  rw": {
			Number: "0:9", Root: "/", Point: "/m", Options: []string{"rw"}, FSType: "tmpfs", SuperOptions: []string{"rw"},
		},
		"29 1 0:9 / /m rw shared:1": {
			Number: "0:9", Root: "/", Point: "/m", Options: []string{"rw"},
			Unread: "line 1 of the list of mounts is not as proc_pid_mountinfo(5) describes it",
		},
		"nonsense": {
			Point: "/(line 1 of the list of mounts)", Unread: "line 1 of the list of mounts is not as proc_pid_mountinfo(5) describes it",
		},
	} {
		good := "30 1 8:2 / /srv rw - xfs /dev/sdb rw"
		all := ParseMounts(line + "\n" + good + "\n")
		require.Len(t, all, 2)
		require.Equal(t, want, all[0], line)
		require.Equal(t, "/srv", all[1].Point)
	}
}

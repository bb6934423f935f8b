package system

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

func TestHostMistakes(t *testing.T) {
	cases := []struct {
		name string
		host Host
		want []string
	}{
		{"a host with its mounts is right", Host{Name: "web-1", Filesystems: []Filesystem{
			{Mount: "/", Purpose: "root"}, {Mount: "/srv", Purpose: "data"},
		}}, nil},
		{"a host needs a name", Host{}, []string{"name is missing"}},
		{
			"a mount is an absolute path", Host{Name: "web-1", Filesystems: []Filesystem{{Mount: "srv", Purpose: "data"}}},
			[]string{`mount "srv": expected an absolute path`},
		},
		{
			"a mount is written as the kernel writes it", Host{Name: "web-1", Filesystems: []Filesystem{{Mount: "/srv/", Purpose: "data"}}},
			[]string{`mount "/srv/": expected "/srv", as the list of mounts has it`},
		},
		{
			"a purpose is one of a few", Host{Name: "web-1", Filesystems: []Filesystem{{Mount: "/srv", Purpose: "other"}}},
			[]string{`purpose "other": expected one of root, data, database, backup, logs`},
		},
		{
			"a mount is declared once",
			Host{Name: "web-1", Filesystems: []Filesystem{{Mount: "/srv", Purpose: "data"}, {Mount: "/srv", Purpose: "logs"}}},
			[]string{`mount "/srv" stands twice: entry 1 has it already`},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var list mistake.List
			c.host.validate(&list, nil)
			var got []string
			for _, m := range list {
				got = append(got, m.Message)
			}
			require.Equal(t, c.want, got)
		})
	}
}

package rpm_test

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/rpm"
)

// pairs are versions that others compared wrongly, and many that nobody thought of.
func pairs() (all [][2]string) {
	known := []string{
		"0", "1", "01", "1.0", "1.0.0", "1.00", "1.1", "1.10", "1.9", "10", "2.0.1", "2.0.1a", "2.0a", "5.5p1", "5.5p2", "5.5p10", "10xyz",
		"xyz10", "xyz.4", "8", "xyz", "4.999.9", "5.0", "1.0~", "1.0~rc1", "1.0~rc1~git1", "1.0~rc2", "1.0~~", "1.0^", "1.0^git1", "1.0^git2",
		"1.0^git1~pre", "1.0~rc1^git1", "1.01", "1.01^git1", "1.0.1", "1.0^20160101", "1.0^20160101^git1", "a", "a+", "_a", "+", "_", "~", "^", "~1",
		"^1", "1b.fc17", "1g.fc17", "1.fc17", "27.el9_4", "27.el9_4.1", "27.el9", "1.module+el9.4.0+22195+c221878e", "20240807131341", "00000000000000000001",
		"99999999999999999999999", "99999999999999999999998", "6.0.rc1", "6.0", "1..2", "A", "Z", "z",
	}
	for _, a := range known {
		for _, b := range known {
			all = append(all, [2]string{a, b})
		}
	}
	const of = "0123459aBz.~^_+"
	text := func() string {
		made := make([]byte, 1+rand.N(7))
		for i := range made {
			made[i] = of[rand.N(len(of))]
		}
		return string(made)
	}
	for range 3000 {
		a, b := text(), text()
		if rand.N(2) == 0 {
			b = a[:rand.N(len(a)+1)] + b
		}
		all = append(all, [2]string{a, b})
	}
	return all
}

// TestVersionsAreOrderedAsRPMDoes holds the order to that of rpm itself.
func TestVersionsAreOrderedAsRPMDoes(t *testing.T) {
	for some := range slices.Chunk(pairs(), 1000) {
		var script strings.Builder
		for _, pair := range some {
			fmt.Fprintf(&script, "print(rpm.vercmp(%q, %q) .. \" \")\n", pair[0], pair[1])
		}
		output, err := exec.CommandContext(t.Context(), "rpm", "--eval", "%{lua:"+script.String()+"}").CombinedOutput()
		require.NoError(t, err, string(output))
		orders := strings.Fields(string(output))
		require.Len(t, orders, len(some))
		for i, pair := range some {
			for version, of := range map[string]func(string) rpm.Version{
				"version": func(text string) rpm.Version { return rpm.Version{Version: text} },
				"release": func(text string) rpm.Version { return rpm.Version{Version: "1", Release: text} },
			} {
				require.Equal(t, orders[i], fmt.Sprint(of(pair[0]).Compare(of(pair[1]))), "the %s %q and %q", version, pair[0], pair[1])
			}
		}
	}
}

func TestAnEpochComesFirst(t *testing.T) {
	newer, older := rpm.Version{Epoch: 1, Version: "1.0", Release: "1"}, rpm.Version{Version: "2.0", Release: "9"}
	require.Positive(t, newer.Compare(older))
	require.Negative(t, older.Compare(newer))
	require.Equal(t, "1:1.0-1", newer.String())
	require.Equal(t, "2.0-9", older.String())
}

func FuzzVersions(f *testing.F) {
	f.Add("1.0~rc1", "1.0", "1.0^git1")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		order := func(a, b string) int { return rpm.Version{Version: a}.Compare(rpm.Version{Version: b}) }
		require.Equal(t, order(a, b), -order(b, a))
		require.Zero(t, order(a, a))
		if order(a, b) < 0 && order(b, c) < 0 {
			require.Negative(t, order(a, c))
		}
	})
}

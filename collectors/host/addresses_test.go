package host

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// routes is the table of a machine with one address, as the kernel writes it: that of a network and that for all are none of it.
const routes = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     |-- 10.0.0.0
        /24 link UNICAST
Local:
  +-- 0.0.0.0/0 2 0 2
     +-- 10.0.0.0/24 2 0 2
        |-- 10.0.0.5
           /32 host LOCAL
        |-- 10.0.0.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.0
           /8 host LOCAL
        |-- 127.0.0.1
           /32 host LOCAL
`

func TestAddresses(t *testing.T) {
	also := func(address string) string {
		return routes + "        |-- " + address + "\n           /32 host LOCAL\n"
	}
	const (
		loopback  = "00000000000000000000000000000001 01 80 10 80       lo\n"
		linkLocal = "fe80000000000000505400fffe000001 02 40 20 80     eth0\n"
		public    = "2a0104f8000000000000000000000001 02 40 00 80     eth0\n"
		local     = "fd000000000000000000000000000001 02 40 00 80     eth0\n"
		tentative = "2a0104f8000000000000000000000002 02 40 00 c0     eth0\n"
		duplicate = "2a0104f8000000000000000000000003 02 40 00 88     eth0\n"
	)
	for name, c := range map[string]struct {
		four, six string
		want      []string
	}{
		"a private address":             {routes, loopback, []string{"10.0.0.5"}},
		"a public one too":              {also("192.0.43.8"), "", []string{"10.0.0.5", "192.0.43.8"}},
		"that of a provider is none":    {also("100.64.1.2"), "", []string{"10.0.0.5", "100.64.1.2"}},
		"that of documentation is none": {also("203.0.113.7"), "", []string{"10.0.0.5", "203.0.113.7"}},
		"twice is once":                 {also("10.0.0.5"), "", []string{"10.0.0.5"}},
		"a public one of IPv6 alone": {routes, loopback + linkLocal + public + local, []string{
			"10.0.0.5", "2a01:4f8::1", "fd00::1", "fe80::5054:ff:fe00:1",
		}},
		"what is not unique is not used": {routes, tentative + duplicate, []string{"10.0.0.5"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := addresses(fstest.MapFS{"1/net/fib_trie": {Data: []byte(c.four)}, "1/net/if_inet6": {Data: []byte(c.six)}})
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	got, err := addresses(fstest.MapFS{"1/net/fib_trie": {Data: []byte(routes)}})
	require.NoError(t, err, "a kernel without IPv6")
	require.Len(t, got, 1)
	for what, files := range map[string]fstest.MapFS{
		"no address at all, which is none of a machine": {"1/net/fib_trie": {Data: []byte("Main:\n")}},
		"what is none":              {"1/net/fib_trie": {Data: []byte(routes + "|-- 10.0.0\n")}},
		"another file":              {"1/net/fib_trie": {Data: []byte("iface destination\n" + routes)}},
		"a line that is cut":        {"1/net/fib_trie": {Data: []byte(routes)}, "1/net/if_inet6": {Data: []byte("00 02\n")}},
		"an address that is cut":    {"1/net/fib_trie": {Data: []byte(routes)}, "1/net/if_inet6": {Data: []byte("00 02 40 00 80 eth0\n")}},
		"flags that cannot be read": {"1/net/fib_trie": {Data: []byte(routes)}, "1/net/if_inet6": {Data: []byte(strings.Replace(public, "80 ", "xx ", 1))}},
	} {
		_, err := addresses(files)
		require.Equal(t, fact.ReasonInvalid, fact.ReasonOf(err), what)
	}
}

// TestAddressesAreThoseOfTheKernel holds what is read from files to what the kernel answers by netlink.
func TestAddressesAreThoseOfTheKernel(t *testing.T) {
	files := fstest.MapFS{} // of this process, whose network need not be that of the first one
	for _, name := range []string{"fib_trie", "if_inet6"} {
		content, err := os.ReadFile("/proc/self/net/" + name)
		if errors.Is(err, fs.ErrNotExist) && name == "if_inet6" {
			continue // a kernel without IPv6
		}
		require.NoError(t, err)
		files["1/net/"+name] = &fstest.MapFile{Data: content}
	}
	found, err := addresses(files)
	require.NoError(t, err)
	asked, err := net.InterfaceAddrs()
	require.NoError(t, err)
	for _, each := range asked {
		address := netip.MustParsePrefix(each.String()).Addr()
		if address.Is4() && !address.IsLoopback() {
			require.Contains(t, found, address.String())
		}
	}
}

func FuzzAddresses(f *testing.F) {
	f.Add(routes, "2a0104f8000000000000000000000001 02 40 00 80     eth0\n")
	f.Fuzz(func(t *testing.T, four, six string) {
		found, err := addresses(fstest.MapFS{"1/net/fib_trie": {Data: []byte(four)}, "1/net/if_inet6": {Data: []byte(six)}})
		if err != nil {
			return
		}
		for _, each := range found {
			_, err := netip.ParseAddr(each)
			require.NoError(t, err)
		}
	})
}

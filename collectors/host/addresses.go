package host

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// NewAddresses makes the collector of the addresses of the machine's interfaces; rootFS is where the machine's root file system is.
//
// They are those of the network of the first process, which is that of the machine also where the exporter has one of its own.
func NewAddresses(rootFS string) collector.Collector[collector.Machine] {
	known := func(host string) fact.HostAddresses { return fact.HostAddresses{Host: host} }
	return collector.OfMachine("host_addresses", "At which addresses the interfaces of the machine are.",
		fact.AllHostAddresses(), known, func(_ context.Context, host string) (*fact.Set[fact.HostAddresses], error) {
			set := &fact.Set[fact.HostAddresses]{}
			if container := rootfs.Container(rootFS); container != "" {
				set.Lack(known(host), "", rootfs.InContainer(container))
				return set, nil
			}
			files, err := rootfs.Open(rootfs.Proc(rootFS))
			if err != nil {
				return nil, err
			}
			found, err := addresses(files)
			if err = errors.Join(err, files.Close()); err != nil {
				return nil, fmt.Errorf("read the addresses of the machine: %w", err)
			}
			set.Add(fact.HostAddresses{Host: host, Addresses: found})
			return set, nil
		})
}

// maximumRoutes bounds the table of routes, in bytes: of a router that knows all of the Internet it is larger, and not read.
const maximumRoutes = 16 << 20

// addresses reads those of the first process below a folder as /proc.
func addresses(proc fs.FS) (all []string, err error) {
	routes, err := rootfs.Read(proc, "1/net/fib_trie", maximumRoutes)
	if err != nil {
		return nil, err
	}
	found, err := localIPv4(string(routes))
	if err != nil {
		return nil, err
	}
	six, err := rootfs.Read(proc, "1/net/if_inet6", maximumRoutes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // A kernel without IPv6 has no such file.
		return nil, err
	}
	foundSix, err := localIPv6(string(six))
	if err != nil {
		return nil, err
	}
	found = append(found, foundSix...)
	slices.SortFunc(found, netip.Addr.Compare)
	for _, address := range slices.Compact(found) {
		if !address.IsLoopback() {
			all = append(all, address.String())
		}
	}
	return all, nil
}

// localIPv4 reads the tables of routes as net/ipv4/fib_trie.c writes them: a line names an address, and those below it its routes.
func localIPv4(tables string) (all []netip.Addr, err error) {
	var at netip.Addr
	for line := range strings.Lines(tables) {
		line = strings.TrimSpace(line)
		name, named := strings.CutPrefix(line, "|-- ")
		switch {
		case named:
			if at, err = netip.ParseAddr(name); err != nil || !at.Is4() {
				return nil, fact.Errorf(fact.ReasonInvalid, "1/net/fib_trie: %q is no address", words.Excerpt(name))
			}
		case line == "/32 host LOCAL" && at.IsValid():
			all = append(all, at)
		case !strings.HasPrefix(line, "+-- ") && !strings.HasPrefix(line, "/") && !strings.HasSuffix(line, ":"):
			return nil, fact.Errorf(fact.ReasonInvalid, "1/net/fib_trie: %q is no line of it", words.Excerpt(line))
		}
	}
	if len(all) == 0 {
		return nil, fact.Errorf(fact.ReasonInvalid, "1/net/fib_trie: it has no local address, not even that of loopback")
	}
	return all, nil
}

// unusable are the flags of addresses that were not found to be unique yet, or are not: IFA_F_TENTATIVE and IFA_F_DADFAILED
// (include/uapi/linux/if_addr.h).
const unusable = 0x40 | 0x08

// localIPv6 reads the addresses of interfaces as net/ipv6/addrconf.c writes them: address, interface, length of the prefix, scope,
// flags and name.
func localIPv6(table string) (all []netip.Addr, err error) {
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 6 {
			return nil, fact.Errorf(fact.ReasonInvalid, "1/net/if_inet6: %q is no line of it", words.Excerpt(line))
		}
		bytes, err := hex.DecodeString(fields[0])
		address, is := netip.AddrFromSlice(bytes)
		if err != nil || !is || !address.Is6() {
			return nil, fact.Errorf(fact.ReasonInvalid, "1/net/if_inet6: %q is no address", words.Excerpt(fields[0]))
		}
		flags, err := strconv.ParseUint(fields[4], 16, 32)
		if err != nil {
			return nil, fact.Errorf(fact.ReasonInvalid, "1/net/if_inet6: %q are no flags", words.Excerpt(fields[4]))
		}
		if flags&unusable == 0 {
			all = append(all, address)
		}
	}
	return all, nil
}

package port

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/rootfs"
)

// NewListening makes the collector of what listens on the machine; rootFS is where the machine's root file system is.
func NewListening(rootFS string) collector.Collector[collector.Machine] {
	known := func(host string) fact.ListeningSockets { return fact.ListeningSockets{Host: host} }
	return collector.OfMachine("listening_sockets", "What listens on the machine for connections of TCP, with its process.",
		fact.AllListeningSockets(), known, func(_ context.Context, host string) (*fact.Set[fact.ListeningSockets], error) {
			set := &fact.Set[fact.ListeningSockets]{}
			if container := rootfs.Container(rootFS); container != "" {
				set.Lack(known(host), "", rootfs.InContainer(container))
				return set, nil
			}
			found := known(host)
			var err error
			if found.Sockets, err = listening(rootfs.Proc(rootFS)); err != nil {
				return nil, err
			}
			set.Add(found)
			return set, nil
		})
}

// stateListen is TCP_LISTEN of the kernel (include/net/tcp_states.h).
const stateListen = 10

// listening reads what listens in the network of the first process, which is that of the machine, also where the exporter has one of its
// own.
func listening(proc string) (all []fact.ListeningSocket, err error) {
	files, err := procfs.NewFS(filepath.Join(proc, "1"))
	if err != nil {
		return nil, fmt.Errorf("read the sockets of the machine: %w", err)
	}
	lines, err := files.NetTCP() //nolint:staticcheck // Netlink tells of the own network alone: that of the machine is in its files.
	if err != nil {
		return nil, fmt.Errorf("read the sockets of the machine: %w", err)
	}
	six, err := files.NetTCP6() //nolint:staticcheck // As above.
	if err == nil {             // A kernel without IPv6 has no such file.
		lines = append(lines, six...)
	}
	var inodes []uint64
	for _, line := range lines {
		if address, is := netip.AddrFromSlice(line.LocalAddr); is && line.St == stateListen && line.LocalPort <= 65535 {
			address = address.Unmap()
			all = append(all, fact.ListeningSocket{
				Address: address.String(), Port: int(line.LocalPort), Public: public(address),
			})
			inodes = append(inodes, line.Inode)
		}
	}
	names := processes(proc, inodes)
	for i, inode := range inodes {
		all[i].Process = names[inode]
	}
	slices.SortFunc(all, func(a, b fact.ListeningSocket) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), strings.Compare(a.Address, b.Address), strings.Compare(a.Process, b.Process))
	})
	return slices.Compact(all), nil // Several sockets may share a port.
}

// public tells whether strangers can send to an address; that of every device is one.
func public(address netip.Addr) bool {
	shared := netip.MustParsePrefix("100.64.0.0/10") // between a provider and its customers, and in virtual private networks (RFC 6598)
	return !address.IsLoopback() && !address.IsPrivate() && !address.IsLinkLocalUnicast() && !shared.Contains(address)
}

// processes finds the names of the processes that have sockets. Of those of others they are not known without privilege.
func processes(proc string, inodes []uint64) map[uint64]string {
	names := make(map[uint64]string)
	files, err := procfs.NewFS(proc)
	if err != nil {
		return names
	}
	all, err := files.AllProcs()
	if err != nil {
		return names
	}
	for _, process := range all {
		if len(names) == len(inodes) {
			break
		}
		targets, err := process.FileDescriptorTargets()
		if err != nil {
			continue // It has ended, or is another's.
		}
		for _, target := range targets {
			number, is := strings.CutPrefix(target, "socket:[")
			inode, err := strconv.ParseUint(strings.TrimSuffix(number, "]"), 10, 64)
			if !is || err != nil || names[inode] != "" || !slices.Contains(inodes, inode) {
				continue
			}
			if name, err := process.Comm(); err == nil {
				names[inode] = rootfs.Line(name)
			}
		}
	}
	return names
}

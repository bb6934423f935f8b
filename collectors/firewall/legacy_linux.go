package firewall

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A family of iptables-legacy: how its tables are asked for, and how their entries are laid out (linux/netfilter_ipv4/ip_tables.h,
// linux/netfilter_ipv6/ip6_tables.h).
type legacyFamily struct {
	v6                      bool
	domain, level           int
	address                 int // bytes of one
	protocolAt, inverseAt   int
	flagsAt                 int
	targetAt, nextAt, entry int
}

func legacyFamilies() map[string]legacyFamily {
	return map[string]legacyFamily{
		"ip_tables_names": {
			domain: unix.AF_INET, level: unix.SOL_IP, address: 4, protocolAt: 80, flagsAt: 82, inverseAt: 83, targetAt: 88, nextAt: 90, entry: 112,
		},
		"ip6_tables_names": {
			v6: true, domain: unix.AF_INET6, level: unix.SOL_IPV6, address: 16,
			protocolAt: 128, flagsAt: 131, inverseAt: 132, targetAt: 140, nextAt: 142, entry: 168,
		},
	}
}

// The options of sockets by which tables are read, and the place of the chain INPUT among the hooks.
const (
	getInfo    = 64
	getEntries = 65
	nameSize   = 32
	hookInput  = 1
)

// maximumTable bounds what is read of one table.
const maximumTable = 64 << 20

// readLegacy adds the chain INPUT of the table filter of iptables-legacy.
func (r *ruleset) readLegacy(f legacyFamily) error {
	socket, err := unix.Socket(f.domain, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open a socket: %w", err)
	}
	defer unix.Close(socket)
	// struct ipt_getinfo: the name, valid hooks, 5 entries, 5 underflows, number of entries, size
	info := make([]byte, nameSize+4*13)
	copy(info, "filter")
	if err := getOption(socket, f.level, getInfo, info); err != nil {
		return fmt.Errorf("read the table filter of iptables: %w", err)
	}
	word := func(at int) int { return int(binary.NativeEndian.Uint32(info[nameSize+4*at:])) }
	start, underflow, size := word(1+hookInput), word(6+hookInput), word(12)
	if size > maximumTable {
		return fact.Errorf(fact.ReasonInvalid, "the table filter of iptables has %d bytes: expected at most %d", size, maximumTable)
	}
	// struct ipt_get_entries: the name, the size, then entries, aligned to 8 bytes
	entries := make([]byte, nameSize+8+size)
	copy(entries, "filter")
	binary.NativeEndian.PutUint32(entries[nameSize:], uint32(size)) //nolint:gosec // It is bounded above.
	if err := getOption(socket, f.level, getEntries, entries); err != nil {
		return fmt.Errorf("read the table filter of iptables: %w", err)
	}
	return r.addLegacy(f, entries[nameSize+8:], start, underflow)
}

func getOption(socket, level, option int, value []byte) error {
	length := uint32(len(value)) //nolint:gosec // It is bounded by whoever calls.
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(socket), uintptr(level), uintptr(option),
		uintptr(unsafe.Pointer(&value[0])), uintptr(unsafe.Pointer(&length)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// addLegacy makes chains of a table, each named by where it begins: those that a rule jumps to, and INPUT.
func (r *ruleset) addLegacy(f legacyFamily, table []byte, start, underflow int) error {
	known := make(map[int]bool)
	waiting := []int{start}
	for len(waiting) > 0 {
		at := waiting[0]
		waiting = waiting[1:]
		if known[at] {
			continue
		}
		known[at] = true
		for offset := at; ; {
			entry, err := f.entryAt(table, offset)
			if err != nil {
				return err
			}
			if entry.ends || at == start && offset == underflow {
				break // The last of a built-in chain is its policy, and the next begins with its name.
			}
			each, target := r.legacyRule(f, entry, offset)
			if target >= 0 {
				waiting = append(waiting, target)
			}
			name := f.chain(at)
			r.chains[name] = append(r.chains[name], each)
			offset += entry.next
		}
	}
	policy, err := f.entryAt(table, underflow)
	if err != nil {
		return err
	}
	what, _ := policy.standard()
	r.bases = append(r.bases, base{chain: f.chain(start), v4: !f.v6, v6: f.v6, accepted: what == accept})
	return nil
}

func (f legacyFamily) chain(at int) string {
	return fmt.Sprintf("legacy %d %s", f.domain, strconv.Itoa(at))
}

// A legacyEntry is one rule of a table.
type legacyEntry struct {
	header, matches []byte
	target          string
	data            []byte // of the target
	next            int
	ends            bool // it is the name of the next chain, or the end of the table
}

func (f legacyFamily) entryAt(table []byte, at int) (e legacyEntry, err error) {
	const header = 32 // of a match and of a target: size, name, revision
	broken := fact.Errorf(fact.ReasonInvalid, "the table filter of iptables is not as the kernel describes it, at byte %d", at)
	if at < 0 || at+f.entry > len(table) {
		return e, broken
	}
	target := int(binary.NativeEndian.Uint16(table[at+f.targetAt:]))
	e.next = int(binary.NativeEndian.Uint16(table[at+f.nextAt:]))
	if target < f.entry || e.next < target+header || at+e.next > len(table) {
		return e, broken
	}
	e.header, e.matches = table[at:at+f.entry], table[at+f.entry:at+target]
	e.target, e.data = cString(table[at+target+2:at+target+31]), table[at+target+header:at+e.next]
	e.ends = e.target == "ERROR"
	return e, nil
}

// standard is the verdict of a rule without a target of its own, and where it jumps to.
func (e legacyEntry) standard() (verdict, int) {
	if len(e.data) < 4 {
		return none, -1
	}
	switch number := int32(binary.NativeEndian.Uint32(e.data)); number { //nolint:gosec // It is a signed number.
	case -1:
		return drop, -1
	case -2:
		return accept, -1
	case -4:
		return queue, -1
	case -5:
		return back, -1
	default:
		return jump, int(number)
	}
}

// legacyRule makes a rule, and says where it jumps to, or -1.
func (r *ruleset) legacyRule(f legacyFamily, e legacyEntry, at int) (made rule, target int) {
	what := xtTarget(e.target)
	target = -1
	if e.target == "" {
		if what, target = e.standard(); target == at+e.next {
			what, target = none, -1 // A rule without any target goes on with the next.
		}
	}
	if what == jump && e.header[f.flagsAt]&0x2 != 0 && !f.v6 || what == jump && f.v6 && e.header[f.flagsAt]&0x4 != 0 {
		what = gotoChain
	}
	matches := []func(probe) truth{f.header(e.header)}
	for rest := e.matches; len(rest) >= 32; {
		size := int(binary.NativeEndian.Uint16(rest))
		if size < 32 || size > len(rest) {
			matches = append(matches, func(probe) truth { return maybe })
			break
		}
		matches = append(matches, r.xtMatch(cString(rest[2:31]), int(rest[31]), rest[32:size]))
		rest = rest[size:]
	}
	chain := f.chain(target)
	return rule{about: func(p probe) (truth, verdict, string) {
		about := yes
		for _, each := range matches {
			about = min(about, each(p))
		}
		return about, what, chain
	}}, target
}

// header is what an entry itself asks: addresses, devices and protocol, each of which can be inverted.
func (f legacyFamily) header(header []byte) func(probe) truth {
	a := f.address
	source, destination, sourceMask, destinationMask := header[:a], header[a:2*a], header[2*a:3*a], header[3*a:4*a]
	in, inMask := header[4*a:4*a+16], header[4*a+32:4*a+48]
	protocol := binary.NativeEndian.Uint16(header[f.protocolAt:])
	inverse := header[f.inverseAt]
	return func(p probe) truth {
		device := make([]byte, 16)
		copy(device, p.device)
		for _, each := range []struct {
			is      bool
			inverse byte
		}{
			{masked(p.from, sourceMask, source), 0x08}, {masked(p.to, destinationMask, destination), 0x10},
			{protocol == 0 || protocol == uint16(p.protocol), 0x40}, {bytes.Equal(and(device, inMask), and(in, inMask)), 0x01},
		} {
			if each.is == (inverse&each.inverse != 0) {
				return no
			}
		}
		return yes
	}
}

func masked(address netip.Addr, mask, value []byte) bool {
	return bytes.Equal(and(address.AsSlice(), mask), and(value, mask))
}

func and(value, mask []byte) []byte {
	result := make([]byte, len(value))
	for i := range value {
		result[i] = value[i] & mask[i]
	}
	return result
}

package firewall

import (
	"bytes"
	"encoding/binary"
)

// xtMatch tells whether a match of iptables is about a probe, whichever of both interfaces of the kernel it came by. The layouts
// are those of the kernel's headers (linux/netfilter/xt_*.h).
func (r *ruleset) xtMatch(name string, revision int, info []byte) func(probe) truth {
	switch {
	case name == "comment":
		return func(probe) truth { return yes }
	case (name == "tcp" && len(info) >= 12) || (name == "udp" && len(info) >= 9):
		return r.xtPorts(name, info)
	case name == "multiport" && len(info) >= 47:
		return r.xtMultiport(info)
	case name == "state" && len(info) >= 4:
		return isNew(binary.NativeEndian.Uint32(info), false)
	case name == "conntrack" && revision >= 1 && len(info) >= 160:
		return xtConntrack(revision, info)
	case name == "addrtype" && revision >= 1 && len(info) >= 8:
		return xtAddressType(info)
	case name == "limit":
		return func(probe) truth { return yes } // The first is within every limit.
	case name == "rt" || name == "frag":
		return func(probe) truth { return no } // Without such a header none is matched, inverted or not.
	}
	return func(probe) truth { return maybe }
}

// xtPorts is of xt_tcp and xt_udp: ranges of source and destination ports; of tcp, flags too.
func (r *ruleset) xtPorts(name string, info []byte) func(probe) truth {
	port := func(at int) uint16 { return binary.NativeEndian.Uint16(info[at:]) }
	sourceFirst, sourceLast, first, last := port(0), port(2), port(4), port(6)
	r.boundary(first, last)
	inverse, flags := info[8], yes
	if name == "tcp" {
		const syn = 0x02
		inverse = info[11]
		if info[8] != 0 { // an option
			flags = maybe
		} else if mask, compare := info[9], info[10]; mask != 0 && (syn&mask == compare) == (inverse&0x04 != 0) {
			flags = no
		}
	}
	return func(p probe) truth {
		source := (sourceFirst <= strangerPort && strangerPort <= sourceLast) != (inverse&0x01 != 0)
		destination := (first <= p.port && p.port <= last) != (inverse&0x02 != 0)
		if !source || !destination || (p.protocol == tcp) != (name == "tcp") {
			return no
		}
		return flags
	}
}

// xtMultiport is of revision 1: flags, how many, 15 ports, whether one begins a range, whether it is inverted.
func (r *ruleset) xtMultiport(info []byte) func(probe) truth {
	type ports struct{ first, last uint16 }
	var all []ports
	for i := 0; i < int(info[1]) && i < 15; i++ {
		port := func(at int) uint16 { return binary.NativeEndian.Uint16(info[2+2*at:]) }
		each := ports{port(i), port(i)}
		if info[32+i] != 0 && i+1 < 15 {
			i++
			each.last = port(i)
		}
		r.boundary(each.first, each.last)
		all = append(all, each)
	}
	flags, inverse := info[0], len(info) > 47 && info[47] != 0
	return func(p probe) truth {
		found := false
		for _, each := range all {
			const source, destination = 0, 1
			isSource := each.first <= strangerPort && strangerPort <= each.last
			isDestination := each.first <= p.port && p.port <= each.last
			found = found || isSource && flags != destination || isDestination && flags != source
		}
		return truthOf(found != inverse)
	}
}

// isNew tells whether states include that of the first packet of a connection.
func isNew(states uint32, inverse bool) func(probe) truth {
	const state = 1 << 3
	return func(probe) truth { return truthOf((states&state != 0) != inverse) }
}

// xtConntrack is of revisions 1 to 3, of which only the state is understood.
func xtConntrack(revision int, info []byte) func(probe) truth {
	const addresses = 8 * 16
	flags := binary.NativeEndian.Uint16(info[addresses+18:])
	inverse := binary.NativeEndian.Uint16(info[addresses+20:])
	states := uint32(info[addresses+22])
	if revision >= 2 {
		states = uint32(binary.NativeEndian.Uint16(info[addresses+22:]))
	}
	const state, alias = 1, 1 << 13 // The latter: it was written as a match of state.
	if flags&^(state|alias) != 0 {
		return func(probe) truth { return maybe }
	}
	return isNew(states, inverse&state != 0)
}

// The types of addresses, as routes have them.
const (
	unicast = 1
	local   = 2
)

// xtAddressType is of revision 1: types of source and destination as bits, and flags.
func xtAddressType(info []byte) func(probe) truth {
	source, destination := binary.NativeEndian.Uint16(info), binary.NativeEndian.Uint16(info[2:])
	flags := binary.NativeEndian.Uint32(info[4:])
	const inverseSource, inverseDestination = 0x1, 0x2
	isSource := source == 0 || (source&(1<<unicast) != 0) != (flags&inverseSource != 0)
	isDestination := destination == 0 || (destination&(1<<local) != 0) != (flags&inverseDestination != 0)
	return func(probe) truth { return truthOf(isSource && isDestination) }
}

// xtTarget is what a target of iptables does.
func xtTarget(name string) verdict {
	switch name {
	case "REJECT", "DROP", "TARPIT":
		return drop
	case "ACCEPT":
		return accept
	case "NFQUEUE", "QUEUE":
		return queue
	}
	return none // LOG, MARK, SET and others go on.
}

func truthOf(is bool) truth {
	if is {
		return yes
	}
	return no
}

// cString is a name that ends with the first zero byte.
func cString(text []byte) string {
	text, _, _ = bytes.Cut(text, []byte{0})
	return string(text)
}

package firewall

import (
	"maps"
	"net"
	"net/netip"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A way is an address of the machine, and the device by which a stranger reaches it.
type way struct {
	device string
	index  uint32
	to     netip.Addr
}

// ways are those by which strangers reach the machine: the addresses of the devices that have a default route, else of all
// devices. Where there is no address of IPv4 yet, one is assumed.
func ways(defaultRoutes []string) ([]way, error) {
	devices, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var all []way
	v4 := false
	for _, device := range devices {
		if device.Flags&net.FlagLoopback != 0 || len(defaultRoutes) > 0 && !slices.Contains(defaultRoutes, device.Name) {
			continue
		}
		addresses, err := device.Addrs()
		if err != nil {
			return nil, err
		}
		for _, each := range addresses {
			prefix, is := each.(*net.IPNet)
			if !is {
				continue
			}
			if address, is := netip.AddrFromSlice(prefix.IP); is && address.Unmap().IsGlobalUnicast() {
				address = address.Unmap()
				all = append(all, way{device.Name, uint32(device.Index), address}) //nolint:gosec // An index is small.
				v4 = v4 || address.Is4()
			}
		}
	}
	if !v4 {
		assumed := way{device: "eth0", index: 2, to: netip.MustParseAddr("203.0.113.7")}
		if len(devices) > 1 {
			assumed.device, assumed.index = devices[1].Name, uint32(devices[1].Index) //nolint:gosec // An index is small.
		}
		all = append(all, assumed)
	}
	return all, nil
}

// maximumPorts bounds the work: rules that tell apart more ports than that are as unclear as they are many.
const maximumPorts = 4096

// families tells what becomes of packets to each port: probes are sent through the rules in thought, one for each range of ports
// that no rule tells apart.
func (r *ruleset) families(all []way) []fact.FirewallFamily {
	found := []fact.FirewallFamily{{Name: "ipv4"}, {Name: "ipv6"}}
	starts := append([]uint16{1}, slices.Sorted(maps.Keys(r.ports))...)
	if len(starts) > maximumPorts {
		starts = starts[:1]
	}
	for i := range found {
		var own []way
		for _, each := range all {
			if each.to.Is4() == (i == 0) {
				own = append(own, each)
			}
		}
		r.sweep(&found[i], own, starts)
		if len(starts) == 1 && len(r.ports) > maximumPorts {
			found[i].Default, found[i].Open = fact.FirewallUnclear, nil
		}
	}
	if !slices.ContainsFunc(all, func(w way) bool { return w.to.Is6() }) {
		return found[:1]
	}
	return found
}

// sweep finds what becomes of packets of one family. The default is that of the longest range of ports, of TCP and of UDP.
func (r *ruleset) sweep(f *fact.FirewallFamily, own []way, starts []uint16) {
	f.Default = fact.FirewallDrops
	for _, protocol := range []struct {
		name   string
		number byte
	}{{"tcp", tcp}, {"udp", udp}} {
		longest, standard := 0, dropped
		for i, first := range starts {
			last := 65535
			if i+1 < len(starts) {
				last = int(starts[i+1]) - 1
			}
			if last < int(first) {
				continue
			}
			end := r.worst(own, protocol.number, first)
			if length := last - int(first) + 1; length > longest {
				longest, standard = length, end
			}
			if end == dropped {
				continue
			}
			if n := len(f.Open); n > 0 && f.Open[n-1].Protocol == protocol.name && f.Open[n-1].Last == int(first)-1 {
				f.Open[n-1].Last = last
			} else {
				f.Open = append(f.Open, fact.PortRange{Protocol: protocol.name, First: int(first), Last: last})
			}
		}
		switch {
		case standard == accepted:
			f.Default = fact.FirewallAccepts
		case standard != dropped && f.Default != fact.FirewallAccepts:
			f.Default = fact.FirewallUnclear
		}
	}
	if f.Default == fact.FirewallAccepts {
		f.Open = nil
	}
}

// worst is what becomes of a packet by the way that lets in most.
func (r *ruleset) worst(own []way, protocol byte, port uint16) outcome {
	end := dropped
	for _, each := range own {
		then := r.of(probe{
			protocol: protocol, port: port, from: stranger(each.to.Is6()), to: each.to, device: each.device, index: each.index,
		})
		switch {
		case then == accepted:
			return accepted
		case then != dropped:
			end = then
		}
	}
	return end
}

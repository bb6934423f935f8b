package firewall

import "net/netip"

// A probe is a packet that a stranger sends to the machine, to begin a connection with one of its ports.
type probe struct {
	protocol byte // of the transport: tcp or udp
	port     uint16
	from, to netip.Addr
	device   string // that it arrives at
	index    uint32 // of the device
}

// The protocols of a probe, by their numbers.
const (
	tcp = 6
	udp = 17
)

// stranger is where a probe of a family comes from: addresses for documentation, which no rule means.
func stranger(v6 bool) netip.Addr {
	if v6 {
		return netip.MustParseAddr("2001:db8:5741:6e64::7")
	}
	return netip.MustParseAddr("198.51.100.7")
}

// strangerPort is where a probe comes from.
const strangerPort = 51234

// A truth is whether a rule is about a probe.
type truth int

const (
	no    truth = iota
	maybe       // it depends on what is not known here: the hour, how many came before, a set of addresses
	yes
)

// A verdict is what a rule does with what it is about.
type verdict int

const (
	none verdict = iota // the next rule decides
	accept
	drop // or reject
	jump
	gotoChain
	back  // return to the chain before
	queue // a program decides
)

// A rule is one of a chain.
type rule struct {
	about func(probe) (truth, verdict, string) // the last is the chain to jump to
}

// A ruleset is the chains that a packet goes through.
type ruleset struct {
	chains map[string][]rule
	bases  []base
	// ports are those at which what rules do with a packet can change.
	ports map[uint16]bool
}

// A base is where a packet enters chains.
type base struct {
	chain    string
	v4, v6   bool // the families that it is for
	accepted bool // by its policy, what no rule decides
}

func newRuleset() *ruleset {
	return &ruleset{chains: make(map[string][]rule), ports: make(map[uint16]bool)}
}

// boundary notes that rules differ between ports below this one and from it on, and beyond it.
func (r *ruleset) boundary(first, last uint16) {
	r.ports[first] = true
	if last < 65535 {
		r.ports[last+1] = true
	}
}

// Outcomes are what can become of a packet.
type outcome uint8

const (
	accepted outcome = 1 << iota
	dropped
	undecided // the end of a chain was reached
)

// maximumDepth is how deep chains can jump into each other; the kernel permits less.
const maximumDepth = 32

// of gives what can become of a probe: it must be accepted by every base.
func (r *ruleset) of(p probe) outcome {
	all := accepted
	for _, b := range r.bases {
		if p.to.Is4() && !b.v4 || p.to.Is6() && !b.v6 {
			continue
		}
		end := r.walk(b.chain, p, 0)
		if end&undecided != 0 {
			end &^= undecided
			if b.accepted {
				end |= accepted
			} else {
				end |= dropped
			}
		}
		if end&accepted == 0 {
			return dropped
		}
		all |= end
	}
	return all
}

// walk goes through a chain.
func (r *ruleset) walk(name string, p probe, depth int) (end outcome) {
	if depth > maximumDepth {
		return accepted | dropped | undecided
	}
	for _, each := range r.chains[name] {
		about, what, target := each.about(p)
		if about == no || what == none {
			continue
		}
		var then outcome
		last := true // Nothing of the chain comes after it.
		switch what {
		case none:
		case accept:
			then = accepted
		case drop:
			then = dropped
		case queue:
			then = accepted | dropped
		case back:
			then = undecided
		case gotoChain:
			then = r.walk(target, p, depth+1)
		case jump:
			then = r.walk(target, p, depth+1)
			last = then&undecided == 0
			then &^= undecided
		}
		end |= then
		if last && about == yes {
			return end
		}
	}
	return end | undecided
}

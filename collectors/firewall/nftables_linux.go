package firewall

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// A reader reads the rules of nftables by netlink. Expressions that it does not know are told apart from those that change
// nothing, so that no rule is taken for one without conditions.
type reader struct {
	conn    *netlink.Conn
	rules   *ruleset
	sets    map[string]*set // by family, table and name, as they are needed
	waiting []pending
}

// A pending rule is one that is made once all sets that it names have been read.
type pending struct {
	chain, table string
	family       byte
	expressions  []expression
}

// An expression is one part of a rule, as the kernel describes it.
type expression struct {
	name       string
	attributes map[uint16][]byte // of numbers in network byte order, and nested ones
}

// readNFTables adds the chains of nftables that packets to the machine go through, those of iptables-nft among them.
func (r *ruleset) readNFTables() error {
	conn, err := netlink.Dial(unix.NETLINK_NETFILTER, nil)
	if err != nil {
		return fmt.Errorf("open a netlink socket: %w", err)
	}
	defer conn.Close()
	all := reader{conn: conn, rules: r, sets: make(map[string]*set)}
	if err := all.read(); err != nil {
		return fmt.Errorf("read the rules of nftables: %w", err)
	}
	return nil
}

func (r *reader) read() error {
	tables, err := r.dump(unix.NFT_MSG_GETTABLE, unix.AF_UNSPEC, nil)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EPROTONOSUPPORT) {
		return nil // This kernel has no nftables.
	}
	if err != nil {
		return err
	}
	dormant := make(map[string]bool)
	for _, message := range tables {
		family, attributes, err := messageOf(message)
		if err != nil {
			return err
		}
		const flag = 1
		dormant[key(family, cString(attributes[unix.NFTA_TABLE_NAME]), "")] = numberOf(attributes[unix.NFTA_TABLE_FLAGS])&flag != 0
	}
	chains, err := r.dump(unix.NFT_MSG_GETCHAIN, unix.AF_UNSPEC, nil)
	if err != nil {
		return err
	}
	for _, message := range chains {
		if err := r.addChain(message, dormant); err != nil {
			return err
		}
	}
	rules, err := r.dump(unix.NFT_MSG_GETRULE, unix.AF_UNSPEC, nil)
	if err != nil {
		return err
	}
	for _, message := range rules {
		if err := r.addRule(message); err != nil {
			return err
		}
	}
	return r.finish()
}

// dump asks for all of a sort; the first byte of each answer is its family, and attributes begin at the fourth.
func (r *reader) dump(kind uint16, family byte, attributes []byte) ([]netlink.Message, error) {
	return r.conn.Execute(netlink.Message{
		Header: netlink.Header{
			Type: netlink.HeaderType(unix.NFNL_SUBSYS_NFTABLES<<8 | kind), Flags: netlink.Request | netlink.Dump,
		},
		Data: append([]byte{family, unix.NFNETLINK_V0, 0, 0}, attributes...),
	})
}

// attributesOf reads attributes, of which the last of a kind counts.
func attributesOf(data []byte) (map[uint16][]byte, error) {
	decoder, err := netlink.NewAttributeDecoder(data)
	if err != nil {
		return nil, err
	}
	all := make(map[uint16][]byte)
	for decoder.Next() {
		all[decoder.Type()] = decoder.Bytes()
	}
	return all, decoder.Err()
}

// listOf reads a list of elements, each with attributes.
func listOf(data []byte) (all []map[uint16][]byte, err error) {
	decoder, err := netlink.NewAttributeDecoder(data)
	if err != nil {
		return nil, err
	}
	for decoder.Next() {
		each, err := attributesOf(decoder.Bytes())
		if err != nil {
			return nil, err
		}
		all = append(all, each)
	}
	return all, decoder.Err()
}

func messageOf(message netlink.Message) (family byte, attributes map[uint16][]byte, err error) {
	if len(message.Data) < 4 {
		return 0, nil, errors.New("the answer of the kernel is too short")
	}
	attributes, err = attributesOf(message.Data[4:])
	return message.Data[0], attributes, err
}

// key names a chain or a set.
func key(family byte, table, name string) string {
	return fmt.Sprintf("nft %d %s %s", family, table, name)
}

// addChain adds a chain, and where it is the first of packets to the machine, that too.
func (r *reader) addChain(message netlink.Message, dormant map[string]bool) error {
	family, attributes, err := messageOf(message)
	if err != nil {
		return err
	}
	table := cString(attributes[unix.NFTA_CHAIN_TABLE])
	name := key(family, table, cString(attributes[unix.NFTA_CHAIN_NAME]))
	r.rules.chains[name] = nil
	if dormant[key(family, table, "")] || attributes[unix.NFTA_CHAIN_HOOK] == nil || cString(attributes[unix.NFTA_CHAIN_TYPE]) != "filter" {
		return nil
	}
	hook, err := attributesOf(attributes[unix.NFTA_CHAIN_HOOK])
	if err != nil {
		return err
	}
	number := numberOf(hook[unix.NFTA_HOOK_HOOKNUM])
	v4 := family == unix.NFPROTO_IPV4 || family == unix.NFPROTO_INET
	v6 := family == unix.NFPROTO_IPV6 || family == unix.NFPROTO_INET
	if (v4 || v6) && (number == unix.NF_INET_PRE_ROUTING || number == unix.NF_INET_LOCAL_IN) {
		const drops = 0
		policy := attributes[unix.NFTA_CHAIN_POLICY]
		r.rules.bases = append(r.rules.bases, base{chain: name, v4: v4, v6: v6, accepted: policy == nil || numberOf(policy) != drops})
	}
	return nil
}

func (r *reader) addRule(message netlink.Message) error {
	family, attributes, err := messageOf(message)
	if err != nil {
		return err
	}
	table := cString(attributes[unix.NFTA_RULE_TABLE])
	made := pending{chain: key(family, table, cString(attributes[unix.NFTA_RULE_CHAIN])), table: table, family: family}
	if _, known := r.rules.chains[made.chain]; !known {
		return nil // It was added since, or is of a family that is no concern.
	}
	list, err := listOf(attributes[unix.NFTA_RULE_EXPRESSIONS])
	if err != nil {
		return err
	}
	for _, each := range list {
		e := expression{name: cString(each[unix.NFTA_EXPR_NAME])}
		if e.attributes, err = attributesOf(each[unix.NFTA_EXPR_DATA]); err != nil {
			return err
		}
		made.expressions = append(made.expressions, e)
	}
	r.waiting = append(r.waiting, made)
	return nil
}

// finish makes the rules of the chains that packets to the machine can come to.
func (r *reader) finish() error {
	for _, each := range r.waiting {
		var steps []step
		for _, e := range each.expressions {
			made, err := r.stepOf(each, e)
			if err != nil {
				return err
			}
			if made != nil {
				steps = append(steps, made)
			}
		}
		r.rules.chains[each.chain] = append(r.rules.chains[each.chain], rule{about: func(p probe) (truth, verdict, string) {
			s := state{probe: p, about: yes}
			for _, each := range steps {
				if each(&s); s.about == no || s.verdict != none {
					break
				}
			}
			target := s.target
			if target != "" {
				target = key(each.family, each.table, target)
			}
			return s.about, s.verdict, target
		}})
	}
	return nil
}

// A set is one of values, or a map from them.
type set struct {
	elements []element
	unclear  bool // what it holds cannot be compared
	interval bool
}

type element struct {
	key  []byte
	ends bool // it is the first value beyond an interval
	any  bool // it is for every value that no other is for
	data map[uint16][]byte
}

// setOf reads a set, once.
func (r *reader) setOf(family byte, table, name string) (*set, error) {
	id := key(family, table, name)
	if known := r.sets[id]; known != nil {
		return known, nil
	}
	attribute := func(kind uint16, text string) netlink.Attribute {
		return netlink.Attribute{Type: kind, Data: append([]byte(text), 0)}
	}
	asked, err := netlink.MarshalAttributes([]netlink.Attribute{
		attribute(unix.NFTA_SET_ELEM_LIST_TABLE, table), attribute(unix.NFTA_SET_ELEM_LIST_SET, name),
	})
	if err != nil {
		return nil, err
	}
	messages, err := r.dump(unix.NFT_MSG_GETSETELEM, family, asked)
	if err != nil {
		return nil, err
	}
	read := &set{}
	for _, message := range messages {
		_, attributes, err := messageOf(message)
		if err != nil {
			return nil, err
		}
		list, err := listOf(attributes[unix.NFTA_SET_ELEM_LIST_ELEMENTS])
		if err != nil {
			return nil, err
		}
		for _, each := range list {
			if err := read.add(r.rules, each); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(read.elements, func(a, b element) int { return slices.Compare(a.key, b.key) })
	r.sets[id] = read
	return read, nil
}

func (s *set) add(rules *ruleset, attributes map[uint16][]byte) error {
	const keyEnd, intervalEnd, anyOther = 10, 1, 2 // Attribute and flags that are newer than the package unix.
	value, err := valueOf(attributes[unix.NFTA_SET_ELEM_KEY])
	if err != nil {
		return err
	}
	flags := uint32(0)
	if attributes[unix.NFTA_SET_ELEM_FLAGS] != nil {
		flags = numberOf(attributes[unix.NFTA_SET_ELEM_FLAGS])
	}
	e := element{key: value, ends: flags&intervalEnd != 0, any: flags&anyOther != 0}
	if attributes[unix.NFTA_SET_ELEM_DATA] != nil {
		if e.data, err = attributesOf(attributes[unix.NFTA_SET_ELEM_DATA]); err != nil {
			return err
		}
	}
	s.unclear = s.unclear || attributes[keyEnd] != nil
	s.interval = s.interval || e.ends
	const address4, address6 = 4, 16
	for at := 0; at+2 <= len(value) && len(value) != address4 && len(value) != address6; at += 4 { // Several values begin at four bytes each.
		port := uint16(value[at])<<8 | uint16(value[at+1])
		rules.boundary(port, port)
	}
	s.elements = append(s.elements, e)
	return nil
}

// find gives the element that a value is of.
func (s *set) find(value []byte) (found *element, is bool) {
	for i := range s.elements {
		e := &s.elements[i]
		switch {
		case e.any:
			if !is {
				found, is = e, true
			}
		case s.interval && slices.Compare(e.key, value) <= 0:
			found, is = e, !e.ends
		case !s.interval && slices.Equal(e.key, value):
			return e, true
		}
	}
	return found, is
}

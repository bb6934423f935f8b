package firewall

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"
)

// A state is what is known while a rule is tried on a probe.
type state struct {
	probe
	about     truth
	verdict   verdict
	target    string
	registers [64]byte
	unknown   [64]bool // of each byte of them
}

// A step is what an expression does.
type step func(*state)

func numberOf(value []byte) uint32 {
	if len(value) != 4 {
		return 0
	}
	return binary.BigEndian.Uint32(value)
}

// valueOf reads a value that is wrapped as one.
func valueOf(data []byte) ([]byte, error) {
	attributes, err := attributesOf(data)
	return attributes[unix.NFTA_DATA_VALUE], err
}

// offsetOf is where a register begins: 1 to 4 have 16 bytes, those from 8 on have 4.
func offsetOf(register []byte) int {
	switch number := int(numberOf(register)); {
	case number >= unix.NFT_REG_1 && number <= unix.NFT_REG_4:
		return (number - unix.NFT_REG_1) * 16
	case number >= unix.NFT_REG32_00 && number <= unix.NFT_REG32_15:
		return (number - unix.NFT_REG32_00) * 4
	}
	return 0
}

// load writes a value to a register; nil: it is not known.
func (s *state) load(at, length int, value []byte) {
	for i := 0; i < max(length, (length+3)/4*4) && at+i < len(s.registers); i++ {
		s.registers[at+i], s.unknown[at+i] = 0, value == nil
		if i < len(value) {
			s.registers[at+i] = value[i]
		}
	}
}

// stored gives the value of a register; nil: it is not known.
func (s *state) stored(at, length int) []byte {
	end := at + length
	if length == 0 || end > len(s.registers) || slices.Contains(s.unknown[at:end], true) {
		return nil
	}
	return s.registers[at:end]
}

func (s *state) require(is truth) { s.about = min(s.about, is) }

// stepOf makes the step of an expression; nil: it changes nothing of what becomes of a packet.
func (r *reader) stepOf(of pending, e expression) (step, error) {
	a := e.attributes
	switch e.name {
	case "counter", "log", "notrack", "last":
		return nil, nil
	case "meta":
		return metaStep(a), nil
	case "payload":
		return payloadStep(a), nil
	case "ct":
		return ctStep(a), nil
	case "fib":
		return fibStep(a), nil
	case "cmp", "range":
		return r.compareStep(e)
	case "bitwise":
		return bitwiseStep(a)
	case "lookup":
		return r.lookupStep(of, a)
	case "immediate":
		return immediateStep(a)
	case "reject":
		return func(s *state) { s.verdict = drop }, nil
	case "queue":
		return func(s *state) { s.verdict = queue }, nil
	case "limit":
		const inverse = 1
		over := numberOf(a[unix.NFTA_LIMIT_FLAGS])&inverse != 0
		return func(s *state) { s.require(truthOf(!over)) }, nil // The first is within every limit.
	case "match":
		about := r.rules.xtMatch(cString(a[unix.NFTA_MATCH_NAME]), int(numberOf(a[unix.NFTA_MATCH_REV])), a[unix.NFTA_MATCH_INFO])
		return func(s *state) { s.require(about(s.probe)) }, nil
	case "target":
		what := xtTarget(cString(a[unix.NFTA_TARGET_NAME]))
		return func(s *state) { s.verdict = what }, nil
	}
	// Whatever it is, it may be a condition, and may write any register.
	return func(s *state) {
		s.require(maybe)
		for i := range s.unknown {
			s.unknown[i] = true
		}
	}, nil
}

func metaStep(a map[uint16][]byte) step {
	if a[unix.NFTA_META_DREG] == nil {
		return nil // It writes to the packet.
	}
	at, what := offsetOf(a[unix.NFTA_META_DREG]), numberOf(a[unix.NFTA_META_KEY])
	return func(s *state) {
		switch what {
		case unix.NFT_META_L4PROTO:
			s.load(at, 1, []byte{s.protocol})
		case unix.NFT_META_NFPROTO:
			protocol := byte(unix.NFPROTO_IPV4)
			if s.to.Is6() {
				protocol = unix.NFPROTO_IPV6
			}
			s.load(at, 1, []byte{protocol})
		case unix.NFT_META_IIFNAME:
			name := make([]byte, 16)
			copy(name, s.device)
			s.load(at, 16, name)
		case unix.NFT_META_IIF:
			s.load(at, 4, binary.NativeEndian.AppendUint32(nil, s.index))
		case unix.NFT_META_PKTTYPE:
			s.load(at, 1, []byte{0}) // It is for this machine.
		default:
			s.load(at, 16, nil)
		}
	}
}

// payloadStep reads from the headers of the packet what is known of them.
func payloadStep(a map[uint16][]byte) step {
	if a[unix.NFTA_PAYLOAD_DREG] == nil {
		return nil // It writes to the packet.
	}
	at, of := offsetOf(a[unix.NFTA_PAYLOAD_DREG]), numberOf(a[unix.NFTA_PAYLOAD_BASE])
	offset, length := int(numberOf(a[unix.NFTA_PAYLOAD_OFFSET])), int(numberOf(a[unix.NFTA_PAYLOAD_LEN]))
	return func(s *state) {
		var header []byte
		known := [2]int{0, 0} // From which byte to which.
		switch of {
		case unix.NFT_PAYLOAD_TRANSPORT_HEADER:
			header = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, strangerPort), s.port)
			known = [2]int{0, 4}
			if s.protocol == tcp && offset == 13 && length == 1 { // The flags: a connection begins.
				s.load(at, 1, []byte{0x02})
				return
			}
		case unix.NFT_PAYLOAD_NETWORK_HEADER:
			before := 12
			if s.to.Is6() {
				before = 8
			}
			header = append(append(make([]byte, before), s.from.AsSlice()...), s.to.AsSlice()...)
			known = [2]int{before, len(header)}
			if s.to.Is4() && offset == 9 && length == 1 || s.to.Is6() && offset == 6 && length == 1 {
				s.load(at, 1, []byte{s.protocol})
				return
			}
		}
		if offset < known[0] || offset+length > known[1] {
			s.load(at, length, nil)
			return
		}
		s.load(at, length, header[offset:offset+length])
	}
}

// ctStep reads what connection tracking knows of the first packet of a connection.
func ctStep(a map[uint16][]byte) step {
	if a[unix.NFTA_CT_DREG] == nil {
		return nil // It writes.
	}
	at, what := offsetOf(a[unix.NFTA_CT_DREG]), numberOf(a[unix.NFTA_CT_KEY])
	return func(s *state) {
		switch what {
		case unix.NFT_CT_STATE:
			const isNew = 8
			s.load(at, 4, binary.NativeEndian.AppendUint32(nil, isNew))
		case unix.NFT_CT_STATUS: // It was neither answered nor translated.
			s.load(at, 4, make([]byte, 4))
		case unix.NFT_CT_DIRECTION: // That of whoever began it.
			s.load(at, 1, make([]byte, 1))
		default:
			s.load(at, 16, nil)
		}
	}
}

func fibStep(a map[uint16][]byte) step {
	at := offsetOf(a[unix.NFTA_FIB_DREG])
	isType := numberOf(a[unix.NFTA_FIB_RESULT]) == unix.NFT_FIB_RESULT_ADDRTYPE
	flags := numberOf(a[unix.NFTA_FIB_FLAGS])
	return func(s *state) {
		switch {
		case isType && flags&unix.NFTA_FIB_F_DADDR != 0:
			s.load(at, 4, binary.NativeEndian.AppendUint32(nil, local))
		case isType && flags&unix.NFTA_FIB_F_SADDR != 0:
			s.load(at, 4, binary.NativeEndian.AppendUint32(nil, unicast))
		default:
			s.load(at, 16, nil)
		}
	}
}

// compareStep compares a register with a value, or with two.
func (r *reader) compareStep(e expression) (step, error) {
	if e.name == "range" {
		at, inverse := offsetOf(e.attributes[unix.NFTA_RANGE_SREG]), numberOf(e.attributes[unix.NFTA_RANGE_OP]) == unix.NFT_RANGE_NEQ
		first, err := valueOf(e.attributes[unix.NFTA_RANGE_FROM_DATA])
		if err != nil {
			return nil, err
		}
		last, err := valueOf(e.attributes[unix.NFTA_RANGE_TO_DATA])
		if err != nil {
			return nil, err
		}
		if len(first) == 2 && len(last) == 2 {
			r.rules.boundary(binary.BigEndian.Uint16(first), binary.BigEndian.Uint16(last))
		}
		return onValue(at, len(first), func(value []byte) bool {
			return (slices.Compare(value, first) >= 0 && slices.Compare(value, last) <= 0) != inverse
		}), nil
	}
	at, operator := offsetOf(e.attributes[unix.NFTA_CMP_SREG]), numberOf(e.attributes[unix.NFTA_CMP_OP])
	with, err := valueOf(e.attributes[unix.NFTA_CMP_DATA])
	if err != nil {
		return nil, err
	}
	if len(with) == 2 {
		r.rules.boundary(binary.BigEndian.Uint16(with), binary.BigEndian.Uint16(with))
	}
	return onValue(at, len(with), func(value []byte) bool {
		order := slices.Compare(value, with)
		switch operator {
		case unix.NFT_CMP_NEQ:
			return order != 0
		case unix.NFT_CMP_LT:
			return order < 0
		case unix.NFT_CMP_LTE:
			return order <= 0
		case unix.NFT_CMP_GT:
			return order > 0
		case unix.NFT_CMP_GTE:
			return order >= 0
		}
		return order == 0
	}), nil
}

// onValue requires something of the value of a register.
func onValue(at, length int, is func([]byte) bool) step {
	return func(s *state) {
		if value := s.stored(at, length); value != nil {
			s.require(truthOf(is(value)))
		} else {
			s.require(maybe)
		}
	}
}

func bitwiseStep(a map[uint16][]byte) (step, error) {
	from, to, length := offsetOf(a[unix.NFTA_BITWISE_SREG]), offsetOf(a[unix.NFTA_BITWISE_DREG]), int(numberOf(a[unix.NFTA_BITWISE_LEN]))
	mask, err := valueOf(a[unix.NFTA_BITWISE_MASK])
	if err != nil {
		return nil, err
	}
	flip, err := valueOf(a[unix.NFTA_BITWISE_XOR])
	if err != nil {
		return nil, err
	}
	return func(s *state) {
		value := s.stored(from, length)
		if value == nil || len(mask) != length || len(flip) != length { // Shifts have neither.
			s.load(to, length, nil)
			return
		}
		result := and(value, mask)
		for i := range result {
			result[i] ^= flip[i]
		}
		s.load(to, length, result)
	}, nil
}

func (r *reader) lookupStep(of pending, a map[uint16][]byte) (step, error) {
	read, err := r.setOf(of.family, of.table, cString(a[unix.NFTA_LOOKUP_SET]))
	if err != nil {
		return nil, err
	}
	at, inverse := offsetOf(a[unix.NFTA_LOOKUP_SREG]), numberOf(a[unix.NFTA_LOOKUP_FLAGS])&unix.NFT_LOOKUP_F_INV != 0
	isMap, to := a[unix.NFTA_LOOKUP_DREG] != nil, a[unix.NFTA_LOOKUP_DREG]
	length := 0
	for i := range read.elements {
		length = max(length, len(read.elements[i].key)) // That for any other value has none.
	}
	return func(s *state) {
		if length == 0 {
			s.require(truthOf(inverse)) // Nothing is in an empty set.
			return
		}
		value := s.stored(at, length)
		if value == nil || read.unclear {
			s.require(maybe)
			if isMap {
				s.verdict = queue // Any verdict of the map.
			}
			return
		}
		found, is := read.find(value)
		s.require(truthOf(is != inverse))
		if is && isMap && numberOf(to) == unix.NFT_REG_VERDICT {
			s.decide(found.data)
		} else if isMap {
			s.load(offsetOf(to), 16, nil)
		}
	}, nil
}

func immediateStep(a map[uint16][]byte) (step, error) {
	data, err := attributesOf(a[unix.NFTA_IMMEDIATE_DATA])
	if err != nil {
		return nil, err
	}
	at := offsetOf(a[unix.NFTA_IMMEDIATE_DREG])
	if value := data[unix.NFTA_DATA_VALUE]; value != nil {
		return func(s *state) { s.load(at, len(value), value) }, nil
	}
	return func(s *state) { s.decide(data) }, nil
}

// decide takes a verdict, as the kernel describes it.
func (s *state) decide(data map[uint16][]byte) {
	attributes, err := attributesOf(data[unix.NFTA_DATA_VERDICT])
	if err != nil {
		s.require(maybe)
		return
	}
	s.target = cString(attributes[unix.NFTA_VERDICT_CHAIN])
	switch int32(numberOf(attributes[unix.NFTA_VERDICT_CODE])) { //nolint:gosec // It is a signed number.
	case 0:
		s.verdict = drop
	case 1:
		s.verdict = accept
	case unix.NFT_JUMP:
		s.verdict = jump
	case unix.NFT_GOTO:
		s.verdict = gotoChain
	case unix.NFT_RETURN:
		s.verdict = back
	case unix.NFT_CONTINUE:
	default:
		s.verdict = queue
	}
}

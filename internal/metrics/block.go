package metrics

import (
	"math"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A block is the series of the facts that one run collected of one kind. It does not change.
type block struct {
	set       fact.AnySet
	collector string
	fresh     bool          // else only dates are left of it
	formats   [formats]bool // in which it is written
	kind      int           // index of the kind; -1 for one that no collector declares
	families  []series      // by the kind's families
	invalid   int           // how many series were left out
}

// series are those of one family in one block.
type series struct {
	keys   []uint64          // of each
	ends   [formats][]uint32 // where each ends in the body
	bodies [formats][]byte
}

// is tells whether a block is what a set comes to.
func (b *block) is(set fact.AnySet, fresh bool, formats [formats]bool) bool {
	if b.set != set || b.fresh != fresh {
		return false
	}
	for format, wanted := range formats {
		if wanted && !b.formats[format] {
			return false
		}
	}
	return true
}

// A reader makes blocks of facts. It keeps its memory for the next one.
type reader struct {
	*sink
	kinds []factKind
	known map[uint64]struct{}
	keys  [][]uint64          // by family
	ends  [formats][][]uint32 // by family
}

func newReader(s *sink, kinds []factKind) *reader {
	r := &reader{sink: s, kinds: kinds, known: make(map[uint64]struct{}), keys: make([][]uint64, len(s.layouts))}
	for i := range r.ends {
		r.ends[i] = make([][]uint32, len(s.layouts))
	}
	return r
}

// read makes the block of a set. The sink must be writing.
func (r *reader) read(set fact.AnySet, collector string, fresh bool) *block {
	b := &block{set: set, collector: collector, fresh: fresh, formats: r.formats}
	kind := set.Kind()
	b.kind = slices.IndexFunc(r.kinds, func(known factKind) bool { return known.name == kind.KindName() })
	if b.kind < 0 {
		b.invalid = set.Len()
		return b
	}
	if r.kinds[b.kind].count == 0 {
		return b // it has no gauges, or they are omitted
	}
	clear(r.known)
	r.begin(r.kinds[b.kind])
	for i := range set.Len() {
		r.readFact(b, kind, set, i)
	}
	b.families = make([]series, r.kinds[b.kind].count)
	for i := range b.families {
		r.keep(&b.families[i], r.kinds[b.kind].begin+i)
	}
	return b
}

// begin forgets what was written of a kind before.
func (r *reader) begin(kind factKind) {
	for family := kind.begin; family < kind.begin+kind.count; family++ {
		r.forget(family)
		r.keys[family] = r.keys[family][:0]
		for format := range r.ends {
			r.ends[format][family] = r.ends[format][family][:0]
		}
	}
}

// readFact writes the series of one fact. One that is too odd for a gauge costs what is left of its own series.
func (r *reader) readFact(b *block, kind fact.Any, set fact.AnySet, i int) {
	defer func() {
		if recover() != nil {
			b.invalid++
		}
	}()
	kind.Samples(set.At(i), func(own int, values []string, value float64) {
		declared := r.kinds[b.kind]
		if own < 0 || own >= declared.count || len(values) != len(r.layouts[declared.begin+own].Labels) || math.IsNaN(value) {
			b.invalid++
			return
		}
		family := declared.begin + own
		if !b.fresh && !r.layouts[family].remains {
			return
		}
		for i := range values {
			values[i] = clean(values[i])
		}
		key := r.key(family, values)
		if _, taken := r.known[key]; taken {
			b.invalid++
			return
		}
		r.known[key] = struct{}{}
		r.append(family, value, values)
		r.keys[family] = append(r.keys[family], key)
		for format := range r.bodies {
			r.ends[format][family] = append(r.ends[format][family], uint32(len(r.bodies[format][family])))
		}
	})
}

// keep takes over what was written of a family.
func (r *reader) keep(s *series, family int) {
	if len(r.keys[family]) == 0 {
		return
	}
	s.keys = slices.Clone(r.keys[family])
	for format, wanted := range r.formats {
		if wanted {
			s.bodies[format] = slices.Clone(r.bodies[format][family])
			s.ends[format] = slices.Clone(r.ends[format][family])
		}
	}
}

// without appends the series of a family to a body, but for those that are known already, and tells how many these are.
func (s *series) without(known map[uint64]struct{}, format format, to []byte) ([]byte, int) {
	taken, begin := 0, uint32(0)
	for i, key := range s.keys {
		end := s.ends[format][i]
		if _, is := known[key]; is {
			taken++
		} else {
			to = append(to, s.bodies[format][begin:end]...)
		}
		begin = end
	}
	return to, taken
}

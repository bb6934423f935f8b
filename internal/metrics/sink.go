package metrics

import (
	"hash/maphash"
	"math"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A sink takes the series of families. It is used twice: first it only adds up what it is given, so that what is as it
// was need not be written again; then it writes what is wanted. It keeps its memory for the next use.
type sink struct {
	layouts []layout
	seed    maphash.Seed
	of      labelled
	writes  bool
	formats [formats]bool // that are written
	wanted  []bool        // families that are written
	sums    []maphash.Hash
	bodies  [formats][][]byte // by family
}

func newSink(layouts []layout) *sink {
	s := &sink{
		layouts: layouts, seed: maphash.MakeSeed(), wanted: make([]bool, len(layouts)), sums: make([]maphash.Hash, commonFamilies),
	}
	for i := range s.sums {
		s.sums[i].SetSeed(s.seed)
	}
	for i := range s.bodies {
		s.bodies[i] = make([][]byte, len(layouts))
	}
	return s
}

// sum makes the sink add up what it is given from now on.
func (s *sink) sum() {
	s.writes = false
	for i := range s.sums {
		s.sums[i].Reset()
	}
}

// write makes the sink write what it is given of wanted families from now on. None is wanted until it is said to be.
func (s *sink) write(of labelled) {
	s.writes, s.of = true, of
	for family := range s.layouts {
		s.forget(family)
	}
	clear(s.wanted)
}

// forget drops what was written of a family.
func (s *sink) forget(family int) {
	for i := range s.bodies {
		s.bodies[i][family] = s.bodies[i][family][:0]
	}
}

// add takes a series of a family.
func (s *sink) add(family int, value float64, values ...string) {
	if s.writes {
		if s.wanted[family] {
			for i := range values {
				values[i] = clean(values[i])
			}
			s.append(family, value, values)
		}
		return
	}
	sum := &s.sums[family]
	for _, value := range values {
		_, _ = sum.WriteString(value)
		_ = sum.WriteByte(separator)
	}
	maphash.WriteComparable(sum, math.Float64bits(value))
}

// separator is a byte that clean text does not have.
const separator = 0xff

// append writes a series whose labels are clean, in every format that is wanted.
func (s *sink) append(family int, value float64, values []string) {
	for each := text; each < formats; each++ {
		if s.formats[each] {
			body := &s.bodies[each][family]
			*body = s.layouts[family].appendSeries(*body, each, s.of, values, value)
		}
	}
}

// addTime gives a time by the second, and leaves the zero time out: what has never been is no date.
func (s *sink) addTime(family int, t time.Time, values ...string) {
	if seconds, known := fact.Timestamp(t.Truncate(time.Second)); known {
		s.add(family, seconds, values...)
	}
}

// key tells a series from all others.
func (s *sink) key(family int, values []string) uint64 {
	var hash maphash.Hash
	hash.SetSeed(s.seed)
	maphash.WriteComparable(&hash, family)
	for _, value := range values {
		_, _ = hash.WriteString(value)
		_ = hash.WriteByte(separator)
	}
	return hash.Sum64()
}

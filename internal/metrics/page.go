package metrics

import (
	"bytes"
	"slices"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// An encoding is a form in which families are served.
type encoding struct {
	format format
	gzip   bool
}

// index numbers the encodings.
func (e encoding) index() int {
	if e.gzip {
		return int(e.format) + int(formats)
	}
	return int(e.format)
}

// encodings lists every form, by index.
func encodings() []encoding {
	all := make([]encoding, 2*formats)
	for format := text; format < formats; format++ {
		for _, each := range []encoding{{format, false}, {format, true}} {
			all[each.index()] = each
		}
	}
	return all
}

// A page is one assessment, encoded; or, without an assessment, what is of no system. It does not change.
type page struct {
	assessment *assess.Assessment
	parts      [2 * formats][]part // by encoding and layout; nil where nobody asks for the encoding
	sums       []uint64            // of what was given, by common family
	blocks     []*block            // of every run and kind
	collectors []assess.CollectorState
	duplicates []map[string]int // series that another collector's run has too and that were left out, by kind and collector
	items      []listedItem     // of the checklists in use, where there is no assessment
}

// A renderer makes pages. What is as it was in an older page is taken over from it.
type renderer struct {
	*reader
	deflater *deflater
	active   []encoding
}

// use makes the renderer render for these encodings.
func (r *renderer) use(active []encoding) {
	r.active, r.formats = active, [formats]bool{}
	for _, each := range active {
		r.formats[each.format] = true
	}
}

// has tells whether a page is there in all active encodings.
func (r *renderer) has(p *page) bool {
	return p != nil && !slices.ContainsFunc(r.active, func(each encoding) bool { return p.parts[each.index()] == nil })
}

// page encodes an assessment. The old page, nil for none, is of the same system and has all active encodings.
func (r *renderer) page(a *assess.Assessment, old *page) *page {
	if old != nil && old.assessment == a {
		return old
	}
	fresh := r.begin(old)
	fresh.assessment = a
	of := labelled{clean(a.Plan.System.Name), clean(a.Plan.System.Environment)}
	r.facts(fresh, old, of)
	fresh.collectors = statesOf(a, old)
	r.common(fresh, old, of, func(s *sink) { s.assessment(a, fresh.collectors) })
	return fresh
}

// begin makes a page that says the same as the old one.
func (r *renderer) begin(old *page) *page {
	fresh := new(page)
	for _, each := range r.active {
		if i := each.index(); old != nil {
			fresh.parts[i] = slices.Clone(old.parts[i])
		} else {
			fresh.parts[i] = make([]part, len(r.layouts))
		}
	}
	return fresh
}

// common encodes the common families of which something else is given than in the old page.
func (r *renderer) common(fresh, old *page, of labelled, give func(*sink)) {
	r.sum()
	give(r.sink)
	fresh.sums = make([]uint64, commonFamilies)
	changed := false
	for family := range fresh.sums {
		fresh.sums[family] = r.sums[family].Sum64()
		changed = changed || old == nil || old.sums[family] != fresh.sums[family]
	}
	if !changed {
		return
	}
	r.write(of)
	for family := range fresh.sums {
		r.wanted[family] = old == nil || old.sums[family] != fresh.sums[family]
	}
	give(r.sink)
	for family := range fresh.sums {
		if r.wanted[family] {
			r.put(fresh, family, func(format format) []byte { return r.bodies[format][family] })
		}
	}
}

// large is how many bytes are worth a piece of their own. Smaller parts of neighbours are compressed together.
const large = 8192

// put encodes a family.
func (r *renderer) put(p *page, family int, body func(format) []byte) {
	for _, each := range r.active {
		if content := body(each.format); each.gzip && len(content) >= large {
			p.parts[each.index()][family] = r.deflater.piece(content)
		} else {
			p.parts[each.index()][family] = plain(bytes.Clone(content))
		}
	}
}

// facts encodes the families of facts of which something else was collected than in the old page.
func (r *renderer) facts(fresh, old *page, of labelled) {
	r.write(of)
	fresh.duplicates = make([]map[string]int, len(r.kinds))
	var before []*block
	if old != nil {
		before = old.blocks
		copy(fresh.duplicates, old.duplicates)
	}
	for _, run := range fresh.assessment.Runs {
		current := run.Fresh(fresh.assessment.At)
		for _, set := range run.Sets {
			fresh.blocks = append(fresh.blocks, r.block(set, run.Collector, current, before, len(fresh.blocks)))
		}
		for _, set := range run.Remains {
			if set != nil {
				fresh.blocks = append(fresh.blocks, r.block(set, run.Collector, false, before, len(fresh.blocks)))
			}
		}
	}
	if slices.Equal(before, fresh.blocks) {
		return
	}
	for kind := range r.kinds {
		if blocks := ofKind(fresh.blocks, kind); !slices.Equal(ofKind(before, kind), blocks) {
			fresh.duplicates[kind] = r.join(fresh, r.kinds[kind], blocks)
		}
	}
}

// block gives the block of a set: of those before, most likely the one at the same place, or a new one.
func (r *renderer) block(set fact.AnySet, collector string, fresh bool, before []*block, at int) *block {
	is := func(b *block) bool { return b.is(set, fresh, r.formats) }
	if at < len(before) && is(before[at]) {
		return before[at]
	}
	if i := slices.IndexFunc(before, is); i >= 0 {
		return before[i]
	}
	return r.read(set, collector, fresh)
}

// ofKind gives the blocks of a kind, those first that are fresh: a date that stays has no say where a newer one is known.
func ofKind(blocks []*block, kind int) (own []*block) {
	for _, fresh := range []bool{true, false} {
		for _, block := range blocks {
			if block.kind == kind && block.fresh == fresh {
				own = append(own, block)
			}
		}
	}
	return own
}

// join puts the blocks of one kind together. A series that is in several is left out but for the first, and counted.
func (r *renderer) join(p *page, kind factKind, blocks []*block) map[string]int {
	duplicates := make(map[string]int)
	for own := range kind.count {
		family := kind.begin + own
		r.forget(family)
		clear(r.known)
		for _, block := range blocks {
			series, taken := &block.families[own], 0
			for format := text; format < formats; format++ {
				if r.formats[format] {
					r.bodies[format][family], taken = series.without(r.known, format, r.bodies[format][family])
				}
			}
			for _, key := range series.keys {
				r.known[key] = struct{}{}
			}
			if block.fresh && taken > 0 {
				duplicates[block.collector] += taken
			}
		}
		r.put(p, family, func(format format) []byte { return r.bodies[format][family] })
	}
	return duplicates
}

// addInvalid adds how many series of each collector were left out.
func (p *page) addInvalid(to map[string]int) {
	for _, block := range p.blocks {
		if block.invalid > 0 {
			to[block.collector] += block.invalid
		}
	}
	for _, duplicates := range p.duplicates {
		for collector, number := range duplicates {
			to[collector] += number
		}
	}
}

// statesOf tells how the collectors do: as in the old page, where no run is another and none has gone stale since.
func statesOf(a *assess.Assessment, old *page) []assess.CollectorState {
	if old == nil || !slices.EqualFunc(old.assessment.Runs, a.Runs, func(was, is *fact.Run) bool {
		return was == is && was.Fresh(old.assessment.At) == is.Fresh(a.At)
	}) {
		return a.Collectors()
	}
	return old.collectors
}

// shared encodes what is of no system.
func (r *renderer) shared(pages []*page, old *page) *page {
	if !r.has(old) {
		old = nil
	}
	fresh := r.begin(old)
	fresh.items = listed(pages)
	r.common(fresh, old, labelled{}, func(s *sink) {
		for _, item := range fresh.items {
			s.item(item)
		}
		s.totals(pages)
	})
	return fresh
}

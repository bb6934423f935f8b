// Package metrics exports what was seen and concluded. All encoding is done when something changes, so that a scrape
// only reads. It is the only package that knows client_golang.
package metrics

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
)

// encodedFor is how long after a scrape an encoding is kept at hand.
const encodedFor = 15 * time.Minute

// An Exposition serves /metrics: the newest state of every system, and what the exporter says of itself.
type Exposition struct {
	begin   map[string]int // of the families of each fact kind
	layouts []layout
	order   []int // of the layouts, by name
	self    prometheus.Gatherer
	seed    maphash.Seed
	gzip    compressor
	asked   map[encoding]*atomic.Int64 // when each encoding was last asked for, in seconds since 1970

	mu    sync.Mutex // held to change pages
	pages atomic.Pointer[[]*page]
}

// A page is one assessment, encoded. It does not change.
type page struct {
	assessment *assess.Assessment
	sums       []uint64            // of the samples, by layout
	parts      map[encoding][]part // by layout
}

// A part is the body of one family of one system.
type part struct {
	content []byte
	length  int // before compression; 0 when the family has no series
}

// NewExposition makes an exposition of the facts of collectors, and of what self gathers.
func NewExposition(collectors []collector.Any, self prometheus.Gatherer) *Exposition {
	all, begin := families(collectors)
	e := &Exposition{begin: begin, self: self, seed: maphash.MakeSeed(), asked: make(map[encoding]*atomic.Int64)}
	for i, family := range all {
		e.layouts = append(e.layouts, newLayout(family))
		e.order = append(e.order, i)
	}
	slices.SortFunc(e.order, func(a, b int) int { return strings.Compare(e.layouts[a].name, e.layouts[b].name) })
	for _, each := range encodings() {
		e.asked[each] = new(atomic.Int64)
	}
	e.pages.Store(&[]*page{})
	return e
}

// Publish shows a new state. Assessments that are the same pointers as before are not encoded again, nor are families
// that are as they were.
func (e *Exposition) Publish(assessments []*assess.Assessment) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	active := e.active()
	previous := make(map[string]*page)
	for _, old := range *e.pages.Load() {
		previous[old.assessment.Plan.System.ID()] = old
	}
	pages := make([]*page, len(assessments))
	for i, assessment := range assessments {
		fresh, err := e.render(assessment, previous[assessment.Plan.System.ID()], active)
		if err != nil {
			return err
		}
		pages[i] = fresh
	}
	e.pages.Store(&pages)
	return nil
}

// active lists the encodings that are scraped now.
func (e *Exposition) active() []encoding {
	var active []encoding
	since := time.Now().Add(-encodedFor).Unix()
	for _, each := range encodings() {
		if e.asked[each].Load() > since {
			active = append(active, each)
		}
	}
	return active
}

// render encodes an assessment. What is as it was in the old page, nil for none, is taken over.
func (e *Exposition) render(assessment *assess.Assessment, old *page, active []encoding) (*page, error) {
	if old != nil && old.assessment == assessment && old.has(active) {
		return old, nil
	}
	samples := e.sample(assessment)
	fresh := &page{assessment: assessment, sums: make([]uint64, len(samples)), parts: make(map[encoding][]part)}
	for _, each := range active {
		fresh.parts[each] = make([]part, len(samples))
	}
	for i := range samples {
		if len(samples[i]) == 0 {
			continue
		}
		fresh.sums[i] = e.sum(samples[i])
		if err := e.renderFamily(i, samples[i], fresh, old); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

func (e *Exposition) renderFamily(i int, samples []sample, fresh, old *page) error {
	var family *dto.MetricFamily
	for each, parts := range fresh.parts {
		if old != nil && old.parts[each] != nil && old.sums[i] == fresh.sums[i] {
			parts[i] = old.parts[each][i]
			continue
		}
		if family == nil {
			described := fresh.assessment.Plan.System
			family = e.layouts[i].family(described.Name, described.Environment, samples)
		}
		made, err := e.newPart(each, family)
		if err != nil {
			return err
		}
		parts[i] = made
	}
	return nil
}

func (e *Exposition) newPart(encoding encoding, family *dto.MetricFamily) (part, error) {
	body, err := encodeBody(encoding.format, family)
	if err != nil {
		return part{}, err
	}
	made := part{content: body, length: len(body)}
	if encoding.gzip {
		made.content, err = e.gzip.compress(body)
	}
	return made, err
}

// has tells whether a page is there in all of these encodings.
func (p *page) has(encodings []encoding) bool {
	return !slices.ContainsFunc(encodings, func(each encoding) bool { return p.parts[each] == nil })
}

// sum tells samples from others.
func (e *Exposition) sum(samples []sample) uint64 {
	var hash maphash.Hash
	hash.SetSeed(e.seed)
	for i := range samples {
		for _, value := range samples[i].values {
			maphash.WriteComparable(&hash, value)
		}
		maphash.WriteComparable(&hash, math.Float64bits(samples[i].value))
	}
	return hash.Sum64()
}

// sample gives the samples of an assessment, by layout.
func (e *Exposition) sample(assessment *assess.Assessment) [][]sample {
	sampler := newSampler(len(e.layouts), e.begin)
	sampler.assessment(assessment)
	return sampler.families
}

// activate makes sure that the pages are there in an encoding, now and as long as it is scraped.
func (e *Exposition) activate(asked encoding) ([]*page, error) {
	e.asked[asked].Store(time.Now().Unix())
	pages := *e.pages.Load()
	if !slices.ContainsFunc(pages, func(page *page) bool { return page.parts[asked] == nil }) {
		return pages, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	pages = slices.Clone(*e.pages.Load())
	active := e.active()
	for i, old := range pages {
		fresh, err := e.render(old.assessment, old, active)
		if err != nil {
			return nil, err
		}
		pages[i] = fresh
	}
	e.pages.Store(&pages)
	return pages, nil
}

// Gather gives every family as client_golang does, for tests and tools; a scrape does not use it.
func (e *Exposition) Gather() ([]*dto.MetricFamily, error) {
	gathered, err := e.self.Gather()
	if err != nil {
		return nil, err
	}
	merged := make([]*dto.MetricFamily, len(e.layouts))
	for _, page := range *e.pages.Load() {
		described := page.assessment.Plan.System
		for i, samples := range e.sample(page.assessment) {
			if len(samples) == 0 {
				continue
			}
			family := e.layouts[i].family(described.Name, described.Environment, samples)
			if merged[i] != nil {
				family.Metric = append(merged[i].Metric, family.Metric...)
			}
			merged[i] = family
		}
	}
	for _, family := range merged {
		if family != nil {
			gathered = append(gathered, family)
		}
	}
	slices.SortFunc(gathered, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return gathered, nil
}

// ServeHTTP answers a scrape in the format and compression that it asks for.
func (e *Exposition) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	format := expfmt.NegotiateAccept(r.Header, expfmt.FmtProtoDelim, expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtText)
	asked := encoding{format: format.FormatType(), gzip: acceptsGzip(r.Header)}
	pages, err := e.activate(asked)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	self, err := e.encodeSelf(format)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", string(format))
	w.Header().Set("Vary", "Accept, Accept-Encoding")
	if asked.gzip {
		w.Header().Set("Content-Encoding", "gzip")
	}
	for _, i := range e.order {
		if err := e.writeFamily(w, asked, i, pages); err != nil {
			return // the client is gone
		}
	}
	// Nothing is to be done for a client that went away before the end.
	_ = e.writeContent(w, asked, self)
}

// writeFamily writes one family of every system.
func (e *Exposition) writeFamily(w http.ResponseWriter, asked encoding, i int, pages []*page) error {
	length := 0
	for _, page := range pages {
		length += page.parts[asked][i].length
	}
	if length == 0 {
		return nil
	}
	head, err := e.layouts[i].head(asked.format)
	if err != nil {
		return err
	}
	if err := e.writeContent(w, asked, append(frame(asked.format, len(head)+length), head...)); err != nil {
		return err
	}
	for _, page := range pages {
		if _, err := w.Write(page.parts[asked][i].content); err != nil {
			return err
		}
	}
	return nil
}

// writeContent writes what was not encoded before.
func (e *Exposition) writeContent(w http.ResponseWriter, asked encoding, content []byte) error {
	if asked.gzip {
		compressed, err := e.gzip.compress(content)
		if err != nil {
			return err
		}
		content = compressed
	}
	_, err := w.Write(content)
	return err
}

// encodeSelf encodes what the exporter says of itself, with the format's ending.
func (e *Exposition) encodeSelf(format expfmt.Format) ([]byte, error) {
	families, err := e.self.Gather()
	if err != nil {
		return nil, err
	}
	var buffer bytes.Buffer
	encoder := expfmt.NewEncoder(&buffer, format)
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			return nil, err
		}
	}
	if closer, ends := encoder.(expfmt.Closer); ends {
		if err := closer.Close(); err != nil {
			return nil, err
		}
	}
	return buffer.Bytes(), nil
}

// acceptsGzip reads Accept-Encoding as promhttp does: gzip counts unless its weight is 0.
func acceptsGzip(header http.Header) bool {
	for _, part := range strings.Split(header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(name) == "gzip" {
			return !slices.Contains([]string{"q=0", "q=0.0", "q=0.00", "q=0.000"}, strings.TrimSpace(weight))
		}
	}
	return false
}

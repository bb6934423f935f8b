// Package metrics exports what was seen and concluded. All encoding is done when something changes, so that a scrape
// only reads. It is the only package that knows client_golang.
package metrics

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
)

// An Exposition serves /metrics: the newest state of every system, and what the exporter says of itself.
type Exposition struct {
	begin   map[string]int // of the families of each fact kind
	layouts []layout
	order   []int // of the layouts, by name
	self    prometheus.Gatherer
	seed    maphash.Seed

	mu     sync.Mutex // held to change pages
	active []encoding // that have been asked for
	pages  atomic.Pointer[[]*page]
}

// A page is one assessment, encoded. It does not change.
type page struct {
	assessment *assess.Assessment
	parts      map[encoding][]part // by layout
}

// A part is the body of one family of one system.
type part struct {
	content []byte
	length  int    // before compression; 0 when the family has no series
	sum     uint64 // of the content before compression
}

// NewExposition makes an exposition of the facts of collectors, and of what self gathers.
func NewExposition(collectors []collector.Any, self prometheus.Gatherer) *Exposition {
	all, begin := families(collectors)
	e := &Exposition{begin: begin, self: self, seed: maphash.MakeSeed(), active: []encoding{{format: expfmt.TypeTextPlain}}}
	for i, family := range all {
		e.layouts = append(e.layouts, newLayout(family))
		e.order = append(e.order, i)
	}
	slices.SortFunc(e.order, func(a, b int) int { return strings.Compare(e.layouts[a].name, e.layouts[b].name) })
	e.pages.Store(&[]*page{})
	return e
}

// Publish shows a new state. Assessments that are the same pointers as before are not encoded again.
func (e *Exposition) Publish(assessments []*assess.Assessment) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	previous := make(map[string]*page)
	for _, old := range *e.pages.Load() {
		previous[old.assessment.Plan.System.ID()] = old
	}
	pages := make([]*page, len(assessments))
	for i, assessment := range assessments {
		old := previous[assessment.Plan.System.ID()]
		if old != nil && old.assessment == assessment {
			pages[i] = old
			continue
		}
		fresh, err := e.render(assessment, old)
		if err != nil {
			return err
		}
		pages[i] = fresh
	}
	e.pages.Store(&pages)
	return nil
}

// render encodes an assessment in every active encoding. What is as it was before is taken over.
func (e *Exposition) render(assessment *assess.Assessment, old *page) (*page, error) {
	fresh := &page{assessment: assessment, parts: make(map[encoding][]part)}
	families := e.gather(assessment)
	for _, encoding := range e.active {
		parts := make([]part, len(families))
		for i, family := range families {
			if family == nil {
				continue
			}
			var before part
			if old != nil && old.parts[encoding] != nil {
				before = old.parts[encoding][i]
			}
			made, err := e.part(encoding, family, before)
			if err != nil {
				return nil, err
			}
			parts[i] = made
		}
		fresh.parts[encoding] = parts
	}
	return fresh, nil
}

func (e *Exposition) part(encoding encoding, family *dto.MetricFamily, before part) (part, error) {
	body, err := encodeBody(encoding.format, family)
	if err != nil {
		return part{}, err
	}
	sum := maphash.Bytes(e.seed, body)
	if before.length == len(body) && before.sum == sum {
		return before, nil
	}
	made := part{content: body, length: len(body), sum: sum}
	if encoding.gzip {
		made.content, err = compress(body)
	}
	return made, err
}

// gather makes the families of an assessment, by layout; nil where one has no series.
func (e *Exposition) gather(assessment *assess.Assessment) []*dto.MetricFamily {
	sampler := newSampler(len(e.layouts), e.begin)
	sampler.assessment(assessment)
	described := assessment.Plan.System
	families := make([]*dto.MetricFamily, len(e.layouts))
	for i, samples := range sampler.families {
		if len(samples) > 0 {
			families[i] = e.layouts[i].family(described.Name, described.Environment, samples)
		}
	}
	return families
}

// activate makes sure that the pages are there in an encoding, from now on.
func (e *Exposition) activate(encoding encoding) ([]*page, error) {
	if pages := *e.pages.Load(); len(pages) == 0 || pages[0].parts[encoding] != nil {
		return pages, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.active, encoding) {
		e.active = append(e.active, encoding)
	}
	pages := slices.Clone(*e.pages.Load())
	for i, old := range pages {
		if old.parts[encoding] != nil {
			continue
		}
		fresh, err := e.render(old.assessment, old)
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
		for i, family := range e.gather(page.assessment) {
			switch {
			case family == nil:
			case merged[i] == nil:
				merged[i] = family
			default:
				merged[i].Metric = append(merged[i].Metric, family.Metric...)
			}
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
	_ = writeContent(w, asked, self)
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
	if err := writeContent(w, asked, append(frame(asked.format, len(head)+length), head...)); err != nil {
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
func writeContent(w http.ResponseWriter, asked encoding, content []byte) error {
	if asked.gzip {
		compressed, err := compress(content)
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

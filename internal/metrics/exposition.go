// Package metrics exports what was collected and concluded. It is the only package that knows client_golang.
//
// An Exposition serves /metrics. Publish encodes what has changed since the last time; a scrape only writes what is
// encoded already, and every scraper is served the same bytes. Self is what the exporter says of its own work:
//
//	self := metrics.NewSelf()
//	exposition := metrics.NewExposition(collectors, self.Registry())
//	engine := engine.New(engine.Options{
//		Observe: self.ObserveRun,
//		Publish: func(assessments []*assess.Assessment) {
//			exposition.Publish(assessments)
//			self.ObserveAssessments(assessments)
//		},
//	})
//	self.NameAddress(url)          // never called: there is no such series
//	self.CountClockSteps(engine.ClockSteps)
//	self.WatchStorage(store.Writable) // never called: there is no such series
//	self.ObserveReload(err)        // whenever the configuration was loaded
//	mux.Handle("/metrics", exposition)
package metrics

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/collector"
)

// encodedFor is how long after a scrape an encoding is kept at hand.
const encodedFor = 15 * time.Minute

// An Exposition serves /metrics: the newest state of every system, and what the exporter says of itself.
type Exposition struct {
	layouts  []layout
	heads    [2 * formats][]part // by encoding and layout
	order    []int               // of the layouts, by name
	self     prometheus.Gatherer
	deflater deflater
	asked    [2 * formats]atomic.Int64 // when each encoding was last asked for, in seconds since 1970

	mu      sync.Mutex // held to render
	render  renderer
	current atomic.Pointer[book]
}

// A book is all that is served but for what the exporter says of itself. It does not change.
type book struct {
	pages  []*page              // one a system, and last the one that is of none
	groups [2 * formats][]group // of all pages, by encoding; none where nothing is compressed
}

// systems are the pages of systems.
func (b *book) systems() []*page { return b.pages[:len(b.pages)-1] }

func (b *book) shared() *page { return b.pages[len(b.pages)-1] }

// NewExposition makes an exposition of the facts of collectors, but for the gauges of those kinds that are omitted, and of what
// self gathers.
func NewExposition(collectors []collector.Any, self prometheus.Gatherer, omitted ...string) *Exposition {
	kinds, ofFacts := factKinds(collectors, omitted)
	e := &Exposition{self: self}
	for i, family := range append(common(), ofFacts...) {
		e.layouts = append(e.layouts, newLayout(family, i < checklistItemInfo || i >= commonFamilies))
		e.order = append(e.order, i)
	}
	slices.SortFunc(e.order, func(a, b int) int { return strings.Compare(e.layouts[a].Name, e.layouts[b].Name) })
	for _, each := range encodings() {
		for i := range e.layouts {
			e.heads[each.index()] = append(e.heads[each.index()], e.deflater.part(each.gzip, e.layouts[i].heads[each.format]))
		}
	}
	e.render = renderer{reader: newReader(newSink(e.layouts), kinds), deflater: &e.deflater}
	e.current.Store(&book{pages: []*page{e.render.shared(nil, nil)}})
	return e
}

// Publish shows a new state: one assessment a system. Of a system in which something has changed, only the families and
// runs are encoded again that say something else.
func (e *Exposition) Publish(assessments []*assess.Assessment) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.publish(assessments)
}

// publish is Publish for whoever holds e.mu.
func (e *Exposition) publish(assessments []*assess.Assessment) *book {
	e.render.use(e.active())
	old := e.current.Load()
	previous := make(map[string]*page, len(old.pages))
	for _, page := range old.systems() {
		if e.render.has(page) {
			previous[page.assessment.Plan.System.ID()] = page
		}
	}
	fresh := &book{pages: make([]*page, len(assessments), len(assessments)+1)}
	for i, assessment := range assessments {
		fresh.pages[i] = e.render.page(assessment, previous[assessment.Plan.System.ID()])
	}
	fresh.pages = append(fresh.pages, e.render.shared(fresh.pages, old.shared()))
	for _, each := range e.render.active {
		if each.gzip {
			fresh.groups[each.index()] = e.render.groups(fresh.pages, each, old.groups[each.index()])
		}
	}
	e.current.Store(fresh)
	return fresh
}

// active lists the encodings that are scraped now.
func (e *Exposition) active() []encoding {
	since := time.Now().Add(-encodedFor).Unix()
	return slices.DeleteFunc(encodings(), func(each encoding) bool { return e.asked[each.index()].Load() <= since })
}

// activate makes sure that the book is there in an encoding, now and as long as it is scraped.
func (e *Exposition) activate(asked encoding) *book {
	e.asked[asked.index()].Store(time.Now().Unix())
	if current := e.current.Load(); current.has(asked) {
		return current
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	current := e.current.Load()
	if current.has(asked) {
		return current
	}
	assessments := make([]*assess.Assessment, len(current.systems()))
	for i, page := range current.systems() {
		assessments[i] = page.assessment
	}
	return e.publish(assessments)
}

func (b *book) has(asked encoding) bool {
	return !slices.ContainsFunc(b.pages, func(page *page) bool { return page.parts[asked.index()] == nil })
}

// only gives the pages of systems by their names, or by name and environment as name/environment. What is of no system is
// always there.
func (b *book) only(systems []string) *book {
	part, wanted := new(book), make(map[string]bool, len(systems))
	for _, name := range systems {
		wanted[name] = true
	}
	for _, page := range b.systems() {
		if system := page.assessment.Plan.System; wanted[system.Name] || wanted[system.ID()] {
			part.pages = append(part.pages, page)
		}
	}
	part.pages = append(part.pages, b.shared())
	return part
}

// ServeHTTP answers a scrape in the format and compression that it asks for. /metrics?system=NAME has one system alone,
// beside what the exporter says of itself and of its collectors; several can be named, also as NAME/ENVIRONMENT.
func (e *Exposition) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	format := expfmt.NegotiateAccept(r.Header, expfmt.FmtProtoDelim, expfmt.FmtOpenMetrics_1_0_0, expfmt.FmtText)
	asked := encoding{format: formatOf(format), gzip: acceptsGzip(r.Header)}
	served := e.activate(asked)
	systems := r.URL.Query()["system"]
	if len(systems) > 0 {
		served = served.only(systems)
	}
	self, err := e.encodeSelf(format, systems)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", string(format))
	w.Header().Set("Vary", "Accept, Accept-Encoding")
	if asked.gzip {
		w.Header().Set("Content-Encoding", "gzip")
	}
	answer := newStream(w, asked.gzip)
	// It comes first, so that what was made for this answer alone is not kept while a slow reader takes the rest.
	answer.add(e.deflater.part(asked.gzip, self))
	for _, i := range e.order {
		e.addFamily(answer, asked, i, served)
	}
	if asked.format == openMetrics {
		answer.add(e.deflater.part(asked.gzip, []byte("# EOF\n")))
	}
	// Nothing is to be done for a client that went away before the end.
	_ = answer.end()
}

// addFamily writes one family of a book.
func (e *Exposition) addFamily(answer *stream, asked encoding, family int, served *book) {
	length := 0
	for _, page := range served.pages {
		length += int(page.parts[asked.index()][family].length)
	}
	if length == 0 || answer.err != nil {
		return
	}
	if asked.format == protobuf {
		frame := protowire.AppendVarint(nil, uint64(len(e.layouts[family].heads[protobuf])+length))
		answer.add(e.deflater.part(asked.gzip, frame))
	}
	answer.add(e.heads[asked.index()][family])
	for _, page := range served.pages {
		if part := page.parts[asked.index()][family]; part.packed == asked.gzip {
			answer.add(part)
		}
	}
	if !asked.gzip {
		return
	}
	for _, group := range served.groups[asked.index()] {
		answer.add(group.pieces[family])
	}
	if served.groups[asked.index()] == nil {
		answer.add(e.deflater.part(true, small(served.pages, asked, family)))
	}
}

// encodeSelf encodes what the exporter says of itself, and what it counts of some systems; none named: of all.
func (e *Exposition) encodeSelf(format expfmt.Format, systems []string) ([]byte, error) {
	families, err := e.self.Gather()
	if err != nil {
		return nil, err
	}
	var buffer bytes.Buffer
	encoder := expfmt.NewEncoder(&buffer, format)
	for _, family := range families {
		if len(systems) > 0 {
			family.Metric = slices.DeleteFunc(family.Metric, func(m *dto.Metric) bool { return isOfOthers(m, systems) })
		}
		if len(family.Metric) == 0 {
			continue
		}
		if err := encoder.Encode(family); err != nil {
			return nil, err
		}
	}
	return buffer.Bytes(), nil
}

// isOfOthers tells whether a series is of another system than those, which are named as NAME or NAME/ENVIRONMENT.
func isOfOthers(m *dto.Metric, systems []string) bool {
	var name, environment string
	for _, label := range m.GetLabel() {
		switch label.GetName() {
		case "system":
			name = label.GetValue()
		case "environment":
			environment = label.GetValue()
		}
	}
	return name != "" && !slices.Contains(systems, name) && !slices.Contains(systems, name+"/"+environment)
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

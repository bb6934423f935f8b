package record

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

const (
	// pollInterval is how often it is asked what other replicas keep, and whether the API server answers.
	pollInterval = 5 * time.Second
	// commitPatience bounds one commit, with all its requests.
	commitPatience = time.Minute
	// openPatience bounds the first one, for which the exporter waits.
	openPatience = 5 * time.Second
	// giveWay is the least time between two writes of a replica while others write too: that in which one that was too late reads, and
	// writes. Where the API server is slow it is longer: so many times what the last write took.
	giveWay, giveWayTimes = 100 * time.Millisecond, 2
	// othersWrite is how long after one of theirs that is expected.
	othersWrite = time.Minute
	// shareOfEvidence and shareOfOthers are which parts of the bytes evidence, and signatures and changes each, may take once they are
	// written anew. The rest is room for what comes until the next time.
	shareOfEvidence, shareOfOthers = 3. / 8, 3. / 16

	// defaultObjectBytes bounds the records in all objects.
	defaultObjectBytes int64 = 14 << 20
)

// Objects are a store in ConfigMaps of one namespace, which several replicas may share.
//
// The first object has the newest records, its tail, and the list of the other objects, the parts, in their order. Parts never change:
// when the tail is full, it becomes a part. The first object alone decides what counts, and is only ever written in the place of the
// version that was read, so that of two replicas that write at once one reads again, and no record that was acknowledged is lost.
type Objects struct {
	ledger
	client   objectClient
	names    []string             // of the parts that there may be
	current  state                // as it was read or written last
	texts    map[types.UID]string // of its parts
	written  time.Time            // when all was written anew last
	foreign  time.Time            // when others were found to have written
	took     time.Duration        // by the last write
	put      time.Time            // when anything was
	asked    time.Time            // when the first object was read last
	reported map[types.UID]bool   // of what somebody deleted or edited
}

var (
	_ Store  = (*Objects)(nil)
	_ medium = (*Objects)(nil)
)

// OpenObjects opens the store in ConfigMaps of a namespace, by a client of the core group. While the API server does not answer, that is
// reported.
func OpenObjects(client rest.Interface, place types.NamespacedName, options Options) *Objects {
	o := newObjects(client, place, options)
	o.settle(o.commitWithin(openPatience, nil, false))
	go o.work()
	return o
}

func newObjects(client rest.Interface, place types.NamespacedName, options Options) *Objects {
	options = options.withDefaults(defaultObjectBytes)
	o := &Objects{
		ledger: newLedger("ConfigMap "+place.String(), options, int64(shareOfEvidence*float64(options.MaximumBytes))),
		client: objectClient{client, place}, names: ObjectNames(place.Name)[1:],
		texts: make(map[types.UID]string), reported: make(map[types.UID]bool),
		// What is too old goes when it is known who asks.
		written: time.Now().Add(settleInterval - rewriteAfter),
	}
	o.medium = o
	return o
}

// ReadObjects reads the store in ConfigMaps, also while exporters use it, and changes nothing there. Ready tells the statuses that count
// as ready.
func ReadObjects(
	ctx context.Context, client rest.Interface, place types.NamespacedName, ready func(status string) bool,
) (*Snapshot, error) {
	o := newObjects(client, place, Options{Ready: ready})
	for range readAttempts {
		found, err := o.client.state(ctx)
		if err == nil && found.main == nil {
			return nil, fmt.Errorf("read ConfigMap %s: %w", place, ErrNoRecord)
		}
		var kept contents
		if err == nil {
			kept, err = o.read(ctx, found)
		}
		if err == nil {
			return &Snapshot{kept}, nil
		}
		if !errors.Is(err, errAgain) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("read ConfigMap %s: %w", place, errAgain)
}

// ObjectNames are those of all objects of a store, which roles name. The first is the store's own name.
func ObjectNames(name string) []string {
	names := []string{name}
	for i := range maximumParts {
		names = append(names, fmt.Sprintf("%s-%02d", name, i))
	}
	return names
}

func (o *Objects) interval() time.Duration { return pollInterval }
func (o *Objects) outdated() bool          { return time.Since(o.asked) >= pollInterval || o.aged() }
func (o *Objects) aged() bool              { return time.Since(o.written) >= rewriteAfter }
func (o *Objects) release()                {}

// errAgain says that another replica was faster.
var errAgain = errors.New("other replicas wrote to it each time; the next attempt follows")

// commit keeps a batch, or all that is kept if it is anew, and takes over what other replicas kept.
func (o *Objects) commit(batch []line, anew bool) error {
	return o.commitWithin(commitPatience, batch, anew)
}

func (o *Objects) commitWithin(patience time.Duration, batch []line, anew bool) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), patience, fmt.Errorf("no answer within %s", patience))
	defer cancel()
	ask := anew || o.current.main == nil || time.Since(o.asked) >= pollInterval
	if anew {
		batch = o.all()
	}
	if time.Since(o.foreign) < othersWrite {
		pause(ctx, time.Until(o.put.Add(max(giveWay, giveWayTimes*o.took))))
	}
	err := errAgain
	for ; ctx.Err() == nil; pause(ctx, rand.N(giveWay)) {
		if ask {
			var all bool
			batch, all, err = o.refresh(ctx, batch)
			anew = anew || all
			if errors.Is(err, errAgain) {
				continue
			}
			if err != nil {
				break
			}
		}
		if len(batch) == 0 && !o.aged() && o.current.main != nil {
			return nil
		}
		if err = o.keep(ctx, batch); !errors.Is(err, errAgain) {
			break
		}
		ask = true
	}
	if err == nil {
		return nil
	}
	o.current.main = nil // Nobody knows what became of it.
	if anew {
		o.renew()
	} else {
		o.again(batch)
	}
	return err
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// all are all records that are kept, to be written.
func (o *Objects) all() []line {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue, o.anew = nil, false
	return o.kept.lines()
}

// refresh reads the first object, and takes over what changed there. It gives those of a batch that are not kept yet; all: they are all
// records, since the object is not the one that it was.
func (o *Objects) refresh(ctx context.Context, batch []line) (missing []line, all bool, err error) {
	found, err := o.client.state(ctx)
	if err != nil {
		return batch, false, err
	}
	before := o.current
	o.asked = time.Now()
	if before.uid != "" && before.uid != found.uid {
		// It was deleted, perhaps made anew: what was kept there is written again.
		batch, all = o.all(), true
	} else if before.main != nil && before.version() == found.version() {
		return batch, false, nil
	}
	if before.uid != "" {
		o.foreign = o.asked
	}
	loaded, err := o.read(ctx, found)
	if err != nil {
		return batch, all, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.settleOn(found)
	missing = o.rebase(loaded, batch)
	for _, record := range o.queue { // It is written with the next batch.
		if !o.kept.has(record) {
			o.kept.add(record, nil, o.options.Ready)
		}
	}
	return missing, all, nil
}

// read reads all records of a state.
func (o *Objects) read(ctx context.Context, s state) (contents, error) {
	loaded := newContents(int64(shareOfEvidence * float64(o.options.MaximumBytes)))
	statuses := make(map[string]string)
	corrupted := 0
	use := func(text string) {
		corrupted += readLines(text, func(record line, raw []byte) {
			if change := record.Change; change != nil {
				if known, there := statuses[change.Status]; there {
					change.Status = known
				}
				statuses[change.Status] = change.Status
				if loaded.has(record) {
					return
				}
			}
			loaded.add(record, raw, o.options.Ready)
		})
	}
	for _, each := range s.parts {
		text, err := o.text(ctx, each)
		switch {
		case errors.Is(err, errGone):
			if again, err := o.client.state(ctx); err != nil || again.version() != s.version() {
				return contents{}, errors.Join(errAgain, err)
			}
			if !o.reported[each.UID] {
				o.reported[each.UID] = true
				o.options.Report(fmt.Errorf("%s lists the ConfigMap %s, which somebody deleted or replaced: the records in it are lost",
					o.place, each.Name))
			}
		case err != nil:
			return contents{}, err
		}
		use(text)
	}
	use(s.tail)
	if corrupted > 0 && !o.reported[s.uid] {
		o.reported[s.uid] = true
		o.options.Report(fmt.Errorf("%s: records that do not match their checksums: %d; somebody edited it, and the others were read",
			o.place, corrupted))
	}
	return loaded, nil
}

// text reads a part, once.
func (o *Objects) text(ctx context.Context, of part) (string, error) {
	if text, known := o.texts[of.UID]; known {
		return text, nil
	}
	text, err := o.client.text(ctx, of)
	if err == nil {
		o.texts[of.UID] = text
	}
	return text, err
}

// settleOn has a state be the current one.
func (o *Objects) settleOn(s state) {
	o.current = s
	for uid := range o.texts {
		if !slices.ContainsFunc(s.parts, func(p part) bool { return p.UID == uid }) {
			delete(o.texts, uid)
		}
	}
}

// readLines calls use for each record of a text, and counts the lines that are none.
func readLines(text string, use func(record line, text []byte)) (corrupted int) {
	for each := range strings.Lines(text) {
		raw := []byte(strings.TrimSuffix(each, "\n"))
		if record, whole := parseLine(raw); whole {
			use(record, raw)
		} else {
			corrupted++
		}
	}
	return corrupted
}

package system

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

const (
	// keptDiscovered is for how long what was discovered stays after a run that found all there is did not find it any more: a
	// controller that starts anew, or one mistake in a route, takes everything away for a moment.
	keptDiscovered = 10 * time.Minute
	// maximumGone bounds how many pieces stay that are not found any more.
	maximumGone = 1000
)

// Discovered is what was discovered of a system. It does not change. The zero value: nothing.
type Discovered struct {
	pieces []piece       // hosts, in the order in which they were discovered, then by name
	images []foundImages // in the order of the discoveries
}

// A piece is one fact as it was discovered. The same host with another port, path or address is another piece, so that what goes of it
// stays for as long as what goes altogether.
type piece struct {
	discovery string // the target in which it was discovered
	host      *fact.DiscoveredHost
	since     time.Time // when the first piece of this subject was discovered
	gone      time.Time // when a run that found all there is did not find it any more; zero: it is there
}

func (p *piece) subject() string { return fact.DiscoveredHosts().Subject(p.host) }

// Note gives what is discovered after a run of a discovery, named by its target, that has succeeded. It tells false where that is
// as it was. What the run could not tell of, since something was unavailable, stays.
func (d Discovered) Note(discovery string, found *fact.Set[fact.DiscoveredHost], at time.Time) (Discovered, bool) {
	own := make(map[string][]*piece)
	next := Discovered{pieces: make([]piece, 0, len(d.pieces)+len(found.Facts)), images: d.images}
	for _, p := range d.pieces {
		next.pieces = append(next.pieces, p)
		if p.discovery == discovery {
			kept := &next.pieces[len(next.pieces)-1]
			own[p.subject()] = append(own[p.subject()], kept)
		}
	}
	changed := false
	there := make(map[*piece]bool, len(found.Facts))
	for _, host := range found.Facts {
		fresh := piece{discovery: discovery, host: host, since: at}
		before := own[fresh.subject()]
		if same := slices.IndexFunc(before, func(p *piece) bool { return reflect.DeepEqual(p.host, host) }); same >= 0 {
			there[before[same]] = true
			changed = changed || !before[same].gone.IsZero()
			before[same].gone = time.Time{}
			continue
		}
		if len(before) > 0 {
			fresh.since = before[0].since
		}
		next.pieces = append(next.pieces, fresh)
		there[&next.pieces[len(next.pieces)-1]] = true
		changed = true
	}
	if len(found.Unavailable) == 0 {
		changed = next.drop(discovery, there, at) || changed
	}
	if !changed {
		return d, false
	}
	slices.SortStableFunc(next.pieces, func(a, b piece) int {
		return cmp.Or(a.since.Compare(b.since), strings.Compare(a.host.Host, b.host.Host), strings.Compare(a.subject(), b.subject()))
	})
	return next, true
}

// drop notes what a run that found all there is did not find, and leaves out what it has not found for long. It tells whether anything
// has changed.
func (d *Discovered) drop(discovery string, there map[*piece]bool, at time.Time) (changed bool) {
	gone := 0
	for i := range d.pieces {
		p := &d.pieces[i]
		if p.discovery == discovery && !there[p] && p.gone.IsZero() {
			p.gone, changed = at, true
		}
		if !p.gone.IsZero() {
			gone++
		}
	}
	before := len(d.pieces)
	d.pieces = slices.DeleteFunc(d.pieces, func(p piece) bool {
		over := p.discovery == discovery && !p.gone.IsZero() && (at.Sub(p.gone) >= keptDiscovered || gone > maximumGone)
		if over {
			gone--
		}
		return over
	})
	return changed || len(d.pieces) != before
}

// Leaving tells whether anything of a discovery is not found any more, and will be left out in time.
func (d Discovered) Leaving(discovery string) bool {
	return slices.ContainsFunc(d.pieces, func(p piece) bool { return p.discovery == discovery && !p.gone.IsZero() })
}

// Of is what was discovered in what is declared now. What is no more is not remembered.
func (d Discovered) Of(declared *System) (kept Discovered) {
	for _, p := range d.pieces {
		if declared.holds(p.host) {
			kept.pieces = append(kept.pieces, p)
		}
	}
	for _, found := range d.images {
		found.images = slices.DeleteFunc(slices.Clone(found.images), func(i *fact.DiscoveredImage) bool { return !declared.runs(i) })
		if len(found.images) > 0 {
			kept.images = append(kept.images, found)
		}
	}
	return kept
}

// hosts are those that are of a system as it is declared now, in the order in which they were discovered.
func (d Discovered) hosts(declared *System) (all []foundHost) {
	if !declared.Discovery.Hosts() {
		return nil
	}
	at := make(map[string]int)
	for _, p := range d.pieces {
		name := asciiName(p.host.Host)
		if !discoverable(name) || !declared.holds(p.host) {
			continue
		}
		i, known := at[name]
		if !known {
			i = len(all)
			at[name] = i
			all = append(all, foundHost{name: name})
		}
		all[i].pieces = append(all[i].pieces, p)
	}
	return all
}

func (s *System) holds(h *fact.DiscoveredHost) bool {
	return slices.ContainsFunc(s.Kubernetes, func(c Cluster) bool { return c.holds(h) })
}

// holds tells whether what was discovered is of the cluster as it is declared.
func (c Cluster) holds(h *fact.DiscoveredHost) bool {
	return c.Name == h.Cluster && c.Selector == h.Selector && c.Discovers() && c.Includes(h.Namespace)
}

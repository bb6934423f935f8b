package ical

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// zoneRules are a time zone as a calendar describes it (VTIMEZONE).
type zoneRules struct {
	id, location string // TZID and X-LIC-LOCATION
	observances  []observance
}

// An observance is standard time, or daylight saving time.
type observance struct {
	start    stamp
	from, to int // seconds east of UTC, before and after
	rule     string
	more     []stamp
}

// The bounds of what a calendar may say of time zones.
const (
	maximumZones       = 100
	maximumObservances = 100
	maximumChanges     = 2_000 // Microsoft counts the years from 1601
)

func (z *zoneRules) set(name string, p *ics.BaseProperty) (err error) {
	if len(z.observances) > maximumObservances {
		return fmt.Errorf("a time zone changes by more than %d rules", maximumObservances)
	}
	o := &z.observances[len(z.observances)-1]
	switch name {
	case "DTSTART":
		o.start, err = stampOf(p)
	case "TZOFFSETFROM":
		o.from, err = offsetOf(p.Value)
	case "TZOFFSETTO":
		o.to, err = offsetOf(p.Value)
	case "RRULE":
		o.rule = strings.ToUpper(strings.TrimSpace(p.Value))
	case "RDATE":
		o.more, err = appendStamps(o.more, p)
	}
	return err
}

// offsetOf reads +0100 or -003020, in seconds.
func offsetOf(text string) (int, error) {
	text = strings.TrimSpace(text)
	fault := fmt.Errorf("the distance of a time zone from UTC cannot be read: expected one such as +0100")
	if len(text) != 5 && len(text) != 7 || text[0] != '+' && text[0] != '-' {
		return 0, fault
	}
	digits, err := strconv.ParseUint((text[1:] + "00")[:6], 10, 32)
	if err != nil {
		return 0, fault
	}
	seconds := int(digits/10000*3600 + digits/100%100*60 + digits%100)
	if seconds >= 24*3600 {
		return 0, fault
	}
	if text[0] == '-' {
		return -seconds, nil
	}
	return seconds, nil
}

// zones finds time zones by their names.
type zones struct {
	Options
	described map[string]*zoneRules
	windows   map[string]string
	found     map[string]*time.Location
	fallback  *time.Location
}

func newZones(c *calendar, o Options) *zones {
	return &zones{Options: o, described: c.zones, windows: windowsZones(), found: make(map[string]*time.Location)}
}

// ofCalendar is the zone that a calendar says it is in, or UTC.
func (z *zones) ofCalendar(name string) (*time.Location, error) {
	if strings.TrimSpace(name) == "" {
		return time.UTC, nil
	}
	return z.find(name)
}

// of is the zone of a date or time.
func (z *zones) of(s stamp) (*time.Location, error) {
	switch {
	case s.utc:
		return time.UTC, nil
	case s.date, s.zone == "":
		return z.fallback, nil
	default:
		return z.find(s.zone)
	}
}

// moment is when a date or time is.
func (z *zones) moment(s stamp) (time.Time, error) {
	zone, err := z.of(s)
	if err != nil {
		return time.Time{}, err
	}
	return Moment(s.shown, zone), nil
}

// find gives the zone of a name: one of IANA, also at the end of an address as libical and Mozilla write it, one of Windows, or one that
// the calendar describes. What IANA and Windows know by the name counts before what a calendar says of it, which may be old.
func (z *zones) find(name string) (*time.Location, error) {
	name = strings.Trim(strings.TrimSpace(name), `"`)
	if known := z.found[name]; known != nil {
		return known, nil
	}
	described := z.described[name]
	candidates := []string{z.windows[name]}
	if described != nil {
		candidates = append(candidates, described.location)
	}
	for rest, more := name, strings.Contains(name, "/"); more; _, rest, more = strings.Cut(rest, "/") {
		candidates = append(candidates, rest)
	}
	if described == nil {
		candidates = append(candidates, name)
	}
	for _, candidate := range candidates {
		if strings.Count(candidate, "/") == 0 && described != nil && known(candidate) != time.UTC {
			continue // EST is none of the zones that are called so.
		}
		if zone := known(candidate); zone != nil {
			z.found[name] = zone
			return zone, nil
		}
	}
	if described == nil {
		return nil, fmt.Errorf("the time zone %q is none of IANA or Windows, and the calendar does not describe it", words.Printable(name, 100))
	}
	zone, err := z.build(described)
	if err != nil {
		return nil, fmt.Errorf("the time zone %q: %w", words.Printable(name, 100), err)
	}
	z.found[name] = zone
	return zone, nil
}

// known is a zone of IANA by its name; nil where there is none. UTC and GMT are written in many ways.
func known(name string) *time.Location {
	switch strings.ToUpper(name) {
	case "":
		return nil
	case "UTC", "GMT", "Z", "ZULU", "ETC/UTC", "ETC/GMT":
		return time.UTC
	case "LOCAL":
		return nil // of this machine
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return zone
}

// A change is a moment at which clocks are put forward or back.
type change struct {
	at     time.Time
	offset int
}

// build makes a time zone of what a calendar says of it, until after the time of which events are read.
func (z *zones) build(rules *zoneRules) (*time.Location, error) {
	if len(rules.observances) == 0 {
		return nil, fmt.Errorf("it says nothing of its distance from UTC")
	}
	until := z.Until.AddDate(2, 0, 0).UTC()
	var changes []change
	for _, o := range rules.observances {
		starts := []time.Time{o.start.shown}
		for _, more := range o.more {
			starts = append(starts, more.shown)
		}
		if o.rule != "" {
			recurring, err := recur(o.rule, o.start.shown, o.start.shown, until, maximumChanges, func(at time.Time) time.Time {
				return at.Add(time.Duration(o.from) * time.Second) // UNTIL is in UTC.
			})
			if err != nil {
				return nil, err
			}
			starts = append(starts, recurring...)
		}
		for _, start := range starts {
			if start.Before(until) {
				changes = append(changes, change{start.Add(-time.Duration(o.from) * time.Second), o.to})
			}
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return a.at.Compare(b.at) })
	return location(rules.observances[0].from, changes)
}

// location makes a time zone of its changes, in the form in which the operating system has them (RFC 9636): Go makes them of nothing else.
func location(first int, changes []change) (*time.Location, error) {
	var times, kinds, offsets []byte
	offsets = append(binary.BigEndian.AppendUint32(offsets, uint32(int32(first))), 0, 0)
	index := map[int]byte{first: 0}
	for _, c := range changes {
		kind, there := index[c.offset]
		if !there {
			if len(index) > 200 {
				return nil, fmt.Errorf("it has more than 200 distances from UTC")
			}
			kind = byte(len(index))
			index[c.offset] = kind
			offsets = append(binary.BigEndian.AppendUint32(offsets, uint32(int32(c.offset))), 0, 0)
		}
		times = binary.BigEndian.AppendUint64(times, uint64(c.at.Unix()))
		kinds = append(kinds, kind)
	}
	const name = "-\x00" // of all
	header := func(changes, kinds, letters int) []byte {
		head := append([]byte("TZif2"), make([]byte, 15+12)...)
		for _, n := range []int{changes, kinds, letters} {
			head = binary.BigEndian.AppendUint32(head, uint32(n))
		}
		return head
	}
	data := slices.Concat(header(0, 0, 0), header(len(changes), len(index), len(name)), times, kinds, offsets, []byte(name), []byte("\n\n"))
	return time.LoadLocationFromTZData("of a calendar", data)
}

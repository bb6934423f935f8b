// Package ical reads calendars in the form of iCalendar (RFC 5545): which events there are in a time, whatever makes them recur, and whose
// they are. Whoever wrote a calendar cannot make reading it last for ever, or take all memory.
package ical

import (
	"context"
	"errors"
	"time"
)

// Options say what is read of a calendar.
type Options struct {
	// From and Until bound the time of which events are read.
	From, Until time.Time
	// Zone is that of days and times of which the calendar does not say it; nil: that of the calendar (X-WR-TIMEZONE), or UTC.
	Zone *time.Location
}

// An Event is one event, or one of those that recur.
type Event struct {
	Start, End time.Time
	// Names are those who take part and have not declined; where nobody is invited, the title alone.
	Names     []string
	Tentative bool // it is not confirmed
}

var (
	// ErrNoCalendar says that it is something else, such as a page that asks for a login.
	ErrNoCalendar = errors.New("it is no calendar: it does not begin with BEGIN:VCALENDAR")
	// ErrCut says that its end is missing.
	ErrCut = errors.New("the calendar is cut short: its end is missing")
)

// The bounds of what is read.
const (
	maximumEvents      = 50_000
	maximumOccurrences = 200_000
)

// Read gives the events of a calendar that have something of the time between From and Until, in no order. Events that are cancelled, or
// take no time, are none.
func Read(ctx context.Context, content []byte, o Options) ([]Event, error) {
	read, err := scan(ctx, content)
	if err != nil {
		return nil, err
	}
	zones := newZones(read, o)
	if zones.fallback = o.Zone; o.Zone == nil {
		if zones.fallback, err = zones.ofCalendar(read.zone); err != nil {
			return nil, err
		}
	}
	e := expander{Options: o, zones: zones, left: maximumOccurrences, replaced: make(map[string][]stamp)}
	if err := e.prepare(read.events); err != nil {
		return nil, err
	}
	for i := range e.events {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err := e.expand(&e.events[i]); err != nil {
			return nil, err
		}
	}
	return e.found, nil
}

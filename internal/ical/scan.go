package ical

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	ics "github.com/arran4/golang-ical"
)

// A calendar is what is read of its text.
type calendar struct {
	zone   string // X-WR-TIMEZONE
	events []event
	zones  map[string]*zoneRules // by TZID
}

// The bounds of one line, which may be folded.
const (
	longestLine       = 64 << 10
	maximumParameters = 50
	deepest           = 10
)

// A scanner goes through the lines of a text.
type scanner struct {
	rest []byte
	calendar
	inside []string // the components that have begun
	event  *event
	zoning *zoneRules
	begun  bool
}

// scan reads the text. Lines that say nothing of when an event is, and whose, are passed over, whatever is in them.
func scan(ctx context.Context, content []byte) (*calendar, error) {
	s := scanner{rest: bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")), calendar: calendar{zones: make(map[string]*zoneRules)}}
	for n := 1; len(s.rest) > 0; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		line := s.line()
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := s.take(line); err != nil {
			return nil, err
		}
	}
	switch {
	case !s.begun:
		return nil, ErrNoCalendar
	case len(s.inside) > 0:
		return nil, ErrCut
	}
	return &s.calendar, nil
}

// line gives the next line, unfolded (RFC 5545, 3.1), up to one byte more than is read of one.
func (s *scanner) line() []byte {
	line := s.physical()
	for len(s.rest) > 0 && (s.rest[0] == ' ' || s.rest[0] == '\t') {
		more := s.physical()[1:]
		if room := longestLine + 1 - len(line); room > 0 {
			line = append(line[:len(line):len(line)], more[:min(room, len(more))]...)
		}
	}
	return line
}

func (s *scanner) physical() []byte {
	line, rest, _ := bytes.Cut(s.rest, []byte("\n"))
	s.rest = rest
	return bytes.TrimSuffix(line, []byte("\r"))
}

// take notes what a line says.
func (s *scanner) take(line []byte) error {
	end := bytes.IndexAny(line, ":;")
	if end < 0 {
		if !s.begun {
			return ErrNoCalendar
		}
		return nil // It belongs to no property: some programs break lines without folding them.
	}
	name := strings.ToUpper(string(line[:end]))
	switch name {
	case "BEGIN":
		return s.begin(strings.ToUpper(strings.TrimSpace(string(line[end+1:]))))
	case "END":
		return s.end(strings.ToUpper(strings.TrimSpace(string(line[end+1:]))))
	}
	if !s.begun {
		return ErrNoCalendar
	}
	if !s.wants(name) {
		return nil
	}
	property, err := parse(name, line)
	if err != nil {
		return err
	}
	return s.property(name, property)
}

func (s *scanner) at(path ...string) bool { return slices.Equal(s.inside, path) }

// wants tells whether a property says anything here.
func (s *scanner) wants(name string) bool {
	switch {
	case s.at("VCALENDAR"):
		return name == "X-WR-TIMEZONE"
	case s.at("VCALENDAR", "VEVENT"):
		return slices.Contains([]string{
			"UID", "SUMMARY", "ATTENDEE", "STATUS", "SEQUENCE", "DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "RDATE", "EXDATE",
			"RECURRENCE-ID",
		}, name)
	case s.at("VCALENDAR", "VTIMEZONE"):
		return name == "TZID" || name == "X-LIC-LOCATION"
	case s.at("VCALENDAR", "VTIMEZONE", "STANDARD"), s.at("VCALENDAR", "VTIMEZONE", "DAYLIGHT"):
		return slices.Contains([]string{"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE"}, name)
	default:
		return false
	}
}

// parse reads a property by the library, as far as it is of a length and has parameters that a calendar can have.
func parse(name string, line []byte) (*ics.BaseProperty, error) {
	quoted, parameters, colon := false, 0, -1
	for i, c := range line[:min(len(line), longestLine)] {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ';' && !quoted:
			parameters++
		case c == ':' && !quoted:
			colon = i
		}
		if colon >= 0 {
			break
		}
	}
	switch {
	case len(line) > longestLine:
		return nil, fmt.Errorf("a line of %s is longer than %d bytes", name, longestLine)
	case parameters > maximumParameters:
		return nil, fmt.Errorf("a line of %s has more than %d parameters", name, maximumParameters)
	}
	property, err := ics.ParseProperty(ics.ContentLine(name + string(line[len(name):])))
	if (err != nil || property == nil) && (name == "SUMMARY" || name == "ATTENDEE") && colon >= 0 {
		// A name in its parameters is not quoted as it should be: what it says is left out.
		property, err = ics.ParseProperty(ics.ContentLine(name + string(line[colon:])))
	}
	if err != nil || property == nil {
		return nil, fmt.Errorf("a line of %s cannot be read", name)
	}
	return property, nil
}

func (s *scanner) begin(component string) error {
	switch {
	case len(s.inside) == 0 && component != "VCALENDAR":
		return ErrNoCalendar
	case len(s.inside) >= deepest:
		return fmt.Errorf("more than %d components are within each other", deepest)
	}
	s.begun = true
	s.inside = append(s.inside, component)
	switch {
	case s.at("VCALENDAR", "VEVENT"):
		s.event = &event{}
	case s.at("VCALENDAR", "VTIMEZONE"):
		s.zoning = &zoneRules{}
	case s.zoning != nil && (s.at("VCALENDAR", "VTIMEZONE", "STANDARD") || s.at("VCALENDAR", "VTIMEZONE", "DAYLIGHT")):
		s.zoning.observances = append(s.zoning.observances, observance{})
	}
	return nil
}

func (s *scanner) end(component string) error {
	last := len(s.inside) - 1
	if last < 0 || s.inside[last] != component {
		return fmt.Errorf("a component ends that has not begun")
	}
	switch {
	case s.at("VCALENDAR", "VEVENT"):
		if len(s.events) == maximumEvents {
			return fmt.Errorf("it has more than %d events", maximumEvents)
		}
		s.events = append(s.events, *s.event)
	case s.at("VCALENDAR", "VTIMEZONE"):
		if len(s.zones) == maximumZones {
			return fmt.Errorf("it has more than %d time zones", maximumZones)
		}
		s.zones[s.zoning.id] = s.zoning
	}
	s.inside = s.inside[:last]
	return nil
}

func (s *scanner) property(name string, p *ics.BaseProperty) error {
	switch len(s.inside) {
	case 1:
		s.zone = p.Value
		return nil
	case 2:
		if s.inside[1] == "VEVENT" {
			return s.event.set(name, p)
		}
		if name == "TZID" {
			s.zoning.id = p.Value
		} else {
			s.zoning.location = p.Value
		}
		return nil
	default:
		return s.zoning.set(name, p)
	}
}

package ical

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	ics "github.com/arran4/golang-ical"
)

// An event is one as it is written.
type event struct {
	uid          string
	sequence     int
	start, end   stamp
	length       length // where there is no end
	rule         string
	more, except []stamp // RDATE and EXDATE
	replaces     stamp   // RECURRENCE-ID
	title        string
	attendees    []string
	invited      bool
	cancelled    bool
	tentative    bool
}

// maximumStamps is how many dates one event may list.
const maximumStamps = 5_000

func (e *event) set(name string, p *ics.BaseProperty) (err error) {
	switch name {
	case "UID":
		e.uid = p.Value
	case "SUMMARY":
		e.title = strings.TrimSpace(p.Value)
	case "ATTENDEE":
		e.attendee(p)
	case "STATUS":
		status := strings.ToUpper(strings.TrimSpace(p.Value))
		e.cancelled, e.tentative = status == "CANCELLED", status == "TENTATIVE"
	case "SEQUENCE":
		e.sequence, err = strconv.Atoi(strings.TrimSpace(p.Value))
		if err != nil {
			e.sequence = 0 // It tells versions apart, and here it does not.
		}
		return nil
	case "DTSTART":
		e.start, err = stampOf(p)
	case "DTEND":
		e.end, err = stampOf(p)
	case "DURATION":
		e.length, err = lengthOf(p.Value)
	case "RRULE":
		if e.rule != "" {
			return errors.New("an event has two rules by which it recurs, which is not supported")
		}
		e.rule = strings.ToUpper(strings.TrimSpace(p.Value))
	case "EXRULE":
		return errors.New("an event has a rule by which it does not recur (EXRULE), which is not supported")
	case "RDATE":
		e.more, err = appendStamps(e.more, p)
	case "EXDATE":
		e.except, err = appendStamps(e.except, p)
	case "RECURRENCE-ID":
		if strings.EqualFold(parameter(p, "RANGE"), "THISANDFUTURE") {
			return errors.New("an event changes all that follow it (RANGE=THISANDFUTURE), which is not supported")
		}
		e.replaces, err = stampOf(p)
	}
	return err
}

// attendee notes who takes part. Rooms do not, nor those who are only told, nor those who have declined.
func (e *event) attendee(p *ics.BaseProperty) {
	e.invited = true
	if slices.Contains([]string{"ROOM", "RESOURCE"}, strings.ToUpper(parameter(p, "CUTYPE"))) ||
		strings.EqualFold(parameter(p, "ROLE"), "NON-PARTICIPANT") || strings.EqualFold(parameter(p, "PARTSTAT"), "DECLINED") {
		return
	}
	name := strings.TrimSpace(parameter(p, "CN"))
	if name == "" {
		name = addressed(p.Value)
	}
	if name != "" && len(e.attendees) < maximumAttendees {
		e.attendees = append(e.attendees, name)
	}
}

// maximumAttendees is how many of those who take part in one event are kept.
const maximumAttendees = 50

// addressed is who is behind an address such as mailto:ann@example.com.
func addressed(address string) string {
	parsed, err := url.Parse(strings.TrimSpace(address))
	if err != nil || !strings.EqualFold(parsed.Scheme, "mailto") {
		return strings.TrimSpace(address)
	}
	return parsed.Opaque
}

func (e *event) names() []string {
	switch {
	case e.invited:
		return e.attendees
	case e.title != "":
		return []string{e.title}
	default:
		return nil
	}
}

func parameter(p *ics.BaseProperty, name string) string {
	for key, values := range p.ICalParameters {
		if strings.EqualFold(key, name) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}

func appendStamps(all []stamp, p *ics.BaseProperty) ([]stamp, error) {
	for value := range strings.SplitSeq(p.Value, ",") {
		if strings.TrimSpace(value) == "" {
			continue
		}
		if len(all) == maximumStamps {
			return nil, fmt.Errorf("an event lists more than %d dates", maximumStamps)
		}
		single := *p
		single.Value = value
		read, err := stampOf(&single)
		if err != nil {
			return nil, err
		}
		all = append(all, read)
	}
	return all, nil
}

package ical

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// A stamp is a date or a time as it is written: what a clock shows, and where.
type stamp struct {
	shown time.Time // the moment at which a clock of UTC shows it
	date  bool      // of a whole day
	utc   bool
	zone  string // TZID; empty: that of the calendar
	// until or length is the other end of a PERIOD of RDATE.
	until  *stamp
	length length
}

func (s stamp) isZero() bool { return s.shown.IsZero() }

// A length is one that a clock shows (days) and one that passes (the rest): a day is not always 24 hours.
type length struct {
	days int
	rest time.Duration
}

func (l length) isZero() bool { return l == length{} }

func stampOf(p *ics.BaseProperty) (stamp, error) {
	first, second, isPeriod := strings.Cut(strings.TrimSpace(p.Value), "/")
	read, err := readStamp(first, parameter(p, "TZID"))
	if err != nil || !isPeriod {
		return read, err
	}
	if strings.HasPrefix(strings.ToUpper(second), "P") {
		read.length, err = lengthOf(second)
		return read, err
	}
	until, err := readStamp(second, parameter(p, "TZID"))
	read.until = &until
	return read, err
}

func readStamp(text, zone string) (read stamp, err error) {
	text = strings.ToUpper(strings.TrimSpace(text))
	switch {
	case strings.HasSuffix(text, "Z"):
		read.utc = true
		read.shown, err = time.Parse("20060102T150405Z", text)
	case len(text) == len("20060102"):
		read.date = true
		read.shown, err = time.Parse("20060102", text)
	default:
		read.zone = zone
		read.shown, err = time.Parse("20060102T150405", text)
	}
	if err != nil || read.shown.Year() < 1 {
		return read, fmt.Errorf("a date or time cannot be read: expected one such as 20060102T150405Z")
	}
	return read, nil
}

// longestLength is how long an event may be.
const longestLength = 100 * 366 // days

var durationForm = regexp.MustCompile(`^([+-]?)P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,7})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?$`)

// lengthOf reads a duration (RFC 5545, 3.3.6). One that is less than nothing is nothing.
func lengthOf(text string) (length, error) {
	found := durationForm.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(text)))
	if found == nil {
		return length{}, fmt.Errorf("the duration of an event cannot be read: expected one such as P7D or PT12H")
	}
	number := func(i int) int {
		n, err := strconv.Atoi(found[i])
		if err != nil {
			return 0 // It is not there.
		}
		return n
	}
	read := length{days: 7*number(2) + number(3), rest: time.Duration(number(4))*time.Hour +
		time.Duration(number(5))*time.Minute + time.Duration(number(6))*time.Second}
	if found[1] == "-" {
		return length{}, nil
	}
	if read.days > longestLength || read.rest > longestLength*24*time.Hour {
		return length{}, fmt.Errorf("an event lasts for more than %d days", longestLength)
	}
	return read, nil
}

// Moment is when a clock of a time zone shows a time, which is given as the moment at which one of UTC shows it. A time that clocks skip
// when they are put forward is counted from before; of one that they show twice it is the first (RFC 5545, 3.3.5).
func Moment(shown time.Time, zone *time.Location) time.Time {
	const far = 24 * time.Hour // further than any zone is from UTC
	offset := func(at time.Time) time.Duration {
		_, seconds := at.In(zone).Zone()
		return time.Duration(seconds) * time.Second
	}
	before, after := offset(shown.Add(-far)), offset(shown.Add(far))
	early, late := shown.Add(-before), shown.Add(-after)
	isEarly, isLate := offset(early) == before, offset(late) == after
	switch {
	case isEarly && isLate && late.Before(early), !isEarly && isLate:
		return late.UTC()
	default:
		return early.UTC()
	}
}

// Shown is what a clock of a time zone shows at a moment, as the moment at which one of UTC shows it.
func Shown(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	_, offset := local.Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second)
}

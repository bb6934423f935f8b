package ical

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// The bounds of a rule by which something recurs.
const (
	longestRule     = 2_000
	longestInterval = 10_000
	largestCount    = 100_000
	mostADay        = 96
)

var errTooMany = errors.New("its events recur too often to be read")

// recur gives when something recurs by a rule, as a clock shows it, from a time until another, and from the first one on; at most so many.
// Shown tells what the clock shows at the moment at which the rule ends.
func recur(rule string, first, from, until time.Time, most int, shown func(time.Time) time.Time) ([]time.Time, error) {
	options, err := readRule(rule, shown)
	if err != nil {
		return nil, err
	}
	options.Dtstart = first
	if never(options) {
		return nil, nil
	}
	if options.Count == 0 {
		forward(options, from)
	}
	if options.Until.IsZero() || options.Until.After(until) {
		options.Until = until
	}
	compiled, err := rrule.NewRRule(*options)
	if err != nil {
		return nil, errUnread
	}
	var all []time.Time
	next := compiled.Iterator()
	for range most + options.Count {
		at, more := next()
		if !more || at.After(until) {
			return all, nil
		}
		if !at.Before(from) {
			all = append(all, at)
		}
	}
	return nil, errTooMany
}

var errUnread = errors.New("a rule by which an event recurs cannot be read")

// readRule reads a rule. What nobody needs for shifts, and costs much, is not supported.
func readRule(rule string, shown func(time.Time) time.Time) (*rrule.ROption, error) {
	if len(rule) > longestRule {
		return nil, fmt.Errorf("a rule by which an event recurs is longer than %d bytes", longestRule)
	}
	var parts []string
	var until time.Time
	for part := range strings.SplitSeq(strings.TrimSuffix(rule, ";"), ";") {
		value, is := strings.CutPrefix(part, "UNTIL=")
		if !is {
			parts = append(parts, part)
			continue
		}
		end, err := readStamp(value, "")
		if err != nil {
			return nil, errUnread
		}
		switch until = end.shown; {
		case end.date:
			until = until.Add(24*time.Hour - time.Second)
		case end.utc:
			until = shown(until)
		}
	}
	options, err := rrule.StrToROption(strings.Join(parts, ";"))
	switch {
	case err != nil, strings.Contains(rule, "INTERVAL=") && options.Interval < 1, strings.Contains(rule, "COUNT=") && options.Count < 1,
		!options.Dtstart.IsZero():
		return nil, errUnread
	case options.Freq == rrule.SECONDLY, options.Freq == rrule.MINUTELY:
		return nil, errors.New("an event recurs every minute or second, which is not supported")
	case options.Interval > longestInterval, options.Count > largestCount:
		return nil, errUnread
	}
	options.Until = until
	for _, list := range []*[]int{
		&options.Bysetpos, &options.Bymonth, &options.Bymonthday, &options.Byyearday, &options.Byweekno, &options.Byhour, &options.Byminute,
		&options.Bysecond,
	} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	if max(1, len(options.Byhour))*max(1, len(options.Byminute))*max(1, len(options.Bysecond)) > mostADay {
		return nil, errTooMany
	}
	return options, nil
}

// never tells whether a rule by hours leads to none of the hours that it wants, which the library would seek for ever.
func never(o *rrule.ROption) bool {
	if o.Freq != rrule.HOURLY || len(o.Byhour) == 0 {
		return false
	}
	for n := range 24 {
		if slices.Contains(o.Byhour, (o.Dtstart.Hour()+n*max(1, o.Interval))%24) {
			return false
		}
	}
	return true
}

// forward moves the beginning of a rule without a count to soon before a time, by whole intervals, so that what recurs since long ago
// costs no more than what has just begun. What the rule takes from its beginning it is given first.
func forward(o *rrule.ROption, to time.Time) {
	interval := max(1, o.Interval)
	days := len(o.Byweekno)+len(o.Byyearday)+len(o.Bymonthday)+len(o.Byweekday) > 0
	switch o.Freq {
	case rrule.HOURLY, rrule.DAILY, rrule.WEEKLY:
		unit := time.Duration(interval) * map[rrule.Frequency]time.Duration{
			rrule.HOURLY: time.Hour, rrule.DAILY: 24 * time.Hour, rrule.WEEKLY: 7 * 24 * time.Hour,
		}[o.Freq]
		if periods := to.Sub(o.Dtstart)/unit - 1; periods > 0 {
			o.Dtstart = o.Dtstart.Add(periods * unit)
		}
	case rrule.MONTHLY:
		passed := (to.Year()-o.Dtstart.Year())*12 + int(to.Month()-o.Dtstart.Month())
		if periods := passed/interval - 1; periods > 0 {
			if !days {
				o.Bymonthday = []int{o.Dtstart.Day()}
			}
			o.Dtstart = onFirst(o.Dtstart, 0, periods*interval)
		}
	default: // every so many years
		if periods := (to.Year()-o.Dtstart.Year())/interval - 1; periods > 0 {
			if !days {
				if len(o.Bymonth) == 0 {
					o.Bymonth = []int{int(o.Dtstart.Month())}
				}
				o.Bymonthday = []int{o.Dtstart.Day()}
			}
			o.Dtstart = onFirst(o.Dtstart, periods*interval, 1-int(o.Dtstart.Month()))
		}
	}
}

// onFirst is the first day of a month, so many years and months later, at the same time of the day.
func onFirst(t time.Time, years, months int) time.Time {
	return time.Date(t.Year()+years, t.Month()+time.Month(months), 1, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

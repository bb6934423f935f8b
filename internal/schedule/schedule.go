// Package schedule reads cron expressions and calls functions when they fire. It is the only package that knows cron.
package schedule

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// A Schedule says when something happens: a robfig/cron schedule in UTC, unless its expression names a zone.
type Schedule struct {
	fires    cron.Schedule
	Interval time.Duration // the longest time between two firings
	offset   time.Duration // by which every firing is moved
}

// Next is the first time after another at which it fires; zero where it never does again.
func (s Schedule) Next(t time.Time) time.Time {
	// Times are read in UTC, since robfig/cron takes the zone of what it is given where the expression names none, and
	// without the monotonic clock, since a schedule follows the clock on the wall even when that is set.
	next := s.fires.Next(t.UTC().Round(0).Add(-s.offset))
	if next.IsZero() {
		return next
	}
	return next.Add(s.offset)
}

// Moved is the schedule with every firing moved, so that what is scheduled alike does not fire at once.
func (s Schedule) Moved(offset time.Duration) Schedule {
	s.offset = offset
	return s
}

// Check tells what is wrong with a schedule's expression: how it is written, or that it never fires.
func Check(expression string) error {
	_, err := Parse(expression, time.Now())
	return err
}

// Parse reads a cron expression of five fields, or a descriptor such as "@every 1m". The time is that from which it must
// fire again.
func Parse(expression string, now time.Time) (parsed Schedule, err error) {
	defer func() {
		// robfig/cron panics on some malformed zones, such as "TZ=0".
		if cause := recover(); cause != nil {
			err = fmt.Errorf("schedule %q: expected a cron expression or @every 1m", expression)
		}
	}()
	standard, err := cron.ParseStandard(expression)
	if err != nil {
		return Schedule{}, fmt.Errorf("schedule %q: expected a cron expression or @every 1m: %w", expression, err)
	}
	switch standard := standard.(type) {
	case cron.ConstantDelaySchedule:
		// robfig/cron makes a second of anything shorter, even of what is negative.
		_, text, _ := strings.Cut(expression, "@every ")
		if asked, _ := time.ParseDuration(text); asked < time.Second {
			return Schedule{}, fmt.Errorf("schedule %q: expected at least @every 1s", expression)
		}
		return Schedule{fires: every(standard.Delay), Interval: standard.Delay}, nil
	case *cron.SpecSchedule:
		if standard.Next(now.UTC()).IsZero() {
			return Schedule{}, fmt.Errorf("schedule %q never fires", expression)
		}
		return Schedule{fires: standard, Interval: longestGap(standard, now.UTC())}, nil
	default:
		return Schedule{}, fmt.Errorf("schedule %q: expected a cron expression or @every 1m", expression)
	}
}

// every fires at the multiples of a time, whenever it was started, so that an offset can move it.
type every time.Duration

// Next is the first multiple after a time.
func (e every) Next(t time.Time) time.Time {
	return t.Truncate(time.Duration(e)).Add(time.Duration(e))
}

// daysCompared is how many days with firings are compared to find the longest gap: all of the weekdays of a year, and
// several leap days.
const daysCompared = 366

// longestGap finds the longest time between two firings. All days on which a schedule fires are alike, so that one is
// read as a whole, and of the others only where they begin.
func longestGap(s *cron.SpecSchedule, now time.Time) time.Duration {
	first := s.Next(endOfDay(s, s.Next(now)))
	last, gap := first, time.Duration(0)
	for next := s.Next(first); !next.IsZero() && !next.After(endOfDay(s, first)); next = s.Next(next) {
		gap = max(gap, next.Sub(last))
		last = next
	}
	// By the clock, since a day is not always 24 hours long.
	hour, minute, _ := last.In(zoneOf(s)).Clock()
	for range daysCompared {
		next := s.Next(endOfDay(s, first))
		if next.IsZero() {
			break
		}
		gap = max(gap, next.Sub(onDay(s, first, hour, minute)))
		first = next
	}
	return gap
}

// endOfDay is the last second of the day, in the schedule's zone, that a time falls on.
func endOfDay(s *cron.SpecSchedule, t time.Time) time.Time {
	return onDay(s, t, 24, 0).Add(-time.Second)
}

// onDay is an hour and minute of the day, in the schedule's zone, that a time falls on.
func onDay(s *cron.SpecSchedule, t time.Time, hour, minute int) time.Time {
	zone := zoneOf(s)
	year, month, day := t.In(zone).Date()
	return time.Date(year, month, day, hour, minute, 0, 0, zone).UTC()
}

func zoneOf(s *cron.SpecSchedule) *time.Location {
	if s.Location == time.Local {
		return time.UTC // robfig/cron's sign that the expression names no zone
	}
	return s.Location
}

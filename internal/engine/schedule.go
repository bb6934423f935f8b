package engine

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// A schedule says when a job runs. It is a robfig/cron schedule in UTC, unless its expression names a zone.
type schedule struct {
	cron.Schedule
	interval time.Duration // the longest time between two runs
}

// CheckSchedule tells what is wrong with a schedule's expression: how it is written, or that it never fires.
func CheckSchedule(expression string) error {
	_, err := parseSchedule(expression, time.Now())
	return err
}

// parseSchedule reads a cron expression of five fields, or a descriptor such as "@every 1m".
func parseSchedule(expression string, now time.Time) (parsed schedule, err error) {
	defer func() {
		// robfig/cron panics on some malformed zones, such as "TZ=0".
		if cause := recover(); cause != nil {
			err = fmt.Errorf("schedule %q: expected a cron expression or @every 1m", expression)
		}
	}()
	standard, err := cron.ParseStandard(expression)
	if err != nil {
		return schedule{}, fmt.Errorf("schedule %q: expected a cron expression or @every 1m: %w", expression, err)
	}
	switch standard := standard.(type) {
	case cron.ConstantDelaySchedule:
		// robfig/cron makes a second of anything shorter, even of what is negative.
		_, text, _ := strings.Cut(expression, "@every ")
		if asked, _ := time.ParseDuration(text); asked < time.Second {
			return schedule{}, fmt.Errorf("schedule %q: expected at least @every 1s", expression)
		}
		return schedule{every(standard.Delay), standard.Delay}, nil
	case *cron.SpecSchedule:
		if standard.Next(now.UTC()).IsZero() {
			return schedule{}, fmt.Errorf("schedule %q never fires", expression)
		}
		return schedule{standard, longestGap(standard, now.UTC())}, nil
	default:
		return schedule{}, fmt.Errorf("schedule %q: expected a cron expression or @every 1m", expression)
	}
}

// every fires at the multiples of a time, whenever it was started, so that an offset can move it.
type every time.Duration

// Next is the first multiple after a time.
func (e every) Next(t time.Time) time.Time {
	return t.Truncate(time.Duration(e)).Add(time.Duration(e))
}

// daysLooked is how many days with firings are looked at to find the longest gap: all of the weekdays of a year, and
// several leap days.
const daysLooked = 366

// longestGap finds the longest time between two firings. All days on which a schedule fires are alike, so that one is
// looked at as a whole, and of the others only where they begin.
func longestGap(s *cron.SpecSchedule, now time.Time) time.Duration {
	first := s.Next(endOfDay(s, s.Next(now)))
	last, gap := first, time.Duration(0)
	for next := s.Next(first); !next.IsZero() && !next.After(endOfDay(s, first)); next = s.Next(next) {
		gap = max(gap, next.Sub(last))
		last = next
	}
	// By the clock, since a day is not always 24 hours long.
	hour, minute, _ := last.In(zoneOf(s)).Clock()
	for range daysLooked {
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

// maxJitter bounds how far a run is moved from its scheduled time.
const maxJitter = 30 * time.Second

// jittered moves every firing of a schedule by the same offset, so that what is scheduled alike does not run at once.
type jittered struct {
	cron.Schedule
	offset time.Duration
}

// Next is the schedule's next time, moved.
func (j jittered) Next(t time.Time) time.Time {
	next := j.Schedule.Next(t.Add(-j.offset))
	if next.IsZero() {
		return next
	}
	return next.Add(j.offset)
}

// offsetWithin picks a time from [0, limit) that is always the same for a job.
func offsetWithin(key jobKey, limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	hash := fnv.New64a()
	for _, part := range []string{key.system, key.collector, key.target} {
		hash.Write([]byte(part))
		hash.Write([]byte{0})
	}
	return time.Duration(hash.Sum64() % uint64(limit))
}

package engine

import (
	"fmt"
	"hash/fnv"
	"time"

	"github.com/robfig/cron/v3"
)

// A schedule says when a job runs. It is a robfig/cron schedule in UTC, unless its expression names a zone.
type schedule struct {
	cron.Schedule
	interval time.Duration // the longest time between two runs
}

// gapsLooked is how many firings are looked at to find the longest gap: two months of a daily schedule.
const gapsLooked = 64

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
	parsed.Schedule, err = cron.ParseStandard(expression)
	if err != nil {
		return schedule{}, fmt.Errorf("schedule %q: expected a cron expression or @every 1m: %w", expression, err)
	}
	at := parsed.Next(now.UTC())
	for range gapsLooked {
		if at.IsZero() {
			return schedule{}, fmt.Errorf("schedule %q never fires", expression)
		}
		next := parsed.Next(at)
		if !next.IsZero() {
			parsed.interval = max(parsed.interval, next.Sub(at))
		}
		at = next
	}
	return parsed, nil
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

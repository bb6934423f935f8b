// Package oncall collects who is on call, and when: from calendars, rotas of the system description, and services that page.
package oncall

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// The time of which shifts are collected, from the day on that has begun in UTC. Services give no more than three months at once.
const (
	daysBefore = 28
	daysAfter  = 56
)

// maximumShifts is how many shifts a schedule may have in that time.
const maximumShifts = 5_000

// New makes the collector. Now is the clock.
func New(now func() time.Time) collector.Collector[system.OnCallSchedule] {
	kind := fact.OnCallSchedules()
	return collector.Collector[system.OnCallSchedule]{
		Name:     "on_call",
		Summary:  "Who is on call, and when: calendars, rotas, and the schedules of PagerDuty, Opsgenie and Grafana OnCall.",
		Yields:   []fact.Any{kind},
		Schedule: "@every 10m",
		Timeout:  time.Minute,
		Targets:  func(described *system.System) []system.OnCallSchedule { return described.OnCall },
		Target:   func(s system.OnCallSchedule) string { return s.Name },
		Server:   server,
		Known: func(s system.OnCallSchedule) []fact.AnySet {
			return []fact.AnySet{kind.Missing(fact.OnCallSchedule{Schedule: s.Name})}
		},
		Collect: func(ctx context.Context, s system.OnCallSchedule, _ fact.Topics) ([]fact.AnySet, error) {
			found, err := collect(ctx, s, now().UTC())
			if err != nil {
				return nil, err
			}
			return []fact.AnySet{kind.Found(found)}, nil
		},
	}
}

// server is that of the service that pages, whose limits are of all who ask it.
func server(s system.OnCallSchedule) string {
	for _, a := range apis(s) {
		if address, err := url.Parse(a.base); err == nil {
			return address.Host
		}
	}
	return ""
}

// A roster is what one source has.
type roster struct {
	shifts             []fact.OnCallShift
	unnamed, tentative int
	disabled           bool
}

// add adds a shift of a person, whose name may be missing.
func (r *roster) add(name string, start, end time.Time) {
	if name = person(name); name == "" {
		r.unnamed++
		return
	}
	r.shifts = append(r.shifts, fact.OnCallShift{Person: name, Start: start.UTC(), End: end.UTC()})
}

// longestPerson is how much of a name is kept, in bytes.
const longestPerson = 100

// person is the name by which somebody is shown: of an address, only what is before the @.
func person(name string) string {
	name = words.Printable(strings.Join(strings.Fields(name), " "), longestPerson)
	if before, _, is := strings.Cut(name, "@"); is && before != "" && !strings.Contains(name, " ") {
		return before
	}
	return name
}

// collect puts together what all sources of a schedule have. Where one is unavailable, nobody can tell who is on call.
func collect(ctx context.Context, s system.OnCallSchedule, now time.Time) (fact.OnCallSchedule, error) {
	if ctx.Err() != nil {
		return fact.OnCallSchedule{}, context.Cause(ctx)
	}
	today := now.Truncate(24 * time.Hour)
	within := fact.TimeSpan{Start: today.AddDate(0, 0, -daysBefore), End: today.AddDate(0, 0, daysAfter)}
	var all roster
	enabled := 0
	for _, read := range sources(s) {
		one, err := read(ctx, within)
		if err != nil {
			return fact.OnCallSchedule{}, err
		}
		if !one.disabled {
			enabled++
			all.shifts = append(all.shifts, one.shifts...)
			all.unnamed += one.unnamed
			all.tentative += one.tentative
		}
		if len(all.shifts) > maximumShifts {
			return fact.OnCallSchedule{}, fact.Errorf(fact.ReasonUnsupported, "the schedule %s has more than %d shifts in %d days",
				s.Name, maximumShifts, daysBefore+daysAfter)
		}
	}
	found := fact.NewOnCallSchedule(s.Name, within, all.shifts, now)
	found.Unnamed, found.Tentative, found.Disabled = all.unnamed, all.tentative, enabled == 0
	return found, nil
}

// A source is one place that has shifts.
type source func(ctx context.Context, within fact.TimeSpan) (roster, error)

func sources(s system.OnCallSchedule) (all []source) {
	for _, rota := range s.Rotas {
		all = append(all, func(_ context.Context, within fact.TimeSpan) (roster, error) { return turns(rota, within) })
	}
	for _, calendar := range s.Calendars {
		all = append(all, func(ctx context.Context, within fact.TimeSpan) (roster, error) { return events(ctx, calendar, within) })
	}
	for _, a := range apis(s) {
		all = append(all, func(ctx context.Context, within fact.TimeSpan) (roster, error) {
			found, err := a.read(ctx, a, within)
			if err != nil {
				return roster{}, fmt.Errorf("get the schedule %s of %s: %w", a.schedule, a.service, err)
			}
			return found, nil
		})
	}
	return all
}

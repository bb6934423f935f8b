package oncall

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/ical"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// turns are the shifts of a rota. Turns begin at the same time of the day whether clocks have been changed or not; whoever has one that
// begins at a time that clocks skip, or show twice, takes over at the same moment at which the one before hands over.
func turns(rota system.Rota, within fact.TimeSpan) (found roster, err error) {
	zone := time.UTC
	if rota.TimeZone != "" {
		if zone, err = time.LoadLocation(rota.TimeZone); err != nil {
			return found, fact.Errorf(fact.ReasonInvalid, "read the time zone %s: %w", rota.TimeZone, err)
		}
	}
	length, first := rota.Length.Std(), rota.Start.Shown
	n := max(0, int(within.Start.Sub(first)/length)-1)
	for ; ; n++ {
		shown := first.Add(time.Duration(n) * length)
		start, end := ical.Moment(shown, zone), ical.Moment(shown.Add(length), zone)
		if !start.Before(within.End) {
			break
		}
		if end.After(within.Start) {
			found.add(rota.People[n%len(rota.People)], start, end)
		}
	}
	overridden := make([]fact.TimeSpan, len(rota.Overrides))
	for i, override := range rota.Overrides {
		overridden[i] = fact.TimeSpan{Start: ical.Moment(override.From.Shown, zone), End: ical.Moment(override.Until.Shown, zone)}
		found.shifts = without(found.shifts, overridden[i])
	}
	for i, span := range overridden {
		found.add(rota.Overrides[i].Person, span.Start, span.End)
	}
	return found, nil
}

// without takes a time out of shifts.
func without(shifts []fact.OnCallShift, span fact.TimeSpan) (rest []fact.OnCallShift) {
	for _, shift := range shifts {
		if !shift.Start.Before(span.End) || !shift.End.After(span.Start) {
			rest = append(rest, shift)
			continue
		}
		if before := shift; before.Start.Before(span.Start) {
			before.End = span.Start
			rest = append(rest, before)
		}
		if after := shift; after.End.After(span.End) {
			after.Start = span.End
			rest = append(rest, after)
		}
	}
	return rest
}

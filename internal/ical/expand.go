package ical

import "time"

// An expander makes events of those that are written.
type expander struct {
	Options
	zones    *zones
	events   []event
	replaced map[string][]stamp // by UID, when those that others take the place of were to begin
	left     int                // how many more there may be
	found    []Event
}

// prepare chooses the newest version of each event, and notes which take the place of which.
func (e *expander) prepare(written []event) error {
	type identity struct {
		uid      string
		replaces time.Time
	}
	newest := make(map[identity]int)
	of := func(w *event) (identity, error) {
		at, err := time.Time{}, error(nil)
		if !w.replaces.isZero() {
			at, err = e.zones.moment(w.replaces)
		}
		return identity{w.uid, at}, err
	}
	for i := range written {
		id, err := of(&written[i])
		if err != nil {
			return err
		}
		newest[id] = max(newest[id], written[i].sequence)
	}
	for i := range written {
		w := &written[i]
		id, err := of(w)
		if err != nil {
			return err
		}
		if w.uid != "" && w.sequence < newest[id] {
			continue
		}
		if !w.replaces.isZero() && w.uid != "" {
			e.replaced[w.uid] = append(e.replaced[w.uid], w.replaces)
		}
		if !w.cancelled && !w.start.isZero() {
			e.events = append(e.events, *w)
		}
	}
	return nil
}

// expand finds when an event is.
func (e *expander) expand(w *event) error {
	zone, err := e.zones.of(w.start)
	if err != nil {
		return err
	}
	lasts, err := e.lasting(w, zone)
	if err != nil {
		return err
	}
	if !w.replaces.isZero() || w.rule == "" && len(w.more) == 0 {
		start := Moment(w.start.shown, zone)
		return e.add(w, start, lasts(w.start.shown, start))
	}
	without, err := e.excepted(w)
	if err != nil {
		return err
	}
	starts, err := e.starts(w, zone, lasts)
	if err != nil {
		return err
	}
	for _, shown := range starts {
		start := Moment(shown, zone)
		if without.has(shown, start) {
			continue
		}
		if err := e.add(w, start, lasts(shown, start)); err != nil {
			return err
		}
	}
	return e.addMore(w, zone, without, lasts)
}

// starts are when an event begins that recurs, as a clock of its zone shows it: also when it begins first, whatever the rule says of that.
func (e *expander) starts(w *event, zone *time.Location, lasts func(shown, start time.Time) time.Time) ([]time.Time, error) {
	starts := []time.Time{w.start.shown}
	if w.rule == "" {
		return starts, nil
	}
	const slack = 26 * time.Hour // Clocks of all zones are that near each other.
	whole := lasts(w.start.shown, Moment(w.start.shown, zone)).Sub(Moment(w.start.shown, zone))
	recurring, err := recur(w.rule, w.start.shown, e.From.Add(-whole-slack).UTC(), e.Until.Add(slack).UTC(), e.left,
		func(at time.Time) time.Time { return Shown(at, zone) })
	if err != nil {
		return nil, err
	}
	if len(recurring) > 0 && recurring[0].Equal(starts[0]) {
		return recurring, nil
	}
	return append(starts, recurring...), nil
}

// addMore adds what is listed beside what recurs.
func (e *expander) addMore(w *event, own *time.Location, without exceptions, lasts func(shown, start time.Time) time.Time) error {
	for _, more := range w.more {
		zone, err := e.zones.of(more)
		if err != nil {
			return err
		}
		start := Moment(more.shown, zone)
		if without.has(Shown(start, own), start) {
			continue
		}
		end := lasts(Shown(start, own), start)
		switch {
		case more.until != nil:
			if end, err = e.zones.moment(*more.until); err != nil {
				return err
			}
		case !more.length.isZero():
			end = after(more.length, more.shown, zone)
		}
		if err := e.add(w, start, end); err != nil {
			return err
		}
	}
	return nil
}

// lasting tells when an event ends that begins at a time. One from nine to nine ends at nine, also where clocks are changed between.
func (e *expander) lasting(w *event, zone *time.Location) (func(shown, start time.Time) time.Time, error) {
	whole := length{}
	switch {
	case !w.length.isZero():
		whole = w.length
	case w.end.isZero():
	case w.end.zone == w.start.zone && w.end.utc == w.start.utc && w.end.date == w.start.date:
		passed := w.end.shown.Sub(w.start.shown)
		return func(shown, _ time.Time) time.Time {
			if passed <= 0 && w.start.date {
				return Moment(shown.AddDate(0, 0, 1), zone)
			}
			return Moment(shown.Add(passed), zone)
		}, nil
	default:
		end, err := e.zones.moment(w.end)
		if err != nil {
			return nil, err
		}
		passed := end.Sub(Moment(w.start.shown, zone))
		return func(_, start time.Time) time.Time { return start.Add(passed) }, nil
	}
	if whole.isZero() && w.start.date {
		whole.days = 1
	}
	return func(shown, _ time.Time) time.Time { return after(whole, shown, zone) }, nil
}

// after is so much after what a clock shows.
func after(l length, shown time.Time, zone *time.Location) time.Time {
	return Moment(shown.AddDate(0, 0, l.days), zone).Add(l.rest)
}

// exceptions are when an event does not recur: at moments, and on whole days.
type exceptions struct{ moments, days map[time.Time]bool }

func (x exceptions) has(shown, start time.Time) bool {
	return x.moments[start] || x.days[shown.Truncate(24*time.Hour)]
}

// excepted are those that the event lists, and those that another takes the place of.
func (e *expander) excepted(w *event) (exceptions, error) {
	all := exceptions{make(map[time.Time]bool), make(map[time.Time]bool)}
	for _, list := range [][]stamp{w.except, e.replaced[w.uid]} {
		for _, each := range list {
			if each.date {
				all.days[each.shown] = true
				continue
			}
			at, err := e.zones.moment(each)
			if err != nil {
				return all, err
			}
			all.moments[at] = true
		}
	}
	return all, nil
}

func (e *expander) add(w *event, start, end time.Time) error {
	if !end.After(start) || !start.Before(e.Until) || !end.After(e.From) {
		return nil
	}
	if e.left--; e.left < 0 {
		return errTooMany
	}
	e.found = append(e.found, Event{Start: start, End: end, Names: w.names(), Tentative: w.tentative})
	return nil
}

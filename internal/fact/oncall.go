package fact

import (
	"cmp"
	"slices"
	"time"
)

// An OnCallSchedule says who is on call, and when.
type OnCallSchedule struct {
	Schedule string `json:"schedule"` // the declared name
	// From and Until bound the time of which all shifts are known.
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Shifts are in the order in which they begin. Those of one person that follow each other are one.
	Shifts []OnCallShift `json:"shifts"`
	// CoveredUntil is when the time ends in which somebody is on call without a gap, as it was when the schedule was collected: Until
	// where it has no gap. Where nobody was on call it is when the last one ceased to be, or From.
	CoveredUntil time.Time `json:"covered_until"`
	// Unnamed are events of that time that name nobody, Tentative those that are not confirmed. Neither is a shift.
	Unnamed   int  `json:"unnamed,omitempty"`
	Tentative int  `json:"tentative,omitempty"`
	Disabled  bool `json:"disabled,omitempty"` // whoever keeps the schedule notifies nobody by it
}

// An OnCallShift is a time in which somebody is on call.
type OnCallShift struct {
	Person string    `json:"person"`
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
}

// OnCallSlack is the longest time between two shifts that is no gap: calendars write midnight as 23:59, or as 23:59:59.
const OnCallSlack = time.Minute

// A TimeSpan is the time from a moment until another.
type TimeSpan struct{ Start, End time.Time }

// OnCallSchedules describes the facts of schedules. Who is on call is in no label.
func OnCallSchedules() *Kind[OnCallSchedule] {
	return &Kind[OnCallSchedule]{
		Name:    "on_call_schedule",
		Help:    "Who is on call, and when, as a calendar, a rota or a service that pages has it.",
		Subject: func(s *OnCallSchedule) string { return s.Schedule },
		Labels:  []Label[OnCallSchedule]{{Name: "schedule", Value: func(s *OnCallSchedule) string { return s.Schedule }}},
		Gauges: []Gauge[OnCallSchedule]{
			{
				Name: "on_call_covered_until_timestamp_seconds",
				Help: "Until when somebody is on call without a gap, as far as it is known; in the past where nobody is on call.",
				Value: func(s *OnCallSchedule) (float64, bool) {
					return Timestamp(s.CoveredUntil)
				},
			},
		},
	}
}

// NewOnCallSchedule puts shifts in order, joins those of one person, and tells until when somebody is on call, seen from a moment.
func NewOnCallSchedule(name string, known TimeSpan, shifts []OnCallShift, at time.Time) OnCallSchedule {
	s := OnCallSchedule{Schedule: name, From: known.Start, Until: known.End, Shifts: joined(shifts, known)}
	s.CoveredUntil = s.From
	for _, cover := range s.covers() {
		if cover.Start.After(at) {
			break
		}
		s.CoveredUntil = cover.End
	}
	return s
}

// joined are the shifts within a time, in their order.
func joined(shifts []OnCallShift, within TimeSpan) []OnCallShift {
	ofPerson := slices.Clone(shifts)
	slices.SortFunc(ofPerson, func(a, b OnCallShift) int {
		return cmp.Or(cmp.Compare(a.Person, b.Person), a.Start.Compare(b.Start), a.End.Compare(b.End))
	})
	all := []OnCallShift{}
	for _, shift := range ofPerson {
		shift.Start, shift.End = latest(shift.Start, within.Start), earliest(shift.End, within.End)
		last := len(all) - 1
		switch {
		case !shift.End.After(shift.Start):
		case last >= 0 && all[last].Person == shift.Person && shift.Start.Sub(all[last].End) <= OnCallSlack:
			all[last].End = latest(all[last].End, shift.End)
		default:
			all = append(all, shift)
		}
	}
	slices.SortFunc(all, func(a, b OnCallShift) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), cmp.Compare(a.Person, b.Person))
	})
	return all
}

// covers are the times in which somebody is on call, without those between them that are no gaps.
func (s *OnCallSchedule) covers() (covers []TimeSpan) {
	for i := range s.Shifts {
		last := len(covers) - 1
		if last >= 0 && s.Shifts[i].Start.Sub(covers[last].End) <= OnCallSlack {
			covers[last].End = latest(covers[last].End, s.Shifts[i].End)
			continue
		}
		covers = append(covers, TimeSpan{s.Shifts[i].Start, s.Shifts[i].End})
	}
	return covers
}

// Gaps are the times, from a moment until another, in which nobody is on call.
func (s *OnCallSchedule) Gaps(from, until time.Time) (gaps []TimeSpan) {
	free := from
	for _, cover := range s.covers() {
		if !cover.Start.Before(until) {
			break
		}
		if cover.Start.Sub(free) > OnCallSlack {
			gaps = append(gaps, TimeSpan{free, cover.Start})
		}
		free = latest(free, cover.End)
	}
	if until.Sub(free) > OnCallSlack {
		gaps = append(gaps, TimeSpan{free, until})
	}
	return gaps
}

// At are the shifts of those who are on call at a moment.
func (s *OnCallSchedule) At(moment time.Time) (shifts []OnCallShift) {
	for _, shift := range s.Shifts {
		if !shift.Start.After(moment) && shift.End.After(moment) {
			shifts = append(shifts, shift)
		}
	}
	return shifts
}

// Alone are the times in which one person, and nobody else, is on call without a gap.
func (s *OnCallSchedule) Alone() (alone []OnCallShift) {
	var moments []time.Time
	for i := range s.Shifts {
		moments = append(moments, s.Shifts[i].Start, s.Shifts[i].End)
	}
	slices.SortFunc(moments, time.Time.Compare)
	moments = slices.CompactFunc(moments, time.Time.Equal)
	var onCall []OnCallShift
	next := 0
	for i, moment := range moments {
		onCall = slices.DeleteFunc(onCall, func(shift OnCallShift) bool { return !shift.End.After(moment) })
		for next < len(s.Shifts) && !s.Shifts[next].Start.After(moment) {
			onCall = append(onCall, s.Shifts[next])
			next++
		}
		if len(onCall) != 1 || i+1 == len(moments) {
			continue
		}
		person, last := onCall[0].Person, len(alone)-1
		if last >= 0 && alone[last].Person == person && moment.Sub(alone[last].End) <= OnCallSlack {
			alone[last].End = moments[i+1]
			continue
		}
		alone = append(alone, OnCallShift{Person: person, Start: moment, End: moments[i+1]})
	}
	return alone
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

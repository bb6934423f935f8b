package report

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/assess"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// An OnCall is who is on call by one schedule.
type OnCall struct {
	Schedule string    `json:"schedule"`
	People   []string  `json:"people"`            // none: nobody is, or it is not known
	Until    time.Time `json:"until,omitzero"`    // when the first of them hands over, or the next takes over from nobody
	Unknown  bool      `json:"unknown,omitempty"` // the schedule could not be collected
}

// onCall gives who is on call when a system was judged, as far as that is known.
func onCall(a *assess.Assessment) (all []OnCall) {
	for set, pending := range fact.Of(a.View, fact.OnCallSchedules(), nil) {
		if pending != nil {
			all = append(all, OnCall{Schedule: pending.Subject, People: []string{}, Unknown: true})
			continue
		}
		for _, schedule := range set.Facts {
			all = append(all, onCallBy(schedule, a.At))
		}
		for i := range set.Unavailable {
			all = append(all, OnCall{
				Schedule: fact.OnCallSchedules().SubjectOfUnavailable(&set.Unavailable[i]), People: []string{}, Unknown: true,
			})
		}
	}
	return all
}

func onCallBy(schedule *fact.OnCallSchedule, now time.Time) OnCall {
	by := OnCall{Schedule: schedule.Schedule, People: []string{}}
	for _, shift := range schedule.At(now) {
		by.People = append(by.People, shift.Person)
		if by.Until.IsZero() || shift.End.Before(by.Until) {
			by.Until = shift.End
		}
	}
	if len(by.People) > 0 {
		return by
	}
	for _, shift := range schedule.Shifts {
		if shift.Start.After(now) {
			by.Until = shift.Start
			break
		}
	}
	return by
}

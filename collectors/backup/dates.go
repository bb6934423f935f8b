package backup

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// dates finds the dates in the names of one place.
type dates struct {
	format   system.DateFormat
	declared system.Dates
	usual    []system.Dates // which names are often written with, and which count only against another date
	now      time.Time
}

func newDates(format system.DateFormat) (dates, error) {
	found := dates{format: format, now: time.Now()}
	var err error
	if format != "" {
		if found.declared, err = format.Compile(); err != nil {
			return dates{}, fact.Errorf(fact.ReasonInvalid, "read date_format: %w", err)
		}
		return found, nil
	}
	for _, usual := range []system.DateFormat{"%Y-%m-%d", "%Y%m%d"} {
		compiled, err := usual.Compile()
		if err != nil {
			return dates{}, err
		}
		found.usual = append(found.usual, compiled)
	}
	return found, nil
}

// addSigned adds a copy with the time of the sign that counts: its name where a format is declared, else the first. The others
// are kept to be compared with it.
func (c *copies) addSigned(name string, bytes int64, d dates, signs ...sign) error {
	if d.format != "" {
		span, found := d.declared.Find(name, time.Local)
		if !found {
			c.leave(fact.Errorf(fact.ReasonInvalid, "the name %s has no date as %s says; pattern leaves it out", words.Excerpt(name), d.format))
			return nil
		}
		c.datedBy = fact.DatedByName
		return c.add(name, span.Latest(d.now), bytes, signs...)
	}
	c.datedBy = signs[0].by
	others := signs[1:]
	for _, usual := range d.usual {
		if span, found := usual.Find(name, time.Local); found {
			others = append(others, sign{fact.DatedByName, span})
			break
		}
	}
	return c.add(name, signs[0].Start, bytes, others...)
}

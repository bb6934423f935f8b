package schedule

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// An Expression is a cron expression of five fields as a configuration has it, parsed once as it is read. The zero value
// never fires.
type Expression struct {
	text  string
	fires *cron.SpecSchedule
}

// UnmarshalText reads a cron expression of five fields, or a descriptor such as @daily, that fires at all.
func (e *Expression) UnmarshalText(text []byte) error {
	// Local is robfig/cron's sign for the zone of the time that it is asked about; naming it leaves no place for another.
	parsed, err := cron.ParseStandard("CRON_TZ=Local " + string(text))
	if err != nil {
		return fmt.Errorf("%q is no cron expression: expected five fields, such as 0 22 * * TUE: %w", text, err)
	}
	fires, is := parsed.(*cron.SpecSchedule)
	switch {
	case !is:
		return fmt.Errorf("%q is no time of day: expected a cron expression of five fields, such as 0 22 * * TUE", text)
	case fires.Next(time.Unix(0, 0).UTC()).IsZero():
		return fmt.Errorf("%q never fires", text)
	}
	*e = Expression{text: string(text), fires: fires}
	return nil
}

// MarshalText writes the expression as it was read.
func (e Expression) MarshalText() ([]byte, error) { return []byte(e.text), nil }

// IsZero tells whether there is no expression.
func (e Expression) IsZero() bool { return e.fires == nil }

// Next is the first time after another at which it fires, by the clock of that time's zone; zero where it never does.
func (e Expression) Next(t time.Time) time.Time {
	if e.fires == nil {
		return time.Time{}
	}
	return e.fires.Next(t)
}

// A Zone is a time zone as a configuration names it; the zero value is UTC.
type Zone struct {
	location *time.Location
}

// UnmarshalText reads the name of a zone of the IANA database: Europe/Berlin.
func (z *Zone) UnmarshalText(text []byte) error {
	location, err := time.LoadLocation(string(text))
	if err != nil {
		return fmt.Errorf("%q is no time zone: expected one such as Europe/Berlin", text)
	}
	z.location = location
	return nil
}

// MarshalText writes the zone's name.
func (z Zone) MarshalText() ([]byte, error) { return []byte(z.Location().String()), nil }

// Location is the zone as the standard library has it.
func (z Zone) Location() *time.Location {
	if z.location == nil {
		return time.UTC
	}
	return z.location
}

package system

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

// A DateFormat says how the names of backups tell when they were made, in the letters of strftime.
type DateFormat string

// dateFields are the letters, with what they stand for in a name.
func dateFields() map[byte]string {
	return map[byte]string{
		'Y': `(?P<Y>\d{4})`, 'm': `(?P<m>\d{2})`, 'd': `(?P<d>\d{2})`, 'H': `(?P<H>\d{2})`, 'M': `(?P<M>\d{2})`, 'S': `(?P<S>\d{2})`,
		's': `(?P<s>\d{9,11})`, 'z': `(?P<z>Z|[+-]\d{2}:?\d{2})`, '%': `%`,
	}
}

func (f DateFormat) validate(list *mistake.List, at []any) {
	if f == "" {
		return
	}
	if _, err := f.Compile(); err != nil {
		list.Add(at, "date_format %q: %v", string(f), err)
	}
}

// A Dates finds the dates in names.
type Dates struct{ pattern *regexp.Regexp }

// Compile makes what finds dates of this format.
func (f DateFormat) Compile() (Dates, error) {
	var pattern strings.Builder
	used := make(map[byte]bool)
	for i := 0; i < len(f); i++ {
		if f[i] != '%' {
			pattern.WriteString(regexp.QuoteMeta(string(f[i])))
			continue
		}
		i++
		if i == len(f) {
			return Dates{}, fmt.Errorf("expected a letter after the last %%")
		}
		field, known := dateFields()[f[i]]
		if !known || used[f[i]] && f[i] != '%' {
			return Dates{}, fmt.Errorf("expected each of %%Y %%m %%d %%H %%M %%S %%z once at most, or %%s, found %%%c", f[i])
		}
		used[f[i]] = true
		pattern.WriteString(field)
	}
	if day := used['Y'] && used['m'] && used['d']; !day && !used['s'] {
		return Dates{}, fmt.Errorf("expected %%Y, %%m and %%d, or %%s")
	}
	compiled, err := regexp.Compile(`(?:^|\D)` + pattern.String() + `(?:\D|$)`)
	return Dates{compiled}, err
}

// A Span is a time that is known to be within a day, an hour, a minute or a second.
type Span struct {
	Start  time.Time
	Length time.Duration
}

// Find reads the date in a name; a date without a zone is in the one given.
func (d Dates) Find(name string, zone *time.Location) (Span, bool) {
	found := d.pattern.FindStringSubmatch(name)
	if found == nil {
		return Span{}, false
	}
	number := func(field string) (int, bool) {
		i := d.pattern.SubexpIndex(field)
		if i < 0 {
			return 0, false
		}
		value, err := strconv.Atoi(found[i])
		return value, err == nil
	}
	if seconds, is := number("s"); is {
		return Span{Start: time.Unix(int64(seconds), 0)}, true
	}
	if i := d.pattern.SubexpIndex("z"); i >= 0 && found[i] != "Z" {
		at, err := time.Parse("-0700", strings.ReplaceAll(found[i], ":", ""))
		if err != nil {
			return Span{}, false
		}
		zone = at.Location()
	} else if i >= 0 {
		zone = time.UTC
	}
	year, _ := number("Y")
	month, _ := number("m")
	day, _ := number("d")
	span := Span{Length: 24 * time.Hour}
	hour, hasHour := number("H")
	minute, hasMinute := number("M")
	second, hasSecond := number("S")
	switch {
	case hasSecond:
		span.Length = 0
	case hasMinute:
		span.Length = time.Minute
	case hasHour:
		span.Length = time.Hour
	}
	span.Start = time.Date(year, time.Month(month), day, hour, minute, second, 0, zone)
	// What is no date, such as the 31st of February, would be another.
	whole := int(span.Start.Month()) == month && span.Start.Day() == day && hour < 24 && minute < 60 && second < 61
	return span, whole
}

// Latest is the latest time that the span allows for something that is there already.
func (s Span) Latest(now time.Time) time.Time {
	if end := s.Start.Add(s.Length); end.Before(now) {
		return end
	}
	if s.Start.After(now) {
		return s.Start
	}
	return now
}

// Distance is how far a time is from the span.
func (s Span) Distance(at time.Time) time.Duration {
	switch end := s.Start.Add(s.Length); {
	case at.Before(s.Start):
		return s.Start.Sub(at)
	case at.After(end):
		return at.Sub(end)
	default:
		return 0
	}
}

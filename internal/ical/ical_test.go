package ical_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/ical"
)

// calendar is one with events or other components, whose lines stand beside each other here.
func calendar(components ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + strings.Join(components, "") + "END:VCALENDAR\r\n"
}

func event(lines ...string) string {
	return "BEGIN:VEVENT\r\nUID:" + lines[0] + "\r\n" + strings.Join(lines[1:], "\r\n") + "\r\nEND:VEVENT\r\n"
}

// of2026 are the events of that year.
func of2026() ical.Options {
	return ical.Options{From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Until: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// shown are events as texts, so that a table can have them.
func shown(events []ical.Event) (all []string) {
	for _, e := range events {
		text := e.Start.UTC().Format("01-02T15:04") + "/" + e.End.UTC().Format("01-02T15:04") + " " + strings.Join(e.Names, "+")
		if e.Tentative {
			text += " ?"
		}
		all = append(all, text)
	}
	return all
}

const berlin = "BEGIN:VTIMEZONE\nTZID:Office\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n" +
	"RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\n" +
	"TZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n"

func TestRead(t *testing.T) {
	at := func(lines ...string) string {
		return calendar(event(append([]string{"1", "SUMMARY:Ann"}, lines...)...))
	}
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"a calendar without events has none", calendar(), nil},
		{"a time of UTC", at("DTSTART:20260301T090000Z", "DTEND:20260301T170000Z"), []string{"03-01T09:00/03-01T17:00 Ann"}},
		{"a time of a zone", at("DTSTART;TZID=Europe/Berlin:20260701T090000", "DTEND;TZID=Europe/Berlin:20260701T170000"), []string{"07-01T07:00/07-01T15:00 Ann"}},
		{"a zone of Windows", at("DTSTART;TZID=New Zealand Standard Time:20260407T120000", "DTEND;TZID=New Zealand Standard Time:20260407T123000"), []string{"04-07T00:00/04-07T00:30 Ann"}},
		{"a zone in quotes", at(`DTSTART;TZID="W. Europe Standard Time":20260107T120000`, `DTEND;TZID="W. Europe Standard Time":20260107T123000`), []string{"01-07T11:00/01-07T11:30 Ann"}},
		{"a zone of an address", at("DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Berlin:20260107T120000", "DURATION:PT1H"), []string{"01-07T11:00/01-07T12:00 Ann"}},
		{"UTC as Outlook writes it", at(`DTSTART;TZID="tzone://Microsoft/Utc":20260116T203000`, `DTEND;TZID="tzone://Microsoft/Utc":20260116T210000`), []string{"01-16T20:30/01-16T21:00 Ann"}},
		{
			"a zone that the calendar describes, after its events", calendar(event("1", "SUMMARY:Ann", "DTSTART;TZID=Office:20260101T090000", "DURATION:PT1H"), event("2", "SUMMARY:Bob", "DTSTART;TZID=Office:20260701T090000", "DURATION:PT1H"), berlin),
			[]string{"01-01T08:00/01-01T09:00 Ann", "07-01T07:00/07-01T08:00 Bob"},
		},
		{
			"a zone that is called EST and has a summer", calendar(strings.ReplaceAll(berlin, "Office", "EST"), event("2", "SUMMARY:Bob", "DTSTART;TZID=EST:20260701T090000", "DURATION:PT1H")),
			[]string{"07-01T07:00/07-01T08:00 Bob"},
		},
		{
			"a zone that has put clocks back for the last time", calendar("BEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\nDTSTART:19991031T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10;UNTIL=20141026T010000Z\nEND:STANDARD\n"+
				"BEGIN:DAYLIGHT\nDTSTART:20000326T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;UNTIL=20140330T010000Z\nEND:DAYLIGHT\nEND:VTIMEZONE\n", event("2", "SUMMARY:Bob", "DTSTART;TZID=X:20260701T090000", "DURATION:PT1H")),
			[]string{"07-01T08:00/07-01T09:00 Bob"},
		},
		{"days are those of the calendar", calendar("X-WR-TIMEZONE:Europe/Berlin\n", event("1", "SUMMARY:Ann", "DTSTART;VALUE=DATE:20260328", "DTEND;VALUE=DATE:20260330")), []string{"03-27T23:00/03-29T22:00 Ann"}},
		{"a day without an end", at("DTSTART;VALUE=DATE:20260328"), []string{"03-28T00:00/03-29T00:00 Ann"}},
		{"a day that ends on itself", at("DTSTART;VALUE=DATE:20260328", "DTEND;VALUE=DATE:20260328"), []string{"03-28T00:00/03-29T00:00 Ann"}},
		{"what takes no time is none", at("DTSTART:20260328T090000Z"), nil},
		{"nor is what ends before it begins", at("DTSTART:20260328T090000Z", "DTEND:20260327T090000Z"), nil},
		{"from nine to nine, also where clocks are put forward between", at("DTSTART;TZID=Europe/Berlin:20260323T090000", "DTEND;TZID=Europe/Berlin:20260330T090000"), []string{"03-23T08:00/03-30T07:00 Ann"}},
		{
			"a week that recurs has no hour too few where clocks are put back", at("DTSTART;TZID=America/Chicago:20261026T090000", "DTEND;TZID=America/Chicago:20261102T090000", "RRULE:FREQ=WEEKLY;COUNT=2"),
			[]string{"10-26T14:00/11-02T15:00 Ann", "11-02T15:00/11-09T15:00 Ann"},
		},
		{
			"half past two, which clocks skip, is counted from before", at("DTSTART;TZID=America/New_York:20260307T023000", "DTEND;TZID=America/New_York:20260308T023000", "RRULE:FREQ=DAILY;COUNT=2"),
			[]string{"03-07T07:30/03-08T07:30 Ann", "03-08T07:30/03-09T06:30 Ann"},
		},
		{
			"half past two, which clocks show twice, is the first", at("DTSTART;TZID=Europe/Berlin:20261024T023000", "DTEND;TZID=Europe/Berlin:20261025T023000", "RRULE:FREQ=DAILY;COUNT=2"),
			[]string{"10-24T00:30/10-25T00:30 Ann", "10-25T00:30/10-26T01:30 Ann"},
		},
		{
			"what recurs without end, and since long ago", at("DTSTART:19700105T090000Z", "DTEND:19700105T100000Z", "RRULE:FREQ=WEEKLY;INTERVAL=20"),
			[]string{"05-11T09:00/05-11T10:00 Ann", "09-28T09:00/09-28T10:00 Ann"},
		},
		{
			"the last day of some months, since long ago", at("DTSTART:19990131T090000Z", "DURATION:PT1H", "RRULE:FREQ=MONTHLY;INTERVAL=3"),
			[]string{"01-31T09:00/01-31T10:00 Ann", "07-31T09:00/07-31T10:00 Ann", "10-31T09:00/10-31T10:00 Ann"},
		},
		{"a day of the year, since long ago", at("DTSTART:19840229T090000Z", "DURATION:PT1H", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"), []string{"02-28T09:00/02-28T10:00 Ann"}},
		{"the same day of each year", at("DTSTART:19840610T090000Z", "DURATION:PT1H", "RRULE:FREQ=YEARLY"), []string{"06-10T09:00/06-10T10:00 Ann"}},
		{
			"half days, by the hour", at("DTSTART:20251231T080000Z", "DURATION:PT12H", "RRULE:FREQ=HOURLY;INTERVAL=12;UNTIL=20260101T080000Z"),
			[]string{"12-31T20:00/01-01T08:00 Ann", "01-01T08:00/01-01T20:00 Ann"},
		},
		{"an end that is a day has that day", at("DTSTART:20260301T090000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20260302"), []string{"03-01T09:00/03-01T10:00 Ann", "03-02T09:00/03-02T10:00 Ann"}},
		{
			"an end is that of the zone", at("DTSTART;TZID=America/New_York:20260301T200000", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20260303T010000Z"),
			[]string{"03-02T01:00/03-02T02:00 Ann", "03-03T01:00/03-03T02:00 Ann"},
		},
		{
			"when it begins counts, whatever the rule says", at("DTSTART:20260303T090000Z", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260310T000000Z"),
			[]string{"03-03T09:00/03-03T10:00 Ann", "03-09T09:00/03-09T10:00 Ann"},
		},
		{
			"but for those that are left out", at("DTSTART;TZID=W. Europe Standard Time:20260302T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=5;WKST=MO", "EXDATE;TZID=W. Europe Standard Time:20260302T100000,20260309T100000", "EXDATE;VALUE=DATE:20260316"),
			[]string{"03-23T09:00/03-23T10:00 Ann", "03-30T08:00/03-30T09:00 Ann"},
		},
		{
			"and those that are listed", at("DTSTART:20260302T100000Z", "DURATION:PT1H", "RDATE:20260303T100000Z", "RDATE;VALUE=PERIOD:20260304T100000Z/PT2H,20260305T100000Z/20260305T130000Z"),
			[]string{"03-02T10:00/03-02T11:00 Ann", "03-03T10:00/03-03T11:00 Ann", "03-04T10:00/03-04T12:00 Ann", "03-05T10:00/03-05T13:00 Ann"},
		},
		{
			"one takes the place of another", calendar(event("1", "SUMMARY:Ann", "DTSTART;TZID=Europe/Berlin:20260302T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3"),
				event("1", "SUMMARY:Bob", "RECURRENCE-ID:20260309T090000Z", "DTSTART:20260310T090000Z", "DURATION:PT1H"), event("1", "STATUS:CANCELLED", "RECURRENCE-ID;VALUE=DATE:20260316", "DTSTART:20260316T090000Z")),
			[]string{"03-02T09:00/03-02T10:00 Ann", "03-10T09:00/03-10T10:00 Bob"},
		},
		{
			"one without what it took the place of", calendar(event("1", "SUMMARY:Bob", "RECURRENCE-ID:20260309T090000Z", "DTSTART:20260310T090000Z", "DURATION:PT1H")),
			[]string{"03-10T09:00/03-10T10:00 Bob"},
		},
		{
			"the newest version counts, in any order", calendar(event("1", "SUMMARY:Bob", "SEQUENCE:2", "DTSTART:20260310T090000Z", "DURATION:PT1H"), event("1", "SUMMARY:Ann", "SEQUENCE:1", "DTSTART:20260310T090000Z", "DURATION:PT1H")),
			[]string{"03-10T09:00/03-10T10:00 Bob"},
		},
		{"what is cancelled is none", at("STATUS:CANCELLED", "DTSTART:20260310T090000Z", "DURATION:PT1H"), nil},
		{"what is not confirmed is marked", at("STATUS:TENTATIVE", "DTSTART:20260310T090000Z", "DURATION:PT1H"), []string{"03-10T09:00/03-10T10:00 Ann ?"}},
		{"free time is a shift: days are free by default", at("TRANSP:TRANSPARENT", "DTSTART:20260310T090000Z", "DURATION:PT1H"), []string{"03-10T09:00/03-10T10:00 Ann"}},
		{
			"those who are invited count, but for rooms and those who have declined",
			at("DTSTART:20260310T090000Z", "DURATION:PT1H", "ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.com", "ATTENDEE;PARTSTAT=DECLINED:mailto:cy@example.com", "ATTENDEE;CUTYPE=ROOM;CN=Red:mailto:red@example.com", "ATTENDEE:mailto:dee@example.com"),
			[]string{"03-10T09:00/03-10T10:00 Bob+dee@example.com"},
		},
		{"where all have declined nobody is", at("DTSTART:20260310T090000Z", "DURATION:PT1H", "ATTENDEE;PARTSTAT=DECLINED:mailto:cy@example.com"), []string{"03-10T09:00/03-10T10:00 "}},
		{"without a title nobody is", calendar(event("1", "DTSTART:20260310T090000Z", "DURATION:PT1H", "SUMMARY: ")), []string{"03-10T09:00/03-10T10:00 "}},
		{
			"a name in quotes that are not closed is left out", at("DTSTART:20260310T090000Z", "DURATION:PT1H", `ATTENDEE;CN=Bob "B" Brown:mailto:bob@example.com`),
			[]string{"03-10T09:00/03-10T10:00 bob@example.com"},
		},
		{"what is within an event is not of it", at("DTSTART:20260310T090000Z", "DURATION:PT1H", "BEGIN:VALARM", "SUMMARY:Wake up", "ATTENDEE:mailto:x@example.com", "DURATION:nonsense", "END:VALARM"), []string{"03-10T09:00/03-10T10:00 Ann"}},
		{"nor is a task", calendar("BEGIN:VTODO\nDTSTART:nonsense\nEND:VTODO\n"), nil},
		{
			"lines are folded, in any case, with a mark at the beginning", "\xef\xbb\xbfbegin:vcalendar\nbegin:vevent\nuid:1\nsumm\n ary:An\n n, and\\, more\ndtstart:2026\n\t0310T090000Z\nduration:PT1H\nend:vevent\nend:vcalendar",
			[]string{"03-10T09:00/03-10T10:00 Ann, and, more"},
		},
		{"two calendars in one file", calendar(event("1", "SUMMARY:Ann", "DTSTART:20260310T090000Z", "DURATION:PT1H")) + calendar(event("1", "SUMMARY:Bob", "DTSTART:20260311T090000Z", "DURATION:PT1H")), []string{"03-10T09:00/03-10T10:00 Ann", "03-11T09:00/03-11T10:00 Bob"}},
		{"what never recurs is there once", at("DTSTART:20260310T000000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY;INTERVAL=2;BYHOUR=1"), []string{"03-10T00:00/03-10T01:00 Ann"}},
		{"so is the thirtieth of February", at("DTSTART:20260310T000000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), []string{"03-10T00:00/03-10T01:00 Ann"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			events, err := ical.Read(t.Context(), []byte(c.text), of2026())
			require.NoError(t, err)
			require.Equal(t, c.want, shown(events))
		})
	}
}

func TestReadRefusesWhatItDoesNotUnderstand(t *testing.T) {
	at := func(lines ...string) string {
		return calendar(event(append([]string{"1", "SUMMARY:Ann"}, lines...)...))
	}
	recurs := func(rule string) string { return at("DTSTART:20260301T090000Z", "DURATION:PT1H", "RRULE:"+rule) }
	whole := at("DTSTART:20260310T090000Z", "DURATION:PT1H")
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                     {"", ical.ErrNoCalendar.Error()},
		"a page that asks to log in":  {"<!DOCTYPE html>\n<html><body style=\"a:b\">Log in</body></html>", ical.ErrNoCalendar.Error()},
		"a vCard":                     {"BEGIN:VCARD\nEND:VCARD\n", ical.ErrNoCalendar.Error()},
		"one that is cut after lines": {whole[:strings.Index(whole, "END:VEVENT")], ical.ErrCut.Error()},
		"one that is cut in a line":   {whole[:len(whole)-6], "a component ends that has not begun"},
		"one whose end is missing":    {strings.TrimSuffix(whole, "END:VCALENDAR\r\n"), ical.ErrCut.Error()},
		"an unknown zone":             {at("DTSTART;TZID=Mars/Olympus:20260301T090000", "DURATION:PT1H"), `the time zone "Mars/Olympus" is none of IANA or Windows, and the calendar does not describe it`},
		"the zone of this machine":    {at("DTSTART;TZID=Local:20260301T090000", "DURATION:PT1H"), `the time zone "Local" is none of IANA or Windows, and the calendar does not describe it`},
		"a zone that is empty":        {calendar("BEGIN:VTIMEZONE\nTZID:X\nEND:VTIMEZONE\n", event("1", "DTSTART;TZID=X:20260301T090000", "DURATION:PT1H")), `the time zone "X": it says nothing of its distance from UTC`},
		"a second that is endless":    {recurs("FREQ=SECONDLY"), "an event recurs every minute or second, which is not supported"},
		"a minute that is endless":    {recurs("FREQ=MINUTELY"), "an event recurs every minute or second, which is not supported"},
		"all seconds of a day":        {recurs("FREQ=DAILY;BYHOUR=" + upTo(24) + ";BYMINUTE=" + upTo(60) + ";BYSECOND=" + upTo(60)), "its events recur too often to be read"},
		"no interval":                 {recurs("FREQ=DAILY;INTERVAL=0"), "a rule by which an event recurs cannot be read"},
		"a negative one":              {recurs("FREQ=DAILY;INTERVAL=-1"), "a rule by which an event recurs cannot be read"},
		"an interval beyond numbers":  {recurs("FREQ=HOURLY;INTERVAL=9223372036854775807"), "a rule by which an event recurs cannot be read"},
		"an unknown frequency":        {recurs("FREQ=FORTNIGHTLY"), "a rule by which an event recurs cannot be read"},
		"a rule without a frequency":  {recurs("COUNT=2"), "a rule by which an event recurs cannot be read"},
		"another calendar's rule":     {recurs("RSCALE=CHINESE;FREQ=YEARLY"), "a rule by which an event recurs cannot be read"},
		"two rules":                   {at("DTSTART:20260301T090000Z", "RRULE:FREQ=DAILY", "RRULE:FREQ=DAILY"), "an event has two rules by which it recurs, which is not supported"},
		"a rule of exceptions":        {at("DTSTART:20260301T090000Z", "EXRULE:FREQ=DAILY"), "an event has a rule by which it does not recur (EXRULE), which is not supported"},
		"all that follow":             {at("DTSTART:20260301T090000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260301T090000Z"), "an event changes all that follow it (RANGE=THISANDFUTURE), which is not supported"},
		"no date":                     {at("DTSTART:tomorrow"), "a date or time cannot be read: expected one such as 20060102T150405Z"},
		"no duration":                 {at("DTSTART:20260301T090000Z", "DURATION:1h"), "the duration of an event cannot be read: expected one such as P7D or PT12H"},
		"a duration beyond all":       {at("DTSTART:20260301T090000Z", "DURATION:P999999D"), "an event lasts for more than 36600 days"},
		"an endless line":             {at("DTSTART:20260301T090000Z", "SUMMARY:"+strings.Repeat("x", 1<<20)), "a line of SUMMARY is longer than 65536 bytes"},
		"endless parameters":          {at("DTSTART" + strings.Repeat(";X=y", 100) + ":20260301T090000Z"), "a line of DTSTART has more than 50 parameters"},
		"endless dates":               {at("DTSTART:20260301T090000Z", strings.Repeat("RDATE:20260301T090000Z\r\n", 6000)), "an event lists more than 5000 dates"},
		"components without end":      {strings.Repeat("BEGIN:VCALENDAR\n", 1000), "more than 10 components are within each other"},
		"too many events":             {calendar(strings.Repeat(event("1", "DTSTART:20260301T090000Z"), 50_001)), "it has more than 50000 events"},
		"too many that recur":         {calendar(strings.Repeat(event("", "DTSTART:20260301T090000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY"), 50)), "its events recur too often to be read"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ical.Read(t.Context(), []byte(c.text), of2026())
			require.EqualError(t, err, c.want)
		})
	}
}

func upTo(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint(i)
	}
	return strings.Join(all, ",")
}

func TestTimesWithoutAZoneAreOfTheDeclaredOne(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	require.NoError(t, err)
	options := of2026()
	options.Zone = tokyo
	events, err := ical.Read(t.Context(), []byte(calendar("X-WR-TIMEZONE:Mars/Olympus\n", event("1", "SUMMARY:Ann", "DTSTART:20260310T090000", "DTEND:20260310T100000"))), options)
	require.NoError(t, err, "what a calendar says of that does not count then")
	require.Equal(t, []string{"03-10T00:00/03-10T01:00 Ann"}, shown(events))
}

// TestACalendarOfTenThousandEventsIsRead holds what is kept of it, and not what is passed on the way: the race detector has nothing reused.
func TestACalendarOfTenThousandEventsIsRead(t *testing.T) {
	var text strings.Builder
	start := time.Date(2016, 1, 1, 9, 0, 0, 0, time.UTC)
	for i := range 10_000 {
		day := start.AddDate(0, 0, i%4000)
		text.WriteString(event(fmt.Sprint(i), "SUMMARY:Ann", "DESCRIPTION:"+strings.Repeat("a long text ", 50),
			"DTSTART;TZID=Europe/Berlin:"+day.Format("20060102T150405"), "DTEND;TZID=Europe/Berlin:"+day.Add(time.Hour).Format("20060102T150405")))
	}
	content := []byte(calendar(text.String()))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	events, err := ical.Read(t.Context(), content, of2026())
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.NotEmpty(t, events)
	require.Less(t, after.HeapAlloc, before.HeapAlloc+1<<20)
	runtime.KeepAlive(content)
}

func TestReadingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(context.DeadlineExceeded)
	never := event("", "DTSTART:20260310T000000Z", "DURATION:PT1H", "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30")
	_, err := ical.Read(ctx, []byte(calendar(strings.Repeat(never, 40_000))), of2026())
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestMomentAndShownAreEachOther(t *testing.T) {
	for _, name := range []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati", "Africa/Casablanca"} {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		for at := time.Date(2026, 1, 1, 0, 15, 0, 0, time.UTC); at.Year() < 2027; at = at.Add(time.Hour) {
			seen := ical.Shown(at, zone)
			if again := ical.Moment(seen, zone); !again.Equal(at) {
				require.True(t, ical.Shown(again, zone).Equal(seen) && again.Before(at), "%s: %s is shown as that of %s", name, at, again)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(calendar(event("1", "SUMMARY:Ann", "DTSTART;TZID=Office:20260302T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20260302T090000Z"), berlin))
	f.Add(calendar(event("1", `ATTENDEE;CN="A:B";PARTSTAT=DECLINED:mailto:a@b`, "DTSTART;VALUE=DATE:20260302", "RDATE;VALUE=PERIOD:20260304T100000Z/PT2H", "RRULE:FREQ=MONTHLY;BYDAY=-1MO;BYSETPOS=1")))
	f.Fuzz(func(t *testing.T, text string) {
		options := of2026()
		events, err := ical.Read(t.Context(), []byte(text), options)
		if err != nil {
			require.Empty(t, events)
		}
		for _, each := range events {
			require.True(t, each.Start.Before(each.End))
			require.True(t, each.Start.Before(options.Until) && each.End.After(options.From))
		}
	})
}

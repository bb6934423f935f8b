package system

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
)

const (
	// longestWaiver is how far ahead a waiver may expire: what nobody reviews for longer is not excused but forgotten.
	longestWaiver = 366 * 24 * time.Hour
	// zones is how far ahead of UTC a day has begun somewhere, and a clock may be.
	zones = 24 * time.Hour
)

// validateDates notes dates that cannot be. Those that have passed are good: waivers and attestations expire by
// themselves, and a description that was good stays so.
func (s *System) validateDates(list *mistake.List, path []any, now time.Time) {
	for i, waiver := range s.Waivers {
		notTooFar(list, mistake.At(path, "waivers", i, "until"), waiver.Until, now)
	}
	for i, attestation := range s.Attestations {
		notAhead(list, mistake.At(path, "attestations", i, "at"), "at", attestation.At, now)
	}
	for i, backup := range s.Backups {
		notAhead(list, mistake.At(path, "backups", i, "since"), "since", backup.Since, now)
	}
}

// notTooFar notes the date at which a waiver expires, where that is further ahead than one may.
func notTooFar(list *mistake.List, path []any, until, now time.Time) {
	if latest := now.Add(longestWaiver); until.After(latest) {
		list.Add(path, "until %q is more than a year ahead: expected %s or earlier", until.Format(time.DateOnly), latest.Format(time.DateOnly))
	}
}

// notAhead notes the date of something that has happened, and lies in the future.
func notAhead(list *mistake.List, path []any, what string, date, now time.Time) {
	if date.After(now.Add(zones)) {
		list.Add(path, "%s %q is in the future: expected %s or earlier", what, date.Format(time.DateOnly), now.Format(time.DateOnly))
	}
}

// requireText notes a text that is missing, and what it is to say.
func requireText(list *mistake.List, path []any, what, text, says string) {
	if text == "" {
		list.Add(path, "%s is missing: say %s", what, says)
		return
	}
	CheckText(list, path, what, text)
}

// CheckText notes a text that shows nothing, or not what it is; an empty one is none.
func CheckText(list *mistake.List, path []any, what, text string) {
	switch {
	case text == "":
	case !strings.ContainsFunc(text, isSeen):
		list.Add(path, "%s %q is blank: expected a text", what, text)
	case strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsGraphic(r) }):
		list.Add(path, "%s %q has invisible characters: expected a text without", what, text)
	}
}

// isSeen tells whether a reader sees a letter or a figure; of the letters, those that fill Hangul syllables are blank.
func isSeen(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsNumber(r)) && !strings.ContainsRune("\u115f\u1160\u3164\uffa0", r)
}

// isUnseen tells whether a link cannot have a character: blanks, and what is not seen.
func isUnseen(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }

// CheckLink notes what a browser could not open, or must not; an empty one is none.
func CheckLink(list *mistake.List, path []any, what, link string, more ...string) {
	if link == "" {
		return
	}
	parsed, err := url.Parse(link)
	switch {
	case err == nil && slices.Contains(more, parsed.Scheme) && parsed.Opaque != "" && !strings.ContainsFunc(link, isUnseen):
	case err != nil, !isWebAddress(parsed), strings.ContainsFunc(link, isUnseen):
		list.Add(path, "%s %q: expected an address, https://…", what, link)
	case parsed.User != nil:
		list.Add(path, "%s: credentials do not belong in it; expected an address without", what)
	}
}

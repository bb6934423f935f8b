package domain

import (
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/idna"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// What registries call the same thing in answers of WHOIS. "registrar registration expiration date" is not among the expiries: it is what a
// registrar and its customer have agreed.
func domainKeys() []string { return []string{"domain", "domain name", "domainname"} }

func expiryKeys() []string {
	return []string{
		"registry expiry date", "expiry date", "expiration date", "expiration time", "expiration", "expire date",
		"expire-date", "expire", "expires", "expires on",
		"expires at", "domain expires", "domain expiration date", "record expires on", "paid-till", "renewal date", "renewal",
		"renew date",
		"valid until", "validity", "registered until", "exp date", "有効期限",
	}
}

func statusKeys() []string {
	return []string{
		"status", "domain status", "state", "domain state", "registration status", "epp status", "eppstatus", "transfer status", "状態",
	}
}

func serverKeys() []string {
	return []string{
		"name server", "name servers", "nserver", "nameserver", "nameservers", "domain servers", "name server information", "ネームサーバ",
	}
}

func registrarKeys() []string {
	return []string{"registrar", "registrar name", "sponsoring registrar"}
}

// Whole lines, or parts of a line that names the domain, by which registries report that they have no such domain.
func absences() []string {
	return []string{
		"no match", "not found", "no found", "no entries found", "no data found", "no object found", "nothing found",
		"no such domain", "no information available",
		"not registered", "does not exist", "domain unknown", "is free", "is available",
	}
}

// Parts of a line by which they report that they do not answer.
func refusals() []string {
	return []string{
		"limit exceeded", "quota exceeded", "exceeded the", "exceeded your", "too many", "access denied", "permission denied",
		"access control limit", "try again",
		"blacklist", "not authorized", "not authorised", "excessive querying", "temporarily", "blocked",
	}
}

// A pair is one thing that an answer of WHOIS reports: what it is called, in lower case, and its value, which has no line of its own
// where the line is indented below what it is called.
type pair struct{ key, value string }

// longestAbsence is how long a line is that only reports that there is no such domain, in bytes: longer ones are terms of use.
const longestAbsence = 80

// readAnswer makes the fact of what a registry answered to WHOIS, which has no format (RFC 3912). What is not certain is an error:
// a domain that is taken for free, or a date for another one, calls somebody for nothing.
func readAnswer(domain, text string) (*fact.Registration, error) {
	found := &fact.Registration{Domain: domain}
	about, free := false, false
	for each := range pairs(text) {
		value := words.Printable(each.value, longestText)
		switch {
		case slices.Contains(domainKeys(), each.key):
			about = about || isDomain(value, domain)
		case slices.Contains(expiryKeys(), each.key):
			if err := expire(found, value); err != nil {
				return nil, err
			}
		case slices.Contains(statusKeys(), each.key):
			free = free || slices.Contains([]string{"free", "available", "not registered"}, strings.ToLower(value))
			if err := addStatuses(found, value); err != nil {
				return nil, err
			}
		case slices.Contains(serverKeys(), each.key):
			if server := serverName(value); server != "" {
				found.NameServers = append(found.NameServers, server)
			}
		case slices.Contains(registrarKeys(), each.key) && found.Registrar == "":
			found.Registrar = value
		}
	}
	tidy(found)
	found.Registered = about && !free
	evident := len(found.NameServers)+len(found.Statuses) > 0 || !found.ExpiresAt.IsZero()
	switch {
	case found.Registered && evident:
		return found, nil
	case !free && reports(text, refusals(), ""):
		return nil, fact.Errorf(fact.ReasonDenied, "it does not answer this machine, or not so often")
	case free && about, !about && reports(text, absences(), domain):
		return &fact.Registration{Domain: domain}, nil
	default:
		return nil, fact.Errorf(fact.ReasonInvalid, "the answer is not about the domain %s, as far as it can be read", domain)
	}
}

// reports tells whether a line has one of some parts: any line, or with a domain a line that names it or is short.
func reports(text string, parts []string, domain string) bool {
	for line := range strings.Lines(strings.ToLower(text)) {
		line = strings.TrimLeft(strings.TrimSpace(line), "%#;*> ")
		if domain != "" && len(line) > longestAbsence && !strings.Contains(line, domain) {
			continue
		}
		if slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(line, part) }) {
			return true
		}
	}
	return false
}

// pairs reads "key: value", "key......: value" and "[key] value", comments left out, up to the terms of use that follow ">>>".
func pairs(text string) iter.Seq[pair] {
	return func(yield func(pair) bool) {
		above := "" // what the lines are called that are indented below it
		for line := range strings.Lines(text) {
			line = strings.TrimRightFunc(line, unicode.IsSpace)
			content := strings.TrimLeft(line, " \t*")
			switch {
			case strings.HasPrefix(content, ">>>"):
				return
			case content == "":
				above = ""
				continue
			case strings.ContainsRune("%#;", rune(content[0])):
				continue
			}
			key, value, is := keyed(content)
			switch {
			case is && key == "name" && slices.Contains(domainKeys(), above):
				key = above // As in .ee, where "Domain:" is a heading.
			case is && value == "":
				above = key
				continue
			case is && line == content:
				above = ""
			case !is && above != "":
				key, value = above, content
			case !is:
				continue
			}
			if !yield(pair{key, value}) {
				return
			}
		}
	}
}

var (
	// bracketed matches "[Domain Name]  EXAMPLE.JP" and "a. [Domain Name]  EXAMPLE.CO.JP".
	bracketed = regexp.MustCompile(`^(?:[a-z]\. ?)?\[([^\]]+)\]\s*(.*)$`)
	// colon matches "Domain   name:  example.md" and "domain.............: example.fi".
	colon = regexp.MustCompile(`^([\p{L}][\p{L}\d /_()-]*?)[ .]*:\s*(.*)$`)
)

func keyed(line string) (key, value string, is bool) {
	for _, form := range []*regexp.Regexp{bracketed, colon} {
		if parts := form.FindStringSubmatch(line); parts != nil {
			return strings.ToLower(strings.Join(strings.Fields(parts[1]), " ")), strings.TrimSpace(parts[2]), true
		}
	}
	return "", "", false
}

// isDomain tells whether a value names a domain, which is in ASCII and lower case.
func isDomain(value, domain string) bool {
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(firstWord(value), "."))
	return err == nil && strings.EqualFold(ascii, domain)
}

func firstWord(text string) string {
	first, _, _ := strings.Cut(text, " ")
	return first
}

// expire takes the earliest of the dates that an answer has.
func expire(found *fact.Registration, value string) error {
	if slices.Contains([]string{"", "-", "n/a", "none", "not defined", "undefined"}, strings.ToLower(value)) {
		return nil
	}
	at, can := readDate(value)
	if !can {
		return fact.Errorf(fact.ReasonInvalid, "the date of its expiry cannot be read: %s", value)
	}
	if found.ExpiresAt.IsZero() || at.Before(found.ExpiresAt) {
		found.ExpiresAt = at
	}
	return nil
}

// connectedUntil matches the state of domains below .co.jp, which has their expiry.
var connectedUntil = regexp.MustCompile(`^(Connected) \((\d{4}/\d{2}/\d{2})\)$`)

// addStatuses takes "clientTransferProhibited https://icann.org/epp#clientTransferProhibited" and "REGISTERED, DELEGATED" as RDAP has
// them (RFC 8056).
func addStatuses(found *fact.Registration, value string) error {
	if parts := connectedUntil.FindStringSubmatch(value); parts != nil {
		value = parts[1]
		if err := expire(found, parts[2]); err != nil {
			return err
		}
	}
	for status := range strings.SplitSeq(value, ",") {
		status, _, _ = strings.Cut(strings.TrimSpace(status), "http")
		status, _, _ = strings.Cut(status, "(")
		if status = rdapStatus(strings.TrimSpace(status)); status != "" {
			found.Statuses = append(found.Statuses, status)
		}
	}
	return nil
}

// transferLocked matches "Transfer Locked" (.il) and "The domain is LOCKED to transfer." (.tr).
var transferLocked = regexp.MustCompile(`(?i)\btransfer\b.*\blocked\b|\blocked\b.*\btransfer\b`)

// rdapStatus gives "client transfer prohibited" of "clientTransferProhibited", "active" of "ok", and likewise what registries call so that
// have words of their own.
func rdapStatus(epp string) string {
	switch lower := strings.ToLower(epp); {
	case lower == "ok":
		return "active"
	case lower == "not delegated" || lower == "deactivated" || lower == "suspended": // .ru, .se, .jp
		return "inactive"
	case lower == "quarantine" || lower == "in quarantine": // .eu and .se, .nl
		return "redemption period"
	case transferLocked.MatchString(epp):
		return "client transfer prohibited"
	}
	if epp == strings.ToUpper(epp) {
		return strings.ToLower(epp)
	}
	spaced, before := new(strings.Builder), ' '
	for _, r := range epp {
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			spaced.WriteByte(' ')
		}
		spaced.WriteRune(unicode.ToLower(r))
		before = r
	}
	return spaced.String()
}

// serverName is the name of a name server, which addresses may follow; empty: it is none.
func serverName(value string) string {
	name := strings.ToLower(strings.TrimSuffix(firstWord(value), "."))
	if !strings.Contains(name, ".") || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return ""
	}
	return name
}

// dateLayouts are how registries write dates. What names no zone is taken as UTC, and a day as its beginning: at most a day too early.
func dateLayouts() []string {
	days := []string{
		"2006-01-02", "2006-Jan-02", "2006/01/02", "2006.01.02", "2006. 01. 02", "02-Jan-2006", "02-01-2006", "2.1.2006",
		"02/01/2006",
		"2 Jan 2006", "2 January 2006", "January 2 2006", "January 2, 2006", "Jan 2 2006",
	}
	all := []string{
		time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z07",
		"2006-01-02 15:04:05-0700",
		"20060102", "20060102150405", "Mon Jan _2 15:04:05 MST 2006", "Mon Jan _2 15:04:05 2006", "Mon Jan _2 2006",
	}
	for _, day := range days {
		all = append(all, day, day+" 15:04:05", day+" 15:04:05 MST", day+" 15:04:05.0")
	}
	return all
}

// firstYear is before any domain was registered: a year before it is something else that was taken for a date.
const firstYear = 1985

func readDate(value string) (time.Time, bool) {
	value, _, _ = strings.Cut(value, "(") // "2026-05-31 (YYYY-MM-DD)"
	value = strings.TrimRight(strings.TrimSpace(value), ".")
	for _, layout := range dateLayouts() {
		if at, err := time.Parse(layout, value); err == nil && at.Year() >= firstYear {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

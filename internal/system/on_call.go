package system

import (
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// An OnCallSchedule says who is on call, and when. What is named in it covers together: a calendar for the day and one for the night,
// a rota and the calendar of those who stand in. Who is called next is another schedule.
type OnCallSchedule struct {
	Name      string         `yaml:"name"` // the value of the label schedule: primary, secondary, …
	Rotas     []Rota         `yaml:"rotas,omitempty"`
	Calendars []Calendar     `yaml:"calendars,omitempty"`
	PagerDuty *PagerDuty     `yaml:"pagerduty,omitempty"`
	Opsgenie  *Opsgenie      `yaml:"opsgenie,omitempty"`
	Grafana   *GrafanaOnCall `yaml:"grafana_oncall,omitempty"`
}

// A Rota is people who take turns.
type Rota struct {
	People []string `yaml:"people"` // in their order
	// Start is when the turn of the first begins, on the clock of the time zone; all others begin at the same time of the day.
	Start    WallTime          `yaml:"start"`
	Length   quantity.Duration `yaml:"length"`              // of a turn: 7d
	TimeZone string            `yaml:"time_zone,omitempty"` // as IANA names it: Europe/Berlin; default: UTC
	// Overrides are those who stand in for whoever has the turn.
	Overrides []RotaOverride `yaml:"overrides,omitempty"`
}

// A RotaOverride is a person who stands in.
type RotaOverride struct {
	Person string   `yaml:"person"`
	From   WallTime `yaml:"from"` // on the clock of the rota's time zone
	Until  WallTime `yaml:"until"`
}

// A Calendar is one in the form of iCalendar, whose events are shifts. It is in a file of this machine, or at an address. Exactly one of
// path and url_file is set.
type Calendar struct {
	Path string `yaml:"path,omitempty"`
	// URLFile is a file that holds the address, since whoever knows a private one reads the calendar: it is shown nowhere.
	URLFile string `yaml:"url_file,omitempty"`
	// TimeZone is that of days and times of which the calendar does not say it, as IANA names it; default: that of the calendar, or UTC.
	TimeZone string `yaml:"time_zone,omitempty"`
	// CAFile is a PEM file of the authorities that may sign for the address; default: the public ones.
	CAFile          string     `yaml:"ca_file,omitempty"`
	BearerTokenFile string     `yaml:"bearer_token_file,omitempty"` // a file that holds the token to log in with
	BasicAuth       *BasicAuth `yaml:"basic_auth,omitempty"`        // a name and a password to log in with
}

// A PagerDuty schedule.
type PagerDuty struct {
	Schedule  string `yaml:"schedule"`          // its id, which is in its address: PI7DH85
	TokenFile string `yaml:"token_file"`        // a file that holds an API key, which may be read-only
	URL       string `yaml:"url,omitempty"`     // of the API; default: https://api.pagerduty.com
	CAFile    string `yaml:"ca_file,omitempty"` // a PEM file of the authorities that may sign for it; default: the public ones
}

// An Opsgenie schedule.
type Opsgenie struct {
	Schedule  string `yaml:"schedule"`          // its id, or its name
	TokenFile string `yaml:"token_file"`        // a file that holds the key of an API integration, which may be read-only
	URL       string `yaml:"url,omitempty"`     // of the API; default: https://api.opsgenie.com
	CAFile    string `yaml:"ca_file,omitempty"` // a PEM file of the authorities that may sign for it; default: the public ones
}

// A GrafanaOnCall schedule.
type GrafanaOnCall struct {
	Schedule   string `yaml:"schedule"`              // its id, which is in its address: SBM7DV7BKFUYU
	TokenFile  string `yaml:"token_file"`            // a file that holds an API token
	URL        string `yaml:"url"`                   // of the API, without /api/v1: https://oncall-prod-eu-west-0.grafana.net/oncall
	GrafanaURL string `yaml:"grafana_url,omitempty"` // of the Grafana that a token of a service account is from
	CAFile     string `yaml:"ca_file,omitempty"`     // a PEM file of the authorities that may sign for it; default: the public ones
}

// A WallTime is what a clock on a wall shows, written as 2006-01-02 15:04. It is a moment only in a time zone.
type WallTime struct {
	// Shown is the moment at which a clock of UTC shows the same.
	Shown time.Time
}

const wallTime = "2006-01-02 15:04"

// UnmarshalText reads a time; the error names what was expected.
func (w *WallTime) UnmarshalText(text []byte) error {
	parsed, err := time.Parse(wallTime, strings.Replace(string(text), "T", " ", 1))
	if err != nil {
		return mistake.Errorf("%q is no time: expected one such as %s", mistake.Clip(text), wallTime)
	}
	w.Shown = parsed
	return nil
}

// MarshalText writes the time as UnmarshalText reads it.
func (w WallTime) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

func (w WallTime) String() string { return w.Shown.Format(wallTime) }

func (s OnCallSchedule) identity() (string, string) { return "on_call", s.Name }

func (s OnCallSchedule) validate(list *mistake.List, at []any) {
	checkName(list, mistake.At(at, "name"), "name", s.Name)
	if len(s.Rotas) == 0 && len(s.Calendars) == 0 && s.PagerDuty == nil && s.Opsgenie == nil && s.Grafana == nil {
		list.Add(at, "expected at least one of rotas, calendars, pagerduty, opsgenie and grafana_oncall")
	}
	for i, rota := range s.Rotas {
		rota.validate(list, mistake.At(at, "rotas", i))
	}
	for i, calendar := range s.Calendars {
		calendar.validate(list, mistake.At(at, "calendars", i))
	}
	if p := s.PagerDuty; p != nil {
		validatePager(list, mistake.At(at, "pagerduty"), p.Schedule, p.TokenFile, p.URL, p.CAFile)
	}
	if o := s.Opsgenie; o != nil {
		validatePager(list, mistake.At(at, "opsgenie"), o.Schedule, o.TokenFile, o.URL, o.CAFile)
	}
	if g := s.Grafana; g != nil {
		at := mistake.At(at, "grafana_oncall")
		validatePager(list, at, g.Schedule, g.TokenFile, g.URL, g.CAFile)
		if g.URL == "" {
			list.Add(at, "url is missing: say where the API is")
		}
		CheckLink(list, mistake.At(at, "grafana_url"), "grafana_url", g.GrafanaURL)
	}
}

// shortestTurn and longestTurn bound the turns of a rota.
const (
	shortestTurn = quantity.Duration(time.Hour)
	longestTurn  = quantity.Duration(366 * 24 * time.Hour)
)

func (r Rota) validate(list *mistake.List, at []any) {
	if len(r.People) == 0 {
		list.Add(mistake.At(at, "people"), "people is missing: say who takes turns")
	}
	for i, person := range r.People {
		checkPerson(list, mistake.At(at, "people", i), person)
	}
	if r.Start.Shown.IsZero() {
		list.Add(at, "start is missing: say when the turn of the first begins, such as 2006-01-02 15:04")
	}
	switch {
	case r.Length == 0:
		list.Add(at, "length is missing: say how long a turn is, such as 7d")
	case r.Length < shortestTurn, r.Length > longestTurn, r.Length.Std()%time.Minute != 0:
		list.Add(mistake.At(at, "length"), "length %s: expected whole minutes, from %s to %s", r.Length, shortestTurn, longestTurn)
	}
	checkZone(list, mistake.At(at, "time_zone"), r.TimeZone)
	for i, override := range r.Overrides {
		at := mistake.At(at, "overrides", i)
		checkPerson(list, mistake.At(at, "person"), override.Person)
		if override.From.Shown.IsZero() || override.Until.Shown.IsZero() {
			list.Add(at, "expected both from and until, such as 2006-01-02 15:04")
		} else if !override.Until.Shown.After(override.From.Shown) {
			list.Add(mistake.At(at, "until"), "until %s: expected a time after %s", override.Until, override.From)
		}
	}
}

// checkPerson notes the name of a person who cannot be one.
func checkPerson(list *mistake.List, at []any, name string) {
	requireText(list, at, "person", name, "who it is")
	refusePlaceholder(list, at, "person", name)
}

// checkZone notes a time zone that this machine does not know.
func checkZone(list *mistake.List, at []any, name string) {
	if name == "" {
		return
	}
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		list.Add(at, "time_zone %q: expected a name of IANA, such as Europe/Berlin", name)
	}
}

func (c Calendar) validate(list *mistake.List, at []any) {
	if (c.Path == "") == (c.URLFile == "") {
		list.Add(at, "expected exactly one of path and url_file")
	}
	if c.URLFile == "" && (c.CAFile != "" || c.BearerTokenFile != "" || c.BasicAuth != nil) {
		list.Add(at, "ca_file, bearer_token_file and basic_auth go with url_file")
	}
	checkFile(list, at, "path", c.Path)
	checkFile(list, at, "url_file", c.URLFile)
	checkFile(list, at, "ca_file", c.CAFile)
	checkZone(list, mistake.At(at, "time_zone"), c.TimeZone)
	validateLogin(list, at, c.BearerTokenFile, c.BasicAuth)
}

// validatePager notes what is wrong with how a service that pages is asked.
func validatePager(list *mistake.List, at []any, schedule, tokenFile, address, caFile string) {
	requireText(list, mistake.At(at, "schedule"), "schedule", schedule, "which schedule")
	if tokenFile == "" {
		list.Add(at, "token_file is missing: say which file holds the token")
	}
	checkFile(list, at, "token_file", tokenFile)
	checkFile(list, at, "ca_file", caFile)
	if address == "" {
		return
	}
	if parsed := validateURL(list, at, address, "https://api.example.com"); parsed != nil && parsed.RawQuery != "" {
		list.Add(mistake.At(at, "url"), "url: expected no ? in it")
	}
}

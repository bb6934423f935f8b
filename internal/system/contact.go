package system

import (
	"net/mail"
	"regexp"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/mistake"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
)

// Contacts are who is on call when the system is not ready, for the page that somebody reads at night.
type Contacts struct {
	Primary   *Contact `yaml:"primary,omitempty"`   // who is called first
	Secondary *Contact `yaml:"secondary,omitempty"` // who is called when the first does not answer
	Channel   string   `yaml:"channel,omitempty"`   // where people talk while they fix it: #shop-alerts, or an address
	// Escalation are the levels that follow, in their order, each with the time after which it is called.
	Escalation []EscalationLevel `yaml:"escalation,omitempty"`
}

// A Contact is a person or a rota, and how to reach it: by at least one of phone, email and link.
type Contact struct {
	Name  string `yaml:"name"`            // a person, or a rota
	Phone string `yaml:"phone,omitempty"` // in the international form: +49 30 901820
	Email string `yaml:"email,omitempty"` // one address
	Link  string `yaml:"link,omitempty"`  // of a pager, a rota, a chat: https://…
}

// An EscalationLevel is who is called when those before have not helped in time.
type EscalationLevel struct {
	After quantity.Duration `yaml:"after"` // since the beginning: 30m
	Call  Contact           `yaml:"call"`
}

// Declared tells whether there is anybody to call.
func (c Contacts) Declared() bool {
	return c.Primary != nil || c.Secondary != nil || c.Channel != "" || len(c.Escalation) > 0
}

func (c Contacts) validate(list *mistake.List, path []any) {
	if c.Primary != nil {
		c.Primary.validate(list, mistake.At(path, "primary"))
	}
	if c.Secondary != nil {
		c.Secondary.validate(list, mistake.At(path, "secondary"))
		if c.Primary == nil {
			list.Add(mistake.At(path, "secondary"), "secondary goes with primary")
		}
	}
	refusePlaceholder(list, mistake.At(path, "channel"), "channel", c.Channel)
	var previous quantity.Duration
	for i, level := range c.Escalation {
		at := mistake.At(path, "escalation", i)
		level.Call.validate(list, mistake.At(at, "call"))
		if level.After <= previous {
			list.Add(mistake.At(at, "after"), "after %s: expected more than %s, of the level before", level.After, previous)
		}
		previous = max(previous, level.After)
	}
}

func (c Contact) validate(list *mistake.List, path []any) {
	requireText(list, mistake.At(path, "name"), "name", c.Name, "who is called")
	if c.Phone == "" && c.Email == "" && c.Link == "" {
		list.Add(path, "expected at least one of phone, email and link")
	}
	refusePlaceholder(list, mistake.At(path, "name"), "name", c.Name)
	switch {
	case c.Phone == "" || refusePlaceholder(list, mistake.At(path, "phone"), "phone", c.Phone):
	case !validPhone.MatchString(c.Phone):
		list.Add(mistake.At(path, "phone"), "phone %q: expected the international form, such as +49 30 901820", c.Phone)
	}
	if c.Email != "" && !refusePlaceholder(list, mistake.At(path, "email"), "email", c.Email) {
		if parsed, err := mail.ParseAddress(c.Email); err != nil || parsed.Address != c.Email {
			list.Add(mistake.At(path, "email"), "email %q: expected one address", c.Email)
		}
	}
	if c.Link != "" && !refusePlaceholder(list, mistake.At(path, "link"), "link", c.Link) {
		CheckLink(list, mistake.At(path, "link"), "link", c.Link, "mailto")
	}
}

// validPhone is E.164 with what people put between the digits. https://www.itu.int/rec/T-REC-E.164
var validPhone = regexp.MustCompile(`^\+[1-9]([ ./()-]*[0-9]){6,14}$`)

// placeholder is what people leave in place of what they meant to find out: words, brackets to be filled in, domains and
// numbers that are kept for examples (RFC 2606, RFC 6761; 555-0100 to 555-0199, +1-555), digits that are all the same.
var placeholder = regexp.MustCompile(strings.Join([]string{
	`(?i:\b(tbd|tba|todo|fixme|xxx+|change[-_ ]?me|placeholder|dummy|your[-_ ].+|somebody|someone|n/?a|none|unknown)\b)`,
	`^(<.*>|\[.*\]|\{\{?.*\}\}?|\$\{?\w+\}?|\?+|-+|_+|\.+)$`,
	`(?i:\bexample\.(com|org|net|edu)\b|\.(example|test|invalid)\b|\b(jane|john) (doe|roe)\b)`,
	`555[ .-]?01[0-9]{2}|\+1[ .-]?555`,
	`^\+?(0[ ./()-]*)+$|1234567|(1[ .-]?){7,}|(9[ .-]?){7,}`,
}, "|"))

// refusePlaceholder notes a text that nobody has filled in; it tells whether it did.
func refusePlaceholder(list *mistake.List, path []any, what, text string) bool {
	if !placeholder.MatchString(strings.TrimSpace(text)) {
		return false
	}
	list.Add(path, "%s %q is a placeholder: nobody could be reached by it", what, text)
	return true
}

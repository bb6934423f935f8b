package secret

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// longest is how much of a credential is looked at closely: what is longer is guessed by nobody.
const longest = 64

// Judge reduces a value to a verdict. A file of assignments (KEY=VALUE) gives one for each, by its own key; other values of
// several lines say nothing.
func Judge(key, value string) []fact.ConfiguredValue {
	value = strings.TrimSpace(value)
	if !strings.Contains(value, "\n") {
		return []fact.ConfiguredValue{judge(key, value)}
	}
	if !strings.HasSuffix(key, ".env") && !strings.HasSuffix(key, ".properties") {
		return nil
	}
	var all []fact.ConfiguredValue
	for _, each := range Assignments(value) {
		all = append(all, judge(each.Key, each.Value))
	}
	return all
}

// An Assignment is one line of a file of assignments.
type Assignment struct{ Key, Value string }

// Assignments reads a file of assignments, KEY=VALUE, one a line, with or without export and quotes.
func Assignments(text string) (all []Assignment) {
	for line := range strings.Lines(text) {
		name, assigned, is := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "export "), "=")
		if name = strings.TrimSpace(name); is && name != "" && !strings.HasPrefix(name, "#") {
			all = append(all, Assignment{name, strings.Trim(strings.TrimSpace(assigned), `"'`)})
		}
	}
	return all
}

func judge(key, value string) fact.ConfiguredValue {
	verdict := fact.ConfiguredValue{Key: key, Placeholder: placeholder.MatchString(value), Development: development(key, value)}
	credential, is := Credential(key, value)
	verdict.Credential = is
	if !verdict.Credential {
		return verdict
	}
	verdict.Placeholder = verdict.Placeholder || placeholder.MatchString(credential)
	for _, class := range fact.LengthClasses() {
		if utf8.RuneCountInString(credential) >= class {
			verdict.AtLeast = class
		}
	}
	verdict.Strength = 4
	if verdict.AtLeast < longest {
		verdict.Strength = zxcvbn.PasswordStrength(credential, nil).Score
	}
	return verdict
}

// placeholder tells values that stand for one that nobody has put in.
var placeholder = regexp.MustCompile(
	`(?i)^(change[-_ ]?(me|it|this).*|to[-_ ]?do|tbd|fix[-_ ]?me|place[-_ ]?holder|dummy|replace[-_ ]?(me|with).*|x{3,}` +
		`|<.+>|\{\{.+\}\}|your[-_ ].+|(insert|enter|put|add|paste|type)[-_ ].+[-_ ]here|undefined|\[object object\]|\[?redacted\]?|\*{3,}` +
		`|(?-i:__[A-Z0-9]+(_[A-Z0-9]+)*__)|@@[a-z0-9_.-]+@@|#\{[^{}]+\}#?)$`,
)

// Unfilled tells a value that is nothing but a variable: $(PASSWORD), ${PASSWORD}, %PASSWORD%. In the environment of a container it
// may be filled in; in a Secret whoever should have filled it in did not.
func Unfilled(value string) bool {
	value = strings.TrimSpace(value)
	return value != "" && variable.FindString(value) == value
}

// Signs of a value that is not one of production.
var (
	environmentKey = regexp.MustCompile(
		`(?i)^((app|node|rails|rack|django|flask|deploy|deployment|go|symfony|laravel|spring)_)?(env|environment|stage)$` +
			`|^ASPNETCORE_ENVIRONMENT$|^SPRING_PROFILES_ACTIVE$`,
	)
	production = regexp.MustCompile(`(?i)^(prod|production|live|prd)([-_,].*)?$`)
	debugKey   = regexp.MustCompile(`(?i)^((app|django|flask|wp)_)?debug$`)
	local      = regexp.MustCompile(`(?i)(^|[/@,= ])(localhost|127\.0\.0\.1|\[::1\])(:\d+)?($|[/,? ])`)
	testKey    = regexp.MustCompile(`^(sk|pk|rk)_test_|^AKIA[A-Z0-9]*EXAMPLE$|^whsec_test`)
	sandbox    = regexp.MustCompile(`(?i)://([^/]*[.-])?(sandbox|staging)[.-]`)
)

// development says in words why a value is not one of production; empty where nothing says so.
func development(key, value string) string {
	switch {
	case environmentKey.MatchString(key) && value != "" && !production.MatchString(value):
		return "the environment is not production"
	case debugKey.MatchString(key) && on(value):
		return "debugging is on"
	case local.MatchString(value):
		return "it leads to the machine itself"
	case testKey.MatchString(value):
		return "it is a key for tests"
	case sandbox.MatchString(value):
		return "it leads to a sandbox or staging"
	default:
		return ""
	}
}

func on(value string) bool {
	switch strings.ToLower(value) {
	case "1", "true", "yes", "on":
		return true
	default:
		return false
	}
}

package sshd

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// A user is one who can log in.
type user struct {
	name   string
	groups []string
}

// A connection is one of which it is known who it is, and which other criteria hold: the condition, and no other.
type connection struct {
	user
	condition string
}

// holds tells whether all conditions of a directive hold for a connection.
func (c connection) holds(conditions []match) bool {
	return !slices.ContainsFunc(conditions, func(m match) bool {
		return m.never || !c.isUser(m.users) || !c.isInGroup(m.groups) || len(m.other) > 0 && m.condition() != c.condition
	})
}

func (c connection) isUser(lists []string) bool {
	return !slices.ContainsFunc(lists, func(list string) bool { return matchList(c.name, list) != matched })
}

// isInGroup tells whether one of the groups is on each list, and none is excluded by it.
func (c connection) isInGroup(lists []string) bool {
	return !slices.ContainsFunc(lists, func(list string) bool {
		found := false
		for _, group := range c.groups {
			switch matchList(group, list) {
			case excluded:
				return true
			case matched:
				found = true
			}
		}
		return !found
	})
}

// condition is the text of the criteria that no user decides.
func (m match) condition() string { return strings.Join(m.other, " ") }

// What a list of patterns says of a name.
const (
	unmatched = iota
	matched
	excluded // by a pattern with an exclamation mark
)

// matchList matches a name with a list of patterns, as match_pattern_list of OpenSSH does.
func matchList(name, list string) int {
	result := unmatched
	for pattern := range strings.SplitSeq(list, ",") {
		positive, negated := strings.CutPrefix(pattern, "!")
		if !matchPattern(name, positive) {
			continue
		}
		if negated {
			return excluded
		}
		result = matched
	}
	return result
}

// matchPattern knows * and ?, and nothing else.
func matchPattern(name, pattern string) bool {
	escaped := strings.NewReplacer(`\`, `\\`, `[`, `\[`).Replace(pattern)
	fits, err := path.Match(escaped, name) // A slash, which * would not match, is in no name.
	return err == nil && fits
}

// A setting is the value of a keyword that takes effect, and where it comes from.
type setting struct{ value, origin string }

// effective gives the value of a keyword for a connection: the first in a Match block that holds, else the first of all that
// is global, else the default.
func effective(directives []directive, keywords []string, standard string, c connection) setting {
	global, found := setting{standard, "by default"}, false
	for i := range directives {
		d := &directives[i]
		if !slices.Contains(keywords, d.keyword) || len(d.arguments) == 0 {
			continue
		}
		value := setting{strings.ToLower(strings.Join(d.arguments, " ")), d.origin}
		switch {
		case len(d.conditions) > 0 && c.holds(d.conditions):
			return value
		case len(d.conditions) == 0 && !found:
			global, found = value, true
		}
	}
	return global
}

// A switchable is a method of authentication with the keyword that turns it on.
type switchable struct {
	method, keyword string
	keywords        []string // all its names, in lower case
	standard        string
}

func switchables() []switchable {
	return []switchable{
		{"publickey", "PubkeyAuthentication", []string{"pubkeyauthentication"}, "yes"},
		{"password", "PasswordAuthentication", []string{"passwordauthentication"}, "yes"},
		{
			"keyboard-interactive", "KbdInteractiveAuthentication",
			[]string{"kbdinteractiveauthentication", "challengeresponseauthentication", "skeyauthentication"}, "yes",
		},
		{"gssapi-with-mic", "GSSAPIAuthentication", []string{"gssapiauthentication"}, "no"},
		{"hostbased", "HostbasedAuthentication", []string{"hostbasedauthentication"}, "no"},
	}
}

// methods gives what is offered first on a connection, or alone: of AuthenticationMethods, the first of each list.
func methods(directives []directive, c connection) (offered []fact.SSHMethod) {
	first := make(map[string]bool)
	for list := range strings.FieldsSeq(effective(directives, []string{"authenticationmethods"}, "any", c).value) {
		method, _, _ := strings.Cut(list, ",")
		method, _, _ = strings.Cut(method, ":")
		first[method] = true
	}
	needsKey := c.name == "root" && rootLogin(directives, c).value != "yes"
	for _, each := range switchables() {
		on := effective(directives, each.keywords, each.standard, c)
		if on.value != "yes" || !first["any"] && !first[each.method] || needsKey && fact.TakesPasswords(each.method) {
			continue
		}
		offered = append(offered, fact.SSHMethod{Name: each.method, Origin: each.keyword + " yes, " + on.origin})
	}
	return offered
}

// rootLoginKeyword is PermitRootLogin in lower case.
const rootLoginKeyword = "permitrootlogin"

// rootLogin gives the value of PermitRootLogin.
func rootLogin(directives []directive, c connection) setting {
	value := effective(directives, []string{rootLoginKeyword}, "prohibit-password", c)
	if value.value == "without-password" {
		value.value = "prohibit-password"
	}
	return value
}

// conditions are those of which each is to be tried alone: of all Match blocks, and none.
func conditions(directives []directive) []string {
	all := map[string]bool{"": true}
	for i := range directives {
		for _, m := range directives[i].conditions {
			all[m.condition()] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// logins gives what is offered to each user, under each condition under which that is something else.
func logins(directives []directive, users []user) (all []fact.SSHLogin) {
	usual := make(map[string][]fact.SSHMethod)
	for _, condition := range conditions(directives) {
		for _, u := range users {
			offered := methods(directives, connection{u, condition})
			if condition == "" {
				usual[u.name] = offered
			} else if slices.Equal(usual[u.name], offered) {
				continue
			}
			same := func(l fact.SSHLogin) bool { return l.Condition == condition && slices.Equal(l.Methods, offered) }
			if i := slices.IndexFunc(all, same); i >= 0 {
				all[i].Users = append(all[i].Users, u.name)
			} else {
				all = append(all, fact.SSHLogin{Users: []string{u.name}, Condition: condition, Methods: offered})
			}
		}
	}
	return all
}

// rootLogins gives whether root can log in, under each condition under which that is something else.
func rootLogins(directives []directive, root user) (all []fact.SSHRootLogin) {
	for _, condition := range conditions(directives) {
		value := rootLogin(directives, connection{root, condition})
		origin := "PermitRootLogin " + value.value + ", " + value.origin
		if len(all) == 0 || all[0].Origin != origin {
			all = append(all, fact.SSHRootLogin{Value: value.value, Condition: condition, Origin: origin})
		}
	}
	return all
}

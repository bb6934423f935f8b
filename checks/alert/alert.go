// Package alert judges the alerting rules that Prometheus has loaded, and what people have written for whoever they call.
package alert

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A selection says which rules an item is about: by labels that the rule itself sets, as name=value, and by names of groups, in which *
// stands for anything. Without any it is about all.
type selection struct{ match, groups []string }

// validate wants labels with values, and patterns that can match.
func (s selection) validate() error {
	for _, each := range s.match {
		if name, value, is := strings.Cut(each, "="); !is || strings.TrimSpace(name) == "" || strings.TrimSpace(value) == "" {
			return check.Wrong("match", "%q: expected a label and its value, such as team=shop", each)
		}
	}
	for _, each := range s.groups {
		if _, err := path.Match(each, ""); err != nil || strings.TrimSpace(each) == "" {
			return check.Wrong("groups", "%q: expected the name of a group, or a pattern such as shop-*", each)
		}
	}
	return nil
}

// concerns tells whether an item is about a rule of a group.
func (s selection) concerns(group *fact.RuleGroup, rule *fact.AlertRule) bool {
	named := len(s.groups) == 0 || slices.ContainsFunc(s.groups, func(pattern string) bool {
		// Names of groups have slashes in them, which * of patterns of files does not stand for.
		same, err := path.Match(strings.ReplaceAll(pattern, "/", "\x00"), strings.ReplaceAll(group.Name, "/", "\x00"))
		return err == nil && same
	})
	return named && !slices.ContainsFunc(s.match, func(each string) bool {
		name, value, _ := strings.Cut(each, "=")
		return rule.Label(strings.TrimSpace(name)) != strings.TrimSpace(value)
	})
}

// A loaded is a rule where it is loaded.
type loaded struct {
	prometheus string
	group      *fact.RuleGroup
	rule       *fact.AlertRule
}

// subject names a rule: several can have one name, in different groups.
func (l loaded) subject() string { return l.of(l.rule.Name) }

// of names something of the group of a rule.
func (l loaded) of(name string) string {
	if name == "" {
		return l.prometheus + "/" + l.group.Name
	}
	return l.prometheus + "/" + l.group.Name + "/" + name
}

// rules are those that an item is about, in the order of servers.
func (s selection) rules(all []*fact.AlertRules) (rules []loaded) {
	for _, server := range all {
		for i := range server.Groups {
			group := &server.Groups[i]
			for k := range group.Rules {
				if s.concerns(group, &group.Rules[k]) {
					rules = append(rules, loaded{server.Prometheus, group, &group.Rules[k]})
				}
			}
		}
	}
	return rules
}

// A report has problems, one of a reason on each subject: several rules of a group can have one name.
type report struct {
	problems []check.Problem
	at       map[[2]string]int
}

// add adds a problem. Of two of one reason on one subject that is kept whose detail comes first, whatever their order.
func (r *report) add(reason check.Reason, subject, format string, arguments ...any) {
	if r.at == nil {
		r.at = make(map[[2]string]int)
	}
	key, problem := [2]string{reason.Name, subject}, reason.On(subject, fmt.Sprintf(format, arguments...))
	at, there := r.at[key]
	switch {
	case !there:
		r.at[key] = len(r.problems)
		r.problems = append(r.problems, problem)
	case problem.Detail < r.problems[at].Detail:
		r.problems[at] = problem
	}
}

// noRule is the reason that there is no rule that an item is about.
func noRule(level check.Status) check.Reason {
	return check.Reason{
		Name: "no_rule", Level: level, Sentence: "No alerting rule is loaded that the item is about.", Absence: true,
		Remedy: "Load rules under rule_files of Prometheus, or correct match, groups and severities of the item.",
	}
}

// noRuleOf says that no rule has one of the severities, by the label that has it.
func noRuleOf(reason check.Reason, label string, severities []string, all []*fact.AlertRules) []check.Problem {
	return []check.Problem{reason.Problem(fmt.Sprintf("No alerting rule whose %s is %s is loaded at %s.",
		label, strings.Join(severities, " or "), serversOf(all)))}
}

// isOneOf tells whether a severity is one of those that an item is about, in any case.
func isOneOf(severities []string, severity string) bool {
	return slices.ContainsFunc(severities, func(each string) bool { return strings.EqualFold(each, severity) })
}

// declare says where the rules come from.
const declare = "Declare the Prometheus, or the ruler of Thanos, Mimir or Cortex, that evaluates the rules under prometheus in the " +
	"system description."

// declaresRules tells whether there is a server that is asked for its rules.
func declaresRules(s *system.System) bool {
	return slices.ContainsFunc(s.Prometheus, func(p system.Prometheus) bool { return !p.QueriesOnly })
}

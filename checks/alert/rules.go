package alert

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// RulesParameters say which rules an item is about, and when a group is late.
type RulesParameters struct {
	// Match are labels that a rule itself sets, each as name=value, such as team=shop. Default: all rules.
	Match []string `yaml:"match"`
	// Groups are names of rule groups, in which * stands for anything, such as shop-*. Default: all groups.
	Groups []string `yaml:"groups"`
	// StalledIntervals is how many intervals ago a group may have been evaluated, and at least a minute.
	StalledIntervals quantity.Count `yaml:"stalled_intervals"`
	// NearRatio is the share of its interval that evaluating a group may take before that is a warning.
	NearRatio quantity.Ratio `yaml:"near_ratio"`
}

// Validate wants a number of intervals that a healthy group keeps to.
func (p RulesParameters) Validate() error {
	if p.StalledIntervals < 2 {
		return check.Wrong("stalled_intervals", "expected at least 2: the next evaluation is due after one")
	}
	return p.selection().validate()
}

func (p RulesParameters) selection() selection { return selection{p.Match, p.Groups} }

// ruleReasons are those of Rules.
type ruleReasons struct{ none, failing, pending, noData, paused, slow, near, stalled, missing check.Reason }

func (r ruleReasons) list() []check.Reason {
	return []check.Reason{r.failing, r.pending, r.noData, r.paused, r.slow, r.near, r.stalled, r.missing}
}

// Rules wants alerting rules to be loaded, to be evaluated without an error and in time, and to be the same in replicas.
func Rules() check.Kind[RulesParameters] {
	const faster = "Make the expressions cheaper, by recording rules for what several of them compute, or evaluate the group less often."
	reasons := ruleReasons{
		none: noRule(check.Fail),
		failing: check.Reason{
			Name: "rule_failing", Level: check.Fail, Sentence: "The last evaluation of a rule failed, so that it cannot fire.",
			Remedy: "Evaluate its expression in Prometheus, and correct it or what it is about.",
		},
		pending: check.Reason{
			Name: "not_evaluated", Level: check.Unknown, Sentence: "A rule has not been evaluated yet, or nobody can tell.",
			Remedy: "Wait for an interval of its group. If it is not evaluated then, find out why in the log of the server.",
		},
		noData: check.Reason{
			Name: "no_data", Level: check.Warn, Sentence: "There is no data for what a rule is about.",
			Remedy: "Have collected what the rule is about, or remove the rule.",
		},
		paused: check.Reason{
			Name: "rule_paused", Level: check.Warn, Sentence: "A rule is paused, so that it cannot fire.",
			Remedy: "Resume the rule, or remove it.",
		},
		slow: check.Reason{
			Name: "group_slow", Level: check.Fail, Remedy: faster,
			Sentence: "Evaluating a group takes longer than its interval, so that evaluations are skipped.",
		},
		near: check.Reason{
			Name: "group_nearly_slow", Level: check.Warn, Sentence: "Evaluating a group takes nearly as long as its interval.", Remedy: faster,
		},
		stalled: check.Reason{
			Name: "group_stalled", Level: check.Fail, Sentence: "A group has not been evaluated for several intervals.",
			Remedy: "Find out in the log of the server why it evaluates its rules no more, and restart it.",
		},
		missing: check.Reason{
			Name: "rule_missing", Level: check.Fail, Sentence: "Only one of two replicas has a rule.", Absence: true,
			Remedy: "Give both replicas the same rule files, and have both read them again.",
		},
	}
	return check.Kind[RulesParameters]{
		Name: "alert_rules",
		Summary: "Alerting rules are loaded, their last evaluation went without an error, in time and within the interval of their group, and " +
			"replicas have the same.",
		Remedy:  "Correct the rules, and load them.",
		Reasons: reasons.list(),
		Defaults: RulesParameters{
			StalledIntervals: 4, NearRatio: 0.8,
		},
		Over:      []check.Quantified[RulesParameters]{check.AllOf(fact.AllAlertRules(), reasons.judge)},
		WhenEmpty: reasons.none,
		Declared:  func(s *system.System, _ RulesParameters) bool { return declaresRules(s) },
		Declare:   declare,
	}
}

func (r ruleReasons) judge(c check.Context, all []*fact.AlertRules, p RulesParameters) []check.Problem {
	rules := p.selection().rules(all)
	if len(rules) == 0 {
		if len(all) == 0 {
			return nil
		}
		return []check.Problem{r.none.Problem(fmt.Sprintf("No alerting rule that the item is about is loaded at %s.", serversOf(all)))}
	}
	var found report
	for _, each := range rules {
		r.health(&found, each)
		r.timing(&found, each, p)
	}
	r.replicas(&found, c.System, all, p)
	return found.problems
}

// serversOf names servers in order.
func serversOf(all []*fact.AlertRules) string {
	names := make([]string, len(all))
	for i, server := range all {
		names[i] = server.Prometheus
	}
	slices.Sort(names)
	return words.List(slices.Compact(names))
}

// health judges how the last evaluation of a rule went.
func (r ruleReasons) health(found *report, of loaded) {
	switch {
	case of.rule.Paused:
		found.add(r.paused, of.subject(), "The rule %s of the group %s is paused at %s.", of.rule.Name, of.group.Name, of.prometheus)
	case of.rule.Health == fact.RuleError:
		because := ""
		if of.rule.Error != "" {
			because = ": " + strings.TrimRight(of.rule.Error, ".")
		}
		found.add(r.failing, of.subject(), "The last evaluation of the rule %s of the group %s at %s failed%s.",
			of.rule.Name, of.group.Name, of.prometheus, because)
	case of.rule.Health == fact.RuleNoData:
		found.add(r.noData, of.subject(), "The rule %s of the group %s at %s finds no data.", of.rule.Name, of.group.Name, of.prometheus)
	case of.rule.Health != fact.RuleOK && of.rule.Reported != "":
		found.add(r.pending, of.subject(), "The server %s reports the health of the rule %s of the group %s as %q, which is not known.",
			of.prometheus, of.rule.Name, of.group.Name, of.rule.Reported)
	case of.rule.Health != fact.RuleOK, of.group.LastEvaluation.IsZero():
		found.add(r.pending, of.subject(), "The rule %s of the group %s at %s has not been evaluated yet.",
			of.rule.Name, of.group.Name, of.prometheus)
	}
}

// leastStalled is for how long the evaluation of a group must be overdue, however short its interval is.
const leastStalled = time.Minute

// timing judges how long evaluating the group of a rule takes, and when it was evaluated last.
func (r ruleReasons) timing(found *report, of loaded, p RulesParameters) {
	every, took := of.group.Every(), of.group.Duration
	switch {
	case took > every:
		found.add(r.slow, of.of(""), "Evaluating the group %s at %s took %s (interval %s).",
			of.group.Name, of.prometheus, rounded(took), quantity.Duration(every))
	case took > time.Duration(float64(every)*float64(p.NearRatio)):
		found.add(r.near, of.of(""), "Evaluating the group %s at %s took %s (interval %s, warning at %.0f %%).",
			of.group.Name, of.prometheus, rounded(took), quantity.Duration(every), 100*float64(p.NearRatio))
	}
	limit := max(leastStalled, time.Duration(min(float64(every)*float64(p.StalledIntervals-1), float64(1<<62))))
	if of.group.Overdue > limit && !of.rule.Paused {
		found.add(r.stalled, of.of(""), "The group %s at %s was last evaluated at %s, and its evaluation is overdue by %s (interval %s).",
			of.group.Name, of.prometheus, words.Moment(of.group.LastEvaluation), quantity.InWords(of.group.Overdue), quantity.Duration(every))
	}
}

// rounded is a length of time as people read it.
func rounded(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// replicas compares servers that must have the same rules.
func (r ruleReasons) replicas(found *report, s *system.System, all []*fact.AlertRules, p RulesParameters) {
	for _, declared := range s.Prometheus {
		if declared.ReplicaOf == "" {
			continue
		}
		one, has := identities(all, declared.ReplicaOf, p)
		other, hasOther := identities(all, declared.Name, p)
		if !has || !hasOther {
			continue // What is unavailable is reported.
		}
		r.differ(found, one, other, declared.Name)
		r.differ(found, other, one, declared.ReplicaOf)
	}
}

// differ reports the rules of one server that another does not have.
func (r ruleReasons) differ(found *report, has map[string]loaded, lacks map[string]loaded, server string) {
	for _, identity := range sortedKeys(has) {
		if _, there := lacks[identity]; !there {
			each := has[identity]
			found.add(r.missing, loaded{server, each.group, each.rule}.subject(),
				"The rule %s of the group %s is loaded at %s and not at %s, which are replicas.",
				each.rule.Name, each.group.Name, each.prometheus, server)
		}
	}
}

// identities are the rules of a server by what they are called; whether it was collected as a whole is not told.
func identities(all []*fact.AlertRules, server string, p RulesParameters) (of map[string]loaded, collected bool) {
	of = make(map[string]loaded)
	for _, each := range all {
		if each.Prometheus != server {
			continue
		}
		collected = true
		for _, rule := range p.selection().rules([]*fact.AlertRules{each}) {
			identity := []string{rule.group.Name, rule.rule.Name}
			for _, label := range rule.rule.Labels {
				identity = append(identity, label.Name, label.Value)
			}
			of[strings.Join(identity, "\x00")] = rule
		}
	}
	return of, collected
}

func sortedKeys(of map[string]loaded) []string {
	keys := make([]string, 0, len(of))
	for key := range of {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

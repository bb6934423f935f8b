package fact

import (
	"iter"
	"strings"
	"time"
)

// AlertRules are the alerting rules that one Prometheus has loaded, or another server that speaks its API.
type AlertRules struct {
	Prometheus string `json:"prometheus"` // the name under which it is declared
	// Groups are those that have alerting rules, in the order of their files and names.
	Groups []RuleGroup `json:"groups"`
}

// A RuleGroup is one whose rules are evaluated together.
type RuleGroup struct {
	File string `json:"file"` // of Mimir, Cortex and Grafana: the namespace or folder
	Name string `json:"name"`
	// Interval is how often it is evaluated; zero: as often as the server does by default, which it does not report.
	Interval time.Duration `json:"interval"`
	// Duration is how long the last evaluation of all rules of the group took, recording rules included.
	Duration time.Duration `json:"duration"`
	// LastEvaluation is when that began; zero: it has not been evaluated yet.
	LastEvaluation time.Time `json:"last_evaluation,omitzero"`
	// Overdue is for how long the next evaluation had been due when the rules were collected, by the server's own clock.
	Overdue time.Duration `json:"overdue,omitempty"`
	Rules   []AlertRule   `json:"rules"` // in their order
}

// DefaultRuleInterval is how often groups are evaluated whose server does not report it: the default of Prometheus, Thanos, Cortex and
// Mimir.
const DefaultRuleInterval = time.Minute

// Every is how often the group is evaluated.
func (g *RuleGroup) Every() time.Duration {
	if g.Interval <= 0 {
		return DefaultRuleInterval
	}
	return g.Interval
}

// An AlertRule is one alerting rule.
type AlertRule struct {
	Name        string           `json:"name"`
	Labels      []RuleLabel      `json:"labels"` // that the rule itself sets, in the order of their names
	Annotations []RuleAnnotation `json:"annotations"`
	Health      RuleHealth       `json:"health"`
	// Reported is what the server calls the health, where that is none of those known.
	Reported string `json:"reported,omitempty"`
	Error    string `json:"error,omitempty"` // of the last evaluation
	State    string `json:"state"`           // inactive, pending or firing; of servers that have more: theirs
	// For is how long the expression must hold before the alert fires.
	For            time.Duration `json:"for"`
	LastEvaluation time.Time     `json:"last_evaluation,omitzero"`
	Paused         bool          `json:"paused,omitempty"` // somebody has told the server not to evaluate it (Grafana)
}

// A RuleLabel is a label that a rule sets on its alerts; its value can be a template.
type RuleLabel struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A RuleAnnotation is an annotation of a rule, as it stands in the rule: templates are not expanded.
type RuleAnnotation struct {
	Name string `json:"name"`
	// Text is the beginning of its value, without what could be a secret in a URL.
	Text string `json:"text"`
	// Page tells the page that it leads to from others, for RunbookPage; empty: it is no address of one.
	Page string `json:"page,omitempty"`
	// Template: what it is depends on the alert.
	Template bool `json:"template,omitempty"`
	// Fault is why it leads nowhere although it is no template, as the rest of a sentence: "it has no https:// at its beginning".
	Fault string `json:"fault,omitempty"`
}

// Label is the value of a label that the rule sets; empty: it sets none.
func (r *AlertRule) Label(name string) string {
	if name == "alertname" {
		return r.Name
	}
	for _, label := range r.Labels {
		if label.Name == name {
			return label.Value
		}
	}
	return ""
}

// Annotation gives the first of these annotations in which something stands, rather one that leads to a page; nil: none has anything.
func (r *AlertRule) Annotation(names []string) (found *RuleAnnotation) {
	for _, name := range names {
		for i := range r.Annotations {
			each := &r.Annotations[i]
			switch {
			case each.Name != name || strings.TrimSpace(each.Text) == "":
			case each.Page != "":
				return each
			case found == nil:
				found = each
			}
		}
	}
	return found
}

// A RuleHealth says how the last evaluation of a rule went.
type RuleHealth string

// What a rule can be, as servers report it.
const (
	RuleOK      RuleHealth = "ok"
	RuleError   RuleHealth = "err"
	RuleNoData  RuleHealth = "no_data" // it was evaluated, and nothing that it is about has any data (Grafana, VictoriaMetrics)
	RuleUnknown RuleHealth = "unknown" // it has not been evaluated yet, or the server reports something that is not known here
)

// AllAlertRules describes the facts of alerting rules. A rule has no series of its own: Prometheus has them.
func AllAlertRules() *Kind[AlertRules] {
	return &Kind[AlertRules]{
		Name:    "alert_rules",
		Help:    "The alerting rules that a declared Prometheus has loaded, with their groups and how their last evaluation went.",
		Subject: func(a *AlertRules) string { return a.Prometheus },
		Labels:  []Label[AlertRules]{{Name: "prometheus", Value: func(a *AlertRules) string { return a.Prometheus }}},
		Gauges: []Gauge[AlertRules]{{
			Name:   "alert_rules",
			Help:   "How many alerting rules the server has loaded, by how their last evaluation went; only what there is.",
			By:     "health",
			Values: (*AlertRules).byHealth,
		}},
	}
}

func (a *AlertRules) byHealth() iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		counts := make(map[RuleHealth]int)
		for i := range a.Groups {
			for k := range a.Groups[i].Rules {
				counts[a.Groups[i].Rules[k].Health]++
			}
		}
		for _, health := range []RuleHealth{RuleOK, RuleError, RuleNoData, RuleUnknown} {
			if counts[health] > 0 && !yield(string(health), float64(counts[health])) {
				return
			}
		}
	}
}

package prometheus

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// longestText is how many bytes of a name or value are kept.
	longestText = 200
	// maximumLabels is how many labels, and how many annotations, of a rule are kept.
	maximumLabels = 50
)

// A ruleGroup is a group as the API lists it: Prometheus, Thanos, Mimir, Cortex, Loki, VictoriaMetrics and Grafana alike.
type ruleGroup struct {
	Name           string  `json:"name"`
	File           string  `json:"file"`
	Interval       seconds `json:"interval"`
	EvaluationTime seconds `json:"evaluationTime"`
	LastEvaluation moment  `json:"lastEvaluation"`
	Rules          []rule  `json:"rules"`
}

// A rule is one as the API lists it.
type rule struct {
	Type           string            `json:"type"`
	Name           string            `json:"name"`
	State          string            `json:"state"`
	Duration       seconds           `json:"duration"`
	Labels         map[string]string `json:"labels"`
	Annotations    map[string]string `json:"annotations"`
	Health         string            `json:"health"`
	LastError      string            `json:"lastError"`
	LastEvaluation moment            `json:"lastEvaluation"`
	Paused         bool              `json:"isPaused"`
}

// seconds are a length of time as the API has it.
type seconds float64

// duration is that length, of a hundred years at most, which is more than any rule takes.
func (s seconds) duration() time.Duration {
	const most = 100 * 365 * 24 * time.Hour
	return time.Duration(min(max(float64(s), 0), most.Seconds()) * float64(time.Second))
}

// A moment is a time as the API has it. What never was is written as the first day of the first year, as nothing, or as the beginning of
// 1970.
type moment struct{ time.Time }

func (m *moment) UnmarshalJSON(text []byte) error {
	read, err := time.Parse(time.RFC3339Nano, strings.Trim(string(text), `"`))
	if err == nil && read.Year() > 1970 {
		m.Time = read.UTC()
	}
	return nil // What is no time has not been yet.
}

// A reader makes facts of what a server lists.
type reader struct {
	redact func(string) string
	// addresses are those of the pages that annotations lead to, by RuleAnnotation.Page.
	addresses map[string]string
}

// group reads a group with its alerting rules, as it was at a time of the server's clock.
func (r reader) group(g *ruleGroup, at time.Time) fact.RuleGroup {
	group := fact.RuleGroup{
		File: words.Printable(g.File, longestText), Name: words.Printable(g.Name, longestText),
		Interval: g.Interval.duration(), Duration: g.EvaluationTime.duration(), LastEvaluation: g.LastEvaluation.Time,
	}
	ofGroup := !group.LastEvaluation.IsZero()
	for i := range g.Rules {
		if g.Rules[i].Type != "alerting" {
			continue
		}
		each := r.rule(&g.Rules[i])
		group.Rules = append(group.Rules, each)
		if !ofGroup && each.LastEvaluation.After(group.LastEvaluation) {
			group.LastEvaluation = each.LastEvaluation // VictoriaMetrics has it of rules alone.
		}
	}
	if !group.LastEvaluation.IsZero() {
		group.Overdue = max(0, at.Sub(group.LastEvaluation)-group.Every()).Truncate(time.Second)
	}
	return group
}

func (r reader) rule(listed *rule) fact.AlertRule {
	found := fact.AlertRule{
		Name: words.Printable(listed.Name, longestText), State: words.Printable(strings.ToLower(listed.State), longestText),
		For: listed.Duration.duration(), LastEvaluation: listed.LastEvaluation.Time, Paused: listed.Paused,
		Error: words.Excerpt(r.redact(listed.LastError)),
	}
	found.Health, found.Reported = health(listed.Health)
	for _, name := range namesOf(listed.Labels) {
		found.Labels = append(found.Labels, fact.RuleLabel{
			Name: words.Printable(name, longestText), Value: words.Printable(listed.Labels[name], longestText),
		})
	}
	for _, name := range namesOf(listed.Annotations) {
		found.Annotations = append(found.Annotations, r.annotation(name, listed.Annotations[name]))
	}
	return found
}

// namesOf are the names of labels or annotations, in order, as far as they are kept.
func namesOf(of map[string]string) []string {
	names := slices.Sorted(maps.Keys(of))
	return names[:min(len(names), maximumLabels)]
}

// health reads what servers call it; reported is what one calls it that is none of those.
func health(text string) (of fact.RuleHealth, reported string) {
	switch strings.ToLower(text) {
	case "ok":
		return fact.RuleOK, ""
	case "err", "error":
		return fact.RuleError, ""
	case "nodata", "no match", "nomatch":
		return fact.RuleNoData, ""
	case "unknown", "":
		return fact.RuleUnknown, ""
	}
	return fact.RuleUnknown, words.Printable(text, longestText)
}

func sortGroups(groups []fact.RuleGroup) {
	slices.SortStableFunc(groups, func(a, b fact.RuleGroup) int {
		return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(a.Name, b.Name), cmp.Compare(len(a.Rules), len(b.Rules)))
	})
}

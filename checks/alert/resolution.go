package alert

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

const (
	// longestHistory is how far back alerts are asked for.
	longestHistory = 7 * 24 * time.Hour
	// pause is for how long an alert can be silent and count as one that has fired on: rules can be evaluated as rarely, and a server
	// that was restarted takes a while.
	pause = 10 * time.Minute
)

// ResolutionParameters say which alerts an item is about, and how long they may fire.
type ResolutionParameters struct {
	// Severities are those of the alerts, in any case.
	Severities []string `yaml:"severities"`
	// Label is the label of an alert that has its severity.
	Label string `yaml:"label"`
	// Match are labels of alerts, each as name=value, such as team=shop. Default: all alerts, but those of namespaces that belong to
	// other systems.
	Match []string `yaml:"match"`
	// MaximumFiring is how long an alert may fire without a pause.
	MaximumFiring quantity.Duration `yaml:"maximum_firing"`
	// Within is how far back alerts count, and no further than to the newest rollout, or the launch of the system.
	Within quantity.Duration `yaml:"within"`
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// Validate wants severities, names of labels, and times that can be seen.
func (p ResolutionParameters) Validate() error {
	if len(p.Severities) == 0 {
		return check.Wrong("severities", "expected at least one, such as critical")
	}
	if err := check.NotBlank("severities", p.Severities); err != nil {
		return err
	}
	if !labelName.MatchString(p.Label) {
		return check.Wrong("label", "expected the name of a label, such as severity")
	}
	if err := (selection{match: p.Match}).validate(); err != nil {
		return err
	}
	for _, each := range p.Match {
		if name, _, _ := strings.Cut(each, "="); !labelName.MatchString(strings.TrimSpace(name)) {
			return check.Wrong("match", "%q: expected a label and its value, such as team=shop", each)
		}
	}
	if p.MaximumFiring.Std() < pause {
		return check.Wrong("maximum_firing", "%s: expected at least %s", p.MaximumFiring, quantity.Duration(pause))
	}
	if p.Within <= p.MaximumFiring || p.Within.Std() > longestHistory {
		return check.Wrong("within", "%s: expected more than maximum_firing, and at most %s", p.Within, quantity.Duration(longestHistory))
	}
	return nil
}

func (p ResolutionParameters) request() fact.AlertHistoryRequest {
	var match, severities []string
	for _, each := range p.Match {
		name, value, _ := strings.Cut(each, "=")
		match = append(match, strings.TrimSpace(name)+"="+strings.TrimSpace(value))
	}
	for _, each := range p.Severities {
		severities = append(severities, strings.ToLower(strings.TrimSpace(each)))
	}
	slices.Sort(match)
	slices.Sort(severities)
	return fact.AlertHistoryRequest{
		Label: p.Label, Severities: strings.Join(slices.Compact(severities), "\n"), Match: strings.Join(slices.Compact(match), "\n"),
		Within: p.Within.Std(),
	}
}

// resolutionReasons are those of Resolution.
type resolutionReasons struct{ none, firing, fires, fired, gap check.Reason }

// Resolution wants no alert that calls somebody to have fired for long since the newest rollout.
func Resolution() check.Kind[ResolutionParameters] {
	reasons := resolutionReasons{
		none: noRule(check.Undeclared),
		firing: check.Reason{
			Name: "firing_too_long", Level: check.Fail, Sentence: "An alert has been firing for too long.",
			Remedy: "Open its runbook, and fix what it is about; a rollout that it is about can be undone by kubectl rollout undo.",
		},
		fired: check.Reason{
			Name: "fired_too_long", Level: check.Fail, Sentence: "An alert fired for too long since the newest rollout.",
			Remedy: "Note what took so long where lessons learned are written down. The item is ready again once the alert is " +
				"further back than within, or after the next rollout.",
		},
		fires: check.Reason{
			Name: "firing", Level: check.Warn, Sentence: "An alert is firing.",
			Remedy: "Open its runbook, and fix what it is about.",
		},
		gap: check.Reason{
			Name: "history_incomplete", Level: check.Unknown, Sentence: "Prometheus has no samples of a part of the time.",
			Remedy: "Find out whether Prometheus was down, or keeps its samples for a shorter time, or has neither up nor target_info; " +
				"the item is known again once the gap is further back than within.",
		},
	}
	return check.Kind[ResolutionParameters]{
		Name: "alert_resolution",
		Summary: "Since the newest rollout, and at most within some time, no alert that calls somebody has fired for longer than it " +
			"may take to answer it.",
		Remedy:  "Answer alerts while they are new.",
		Reasons: []check.Reason{reasons.firing, reasons.fires, reasons.fired, reasons.gap},
		Defaults: ResolutionParameters{
			Severities: []string{"critical"}, Label: "severity",
			MaximumFiring: quantity.Duration(time.Hour), Within: quantity.Duration(24 * time.Hour),
		},
		Over: []check.Quantified[ResolutionParameters]{
			check.AllOf(fact.AllAlertRules(), reasons.judgeRules),
			check.AllOf(fact.AllAlertHistories(), reasons.judge).
				Where(func(_ check.Context, h *fact.AlertHistory, p ResolutionParameters) bool {
					return h.Request == p.request()
				}).
				Known(func(h *fact.AlertHistory, p ResolutionParameters) bool { return h.Request == p.request() }),
		},
		// Without a rollout all that is within the time counts.
		With:     []check.Input{check.Reading(fact.Workloads(), fact.TopicRevisions).Optional()},
		Declared: func(s *system.System, _ ResolutionParameters) bool { return declaresRules(s) },
		Declare:  declare, WhenEmpty: reasons.none,
		Requests: func(p ResolutionParameters) []fact.Request { return []fact.Request{p.request()} },
	}
}

// judgeRules wants a rule whose alerts the item is about: where none can fire, none has.
func (r resolutionReasons) judgeRules(_ check.Context, all []*fact.AlertRules, p ResolutionParameters) []check.Problem {
	if len(all) == 0 {
		return nil
	}
	for _, each := range (selection{}).rules(all) {
		severity := each.rule.Label(p.Label)
		if strings.Contains(severity, "{{") || isOneOf(p.Severities, severity) {
			return nil
		}
	}
	return noRuleOf(r.none, p.Label, p.Severities, all)
}

// judge judges the history of each Prometheus, of replicas together.
func (r resolutionReasons) judge(c check.Context, all []*fact.AlertHistory, p ResolutionParameters) []check.Problem {
	if len(all) == 0 && c.Count(fact.AllAlertRules()) > 0 {
		return []check.Problem{r.gap.Problem("No Prometheus has reported which alerts have fired.")}
	}
	pairs := make(map[string]string)
	for _, server := range c.System.Prometheus {
		pairs[server.Name] = cmp.Or(server.ReplicaOf, server.Name)
	}
	of := make(map[string][]*fact.AlertHistory)
	for _, each := range all {
		name := cmp.Or(pairs[each.Prometheus], each.Prometheus)
		of[name] = append(of[name], each)
	}
	since := start(c, p)
	var found report
	for _, name := range slices.Sorted(maps.Keys(of)) {
		r.judgeServer(&found, c, name, of[name], since, p)
	}
	return found.problems
}

// start is since when alerts count.
func start(c check.Context, p ResolutionParameters) time.Time {
	since, rollout := c.Now.Add(-p.Within.Std()), time.Time{}
	for _, w := range check.Read(c, fact.Workloads()) {
		if w.Rollout.BeganAt.After(rollout) {
			rollout = w.Rollout.BeganAt
		}
	}
	for _, later := range []time.Time{rollout, c.System.Launched} {
		if later.After(since) && !later.After(c.Now) {
			since = later
		}
	}
	return since
}

// judgeServer judges what replicas of one Prometheus have stored.
func (r resolutionReasons) judgeServer(
	found *report, c check.Context, server string, of []*fact.AlertHistory, since time.Time, p ResolutionParameters,
) {
	limit, unobserved, now := p.MaximumFiring.Std(), of[0].Unobserved, time.Time{}
	fired := make(map[fact.Alert][]fact.Period)
	for _, history := range of {
		unobserved, now = overlaps(unobserved, history.Unobserved), latest(now, history.Until.Add(-2*history.Resolution))
		for _, each := range history.Alerts {
			if concerns(c.System, each.Alert) {
				fired[each.Alert] = append(fired[each.Alert], each.Fired...)
			}
		}
	}
	for _, alert := range slices.SortedFunc(maps.Keys(fired), fact.Alert.Compare) {
		subject, name := subjectOf(server, alert), fmt.Sprintf("The alert %s (%s %s)", alert.Name, p.Label, alert.Severity)
		longest := fact.Period{}
		for _, each := range after(joined(fired[alert], unobserved), since) {
			ongoing, length := !each.Until.Before(now), each.Length()
			switch {
			case ongoing && length > limit:
				found.add(r.firing, subject, "%s has been firing for %s, from %s on (limit %s).", name, quantity.InWords(length),
					each.From.Format(time.RFC3339), p.MaximumFiring)
			case ongoing:
				found.add(r.fires, subject, "%s has been firing for %s.", name, quantity.InWords(length))
			case length > limit && length > longest.Length():
				longest = each
			}
		}
		if longest.Length() > 0 {
			found.add(r.fired, subject, "%s fired for %s, from %s to %s (limit %s).", name, quantity.InWords(longest.Length()),
				longest.From.Format(time.RFC3339), longest.Until.Format(time.RFC3339), p.MaximumFiring)
		}
	}
	for _, each := range after(unobserved, since) {
		if each.Length() > limit {
			found.add(r.gap, server, "Prometheus %s has no samples from %s to %s, so that an alert may have fired for longer than %s.", server,
				each.From.Format(time.RFC3339), each.Until.Format(time.RFC3339), p.MaximumFiring)
		}
	}
}

// concerns tells whether an alert is about a system, as far as its labels say: those of the rules of this exporter have the system, and
// most others a namespace.
func concerns(s *system.System, alert fact.Alert) bool {
	if strings.HasPrefix(alert.Name, "Readiness") && alert.System != "" {
		return alert.System == s.Name && (alert.Environment == "" || alert.Environment == s.Environment)
	}
	includes := func(c system.Cluster) bool { return c.Includes(alert.Namespace) }
	return alert.Namespace == "" || len(s.Kubernetes) == 0 || slices.ContainsFunc(s.Kubernetes, includes)
}

func subjectOf(server string, alert fact.Alert) string {
	if alert.Namespace == "" {
		return server + "/" + alert.Name
	}
	return server + "/" + alert.Namespace + "/" + alert.Name
}

// joined are the periods, in their order, of which those are one between which there is hardly a time that was observed.
func joined(periods, unobserved []fact.Period) (all []fact.Period) {
	periods = slices.SortedFunc(slices.Values(periods), func(a, b fact.Period) int { return a.From.Compare(b.From) })
	for _, each := range periods {
		last := len(all) - 1
		if last < 0 {
			all = append(all, each)
			continue
		}
		silent := each.From.Sub(all[last].Until)
		for _, gap := range overlaps([]fact.Period{{From: all[last].Until, Until: each.From}}, unobserved) {
			silent -= gap.Length()
		}
		if silent > pause {
			all = append(all, each)
		} else if each.Until.After(all[last].Until) {
			all[last].Until = each.Until
		}
	}
	return all
}

// after are the periods, and parts of such, after a time.
func after(periods []fact.Period, since time.Time) (all []fact.Period) {
	for _, each := range periods {
		if each.Until.After(since) {
			all = append(all, fact.Period{From: latest(each.From, since), Until: each.Until})
		}
	}
	return all
}

// overlaps are the times that are in periods of both.
func overlaps(these, others []fact.Period) (all []fact.Period) {
	for _, a := range these {
		for _, b := range others {
			until := a.Until
			if b.Until.Before(until) {
				until = b.Until
			}
			if from := latest(a.From, b.From); from.Before(until) {
				all = append(all, fact.Period{From: from, Until: until})
			}
		}
	}
	return all
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

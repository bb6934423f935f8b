package prometheus

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// maximumSteps is how many points in time a history has.
	maximumSteps = 1440
	// lookback is for how long a server takes a sample for the present, as servers have it by default; so often is asked whether
	// the server was at work.
	lookback = 5 * time.Minute
)

// A HistoryTarget is the alerts of all servers that an item asks for.
type HistoryTarget struct {
	Servers []system.Prometheus
	Request fact.AlertHistoryRequest
}

// NewHistory makes the collector of which alerts have fired. It asks for them where an item wants that.
func NewHistory(now func() time.Time) collector.Collector[HistoryTarget] {
	kind := fact.AllAlertHistories()
	return collector.Collector[HistoryTarget]{
		Name:     "alert_history",
		Summary:  "Which alerts have fired of late, as the declared Prometheus servers have stored it, where an item asks for that.",
		Yields:   []fact.Any{kind},
		Schedule: "@every 5m",
		Timeout:  time.Minute,
		Request: func(s *system.System, wanted fact.Request) (HistoryTarget, bool) {
			request, is := wanted.(fact.AlertHistoryRequest)
			return HistoryTarget{s.Prometheus, request}, is && len(s.Prometheus) > 0
		},
		Target: func(t HistoryTarget) string { return t.Request.Name() },
		Known: func(t HistoryTarget) []fact.AnySet {
			set := &fact.Set[fact.AlertHistory]{}
			for _, server := range t.Servers {
				set.Unavailable = append(set.Unavailable, fact.Unavailable[fact.AlertHistory]{Known: t.known(server)})
			}
			return []fact.AnySet{kind.Set(set)}
		},
		Collect: func(ctx context.Context, t HistoryTarget, _ fact.Topics) ([]fact.AnySet, error) {
			return t.collect(ctx, now().UTC())
		},
	}
}

func (t HistoryTarget) known(server system.Prometheus) fact.AlertHistory {
	return fact.AlertHistory{Request: t.Request, Prometheus: server.Name}
}

// collect asks all servers at once: one that does not answer costs the others nothing.
func (t HistoryTarget) collect(ctx context.Context, now time.Time) ([]fact.AnySet, error) {
	histories, errs := make([]fact.AlertHistory, len(t.Servers)), make([]error, len(t.Servers))
	var asked sync.WaitGroup
	for i, server := range t.Servers {
		asked.Go(func() { histories[i], errs[i] = t.history(ctx, server, now) })
	}
	asked.Wait()
	set := &fact.Set[fact.AlertHistory]{}
	for i, server := range t.Servers {
		switch {
		case errs[i] == nil:
			set.Add(histories[i])
		case t.rulesAlone(i, errs):
		default:
			errs[i] = fmt.Errorf("ask %s which alerts have fired: %w", server.URL, errs[i])
			set.Lack(t.known(server), "", errs[i])
		}
	}
	if len(set.Facts) == 0 {
		return nil, errs[0]
	}
	return []fact.AnySet{fact.AllAlertHistories().Set(set)}, nil
}

// rulesAlone tells whether a server has rules and evaluates no expressions, as the ruler of Thanos and vmalert: one that evaluates them
// alone is declared beside it, and has answered.
func (t HistoryTarget) rulesAlone(i int, errs []error) bool {
	if t.Servers[i].QueriesOnly || fact.ReasonOf(errs[i]) != fact.ReasonNotFound {
		return false
	}
	for other, server := range t.Servers {
		if server.QueriesOnly && errs[other] == nil {
			return true
		}
	}
	return false
}

// history asks one server.
func (t HistoryTarget) history(ctx context.Context, server system.Prometheus, now time.Time) (fact.AlertHistory, error) {
	step := max(time.Minute, (t.Request.Within / maximumSteps).Round(time.Second))
	found := t.known(server)
	found.From, found.Until, found.Resolution = now.Add(-t.Request.Within), now, step
	c, err := newClient(server)
	if err != nil {
		return found, err
	}
	defer c.close()
	fired, err := c.timeline(ctx, t.expression(), found.From, now, step)
	if err != nil {
		return found, err
	}
	for _, each := range fired {
		found.Alerts = append(found.Alerts, fact.FiredAlert{Fired: each.periods(step), Alert: fact.Alert{
			Name: each.label("alertname"), Severity: each.label(t.Request.Label), Namespace: each.label("namespace"),
			System: each.label("system"), Environment: each.label("environment"),
		}})
	}
	slices.SortFunc(found.Alerts, func(a, b fact.FiredAlert) int { return a.Compare(b.Alert) })
	observed, err := c.timeline(ctx, "count(up) or count(target_info)", found.From, now, lookback)
	if err != nil {
		return found, err
	}
	found.Unobserved = unobserved(observed, found.From, now)
	return found, nil
}

// expression counts the alerts that fire. It leaves out labels that change while an alert goes on, such as the name of a pod.
func (t HistoryTarget) expression() string {
	var severities []string
	for _, severity := range lines(t.Request.Severities) {
		severities = append(severities, regexp.QuoteMeta(severity))
	}
	matchers := []string{`alertstate="firing"`, t.Request.Label + "=~" + strconv.Quote("(?i:"+strings.Join(severities, "|")+")")}
	for _, each := range lines(t.Request.Match) {
		name, value, _ := strings.Cut(each, "=")
		matchers = append(matchers, name+"="+strconv.Quote(value))
	}
	return fmt.Sprintf("count by (alertname, %s, namespace, system, environment) (ALERTS{%s})", t.Request.Label, strings.Join(matchers, ","))
}

// A timeline is a series with the times at which it had a value.
type timeline struct {
	Metric map[string]string `json:"metric"`
	Values []at              `json:"values"`
}

// at is the time of a point.
type at struct{ time.Time }

func (a *at) UnmarshalJSON(text []byte) error {
	var when float64
	var value string
	if err := unmarshalPair(text, &when, &value); err != nil {
		return err
	}
	a.Time = time.UnixMilli(int64(when * 1000)).UTC()
	return nil
}

func (t *timeline) label(name string) string { return words.Printable(t.Metric[name], longestText) }

// periods are the times during which it had a value at every step.
func (t *timeline) periods(step time.Duration) (periods []fact.Period) {
	for _, each := range t.Values {
		last := len(periods) - 1
		if last >= 0 && each.Sub(periods[last].Until) < step*3/2 {
			periods[last].Until = each.Time
			continue
		}
		periods = append(periods, fact.Period{From: each.Time, Until: each.Time})
	}
	return periods
}

// unobserved are the times between in which no series had a value.
func unobserved(series []timeline, from, until time.Time) (gaps []fact.Period) {
	var observed []time.Time
	for _, each := range series {
		for _, value := range each.Values {
			observed = append(observed, value.Time)
		}
	}
	slices.SortFunc(observed, time.Time.Compare)
	for _, next := range observed {
		// A sample stands for the time before it for as long as one is the present.
		if begins := next.Add(-lookback); begins.After(from) {
			gaps = append(gaps, fact.Period{From: from, Until: begins})
		}
		from = next
	}
	if until.Sub(from) >= lookback {
		gaps = append(gaps, fact.Period{From: from, Until: until})
	}
	return gaps
}

// timeline evaluates an expression at every step from one time to another.
func (c *client) timeline(ctx context.Context, expression string, from, until time.Time, step time.Duration) ([]timeline, error) {
	unix := func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
	answered, _, err := c.ask(ctx, question{
		method: http.MethodPost, path: "/api/v1/query_range", longest: maximumAnswer,
		form: url.Values{
			"query": {expression}, "start": {unix(from)}, "end": {unix(until)}, "step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
		},
		shorten: "narrow what alerts the item is about by match and severities, or within",
	})
	if err != nil {
		return nil, err
	}
	if len(answered.Warnings) > 0 {
		return nil, fact.Errorf(fact.ReasonFailed, "it evaluated the expression only in part: %s", words.Excerpt(answered.Warnings[0]))
	}
	var data struct {
		ResultType string     `json:"resultType"`
		Result     []timeline `json:"result"`
	}
	if err := json.Unmarshal(answered.Data, &data); err != nil {
		return nil, fact.Errorf(fact.ReasonInvalid, "the answer is no matrix: %s", words.Excerpt(c.login.Redact(err.Error())))
	}
	if data.ResultType != "matrix" {
		return nil, fact.Errorf(fact.ReasonInvalid, "the answer is a %s, not a matrix", words.Excerpt(data.ResultType))
	}
	return data.Result, nil
}

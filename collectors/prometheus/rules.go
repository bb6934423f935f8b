package prometheus

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

const (
	// maximumRulesAnswer is how many bytes all answers to one listing may have: servers before Prometheus 3.1 list alerts that fire too.
	maximumRulesAnswer = 16 << 20
	// maximumRules is how many alerting rules a server may have.
	maximumRules = 10_000
	// groupsAtOnce is how many groups are asked for at a time, where the server can tell them in parts.
	groupsAtOnce = "500"
	// maximumParts is in how many parts a listing may come.
	maximumParts = 50
)

// NewRules makes the collector of the alerting rules that declared servers have loaded.
func NewRules() collector.Collector[system.Prometheus] {
	return collector.Collector[system.Prometheus]{
		Name:     "alert_rules",
		Summary:  "The alerting rules of the declared Prometheus servers, with their groups and how their last evaluation went.",
		Yields:   []fact.Any{fact.AllAlertRules()},
		Schedule: "@every 2m",
		Timeout:  time.Minute,
		Narrows:  true,
		Targets:  withRules,
		Target:   func(server system.Prometheus) string { return server.Name },
		Server:   host,
		Known: func(server system.Prometheus) []fact.AnySet {
			return []fact.AnySet{fact.AllAlertRules().Missing(fact.AlertRules{Prometheus: server.Name})}
		},
		Collect: collectRules,
	}
}

// withRules are the servers that are asked for their rules.
func withRules(s *system.System) (servers []system.Prometheus) {
	for _, server := range s.Prometheus {
		if !server.QueriesOnly {
			servers = append(servers, server)
		}
	}
	return servers
}

func collectRules(ctx context.Context, server system.Prometheus, _ fact.Topics) ([]fact.AnySet, error) {
	listed, err := list(ctx, server)
	if err != nil {
		return nil, err
	}
	set := &fact.Set[fact.AlertRules]{}
	set.Add(fact.AlertRules{Prometheus: server.Name, Groups: listed.groups})
	if err := listed.partial(server); err != nil {
		// What is in the answer is true, and something is missing from it: it can show a fault, and not that there is none.
		set.Lack(fact.AlertRules{Prometheus: server.Name}, "", err)
	}
	return []fact.AnySet{fact.AllAlertRules().Set(set)}, nil
}

// list lists the alerting rules of a server.
func list(ctx context.Context, server system.Prometheus) (*listing, error) {
	c, err := newClient(server)
	if err != nil {
		return nil, err
	}
	defer c.close()
	l := newListing(c)
	err = l.all(ctx)
	if l.parts > 0 && fact.ReasonOf(err) == fact.ReasonInvalid {
		l = newListing(c) // Groups that change between two parts make the token of the next invalid.
		err = l.all(ctx)
	}
	if err != nil {
		advice := ""
		if fact.ReasonOf(err) == fact.ReasonNotFound {
			advice = "; declare it with queries_only where it has no rules"
		}
		return nil, fmt.Errorf("list the rules of %s: %w%s", server.URL, err, advice)
	}
	sortGroups(l.groups)
	return l, nil
}

// A listing is what has been read of the rules of a server.
type listing struct {
	client  *client
	reader  reader
	groups  []fact.RuleGroup
	rules   int
	bytes   int
	parts   int // that have been read
	warning string
}

func newListing(c *client) *listing {
	return &listing{client: c, reader: reader{redact: c.login.Redact, addresses: make(map[string]string)}}
}

// partial is the error of a list from which something is missing; nil: nothing is.
func (l *listing) partial(server system.Prometheus) error {
	if l.warning == "" {
		return nil
	}
	return fmt.Errorf("%s lists its rules only in part: %s", server.URL, words.Excerpt(l.warning))
}

// all reads part after part. Servers that know no parts answer with all at once.
func (l *listing) all(ctx context.Context) error {
	form := url.Values{"type": {"alert"}, "exclude_alerts": {"true"}, "group_limit": {groupsAtOnce}}
	for {
		answered, at, err := l.client.ask(ctx, question{
			method: http.MethodGet, path: "/api/v1/rules", form: form, longest: maximumRulesAnswer - l.bytes,
			shorten: "have it evaluate fewer rules, or declare one that has those of this system alone",
		})
		if err != nil {
			return err
		}
		next, err := l.add(answered, at)
		switch {
		case err != nil:
			return err
		case next == "":
			return nil
		case next == form.Get("group_next_token"):
			return fact.Errorf(fact.ReasonUnsupported, "the server lists the same part of its rules again and again")
		case l.parts >= maximumParts:
			return fact.Errorf(fact.ReasonUnsupported, "the server lists its rules in more than %d parts", maximumParts)
		}
		form.Set("group_next_token", next)
	}
}

// add reads one part, and gives the token of the next; empty: it was the last.
func (l *listing) add(answered *answer, at time.Time) (next string, err error) {
	var data struct {
		Groups *[]ruleGroup `json:"groups"`
		Next   string       `json:"groupNextToken"`
	}
	if err := json.Unmarshal(answered.Data, &data); err != nil {
		return "", fact.Errorf(fact.ReasonInvalid, "it is no list of rules: %s", words.Excerpt(l.client.login.Redact(err.Error())))
	}
	if data.Groups == nil {
		return "", fact.Errorf(fact.ReasonInvalid, "it is no list of rules: there are no groups in it")
	}
	l.parts++
	l.bytes += len(answered.Data)
	if len(answered.Warnings) > 0 && l.warning == "" {
		l.warning = answered.Warnings[0]
	}
	for i := range *data.Groups {
		group := l.reader.group(&(*data.Groups)[i], at)
		if len(group.Rules) == 0 {
			continue // It has recording rules alone.
		}
		if l.rules += len(group.Rules); l.rules > maximumRules {
			return "", fact.Errorf(fact.ReasonUnsupported, "the server has more than %d alerting rules", maximumRules)
		}
		l.groups = append(l.groups, group)
	}
	return data.Next, nil
}

// Package postgres collects from databases of PostgreSQL that are declared: whether they answer, accept the login and writes, and which
// tables they have. It reads, in transactions that cannot write, with one session a run at one server.
package postgres

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/pki"
	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// A Target is a database that is declared.
type Target struct {
	Declared system.Database
}

// New makes the collector of how databases answer.
func New() collector.Collector[Target] {
	kind := fact.Databases()
	return collector.Collector[Target]{
		Name:     kind.Name,
		Summary:  "Whether databases can be reached, accept the login, answer a query, and accept writes.",
		Yields:   []fact.Any{kind},
		Schedule: "@every 1m",
		Timeout:  20 * time.Second,
		Targets:  targets,
		Target:   func(t Target) string { return t.Declared.Name },
		Server:   server,
		Known: func(t Target) []fact.AnySet {
			return []fact.AnySet{kind.Missing(fact.Database{DatabasePlace: place(t)})}
		},
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
			set, err := t.collect(ctx)
			if err != nil {
				return nil, err
			}
			return []fact.AnySet{kind.Set(set)}, nil
		},
	}
}

// NewSchema makes the collector of tables of databases, for items that need them.
func NewSchema() collector.Collector[Target] {
	kind := fact.DatabaseSchemas()
	known := func(t Target) fact.DatabaseSchema {
		_, database := t.Declared.Servers()
		return fact.DatabaseSchema{Name: t.Declared.Name, Database: database}
	}
	return collector.Collector[Target]{
		Name:     kind.Name,
		Summary:  "Which tables databases have, where an item needs them.",
		Yields:   []fact.Any{kind},
		Schedule: "@every 10m",
		Timeout:  time.Minute,
		Targets:  targets,
		Target:   func(t Target) string { return t.Declared.Name },
		Server:   server,
		Narrows:  true,
		Known:    func(t Target) []fact.AnySet { return []fact.AnySet{kind.Missing(known(t))} },
		Collect: func(ctx context.Context, t Target, _ fact.Topics) ([]fact.AnySet, error) {
			found := known(t)
			var err error
			if found.Tables, err = t.tables(ctx); err != nil {
				return nil, err
			}
			return []fact.AnySet{kind.Found(found)}, nil
		},
	}
}

func targets(s *system.System) (all []Target) {
	for _, declared := range s.Databases {
		all = append(all, Target{declared})
	}
	return all
}

// server is the first one, which is asked most.
func server(t Target) string {
	servers, _ := t.Declared.Servers()
	if len(servers) == 0 {
		return ""
	}
	return servers[0].Address
}

// place is what is declared of a database.
func place(t Target) fact.DatabasePlace {
	servers, database := t.Declared.Servers()
	known := fact.DatabasePlace{Name: t.Declared.Name, Database: database, ExpectWritable: t.Declared.Writable}
	for _, each := range servers {
		known.Servers = append(known.Servers, each.Address)
	}
	return known
}

// collect asks the servers in turn, until one answers and accepts writes as expected. Where none does, the first that answers holds.
func (t Target) collect(ctx context.Context) (*fact.Set[fact.Database], error) {
	database := fact.Database{DatabasePlace: place(t)}
	var answered *state
	var unclear error
	err := t.each(ctx, func(ctx context.Context, s system.DatabaseServer) (bool, error) {
		found, err := t.ask(ctx, s)
		var failure *failed
		switch {
		case errors.As(err, &failure):
			database.Failures = append(database.Failures, failure.of(s))
			return false, nil
		case err != nil:
			return false, err
		case found.expected(t.Declared.Writable):
			answered = found
			return true, nil
		case answered == nil:
			answered = found
		}
		return false, nil
	})
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, context.Cause(ctx)
	}
	set := &fact.Set[fact.Database]{}
	switch {
	case answered != nil:
		database.Server, database.Version = answered.server, answered.version
		database.Writable, database.NotWritable, unclear = answered.writable, answered.why, answered.unclear
	case err != nil:
		return nil, err // Of some server nothing is known.
	}
	if unclear != nil && t.Declared.Writable != nil {
		database.Lack(fact.TopicWritable)
		set.LackTopic(fact.Database{DatabasePlace: database.DatabasePlace}, fact.TopicWritable, unclear)
	}
	set.Add(database)
	return set, nil
}

// tables asks the first server that answers.
func (t Target) tables(ctx context.Context) (tables []fact.DatabaseTable, err error) {
	var failures []error
	done := false
	err = t.each(ctx, func(ctx context.Context, s system.DatabaseServer) (bool, error) {
		tables, err = t.list(ctx, s)
		if done = err == nil; !done {
			failures = append(failures, err)
		}
		return done, nil
	})
	switch {
	case done:
		return tables, nil
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, context.Cause(ctx)
	case len(failures) > 0:
		return nil, failures[0]
	default:
		return nil, err
	}
}

// each asks servers in turn until one is enough, each for its share of the time, and gives the last error. What is left of the time is
// for telling of those that hang.
func (t Target) each(ctx context.Context, ask func(context.Context, system.DatabaseServer) (enough bool, err error)) (last error) {
	servers, _ := t.Declared.Servers()
	for i, each := range servers {
		within, end := share(ctx, len(servers)-i)
		enough, err := ask(within, each)
		end()
		if enough {
			return nil
		}
		if err != nil {
			last = err
		}
		if ctx.Err() != nil {
			return last
		}
	}
	return last
}

// share is an equal part of what is left of the time, for one of several.
func share(ctx context.Context, of int) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	patience := time.Until(deadline) * 9 / 10 / time.Duration(of)
	return context.WithTimeoutCause(ctx, patience, fact.Errorf(fact.ReasonTimeout, "no answer within %s", quantity.InWords(patience)))
}

// dial connects to a server.
func dial(ctx context.Context, s system.DatabaseServer) (net.Conn, error) {
	address := s.Address
	if s.Host != "" {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		address = net.JoinHostPort(pki.ASCIIName(s.Host), port)
	}
	return new(net.Dialer).DialContext(ctx, s.Network, address)
}

// expected tells whether a server accepts writes as it is declared; without a declaration, any does.
func (s *state) expected(writable *bool) bool {
	return writable == nil || s.writable != nil && *s.writable == *writable
}

// ofExporter are where a setting can come from that holds for the exporter's own role, and says nothing of others.
func ofExporter(source string) bool {
	return slices.Contains([]string{"user", "database user", "client", "session", "interactive"}, source)
}

// Package contact turns the contacts of a system's description into a fact.
package contact

import (
	"context"
	"time"

	"github.com/readiness-exporter/readiness-exporter/internal/collector"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// New makes the collector of a system's contacts. A system that declares none has no target: its item is undeclared.
func New() collector.Collector[system.Contacts] {
	return collector.Collector[system.Contacts]{
		Name:     "contact",
		Summary:  "The contacts of the system's description.",
		Yields:   []fact.Any{fact.DeclaredContacts()},
		Schedule: "@every 1h",
		Timeout:  10 * time.Second,
		Targets: func(s *system.System) []system.Contacts {
			if !s.Contacts.Declared() {
				return nil
			}
			return []system.Contacts{s.Contacts}
		},
		Target: func(system.Contacts) string { return fact.ContactsSubject },
		Known: func(system.Contacts) []fact.AnySet {
			return []fact.AnySet{fact.DeclaredContacts().Set(&fact.Set[fact.Contacts]{
				Unavailable: []fact.Unavailable[fact.Contacts]{{Subject: fact.ContactsSubject}},
			})}
		},
		Collect: func(ctx context.Context, declared system.Contacts, _ fact.Topics) ([]fact.AnySet, error) {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return []fact.AnySet{fact.DeclaredContacts().Found(described(declared))}, nil
		},
	}
}

// described counts the levels: first who is called at once, then the declared ones.
func described(declared system.Contacts) fact.Contacts {
	contacts := fact.Contacts{
		Primary: declared.Primary != nil, Secondary: declared.Secondary != nil, Channel: declared.Channel != "", Levels: len(declared.Escalation),
	}
	for _, called := range []bool{contacts.Primary, contacts.Secondary} {
		if called {
			contacts.Levels++
		}
	}
	return contacts
}

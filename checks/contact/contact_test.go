package contact_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/checks/contact"
	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/check/checktest"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

func TestEmergencyContacts(t *testing.T) {
	for _, c := range []struct {
		name     string
		contacts fact.Contacts
		want     []string
	}{
		{"three levels and a channel pass", fact.Contacts{Primary: true, Secondary: true, Channel: true, Levels: 3}, nil},
		{"two levels are too few", fact.Contacts{Primary: true, Secondary: true, Channel: true, Levels: 2}, []string{"The escalation has 2 levels (limit 3)."}},
		{"each contact is named that is not there", fact.Contacts{Levels: 3}, []string{
			"No channel is declared.", "No primary contact is declared.", "No secondary contact is declared.",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := checktest.Case{
				Kind: contact.EmergencyContacts(), Now: time.Now(), Sets: []fact.AnySet{checktest.Facts(fact.DeclaredContacts(), c.contacts)},
			}
			var got []string
			for _, problem := range asked.Result(t).Problems {
				require.Equal(t, check.Fail, problem.Level)
				got = append(got, problem.Detail)
			}
			require.Equal(t, c.want, got)
		})
	}
}

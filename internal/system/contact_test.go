package system_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/quantity"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

func TestMistakesInContactsAreFound(t *testing.T) {
	ann := &system.Contact{Name: "Ann Meier", Phone: "+49 30 901820"}
	level := func(after time.Duration) system.EscalationLevel {
		return system.EscalationLevel{After: quantity.Duration(after), Call: *ann}
	}
	for name, test := range map[string]struct {
		contacts system.Contacts
		want     []string
	}{
		"nobody is declared": {},
		"everybody is declared": {contacts: system.Contacts{
			Primary:   &system.Contact{Name: "Shop rota", Link: "https://shop.pagerduty.com/schedules/PX1"},
			Secondary: &system.Contact{Name: "Bo", Phone: "+1 (415) 867-5309", Email: "bo@shop-team.io"}, Channel: "#shop-alerts",
			Escalation: []system.EscalationLevel{level(15 * time.Minute), level(time.Hour), level(2 * time.Hour)},
		}},
		"a contact has a name, and a way to be reached": {
			contacts: system.Contacts{Primary: &system.Contact{}},
			want:     []string{"name is missing: say who is called", "expected at least one of phone, email and link"},
		},
		"the second comes after a first": {
			contacts: system.Contacts{Secondary: ann}, want: []string{"secondary goes with primary"},
		},
		"levels follow each other": {
			contacts: system.Contacts{Escalation: []system.EscalationLevel{level(0), level(time.Hour), level(time.Hour)}},
			want: []string{
				"after 0s: expected more than 0s, of the level before", "after 1h: expected more than 1h, of the level before",
			},
		},
		"ways to be reached have their form": {
			contacts: system.Contacts{Primary: &system.Contact{
				Name: "Ann", Phone: "030 901820", Email: "Ann <ann@shop-team.io>", Link: "javascript:alert(1)",
			}},
			want: []string{
				`phone "030 901820": expected the international form, such as +49 30 901820`,
				`email "Ann <ann@shop-team.io>": expected one address`,
				`link "javascript:alert(1)": expected an address, https://…`,
			},
		},
		"a placeholder is no contact": {
			contacts: system.Contacts{
				Primary:   &system.Contact{Name: "TBD", Phone: "+1 202 555 0123", Email: "oncall@example.com", Link: "https://pager.example.org/x"},
				Secondary: &system.Contact{Name: "<name>", Phone: "+1-555-1234"}, Channel: "your-channel",
				Escalation: []system.EscalationLevel{{After: 1, Call: system.Contact{Name: "John Doe", Phone: "???"}}},
			},
			want: []string{
				`name "TBD" is a placeholder: nobody could be reached by it`,
				`phone "+1 202 555 0123" is a placeholder: nobody could be reached by it`,
				`email "oncall@example.com" is a placeholder: nobody could be reached by it`,
				`link "https://pager.example.org/x" is a placeholder: nobody could be reached by it`,
				`name "<name>" is a placeholder: nobody could be reached by it`,
				`phone "+1-555-1234" is a placeholder: nobody could be reached by it`,
				`channel "your-channel" is a placeholder: nobody could be reached by it`,
				`name "John Doe" is a placeholder: nobody could be reached by it`,
				`phone "???" is a placeholder: nobody could be reached by it`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			described := system.System{Name: "shop", Environment: "production", Contacts: test.contacts}
			var got []string
			for _, mistake := range mistakesOf(&described) {
				got = append(got, mistake.Message)
			}
			require.Equal(t, test.want, got)
		})
	}
}

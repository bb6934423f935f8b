package login

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

// judge gives the sentences on logins, by an item that is about some types.
func judge(t *testing.T, types []string, logins ...fact.DefaultLogin) (status check.Status, sentences []string) {
	t.Helper()
	var set fact.Set[fact.DefaultLogin]
	set.Add(logins...)
	now := time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)
	run := &fact.Run{Interval: time.Hour, CollectedAt: now, Sets: []fact.AnySet{fact.DefaultLogins().Set(&set)}}
	rule := check.Rule{ID: "access.grafana-password", Clause: check.Clause{Bound: DefaultCredentials().Bind(&DefaultCredentialsParameters{Logins: types})}}
	result := rule.Judge(fact.NewView([]*fact.Run{run}, now), &system.System{}, now)
	for _, problem := range result.Problems {
		sentences = append(sentences, problem.Subject+": "+problem.Detail)
	}
	return result.Status, sentences
}

func TestDefaultCredentials(t *testing.T) {
	login := func(kind string, edit func(*fact.DefaultLogin)) fact.DefaultLogin {
		l := fact.DefaultLogin{DefaultLoginPlace: fact.DefaultLoginPlace{Name: "main", Type: kind, Server: "192.0.2.1:99", Username: "admin"}}
		edit(&l)
		return l
	}
	refused := func(l *fact.DefaultLogin) { l.Refusal = "it answers 401" }
	accepted := func(l *fact.DefaultLogin) { l.Accepted = true }
	open := func(l *fact.DefaultLogin) { l.Open = true }
	for name, test := range map[string]struct {
		types  []string
		login  fact.DefaultLogin
		status check.Status
		want   []string
	}{
		"a refusal is good": {nil, login(fact.LoginGrafana, refused), check.Pass, nil},
		"an acceptance is not": {
			nil, login(fact.LoginGrafana, accepted), check.Fail,
			[]string{"main: Grafana at 192.0.2.1:99 accepts a password that everybody knows for the user admin."},
		},
		"nor is anonymous access": {
			nil, login(fact.LoginGrafana, open), check.Fail,
			[]string{"main: Grafana at 192.0.2.1:99 has anonymous access on: whoever reaches it reads its dashboards."},
		},
		"nor is trust": {
			nil, login(fact.LoginPostgreSQL, open), check.Fail,
			[]string{"main: PostgreSQL at 192.0.2.1:99 lets the user admin in without asking for a password."},
		},
		"nor is an SSH server that takes anybody": {
			nil, login(fact.LoginSSH, open), check.Fail,
			[]string{"main: The SSH server at 192.0.2.1:99 lets the user admin in without asking for a password."},
		},
		"nor is a web server without a login": {
			nil, login(fact.LoginHTTP, open), check.Fail, []string{"main: The web server at 192.0.2.1:99 answers without a login."},
		},
		"what the item is not about says nothing": {
			[]string{fact.LoginGrafana}, login(fact.LoginPostgreSQL, accepted), check.Undeclared,
			[]string{": No login is declared that must be refused."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			status, sentences := judge(t, test.types, test.login)
			require.Equal(t, test.status, status)
			require.Equal(t, test.want, sentences)
		})
	}
	require.ErrorContains(t, DefaultCredentialsParameters{Logins: []string{"mysql"}}.Validate(), `"mysql"`)
}

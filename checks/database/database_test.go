package database

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
)

var now = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

// judge gives the sentences on facts.
func judge(bound *check.Bound, sets ...fact.AnySet) (status check.Status, sentences []string) {
	run := &fact.Run{Interval: time.Hour, CollectedAt: now, Sets: sets}
	rule := check.Rule{ID: "functional.database", Clause: check.Clause{Bound: bound}}
	result := rule.Judge(fact.NewView([]*fact.Run{run}, now), &system.System{}, now)
	for _, problem := range result.Problems {
		sentences = append(sentences, problem.Subject+": "+problem.Detail)
	}
	return result.Status, sentences
}

func TestConnection(t *testing.T) {
	yes, no := true, false
	failing := func(causes ...fact.DatabaseCause) (d fact.Database) {
		for _, cause := range causes {
			d.Failures = append(d.Failures, fact.DatabaseFailure{Server: "db:5432", Cause: cause, Detail: "it says no"})
		}
		return d
	}
	for name, test := range map[string]struct {
		expected *bool
		database fact.Database
		status   check.Status
		want     []string
	}{
		"it answers, and nothing is expected of writes": {nil, fact.Database{Server: "db:5432", Writable: &no}, check.Pass, nil},
		"it is a primary, as expected":                  {&yes, fact.Database{Server: "db:5432", Writable: &yes}, check.Pass, nil},
		"it is a replica, as expected":                  {&no, fact.Database{Server: "db:5432", Writable: &no}, check.Pass, nil},
		"one server of several is down":                 {&yes, fact.Database{Server: "db:5432", Writable: &yes, Failures: failing("unreachable").Failures}, check.Pass, nil},
		"it accepts no writes": {
			&yes, fact.Database{Server: "db:5432", Writable: &no, NotWritable: "it is a replica"}, check.Fail,
			[]string{"main: The server db:5432 accepts no writes: it is a replica."},
		},
		"it accepts writes, and should not": {
			&no, fact.Database{Server: "db:5432", Writable: &yes}, check.Fail,
			[]string{"main: The server db:5432 accepts writes, and the database is declared with writable: false."},
		},
		"each server that fails is a problem": {
			nil, failing(fact.DatabaseUnreachable, fact.DatabaseWrongLogin), check.Fail,
			[]string{"main: The server db:5432 cannot be used: it says no.", "main: The server db:5432 cannot be used: it says no."},
		},
		"nothing is known of it": {nil, fact.Database{}, check.Fail, []string{"main: No server of the database answers."}},
	} {
		t.Run(name, func(t *testing.T) {
			test.database.DatabasePlace = fact.DatabasePlace{Name: "main", ExpectWritable: test.expected}
			status, sentences := judge(Connection().Bind(&ConnectionParameters{}), fact.Databases().Found(test.database))
			require.Equal(t, test.status, status)
			require.Equal(t, test.want, sentences)
		})
	}
}

func TestEveryCauseHasItsReason(t *testing.T) {
	all := causes()
	for _, cause := range fact.DatabaseCauses() {
		require.Equal(t, string(cause), all[cause].Name)
	}
	require.Len(t, all, len(fact.DatabaseCauses()))
}

func TestSchemaDocument(t *testing.T) {
	tables := func(names ...string) (all []fact.DatabaseTable) {
		for _, name := range names {
			all = append(all, fact.DatabaseTable{Schema: "public", Name: name})
		}
		return all
	}
	document := func(words ...string) []fact.DocumentVocabulary {
		return []fact.DocumentVocabulary{{Document: "database-schema", Place: "shop:docs/schema.md", Searched: "the repository shop", Words: words}}
	}
	for name, test := range map[string]struct {
		tables    []fact.DatabaseTable
		documents []fact.DocumentVocabulary
		ignore    []string
		status    check.Status
		want      []string
	}{
		"every table is named": {tables("customers", "orders"), document("customers", "orders", "x"), nil, check.Pass, nil},
		"one is not": {
			tables("customers", "orders"), document("orders"), nil, check.Fail,
			[]string{"main: The document shop:docs/schema.md names 1 of 2 tables of the database shop. Not named: customers."},
		},
		"many are not": {
			tables("a", "b", "c", "d", "e", "f", "g"), document("h"), nil, check.Fail,
			[]string{"main: The document shop:docs/schema.md names 0 of 7 tables of the database shop. Not named: a, b, c, d, e and 2 more."},
		},
		"one in another schema is shown with it": {
			[]fact.DatabaseTable{{Schema: "audit", Name: "log"}}, document("x"), nil, check.Fail,
			[]string{"main: The document shop:docs/schema.md names 0 of 1 table of the database shop. Not named: audit.log."},
		},
		"what tools for migrations keep need not be": {tables("orders", "_prisma_migrations", "schema_migrations"), document("orders"), nil, check.Pass, nil},
		"patterns name what need not be": {
			append(tables("orders", "tmp_a"), fact.DatabaseTable{Schema: "old", Name: "x"}), document("orders"), []string{"tmp_*", "old.*"}, check.Pass, nil,
		},
		"there is no document": {
			tables("orders"), []fact.DocumentVocabulary{{Document: "database-schema", Searched: "the repository shop"}}, nil, check.Fail,
			[]string{"main: There is no document database-schema in the repository shop."},
		},
		"nobody says where one could be": {
			tables("orders"), nil, nil, check.Undeclared, []string{"main: Nothing is declared in which a document could be found."},
		},
		"there is no table": {
			tables("schema_migrations"), document("x"), nil, check.Undeclared,
			[]string{"main: The database shop has no table that a document could name."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			parameters := SchemaDocument().Defaults
			parameters.Document = "database-schema"
			if test.ignore != nil {
				parameters.Ignore = test.ignore
			}
			require.NoError(t, parameters.Validate())
			var found fact.Set[fact.DocumentVocabulary]
			found.Add(test.documents...)
			status, sentences := judge(SchemaDocument().Bind(&parameters), fact.DocumentVocabularies().Set(&found),
				fact.DatabaseSchemas().Found(fact.DatabaseSchema{Name: "main", Database: "shop", Tables: test.tables}))
			require.Equal(t, test.status, status)
			require.Equal(t, test.want, sentences)
		})
	}
	require.ErrorContains(t, SchemaParameters{Document: "x", Ignore: []string{"[a"}}.Validate(), "expected a pattern")
}

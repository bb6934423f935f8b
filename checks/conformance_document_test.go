package checks_test

import (
	"time"

	"github.com/readiness-exporter/readiness-exporter/checks/database"
	"github.com/readiness-exporter/readiness-exporter/checks/document"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// documentWorlds has what people write down.
func documentWorlds() map[string]world {
	written := func(edits ...func(*fact.Document)) fact.AnySet {
		d := fact.Document{Document: "readme", Place: "shop:README.md", Searched: "the repository shop", Changed: now.Add(-day), Words: 100, Terms: []string{"DATABASE_URL"}}
		for _, edit := range edits {
			edit(&d)
		}
		return facts(fact.Documents(), d)
	}
	old := func(d *fact.Document) { d.Changed = now.Add(-400 * day) }
	empty := func(d *fact.Document) { d.Terms = nil }
	folder := func(words int) fact.AnySet {
		return facts(fact.DocumentFolders(), fact.DocumentFolder{
			Document: "runbooks", Place: "shop:runbooks", Searched: "the repository shop",
			Documents: []fact.FolderDocument{{Path: "a.md", Words: words}, {Path: "b.md", Words: words}},
		})
	}
	configured := facts(fact.Configurations(), fact.Configuration{
		Cluster: "main", Namespace: "shop", Kind: "Secret", Name: "shop", Values: []fact.ConfiguredValue{{Key: "DATABASE_URL", Credential: true}},
	})
	contacts := func(levels int) fact.AnySet {
		return facts(fact.DeclaredContacts(), fact.Contacts{Primary: true, Secondary: true, Channel: true, Levels: levels})
	}
	history := func(secrets ...fact.CommittedSecret) fact.AnySet {
		return facts(fact.Repositories(), fact.Repository{Repository: "shop", EnvironmentIgnored: true, Secrets: secrets})
	}
	const commit = "0123456789abcdef0123456789abcdef01234567"
	deployed := facts(fact.DeployedRevisions(), fact.DeployedRevision{File: "/f", Revision: commit})
	reviewed := func(change *fact.Change) fact.AnySet {
		return facts(fact.ReviewedBranches(), fact.ReviewedBranch{
			Review: "shop", Branch: "main", Commits: []fact.ReviewedCommit{{Commit: commit, At: now, Change: change}},
		})
	}
	approved := &fact.Change{Name: "#1", Author: "ann", Approvals: []fact.Approval{{By: "bob"}}}
	onCall := func(people ...string) fact.AnySet {
		var shifts []fact.OnCallShift
		for i, person := range people {
			start := now.Add(time.Duration(i-1) * 7 * day)
			shifts = append(shifts, fact.OnCallShift{Person: person, Start: start, End: start.Add(7 * day)})
		}
		return facts(fact.OnCallSchedules(), fact.NewOnCallSchedule("primary", fact.TimeSpan{Start: now.Add(-28 * day), End: now.Add(56 * day)}, shifts, now))
	}
	described := func(faults ...string) *fact.APIDescription {
		return &fact.APIDescription{Place: "shop:openapi.yaml", Format: "OpenAPI 3.0.3", Title: "Shop", Version: "1", Faults: faults}
	}
	api := func(faults ...string) fact.AnySet {
		return facts(fact.APIDocuments(), fact.APIDocument{
			Name: "shop", URL: "https://shop.test/openapi.json", Searched: "the repository shop", Kept: described(faults...), Served: described(),
		})
	}
	accepts := true
	tables := facts(fact.DatabaseSchemas(), fact.DatabaseSchema{Name: "main", Database: "shop", Tables: []fact.DatabaseTable{{Schema: "public", Name: "orders"}}})
	naming := func(words ...string) fact.AnySet {
		return facts(fact.DocumentVocabularies(), fact.DocumentVocabulary{Document: "readme", Place: "shop:README.md", Searched: "the repository shop", Words: words})
	}
	connected := func(d fact.Database) fact.AnySet {
		d.DatabasePlace = fact.DatabasePlace{Name: "main", Servers: []string{"192.0.2.1:5432"}, Database: "shop", ExpectWritable: &accepts}
		return facts(fact.Databases(), d)
	}
	return map[string]world{
		"database_connection": {
			good: []fact.AnySet{connected(fact.Database{Server: "192.0.2.1:5432", Writable: &accepts})},
			bad: []fact.AnySet{connected(fact.Database{Failures: []fact.DatabaseFailure{
				{Server: "192.0.2.1:5432", Cause: fact.DatabaseWrongLogin, Detail: "no"},
			}})},
		},
		"database_schema_document": {
			tune: func(p any) { p.(*database.SchemaParameters).Document = "readme" },
			good: []fact.AnySet{tables, naming("orders")}, bad: []fact.AnySet{tables, naming("customers")},
		},
		"api_description": {good: []fact.AnySet{api()}, bad: []fact.AnySet{api("a fault")}},
		"change_review":   {good: []fact.AnySet{reviewed(approved), deployed}, bad: []fact.AnySet{reviewed(nil), deployed}},
		"committed_secrets": {
			good: []fact.AnySet{history()}, bad: []fact.AnySet{history(fact.CommittedSecret{Rule: "private-key", Path: "a", Line: 1, Commit: "b", At: now})},
		},
		"document": {
			tune: func(p any) { p.(*document.Parameters).Document = "readme" },
			good: []fact.AnySet{written()}, bad: []fact.AnySet{written(old)},
		},
		"document_folder": {
			tune: func(p any) {
				p.(*document.FolderParameters).Folder, p.(*document.FolderParameters).Minimum = "runbooks", 2
			},
			good: []fact.AnySet{folder(100)}, bad: []fact.AnySet{folder(10)},
		},
		"environment_document": {
			tune: func(p any) { p.(*document.EnvironmentParameters).Document = "readme" },
			good: []fact.AnySet{written(), configured}, bad: []fact.AnySet{written(empty), configured},
		},
		"on_call_schedule":   {good: []fact.AnySet{onCall("Ann", "Bob", "Ann")}, bad: []fact.AnySet{onCall("Ann")}},
		"emergency_contacts": {good: []fact.AnySet{contacts(3)}, bad: []fact.AnySet{contacts(2)}},
	}
}

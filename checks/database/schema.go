package database

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// SchemaParameters say in which document tables are named, and which need not be.
type SchemaParameters struct {
	// Document is the name by which it can be declared under documents: a text, a page of a wiki, or a schema of Prisma, DBML or SQL.
	Document string `yaml:"document"`
	// Names are those by which it is found where it is not declared. Default: the name of the document.
	Names []string `yaml:"names"`
	// Ignore are patterns of tables that need not be named, with * for any characters: of their names, or with schema and dot. Default:
	// those in which tools keep which migrations have run. What is given replaces them.
	Ignore []string `yaml:"ignore"`
}

// Validate wants a name, and patterns.
func (p SchemaParameters) Validate() error {
	if err := check.DocumentName("document", p.Document, "database-schema"); err != nil {
		return err
	}
	if err := check.NotBlank("names", p.Names); err != nil {
		return err
	}
	for _, pattern := range p.Ignore {
		if _, err := path.Match(pattern, ""); err != nil {
			return check.Wrong("ignore", "%q: expected a pattern such as tmp_*", pattern)
		}
	}
	return check.NotBlank("ignore", p.Ignore)
}

// ofMigrations are tables in which tools for migrations keep what has run.
func ofMigrations() []string {
	return []string{
		"_prisma_migrations", "schema_migrations", "ar_internal_metadata", "flyway_schema_history", "databasechangelog", "databasechangeloglock",
		"alembic_version", "django_migrations", "knex_migrations", "knex_migrations_lock", "goose_db_version", "__EFMigrationsHistory",
		"SequelizeMeta", "__drizzle_migrations", "migrations", "typeorm_migrations", "pgmigrations", "kysely_migration", "kysely_migration_lock",
		"atlas_schema_revisions", "_sqlx_migrations", "__diesel_schema_migrations", "refinery_schema_history", "gorp_migrations",
	}
}

// ignores tells whether a table need not be named.
func (p SchemaParameters) ignores(t fact.DatabaseTable) bool {
	return slices.ContainsFunc(p.Ignore, func(pattern string) bool {
		for _, name := range []string{t.Name, t.Schema + "." + t.Name} {
			if matched, err := path.Match(pattern, name); err == nil && matched {
				return true
			}
		}
		return false
	})
}

// request asks for the words of the document.
func (p SchemaParameters) request() fact.VocabularyRequest {
	names := p.Names
	if len(names) == 0 {
		names = []string{p.Document}
	}
	return fact.VocabularyRequest{Document: p.Document, Names: strings.ToLower(strings.Join(names, "\n"))}
}

// documents are those of one name. Items that seek it by other names can find another one.
type documents struct {
	searched, places []string
	words            [][]string
}

// documentsOf gives those that tables are to be named in, in the order of their places.
func documentsOf(c check.Context, p SchemaParameters) (all documents) {
	for _, each := range check.Read(c, fact.DocumentVocabularies()) {
		if each.Document != p.Document {
			continue
		}
		all.searched = append(all.searched, each.Searched)
		if each.Exists() {
			all.places, all.words = append(all.places, each.Place), append(all.words, each.Words)
		}
	}
	slices.Sort(all.searched)
	slices.Sort(all.places)
	return documents{slices.Compact(all.searched), slices.Compact(all.places), all.words}
}

// name tells whether one of them names a table.
func (d documents) name(t fact.DatabaseTable) bool {
	return slices.ContainsFunc(d.words, func(words []string) bool {
		_, named := slices.BinarySearch(words, t.Name)
		return named
	})
}

// SchemaDocument wants every table of every database to be named in a document.
func SchemaDocument() check.Kind[SchemaParameters] {
	undocumented := check.Reason{
		Name: "undocumented", Level: check.Fail, Sentence: "A table is not named in the document.",
		Remedy: "Add each table to the document, with what its rows are, or have a tool write it anew; name under ignore those that nobody " +
			"needs to know.",
	}
	noDocument := check.Reason{
		Name: "no_document", Level: check.Fail, Sentence: "There is no such document.",
		Remedy: "Write it, or say under documents of the system description where it is: a schema of Prisma, DBML or SQL will do.",
	}
	noPlace := check.Reason{
		Name: "no_place", Level: check.Undeclared, Sentence: "Nothing is declared in which a document could be found.",
		Remedy: "Declare the repository under repositories, or the document under documents, in the system description.",
	}
	noTable := check.Reason{
		Name: "no_table", Level: check.Undeclared, Sentence: "The database has no table that a document could name.",
		Remedy: "Check that the URL names the database of the application, or list the item under not_applicable with a reason.",
	}
	judge := func(c check.Context, d *fact.DatabaseSchema, p SchemaParameters) []check.Problem {
		tables := slices.DeleteFunc(slices.Clone(d.Tables), p.ignores)
		if len(tables) == 0 {
			return []check.Problem{noTable.Problem(fmt.Sprintf("The database %s has no table that a document could name.", d.Database))}
		}
		found := documentsOf(c, p)
		if len(found.searched) == 0 {
			return []check.Problem{noPlace.Problem(noPlace.Sentence)}
		}
		if len(found.places) == 0 {
			return []check.Problem{noDocument.Problem(fmt.Sprintf("There is no document %s in %s.", p.Document, words.List(found.searched)))}
		}
		var absent []string
		for _, table := range tables {
			if !found.name(table) {
				absent = append(absent, table.String())
			}
		}
		if len(absent) == 0 {
			return nil
		}
		return []check.Problem{undocumented.Problem(fmt.Sprintf("The document %s names %d of %s of the database %s. Not named: %s.",
			words.List(found.places), len(tables)-len(absent), words.Count(len(tables), "table"), d.Database, words.List(absent)))}
	}
	return check.Kind[SchemaParameters]{
		Name:      "database_schema_document",
		Summary:   "Every table of the databases is named in the document; views, partitions and tables of extensions need not be.",
		Remedy:    "Name each table in the document.",
		Reasons:   []check.Reason{undocumented, noDocument, noPlace, noTable},
		Defaults:  SchemaParameters{Ignore: ofMigrations()},
		Over:      []check.Quantified[SchemaParameters]{check.Each(fact.DatabaseSchemas(), judge)},
		With:      []check.Input{check.Reading(fact.DocumentVocabularies())},
		WhenEmpty: noDatabase(),
		Requests:  func(p SchemaParameters) []fact.Request { return []fact.Request{p.request()} },
	}
}

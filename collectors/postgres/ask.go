package postgres

import (
	"context"
	"errors"

	"github.com/readiness-exporter/readiness-exporter/internal/fact"
	"github.com/readiness-exporter/readiness-exporter/internal/system"
	"github.com/readiness-exporter/readiness-exporter/internal/words"
)

// A state is how a server answered.
type state struct {
	server, version string
	writable        *bool  // nil: it could not be told
	why             string // it is not writable, in words
	unclear         error  // why it could not be told
}

// ask logs in at a server, asks for 1, and for whether it accepts writes.
func (t Target) ask(ctx context.Context, s system.DatabaseServer) (*state, error) {
	session, err := t.open(ctx, s)
	if err != nil {
		return nil, err
	}
	defer session.end(ctx)
	rows, err := session.query(ctx, "SELECT 1")
	if err == nil && (len(rows) != 1 || len(rows[0]) != 1 || rows[0][0] != "1") {
		err = &failed{fact.DatabaseInvalid, fact.ReasonInvalid, "the server answers select 1 with something else than 1"}
	}
	if err != nil {
		var failure *failed
		if errors.As(err, &failure) && failure.cause == fact.DatabaseRejected {
			failure.cause = fact.DatabaseQueryFailed
		}
		return nil, err
	}
	found := &state{server: s.Address, version: words.Printable(session.ParameterStatus("server_version"), 60)}
	found.access(session.read(ctx, askAccess))
	return found, nil
}

// askAccess asks whether the server is a replica, and whether its transactions cannot write unless they say so, and by what.
const askAccess = "SELECT pg_catalog.pg_is_in_recovery(), setting, source FROM pg_catalog.pg_settings " +
	"WHERE name = 'default_transaction_read_only'"

// access notes whether a server accepts writes. The exporter's own transactions never do.
func (s *state) access(rows [][]string, err error) {
	yes, no := true, false
	var failure *failed
	switch {
	case errors.As(err, &failure):
		s.unclear = fact.Errorf(failure.reason, "%s: %s", s.server, failure.detail)
	case err != nil:
		s.unclear = err
	case len(rows) != 1 || len(rows[0]) != 3:
		s.unclear = fact.Errorf(fact.ReasonInvalid, "the server does not report whether it is a replica")
	case rows[0][0] == "t":
		s.writable, s.why = &no, "it is a replica (pg_is_in_recovery)"
	case rows[0][1] == "on" && ofExporter(rows[0][2]):
		s.unclear = fact.Errorf(fact.ReasonUnsupported, "default_transaction_read_only is set for the role of the exporter, which hides "+
			"whether others may write; its transactions are read only anyway: ALTER ROLE … RESET default_transaction_read_only")
	case rows[0][1] == "on":
		s.writable, s.why = &no, "default_transaction_read_only is on (source: "+words.Printable(rows[0][2], 40)+")"
	default:
		s.writable = &yes
	}
}

// maximumTables is how many tables of a database are listed.
const maximumTables = 5000

// askTables asks for the tables that people make: no partitions, which count as their parent, nothing temporary, nothing of the system
// and of extensions, or in schemas of extensions. Views and materialized views hold nothing of their own; foreign tables are used as
// tables are. The information schema would leave out those for which the role has no privilege.
const askTables = `SELECT n.nspname, c.relname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d WHERE d.deptype = 'e' AND (
	d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid OR
	d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.objid = n.oid))
ORDER BY 1, 2 LIMIT 5001`

// list gives the tables at a server.
func (t Target) list(ctx context.Context, s system.DatabaseServer) (tables []fact.DatabaseTable, err error) {
	session, err := t.open(ctx, s)
	var rows [][]string
	if err == nil {
		defer session.end(ctx)
		rows, err = session.read(ctx, askTables)
	}
	var failure *failed
	switch {
	case errors.As(err, &failure):
		return nil, fact.Errorf(failure.reason, "%s: %s", s.Address, failure.detail)
	case err != nil:
		return nil, err
	case len(rows) > maximumTables:
		return nil, fact.Errorf(fact.ReasonUnsupported, "the database has more than %d tables", maximumTables)
	}
	for _, row := range rows {
		if len(row) != 2 || row[1] == "" {
			return nil, fact.Errorf(fact.ReasonInvalid, "%s: the server does not list tables as PostgreSQL does", s.Address)
		}
		tables = append(tables, fact.DatabaseTable{Schema: words.Printable(row[0], 200), Name: words.Printable(row[1], 200)})
	}
	return tables, nil
}

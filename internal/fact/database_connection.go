package fact

// A DatabaseCause says, from a closed set, why nothing could be asked of a server of a database.
type DatabaseCause string

// The causes. What the server answers is told apart by its error code
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const (
	DatabaseUnreachable  DatabaseCause = "unreachable"           // no address, no connection, or no answer in time
	DatabaseNoTLS        DatabaseCause = "no_tls"                // it takes no TLS, and TLS is wanted
	DatabaseUnverified   DatabaseCause = "certificate_fault"     // its certificate does not verify
	DatabaseWrongLogin   DatabaseCause = "wrong_login"           // 28P01: the password is wrong or has expired, or there is no such role
	DatabaseNotPermitted DatabaseCause = "login_not_permitted"   // 28000, 42501: pg_hba.conf, NOLOGIN, or no CONNECT
	DatabaseMissing      DatabaseCause = "no_such_database"      // 3D000
	DatabaseNotReady     DatabaseCause = "server_not_ready"      // 57P01 to 57P03: it starts, recovers or shuts down
	DatabaseFull         DatabaseCause = "connections_exhausted" // 53300: no connection is left for the role
	DatabaseRejected     DatabaseCause = "rejected"              // any other error, such as one of a pooler before it
	DatabaseInvalid      DatabaseCause = "invalid_answer"        // it does not answer as PostgreSQL does
	DatabaseQueryFailed  DatabaseCause = "query_failed"          // it lets in, and select 1 fails
)

// DatabaseCauses lists every cause.
func DatabaseCauses() []DatabaseCause {
	return []DatabaseCause{
		DatabaseUnreachable, DatabaseNoTLS, DatabaseUnverified, DatabaseWrongLogin, DatabaseNotPermitted, DatabaseMissing,
		DatabaseNotReady, DatabaseFull, DatabaseRejected, DatabaseInvalid, DatabaseQueryFailed,
	}
}

// A Database is one that is declared, and how it answered a login.
type Database struct {
	DatabasePlace
	// Server is the one that answered, of those that are declared; empty: none did.
	Server string `json:"server,omitempty"`
	// Version is that of the server, as it gives it.
	Version string `json:"version,omitempty"`
	// Failures are those of the servers that were asked before one answered, or of all.
	Failures []DatabaseFailure `json:"failures,omitempty"`
	// Writable says whether the server accepts writes; nil: that is not known.
	Writable *bool `json:"writable,omitempty"`
	// NotWritable says in words why it does not.
	NotWritable string `json:"not_writable,omitempty"`

	lacks []string
}

// A DatabasePlace is what is declared of a database.
type DatabasePlace struct {
	Name     string   `json:"name"`
	Servers  []string `json:"servers"`  // host:port, or the path of a socket
	Database string   `json:"database"` // its name at the servers
	// ExpectWritable: true expects a server that accepts writes, false one that does not; nil: either will do.
	ExpectWritable *bool `json:"expect_writable,omitempty"`
}

// A DatabaseFailure is why a server of a database could not be asked.
type DatabaseFailure struct {
	Server string        `json:"server"`
	Cause  DatabaseCause `json:"cause"`
	Detail string        `json:"detail"` // in words; never a secret
}

// TopicWritable is whether a database accepts writes.
const TopicWritable = "writable"

// Lack notes that a topic could not be collected.
func (d *Database) Lack(topic string) { d.lacks = append(d.lacks, topic) }

// Lacks gives the topics of what could not be collected.
func (d *Database) Lacks() []string { return d.lacks }

// Up tells whether a server answered: it let the role in, and gave 1 for select 1.
func (d *Database) Up() bool { return d.Server != "" }

// Databases describes the facts of databases.
func Databases() *Kind[Database] {
	return &Kind[Database]{
		Name:    "database",
		Help:    "A database, and how it answered a login.",
		Subject: func(d *Database) string { return d.Name },
		Labels:  []Label[Database]{{Name: "database", Value: func(d *Database) string { return d.Name }}},
		Gauges: []Gauge[Database]{
			{
				Name: "database_up", Help: "Whether the database can be reached, accepts the login and answers a query, 1 or 0.",
				Value: func(d *Database) (float64, bool) { return Bool(d.Up()), true },
			},
			{
				Name: "database_writable", Help: "Whether the server of the database accepts writes, 1 or 0; absent where that is not known.",
				Value: func(d *Database) (float64, bool) {
					return Bool(d.Writable != nil && *d.Writable), d.Writable != nil
				},
			},
		},
	}
}

// A DatabaseSchema is which tables a database has.
type DatabaseSchema struct {
	Name     string          `json:"name"`     // the declared name of the database
	Database string          `json:"database"` // its name at the server
	Tables   []DatabaseTable `json:"tables"`   // in the order of their names
}

// A DatabaseTable is one that holds rows of its own, or the parent of those that do.
type DatabaseTable struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
}

// publicSchema is the one that is there from the start, and is not written before a name.
const publicSchema = "public"

func (t DatabaseTable) String() string {
	if t.Schema == publicSchema {
		return t.Name
	}
	return t.Schema + "." + t.Name
}

// DatabaseSchemas describes the facts of tables of databases. They export nothing: how many there are nobody needs to be told.
func DatabaseSchemas() *Kind[DatabaseSchema] {
	return &Kind[DatabaseSchema]{
		Name:    "database_schema",
		Help:    "The tables of a database, without those of the system and of extensions.",
		Subject: func(d *DatabaseSchema) string { return d.Name },
	}
}

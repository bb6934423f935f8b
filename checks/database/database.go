// Package database judges databases: whether they answer, and whether what is in them is documented.
package database

import (
	"fmt"

	"github.com/readiness-exporter/readiness-exporter/internal/check"
	"github.com/readiness-exporter/readiness-exporter/internal/fact"
)

// ConnectionParameters are none: the description of a database says what is expected of it.
type ConnectionParameters struct{}

// unexpected are the reasons that a database which answers is not as it is declared.
type unexpected struct{ notWritable, writable check.Reason }

// Connection judges whether databases can be reached, accept the login, answer a query, and accept writes as expected.
func Connection() check.Kind[ConnectionParameters] {
	u := unexpected{
		notWritable: check.Reason{
			Name: "not_writable", Level: check.Fail, Sentence: "The database accepts no writes, and should.",
			Remedy: "Find out which server is the primary (SELECT pg_is_in_recovery()), and have the URL or the balancer lead to it; where " +
				"default_transaction_read_only is on, take it back: ALTER SYSTEM or ALTER DATABASE … RESET, then a reload.",
		},
		writable: check.Reason{
			Name: "writable", Level: check.Fail, Sentence: "The database accepts writes, and should not.",
			Remedy: "Check whether a replica was promoted, so that there are two primaries; where that was meant, correct writable in the " +
				"system description.",
		},
	}
	causes := causes()
	return check.Kind[ConnectionParameters]{
		Name:    "database_connection",
		Summary: "Every database can be reached, accepts the login, answers a query, and accepts writes or not as it is declared.",
		Remedy:  "Log in from the machine of the exporter (psql), and fix what that shows.",
		Reasons: append(causes.list(), u.notWritable, u.writable),
		Over: []check.Quantified[ConnectionParameters]{
			check.Each(fact.Databases(), func(_ check.Context, d *fact.Database, _ ConnectionParameters) []check.Problem {
				if !d.Up() {
					return causes.judge(d)
				}
				return u.judge(d)
			}),
		},
		WhenEmpty: noDatabase(),
	}
}

// noDatabase is the common reason that none is declared.
func noDatabase() check.Reason {
	return check.Reason{
		Name: "no_database", Level: check.Undeclared, Sentence: "No database is declared.",
		Remedy: "Declare it under databases in the system description, such as {name: shop, url: postgresql://db.example.com:5432/shop, " +
			"username: readiness, password_file: /etc/readiness/database}, or list the item under not_applicable with a reason.",
	}
}

// judge compares whether a database accepts writes with what is declared. Where that is not known, the framework says so.
func (u unexpected) judge(d *fact.Database) []check.Problem {
	switch {
	case d.ExpectWritable == nil || d.Writable == nil || *d.ExpectWritable == *d.Writable:
		return nil
	case *d.ExpectWritable:
		return []check.Problem{u.notWritable.Problem(fmt.Sprintf("The server %s accepts no writes: %s.", d.Server, d.NotWritable))}
	default:
		return []check.Problem{u.writable.Problem(fmt.Sprintf(
			"The server %s accepts writes, and the database is declared with writable: false.", d.Server))}
	}
}

// reasons are those of the causes for which a database cannot be asked.
type reasons map[fact.DatabaseCause]check.Reason

// list gives them in a fixed order.
func (r reasons) list() (all []check.Reason) {
	for _, cause := range fact.DatabaseCauses() {
		all = append(all, r[cause])
	}
	return all
}

// judge gives a problem for each server that failed.
func (r reasons) judge(d *fact.Database) (problems []check.Problem) {
	for _, failure := range d.Failures {
		reason, known := r[failure.Cause]
		if !known {
			reason = r[fact.DatabaseUnreachable]
		}
		problems = append(problems, reason.Problem(fmt.Sprintf("The server %s cannot be used: %s.", failure.Server, failure.Detail)))
	}
	if len(problems) == 0 {
		problems = []check.Problem{r[fact.DatabaseUnreachable].Problem("No server of the database answers.")}
	}
	return problems
}

func causes() reasons {
	all := make(reasons)
	add := func(cause fact.DatabaseCause, sentence, remedy string) {
		all[cause] = check.Reason{Name: string(cause), Level: check.Fail, Urgent: true, Sentence: sentence, Remedy: remedy}
	}
	add(fact.DatabaseUnreachable, "The database cannot be reached.",
		"Check from the machine of the exporter: pg_isready -h HOST -p PORT. Fix what that shows: server, firewall, listen_addresses, DNS.")
	add(fact.DatabaseNoTLS, "The server takes no TLS.",
		"Turn it on (ssl = on, with ssl_cert_file and ssl_key_file); on a network that nobody else is on, declare tls: disable.")
	add(fact.DatabaseUnverified, "The certificate of the server does not verify.",
		"Renew the certificate, or declare ca_file with the authority that signed it and server_name with the name that it has.")
	add(fact.DatabaseWrongLogin, "The server refuses the name or the password.",
		"Compare password_file with the password of the role, and check that it has not expired (rolvaliduntil in pg_roles): PostgreSQL "+
			"answers the same to both, and to a role that does not exist.")
	add(fact.DatabaseNotPermitted, "The server does not let the role in.",
		"Add a line to pg_hba.conf for the address of the exporter (hostssl for TLS), GRANT CONNECT ON DATABASE, or ALTER ROLE … LOGIN.")
	add(fact.DatabaseMissing, "The server has no database of that name.",
		"Correct the name of the database in the URL, or restore the database.")
	add(fact.DatabaseNotReady, "The server is starting, recovering or shutting down.",
		"Read the log of the server: a recovery that does not end waits for WAL that is not there.")
	add(fact.DatabaseFull, "The server has no connection left for the role.",
		"Find out who holds the connections (pg_stat_activity), have applications use a pool, or raise max_connections or the limit of the role.")
	add(fact.DatabaseRejected, "The server, or a pooler before it, rejects the login with another error.",
		"Read the log of the server and of the pooler: the detail has what it answers.")
	add(fact.DatabaseInvalid, "The server does not answer as PostgreSQL does.",
		"Check that the URL names the port of PostgreSQL, or of a pooler before it.")
	add(fact.DatabaseQueryFailed, "The server lets the role in, and a query fails.",
		"Run it by hand: psql -c 'SELECT 1'. Read the log of the server.")
	return all
}
